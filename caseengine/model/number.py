"""Case numbers: `CAS-01041-V9D3`, a sequence, three random symbols and a check symbol.

The symbols are Crockford's base 32. The check is one Reed-Solomon symbol over GF(32) (x^5 + x^2 + 1) across everything
before it, so every single wrong symbol and every swap of two symbols is noticed.

Source: docs/reference/case-numbers.md
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import accumulate, repeat

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX = "CAS"
DIGITS_MIN = 5
RANDOM_SYMBOLS = 3
RANDOM_MAX = len(SYMBOLS) ** RANDOM_SYMBOLS
"""Random parts there are: `format_number` takes 0 up to, not including, this."""
SEQUENCE_MAX = 10**12 - 1

_VALUES = {symbol: value for value, symbol in enumerate(SYMBOLS)} | {"O": 0, "I": 1, "L": 1}
_POWERS = list(accumulate(repeat(2, 30), lambda power, _: power << 1 ^ (0b100101 if power & 16 else 0), initial=1))
_LOGS = {power: log for log, power in enumerate(_POWERS)}
_READABLE = re.compile(rf"(?:{PREFIX})?([0-9]{{1,12}})([0-9A-Z]{{{RANDOM_SYMBOLS + 1}}})")


@dataclass(frozen=True, slots=True)
class CaseNumber:
    """A number whose check symbol fits; whether there is such a case is another question."""

    sequence: int
    random: int

    def __str__(self) -> str:
        return format_number(self.sequence, self.random)


@dataclass(frozen=True, slots=True)
class Mistyped:
    """Not a case number as it stands: a slip may be pointed out, it is never guessed away."""

    typed: str


def format_number(sequence: int, random: int) -> str:
    """The number people quote.

    Args:
        sequence: 1 to SEQUENCE_MAX, from the sequence "case".
        random: 0 to RANDOM_MAX - 1, from a source nobody can predict.
    """
    if not (0 <= sequence <= SEQUENCE_MAX and 0 <= random < RANDOM_MAX):
        raise ValueError("out of range")
    digits = f"{sequence:0{DIGITS_MIN}d}"
    letters = SYMBOLS[random >> 10] + SYMBOLS[random >> 5 & 31] + SYMBOLS[random & 31]
    return f"{PREFIX}-{digits}-{letters}{_check_symbol(PREFIX + digits + letters)}"


def read_number(typed: str) -> CaseNumber | Mistyped:
    """What somebody typed: any case, dashes, prefix and leading zeros or not, `O` for 0, `I` or `L` for 1."""
    plain = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", typed))).upper()
    body = plain.removeprefix(PREFIX)
    digits, letters = (_as_symbols(part) for part in (body[: -RANDOM_SYMBOLS - 1], body[-RANDOM_SYMBOLS - 1 :]))
    found = _READABLE.fullmatch(digits + letters)
    # Zeros are filled up to DIGITS_MIN only: one more would shift every place the check counts by.
    if found is None or (len(digits) > DIGITS_MIN and digits[0] == "0"):
        return Mistyped(typed)
    number = CaseNumber(int(digits), _as_int(letters[:-1]))
    return number if str(number).endswith(letters) else Mistyped(typed)


def _as_symbols(text: str) -> str:
    return "".join(SYMBOLS[_VALUES[letter]] if letter in _VALUES else letter for letter in text)


def _as_int(letters: str) -> int:
    value = 0
    for letter in letters:
        value = value << 5 | _VALUES.get(letter, 0)
    return value


def _check_symbol(symbols: str) -> str:
    """The sum of symbol times generator^place, places counted from 1."""
    total = 0
    for place, symbol in enumerate(symbols, start=1):
        total ^= _times_power(_VALUES[symbol], place)
    return SYMBOLS[total]


def _times_power(value: int, exponent: int) -> int:
    return _POWERS[(_LOGS[value] + exponent) % 31] if value else 0
