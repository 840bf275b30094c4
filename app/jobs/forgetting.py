"""What nobody needs any more is dropped: handled inputs, delivered facts, spent codes and tokens."""

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.tables import teams_presses, teams_sendings
from customers.codes import OneTimeCodes
from customers.identity_token import forget_used_tokens
from storage.engine import Database
from storage.inbox import forget_done
from storage.outbox import forget_old

INPUTS_KEPT = timedelta(days=30)
"""A repeated input is recognised this long; no channel repeats later."""
FACTS_KEPT = timedelta(days=7)
"""A reader of the live feed that was away longer loads anew."""
SENDINGS_KEPT = timedelta(days=30)
"""What was sent to Teams can be changed in its place, and an agent's card be pressed, this long after the last time."""
CODES_KEPT = timedelta(days=90)


class Forgetting:
    """Runs now and then; each run is one short unit of work."""

    def __init__(self, database: Database, secret: bytes, now: Callable[[], datetime]) -> None:
        self._database = database
        self._secret = secret
        self._now = now

    async def run(self) -> None:
        at = self._now()
        async with self._database.unit_of_work() as work:
            forget_done(work, before=at - INPUTS_KEPT)
            forget_old(work, before=at - FACTS_KEPT)
            OneTimeCodes(work, self._secret).forget(at - CODES_KEPT)
            forget_used_tokens(work, at=at)
            work.write(sa.delete(teams_presses).where(teams_presses.c.at < at - INPUTS_KEPT))
            work.write(sa.delete(teams_sendings).where(teams_sendings.c.at < at - SENDINGS_KEPT))
