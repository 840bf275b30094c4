"""How what the rooms below know becomes an answer of the agents' API."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from app.http.answers import (
    ActorAnswer,
    AgentAnswer,
    AssuranceAnswer,
    CallbackAnswer,
    CardAccountAnswer,
    CaseAnswer,
    CaseInFullAnswer,
    CheckItemAnswer,
    ContactAnswer,
    ConversationAnswer,
    DepartmentAnswer,
    DepartmentsAnswer,
    FieldProblem,
    IdentityAnswer,
    KeptByAnswer,
    ParticipantAnswer,
    TimelineAnswer,
    TimelineEntryAnswer,
    WatcherAnswer,
    WatchingAnswer,
)
from app.http.opening_bodies import FoundContactAnswer
from app.live.watching import Watcher
from caseengine.agents import Agent, Presence
from caseengine.agents import seen_lately as was_seen_lately
from caseengine.departments import Department
from caseengine.model.conversation import Conversation
from caseengine.operations.reaching import Hears
from caseengine.reading.case_view import CaseView
from caseengine.reading.cases import CaseRow
from caseengine.reading.timeline import TimelineEntry
from customers.reading import ContactCard, Proved

KEPT = frozenset(
    ("tags", "watchers", "parent", "follows", "merged_into", "merged", "children", "live_children", "form_problems")
) | {"checklist"}
"""Fields of the answer that `CaseView.kept` knows, and those that need making."""


def agent_answer(agent: Agent, at: datetime) -> AgentAnswer:
    return AgentAnswer(
        id=agent.id,
        name=agent.name,
        email=agent.email,
        role=agent.role,
        departments=sorted(agent.departments),
        presence=agent.presence if seen_lately(agent, at) else Presence.OFFLINE,
    )


def seen_lately(agent: Agent, at: datetime) -> bool:
    return was_seen_lately(agent.seen_at, at)


def departments_answer(departments: list[Department]) -> DepartmentsAnswer:
    return DepartmentsAnswer(departments=[DepartmentAnswer(id=one.id, name=one.name) for one in departments])


def contact_answer(card: ContactCard, rows: list[CaseRow], at: datetime) -> ContactAnswer:
    return ContactAnswer(
        id=card.id,
        name=card.name,
        language=card.language,
        identities=[IdentityAnswer.model_validate(identity) for identity in card.identities],
        accounts=[CardAccountAnswer.model_validate(account) for account in card.accounts],
        cases=[case_answer(row, at) for row in rows],
    )


def found_contact(card: ContactCard) -> FoundContactAnswer:
    return FoundContactAnswer.model_validate(card)


def case_answer(row: CaseRow, at: datetime) -> CaseAnswer:
    values = {name: getattr(row, name) for name in CaseAnswer.model_fields}
    return CaseAnswer(**values | {"due_at": row.next_update_at(at)})


def case_in_full(
    view: CaseView, proved: Proved | None, wait: timedelta | None, *, hears: Hears, takes_callbacks: bool, at: datetime
) -> CaseInFullAnswer:
    """
    Args:
        proved: what the case's conversation has proved; None when it has no conversation.
        wait: until somebody has it; None when it does not wait, or nobody can say.
        hears: how the customer hears what agents say.
    """
    made = {"conversation", "linked", "expected_wait_s", "callback", "hears", "takes_callbacks", *KEPT}
    own = set(CaseInFullAnswer.model_fields) - set(CaseAnswer.model_fields) - made
    return CaseInFullAnswer(
        **case_answer(view.row, at).model_dump(),
        **{name: getattr(view, name) for name in own},
        conversation=_conversation(view.conversation, proved) if view.conversation and proved else None,
        linked=[case_answer(row, at) for row in view.linked],
        callback=CallbackAnswer.model_validate(view.callback) if view.callback else None,
        hears=hears,
        takes_callbacks=takes_callbacks,
        expected_wait_s=None if wait is None else round(wait.total_seconds()),
        **_kept(view, at),
    )


def _kept(view: CaseView, at: datetime) -> dict[str, Any]:
    others = {name: getattr(view.kept, name) for name in ("parent", "follows", "merged_into")}
    plain = {name: getattr(view.kept, name) for name in ("tags", "children", "live_children", "merged")}
    return {
        **plain,
        **{name: case_answer(row, at) if row else None for name, row in others.items()},
        "checklist": [CheckItemAnswer.model_validate(item) for item in view.checklist],
        "watchers": [KeptByAnswer.model_validate(agent) for agent in view.kept.watchers],
        "form_problems": [FieldProblem(**one) for one in view.kept.form_problems],
    }


def timeline_answer(entries: list[TimelineEntry]) -> TimelineAnswer:
    return TimelineAnswer(
        entries=[
            TimelineEntryAnswer(
                number=entry.number,
                seq=entry.seq,
                kind=entry.kind,
                actor=ActorAnswer.model_validate(entry.actor),
                at=entry.at,
                public=entry.public,
                data=dict(entry.data),
            )
            for entry in entries
        ]
    )


def watchers_answer(watchers: Iterable[Watcher]) -> WatchingAnswer:
    return WatchingAnswer(agents=[WatcherAnswer.model_validate(watcher) for watcher in watchers])


def _conversation(found: Conversation, proved: Proved) -> ConversationAnswer:
    return ConversationAnswer(
        id=found.id,
        channel=found.channel,
        mode=found.mode,
        agent_id=found.agent_id,
        participants=[ParticipantAnswer.model_validate(who) for who in found.participants],
        assurance=_assurance(proved),
    )


def _assurance(proved: Proved) -> AssuranceAnswer:
    rest = {name: getattr(proved, name) for name in AssuranceAnswer.model_fields if name != "level"}
    return AssuranceAnswer(level=proved.level.label, **rest)
