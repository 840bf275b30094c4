"""A case: one customer problem from first words to closure. Its verbs make the status and the fact at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from caseengine.model import events as happened
from caseengine.model.actor import Actor
from caseengine.model.case_type import CaseType
from caseengine.model.checklist import CheckItem
from caseengine.model.errors import TextMissing, TransitionNotAllowed
from caseengine.model.events import CaseEvent
from caseengine.model.lifecycle import LIVE, TRANSITIONS, Status, Verb
from caseengine.model.priority import Priority
from caseengine.model.resolution import Resolution


@dataclass(eq=False, kw_only=True)
class Case:
    """The state that its events add up to.

    Attributes:
        claimed: what the customer said of themselves, unproved.
        reply_address: on file for this case alone.
        conversation_id: where replies go: the conversation it was opened or last linked in.
        channel: how it came in where it was opened in no conversation: "telephone", for one.
        agent_id: who holds it; kept when it is resolved, so that a reply finds the same person.
        due_at: by when the customer hears from the desk; None while nothing is promised.
        merged_from: the status it had when it was merged.
        follows: the ended case that it goes on from.
        fields: custom fields of its type.
        policy, policy_version: the SLA policy that holds and its rulebook; None before one was chosen, "" for no SLA.
        tier: the customer's when the policy was chosen.
        needs: the skills and the language whoever works on it must have; empty for none.
        offered_to: the agent who is asked to take it.
        callback_at: when somebody calls the customer.
        csat, effort: the customer's newest answer, each 1 to 5.
        reopened: how often.
        acted_at: when somebody last did something to it, see `CaseEvent.is_somebodys`; its opening counts.
        version: how many events there were.
        unsaved: the events since it was loaded.
    """

    id: UUID
    number: str
    subject: str
    description: str
    case_type: CaseType
    department: str
    impact: int
    urgency: int
    priority: Priority
    opened_at: datetime
    updated_at: datetime
    acted_at: datetime
    status: Status = Status.NEW
    contact_id: UUID | None = None
    account_id: UUID | None = None
    claimed: Mapping[str, Any] = field(default_factory=dict)
    products: tuple[str, ...] = ()
    order_number: str | None = None
    reply_address: str | None = None
    conversation_id: UUID | None = None
    channel: str = ""
    agent_id: UUID | None = None
    escalation_level: int = 0
    due_at: datetime | None = None
    resolution: Resolution | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    reopened: int = 0
    merged_into: UUID | None = None
    merged_from: Status | None = None
    parent_id: UUID | None = None
    follows: UUID | None = None
    language: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    checklist: tuple[CheckItem, ...] = ()
    tags: tuple[str, ...] = ()
    watchers: tuple[UUID, ...] = ()
    policy: str | None = None
    policy_version: int | None = None
    tier: str | None = None
    needs: Mapping[str, Any] = field(default_factory=dict)
    offered_to: UUID | None = None
    callback_at: datetime | None = None
    csat: int | None = None
    effort: int | None = None
    links: tuple[UUID, ...] = ()
    version: int = 0
    unsaved: list[CaseEvent] = field(default_factory=list)

    @classmethod
    def open(cls, opened: happened.CaseOpened) -> Self:
        """The case that begins with this fact."""
        case = cls._beginning(opened)
        case.unsaved.append(opened)
        return case

    @classmethod
    def fold(cls, events: Iterable[CaseEvent]) -> Self:
        """The case as its events tell it, the first of which opened it."""
        first, *rest = events
        if not isinstance(first, happened.CaseOpened):
            raise ValueError("a history begins with CaseOpened")
        case = cls._beginning(first)
        for event in rest:
            case.follow(event)
        return case

    def follow(self, event: CaseEvent) -> None:
        """Take over what happened before, without its being news."""
        self._apply(event, TRANSITIONS[self.status, event.verb])

    @property
    def is_live(self) -> bool:
        """The desk still owes something."""
        return self.status in LIVE

    def next_update_at(self, now: datetime) -> datetime | None:
        """What the customer is told of the next news; None where nothing is promised."""
        return next_update(self.due_at, self.callback_at, now=now) if self.is_live else None

    def can(self, verb: Verb) -> bool:
        return (self.status, verb) in TRANSITIONS

    def assign(self, agent_id: UUID, agent_name: str, *, by: Actor, at: datetime) -> None:
        """Give it to an agent; a new case is open from here on."""
        self._move(
            Verb.ASSIGN,
            happened.CaseAssigned(case_id=self.id, actor=by, at=at, agent_id=agent_id, agent_name=agent_name),
        )

    def reply(self, text: str, *, key: str, files: Sequence[Mapping[str, Any]] = (), by: Actor, at: datetime) -> None:
        """An agent's words to the customer, with files; the promise is kept with them."""
        fact = happened.AgentReplied(
            case_id=self.id, actor=by, at=at, text=_words(text), key=key, files=tuple(map(dict, files))
        )
        self._move(Verb.REPLY, fact)

    def note(
        self, text: str, *, key: str = "", files: Sequence[Mapping[str, Any]] = (), by: Actor, at: datetime
    ) -> None:
        """Words for agents alone, and files of the case that belong to them."""
        fact = happened.NoteAdded(
            case_id=self.id, actor=by, at=at, text=_words(text), key=key, files=tuple(map(dict, files))
        )
        self._move(Verb.NOTE, fact)

    def ask_customer(
        self, text: str, *, key: str, files: Sequence[Mapping[str, Any]] = (), by: Actor, at: datetime
    ) -> None:
        """A question without whose answer the desk cannot go on, with files."""
        fact = happened.CustomerAsked(
            case_id=self.id, actor=by, at=at, text=_words(text), key=key, files=tuple(map(dict, files))
        )
        self._move(Verb.ASK_CUSTOMER, fact)

    def hear_customer(self, text: str, *, key: str = "", by: Actor, at: datetime) -> None:
        """The customer's words; they reopen a resolved case."""
        if self.status is Status.RESOLVED:
            fact: CaseEvent = happened.CaseReopened(case_id=self.id, actor=by, at=at, reason=text, key=key)
        else:
            fact = happened.CustomerWrote(case_id=self.id, actor=by, at=at, text=text, key=key)
        self._move(Verb.HEAR_CUSTOMER, fact)

    def ask_third_party(self, text: str, *, by: Actor, at: datetime) -> None:
        """Somebody outside has to act first: a carrier, a maker."""
        self._move(Verb.ASK_THIRD_PARTY, happened.ThirdPartyAsked(case_id=self.id, actor=by, at=at, text=_words(text)))

    def hear_third_party(self, text: str, *, by: Actor, at: datetime) -> None:
        self._move(
            Verb.HEAR_THIRD_PARTY, happened.ThirdPartyAnswered(case_id=self.id, actor=by, at=at, text=_words(text))
        )

    def hand_over(
        self, conversation_id: UUID, *, reason: str, summary: Mapping[str, Any], by: Actor, at: datetime
    ) -> None:
        """A person is wanted in this conversation."""
        fact = happened.HandoverRequested(
            case_id=self.id, actor=by, at=at, conversation_id=conversation_id, reason=reason, summary=dict(summary)
        )
        self._move(Verb.HAND_OVER, fact)

    def hand_back(self, conversation_id: UUID, *, by: Actor, at: datetime) -> None:
        """The bot may speak again; the case stays with its agent."""
        self._move(
            Verb.HAND_BACK, happened.HandedBack(case_id=self.id, actor=by, at=at, conversation_id=conversation_id)
        )

    def promise(self, due_at: datetime, *, by: Actor, at: datetime) -> None:
        """The customer hears from the desk by then."""
        self._move(Verb.PROMISE, happened.PromiseMade(case_id=self.id, actor=by, at=at, due_at=due_at))

    def escalate(self, reason: str, *, by: Actor, at: datetime) -> None:
        """Raise it one level, saying why; its priority stays what it was."""
        level = self.escalation_level + 1
        self._move(
            Verb.ESCALATE,
            happened.CaseEscalated(case_id=self.id, actor=by, at=at, level=level, reason=_words(reason)),
        )

    def prioritise(self, priority: Priority, reason: str, *, by: Actor, at: datetime) -> None:
        """Another priority than impact and urgency give, saying why."""
        fact = happened.CasePrioritised(
            case_id=self.id, actor=by, at=at, priority=Priority(priority), reason=_words(reason)
        )
        self._move(Verb.PRIORITISE, fact)

    def move(self, department: str, reason: str, *, by: Actor, at: datetime) -> None:
        """To another department, into its queue."""
        told = {"department": department, "left": self.department, "reason": _words(reason)}
        fact = happened.CaseMoved(case_id=self.id, actor=by, at=at, **told)
        self._move(Verb.MOVE, fact)

    def link(self, other_id: UUID, other_number: str, *, by: Actor, at: datetime) -> None:
        """It has to do with another case; linked twice is linked once."""
        if other_id in self.links or other_id == self.id:
            return
        fact = happened.CasesLinked(case_id=self.id, actor=by, at=at, other_id=other_id, other_number=other_number)
        self._move(Verb.LINK, fact)

    def unlink(self, other_id: UUID, other_number: str, *, by: Actor, at: datetime) -> None:
        """It has nothing to do with that case after all."""
        if other_id not in self.links:
            return
        fact = happened.CasesUnlinked(case_id=self.id, actor=by, at=at, other_id=other_id, other_number=other_number)
        self._move(Verb.LINK, fact)

    def link_conversation(self, conversation_id: UUID, channel: str, *, by: Actor, at: datetime) -> None:
        """It goes on in this conversation."""
        if conversation_id == self.conversation_id:
            return
        fact = happened.ConversationLinked(
            case_id=self.id, actor=by, at=at, conversation_id=conversation_id, channel=channel
        )
        self._move(Verb.LINK, fact)

    def identify(self, contact_id: UUID, account_id: UUID | None, *, by: Actor, at: datetime) -> None:
        """Whose case it is, now that it is proved."""
        if (contact_id, account_id) == (self.contact_id, self.account_id):
            return
        fact = happened.CustomerIdentified(
            case_id=self.id, actor=by, at=at, contact_id=contact_id, account_id=account_id
        )
        self._move(Verb.IDENTIFY, fact)

    def resolve(self, resolution: Resolution, *, by: Actor, at: datetime) -> None:
        """The desk says it is done; a reply from the customer reopens it."""
        self._move(Verb.RESOLVE, happened.CaseResolved(case_id=self.id, actor=by, at=at, resolution=resolution))

    def reopen(self, reason: str, *, by: Actor, at: datetime) -> None:
        """It was not done after all; whoever held it holds it again."""
        self._move(Verb.REOPEN, happened.CaseReopened(case_id=self.id, actor=by, at=at, reason=reason))

    def close(self, *, by: Actor, at: datetime) -> None:
        """The customer agrees that it is done, or has said nothing for long enough."""
        self._move(Verb.CLOSE, happened.CaseClosed(case_id=self.id, actor=by, at=at))

    def record(self, event: CaseEvent) -> None:
        """A fact that the table allows from here, and whose own rules the caller has kept.

        Raises:
            TransitionNotAllowed: the table has no way from here.
        """
        self._move(event.verb, event)

    @classmethod
    def _beginning(cls, opened: happened.CaseOpened) -> Self:
        named = ("number", "subject", "description", "department", "impact", "urgency", "priority", "contact_id")
        also = ("account_id", "claimed", "products", "order_number", "reply_address", "conversation_id")
        last = ("channel", "language", "parent_id", "follows", "fields")
        values = {name: getattr(opened, name) for name in named + also + last}
        case_type = CaseType(opened.case_type)
        values |= dict.fromkeys(("opened_at", "updated_at", "acted_at"), opened.at)
        return cls(id=opened.case_id, case_type=case_type, version=1, **values)

    def _move(self, verb: Verb, event: CaseEvent) -> None:
        """
        Raises:
            TransitionNotAllowed: the table has no way from here.
        """
        target = TRANSITIONS.get((self.status, verb))
        if target is None:
            raise TransitionNotAllowed(self.status, verb)
        self._apply(event, target)
        self.unsaved.append(event)

    def _apply(self, event: CaseEvent, target: Status) -> None:
        changes = event.sets(self)
        self.status = target
        for name, value in changes.items():
            setattr(self, name, value)
        self.updated_at = event.at
        if event.is_somebodys:
            self.acted_at = event.at
        self.version += 1


def next_update(due_at: datetime | None, callback_at: datetime | None, *, now: datetime) -> datetime | None:
    """By when a customer hears from the desk: what was promised, or the call agreed on where that is sooner.

    A call that has begun promises nothing more: it is kept until somebody says what came of it.
    """
    still_to_come = callback_at if callback_at is not None and callback_at > now else None
    return min((at for at in (due_at, still_to_come) if at is not None), default=None)


def _words(text: str) -> str:
    """
    Raises:
        TextMissing: there are none.
    """
    if not text.strip():
        raise TextMissing
    return text
