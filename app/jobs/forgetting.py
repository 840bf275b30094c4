"""What nobody needs any more is dropped: handled inputs, delivered facts, spent codes and tokens, bytes of mails, old
notices to agents, and decisions about cases that have ended."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.tables import teams_presses, teams_sendings
from caseengine.case_files import forget_unused
from caseengine.case_mentions import forget_mentions
from caseengine.mail_allowances import forget_allowances
from caseengine.mails import drop_raw
from caseengine.notices import forget_notices
from caseengine.old_assignments import drop_assignments
from customers.codes import OneTimeCodes
from customers.identity_token import forget_used_tokens
from storage.engine import Database
from storage.inbox import forget_done
from storage.outbox import forget_old
from storage.transaction import UnitOfWork

INPUTS_KEPT = timedelta(days=30)
"""A repeated input is recognised this long; no channel repeats later."""
FACTS_KEPT = timedelta(days=7)
"""A reader of the live feed that was away longer loads anew."""
MENTIONS_KEPT = timedelta(days=90)
"""Somebody who names a case again after this is told of anew."""
SENDINGS_KEPT = timedelta(days=30)
"""What was sent to Teams can be changed in its place, and an agent's card be pressed, this long after the last time."""
CODES_KEPT = timedelta(days=90)
NOTICES_KEPT = timedelta(days=90)
"""What agents were told; an agent reads the newest 50."""
FILES_KEPT = timedelta(days=7)
"""What an agent put on a case and never named."""

BATCHES_MAX = 20
"""Of mails, and of decisions, each a unit of work of its own; the rest is for the next run."""


@dataclass(frozen=True, slots=True)
class MailsKept:
    """How long the bytes of mails are kept: of those filed, and of those set aside."""

    filed: timedelta = timedelta(days=90)
    aside: timedelta = timedelta(days=365)


class Forgetting:
    """Runs now and then; in short units of work, however much there is."""

    def __init__(
        self,
        database: Database,
        secret: bytes,
        now: Callable[[], datetime],
        mails: MailsKept = MailsKept(),
        decisions: timedelta = timedelta(days=365),
    ) -> None:
        self._mails = mails
        self._decisions = decisions
        self._database = database
        self._secret = secret
        self._now = now

    async def run(self) -> None:
        at = self._now()
        async with self._database.unit_of_work() as work:
            forget_done(work, before=at - INPUTS_KEPT)
            forget_old(work, before=at - FACTS_KEPT)
            OneTimeCodes(work, self._secret).forget(at - CODES_KEPT)
            forget_unused(work, before=at - FILES_KEPT)
            forget_mentions(work, before=at - MENTIONS_KEPT)
            forget_allowances(work, at=at)
            forget_used_tokens(work, at=at)
            forget_notices(work, before=at - NOTICES_KEPT)
            work.write(sa.delete(teams_presses).where(teams_presses.c.at < at - INPUTS_KEPT))
            work.write(sa.delete(teams_sendings).where(teams_sendings.c.at < at - SENDINGS_KEPT))
        kept = self._mails
        await self._in_batches(
            lambda work: drop_raw(work, filed_before=at - kept.filed, aside_before=at - kept.aside, at=at)
        )
        await self._in_batches(lambda work: drop_assignments(work, before=at - self._decisions))

    async def _in_batches(self, drop: Callable[[UnitOfWork], Awaitable[bool]]) -> None:
        for _ in range(BATCHES_MAX):
            async with self._database.unit_of_work() as work:
                more = await drop(work)
            if not more:
                return
