"""The repositories that hold one versioned thing per row, under the contract of all."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from caseengine.conversations import Conversations
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.conversation import Conversation
from caseengine.model.errors import ConversationNotFound
from customers.contact import Contact
from customers.contacts import Contacts
from customers.errors import ContactNotFound
from customers.identities import Identity, IdentityKind
from storage.transaction import UnitOfWork
from tests.contracts.repository import RepositoryContract

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LI = Actor(ActorKind.AGENT, str(uuid4()), "Li")


class TestContacts(RepositoryContract):
    not_found = ContactNotFound

    def add(self, work: UnitOfWork, thing_id: UUID) -> Contact:
        mail = Identity(IdentityKind.EMAIL, f"{thing_id}@shop.example", "import", MONDAY)
        contact = Contact(thing_id, "Ana", "en", (mail,), name_since=MONDAY)
        Contacts(work).add(contact)
        return contact

    async def get(self, work: UnitOfWork, thing_id: UUID) -> Contact:
        return await Contacts(work).get(thing_id)

    async def change(self, work: UnitOfWork, thing: Any) -> None:
        await Contacts(work).change(thing, by=LI, source="agent", at=MONDAY, name="Ana Maria")

    def looks(self, thing: Any) -> Any:
        return thing.id, thing.name, thing.language, [known.value for known in thing.identities]


class TestConversations(RepositoryContract):
    not_found = ConversationNotFound

    def add(self, work: UnitOfWork, thing_id: UUID) -> Conversation:
        return Conversations(work).add(
            Conversation(id=thing_id, channel="webchat", visitor="dl_1", locale="en", opened_at=MONDAY)
        )

    async def get(self, work: UnitOfWork, thing_id: UUID) -> Conversation:
        return await Conversations(work).get(thing_id)

    async def change(self, work: UnitOfWork, thing: Any) -> None:
        thing.join(LI, at=MONDAY)

    def looks(self, thing: Any) -> Any:
        return (
            thing.id,
            thing.channel,
            thing.visitor,
            thing.locale,
            thing.opened_at,
            thing.mode,
            len(thing.participants),
        )
