"""What did not arrive where it was said, or may not have, and was sent again."""

from dataclasses import dataclass
from uuid import UUID

from caseengine.model.events.fact import CaseEvent
from caseengine.model.lifecycle import Verb


@dataclass(frozen=True, kw_only=True)
class DeliveryLost(CaseEvent):
    """Words that the desk does not try to deliver any more by itself.

    Attributes:
        conversation_id, key: which words.
        channel: that was to take them.
        why: a code: "no_answer", "refused", "unreachable", "unavailable" or "fault".
        again: how often a person had sent them again by then.
        another_way: they go, or went, to the customer by a notice as well.
    """

    public = False
    verb = Verb.LOSE
    conversation_id: UUID
    key: str
    channel: str
    why: str
    again: int = 0
    another_way: bool = False


@dataclass(frozen=True, kw_only=True)
class DeliveryGivenUp(DeliveryLost):
    """They did not arrive."""


@dataclass(frozen=True, kw_only=True)
class DeliveryDoubted(DeliveryLost):
    """They may have arrived: nobody answered."""


@dataclass(frozen=True, kw_only=True)
class SentAgain(CaseEvent):
    """A person had them sent once more, for the `again`th time."""

    public = False
    verb = Verb.RESEND
    conversation_id: UUID
    key: str
    channel: str
    again: int
