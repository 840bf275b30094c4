"""A mail the desk has decided to send, before it is a message; and what sending needs of the desk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.activity import Activity, Link
from channels.email.letter import Enclosure, Mailbox
from channels.email.smtp import Doubted, Later
from channels.protocol import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One mail.

    Attributes:
        message_id: without angle brackets; the same however often it is tried.
        subject: the customer's own, or empty for one of ours: to an address that nobody has proved, no machine of ours
            writes words that may be somebody else's.
        number: of the case, empty for none.
        language: of the conversation, as its channel told it.
        envelope_from: where what comes back from whom it is written to goes.
        copies_from: the same for each copy, by address: nobody sees by whose address another's mail would come back.
        reply_to: where answers go.
        automatic: no person wrote it.
        signature: lines of the agent who wrote it; empty else.
        quoted: what it answers.
        enclosures: files that go with the words.
        had: who has it already, of a try that not all servers went along with.
    """

    message_id: str
    to: Mailbox
    sender: Mailbox
    reply_to: str
    envelope_from: str
    text: str
    subject: str
    number: str
    language: str
    at: datetime
    automatic: bool
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    signature: str = ""
    quoted: str = ""
    enclosures: tuple[Enclosure, ...] = ()
    had: frozenset[str] = frozenset()
    copies_from: Mapping[str, str] = field(default_factory=dict)

    @property
    def recipients(self) -> list[str]:
        """Everybody it still has to go to, each once."""
        return [one for one in dict.fromkeys((self.to.address, *self.cc, *self.bcc)) if one not in self.had]

    @property
    def envelopes(self) -> dict[str, str]:
        """The recipients with the senders of their envelopes."""
        return {one: self.copies_from.get(one, self.envelope_from) for one in self.recipients}


class Letterbook(Protocol):
    """What the desk knows of its mails."""

    async def plan(self, activity: Activity, *, key: str) -> Outline | Receipt:
        """The mail that an activity becomes, noted before it is sent. A receipt: it was sent, or is not to be.

        Raises:
            DeliveryFailed: there is nobody to send it to.
        """

    async def sent(self, message_id: str, receipt: Receipt) -> None:
        """The server took it; for whom it did not, the receipt says."""

    async def took(self, message_id: str, recipient: str) -> None:
        """The server took it for one of several; the others are still to come."""

    async def doubted(self, message_id: str, doubted: Doubted) -> None:
        """The connection was lost over one of them; who has it, and who never will, is known of the others."""

    async def refused(self, message_id: str, recipients: Mapping[str, int]) -> None:
        """The server will never take it: address to reply code."""

    async def later(self, message_id: str, later: Later) -> Receipt | None:
        """The server has yet to take it for some. A receipt: it was tried often enough, and whom it is for has it."""
