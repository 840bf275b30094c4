"""A form is no corridor: typos, changes of mind, questions in between, and ways out."""

import pytest

from tests.desk import Desk


async def test_typos_do_not_matter(desk: Desk) -> None:
    ana = await desk.visitor()

    await ana.says("I want to reprot a problm at Harvest Corner Ashbey: our bred delivery never came, oder 204518")

    assert "reach you" in ana.heard, ana.heard
    await ana.says("ana@shop.example")
    facts = dict(ana.last[-1].card.facts)  # type: ignore[union-attr]
    assert facts["Shop"] == "Harvest Corner Ashby"
    await ana.says("yes plase")
    assert (await desk.case(ana.number)).row.department == "deliveries"


async def test_a_change_of_mind_before_the_case_is_opened(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("I want to report a problem")
    assert "What happened" in ana.heard
    await ana.says("Till 2 freezes whenever a loyalty card is scanned")
    if "What is it about" in ana.heard:
        await ana.says("Tills and card readers")
    await ana.says("ana@shop.example")
    assert "Shall I open the case" in ana.heard, ana.heard

    await ana.says("No wait, my address is tom@shop.example")
    assert "tom@shop.example" in dict(ana.last[-1].card.facts).values()  # type: ignore[union-attr]
    await ana.says("never mind")

    assert "dropped that" in ana.heard
    await ana.says("status of my cases")
    assert "e-mail address do we have on file" in ana.heard


async def test_a_question_inside_a_form_is_answered_and_the_form_resumes(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("Please log a case: the freezer in our shop shows an alarm and will not cool")
    if "What is it about" in ana.heard:
        await ana.says("Fridges and freezers")
    assert "reach you" in ana.heard, ana.heard

    await ana.says("How long do credit notes take?")

    assert "back to where we were" in ana.heard, ana.heard
    assert "reach you" in ana.heard
    await ana.says("ana@shop.example")
    await ana.says("yes")
    case = await desk.case(ana.number)
    assert "freezer" in case.description


async def test_going_back_returns_to_the_question_before(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("I want to report a problem")
    await ana.says("Our loyalty cards do not scan at any till since this morning")
    if "What is it about" in ana.heard:
        await ana.says("Loyalty")
    assert "reach you" in ana.heard, ana.heard

    await ana.says("go back")
    assert "reach you" not in ana.heard
    await ana.says("start over")
    assert "start again" in ana.heard


async def test_the_same_thing_is_asked_twice_and_then_a_person_is_offered(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("status of my cases")
    await ana.says("blue")
    assert "can't read an e-mail address" in ana.heard, ana.heard

    await ana.says("green")

    assert "Talk to a person" in ana.offered, ana.heard
    await ana.says("Talk to a person")
    assert ana.number


async def test_nonsense_twice_ends_in_a_choice_of_case_or_person(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("qwrtp")
    assert "not sure what you need" in ana.heard, ana.heard

    await ana.says("zxcv")

    assert {"Talk to a person", "Report a problem"} <= set(ana.offered)


async def test_nothing_known_becomes_a_case(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("Can I pay my invoices with bitcoin?")
    assert "I don't know that" in ana.heard or "Do you mean" in ana.heard, ana.heard
    if "Do you mean" in ana.heard:
        await ana.says("None of these")

    await ana.says("Yes, open a case")
    while "Shall I open the case" not in ana.heard:
        await ana.says("Invoices and credit notes" if "What is it about" in ana.heard else "I'll come back here")
    await ana.says("Yes, open it")

    case = await desk.case(ana.number)
    assert case.case_type == "question"


@pytest.mark.parametrize("typed", ["no address", "None", "I have no address", "I\u2019ll come back here"])
async def test_who_types_that_there_is_no_address_is_not_asked_again(desk: Desk, typed: str) -> None:
    ana = await desk.visitor()
    await ana.says("What are your delivery cut-off times for ordering?")
    await ana.says("No, open a case")
    assert "How can we reach you" in ana.heard, ana.heard

    await ana.says(typed)

    assert "Shall I open the case" in ana.heard, ana.heard
