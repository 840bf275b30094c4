"""What an agent does with a case: every change is one operation in one unit of work."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from app.agent_words import closing, joined
from app.http.answers import CaseInFullAnswer
from app.http.bodies import (
    AssignBody,
    ForwardBody,
    LetterBody,
    MoveBody,
    NoteBody,
    PriorityBody,
    ReasonBody,
    ResolutionBody,
    TextBody,
    TypingBody,
    VersionBody,
)
from app.http.case_reading import CASE, SHOWN, CaseReading
from app.http.endpoint import Body, Call, Endpoint, Scope
from app.http.errors import AgentElsewhere, KeyReused
from bot.activity import Role, Sender
from bot.dialogs.desk import BOT
from bot.replies.catalogue import Catalogue
from caseengine.case_files import are_same
from caseengine.cases import noted, replied
from caseengine.conversations import Conversations
from caseengine.model.case import Case
from caseengine.model.errors import AddressUnreachable, NobodyToTell, NothingSaid, NotPermitted
from caseengine.model.priority import Priority
from caseengine.model.resolution import Resolution
from caseengine.operations import answering, assigning, ending, handover, raising, waiting
from caseengine.operations.conversing import speak
from caseengine.operations.filing import CHANNEL
from caseengine.operations.forwarding import forward
from caseengine.operations.permission import permitted_case
from caseengine.operations.reaching import check_heard
from caseengine.reading.case_view import case_view
from caseengine.reading.stays import stays
from storage.engine import Database
from storage.errors import AlreadyReceived, Conflict
from storage.transaction import UnitOfWork

CHANGED = (*SHOWN, "case.changed", "case.transition_not_allowed", "storage.conflict")
UNRESOLVED = ("case.resolution_incomplete", "case.checklist_open", "case.fields_invalid")
TRIES_MAX = 5
"""Somebody else's commit in between means deciding again; after so many it is said."""

Who = dict[str, Any]
"""by, at, version: what every operation is told."""
Operation = Callable[[UnitOfWork, Call, Who], Awaitable[object]]
Say = Callable[..., Awaitable[Case]]


