"""Agents are told who named their case by mail and takes no part, and how much machines write: at once, then hourly."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from app.jobs.one_by_one import OneByOne, each
from caseengine.case_mentions import Mention, cases_named, note_mentions
from caseengine.machine_mentions import Counted
from caseengine.model.actor import BOT
from storage.engine import Database
from storage.transaction import UnitOfWork

LISTED_MAX = 10
TRIES_MAX = 3
"""An agent who is at the case this very moment comes first; after so many tries the next run looks again."""


class Mentions:
    """Runs when a case was named, and now and then.

    Args:
        words: the bot's catalogue.
    """

    def __init__(self, database: Database, words: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self._database = database
        self._words = words
        self._now = now
        self._cases = OneByOne("mentions", database, now)

    async def run(self) -> None:
        """One note on each case that was named, however often that was."""
        at = self._now()
        async for case_id in each(self._database, lambda snapshot, last: cases_named(snapshot, at, after=last)):
            await self._cases.do(case_id, partial(self._note, case_id=case_id), tries=TRIES_MAX)

    async def _note(self, work: UnitOfWork, *, case_id: UUID) -> None:
        await note_mentions(work, case_id, self._told, by=BOT, at=self._now())

    def _told(self, mentions: Sequence[Mention], counts: Sequence[Counted]) -> str:
        lines = [self._line(one) for one in mentions[:LISTED_MAX]]
        if len(mentions) > LISTED_MAX:
            lines.append(self._words["mail.beside_more"].format(more=len(mentions) - LISTED_MAX))
        lines += [self._count(one) for one in counts[:LISTED_MAX]]
        if len(counts) > LISTED_MAX:
            rest = sum(one.mails for one in counts[LISTED_MAX:])
            lines.append(self._words["mail.machines_more"].format(mails=rest, machines=len(counts) - LISTED_MAX))
        return "\n".join(lines)

    def _count(self, one: Counted) -> str:
        who = one.sender or self._words["mail.somebody"]
        return self._words["mail.machine_more"].format(mails=one.mails, who=who)

    def _line(self, one: Mention) -> str:
        who = one.sender or self._words["mail.somebody"]
        return self._words["mail.beside_there"].format(number=one.number, who=who, reason=one.reason)
