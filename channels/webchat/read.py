"""A posted body to an `Activity`. Pure: nothing is stored, nothing is asked.

Who sent it, where and when are the server's word: `from`, `channelId`, `conversation`, `timestamp`, `id`,
`recipient` and `serviceUrl` of the body are not read at all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.activity import Activity, Kind, Role, Sender
from channels.document import depth, parse
from channels.protocol import PayloadRejected
from channels.webchat.limits import Limits

CHANNEL = "webchat"
JOINED_KEY = "joined"
JOIN_EVENT = "webchat/join"
LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")
CLIENT_KEY = re.compile(r"[\x21-\x39\x3b-\x7e]+")
"""Printable without the colon: keys with a colon are the desk's own."""


@dataclass(frozen=True, slots=True)
class Poster:
    """Who posts.

    Attributes:
        user: as the token says; empty for a server with a secret, which names the sender itself.
        source: the network address, for limits.
    """

    conversation: str
    user: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """An activity the desk takes no part in (an event, a reaction); its sender gets it back, nobody else."""

    type: str
    name: str
    client_id: str


def read(
    raw: bytes, poster: Poster, *, fresh_key: str, limits: Limits | None = None, with_files: bool = False
) -> Activity | Ignored:
    """What was posted.

    Args:
        fresh_key: the idempotency key when the client gave none.
        with_files: files come beside it, so the activity itself may be empty.

    Raises:
        PayloadRejected: malformed, too large, or empty.
    """
    limits = limits or Limits()
    document = parse(raw, limits)
    match _named(document, "type"):
        case "message":
            return _message(document, poster, fresh_key, limits, with_files)
        case "typing":
            return _activity(Kind.TYPING, document, poster, fresh_key, limits)
        case "event" if document.get("name") == JOIN_EVENT:
            return joined(replace(poster, user=_sender(document, poster).id), _locale(document))
        case other:
            return Ignored(other, str(document.get("name") or "")[:100], _client_id(document, limits))


def joined(poster: Poster, locale: str) -> Activity:
    """Somebody opened the conversation; one key, so that they are greeted once however often they say so."""
    return Activity(
        kind=Kind.JOINED,
        channel=CHANNEL,
        conversation=poster.conversation,
        sender=Sender(Role.CUSTOMER, poster.user),
        key=JOINED_KEY,
        locale=locale,
        source=poster.source,
    )


def read_locale(value: Any) -> str:
    """A BCP 47 language tag, or nothing."""
    return value if isinstance(value, str) and LOCALE.fullmatch(value) else ""


def read_user_id(value: Any) -> str:
    """An id a server chose for its visitor.

    Raises:
        PayloadRejected: it is not a short plain string.
    """
    if not isinstance(value, str) or not 0 < len(value) <= 100 or not value.isprintable():
        raise PayloadRejected("BadArgument", "A user id must be 1 to 100 printable characters.")
    return value


def _message(document: dict[str, Any], poster: Poster, fresh_key: str, limits: Limits, with_files: bool) -> Activity:
    text, value = _words(document, limits)
    if not text.strip() and value is None and not with_files:
        raise PayloadRejected("BadArgument", "The message is empty; post files to /upload.")
    return _activity(Kind.MESSAGE, document, poster, fresh_key, limits, text=text, value=value)


def _words(document: dict[str, Any], limits: Limits) -> tuple[str, Mapping[str, Any] | None]:
    text, value = document.get("text"), document.get("value")
    if text is not None and not isinstance(text, str):
        raise PayloadRejected("BadArgument", "'text' must be a string.")
    if isinstance(value, str) and not text:  # a pressed postBack button carries its words here
        text, value = value, None
    if len(text or "") > limits.text_max:
        raise PayloadRejected("MessageSizeTooBig", f"'text' may have {limits.text_max} characters at most.")
    if depth(value) > limits.value_depth_max:
        raise PayloadRejected("BadArgument", "'value' is nested too deeply.")
    return text or "", value if value is None or isinstance(value, dict) else {"value": value}


def _activity(
    kind: Kind,
    document: dict[str, Any],
    poster: Poster,
    fresh_key: str,
    limits: Limits,
    *,
    text: str = "",
    value: Mapping[str, Any] | None = None,
) -> Activity:
    return Activity(
        kind=kind,
        channel=CHANNEL,
        conversation=poster.conversation,
        sender=_sender(document, poster),
        key=_client_id(document, limits) or fresh_key,
        locale=_locale(document),
        text=text,
        value=value,
        source=poster.source,
    )


def _sender(document: dict[str, Any], poster: Poster) -> Sender:
    if poster.user:
        return Sender(Role.CUSTOMER, poster.user)
    sender = document.get("from")
    if not isinstance(sender, dict) or "id" not in sender:
        raise PayloadRejected("MissingProperty", "'from.id' is required.")
    return Sender(Role.CUSTOMER, read_user_id(sender["id"]))


def _client_id(document: dict[str, Any], limits: Limits) -> str:
    data = document.get("channelData")
    client_id = data.get("clientActivityID") if isinstance(data, dict) else None
    if client_id is None:
        return ""
    if not isinstance(client_id, str) or not CLIENT_KEY.fullmatch(client_id) or client_id == JOINED_KEY:
        raise PayloadRejected("BadArgument", "'clientActivityID' must be plain ASCII without spaces and colons.")
    if len(client_id) > limits.key_max:
        raise PayloadRejected("BadArgument", f"'clientActivityID' may have {limits.key_max} characters at most.")
    return client_id


def _named(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 100:
        raise PayloadRejected("MissingProperty", f"'{name}' is required.")
    return value


def _locale(document: dict[str, Any]) -> str:
    return read_locale(document.get("locale"))
