"""What a customer writes about a case that has ended, or goes on in another one, always lands somewhere."""

import pytest

from caseengine.model.lifecycle import Status
from caseengine.operations import merge
from tests.desk import Customer, Desk, Worker
from tests.stories.test_proof import opens_a_case


async def resolved_for(desk: Desk) -> tuple[Customer, Worker, str]:
    marcus = await desk.agent("Marcus")
    ana = await desk.visitor()
    number = await opens_a_case(ana, "our bread delivery never came", "ana@shop.example")
    await ana.says("agent please")
    await marcus.takes(number)
    await marcus.resolves(number, "Delivered at 10:40")
    await ana.hears()
    return ana, marcus, number


async def test_a_no_after_a_week_of_silence_reopens_for_the_same_person(desk: Desk) -> None:
    ana, marcus, number = await resolved_for(desk)
    desk.clock.passes(days=7)
    await desk.house.closing.run()
    assert (await desk.case(number)).row.status is Status.CLOSED

    await ana.says("No, there is still nothing here")

    assert "open again" in ana.heard, ana.heard
    case = await desk.case(number)
    assert (case.row.status, case.row.agent_id) == (Status.OPEN, marcus.agent.id)


async def test_a_no_reopens_what_an_agent_closed_before_it_was_answered(desk: Desk) -> None:
    ana, marcus, number = await resolved_for(desk)
    await marcus.closes(number)
    desk.clock.passes(hours=20)

    await ana.says("No, there is still nothing here")

    assert "open again" in ana.heard, ana.heard
    assert (await desk.case(number)).row.status is Status.OPEN


async def test_who_said_that_it_is_solved_may_find_that_it_is_not(desk: Desk) -> None:
    ana, _, number = await resolved_for(desk)
    await ana.says("Yes, thanks!")
    assert (await desk.case(number)).row.status is Status.CLOSED
    desk.clock.passes(hours=20)

    await ana.says("It happened again")
    assert f"Is that about your case **{number}**?" in ana.heard, ana.heard
    await ana.says("yes")

    assert f"That is on case **{number}** now" in ana.heard, ana.heard
    assert (await desk.case(number)).row.status is Status.OPEN


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        *(
            (words, True)
            for words in ("Yes, thank you!", "Works now, cheers", "No thanks, all good", "Brilliant, all fixed!")
        ),
        *((words, False) for words in ("All good?", "Resolved?")),
        *((words, False) for words in ("Thanks for nothing, it is still missing", "Great, now half of it is missing")),
    ],
)
async def test_who_is_content_is_taken_at_their_word_and_nobody_else(desk: Desk, words: str, ends: bool) -> None:
    ana, _, number = await resolved_for(desk)
    await ana.says(words)
    assert ((await desk.case(number)).row.status is Status.CLOSED) is ends


async def test_what_works_again_is_no_reason_to_open_a_case(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("Please open a case: our bread delivery never came")
    await ana.says("ana@shop.example")
    assert "Shall I open" in ana.heard, ana.heard
    await ana.says("It's working again")
    assert "CAS-" not in ana.heard, ana.heard


async def test_a_no_long_after_the_end_opens_a_case_that_follows(desk: Desk) -> None:
    ana, _, number = await resolved_for(desk)
    desk.clock.passes(days=7)
    await desk.house.closing.run()
    desk.clock.passes(days=20)

    await ana.says("No, it is not solved")

    assert "goes on from it" in ana.heard, ana.heard
    later = next(one for one in ana.numbers if one != number)
    follows = (await desk.case(later)).kept.follows
    assert follows is not None
    assert follows.number == number


async def test_what_is_no_reply_long_after_the_end_is_a_matter_of_its_own(desk: Desk) -> None:
    ana, _, number = await resolved_for(desk)
    desk.clock.passes(days=7)
    await desk.house.closing.run()
    desk.clock.passes(days=20)

    await ana.says("our milk delivery came too late and everything was spoilt")
    await ana.says("no")

    assert "goes on from it" not in ana.heard, ana.heard
    assert (await desk.case(number)).row.status is Status.CLOSED


async def test_taken_up_long_after_the_end_a_case_follows(desk: Desk) -> None:
    ana, _, number = await resolved_for(desk)
    desk.clock.passes(days=7)
    await desk.house.closing.run()
    desk.clock.passes(days=20)

    await ana.says(f"please reopen case {number}")

    later = next(one for one in ana.numbers if one != number)
    assert "goes on from it" in ana.heard, ana.heard
    follows = (await desk.case(later)).kept.follows
    assert follows is not None
    assert follows.number == number
    assert (await desk.case(number)).row.status is Status.CLOSED


async def test_who_asks_for_a_merged_number_hears_where_it_goes_on(desk: Desk) -> None:
    marcus = await desk.agent("Marcus")
    ana = await desk.visitor()
    first = await opens_a_case(ana, "our bread delivery never came", "ana@shop.example")
    second = await opens_a_case(ana, "the bread has still not come", "ana@shop.example")
    async with desk.house.database.unit_of_work() as work:
        await merge(work, second, first, by=marcus.agent.actor, at=desk.clock())

    await ana.says(f"what is the status of {second}?")

    assert f"**{second}** goes on as case **{first}**" in ana.heard, ana.heard
    facts = [name for said in ana.last if said.card is not None for name, _ in said.card.facts]
    assert "Next update by" in facts
