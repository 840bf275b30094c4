"""Fuzzes the pure reader of mails with atheris: `python -m tests.slow.fuzz_mails CORPUS -max_total_time=60`.

A mail that makes it raise anything but LetterUnreadable ends the run, and is written to a file named `crash-...`.
"""

import sys

import atheris

with atheris.instrument_imports(include=["channels.email"]):
    from channels.email.letter import Envelope
    from channels.email.reading import LetterUnreadable, Ours, parse
    from channels.email.reading.wire import pack, unpack

UNTOLD = Envelope(mail_from=None, rcpt_to=(), source="smtp")
OURS = Ours(("desk@shop.example",), "shop.example")


def read_one(raw: bytes) -> None:
    """Read it, and take it over the border and back."""
    try:
        letter = parse(raw, UNTOLD, OURS)
    except LetterUnreadable:
        return
    if unpack(*pack(letter)) != letter:
        raise AssertionError("the letter changed on its way")


if __name__ == "__main__":
    atheris.Setup(sys.argv, read_one)
    atheris.Fuzz()
