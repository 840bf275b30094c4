"""Queues and cases: what an agent reads."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from app.http.answer_makers import case_answer, case_in_full, timeline_answer
from app.http.answers import (
    CaseInFullAnswer,
    CasesAnswer,
    LogAnswer,
    QueueAnswer,
    QueuesAnswer,
    SaidAnswer,
    TimelineAnswer,
)
from app.http.bodies import CasesQuery, LogQuery
from app.http.cursor import read_cursor, write_cursor
from app.http.endpoint import Answer, Body, Call, Endpoint, Scope
from caseengine.agents import Agent
from caseengine.departments import all_departments
from caseengine.model.errors import ConversationNotFound
from caseengine.operations.reaching import hears
from caseengine.reading.case_view import CaseView, case_view
from caseengine.reading.cases import counts, held, queue
from caseengine.reading.reach import ReachedAlone
from caseengine.reading.stays import Stay, said_during
from caseengine.reading.timeline import timeline
from caseengine.reading.wait import CHAT, wait_for
from caseengine.routing_rules import routing_rules
from customers.reading import proved_in
from storage.engine import Database

CASE = "/api/cases/{number}"
SHOWN = ("case.not_found", "case.number_mistyped")


class CaseReading:
    """`GET` below `/api/queues` and `/api/cases`."""

    def __init__(self, database: Database, now: Callable[[], datetime], reached_alone: ReachedAlone) -> None:
        self._database = database
        self._now = now
        self.reached_alone = reached_alone

    def endpoints(self) -> list[Endpoint]:
        return [
            _read(
                "/api/queues",
                "Your departments, and how many cases each has in which status; how many are yours, how many nobody's.",
                self.queues,
                QueuesAnswer,
            ),
            _read("/api/cases", "Cases by priority, then age, a page at a time.", self.cases, CasesAnswer, CasesQuery),
            _read(CASE, "One case in full.", self.case, CaseInFullAnswer),
            _read(f"{CASE}/timeline", "Its history, internal entries included.", self.timeline, TimelineAnswer),
            _read(
                f"{CASE}/conversation",
                "What was said where its replies go, or went.",
                self.log,
                LogAnswer,
                LogQuery,
                ConversationNotFound.code,
            ),
        ]

    async def queues(self, call: Call) -> QueuesAnswer:
        async with self._database.snapshot() as snapshot:
            numbers = await counts(snapshot)
            waiting = await held(snapshot, call.agent.agent)
            found = [
                QueueAnswer(department=department.id, name=department.name, counts=numbers.get(department.id, {}))
                for department in await all_departments(snapshot)
                if call.agent.agent.may_see(department.id)
            ]
        return QueuesAnswer(queues=found, mine=waiting.mine, unassigned=waiting.unassigned)

    async def cases(self, call: Call) -> CasesAnswer:
        asked: CasesQuery = call.query
        async with self._database.snapshot() as snapshot:
            rows = await queue(
                snapshot,
                call.agent.agent,
                department=asked.department,
                status=asked.status,
                mine=asked.mine,
                unassigned=asked.unassigned,
                after=read_cursor(asked.after),
                limit=asked.limit + 1,
            )
        shown = rows[: asked.limit]
        more = write_cursor(shown[-1].place) if len(rows) > asked.limit else None
        return CasesAnswer(cases=[case_answer(row, self._now()) for row in shown], next=more)

    async def case(self, call: Call) -> CaseInFullAnswer:
        return await self.in_full(call.agent.agent, call.path("number"))

    async def in_full(self, agent: Agent, number: str) -> CaseInFullAnswer:
        """A case as it stands, for an agent who may see it."""
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, agent, number)
            here, at = view.conversation, self._now()
            proved = await proved_in(snapshot, here.id, at=at) if here else None
            wait = await wait_for(snapshot, view.row, kind=_kind(view), at=at)
            _, policy = await routing_rules(snapshot)
            calls = policy.of(view.row.department).callbacks
            heard = await hears(snapshot, view, reached_alone=self.reached_alone)
            return case_in_full(view, proved, wait, hears=heard, takes_callbacks=calls, at=at)

    async def timeline(self, call: Call) -> TimelineAnswer:
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, call.agent.agent, call.path("number"))
            return timeline_answer(await timeline(snapshot, view.row.id, public_only=False))

    async def log(self, call: Call) -> LogAnswer:
        asked: LogQuery = call.query
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, call.agent.agent, call.path("number"))
            stay = _stay(view, asked.conversation)
            rows = await said_during(snapshot, view.id, stay, seq=asked.after, limit=asked.limit) if stay else ()
        return LogAnswer(activities=[SaidAnswer(seq=row.seq, at=row.at, activity=dict(row.body)) for row in rows])


def _stay(view: CaseView, asked: UUID | None) -> Stay | None:
    """Where it was or is talked about; None where nobody asks for a conversation and the case is in none.

    Raises:
        ConversationNotFound: it never was in this one.
    """
    wanted = asked or view.conversation_id
    found = next((stay for stay in view.talked_in if stay.conversation_id == wanted), None)
    if found is None and wanted is not None:
        raise ConversationNotFound
    return found


def _kind(view: CaseView) -> str:
    """Of work, as routing has it."""
    here = view.conversation
    if here is None:
        return ""
    return CHAT if view.row.id in here.live_cases else here.channel


def _read(
    path: str, summary: str, handle: Any, answer: type[Answer], query: type[Body] | None = None, *refuses: str
) -> Endpoint:
    refuses = (*SHOWN, *refuses) if "{number}" in path else ()
    return Endpoint(
        method="GET",
        path=path,
        scope=Scope.AGENT,
        summary=summary,
        handle=handle,
        answer=answer,
        query=query,
        refuses=refuses,
    )
