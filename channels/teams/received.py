"""What came from Teams, once it has been read: plain values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from bot.activity import Activity


class Scope(StrEnum):
    """Who reads along."""

    PERSONAL = "personal"  # one person and the bot
    GROUP = "groupChat"
    CHANNEL = "channel"


class What(StrEnum):
    """What happened."""

    MESSAGE = "message"
    JOINED = "joined"  # the bot was given to a person: greet them
    UPGRADED = "upgraded"  # a new package took the place of the one before: they know the bot already
    LEFT = "left"  # the bot was taken away
    TYPING = "typing"
    EDITED = "edited"
    DELETED = "deleted"
    RESTORED = "restored"
    REACTED = "reacted"
    UNREACTED = "unreacted"
    RATED = "rated"  # the thumbs below an answer
    PRESSED = "pressed"  # a button of a card that waits for its new face
    ACTED = "acted"  # a button of a card that asks the desk to do something
    CONSENTED = "consented"  # yes or no to a file of ours
    ASKED = "asked"  # any other invoke: it wants an answer, and the desk has nothing to do
    IGNORED = "ignored"


HAPPENINGS = frozenset({What.EDITED, What.DELETED, What.RESTORED, What.REACTED, What.UNREACTED, What.RATED})
"""Facts about what was said before: kept, never answered."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Teams.

    Attributes:
        id: Teams' name for them towards this bot, "29:...".
        tenant, object_id: who they are in their company's directory, lower case; empty where Teams does not say.
    """

    id: str
    name: str = ""
    tenant: str = ""
    object_id: str = ""

    @property
    def identity(self) -> str:
        """By what the customer store knows them: `tenant|object id`; empty where one of them is missing."""
        return f"{self.tenant}|{self.object_id}" if self.tenant and self.object_id else ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation is, and how to speak in it unasked: a conversation reference.

    Attributes:
        conversation: the desk's id.
        address: Teams' id, whole: in a channel it ends in ";messageid=...".
        zone: IANA name of the person's time zone; empty where unknown.
        removals: how often the bot became unreachable there; the desk's own count.
    """

    conversation: str
    address: str
    scope: Scope
    tenant: str
    service_url: str
    bot_id: str
    bot_name: str
    person: Person
    locale: str = ""
    zone: str = ""
    removals: int = 0

    def to_json(self) -> dict[str, Any]:
        """A document that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """The place that `to_json` wrote."""
        values = {**document, "scope": Scope(document["scope"]), "person": Person(**document["person"])}
        return cls(**values)


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """A file that waits at an address.

    Attributes:
        with_bearer: the address is Teams' own and wants our token; else it is good by itself, for a few minutes.
    """

    name: str
    url: str
    content_type: str
    with_bearer: bool


@dataclass(frozen=True, slots=True)
class Press:
    """A button that asks the desk to do something.

    Attributes:
        place: where, and who pressed it: what decides what they may do.
        card: key of the activity that showed it, as the button says.
        about: what the button says that it is about. Anybody can write such a press: it gives no right to anything.
        filled: what was typed and chosen.
        key: the same press, sent again under another id, has the same.
    """

    place: Place
    verb: str
    card: str
    about: Mapping[str, Any]
    filled: Mapping[str, str]
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One activity of the wire.

    Attributes:
        activity: for what the desk hears: MESSAGE, JOINED, TYPING, PRESSED; None for the rest.
        press: for ACTED.
        files: to be fetched before the activity is complete.
        of: the activity of the wire that a happening is about.
        key: of a happening, an arrival: the same key is the same.
        text: new words of an edit, kind of a reaction.
        name: of an invoke.
        value: of an invoke, or of a consent.
    """

    what: What
    place: Place | None = None
    activity: Activity | None = None
    press: Press | None = None
    files: tuple[OfferedFile, ...] = ()
    of: str = ""
    key: str = ""
    text: str = ""
    name: str = ""
    value: Mapping[str, Any] = field(default_factory=dict)
