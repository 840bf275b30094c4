"""From a first message to an answer, or to a numbered case with a promised time."""

from tests.desk import Desk


async def test_the_bot_greets_and_says_what_it_can_do(desk: Desk) -> None:
    ana = await desk.visitor()

    assert "Larder & Lane" in ana.heard
    assert "Report a problem" in ana.offered


async def test_a_question_is_answered_with_passage_and_link(desk: Desk) -> None:
    ana = await desk.visitor()

    await ana.says("What are your delivery cut-off times for ordering?")

    assert any(activity.card and activity.card.links for activity in ana.last), ana.heard
    assert "Yes, that solved it" in ana.offered

    await ana.says("Yes, that solved it")
    assert "Good to hear" in ana.heard


async def test_an_answer_that_did_not_help_becomes_a_case(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("What are your delivery cut-off times for ordering?")
    await ana.says("No, open a case")
    assert "How can we reach you" in ana.heard, ana.heard

    await ana.says("ana@shop.example")
    assert "Shall I open the case" in ana.heard
    await ana.says("Yes, open it")

    case = await desk.case(ana.number)
    assert case.description == "What are your delivery cut-off times for ordering?"
    assert case.reply_address == "ana@shop.example"
    assert await desk.timeline(ana.number) == [
        "CaseOpened by customer",
        "PolicyApplied by system",
        "PromiseMade by customer",
    ]


async def test_everything_in_one_sentence_is_asked_only_once(desk: Desk) -> None:
    ana = await desk.visitor()

    await ana.says(
        "Please open a case: our freezer delivery for order ORD-204518 never arrived this morning, "
        "you can mail me at ana@shop.example"
    )

    assert "Shall I open the case" in ana.heard, ana.heard
    card = next(activity.card for activity in ana.last if activity.card)
    facts = dict(card.facts)
    assert facts["Order"] == "ORD-204518"
    assert facts["E-mail"] == "ana@shop.example"

    await ana.says("yes please")
    case = await desk.case(ana.number)
    assert case.row.department == "deliveries"
    assert case.order_number == "ORD-204518"


async def test_two_problems_become_two_linked_cases(desk: Desk) -> None:
    ana = await desk.visitor()

    await ana.says("Our bread delivery is three hours late, and also till 3 prints every receipt twice")
    assert "2 different things" in ana.heard or "reach you" in ana.heard, ana.heard
    if "reach you" in ana.heard:
        await ana.says("I'll come back here")
    await ana.says("Yes, open it")

    first, second = ana.numbers
    one, other = await desk.case(first), await desk.case(second)
    assert [row.number for row in one.linked] == [second]
    assert {one.row.department, other.row.department} == {"deliveries", "tills"}
