"""Nobody came in time: the case is raised, the customer is told so, and the next promise is a real one."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from app.jobs.one_by_one import OneByOne, each
from bot.dialogs.steps import Line
from bot.replies.catalogue import Catalogue
from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM, Actor, ActorKind
from caseengine.operations.conversing import speak
from caseengine.operations.promising import renew_promise
from caseengine.reading.promises import overdue
from storage.engine import Database
from storage.transaction import UnitOfWork

BOT = Actor(ActorKind.BOT)


class Promises:
    """Looks after promises that were not kept."""

    def __init__(self, database: Database, catalogue: Catalogue, now: Callable[[], datetime]) -> None:
        self._database = database
        self._catalogue = catalogue
        self._now = now
        self._cases = OneByOne("promises", database, now)

    async def run(self) -> None:
        """Renew every promise that is overdue."""
        at = self._now()
        async for due in each(self._database, lambda snapshot, last: overdue(snapshot, at, after=last)):
            await self._cases.do(due.case_id, partial(self._renew, case_id=due.case_id, at=at))

    async def _renew(self, work: UnitOfWork, *, case_id: UUID, at: datetime) -> None:
        case = await Cases(work).by_id(case_id)
        if not case.is_live or case.due_at is None or case.due_at > at:
            return
        missed = case.due_at
        await renew_promise(work, case, by=SYSTEM, at=at)
        line = Line("promise.renewed", {"number": case.number, "next_update": case.next_update_at(at)})
        words = self._catalogue.reply(line, at=at).text
        await speak(work, case, words, key=f"promise:{case.id}:{missed.isoformat()}", by=BOT, at=at)
