"""Somebody who asks to be called is offered times at which somebody is free."""

from dataclasses import replace

from caseengine.agents import all_agents
from caseengine.model.actor import SYSTEM
from caseengine.model.skill import Skill
from caseengine.rulebooks import Rulebook, decide
from caseengine.skills import profile_of, set_profile, set_skills
from tests.desk import Desk, instant


async def keeps_appointments(desk: Desk) -> None:
    async with desk.house.database.unit_of_work() as work:
        document = {"default": {"mode": "pull", "callbacks": True}}
        await decide(work, Rulebook.ROUTING, document, by=SYSTEM, at=desk.clock())


async def test_a_call_is_booked_at_a_time_somebody_is_free(desk: Desk) -> None:
    await keeps_appointments(desk)
    ana = await desk.visitor()
    await ana.says("Please call me back on 0113 496 0123")
    assert "What is it about" in ana.heard, ana.heard
    await ana.says("The invoice for last week is wrong")
    assert "free to call you today at 10:30, today at 11:00, or today at 11:30" in ana.heard, ana.heard

    await ana.says("The second")

    assert "A colleague will call +44 113 496 0123 today at 11:00" in ana.heard, ana.heard
    case = await desk.case(ana.number)
    assert case.callback is not None
    assert case.callback.starts_at == case.row.next_update_at(desk.clock()) == instant("Mon 11:00")
    assert case.claimed == {"phone": "+441134960123"}
    assert "CallbackBooked by bot" in await desk.timeline(ana.number)


async def test_another_time_may_be_wished_for_and_any_time_leaves_it_to_the_desk(desk: Desk) -> None:
    await keeps_appointments(desk)
    ana = await desk.visitor()
    await ana.says("Please call me back on 0113 496 0123")
    await ana.says("The invoice for last week is wrong")
    await ana.says("tomorrow afternoon")
    assert "free to call you tomorrow at" in ana.heard, ana.heard

    await ana.says("Any time")

    assert "We will call +44 113 496 0123" in ana.heard, ana.heard
    assert "CallbackBooked by bot" not in await desk.timeline(ana.number)


async def test_only_those_who_can_do_it_are_free(desk: Desk) -> None:
    """What the case will need is known before it is opened; nobody is promised a call that nobody can make."""
    async with desk.house.database.unit_of_work() as work:
        everything = {"skills": {"invoices": 1}}
        document = {"default": {"mode": "pull", "callbacks": True}, "needs": [everything]}
        await set_skills(work, [Skill("invoices", "Invoices")])
        await decide(work, Rulebook.ROUTING, document, by=SYSTEM, at=desk.clock())
    ana = await desk.visitor()
    await ana.says("Please call me back on 0113 496 0123")
    await ana.says("The invoice for last week is wrong")
    assert "free to call you" not in ana.heard, ana.heard
    async with desk.house.database.unit_of_work() as work:
        for agent in await all_agents(work):
            profile = await profile_of(work, agent.id)
            await set_profile(work, agent.id, replace(profile, skills={**profile.skills, "invoices": 2}))
    ben = await desk.visitor(source="192.0.2.2")
    await ben.says("Please call me back on 0113 496 0124")
    await ben.says("The invoice for last week is wrong")
    assert "free to call you today at 10:30" in ben.heard, ben.heard
    await ben.says("The first")
    assert "A colleague will call +44 113 496 0124 today at 10:30" in ben.heard, ben.heard
