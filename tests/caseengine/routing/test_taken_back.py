"""What the ladder takes from somebody goes to somebody else."""

from typing import Any

import pytest

from app.jobs.escalations import Escalations
from caseengine.agents import LOCKED, Agent, Agents, Presence
from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.lifecycle import Status
from caseengine.operations import add_to_case, ask_customer, ask_third_party, hear_third_party
from caseengine.operations.routing import accept, give_back, return_all, return_work
from caseengine.reading.wait import position
from caseengine.rulebooks import Rulebook, decide
from tests.caseengine.office import CUSTOMER, when
from tests.caseengine.routing.desk import RoutingDesk, why

LADDER: dict[str, Any] = {
    "policies": {
        "climb": {
            "targets": {"first_response": "1h"},
            "ladder": [{"target": "first_response", "after": "10m", "do": "reassign"}],
        }
    },
    "choose": {"default": "climb"},
}


@pytest.fixture
async def climbing(desk: RoutingDesk) -> RoutingDesk:
    await desk.do(decide, Rulebook.SLA, LADDER, by=SYSTEM, at=when("Mon 08:00"))
    return desk


async def asked(desk: RoutingDesk, case: Case, agents: list[Agent]) -> tuple[Agent, Agent]:
    """Whoever of the two has the case or is asked, and the other."""
    saved = await desk.case(case)
    first, second = sorted(agents, key=lambda one: one.id not in (saved.agent_id, saved.offered_to))
    return first, second


async def climbs(desk: RoutingDesk, agents: list[Agent], at: str = "Mon 10:11") -> None:
    for agent in agents:
        await desk.is_there(agent, at)
    await Escalations(desk.database, lambda: when(at)).run()
    await desk.sweeps(at)


async def test_what_is_taken_from_one_goes_to_the_other(climbing: RoutingDesk) -> None:
    agents = [await climbing.hires(name) for name in ("Ann", "Ben")]
    case = await climbing.report()
    await climbing.sweeps()
    had, other = await asked(climbing, case, agents)
    await climbs(climbing, agents)
    assert await climbing.holder(case) == other.id
    assert had.id != other.id


async def test_what_was_accepted_and_is_taken_away_is_offered_to_the_other(climbing: RoutingDesk) -> None:
    agents = [await climbing.hires(name, "deliveries") for name in ("Ann", "Ben")]
    case = await climbing.report(department="deliveries")
    await climbing.sweeps()
    had, other = await asked(climbing, case, agents)
    await climbing.do(accept, case.number, by=had.actor, at=when("Mon 09:01"))
    await climbs(climbing, agents)
    assert (await climbing.case(case)).offered_to == other.id


async def test_an_offer_the_ladder_takes_back_is_made_to_the_other(climbing: RoutingDesk) -> None:
    await climbing.decides({"departments": {"deliveries": {"mode": "offer", "offer_s": 7200}}})
    agents = [await climbing.hires(name, "deliveries") for name in ("Ann", "Ben")]
    case = await climbing.report(department="deliveries")
    await climbing.sweeps()
    _, other = await asked(climbing, case, agents)
    await climbs(climbing, agents)
    assert (await climbing.case(case)).offered_to == other.id
    assert [row.state for row in await climbing.records(case)] == ["withdrawn", "offered"]


async def test_who_lost_it_is_asked_again_after_a_while_and_no_sooner_than_others(climbing: RoutingDesk) -> None:
    ann = await climbing.hires("Ann")
    case = await climbing.report()
    await climbing.sweeps()
    await climbs(climbing, [ann])
    assert await climbing.holder(case) is None
    assert why(await climbing.routes(case, "Mon 10:12"), ann) == "declined"
    ben = await climbing.hires("Ben", at="Mon 10:27")
    await climbing.is_there(ann, "Mon 10:27")
    await climbing.sweeps("Mon 10:27")
    assert await climbing.holder(case) == ben.id  # both may have it: she was given something last


