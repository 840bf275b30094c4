"""A message with two problems parts in two; one problem, however many sentences, does not."""

import pytest

from bot.understanding.problems import problems, reports_trouble

TWO = [
    "the freezer delivery is late and also till 3 prints double receipts",
    "1) The till is frozen 2) two pallets are missing from the delivery",
    "1. My invoice is wrong\n2. The card reader is offline",
    "- freezer is not cold\n- no delivery came today",
    "The delivery was two pallets short. Also, the label printer is jammed.",
    "Our fridge is leaking. Another problem: I was charged twice on the last invoice.",
    "The card reader shows an error and the freezer is too warm",
    "My loyalty card was refused and my invoice is wrong",
    "The website shows an error when I log in, and the delivery is late",
    "till 2 won't open its drawer and our ice machine is broken",
    "we have two problems: the scanner is dead and the invoice from May is wrong",
    "The driver never came today. On top of that our credit note is missing.",
    "Delivery is late. The till prints everything twice.",
    "the freezer alarm won't stop, plus the delivery is missing a crate",
    "Hello, the fridge in the back is broken. Separately, voucher codes are rejected at the till.",
    "first the scales are wrong, secondly the printer is jammed",
    "The lights in the shop are off and the invoice was charged twice",
    "My points are missing and also the gift card shows an error",
    "the pallet arrived damaged; the card machine is offline too",
    "till 1 is frozen. Also till 3 prints blank receipts.",
    "The invoice has a wrong item. One more thing, the door of the freezer doesn't close.",
    "Our scales show an error. Our loyalty points are missing too.",
    "the internet is down and the freezer is leaking",
    "two problems: 1) no delivery came 2) the receipt printer jams",
]
ONE = [
    "the freezer delivery is late",
    "The till prints double receipts. I have restarted it twice and it still does it.",
    "The freezer is not cold and the ice cream melted",
    "the delivery is late and we are out of milk",
    "The till is frozen and customers are waiting",
    "Our fridge is leaking. It started yesterday. The floor is wet.",
    "The delivery was short. We ordered 12 cases and got 10.",
    "The card reader is offline because the router is broken",
    "My invoice is wrong, it says 12 crates and we received 10 crates",
    "the till won't print receipts and shows error E42",
    "The printer is jammed. Can you send somebody?",
    "the scanner beeps but nothing appears on the till",
    "I was charged twice on my invoice and nobody answers the phone",
    "Hello, the till is broken. Thanks and regards, Ana",
    "the delivery never came so our shelves are empty",
    "The freezer alarm is beeping and the temperature is not going down",
    "our order did not arrive and the driver did not call",
    "The fridge door does not close properly and the fridge is warm",
    "two pallets are missing and one crate is damaged",
    "The till is down. The screen is black. The drawer is locked.",
    "How long do credit notes take and where do I see them?",
    "We lost power at noon and since then the freezer is not working",
    "milk and bread and eggs are missing from the delivery",
    "The voucher was refused at the till",
    "the website does not work. I cannot log in. My password is not accepted.",
    "please add to my case that the freezer stopped again and the engineer did not come",
    "The order is late. When will it come?",
    "also the till is broken",
    "the delivery is late, the one for harbour street",
    "the new till is slow and the old till was not",
    "Thanks, that fixed it",
    "my name is Ana and the till is broken",
    "The freezer broke down. Because of that the ice cream is melted.",
]


@pytest.mark.parametrize("text", TWO)
def test_two_problems_part(text: str) -> None:
    assert len(problems(text)) == 2


@pytest.mark.parametrize("text", ONE)
def test_one_problem_stays_whole(text: str) -> None:
    assert problems(text) in ((), (text,))


def test_each_part_is_the_customers_own_words() -> None:
    text = "the freezer delivery is late and also till 3 prints double receipts"

    assert problems(text) == ("the freezer delivery is late", "till 3 prints double receipts")


def test_trouble_needs_a_thing_and_what_is_wrong_with_it() -> None:
    assert reports_trouble("our fridge is leaking")
    assert not reports_trouble("our fridge is blue")
    assert not reports_trouble("I am late")
