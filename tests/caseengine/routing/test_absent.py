"""Whoever has a case goes on leave: the customer is not left alone with nobody."""

import pytest

from app.jobs.escalations import Escalations
from caseengine.agents import Agent, Agents, Presence
from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.conversation import Mode
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.model.shift import WEEKDAYS
from caseengine.notices import notices_of
from caseengine.operations import add_to_case, ask_customer, ask_third_party, hear_third_party, reopen, resolve, take
from tests.caseengine.office import CUSTOMER, when
from tests.caseengine.routing.desk import RoutingDesk

SHIFTS = {"zone": "Europe/London", "weekly": {day: ["08:00-18:00"] for day in WEEKDAYS[:5]}}
FROM_TUESDAY = {**SHIFTS, "leave": [["2026-03-03", "2026-03-20"]]}
SOLVED = Resolution(ResolutionCode.SOLVED, "A new part")


@pytest.fixture
async def ann(desk: RoutingDesk) -> Agent:
    """She works on Monday, and is on leave from Tuesday on."""
    return await desk.hires("Ann", shifts=FROM_TUESDAY)


async def held(desk: RoutingDesk, agent: Agent, **opening: str) -> Case:
    case = await desk.report(**opening)
    await desk.do(take, case.number, by=agent.actor, at=when("Mon 09:01"))
    return case


async def goes(desk: RoutingDesk, agent: Agent, at: str = "Mon 17:00") -> None:
    await desk.is_there(agent, at, Presence.OFFLINE)


async def writes(desk: RoutingDesk, case: Case, at: str = "Tue 10:00") -> None:
    async with desk.database.unit_of_work() as work:
        found = await Cases(work).by_id(case.id)
        await add_to_case(work, found, "Still broken", key=at, by=CUSTOMER, at=when(at))


async def last_returned(desk: RoutingDesk, case: Case) -> str:
    rows = [fact for fact in await desk.published() if fact["case_id"] == str(case.id)]
    return next((fact["data"]["reason"] for fact in rows[::-1] if fact["kind"] == "CaseReturned"), "")


async def test_a_reply_to_somebody_on_leave_finds_somebody_else(desk: RoutingDesk, ann: Agent) -> None:
    case = await held(desk, ann)
    await desk.do(resolve, case.number, SOLVED, by=ann.actor, at=when("Mon 09:10"))
    await goes(desk, ann)
    await writes(desk, case)
    assert await last_returned(desk, case) == "agent_on_leave"
    ben = await desk.hires("Ben", at="Tue 10:00")
    await desk.sweeps("Tue 10:00")
    assert await desk.holder(case) == ben.id
    await desk.rows_equal_fold(case)


async def test_an_answer_that_was_waited_for_finds_somebody_else_too(desk: RoutingDesk, ann: Agent) -> None:
    case, other = await held(desk, ann), await held(desk, ann)
    await desk.do(ask_customer, case.number, "Which till?", key="q", by=ann.actor, at=when("Mon 09:05"))
    await desk.do(ask_third_party, other.number, "The maker", by=ann.actor, at=when("Mon 09:05"))
    await goes(desk, ann)
    await writes(desk, case)
    await desk.do(hear_third_party, other.number, "It is sent", by=desk.mo.actor, at=when("Tue 10:00"))
    assert [await desk.holder(one) for one in (case, other)] == [None, None]


async def test_what_a_colleague_reopens_is_not_for_somebody_on_leave(desk: RoutingDesk, ann: Agent) -> None:
    case = await held(desk, ann)
    await desk.do(resolve, case.number, SOLVED, by=ann.actor, at=when("Mon 09:10"))
    await goes(desk, ann)
    await desk.do(reopen, case.number, reason="Not done", by=desk.mo.actor, at=when("Tue 10:00"))
    assert await desk.holder(case) is None


async def test_a_person_asked_for_is_somebody_who_is_there(desk: RoutingDesk, ann: Agent) -> None:
    conversation = await desk.chat()
    case = await desk.report_in(conversation)
    await desk.do(take, case.number, by=ann.actor, at=when("Mon 09:01"))
    await goes(desk, ann)
    await desk.hand_over(conversation, case, "Tue 10:00")
    ben = await desk.hires("Ben", at="Tue 10:00")
    await desk.sweeps("Tue 10:00")
    assert await desk.holder(case) == ben.id
    assert (await desk.conversation(conversation)).mode is Mode.AGENT


