"""Every status and every verb: the table decides, and the verb leaves exactly one fact."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from caseengine.event_rows import KINDS
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.errors import ResolutionIncomplete, TextMissing, TransitionNotAllowed
from caseengine.model.events import CaseOpened
from caseengine.model.lifecycle import ENDED, LIVE, TRANSITIONS, Status, Verb, verbs_from
from caseengine.model.priority import Priority
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.policies.priority import priority
from tests.caseengine.office import CUSTOMER, facts, when

LI = Actor(ActorKind.AGENT, str(uuid4()), "Li")
AT = when("Mon 10:00")
BY: dict[str, Any] = {"by": LI, "at": AT}
SOLVED = Resolution(ResolutionCode.SOLVED, "Replaced the drum")

DO: dict[Verb, Callable[[Case], None]] = {
    Verb.ASSIGN: lambda case: case.assign(uuid4(), "Li", **BY),
    Verb.REPLY: lambda case: case.reply("Hello", key="k", **BY),
    Verb.NOTE: lambda case: case.note("Odd", **BY),
    Verb.ASK_CUSTOMER: lambda case: case.ask_customer("Which till?", key="k", **BY),
    Verb.HEAR_CUSTOMER: lambda case: case.hear_customer("Number two", by=CUSTOMER, at=AT),
    Verb.ASK_THIRD_PARTY: lambda case: case.ask_third_party("The maker: a part", **BY),
    Verb.HEAR_THIRD_PARTY: lambda case: case.hear_third_party("It is sent", **BY),
    Verb.HAND_OVER: lambda case: case.hand_over(uuid4(), reason="asked", summary={"tried": []}, **BY),
    Verb.HAND_BACK: lambda case: case.hand_back(uuid4(), **BY),
    Verb.PROMISE: lambda case: case.promise(when("Mon 14:00"), **BY),
    Verb.ESCALATE: lambda case: case.escalate("It is the busiest day", **BY),
    Verb.PRIORITISE: lambda case: case.prioritise(Priority.P1, "All tills", **BY),
    Verb.MOVE: lambda case: case.move("deliveries", "Not a till", **BY),
    Verb.LINK: lambda case: case.link(uuid4(), "CAS-00002-0000", **BY),
    Verb.IDENTIFY: lambda case: case.identify(uuid4(), uuid4(), **BY),
    Verb.RESOLVE: lambda case: case.resolve(SOLVED, **BY),
    Verb.REOPEN: lambda case: case.reopen("Again", **BY),
    Verb.CLOSE: lambda case: case.close(**BY),
    Verb.MERGE: lambda case: case.merge(uuid4(), **BY),
}
WAY_TO: dict[Status, tuple[Verb, ...]] = {
    Status.NEW: (),
    Status.OPEN: (Verb.ASSIGN,),
    Status.WAITING_ON_CUSTOMER: (Verb.ASSIGN, Verb.ASK_CUSTOMER),
    Status.WAITING_ON_THIRD_PARTY: (Verb.ASSIGN, Verb.ASK_THIRD_PARTY),
    Status.RESOLVED: (Verb.RESOLVE,),
    Status.CLOSED: (Verb.RESOLVE, Verb.CLOSE),
    Status.MERGED: (Verb.MERGE,),
}


def opened() -> Case:
    return Case.open(
        CaseOpened(
            case_id=uuid4(),
            actor=CUSTOMER,
            at=when("Mon 09:00"),
            number="CAS-00001-0000",
            subject="The till jams",
            description="It jams",
            case_type="incident",
            department="tills",
            impact=2,
            urgency=2,
            priority=Priority.P3,
        )
    )


def case_in(status: Status) -> Case:
    case = opened()
    for verb in WAY_TO[status]:
        DO[verb](case)
    assert case.status is status
    return case


def test_every_verb_can_be_walked() -> None:
    assert set(DO) == set(Verb)
    assert set(TRANSITIONS.values()) <= set(Status)
    assert set(LIVE) | set(ENDED) | {Status.MERGED} == set(Status)


@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize("status", list(Status))
def test_the_table_decides(status: Status, verb: Verb) -> None:
    case = case_in(status)
    before, known = facts(case), len(case.unsaved)
    target = TRANSITIONS.get((status, verb))
    assert case.can(verb) is (verb in verbs_from(status)) is (target is not None)
    if target is None:
        with pytest.raises(TransitionNotAllowed) as refused:
            DO[verb](case)
        assert refused.value.params == {"status": status, "verb": verb}
        assert (facts(case), len(case.unsaved)) == (before, known)
        return
    DO[verb](case)
    assert case.status is target
    assert len(case.unsaved) == known + 1
    assert case.version == len(case.unsaved)
    assert facts(Case.fold(case.unsaved)) == facts(case)


def test_every_event_is_made_by_some_verb() -> None:
    seen = {"CaseOpened", "ConversationLinked"}
    for status, verb in TRANSITIONS:
        case = case_in(status)
        DO[verb](case)
        seen.add(type(case.unsaved[-1]).__name__)
    assert seen == set(KINDS) - {"CaseEvent"}


def test_a_verb_that_changes_nothing_leaves_no_fact() -> None:
    case, other, contact = case_in(Status.OPEN), uuid4(), uuid4()
    for _ in range(2):
        case.link(other, "CAS-00002-0000", **BY)
        case.link(case.id, case.number, **BY)
        case.identify(contact, None, **BY)
        case.link_conversation(other, "webchat", **BY)
    assert len(case.unsaved) == 5


def test_a_reply_reopens_and_forgets_the_resolution() -> None:
    case = case_in(Status.RESOLVED)
    assert case.resolution == SOLVED
    case.hear_customer("It jams again", by=CUSTOMER, at=AT)
    assert case.resolution is None
    assert type(case.unsaved[-1]).__name__ == "CaseReopened"


def test_an_answer_keeps_the_promise() -> None:
    case = case_in(Status.OPEN)
    case.promise(when("Mon 14:00"), **BY)
    case.reply("We are on it", key="k", **BY)
    assert case.due_at is None


def test_raising_a_case_leaves_its_priority() -> None:
    case = case_in(Status.OPEN)
    case.escalate("Again", **BY)
    case.escalate("And again", **BY)
    assert (case.escalation_level, case.priority) == (2, Priority.P3)


@pytest.mark.parametrize("say", [Verb.REPLY, Verb.NOTE, Verb.ASK_CUSTOMER])
def test_blank_words_are_refused(say: Verb) -> None:
    case = case_in(Status.OPEN)
    with pytest.raises(TextMissing):
        {
            Verb.REPLY: lambda: case.reply(" ", key="k", **BY),
            Verb.NOTE: lambda: case.note("\n", **BY),
            Verb.ASK_CUSTOMER: lambda: case.ask_customer("", key="k", **BY),
        }[say]()


@pytest.mark.parametrize(("code", "text"), [("solved", " "), ("done", "Replaced it"), ("", "")])
def test_a_resolution_needs_a_code_of_the_list_and_a_text(code: str, text: str) -> None:
    with pytest.raises(ResolutionIncomplete):
        Resolution(code, text)  # type: ignore[arg-type]


def test_a_history_begins_with_its_opening() -> None:
    case = case_in(Status.OPEN)
    with pytest.raises(ValueError, match="CaseOpened"):
        Case.fold(case.unsaved[1:])


@pytest.mark.parametrize(
    ("impact", "urgency", "expected"),
    [(1, 1, 1), (1, 2, 2), (2, 1, 2), (2, 2, 3), (1, 3, 3), (3, 1, 3), (2, 3, 4), (3, 2, 4), (3, 3, 4)],
)
def test_priority_is_impact_and_urgency(impact: int, urgency: int, expected: int) -> None:
    assert priority(impact, urgency) is Priority(expected)


def test_impact_beyond_the_scale_is_a_bug() -> None:
    with pytest.raises(ValueError, match="1, 2 or 3"):
        priority(0, 4)
