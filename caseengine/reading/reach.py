"""The ways to a case's customer: only to places they proved."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from caseengine.policies.noticing import Reach
from customers.contacts import Contacts
from customers.identities import IdentityKind
from customers.preferences import Preferences
from customers.proved import case_address_proved, conversations_vouched, mail_addresses
from customers.reachability import reachable
from customers.wishes import Way
from storage.transaction import Snapshot

ANY_ZONE = "UTC"
"""Where it is not asked when."""
ReachedAlone = Callable[[Snapshot, Sequence[UUID]], Awaitable[Collection[UUID]]]
"""Of these conversations, those in Teams that take what is said now, and where nobody reads along."""


async def nobody_alone(_: Snapshot, __: Sequence[UUID]) -> Collection[UUID]:
    """A desk without Teams."""
    return ()


class WhoseCase(Protocol):
    """What of a case tells where its customer is reached; see `Case`."""

    @property
    def id(self) -> UUID: ...

    @property
    def contact_id(self) -> UUID | None: ...

    @property
    def reply_address(self) -> str | None: ...

    @property
    def conversation_id(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Contactable:
    """
    Attributes:
        address: where a mail goes; "" for nowhere.
        stopped: no mail goes anywhere, because whoever reads the address said stop.
        teams: the conversation a Teams notice goes to.
        chat: the case has a conversation.
        proved: they proved a place, whether it takes anything or not.
        language: the contact's own; "" where nobody knows them.
    """

    address: str = ""
    teams: UUID | None = None
    chat: bool = False
    proved: bool = False
    language: str = ""
    stopped: bool = False

    def reach(self, failed: Iterable[Way] = ()) -> Reach:
        """As the policy wants it."""
        there = {Way.EMAIL: bool(self.address), Way.TEAMS: self.teams is not None, Way.CHAT: self.chat}
        is_open = frozenset(way for way, leads in there.items() if leads)
        return Reach(is_open, self.proved, self.stopped, frozenset(failed))


async def contactable(snapshot: Snapshot, case: WhoseCase, *, reached_alone: ReachedAlone) -> Contactable:
    """Where the customer of a case can be told something."""
    chat = case.conversation_id is not None
    if case.contact_id is None:
        return await _newcomer(snapshot, case, chat)
    contact = await Contacts(snapshot).get(case.contact_id)
    addresses = await mail_addresses(snapshot, contact.id)
    address = await _not_stopped(snapshot, addresses)
    teams = await _teams(snapshot, contact.id, reached_alone)
    return Contactable(
        address=address,
        stopped=bool(addresses) and not address,
        teams=teams,
        chat=chat,
        proved=bool(contact.on_file(IdentityKind.EMAIL)) or teams is not None,
        language=contact.language,
    )


async def _newcomer(snapshot: Snapshot, case: WhoseCase, chat: bool) -> Contactable:
    """The address they gave counts once a code sent there came back."""
    if case.reply_address is None or not await case_address_proved(snapshot, case.id):
        return Contactable(chat=chat)
    if not await reachable(snapshot, IdentityKind.EMAIL, case.reply_address):
        return Contactable(chat=chat, proved=True)
    address = await _not_stopped(snapshot, [case.reply_address])
    return Contactable(address=address, stopped=not address, chat=chat, proved=True)


async def _not_stopped(snapshot: Snapshot, addresses: Sequence[str]) -> str:
    """The first whose readers want something; "" for none."""
    preferences = Preferences(snapshot, zone=ANY_ZONE)
    return next(iter([one for one in addresses if not await preferences.stopped(one)]), "")


async def _teams(snapshot: Snapshot, contact_id: UUID, reached_alone: ReachedAlone) -> UUID | None:
    """The chat in Teams that was last proved to be theirs; never a group or a channel, where others read along."""
    theirs = await conversations_vouched(snapshot, contact_id)
    alone = await reached_alone(snapshot, theirs)
    return next((one for one in theirs if one in alone), None)