class CaseActing:
    """`POST` below `/api/cases/{number}`."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        now: Callable[[], datetime],
        typing: Callable[[str, Sender], Awaitable[None]],
        reading: CaseReading,
    ) -> None:
        self._database = database
        self._words = catalogue.words
        self._now = now
        self._typing = typing
        self._reading = reading

    def endpoints(self) -> list[Endpoint]:
        words = ("case.text_missing",)
        filed = ("case.file_not_of_case", "case.files_too_large")
        said = (*words, *filed, KeyReused.code, NobodyToTell.code)
        copied = ("customers.identity_invalid",)
        promised = ("calendar.invalid",)
        given = ("agent.not_found", "agent.locked", AgentElsewhere.code)
        act = self.act
        return [
            act("assignment", "Take it yourself.", VersionBody, self._take, "case.taken"),
            act("delegation", "Give it to another agent.", AssignBody, self._assign, *given),
            self._move_endpoint(),
            act("priority", "Another priority, with the reason.", PriorityBody, self._prioritise, *words),
            act("replies", "Answer the customer; the same key is said once.", LetterBody, self._reply, *said, *copied),
            act("questions", "Ask the customer; the case waits for them.", LetterBody, self._ask, *said, *copied),
            act(
                "forwards",
                "Ask somebody outside by mail; the same key is sent once.",
                ForwardBody,
                self._forward,
                *words,
                *filed,
                NothingSaid.code,
                *copied,
                AddressUnreachable.code,
            ),
            act(
                "notes",
                "Write for agents alone; the same key is kept once.",
                NoteBody,
                self._note,
                *words,
                *filed,
                KeyReused.code,
            ),
            act("third-party/questions", "It waits for somebody outside.", TextBody, self._ask_outside, *words),
            act("third-party/answers", "They answered; go on.", TextBody, self._hear_outside, *words),
            act("resolution", "Say how it ended.", ResolutionBody, self._resolve, *UNRESOLVED),
            act("reopening", "Take it up again.", ReasonBody, self._reopen, *words, *promised),
            act("closing", "End a resolved case.", VersionBody, self._close),
            act("escalation", "Raise it a level, with the reason.", ReasonBody, self._escalate, *words),
            act("hand-back", "Give the conversation back to the bot.", VersionBody, self._hand_back),
            self._typing_endpoint(),
        ]

    async def typing(self, call: Call) -> None:
        agent = call.agent.agent
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, agent, call.path("number"))
        if view.conversation is not None and view.conversation.agent_id == agent.id:
            await self._typing(str(view.conversation.id), Sender(Role.AGENT, str(agent.id), agent.name))

    async def move(self, call: Call) -> None:
        """The mover may not be allowed to see it any more, so nothing is answered."""
        await self.done(call, self._move)

    def act(
        self, noun: str, summary: str, body: type[Body] | None, operation: Operation, *refuses: str, about: str = ""
    ) -> Endpoint:
        """`POST /api/cases/{number}/<noun>`: one operation, answered with the case as it is then."""

        async def run(call: Call) -> CaseInFullAnswer:
            await self.done(call, operation)
            return await self._reading.case(call)

        return Endpoint(
            method="POST",
            path=f"{CASE}/{noun}",
            scope=Scope.AGENT,
            summary=summary,
            about=about,
            handle=run,
            body=body,
            answer=CaseInFullAnswer,
            refuses=(*CHANGED, *refuses),
        )

    def _move_endpoint(self) -> Endpoint:
        return Endpoint(
            method="POST",
            path=f"{CASE}/move",
            scope=Scope.AGENT,
            summary="Give it to another department.",
            about="Whoever held it lets go. Afterwards you see it only if you work for that department too.",
            handle=self.move,
            body=MoveBody,
            refuses=(*CHANGED, "department.not_found", "case.text_missing"),
        )

    def _typing_endpoint(self) -> Endpoint:
        return Endpoint(
            method="POST",
            path=f"{CASE}/typing",
            scope=Scope.AGENT,
            summary="Show the customer that you are writing.",
            about="Nothing is kept; it does nothing unless you have the word in the conversation.",
            handle=self.typing,
            body=TypingBody,
            refuses=SHOWN,
        )

    async def done(self, call: Call, operation: Operation) -> None:
        """Carry it out, deciding again when somebody else's change came in between.

        Raises:
            Conflict: that happened every time.
        """
        for tries_left in reversed(range(TRIES_MAX)):
            who = {"by": call.agent.agent.actor, "at": self._now(), "version": getattr(call.body, "version", None)}
            try:
                async with self._database.unit_of_work() as work:
                    await operation(work, call, who)
            except (AlreadyReceived, Conflict):  # the next try sees what the other one did
                if tries_left == 0:
                    raise Conflict from None
            else:
                return

    async def _take(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        notice = joined(self._words, call.agent.agent.name)
        return await assigning.take(work, call.path("number"), notice=notice, **who)

    async def _assign(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        body: AssignBody = call.body
        await permitted_case(work, call.path("number"), by=who["by"])
        try:
            return await assigning.assign(work, call.path("number"), body.agent_id, **who)
        except NotPermitted:  # the other one, then
            raise AgentElsewhere from None

    async def _move(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        body: MoveBody = call.body
        return await assigning.move(work, call.path("number"), body.department, reason=body.reason, **who)

    async def _prioritise(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        body: PriorityBody = call.body
        priority = Priority(body.priority)
        return await raising.prioritise(work, call.path("number"), priority, reason=body.reason, **who)

    async def _reply(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await self._say(answering.reply, work, call, who)

    async def _ask(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await self._say(answering.ask_customer, work, call, who)

    async def _say(self, say: Say, work: UnitOfWork, call: Call, who: Who) -> Case:
        """Once per agent, case and key: nobody's key, not even the customer's, stands for somebody else's words."""
        body: LetterBody = call.body
        case = await permitted_case(work, call.path("number"), by=who["by"])
        key = _key(case, body.key, who)
        known = await replied(work, case.id, key)
        if known is None:
            await check_heard(work, case, reached_alone=self._reading.reached_alone)
        elif not await _is_again(work, case, body, known):
            raise KeyReused
        copies = answering.Copies(tuple(body.cc), tuple(body.bcc))
        return await say(work, case.number, body.text, key=key, copies=copies, files=body.files, **who)

    async def _forward(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        body: ForwardBody = call.body
        case = await permitted_case(work, call.path("number"), by=who["by"])
        words = self._words["mail.note_forwarded_original" if body.original else "mail.note_forwarded"]
        told = words.format(to=body.to, text=body.text)
        key = _key(case, body.key, who)
        asked: Who = {
            "to": body.to,
            "subject": body.subject,
            "note": told,
            "files": body.files,
            "original": body.original,
        }
        return await forward(work, case.number, body.text, **asked, key=key, **who)

    async def _note(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        body: NoteBody = call.body
        case = await permitted_case(work, call.path("number"), by=who["by"])
        key = _key(case, body.key, who) if body.key else ""
        known = await noted(work, case.id, key) if key else None
        if known is not None and (known["text"], _ids(known)) != (body.text, [str(one) for one in body.files]):
            raise KeyReused
        return await answering.note(work, case.number, body.text, key=key, files=body.files, **who)

    async def _ask_outside(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await waiting.ask_third_party(work, call.path("number"), call.body.text, **who)

    async def _hear_outside(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await waiting.hear_third_party(work, call.path("number"), call.body.text, **who)

    async def _resolve(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        body: ResolutionBody = call.body
        case = await permitted_case(work, call.path("number"), by=who["by"])
        told = self.closing(case.number, body.text)
        return await ending.resolve(work, case.number, Resolution(body.code, body.text), closing=told, **who)

    async def _reopen(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await ending.reopen(work, call.path("number"), reason=call.body.reason, **who)

    async def _close(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await ending.close(work, call.path("number"), **who)

    async def _escalate(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await raising.escalate(work, call.path("number"), reason=call.body.reason, **who)

    async def _hand_back(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        case = await handover.hand_back(work, call.path("number"), **who)
        if case.unsaved:
            words = self._words["notice.handed_back"].format(name=who["by"].name)
            # A line about the conversation: where it goes by mail, nobody is sent it.
            key = f"handed-back:{case.id}:{case.version}"
            await speak(work, case, words, key=key, by=BOT, at=who["at"], kind=await self._kind(work, case))
        return case

    async def _kind(self, work: UnitOfWork, case: Case) -> str:
        here = await Conversations(work).find(case.conversation_id) if case.conversation_id else None
        return "notice" if here is not None and here.channel == CHANNEL else "message"

    def closing(self, number: str, text: str) -> Mapping[str, Any]:
        """What the customer reads, with two buttons to agree or not."""
        return closing(self._words, number, text)


def _key(case: Case, key: str, who: Who) -> str:
    """An agent's own key for this case."""
    return f"{who['by'].id}:{case.number}:{key}"


async def _is_again(work: UnitOfWork, case: Case, body: LetterBody, known: Mapping[str, Any]) -> bool:
    places = [stay.conversation_id for stay in await stays(work, case.id)]
    return known["text"] == body.text and are_same(body.files, known.get("files", ()), places)


def _ids(note: Mapping[str, Any]) -> list[str]:
    return [file["id"] for file in note.get("files", ())]
