"""What the desk does about cases by itself, and what is done through it: routing, clocks, rules, questions."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from structlog.testing import capture_logs

from app.jobs.routing import RoutingSweep
from app.jobs.rules import Rules
from caseengine import operations as do
from caseengine.agents import Presence
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.needs import Needs
from caseengine.model.skill import Skill
from caseengine.operations.calling import book_callback, book_soonest, end_callback, slots_for, try_again
from caseengine.operations.escalating import escalate_due
from caseengine.operations.needing import ask_for
from caseengine.operations.routing import accept, decline, give_back, return_all, route
from caseengine.operations.surveying import add_effort, answer_survey, ask_survey
from caseengine.reading.due_clocks import due_steps
from caseengine.reading.load import agent_loads
from caseengine.routing_rules import routing_rules
from caseengine.rulebooks import Rulebook
from caseengine.skills import WorkProfile, set_profile, set_skills
from caseengine.tables import surveys
from storage.transaction import UnitOfWork
from tests.caseengine.machine_acts import World, on_case
from tests.caseengine.machine_holds import nobody_is_left_alone
from tests.caseengine.office import Office, agent_is

COMPLAINT = {"fact": "case_type", "is": "complaint"}
STEPS = [
    {"target": "first_response", "share": 0.5, "do": "notify"},
    {"target": "first_response", "after": "10m", "do": "raise"},
    {"target": "first_response", "after": "1h", "do": "reassign"},
    {"target": "resolution", "after": "0m", "do": "tell_manager"},
    {"target": "resolution", "after": "30m", "do": "callback"},
]
DESK_RULEBOOKS: dict[Rulebook, dict[str, Any]] = {
    Rulebook.SLA: {
        "policies": {
            "climb": {
                "targets": {"first_response": "2h", "next_response": "2h", "resolution": "8h"},
                "warn_at": [0.5],
                "pauses_in": {
                    "next_response": ["waiting_on_third_party"],
                    "resolution": ["waiting_on_customer"],
                },
                "ladder": STEPS,
                "ladders": {"deliveries": STEPS[3:]},
            },
            "angry": {"targets": {"first_response": "30m", "resolution": "4h"}, "ladder": STEPS[1:3]},
        },
        "choose": {"type_and_priority": [{"when": COMPLAINT, "policy": "angry"}], "default": "climb"},
    },
    Rulebook.ROUTING: {
        "departments": {
            "tills": {"mode": "offer", "offer_s": 3_600, "callbacks": True},
            "deliveries": {"mode": "assign", "overflow": {"to": "tills", "after_s": 36_000}},
        },
        "needs": [
            {"when": COMPLAINT, "skills": {"refunds": 2}},
            {"when": {"fact": "tags", "contains": "t1"}, "skills": {"refunds": {"weight": 0.5}}},
            {"when": {"fact": "identified", "is": True}, "language": "customer"},
        ],
        "relax": [{"after_s": 90_000, "drop": ["skills", "language"]}],
        "callbacks": {"slot_s": 3_600},
    },
    Rulebook.RULES: {
        "rules": [
            {"id": "new", "events": ["CaseOpened"], "when": COMPLAINT, "then": [{"do": "set_priority", "priority": 1}]},
            {
                "id": "heard",
                "events": ["CustomerWrote", "CaseReopened"],
                "then": [{"do": "tag", "tags": ["t2", "Heard"]}, {"do": "notify", "who": "agent", "text": "{number}"}],
            },
            {
                "id": "back",
                "events": ["CaseReturned", "OfferEnded"],
                "then": [{"do": "assign", "agent": "li@desk.example"}, {"do": "reply", "words": {"en": "A moment"}}],
            },
            {
                "id": "up",
                "events": ["CaseEscalated"],
                "when": {"fact": "escalation_level", "at_least": 2},
                "then": [{"do": "move", "department": "deliveries"}, {"do": "fill", "values": {"till": 9}}],
            },
            {
                "id": "asked",
                "events": ["NoteAdded"],
                "then": [{"do": "require", "skills": {"refunds": {"least": 1}}}, {"do": "untag", "tags": ["t2"]}],
            },
            {
                "id": "idle",
                "every": {
                    "for": {"hours": 20},
                    "since": "change",
                    "status": ["open", "waiting_on_customer", "resolved"],
                },
                "then": [{"do": "close"}, {"do": "notify", "who": "supervisors", "text": "{subject}"}],
            },
        ]
    },
    Rulebook.SURVEYS: {"on": True, "not_again_days": 1, "valid_days": 365},
}
BOOKED_MAX = 12


async def furnish_desk(office: Office) -> None:
    """Skills, and what the agents can do."""
    await office.do(set_skills, [Skill("refunds", "Refunds")])
    for agent, levels, capacity in ((office.li, {"refunds": 1}, 3), (office.mo, {"refunds": 4}, 2)):
        await office.do(set_profile, agent.id, WorkProfile(skills=levels, languages=("en",), capacity=capacity))


async def _sweep(world: World) -> None:
    """Whoever was drawn is there; offers run out, work is returned, calls come due, and what waits is given out."""
    for place, agent in enumerate((world.office.li, world.office.mo)):
        there = Presence.AVAILABLE if world.drawn[2] in (place, 2) else Presence.OFFLINE
        await world.office.do(agent_is, agent, there, at=world.at)
    sweep = RoutingSweep(world.office.database, {"notice.agent_joined": "{name} is here"}, lambda: world.at)
    await sweep.put_back()
    await nobody_is_left_alone(world)
    await sweep.call()  # a call goes to whoever has kept its hour free, however full they are
    before = await _loads(world)
    for department in ("tills", "deliveries"):
        await sweep.place(department)
    for name, (load, capacity) in (await _loads(world)).items():
        assert load <= max(capacity, before[name][0]), f"{name} has {load} of {capacity}"


async def _loads(world: World) -> dict[str, tuple[int, int]]:
    _, policy = await world.office.see(routing_rules)
    return {one.name: (one.load, one.capacity) for one in await world.office.see(agent_loads, policy, at=world.at)}


def _offered(world: World) -> tuple[str, dict[str, Any]]:
    """A case somebody is asked to take, and them, where there is any."""
    for case in world.cases:
        for agent in (world.office.li, world.office.mo):
            if case.offered_to == agent.id:
                return case.number, {"by": agent.actor, "at": world.at}
    return world.one.number, world.by


async def _accept(world: World) -> None:
    number, by = _offered(world)
    await world.do(accept, number, notice={"text": "Here"}, **by)


async def _decline(world: World) -> None:
    number, by = _offered(world)
    await world.do(decline, number, reason="Busy", **by)


async def _book(world: World) -> None:
    async def act(work: UnitOfWork, case: Case) -> None:
        slots = await slots_for(work, case, at=world.at, limit=BOOKED_MAX)
        starts_at = slots[world.drawn[1] % len(slots)].starts_at if slots else world.at
        book = try_again if world.drawn[0] % 2 else book_callback
        await book(work, case, starts_at, **world.by)

    await on_case(world, act)


async def _clocks(world: World) -> None:
    """As the job does, without its patience with faults."""
    for case_id in {due.case_id: None for due in await world.office.see(due_steps, world.at, limit=50)}:
        await world.office.do(escalate_due, case_id, at=world.at, book_callback=book_soonest)


async def _rules(world: World) -> None:
    """The job; what it would pass over is a fault here."""
    with capture_logs() as logs:
        await Rules(world.office.database, lambda: world.at).run()
    assert not [line for line in logs if line["event"] in ("rules_passed_over", "rule_of_time_failed")], logs


async def _ask_survey(world: World) -> None:
    told: dict[str, Any] = {"channel": "webchat", "secret": b"secret", "by": SYSTEM, "at": world.at}
    await on_case(world, lambda work, case: ask_survey(work, case, **told))


async def _survey(world: World, *, answered: bool) -> UUID:
    """The newest, of those first that wait for what is said now."""
    said = (
        surveys.c.answered_at.is_not(None) & surveys.c.effort.is_(None) if answered else surveys.c.answered_at.is_(None)
    )
    order = sa.case((said & (surveys.c.expires_at > world.at), 0), else_=1), surveys.c.asked_at.desc(), surveys.c.id
    row = await world.office.see(lambda snapshot: snapshot.first(sa.select(surveys.c.id).order_by(*order).limit(1)))
    return row.id if row else UUID(int=0)


async def _answer(world: World) -> None:
    await world.do(answer_survey, await _survey(world, answered=False), csat=world.drawn[0] + 2, at=world.at)


async def _effort(world: World) -> None:
    await world.do(add_effort, await _survey(world, answered=True), effort=world.drawn[1] + 1, at=world.at)


JOBS = ("sweep", "clocks", "rules")
"""What nobody asked for: no refusal may end these."""

DESK_ACTS: dict[str, Callable[[World], Awaitable[Any]]] = {
    "sweep": _sweep,
    "route": lambda w: on_case(w, lambda work, case: route(work, case, at=w.at)),
    "accept": _accept,
    "decline": _decline,
    "give_back": lambda w: w.do(give_back, **w.by),
    "return_all": lambda w: w.do(return_all, w.agent.id, "agent_locked", keep=["tills"][: w.drawn[1] % 2], at=w.at),
    "need": lambda w: on_case(w, lambda work, case: ask_for(work, case, Needs({"refunds": w.drawn[1] + 1}), **w.by)),
    "book": _book,
    "end_call": lambda w: on_case(
        w, lambda work, case: end_callback(work, case, ("kept", "unreached", "cancelled")[w.drawn[1] % 3], **w.by)
    ),
    "apply_policy": lambda w: on_case(w, lambda work, case: do.apply_policy(work, case, by=SYSTEM, at=w.at)),
    "clocks": _clocks,
    "rules": _rules,
    "ask_survey": _ask_survey,
    "answer_survey": _answer,
    "add_effort": _effort,
}
"""A refusal is one of the things that may come of each."""
