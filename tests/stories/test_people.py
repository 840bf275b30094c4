"""A person takes over, and gives the conversation back."""

from tests.desk import Customer, Desk
from tests.stories.test_proof import PRIYA, opens_a_case


async def test_a_person_is_asked_for_answers_resolves_and_is_confirmed(desk: Desk) -> None:
    marcus = await desk.agent("Marcus")
    ana = await desk.visitor()
    number = await opens_a_case(ana, "our bread delivery never came", "ana@shop.example")

    await ana.says("I want to talk to a person")
    assert number in ana.heard, ana.heard
    assert "getting a colleague" in ana.heard

    await marcus.takes(number)
    await marcus.replies(number, "The lorry is at your gate.")
    await ana.hears()
    assert "The lorry is at your gate." in ana.heard
    assert [activity.sender.name for activity in ana.last][-1] == marcus.name

    await ana.says("Great, I can see it. How long do credit notes take?")
    assert ana.last == []  # the bot is silent once a person has replied

    await marcus.resolves(number, "Delivered at 10:40")
    await ana.hears()
    await ana.says("Yes")
    assert "is closed" in ana.heard, ana.heard
    ended = [f"CaseResolved by {marcus.name}", "CaseClosed by customer", "SurveyAsked by bot"]
    assert (await desk.timeline(number))[-3:] == ended


async def test_not_solved_goes_back_to_the_same_person(desk: Desk) -> None:
    marcus = await desk.agent("Marcus")
    ana = await desk.visitor()
    number = await opens_a_case(ana, "our bread delivery never came", "ana@shop.example")
    await ana.says("agent please")
    await marcus.takes(number)
    await marcus.resolves(number, "Should be there now")
    await ana.hears()

    await ana.says("No, there is still nothing here")

    case = await desk.case(number)
    assert "open again" in ana.heard, ana.heard
    assert case.row.agent_id == marcus.agent.id
    await ana.says("hello?")
    assert ana.last == []


async def test_a_person_is_obeyed_at_once_even_without_a_story(desk: Desk) -> None:
    ana = await desk.visitor()

    await ana.says("Can I speak to a human?")

    assert ana.number
    assert "by tomorrow" in ana.heard or "by today" in ana.heard
    assert "colleague" in ana.heard