async def test_who_knows_it_and_is_passed_over_once_does_not_come_first_again(climbing: RoutingDesk) -> None:
    """She had it and vanished; the offer to her is taken back for somebody else."""
    await climbing.decides({"departments": {"deliveries": {"mode": "offer", "offer_s": 7200}}})
    ann = await climbing.hires("Ann", "deliveries")
    case = await climbing.report(department="deliveries")
    await climbing.sweeps()
    await climbing.do(accept, case.number, by=ann.actor, at=when("Mon 09:01"))
    async with climbing.database.unit_of_work() as work:
        await return_work(work, await Cases(work).by_id(case.id), "agent_vanished", at=when("Mon 09:02"))
    await climbing.is_there(ann, "Mon 09:03")
    await climbing.sweeps("Mon 09:03")
    await climbing.do(give_back, case.number, by=climbing.sam.actor, at=when("Mon 09:04"))
    ben = await climbing.hires("Ben", "deliveries", at="Mon 09:30")
    await climbing.is_there(ann, "Mon 09:30")
    await climbing.sweeps("Mon 09:30")
    assert (await climbing.case(case)).offered_to == ben.id


async def asks_the_maker(desk: RoutingDesk, case: Case, agent: Agent) -> None:
    await desk.do(ask_third_party, case.number, "The maker", by=agent.actor, at=when("Mon 09:05"))


async def test_what_waits_for_a_third_party_and_lost_its_agent_goes_to_somebody_else(any_desk: RoutingDesk) -> None:
    """Nobody else would record what the third party answers."""
    ann, case = await any_desk.hires("Ann"), await any_desk.report()
    await any_desk.sweeps()
    await asks_the_maker(any_desk, case, ann)
    async with any_desk.database.unit_of_work() as work:
        Agents(work).set_password(ann.id, LOCKED)
        await return_all(work, ann.id, "agent_locked", at=when("Mon 09:06"))
    assert await any_desk.see(position, await any_desk.case(case)) == 1
    ben = await any_desk.hires("Ben", at="Mon 09:06")
    await any_desk.sweeps("Mon 09:07")
    assert ((await any_desk.case(case)).status, await any_desk.holder(case)) == (Status.WAITING_ON_THIRD_PARTY, ben.id)
    await any_desk.do(hear_third_party, case.number, "It is sent", by=ben.actor, at=when("Tue 09:00"))
    assert ((await any_desk.case(case)).status, await any_desk.holder(case)) == (Status.OPEN, ben.id)


async def test_what_the_ladder_takes_while_a_third_party_is_asked_goes_to_the_other(climbing: RoutingDesk) -> None:
    agents = [await climbing.hires(name) for name in ("Ann", "Ben")]
    case = await climbing.report()
    await climbing.sweeps()
    had, other = await asked(climbing, case, agents)
    await asks_the_maker(climbing, case, had)
    await climbs(climbing, agents)
    assert await climbing.holder(case) == other.id


async def test_what_the_customer_was_asked_waits_for_their_word_alone(desk: RoutingDesk) -> None:
    """It comes back by itself, and finds somebody then."""
    ann, case = await desk.hires("Ann"), await desk.report()
    await desk.sweeps()
    await desk.do(ask_customer, case.number, "Which?", key="q", by=ann.actor, at=when("Mon 09:05"))
    async with desk.database.unit_of_work() as work:
        await return_all(work, ann.id, "agent_locked", at=when("Mon 09:06"))
    ben = await desk.hires("Ben", at="Mon 09:07")
    await desk.sweeps("Mon 09:07")
    assert await desk.holder(case) is None
    async with desk.database.unit_of_work() as work:
        found = await Cases(work).by_id(case.id)
        await add_to_case(work, found, "The left one", key="a", by=CUSTOMER, at=when("Mon 09:08"))
    await desk.is_there(ann, "Mon 09:08", Presence.AWAY)
    await desk.sweeps("Mon 09:08")
    assert await desk.holder(case) == ben.id
