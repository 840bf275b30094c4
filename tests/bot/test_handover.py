"""What a case is called that is opened because somebody asks for a person."""

import pytest

from bot.handover import _subject

PERSON = "I want to talk to a person, please"


@pytest.mark.parametrize(
    "before",
    [
        ["My bread is late", "priya.nair@harvest-corner-belper.example"],
        ["My bread is late", "+44 7700 900 214 900 215 900 216"],
        ["https://shop.example/orders/where-is-my-bread", "My bread is late"],
    ],
)
def test_it_is_not_called_by_an_address_or_a_number(before: list[str]) -> None:
    assert _subject(before, "A person") == "My bread is late"


def test_it_is_called_by_what_was_said_most_of() -> None:
    assert _subject(["Hello", "Our bread did not come this morning"], PERSON) == "Our bread did not come this morning"
    assert _subject(["Hello"], PERSON) == PERSON