async def test_the_agent_never_comes_and_the_promise_is_renewed(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("Can I speak to a human about a missing pallet?")
    number = ana.number
    assert "today at 14:00" in ana.heard, ana.heard
    await ana.says("Hello, is anybody there?")
    assert "I've put that on case" in ana.heard
    await ana.says("Still waiting")
    assert ana.last == []  # said once, not again and again

    desk.clock.moves_to("Mon 14:01")
    await desk.house.promises.run()
    await ana.hears()

    assert "nobody has got to case" in ana.heard, ana.heard
    assert "Monday" not in ana.heard
    assert (await desk.case(number)).row.escalation_level == 1


async def test_out_of_hours_there_is_a_number_and_a_time(desk: Desk) -> None:
    desk.clock.moves_to("Sun 03:00")
    ana = await desk.visitor()

    await ana.says("I need a person now")

    assert ana.number
    assert "Monday" in ana.heard or "tomorrow at" in ana.heard, ana.heard


async def test_who_is_in_the_queue_can_go_back_to_the_bot(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("agent")

    await ana.says("never mind")

    assert "I'm back" in ana.heard, ana.heard
    await ana.says("hello")
    assert "What can I do" in ana.heard


async def test_the_agent_reads_why_and_what_was_tried(desk: Desk) -> None:
    marcus = await desk.agent("Marcus")
    ana = await desk.visitor()
    await ana.says("What are your delivery cut-off times for ordering?")
    await ana.says("That does not help, get me a person")
    number = ana.number

    async with desk.house.database.snapshot() as snapshot:
        from caseengine.reading.timeline import timeline

        view = await desk.case(number)
        entries = await timeline(snapshot, view.row.id, public_only=False)
    handover = next(entry for entry in entries if entry.kind == "HandoverRequested")

    assert handover.data["reason"] == "asked_for_person"
    assert handover.data["summary"]["tried"] == ["order-cut-off-times"]
    assert marcus.name


async def test_a_callback_is_a_case_with_a_number_and_a_time(desk: Desk) -> None:
    ana = await desk.visitor()

    await ana.says("Please call me back tomorrow morning on 0113 496 0123")
    assert "What is it about" in ana.heard, ana.heard
    await ana.says("The invoice for last week is wrong")

    case = await desk.case(ana.number)
    assert case.case_type == "service_request"
    assert case.claimed["phone"] == "+441134960123"


async def test_more_can_be_added_and_a_case_closed_and_reopened(desk: Desk) -> None:
    ana = await desk.visitor()
    number = await opens_a_case(ana, "the handheld scanner does not connect", "ana@shop.example")

    await ana.says("I want to add something to my case")
    await ana.says("It is the one from aisle 4")
    assert "on case" in ana.heard, ana.heard
    await ana.says("Please close my case")
    await ana.says("Yes")
    assert "is closed" in ana.heard, ana.heard
    await ana.says(f"Please reopen case {number}")

    assert "open again" in ana.heard, ana.heard


async def test_a_person_is_obeyed_inside_a_form_and_gets_what_was_told(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("Please open a case: our bread delivery for order ORD-118822 never came")
    assert "reach you" in ana.heard, ana.heard

    await ana.says("I need a person for this")

    case = await desk.case(ana.number)
    assert "colleague" in ana.heard
    assert case.row.department == "deliveries"
    assert case.order_number == "ORD-118822"
    assert "bread delivery" in case.description


async def test_thanks_in_the_queue_is_no_news(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("Can I speak to a human?")
    number = ana.number

    await ana.says("thank you")

    assert ana.heard == "You're welcome."
    assert "CustomerWrote by customer" not in await desk.timeline(number)


async def test_words_written_before_the_resolution_are_no_answer_to_it(desk: Desk) -> None:
    marcus = await desk.agent("Marcus")
    ana = await desk.visitor()
    number = await opens_a_case(ana, "our bread delivery never came", "ana@shop.example")
    await ana.says("agent please")
    await marcus.takes(number)
    await ana.hears()
    desk.house.turns._stopping = True  # the turn of the next message comes late
    await ana.posts("Still nothing at the gate", key="late")
    desk.clock.passes(seconds=1)
    await marcus.resolves(number, "Delivered")

    desk.house.turns._stopping = False
    await ana.hears()

    assert "resolved at the same moment" in ana.heard, ana.heard
    assert "Yes" in ana.offered
    await ana.says("Yes")
    assert "is closed" in ana.heard
    assert "NoteAdded by customer" in await desk.timeline(number)


async def test_the_case_is_about_what_was_said_and_holds_no_code(desk: Desk) -> None:
    priya = await desk.visitor()
    await priya.says("Our bread delivery never came this morning")
    await priya.proves(PRIYA)
    code = desk.code_sent_to(PRIYA)

    await priya.says("I want to talk to a person, please")

    case = await desk.case(priya.number)
    assert case.row.subject == "Our bread delivery never came this morning"
    assert code not in case.description
    assert "I want to talk to a person, please" in case.description


async def resolved_and_confirmed(desk: Desk, ana: Customer) -> str:
    marcus = await desk.agent("Marcus")
    number = await opens_a_case(ana, "our bread delivery never came", "ana@shop.example")
    await ana.says("I want to talk to a person")
    await marcus.takes(number)
    await marcus.resolves(number, "Delivered")
    await ana.hears()
    await ana.says("Yes")
    assert "is closed" in ana.heard, ana.heard
    return number


async def test_whoever_was_helped_at_the_demo_says_how_it_was(desk: Desk) -> None:
    ana = await desk.visitor()
    number = await resolved_and_confirmed(desk, ana)
    assert "How happy are you" in ana.heard
    await ana.says("4, happy")
    assert "how easy was it" in ana.heard
    await ana.says("2")
    assert "Thank you" in ana.heard
    assert (await desk.timeline(number))[-3:] == [
        "SurveyAsked by bot",
        "CaseRated by customer",
        "CaseRated by customer",
    ]


async def test_a_question_how_it_was_stands_in_nobodys_way(desk: Desk) -> None:
    ana = await desk.visitor()
    number = await resolved_and_confirmed(desk, ana)
    await ana.says("How long do credit notes take?")
    assert "How happy are you" not in ana.heard
    assert "credit" in ana.heard.casefold()
    await ana.says("I want to talk to a person")
    assert "CAS-" in ana.heard
    assert "CaseRated by customer" not in await desk.timeline(number)
