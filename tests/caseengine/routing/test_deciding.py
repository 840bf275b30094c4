"""The decision alone: fair, stable, and never for somebody who may not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseengine.model.errors import RulebookInvalid
from caseengine.model.needs import Needs
from caseengine.policies.routing import NEVER_S, Candidate, Request, decide
from caseengine.policies.routing_policy import RoutingPolicy, read_routing

POLICY = RoutingPolicy()
LEVELS = st.integers(0, 5)
PRESENCE = st.sampled_from(("available", "available", "available", "busy", "away", "offline"))
SKILLS = st.dictionaries(st.sampled_from(("printers", "refunds", "fridges")), st.integers(1, 5))
REQUESTS = st.builds(
    Request,
    department=st.just("tills"),
    channel=st.sampled_from(("", "webchat", "email")),
    units=st.integers(0, 4),
    needs=st.builds(Needs, SKILLS, st.just({}), st.sampled_from(("", "de"))),
    waited_s=st.floats(0, 10_000),
    declined=st.frozensets(st.sampled_from("0123456789"), max_size=3),
    sticky=st.sampled_from(("", "3", "7")),
)


@st.composite
def pools(draw: st.DrawFn) -> list[Candidate]:
    ids = draw(st.lists(st.sampled_from("0123456789"), unique=True, max_size=8))
    return [
        Candidate(
            id=one,
            permitted=draw(st.booleans()),
            channels=draw(st.sampled_from((None, ("email",), ("email", "webchat")))),
            languages=draw(st.sampled_from(((), ("de",)))),
            skills=draw(SKILLS),
            presence=draw(PRESENCE),
            seen_s=draw(st.sampled_from((0.0, 119.0, 121.0))),
            on_leave=draw(st.booleans()),
            on_shift=draw(st.booleans()),
            capacity=draw(st.integers(0, 6)),
            load=draw(st.integers(0, 6)),
            idle_s=draw(st.sampled_from((0.0, 10.0, NEVER_S))),
        )
        for one in ids
    ]


ANYTHING = read_routing(
    {
        "relax": [
            {"after_s": 100, "lower": 1},
            {"after_s": 1000, "drop": ["language", "preferred"]},
            {"after_s": 5000, "drop": ["skills"]},
        ]
    }
)


@given(REQUESTS, pools())
def test_nobody_who_may_not_is_ever_chosen_whatever_is_relaxed(request: Request, pool: list[Candidate]) -> None:
    decision = decide(request, pool, ANYTHING)
    chosen = [one for one in pool if one.id == decision.agent_id]
    for one in chosen:
        assert one.permitted
        assert one.presence == "available"
        assert one.seen_s <= 120
        assert one.on_shift
        assert not one.on_leave
        assert one.load + request.units <= one.capacity
        assert one.channels is None or not request.channel or request.channel in one.channels
        assert one.id not in request.declined


@given(REQUESTS, pools(), st.randoms())
def test_the_order_they_come_in_does_not_matter(request: Request, pool: list[Candidate], chance: object) -> None:
    shuffled = sorted(pool, key=lambda _: chance.random())  # type: ignore[attr-defined]
    assert decide(request, shuffled, ANYTHING) == decide(request, pool, ANYTHING)


@given(REQUESTS, pools())
def test_a_decision_survives_its_documents(request: Request, pool: list[Candidate]) -> None:
    again = [Candidate.read(one.document) for one in pool]
    assert again == pool
    assert Request.read(request.document) == request
    assert decide(Request.read(request.document), again, ANYTHING).document == decide(request, pool, ANYTHING).document


@given(st.integers(1, 9), st.integers(0, 60))
def test_of_equals_none_is_ever_ahead_by_more_than_one(agents: int, items: int) -> None:
    pool = [Candidate(id=str(one), capacity=100) for one in range(agents)]
    for at in range(items):
        chosen = decide(Request(department="tills"), pool, POLICY).agent_id
        pool = [replace(one, load=one.load + 1, idle_s=NEVER_S - at) if one.id == chosen else one for one in pool]
        loads = [one.load for one in pool]
        assert max(loads) - min(loads) <= 1


@given(st.integers(2, 6), st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=60))
def test_nobody_is_given_more_than_one_above_the_least_busy(agents: int, days: list[tuple[bool, int]]) -> None:
    pool = [Candidate(id=str(one), capacity=100) for one in range(agents)]
    for arrives, who in days:
        if not arrives:
            place = who % agents
            pool[place] = replace(pool[place], load=max(pool[place].load - 1, 0))
            continue
        chosen = decide(Request(department="tills"), pool, POLICY).agent_id
        place = next(place for place, one in enumerate(pool) if one.id == chosen)
        pool[place] = replace(pool[place], load=pool[place].load + 1)
        assert pool[place].load <= min(one.load for one in pool) + 1


def test_required_skills_before_fit_before_room_before_idleness_before_the_id() -> None:
    needs = Needs({"printers": 3})
    request = Request(department="tills", needs=needs, waited_s=200)
    far = Candidate(id="1", skills={"printers": 2}, capacity=10)
    expert = Candidate(id="2", skills={"printers": 5}, capacity=10)
    fits = Candidate(id="3", skills={"printers": 3}, load=3, capacity=10)
    roomy = replace(fits, id="4", load=1, idle_s=5.0)
    idle = replace(roomy, id="5", idle_s=60.0)
    pool = [far, expert, fits, roomy, idle, replace(idle, id="6")]
    for expected in ("5", "6", "4", "3", "2", "1"):
        decision = decide(request, pool, ANYTHING)
        assert decision.agent_id == expected
        pool = [one for one in pool if one.id != expected]


def test_who_knows_the_case_comes_first_within_a_bound() -> None:
    request = Request(department="tills", sticky="2")
    other = Candidate(id="1", load=0)
    assert decide(request, [other, Candidate(id="2", load=2)], POLICY).agent_id == "2"
    assert decide(request, [other, Candidate(id="2", load=3)], POLICY).agent_id == "1"


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"departments": {"tills": {"mode": "push"}}}, "departments.tills.mode"),
        ({"departments": {"tills": {"offer_s": -1}}}, "departments.tills.offer_s"),
        ({"costs": {"chat": -3}}, "costs.chat"),
        ({"capacity": True}, "routing.capacity"),
        ({"relax": [{"lower": 1}]}, "relax[0].after_s"),
        ({"relax": [{"after_s": 10}, {"after_s": 5}]}, "relax"),
        ({"needs": [{"skills": {"printers": 9}}]}, "needs[0].skills.printers.least"),
        ({"needs": [{"when": {"fact": "mood", "is": "cross"}}]}, "needs[0].when.mood"),
        ({"classifier": {"at_least": 0}}, "routing.classifier.at_least"),
        ({"departmens": {}}, "routing.departmens"),
        ({"callbacks": {"slot_s": 1}}, "routing.callbacks.slot_s"),
    ],
)
def test_a_rulebook_that_makes_no_sense_is_refused_by_its_place(document: dict[str, object], where: str) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        read_routing(document, known=("priority",))
    assert refused.value.where == where


@given(REQUESTS, pools())
def test_who_has_kept_the_time_free_may_be_full_and_nothing_else(request: Request, pool: list[Candidate]) -> None:
    for kept in pool:
        decision = decide(replace(request, kept=kept.id, sticky=kept.id), pool, ANYTHING)
        room = [replace(one, capacity=99) if one.id == kept.id else one for one in pool]
        asked = next(one for one in decision.judged if one.id == kept.id)
        free = next(one for one in decide(request, room, ANYTHING).judged if one.id == kept.id)
        assert asked.excluded == free.excluded
        assert (decision.agent_id == kept.id) is (not asked.excluded)


def test_a_request_of_before_is_read() -> None:
    document = Request(department="tills").document
    del document["kept"]
    assert Request.read(document) == Request(department="tills")
