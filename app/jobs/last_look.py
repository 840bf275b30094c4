"""A last look at notices before they leave: what was told may have waited for a server since, for days."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.tables import teams_sendings
from caseengine.mail_threads import sent_answer
from caseengine.operations.leaving import judged_again, withhold
from caseengine.operations.sending import NOTICE_KEY, Telling
from caseengine.policies.noticing import LOOKED_AT, Wait
from channels.protocol import DeliveryFailed
from storage.engine import Database
from storage.errors import Conflict

TRIES_MAX = 3
"""Somebody else's commit in between means looking again."""


class LastLook:
    """Asked right before a notice leaves, each time it is tried."""

    def __init__(self, database: Database, now: Callable[[], datetime], telling: Telling) -> None:
        self._database = database
        self._now = now
        self._telling = telling

    async def still_said(self, saying: Mapping[str, Any]) -> bool:
        """Whether an activity that is to leave still does: a notice as `leaves` says, everything else.

        What is looked at in its log is there anyhow. What a person sends again, and what began to leave before and may
        have arrived, is no more for us to decide.

        Args:
            saying: of the outbox: "channel", "conversation", "key", and how often it was sent "again".
        """
        key, conversation = str(saying["key"]), str(saying["conversation"])
        if not key.startswith(NOTICE_KEY) or saying["channel"] in LOOKED_AT or saying.get("again"):
            return True
        if await self._began(UUID(conversation), key):
            return True
        return await self.leaves(UUID(key.removeprefix(NOTICE_KEY)), conversation)

    async def leaves(self, sent_as: UUID, place: str, *, may_wait: bool = False) -> bool:
        """Whether all that was sent on its way together still goes to this place; else it is told anew, or dropped.

        Args:
            sent_as: as `judged_again` takes it.
            place: an address, or the id of a conversation.
            may_wait: nothing else stands behind it, so that it waits as it is where that is all.

        Raises:
            DeliveryFailed: with `retry`: they wish to be told later, or somebody is at the cases it is about.
        """
        for _ in range(TRIES_MAX):
            try:
                return await self._look(sent_as, place, may_wait)
            except Conflict:
                continue
        raise DeliveryFailed("somebody is at the cases it is about", retry=True)

    async def _began(self, conversation: UUID, key: str) -> bool:
        """In Teams, or as a mail, which may have reached one of several already."""
        mine = teams_sendings.c.conversation_id == conversation, teams_sendings.c.key == key
        async with self._database.snapshot() as snapshot:
            mail = await sent_answer(snapshot, conversation, key)
            if mail is not None and mail.began:
                return True
            return await snapshot.first(sa.select(teams_sendings.c.key).where(*mine)) is not None

    async def _look(self, sent_as: UUID, place: str, may_wait: bool) -> bool:
        at = self._now()
        async with self._database.unit_of_work() as work:
            judged = await judged_again(work, sent_as, self._telling, at=at)
            if judged and all(one.place == place for one in judged):
                return True
            waits = [one.verdict.until for one in judged if isinstance(one.verdict, Wait)]
            if may_wait and judged and len(waits) == len(judged):
                raise DeliveryFailed("not at this hour", retry=True, after=max(waits) - at)
            withhold(work, judged, at=at)
        return False
