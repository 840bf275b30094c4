"""What goes back over the wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` None for an empty one; `retry_after_s` where the same request may be sent again."""

    status: int
    body: Mapping[str, Any] | None = None
    retry_after_s: int | None = None


class TakesMessages(Protocol):
    """The channel as the HTTP side sees it: `channels.teams.intake.Intake`."""

    @property
    def body_max(self) -> int:
        """Bytes of a body that are read."""

    async def take(self, authorization: str, raw: bytes) -> Answer:
        """One request, answered. It never raises for what was sent."""