async def test_who_is_back_from_leave_knows_the_case(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann", shifts={**SHIFTS, "leave": [["2026-03-03", "2026-03-03"]]})
    case = await held(desk, ann)
    await desk.do(ask_customer, case.number, "Which till?", key="q", by=ann.actor, at=when("Mon 09:05"))
    await goes(desk, ann)
    await writes(desk, case, "Tue 17:00")
    assert await desk.holder(case) is None
    await desk.hires("Ben", at="Wed 09:00")
    await desk.is_there(ann, "Wed 09:00")
    await desk.sweeps("Wed 09:00")
    assert await desk.holder(case) == ann.id


async def test_who_is_off_for_the_night_keeps_what_they_had(desk: RoutingDesk, ann: Agent) -> None:
    case = await held(desk, ann)
    await desk.do(ask_customer, case.number, "Which till?", key="q", by=ann.actor, at=when("Mon 09:05"))
    await goes(desk, ann, "Mon 18:00")
    await writes(desk, case, "Mon 22:00")
    assert await desk.holder(case) == ann.id


@pytest.mark.parametrize(("presence", "gone"), [(Presence.OFFLINE, True), (Presence.AWAY, False)])
async def test_who_asks_for_a_person_in_a_chat_waits_for_nobody_who_is_off(
    desk: RoutingDesk, ann: Agent, presence: Presence, gone: bool
) -> None:
    conversation = await desk.chat()
    case = await desk.report_in(conversation)
    await desk.do(take, case.number, by=ann.actor, at=when("Mon 09:01"))
    await desk.is_there(ann, "Mon 11:59", presence)
    ben = await desk.hires("Ben", at="Mon 12:00")
    await desk.hand_over(conversation, case, "Mon 12:00")
    await desk.sweeps("Mon 12:00")
    assert await desk.holder(case) == (ben.id if gone else ann.id)
    assert await last_returned(desk, case) == ("agent_vanished" if gone else "")
    await desk.rows_equal_fold(case)


async def test_who_is_at_their_desk_though_on_leave_goes_on(desk: RoutingDesk, ann: Agent) -> None:
    case = await held(desk, ann)
    await desk.is_there(ann, "Tue 10:00")
    await writes(desk, case)
    assert await desk.holder(case) == ann.id


async def test_who_works_elsewhere_now_does_not_get_it_back(desk: RoutingDesk, ann: Agent) -> None:
    case = await held(desk, ann)
    await desk.do(resolve, case.number, SOLVED, by=ann.actor, at=when("Mon 09:10"))
    async with desk.database.unit_of_work() as work:
        Agents(work).change(Agent(ann.id, ann.name, ann.email, "x", frozenset({"deliveries"})))
    await writes(desk, case, "Mon 12:00")
    assert await last_returned(desk, case) == "agent_left"


async def test_where_agents_take_what_they_want_it_stays_theirs(desk: RoutingDesk, ann: Agent) -> None:
    await desk.decides({})
    case = await held(desk, ann)
    await desk.do(ask_customer, case.number, "Which till?", key="q", by=ann.actor, at=when("Mon 09:05"))
    await goes(desk, ann)
    await writes(desk, case)
    assert await desk.holder(case) == ann.id


@pytest.mark.parametrize(
    ("presence", "seen", "at", "told"),
    [
        (Presence.AVAILABLE, "Mon 15:00", "Mon 15:00", False),
        (Presence.BUSY, "Mon 15:00", "Mon 15:00", False),
        (Presence.AWAY, "Mon 15:00", "Mon 15:00", False),  # back soon
        (Presence.AWAY, "Mon 19:00", "Mon 19:00", True),  # gone home, and the screen is still on
        (Presence.AVAILABLE, "Mon 14:00", "Mon 15:00", True),  # went without a word
        (Presence.OFFLINE, "Mon 15:00", "Mon 15:00", True),
    ],
)
async def test_the_department_hears_of_what_whoever_has_it_does_not(
    desk: RoutingDesk, presence: Presence, seen: str, at: str, told: bool
) -> None:
    ann = await desk.hires("Ann", shifts=SHIFTS)
    case = await held(desk, ann)
    await desk.is_there(ann, seen, presence)
    await Escalations(desk.database, lambda: when(at)).run()
    assert "target_breached" in await kinds(desk, ann)
    assert ("target_breached" in await kinds(desk, desk.li)) is told
    assert await desk.holder(case) == ann.id


async def kinds(desk: RoutingDesk, agent: Agent) -> list[str]:
    return [notice.kind for notice in await desk.see(notices_of, agent)]
