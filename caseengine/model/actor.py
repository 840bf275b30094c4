"""Who did it."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is the agent's UUID as text, the contact's or the channel's name of a customer; empty for bot and system."""

    kind: ActorKind
    id: str = ""
    name: str = ""


BOT = Actor(ActorKind.BOT)
SYSTEM = Actor(ActorKind.SYSTEM)
