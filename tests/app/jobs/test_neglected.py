"""A case that nobody touches looks as it is, whatever the desk does about it by itself."""

from datetime import timedelta

import pytest

from app.jobs.escalations import Escalations
from app.jobs.routing import RoutingSweep
from caseengine.agents import Presence
from caseengine.cases import history
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.operations import note
from caseengine.reading.boards import Whose, now_board
from caseengine.rulebooks import Rulebook, decide
from tests.app.jobs.ruled import RuledOffice, tag, waiting
from tests.caseengine.office import agent_is, when

OFFERED = {"departments": {"tills": {"mode": "offer", "offer_s": 60}}}


@pytest.fixture
async def offering(ruled: RuledOffice) -> RuledOffice:
    """It offers cases, and a rule looks for those that nobody touched for a day."""
    forgotten = waiting("forgotten", hours=24, time="wall", since="change", then=[tag("forgotten")])
    await ruled.decides(forgotten)
    await ruled.do(decide, Rulebook.ROUTING, OFFERED, by=SYSTEM, at=when("Mon 08:00"))
    return ruled


async def passes(office: RuledOffice, since: str, until: str) -> None:
    """The desk at work by itself: it offers, in vain, warns and breaches."""
    offers = RoutingSweep(office.database, {"notice.agent_joined": "{name}"}, lambda: office.at)
    ladders = Escalations(office.database, lambda: office.at)
    office.at = when(since)
    while office.at < when(until):
        await office.do(agent_is, office.li, Presence.AVAILABLE, at=office.at)
        for job in (offers, ladders, office.job):
            await job.run()
        office.at += timedelta(hours=1)


async def stale(office: RuledOffice) -> list[str]:
    board = await office.see(now_board, Whose(), at=office.at)
    return [bucket for bucket, number in board.stale.items() if number.value]


async def test_offers_in_vain_warnings_and_breaches_are_nothing_anybody_did(offering: RuledOffice) -> None:
    case = await offering.report(at="Mon 09:00")
    await passes(offering, "Mon 09:00", "Tue 09:00")
    assert await offering.fired(case) == []

    await passes(offering, "Tue 09:00", "Wed 17:00")

    happened = {type(event).__name__ for event in await offering.see(history, case.id)}
    assert {"CaseOffered", "OfferEnded", "TargetWarned", "TargetBreached"} <= happened
    assert await offering.fired(case) == ["forgotten"]
    assert await stale(offering) == ["three_days"]
    kept = await offering.case(case)
    assert (kept.acted_at, Case.fold(await offering.see(history, case.id)).acted_at) == (when("Mon 09:00"),) * 2
    assert kept.updated_at > when("Wed 15:00")


async def test_what_an_agent_does_is(offering: RuledOffice) -> None:
    case = await offering.report(at="Mon 09:00")
    await offering.do(note, case.number, "They ring again", by=offering.li.actor, at=when("Mon 15:00"))
    await passes(offering, "Mon 15:00", "Tue 14:00")
    assert await offering.fired(case) == []
    assert await stale(offering) == ["day"]
    await passes(offering, "Tue 14:00", "Tue 16:00")
    assert await offering.fired(case) == ["forgotten"]
