"""Customers who refuse, correct themselves, come back too late or go in circles."""

from typing import Any
from uuid import uuid4

import pytest

from bot.activity import Activity, Attachment, Kind, Role, Sender
from tests.desk import Desk
from tests.stories.test_faults import fails
from tests.stories.test_proof import PRIYA, opens_a_case


async def to_the_summary(desk: Desk) -> Any:
    """A customer before the card "Shall I open the case?"."""
    ana = await desk.visitor()
    await ana.says("Please open a case: our bread delivery never came")
    await ana.says("I'll come back here")
    assert "Shall I open the case" in ana.heard, ana.heard
    return ana


def card(customer: Any) -> dict[str, str]:
    return dict(next(activity.card.facts for activity in customer.last if activity.card))


async def test_words_at_the_summary_are_added_never_put_in_place_of_the_story(desk: Desk) -> None:
    ana = await to_the_summary(desk)

    await ana.says("also the milk that came was sour")

    assert "our bread delivery never came" in card(ana)["What happened"]
    assert "sour" in card(ana)["What happened"]


async def test_a_wrong_department_is_corrected_by_its_name(desk: Desk) -> None:
    ana = await to_the_summary(desk)
    name = next(name for slug, name in desk.house.directory.departments().items() if slug == "accounts-receivable")

    await ana.says("Change something")
    await ana.says(f"it should go to {name.split()[0]}")

    assert card(ana)["Goes to"] == name
    assert card(ana)["What happened"].endswith("our bread delivery never came")


async def test_no_at_every_question_comes_to_an_end(desk: Desk) -> None:
    ana = await to_the_summary(desk)

    for _ in range(8):
        await ana.says("no")
        if "CAS-" in ana.heard or "dropped" in ana.heard:
            break

    assert "CAS-" in ana.heard or "dropped" in ana.heard, ana.heard


@pytest.mark.parametrize("text", ["status of my cases", "Where is my order?", "hmm", "blorp blorp blorp"])
async def test_the_same_words_again_and_again_end_with_a_person(desk: Desk, text: str) -> None:
    ana = await desk.visitor()

    for _ in range(8):
        await ana.says(text)
        if "CAS-" in ana.heard:
            break

    assert ana.number


