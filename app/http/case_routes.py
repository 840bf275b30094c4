"""Queues and cases: what an agent reads, and what an agent does. Every change is one operation in one unit of work."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.http.cursor import read_cursor, write_cursor
from app.http.endpoint import Body, Call, Endpoint, Scope
from app.http.shapes import (
    AssignBody,
    CaseInFullAnswer,
    CasesAnswer,
    CasesQuery,
    LogAnswer,
    LogQuery,
    MoveBody,
    QueueAnswer,
    QueuesAnswer,
    ReasonBody,
    ReplyBody,
    ResolutionBody,
    SaidAnswer,
    TextBody,
    TimelineAnswer,
    TypingBody,
    VersionBody,
    case_answer,
    case_in_full,
    timeline_answer,
)
from bot.activity import Choice, Role, Sender, plain
from bot.replies.catalogue import Catalogue
from caseengine import activities
from caseengine.departments import all_departments
from caseengine.model.resolution import Resolution
from caseengine.operations import answering, assigning, ending, handover, raising
from caseengine.reading.case_view import CaseView, case_view
from caseengine.reading.cases import counts, queue
from caseengine.reading.timeline import timeline
from storage.engine import Database
from storage.errors import AlreadyReceived
from storage.transaction import UnitOfWork

CASE = "/api/cases/{number}"
Verb = Callable[[UnitOfWork, Call, dict[str, Any]], Awaitable[object]]
SHOWN = ("case.not_found", "case.number_mistyped")
CHANGED = (*SHOWN, "case.changed", "case.transition_not_allowed", "storage.conflict")


class CaseRoutes:
    """`/api/queues`, `/api/cases`."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        now: Callable[[], datetime],
        typing: Callable[[str, Sender], Awaitable[None]],
    ) -> None:
        self._database = database
        self._words = catalogue.words
        self._now = now
        self._typing = typing

    def endpoints(self) -> list[Endpoint]:
        return [*self._reading(), *self._acting()]

    def _reading(self) -> list[Endpoint]:
        def read(path: str, summary: str, handle: Any, answer: Any, query: Any = None) -> Endpoint:
            return Endpoint(
                method="GET", path=path, scope=Scope.AGENT, summary=summary, handle=handle, answer=answer, query=query,
                refuses=SHOWN if "{number}" in path else (),
            )  # fmt: skip

        return [
            read("/api/queues", "Your departments, and how many cases each has in which status.", self.queues, QueuesAnswer),
            read("/api/cases", "Cases by priority, then age, a page at a time.", self.cases, CasesAnswer, CasesQuery),
            read(CASE, "One case in full.", self.case, CaseInFullAnswer),
            read(f"{CASE}/timeline", "Its history, internal entries included.", self.timeline, TimelineAnswer),
            read(f"{CASE}/conversation", "What was said where its replies go.", self.log, LogAnswer, LogQuery),
        ]

    def _acting(self) -> list[Endpoint]:
        def act(noun: str, summary: str, body: type[Body], verb: Verb, *refuses: str) -> Endpoint:
            return Endpoint(
                method="POST", path=f"{CASE}/{noun}", scope=Scope.AGENT, summary=summary, body=body,
                handle=self._change(verb), answer=CaseInFullAnswer, refuses=(*CHANGED, *refuses),
            )  # fmt: skip

        return [
            act("assignment", "Take it yourself.", VersionBody, self._take, "case.taken"),
            act("delegation", "Give it to another agent.", AssignBody, self._assign, "agent.not_found"),
            act("move", "Give it to another department.", MoveBody, self._move, "department.not_found"),
            act("replies", "Answer the customer; the same key is said once.", ReplyBody, self._reply, "case.text_missing"),
            act("questions", "Ask the customer; the case waits for them.", ReplyBody, self._ask, "case.text_missing"),
            act("notes", "Write for agents alone.", TextBody, self._note, "case.text_missing"),
            act("resolution", "Say how it ended.", ResolutionBody, self._resolve, "case.resolution_incomplete"),
            act("reopening", "Take it up again.", ReasonBody, self._reopen),
            act("closing", "End a resolved case.", VersionBody, self._close),
            act("escalation", "Raise it.", ReasonBody, self._escalate),
            act("hand-back", "Give the conversation back to the bot.", VersionBody, self._hand_back),
            Endpoint(
                method="POST", path=f"{CASE}/typing", scope=Scope.AGENT, body=TypingBody, handle=self.typing,
                summary="Show the customer that you are writing.", refuses=SHOWN,
            ),
        ]  # fmt: skip

    async def queues(self, call: Call) -> QueuesAnswer:
        async with self._database.snapshot() as snapshot:
            numbers = await counts(snapshot)
            found = [
                QueueAnswer(department=department.id, name=department.name, counts=numbers.get(department.id, {}))
                for department in await all_departments(snapshot)
                if call.agent.agent.may_see(department.id)
            ]
        return QueuesAnswer(queues=found)

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
                limit=asked.limit,
            )
        more = write_cursor(rows[-1].place) if len(rows) == asked.limit else None
        return CasesAnswer(cases=[case_answer(row) for row in rows], next=more)

    async def case(self, call: Call) -> CaseInFullAnswer:
        return case_in_full(await self._view(call))

    async def timeline(self, call: Call) -> TimelineAnswer:
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, call.agent.agent, call.path("number"))
            return timeline_answer(await timeline(snapshot, view.row.id, public_only=False))

    async def log(self, call: Call) -> LogAnswer:
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, call.agent.agent, call.path("number"))
            if view.conversation is None:
                return LogAnswer(activities=[])
            rows = await activities.after(snapshot, view.conversation.id, call.query.after, call.query.limit)
        return LogAnswer(activities=[SaidAnswer(seq=row.seq, at=row.at, activity=dict(row.body)) for row in rows])

    async def typing(self, call: Call) -> None:
        view = await self._view(call)
        if view.conversation is not None and view.conversation.agent_id == call.agent.agent.id:
            who = Sender(Role.AGENT, str(call.agent.agent.id), call.agent.agent.name)
            await self._typing(str(view.conversation.id), who)

    async def _view(self, call: Call) -> CaseView:
        async with self._database.snapshot() as snapshot:
            return await case_view(snapshot, call.agent.agent, call.path("number"))

    def _change(self, verb: Verb) -> Callable[[Call], Awaitable[CaseInFullAnswer]]:
        async def run(call: Call) -> CaseInFullAnswer:
            who = {"by": call.agent.agent.actor, "at": self._now(), "version": call.body.version}
            try:
                async with self._database.unit_of_work() as work:
                    await verb(work, call, who)
            except AlreadyReceived:
                pass  # the same key was said before: the answer is the case as it stands
            return await self.case(call)

        return run

    async def _take(self, work: UnitOfWork, call: Call, who: dict[str, Any]) -> object:
        return await assigning.take(work, call.path("number"), notice=self._joined(call), **who)

    async def _assign(self, work: UnitOfWork, call: Call, who: dict[str, Any]) -> object:
        agent_id: UUID = call.body.agent_id
        return await assigning.assign(work, call.path("number"), agent_id, **who)

    async def _move(self, work: UnitOfWork, call: Call, who: dict[str, Any]) -> object:
        body: MoveBody = call.body
        return await assigning.move(work, call.path("number"), body.department, reason=body.reason, **who)

    async def _reply(self, work: UnitOfWork, call: Call, who: dict[str, Any]) -> object:
        return await answering.reply(work, call.path("number"), call.body.text, key=call.body.key, **who)

    async def _ask(self, work: UnitOfWork, call: Call, who: dict[str, Any]) -> object:
        return await answering.ask_customer(work, call.path("number"), call.body.text, key=call.body.key, **who)

    async def _note(self, work: UnitOfWork, call: Call, who: dict[str, Any]) -> object:
        return await answering.note(work, call.path("number"), call.body.text, **who)

    async def _resolve(self, work: UnitOfWork, call: Call, who: dict[str, Any]) -> object:
        body: ResolutionBody = call.body
        number = call.path("number").upper()
        closing = {
            "text": self._words["case.resolved"].format(number=number, text=body.text),
            "choices": [plain(Choice(self._words[key], self._words[key])) for key in ("choice.yes", "choice.no")],
        }
        return await ending.resolve(work, number, Resolution(body.code, body.text), closing=closing, **who)

    async def _reopen(self, work: UnitOfWork, call: Call, who: dict[str, Any]) -> object:
        return await ending.reopen(work, call.path("number"), reason=call.body.reason, **who)

    async def _close(self, work: UnitOfWork, call: Call, who: dict[str, Any]) -> object:
        return await ending.close(work, call.path("number"), **who)

    async def _escalate(self, work: UnitOfWork, call: Call, who: dict[str, Any]) -> object:
        return await raising.escalate(work, call.path("number"), reason=call.body.reason, **who)

    async def _hand_back(self, work: UnitOfWork, call: Call, who: dict[str, Any]) -> object:
        return await handover.hand_back(work, call.path("number"), **who)

    def _joined(self, call: Call) -> Mapping[str, Any]:
        return {"text": self._words["case.agent_joined"].format(name=call.agent.agent.name)}
