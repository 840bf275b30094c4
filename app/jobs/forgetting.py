"""What nobody needs any more is dropped: handled inputs, delivered facts, spent codes and tokens, bytes of mails."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.tables import teams_presses, teams_sendings
from caseengine.case_files import forget_unused
from caseengine.case_mentions import forget_mentions
from caseengine.mail_allowances import forget_allowances
from caseengine.mails import drop_raw
from customers.codes import OneTimeCodes
from customers.identity_token import forget_used_tokens
from storage.engine import Database
from storage.inbox import forget_done
from storage.outbox import forget_old

INPUTS_KEPT = timedelta(days=30)
"""A repeated input is recognised this long; no channel repeats later."""
FACTS_KEPT = timedelta(days=7)
"""A reader of the live feed that was away longer loads anew."""
MENTIONS_KEPT = timedelta(days=90)
"""Somebody who names a case again after this is told of anew."""
SENDINGS_KEPT = timedelta(days=30)
"""What was sent to Teams can be changed in its place, and an agent's card be pressed, this long after the last time."""
CODES_KEPT = timedelta(days=90)
FILES_KEPT = timedelta(days=7)
"""What an agent put on a case and never named."""


BATCHES_MAX = 20
"""Of mails, each a unit of work of its own; the rest is for the next run."""


@dataclass(frozen=True, slots=True)
class MailsKept:
    """How long the bytes of mails are kept: of those filed, and of those set aside."""

    filed: timedelta = timedelta(days=90)
    aside: timedelta = timedelta(days=365)


class Forgetting:
    """Runs now and then; in short units of work, however much there is."""

    def __init__(
        self, database: Database, secret: bytes, now: Callable[[], datetime], mails: MailsKept = MailsKept()
    ) -> None:
        self._mails = mails
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
            work.write(sa.delete(teams_presses).where(teams_presses.c.at < at - INPUTS_KEPT))
            work.write(sa.delete(teams_sendings).where(teams_sendings.c.at < at - SENDINGS_KEPT))
        for _ in range(BATCHES_MAX):
            if not await self._drop_mails(at):
                return

    async def _drop_mails(self, at: datetime) -> bool:
        kept = self._mails
        async with self._database.unit_of_work() as work:
            return await drop_raw(work, filed_before=at - kept.filed, aside_before=at - kept.aside, at=at)
