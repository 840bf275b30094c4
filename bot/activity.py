"""The channel-neutral vocabulary: what happened in a conversation, and what the bot answers.

Standard library only: channels import this module and nothing else of the bot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self


class Kind(StrEnum):
    """What happened."""

    JOINED = "joined"  # somebody opened the conversation: greet them
    PROVED = "proved"  # whose words those before are is known now; nothing new was said
    MESSAGE = "message"  # words, a pressed button, a filled card, files
    TYPING = "typing"  # never stored
    NOTICE = "notice"  # a line about the conversation itself: "Li has joined"


class Role(StrEnum):
    """Who did it."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who an activity is from; `id` is the channel's name for a customer and the desk's for an agent."""

    role: Role
    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that was stored before the activity was accepted."""

    id: str
    name: str
    content_type: str
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Choice:
    """A suggested answer: what the button says, and what pressing it sends."""

    title: str
    says: str


@dataclass(frozen=True, slots=True)
class Link:
    """A page to open."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Input:
    """A field of a card; its answer arrives in `Activity.value` under `id`."""

    id: str
    label: str
    kind: str = "text"  # text | email | phone | date | choice | multiline
    choices: tuple[Choice, ...] = ()
    value: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """One of several buttons of a card.

    Attributes:
        says: what pressing it says for the person, as a suggested answer does.
        verb: instead of saying anything, what the desk is asked to do, on channels that can ask for it.
        about: what comes back with a verb: which case, at which version. Whoever presses it is told by the channel.
        inputs: fields that unfold below a button with a verb.
    """

    title: str
    says: str = ""
    verb: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """Facts, a short form and links, rendered by each channel in its own way; `fallback` is said where it cannot.

    Attributes:
        acts: further buttons, beside the one that sends the form off.
        refresh: what is asked for when the card is looked at again, on channels that can.
    """

    title: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    inputs: tuple[Input, ...] = ()
    submit: Choice | None = None
    links: tuple[Link, ...] = ()
    fallback: str = ""
    acts: tuple[Act, ...] = ()
    refresh: Act | None = None


NOT_VOUCHED = "no"
REQUIRED = ("kind", "channel", "conversation", "sender", "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One thing that happened in a conversation.

    Attributes:
        key: the idempotency key within the conversation: the same key is the same activity.
        seq: its place in the conversation, from 1; 0 before it was committed.
        at: aware UTC instant of receipt, never the sender's clock.
        text: Markdown in the small subset every channel can show.
        value: what a card or button posted.
        reply_to: the `key` of the activity this one answers.
        source: the network address it came from, for limits; it never reaches the conversation's log.
        subject: what it is about, where the channel asks for that: the subject of a mail.
        details: what the channel shows beside the words: who else got the mail, where the whole of it is kept.
        vouched: where the channel judges the sender of each activity anew: by what it vouches for them, `NOT_VOUCHED`
            where it looked and does not; empty where it never judges. It never reaches the conversation's log.
        agent: the agent of the desk who speaks, where the channel vouches for it and nobody reads along. It never
            reaches the conversation's log either.
        shared: others than its sender read along: nothing about anybody may be told there, and nothing proved.
        about: the id of the case that the words are about, where whoever says them or their channel knows.
    """

    kind: Kind
    channel: str
    conversation: str
    sender: Sender
    key: str
    seq: int = 0
    at: datetime | None = None
    text: str = ""
    locale: str = ""
    value: Mapping[str, Any] | None = None
    attachments: tuple[Attachment, ...] = ()
    choices: tuple[Choice, ...] = ()
    card: Card | None = None
    reply_to: str = ""
    source: str = ""
    subject: str = ""
    details: Mapping[str, Any] | None = None
    vouched: str = ""
    agent: str = ""
    shared: bool = False
    about: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON document that `from_json` reads back; optional fields that are empty are left out."""
        empty: tuple[Any, ...] = ("", 0, None, [], {})
        return {name: value for name, value in plain(self).items() if name in REQUIRED or value not in empty}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """The activity that `to_json` wrote; unknown fields are ignored, so an older release can read a newer row."""
        known = {item.name for item in fields(cls)}
        values: dict[str, Any] = {name: value for name, value in document.items() if name in known}
        values["kind"] = Kind(values["kind"])
        values["sender"] = _sender(values["sender"])
        if "at" in values:
            values["at"] = datetime.fromisoformat(values["at"])
        values["attachments"] = tuple(Attachment(**item) for item in values.get("attachments", ()))
        values["choices"] = tuple(Choice(**item) for item in values.get("choices", ()))
        if "card" in values:
            values["card"] = card_from_json(values["card"])
        return cls(**values)

    def at_seq(self, seq: int, at: datetime) -> Self:
        """The same activity with its place and time in the conversation."""
        return replace(self, seq=seq, at=at)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot says: one bubble."""

    text: str
    choices: tuple[Choice, ...] = ()
    card: Card | None = None
    kind: Kind = field(default=Kind.MESSAGE)


def plain(thing: Any) -> Any:
    """The vocabulary as JSON: dataclasses to objects, tuples to arrays, instants to ISO text."""
    if isinstance(thing, datetime):
        return thing.isoformat()
    if isinstance(thing, StrEnum):
        return str(thing)
    if isinstance(thing, Mapping):
        return dict(thing)
    if isinstance(thing, tuple):
        return [plain(item) for item in thing]
    if hasattr(thing, "__dataclass_fields__"):
        return {item.name: plain(getattr(thing, item.name)) for item in fields(thing)}
    return thing


def _sender(document: Mapping[str, Any]) -> Sender:
    return Sender(Role(document["role"]), document.get("id", ""), document.get("name", ""))


def card_from_json(document: Mapping[str, Any]) -> Card:
    """The card that `plain` wrote."""
    return Card(
        title=document["title"],
        text=document.get("text", ""),
        facts=tuple((name, value) for name, value in document.get("facts", ())),
        inputs=_inputs(document),
        submit=Choice(**document["submit"]) if document.get("submit") else None,
        links=tuple(Link(**item) for item in document.get("links", ())),
        fallback=document.get("fallback", ""),
        acts=tuple(_act(item) for item in document.get("acts", ())),
        refresh=_act(document["refresh"]) if document.get("refresh") else None,
    )


def _inputs(document: Mapping[str, Any]) -> tuple[Input, ...]:
    return tuple(
        Input(
            item["id"],
            item["label"],
            item["kind"],
            tuple(Choice(**choice) for choice in item["choices"]),
            item.get("value", ""),
        )
        for item in document.get("inputs", ())
    )


def _act(document: Mapping[str, Any]) -> Act:
    told = {name: document.get(name, "") for name in ("title", "says", "verb")}
    return Act(**told, about=document.get("about", {}), inputs=_inputs(document))
