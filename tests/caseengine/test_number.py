"""Case numbers notice slips."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseengine.model.number import (
    RANDOM_MAX,
    SEQUENCE_MAX,
    SYMBOLS,
    CaseNumber,
    Mistyped,
    format_number,
    read_number,
)

SEQUENCES = st.one_of(st.integers(1, 99_999), st.integers(1, SEQUENCE_MAX))
RANDOMS = st.integers(0, RANDOM_MAX - 1)
SAME = {"0": "Oo", "1": "IiLl"}


def test_the_number_of_the_reference_reads_back() -> None:
    assert read_number("CAS-01041-V9D3") == CaseNumber(1041, 27 << 10 | 9 << 5 | 13)
    assert str(CaseNumber(1041, 27 << 10 | 9 << 5 | 13)) == "CAS-01041-V9D3"


@given(SEQUENCES, RANDOMS)
def test_every_number_reads_back(sequence: int, random: int) -> None:
    assert read_number(format_number(sequence, random)) == CaseNumber(sequence, random)


@given(SEQUENCES, RANDOMS)
def test_every_single_wrong_symbol_is_noticed(sequence: int, random: int) -> None:
    number = format_number(sequence, random)
    for place, right in enumerate(number):
        for wrong in set(SYMBOLS) - {right} if right != "-" else set():
            assert isinstance(read_number(number[:place] + wrong + number[place + 1 :]), Mistyped)


@given(SEQUENCES, RANDOMS)
def test_every_swap_of_neighbours_is_noticed(sequence: int, random: int) -> None:
    symbols = format_number(sequence, random).replace("-", "")
    for place in range(len(symbols) - 1):
        first, second = symbols[place], symbols[place + 1]
        if first != second:
            swapped = symbols[:place] + second + first + symbols[place + 2 :]
            assert isinstance(read_number(swapped), Mistyped)


@given(SEQUENCES, RANDOMS, st.data())
def test_it_may_be_typed_as_people_type(sequence: int, random: int, data: st.DataObject) -> None:
    number = format_number(sequence, random)
    for plain, slips in SAME.items():
        number = number.replace(plain, data.draw(st.sampled_from(plain + slips)))
    number = data.draw(st.sampled_from([number, number.lower(), number.title()]))
    number = number.replace("-", data.draw(st.sampled_from(["-", "", " ", " - ", "–", "_", "/"])))
    number = data.draw(st.sampled_from(["", " ", "#", "("])) + number + data.draw(st.sampled_from(["", ".", ") "]))
    assert read_number(number) == CaseNumber(sequence, random)


@pytest.mark.parametrize(
    "typed", ["01041-V9D3", "1041-V9D3", "1041v9d3", "CAS 1041 V9D3", "ＣＡＳ－０１０４１－Ｖ９Ｄ３"]
)
def test_prefix_and_leading_zeros_may_be_missing(typed: str) -> None:
    assert read_number(typed) == read_number("CAS-01041-V9D3")


@pytest.mark.parametrize(
    "typed",
    ["", " ", "hello", "CAS", "CAS-", "12345", "V9D3", "CAS-01041-V9D", "CAS-01041-V9D33", "ORD-01041-V9D3", "²"],
)
def test_what_is_no_number_is_mistyped(typed: str) -> None:
    assert read_number(typed) == Mistyped(typed)


@given(st.text(max_size=60))
def test_any_text_can_be_read(typed: str) -> None:
    assert isinstance(read_number(typed), CaseNumber | Mistyped)


@pytest.mark.parametrize(("sequence", "random"), [(-1, 0), (SEQUENCE_MAX + 1, 0), (1, RANDOM_MAX), (1, -1)])
def test_a_number_out_of_range_is_a_bug(sequence: int, random: int) -> None:
    with pytest.raises(ValueError, match="range"):
        format_number(sequence, random)
