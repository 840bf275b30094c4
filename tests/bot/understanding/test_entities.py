"""What a message mentions, read from its words."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.understanding.entities.named_things import NamedThings
from bot.understanding.entities.reading import Reading, masked, read_entities
from bot.understanding.names import Name, Names
from bot.understanding.understanding import Entity
from bot.understanding.words import everyday_words
from caseengine.model.number import format_number

TUESDAY = datetime(2026, 3, 3, 10, 15, tzinfo=UTC)
NUMBER = format_number(1041, 12345)
NAMES = Names(
    products=(
        Name("fx200", "Frostline FX200 chest freezer", ("FX200",)),
        Name("fx300", "Frostline FX300 upright freezer", ("FX300",)),
        Name("tally", "TallyPoint till", ("tallypoint",)),
        Name("label", "LabelMate printer", ("label printer",)),
    ),
    stores=(
        Name("harbour", "Kestrel Harbour Street"),
        Name("mill", "Kestrel Mill Lane"),
        Name("station", "Corner & Co Station Road"),
    ),
)
THINGS = NamedThings(NAMES, everyday_words())


def read(text: str, expecting: str | None = None, at: datetime | None = None) -> list[tuple[str, str | None]]:
    return [(str(found.kind), found.value) for found in entities(text, expecting, at)]


def entities(text: str, expecting: str | None = None, at: datetime | None = None) -> tuple[Entity, ...]:
    return read_entities(text, Reading(THINGS, "GB", ZoneInfo("Europe/London"), at, expecting))


@pytest.mark.parametrize(
    "typed",
    [
        NUMBER,
        NUMBER.lower(),
        NUMBER.replace("-", " "),
        NUMBER.replace("-", ""),
        f"case {NUMBER[4:]}",
        f"#{NUMBER}.",
        NUMBER[4:],
    ],
)
def test_a_case_number_however_it_is_typed(typed: str) -> None:
    assert read(f"any news on {typed}") == [("case_number", NUMBER)]


def test_a_slip_in_a_case_number_is_pointed_out_never_guessed() -> None:
    slipped = NUMBER[:-1] + ("A" if NUMBER[-1] != "A" else "B")

    (found,) = entities(f"status of {slipped}")

    assert (found.kind, found.value, found.mistyped) == ("case_number", None, True)


def test_half_a_case_number_is_a_slip_too() -> None:
    assert entities("what about CAS-01041?")[0].mistyped


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("has ORD-204417 been shipped", "ORD-204417"),
        ("where is #204417", "ORD-204417"),
        ("order 204417 is late", "ORD-204417"),
        ("order number is 204417", "ORD-204417"),
        ("our purchase order 778112", "PO-778112"),
        ("PO 7781 please", "PO-7781"),
    ],
)
def test_order_numbers(text: str, value: str) -> None:
    assert read(text) == [("order_number", value)]


def test_bare_digits_are_an_order_number_only_when_asked_for() -> None:
    assert read("204417", "order_number") == [("order_number", "ORD-204417")]
    assert read("204417") == []
    assert read("we would like to order 2000 crates") == []


@pytest.mark.parametrize("typed", ["12345678", "12 34 56 78", "1234-5678", "it is 1234 5678."])
def test_the_code_only_when_it_was_asked_for(typed: str) -> None:
    assert read(typed, "code") == [("code", "12345678")]
    assert ("code", "12345678") not in read(typed)


def test_a_code_with_a_digit_too_few_is_noticed() -> None:
    assert read("1234567", "code") == [("code", None)]


def test_addresses() -> None:
    said = "mail Ana.Silva@Harbour.example, or ring 020 7946 0018."

    assert read(said) == [("email", "Ana.Silva@harbour.example"), ("phone", "+442079460018")]
    assert read("ana@nowhere", "email") == [("email", None)]
    assert read("\uff41na@harbour.example", "email") == [("email", None)]
    assert read("\u212aim@harbour.example", "email") == [("email", None)]
    assert read("07 12 34", "phone") == [("phone", None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the FX200 in harbor street is warm", [("product", "fx200"), ("store", "harbour")]),
        ("frostline fx300 upright frezer", [("product", "fx300")]),
        ("tallypiont is down", [("product", "tally")]),
        ("tally point is down", [("product", "tally")]),
        ("label printr jams", [("product", "label")]),
        ("we are at Harbour St", [("store", "harbour")]),
        ("harbourstreet again", [("store", "harbour")]),
        ("Mill Lane's till", [("store", "mill")]),
        ("station rd", [("store", "station")]),
    ],
)
def test_names_with_typos(text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "the FX400 is broken",
        "the milk lane is closed",
        "till and mill",
        "a street with a harbour",
        "the printer jams",
        "our freezer",
    ],
)
def test_common_words_and_other_models_name_nothing(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my name is ana silva and the till is broken", "Ana Silva"),
        ("This is Ana from the Harbour Street shop", "Ana"),
        ("I'm Li Wei from Mill Lane", "Li Wei"),
        ("Name: José O'Neill", "José O'Neill"),
    ],
)
def test_a_person_introduces_themselves(text: str, name: str) -> None:
    assert ("name", name) in read(text)


@pytest.mark.parametrize(
    "text", ["I'm furious with you", "this is late again", "it is broken at the moment", "please call me back"]
)
def test_what_is_not_a_name(text: str) -> None:
    assert "name" not in dict(read(text))


def test_a_name_when_asked_for() -> None:
    assert read("Ana Silva", "name") == [("name", "Ana Silva")]
    assert read("never mind", "name") == []


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("tomorrow morning", "2026-03-04 09:00-12:00"),
        ("after 3pm", "2026-03-03 15:00-17:00"),
        ("monday 10-12", "2026-03-09 10:00-12:00"),
        ("between 2 and 4", "2026-03-03 14:00-16:00"),
        ("tomorrow at ten", "2026-03-04 10:00-10:30"),
        ("before noon tomorrow", "2026-03-04 09:00-12:00"),
        ("2 to 4 pm on thursday", "2026-03-05 14:00-16:00"),
        ("tuesday at 9", "2026-03-10 09:00-09:30"),
        ("half past three", "2026-03-03 15:30-16:00"),
        ("quarter to four tomorrow", "2026-03-04 15:45-16:15"),
        ("in an hour", "2026-03-03 11:15-11:45"),
        ("now", "2026-03-03 10:15-12:15"),
    ],
)
def test_when_to_call(text: str, window: str) -> None:
    (found,) = entities(text, "time_window", TUESDAY)

    assert found.shown == window
    assert found.window is not None
    assert found.window.start >= TUESDAY


def test_times_across_a_change_of_clocks() -> None:
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)  # the clocks go forward in the night

    (found,) = entities("tomorrow at 10am", "time_window", saturday)

    assert found.window is not None
    assert found.window.start == datetime(2026, 3, 29, 9, tzinfo=UTC)


def test_numbers_are_no_times() -> None:
    assert read("we have 3 tills", None, TUESDAY) == []


def test_masks_take_numbers_away_and_leave_the_rest() -> None:
    said = f"status of {NUMBER} for ana@shop.example"

    assert masked(said, entities(said)) == "status of case number for email address"


def test_places_are_those_of_the_text() -> None:
    said = f"hi, {NUMBER} and ana@shop.example at Harbour Street, 020 7946 0018"

    assert all(said[found.start : found.end] == found.said for found in entities(said))
