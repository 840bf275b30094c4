"""One slip is mended when the right word is known; right words are left alone."""

import pytest

from bot.understanding.speller import Speller

SPELLER = Speller(["the delivery is late", "delivery to the freezer", "receipts"], ["deliver", "printer", "banana"])


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("dlivery", "delivery"),
        ("deilvery", "delivery"),
        ("deliveryy", "delivery"),
        ("frezer", "freezer"),
        ("my printre", "my printer"),
        ("banana", "banana"),
        ("deliver", "deliver"),
        ("teh", "teh"),  # too short to be sure
        ("Zürich", "Zürich"),
        ("CAS-01041-V9D3", "CAS-01041-V9D3"),
    ],
)
def test_a_slip(said: str, meant: str) -> None:
    assert SPELLER.mend(said) == meant
