"""What the ways in need of the desk: a place where a mail is safe before anybody has looked into it."""

from dataclasses import dataclass
from typing import Protocol

from channels.email.letter import Envelope, Letter


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail that is durable; `fresh` is false when it had been kept before."""

    id: int
    fresh: bool


class Mailroom(Protocol):
    """Where a mail is put as it came. On return it is durable, and will be filed or shown to a person."""

    async def keep(self, raw: bytes, envelope: Envelope) -> Kept:
        """
        Raises:
            DeskUnavailable: nothing was stored; the sender has to keep it and try again.
        """


class Reads(Protocol):
    """Reads a mail, safely and within limits."""

    async def read(self, raw: bytes, envelope: Envelope) -> Letter:
        """
        Raises:
            LetterUnreadable: it cannot be told what it says.
        """
