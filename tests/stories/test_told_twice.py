"""Somebody tells what they have an open case about: they are asked once, and nobody hears of a case not theirs."""

import pytest

from tests.desk import Customer, Desk
from tests.stories.test_proof import PRIYA, opens_a_case

STORY = "the dishwasher in our kitchen floods the floor with soapy water"
AGAIN = "the dishwasher floods our kitchen floor again with soapy water"
TOM = "tom@harvest-corner.example"
DESMOND = "desmond@harvest-corner.example"
"""Manager of the shops where Priya and Tom work."""


async def opened(desk: Desk, address: str = PRIYA) -> tuple[Customer, str]:
    """Somebody who has proved who they are, and the case they opened."""
    customer = await desk.visitor()
    await customer.proves(address)
    return customer, await opens_a_case(customer, STORY, address)


async def comes_back(desk: Desk, address: str | None = PRIYA) -> Customer:
    """Later, in another chat; and tells it again."""
    customer = await desk.visitor()
    if address is not None:
        await customer.proves(address)
    await customer.says(f"I want to report a problem: {AGAIN}")
    return customer


@pytest.mark.parametrize("answer", ["Yes", "Yes, and now it smells burnt", "yes please add it there"])
async def test_a_yes_puts_the_words_on_the_case_that_is_open(desk: Desk, answer: str) -> None:
    _, number = await opened(desk)
    priya = await comes_back(desk)
    assert f"Is it about **{number}** (Please open a case: {STORY[:30]}" in priya.heard, priya.heard
    assert priya.offered == ["Yes", "No"]

    await priya.says(answer)

    assert priya.numbers == [number], priya.heard
    assert "That is on case" in priya.heard
    view = await desk.case(number)
    assert len(view.conversations) == 2
    assert (await desk.timeline(number)).count("CustomerWrote by customer") == 1


async def test_a_no_opens_a_case_of_its_own_and_nothing_is_asked_again(desk: Desk) -> None:
    _, number = await opened(desk)
    priya = await comes_back(desk)

    await priya.says("No, that is the one in the other kitchen")

    for _ in range(3):
        assert number not in priya.heard, priya.heard
        if "Shall I open the case" in priya.heard:
            break
        await priya.says("Deliveries")
    await priya.says("Yes, open it")
    assert priya.number != number
    view = await desk.case(priya.number)
    assert view.description.endswith("No, that is the one in the other kitchen")


@pytest.mark.parametrize("answer", ["Yes, open it", "What?"])
async def test_only_a_clear_yes_adds_to_it(desk: Desk, answer: str) -> None:
    _, number = await opened(desk)
    priya = await comes_back(desk)
    await priya.says(answer)
    assert "That is on case" not in priya.heard
    assert "Is it about" not in priya.heard, priya.heard
    assert "CustomerWrote by customer" not in await desk.timeline(number)


@pytest.mark.parametrize("somebody", [None, TOM, DESMOND])
async def test_nobody_hears_of_a_case_that_is_not_theirs(desk: Desk, somebody: str | None) -> None:
    _, number = await opened(desk)
    other = await comes_back(desk, somebody)
    assert number not in other.heard
    assert "Is it about" not in other.heard, other.heard
