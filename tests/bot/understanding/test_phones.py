"""Telephone numbers as people write them, and the other numbers that are none."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from bot.understanding.entities.named_things import NamedThings
from bot.understanding.entities.reading import Reading, read_entities
from bot.understanding.names import Names
from bot.understanding.words import everyday_words
from caseengine.model.number import format_number
from customers.identities import normalise

CONTACTS = Path(__file__).parents[3] / "app" / "demo" / "company" / "contacts.yaml"
PHONES = sorted({contact["phone"] for contact in yaml.safe_load(CONTACTS.read_text("utf-8")) if "phone" in contact})
NOW = datetime(2026, 3, 3, 10, 15, tzinfo=UTC)
THINGS = NamedThings(Names(), everyday_words())


def read(text: str, expecting: str | None = None) -> dict[str, str | None]:
    reading = Reading(THINGS, "GB", ZoneInfo("Europe/London"), NOW, expecting)
    return {str(found.kind): found.value for found in read_entities(text, reading)}


@pytest.mark.parametrize("phone", PHONES)
@pytest.mark.parametrize("expecting", [None, "phone"])
def test_every_number_on_file_is_read_however_it_is_spaced(phone: str, expecting: str | None) -> None:
    value = normalise("phone", phone)
    for typed in (phone, phone.replace(" ", ""), f"+44 {phone[1:]}"):
        assert read(typed, expecting) == {"phone": value}
        sentence = f"call me back on {typed} tomorrow at 9 about the broken till"
        assert read(sentence, expecting)["phone"] == value
        assert read(sentence, expecting)["time_window"]


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("07911 654321", "+447911654321"),
        ("(01632) 960201", "+441632960201"),
        ("07700-900-212", "+447700900212"),
        ("0044 7700 900212", "+447700900212"),
        ("+44 (0)7700 900212", "+447700900212"),
        ("+49 711 1234567", "+497111234567"),
        ("07700 900 212 9am", "+447700900212"),
        ("07700 900 212, 10-12", "+447700900212"),
    ],
)
def test_spellings(typed: str, value: str) -> None:
    assert read(f"please ring {typed}")["phone"] == value
    assert read(typed, "phone")["phone"] == value


def test_without_its_zero_only_where_it_was_asked_for() -> None:
    assert read("it is 7700 900 212", "phone") == {"phone": "+447700900212"}
    assert "phone" not in read("it is 7700 900 212")


@pytest.mark.parametrize("expecting", [None, "phone"])
@pytest.mark.parametrize(
    "text",
    [
        "ORD-204518",
        "order ORD-204518 is late",
        "order 0123456789",
        "12345678",
        "01234567",
        "0123 4567",
        "01/02/2026 10:30",
        "01.02.2026 10 cages",
        "2026-03-04 10:30",
        "since 03-02-2026 100 crates",
        f"{format_number(1041, 12345)}",
        f"status of {format_number(1041, 12345).replace('-', ' ')}",
        "tomorrow 10-12",
    ],
)
def test_what_is_no_telephone_number(text: str, expecting: str | None) -> None:
    assert read(text, expecting).get("phone") is None


@pytest.mark.parametrize(
    "text", ["invoice 0123456789", "code is 012345678", "my card number is 0633010204", "#0123456789"]
)
def test_a_number_that_says_what_it_is(text: str) -> None:
    assert "phone" not in read(text)


def test_a_code_that_was_asked_for_is_a_code() -> None:
    assert read("0123 4567", "code") == {"code": "01234567"}
