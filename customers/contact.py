"""A person we know, and everything they can be known by."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from customers.accounts import Role
from customers.identities import Identity, IdentityKind, normalise
from customers.search_words import words_of


@dataclass(slots=True)
class Contact:
    """A person. `roles` are pairs of account id and role; `name_source` and `name_since` say where the name is from."""

    id: UUID
    name: str
    language: str
    identities: tuple[Identity, ...] = ()
    roles: tuple[tuple[UUID, Role], ...] = ()
    name_source: str = "import"
    name_since: datetime | None = None
    version: int = field(default=0)

    def on_file(self, kind: IdentityKind) -> list[str]:
        """The values of a kind that proof may rest on, oldest first."""
        return [known.value for known in self.identities if known.kind is kind and known.on_file]

    def given(self, kind: IdentityKind) -> list[str]:
        """The values of a kind that still have to be proved."""
        return [known.value for known in self.identities if known.kind is kind and not known.on_file]


def contact_words(contact: Contact) -> list[str]:
    """What they are found by, proved or not: whoever rings says what they believe we know."""

    def told(kind: IdentityKind) -> list[str]:
        return [normalise(kind, known.value) for known in contact.identities if known.kind is kind]

    return words_of((contact.name, *told(IdentityKind.EMAIL)), told(IdentityKind.PHONE))