async def test_who_refuses_the_offered_person_is_let_go(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("status of my cases")
    await ana.says("blue")
    await ana.says("green")
    assert "Talk to a person" in ana.offered

    await ana.says("no")

    assert "CAS-" not in ana.heard
    assert "dropped" in ana.heard, ana.heard


async def test_a_yes_that_comes_after_the_proof_is_over_closes_nothing(desk: Desk) -> None:
    priya = await desk.visitor()
    await priya.proves(PRIYA)
    number = priya.numbers[0]
    await priya.says(f"Please close case {number}")
    assert "Shall I close" in priya.heard, priya.heard
    desk.clock.passes(minutes=31)

    await priya.says("Yes")

    assert "who you are" in priya.heard, priya.heard
    assert "went wrong" not in priya.heard
    assert "CaseClosed by customer" not in await desk.timeline(number)


async def test_going_back_after_the_proof_is_over_tells_nothing(desk: Desk) -> None:
    priya = await desk.visitor()
    await priya.proves(PRIYA)
    number = priya.numbers[0]
    await priya.says(f"Please close case {number}")
    desk.clock.passes(hours=13)

    await priya.says("go back")

    assert number not in priya.heard


async def test_adding_to_a_case_that_was_closed_lately_reopens_it(desk: Desk) -> None:
    ana = await desk.visitor()
    number = await opens_a_case(ana, "the handheld scanner does not connect", "ana@shop.example")
    await ana.says(f"Please close case {number}")
    await ana.says("Yes")

    await ana.says(f"I want to add something to case {number}")
    await ana.says("It is the one from aisle 4, and it went dark again this morning")

    assert f"on case **{number}**" in ana.heard, ana.heard
    assert (await desk.case(number)).row.is_live


async def test_news_after_the_opening_is_offered_to_the_case(desk: Desk) -> None:
    ana = await desk.visitor()
    number = await opens_a_case(ana, "our bread delivery never came", "ana@shop.example")

    await ana.says("also it was the third time in a row")

    if number in ana.heard:
        await ana.says("Yes")
        assert "on case" in ana.heard
    else:
        assert ana.offered


async def test_a_file_alone_begins_a_report(desk: Desk) -> None:
    ana = await desk.visitor()
    photo = Attachment(str(uuid4()), "freezer.jpg", "image/jpeg", 12)

    await ana.says("", attachments=[photo])
    assert "freezer.jpg" in ana.heard, ana.heard
    await ana.says("The freezer in our shop is iced up and beeps")
    for _ in range(3):
        await ana.says("Fridges and freezers" if "What is it about" in ana.heard else "I'll come back here")
        if "Shall I open" in ana.heard:
            break
    await ana.says("Yes, open it")

    assert "[freezer.jpg]" in (await desk.case(ana.number)).description


async def test_who_proves_to_be_somebody_else_is_somebody_else(desk: Desk) -> None:
    priya = await desk.visitor()
    await priya.proves(PRIYA)

    await priya.proves("tom@harvest-corner.example")

    assert "Tom Birtles" in priya.heard, priya.heard


async def test_a_long_story_reaches_the_case_whole(desk: Desk) -> None:
    ana = await desk.visitor()
    story = "The pallet was damaged. " * 400 + "THE END"
    await ana.says("I want to report a problem")
    await ana.says(story)
    for _ in range(3):
        if "Shall I open" in ana.heard:
            break
        await ana.says("Deliveries" if "What is it about" in ana.heard else "I'll come back here")
    await ana.says("Yes, open it")

    assert (await desk.case(ana.number)).description.endswith("THE END")


async def test_a_fault_while_a_person_has_the_word_reaches_the_person(desk: Desk, monkeypatch: Any) -> None:
    marcus = await desk.agent("Marcus")
    ana = await desk.visitor()
    number = await opens_a_case(ana, "our bread delivery never came", "ana@shop.example")
    await ana.says("agent please")
    await marcus.takes(number)
    await marcus.replies(number, "I am looking into it")
    await ana.hears()
    monkeypatch.setattr("bot.turn._with_people", fails)

    await ana.says("It says driver delayed")

    assert ana.last == []
    assert "CustomerWrote by customer" in await desk.timeline(number)


async def test_who_wrote_what_could_not_be_handled_is_told(desk: Desk, monkeypatch: Any) -> None:
    ana = await desk.visitor()
    monkeypatch.setattr("bot.turn._rescue", fails)
    monkeypatch.setattr("bot.turn.Walk.hear", fails)
    poison = Activity(
        kind=Kind.MESSAGE,
        channel="webchat",
        conversation=ana.conversation,
        sender=Sender(Role.CUSTOMER),
        key=uuid4().hex,
        text="Where is my bread?",
    )
    await desk.reception.accept(poison, raw=b"poison")
    for _ in range(5):
        await desk.settle()
    monkeypatch.undo()

    await ana.hears()

    assert "went wrong on our side" in ana.heard
    assert (await desk.case(ana.number)).row.subject == "Where is my bread?"


async def test_another_language_is_kept_for_a_colleague(desk: Desk) -> None:
    ana = await desk.visitor()

    await ana.says("Unsere Lieferung mit dem Brot ist heute Morgen nicht gekommen, was sollen wir jetzt tun?")
    assert "English best" in ana.heard, ana.heard
    await ana.says("Yes, open a case")
    for _ in range(3):
        if "Shall I open" in ana.heard:
            break
        await ana.says("Deliveries" if "What is it about" in ana.heard else "I'll come back here")
    await ana.says("Yes, open it")

    assert (await desk.case(ana.number)).description.startswith("Unsere Lieferung")


async def test_a_code_that_never_came_is_sent_again(desk: Desk) -> None:
    priya = await desk.visitor()
    await priya.says("status of my cases")
    await priya.says(PRIYA)
    before = len(desk.mails_to(PRIYA))

    await priya.says("I didn't get it")

    assert len(desk.mails_to(PRIYA)) == before + 1, priya.heard


async def test_a_telephone_number_finds_the_address_on_file(desk: Desk) -> None:
    tom = await desk.visitor()
    await tom.says("status of my cases")

    await tom.says("07700 900 213")
    await tom.says(desk.code_sent_to("tom@harvest-corner.example"))

    assert "Tom Birtles" in tom.heard, tom.heard


async def test_who_is_there_and_goodbye(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("Are you a robot?")
    assert "no human" in ana.heard, ana.heard

    await ana.says("bye")
    assert "Goodbye" in ana.heard
