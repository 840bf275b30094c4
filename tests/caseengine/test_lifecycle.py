"""Every status and every verb: the table decides, and the verb leaves exactly one fact."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from caseengine.event_rows import KINDS, from_row, to_row
from caseengine.model import events as happened
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.errors import ResolutionIncomplete, TextMissing, TransitionNotAllowed
from caseengine.model.events import CaseEvent, CaseOpened
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
}
FACTS: list[tuple[type[CaseEvent], dict[str, Any]]] = [
    (happened.CaseMerged, {"into_id": uuid4(), "into_number": "CAS-00002-0000"}),
    (happened.CaseUnmerged, {"from_id": uuid4(), "from_number": "CAS-00002-0000"}),
    (happened.CaseAbsorbed, {"other_id": uuid4(), "other_number": "CAS-00002-0000"}),
    (happened.CaseReleased, {"other_id": uuid4(), "other_number": "CAS-00002-0000"}),
    (
        happened.CaseReleased,
        {
            "other_id": uuid4(),
            "other_number": "CAS-00002-0000",
            "resolution": ((when("Mon 09:00"), when("Mon 10:00")),),
            "steps": {"resolution": 1},
            "status": Status.WAITING_ON_CUSTOMER,
            "due_at": when("Mon 14:00"),
        },
    ),
    (happened.CaseSplit, {"other_id": uuid4(), "other_number": "CAS-00002-0000"}),
    (happened.CaseSplitOff, {"other_id": uuid4(), "other_number": "CAS-00002-0000"}),
    (happened.ParentSet, {"parent_id": uuid4(), "parent_number": "CAS-00002-0000"}),
    (happened.ParentRemoved, {"parent_id": uuid4(), "parent_number": "CAS-00002-0000"}),
    (happened.CaseClassified, {"case_type": "complaint", "reason": "They are angry"}),
    (happened.CaseAssessed, {"impact": 1, "urgency": 3, "reason": "Every till"}),
    (happened.FieldsFilled, {"values": {"till": 4, "serial": "X1"}}),
    (happened.CaseTagged, {"added": ("vip", "till"), "removed": ("old",)}),
    (happened.WatcherAdded, {"agent_id": uuid4(), "agent_name": "Mo"}),
    (happened.ChecklistItemAdded, {"item_id": "1", "text": "Look inside", "required": True}),
    (happened.ScriptAnswered, {"script": "till", "version": 1, "step": "a", "question": "Which?", "answer": "four"}),
    (happened.PolicyApplied, {"policy": "gold", "version": 3, "because": "tier", "tier": "A"}),
    (happened.TargetWarned, {"target": "resolution", "cycle": 1, "share": 0.5, "due_at": AT}),
    (happened.TargetBreached, {"target": "resolution", "cycle": 1, "due_at": AT}),
    (happened.LadderStepTaken, {"target": "resolution", "cycle": 1, "step": 0, "action": "raise", "did": {}}),
    (happened.NeedsSet, {"skills": {"tills": {"least": 3}}, "language": "de", "source": "rule"}),
    (happened.CaseOffered, {"agent_id": uuid4(), "agent_name": "Mo", "expires_at": AT}),
    (happened.OfferEnded, {"agent_id": uuid4(), "agent_name": "Mo", "how": "declined"}),
    (happened.CaseReturned, {"agent_id": uuid4(), "agent_name": "Mo", "reason": "vanished"}),
    (
        happened.CallbackBooked,
        {"callback_id": uuid4(), "starts_at": AT, "ends_at": AT, "agent_id": uuid4(), "agent_name": "Mo"},
    ),
    (happened.RuleFired, {"rule": "vip", "version": 1, "cause": 1, "actions": ({"do": "tag"},)}),
    (happened.SurveyAsked, {"survey_id": uuid4(), "channel": "webchat"}),
    (happened.CustomerTold, {"kinds": ("reply",), "way": "email"}),
    (
        happened.DeliveryDoubted,
        {"conversation_id": uuid4(), "key": "k", "channel": "teams", "why": "no_answer", "again": 1},
    ),
    (happened.SentAgain, {"conversation_id": uuid4(), "key": "k", "channel": "teams", "again": 1}),
    # facts whose verb has another fact as well, which is walked above
    (happened.NoticeWithheld, {"kinds": ("reply",), "way": "email"}),
    (happened.DeliveryGivenUp, {"conversation_id": uuid4(), "key": "k", "channel": "email", "why": "refused"}),
    (happened.CasesUnlinked, {"other_id": uuid4(), "other_number": "CAS-00002-0000"}),
    (happened.FollowUpOpened, {"other_id": uuid4(), "other_number": "CAS-00002-0000"}),
    (happened.WatcherRemoved, {"agent_id": uuid4(), "agent_name": "Mo"}),
    (happened.ChecklistItemChecked, {"item_id": "1", "done": True}),
    (happened.ChecklistItemDropped, {"item_id": "1"}),
    (happened.CallbackEnded, {"callback_id": uuid4(), "how": "kept", "starts_at": AT, "agent_name": "Mo"}),
    (happened.CaseRated, {"survey_id": uuid4(), "csat": 5, "effort": 1, "comment": "Quick"}),
]
"""Facts whose rules are kept by operations, with what they say."""


def recording(kind: type[CaseEvent], told: dict[str, Any]) -> Callable[[Case], None]:
    return lambda case: case.record(kind(case_id=case.id, actor=LI, at=AT, **told))


for fact, said in reversed(FACTS):
    if fact not in (happened.FollowUpOpened, happened.CasesUnlinked):
        DO[fact.verb] = recording(fact, said)
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
    assert case.status is (Status.NEW if verb is Verb.UNMERGE else target)
    assert len(case.unsaved) == known + 1
    assert case.version == len(case.unsaved)
    assert facts(Case.fold(case.unsaved)) == facts(case)


def test_every_event_is_made_by_some_verb() -> None:
    seen = {"CaseOpened", "ConversationLinked"}
    for status, verb in TRANSITIONS:
        case = case_in(status)
        DO[verb](case)
        seen.add(type(case.unsaved[-1]).__name__)
        for fact, told in FACTS:
            if (status, fact.verb) in TRANSITIONS:
                again = case_in(status)
                recording(fact, told)(again)
                assert facts(Case.fold(again.unsaved)) == facts(again)
                seen.add(fact.__name__)
    assert seen == set(KINDS) - {"CaseEvent"}


@pytest.mark.parametrize(("fact", "told"), FACTS)
def test_a_fact_is_read_as_it_was_written(fact: type[CaseEvent], told: dict[str, Any]) -> None:
    event = fact(case_id=uuid4(), actor=LI, at=AT, **told)
    written = json.loads(json.dumps(to_row(event, 1), default=str))
    read = from_row(SimpleNamespace(**{**written, "case_id": event.case_id, "at": AT}))  # type: ignore[arg-type]
    assert read == event


@pytest.mark.parametrize("status", LIVE)
def test_a_merge_is_undone_to_where_it_was(status: Status) -> None:
    case = case_in(status)
    DO[Verb.MERGE](case)
    assert (case.status, case.merged_from) == (Status.MERGED, status)
    DO[Verb.UNMERGE](case)
    assert (case.status, case.merged_into, case.merged_from) == (status, None, None)
    assert facts(Case.fold(case.unsaved)) == facts(case)


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
