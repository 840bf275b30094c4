"""A mail the desk sends, before it has words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from channels.email.letter import Enclosure


@dataclass(frozen=True, slots=True)
class ReturnPath:
    """How what comes of a mail finds back.

    Attributes:
        message_id: without angle brackets.
        reply_to: where answers go.
        envelope_from: where bounces of this very mail go.
    """

    message_id: str
    reply_to: str
    envelope_from: str


@dataclass(frozen=True, slots=True)
class Mail:
    """What to write, to whom, in which language; `at` is when it was decided, and becomes its date.

    `to` is empty when there is nobody to write to: such a mail is carried out by doing nothing. Without a
    `return_path`, answers and bounces go to the desk's own address. `enclosures` go with its words.
    """

    template: str
    to: str
    language: str
    at: datetime
    params: Mapping[str, Any] = field(default_factory=dict)
    return_path: ReturnPath | None = None
    enclosures: tuple[Enclosure, ...] = ()

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any], *, at: datetime) -> Self:
        """The mail that a row of the outbox, topic "mail", asks for."""
        return cls(
            template=payload["template"],
            to=payload["to"],
            language=payload["language"],
            at=at,
            params=dict(payload.get("params", {})),
        )
