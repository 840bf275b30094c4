"""A posted body to an `Activity`. Pure: nothing is stored, nothing is asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.activity import Activity, Kind, Role, Sender
from channels.document import depth, parse
from channels.http.channel import HttpChannel
from channels.protocol import PayloadRejected
from channels.webchat.limits import Limits

KINDS = {"message": Kind.MESSAGE, "joined": Kind.JOINED, "typing": Kind.TYPING}
LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")
ID_MAX = 200
NAME_MAX = 200


@dataclass(frozen=True, slots=True)
class Heard:
    """An activity, and what the far side calls its conversation."""

    activity: Activity
    theirs: str


def read(raw: bytes, channel: HttpChannel, *, key: str, limits: Limits | None = None, source: str = "") -> Heard:
    """What was posted.

    Args:
        key: the request's `webhook-id`.
        source: the network address, for limits.

    Raises:
        PayloadRejected: malformed, too large, or empty.
    """
    limits = limits or Limits()
    document = parse(raw, limits)
    kind = KINDS.get(str(document.get("type")))
    if kind is None:
        raise PayloadRejected("BadArgument", "'type' must be 'message', 'joined' or 'typing'.")
    theirs = _id(document.get("conversation"), "conversation")
    text, value = _words(document, limits) if kind is Kind.MESSAGE else ("", None)
    activity = Activity(
        kind=kind,
        channel=channel.name,
        conversation=channel.conversation(theirs),
        sender=_sender(document.get("sender"), theirs),
        key="joined" if kind is Kind.JOINED else key,
        text=text,
        value=value,
        locale=_locale(document.get("locale")),
        source=source,
    )
    return Heard(activity, theirs)


def _words(document: Mapping[str, Any], limits: Limits) -> tuple[str, Mapping[str, Any] | None]:
    text, value = document.get("text", ""), document.get("value")
    if not isinstance(text, str) or len(text) > limits.text_max:
        raise PayloadRejected("BadArgument", f"'text' must be a string of at most {limits.text_max} characters.")
    if not (value is None or isinstance(value, dict)) or depth(value) > limits.value_depth_max:
        raise PayloadRejected("BadArgument", "'value' must be an object that is not nested deeply.")
    if not text.strip() and value is None:
        raise PayloadRejected("BadArgument", "The message is empty.")
    return text, value


def _sender(said: Any, theirs: str) -> Sender:
    """Whoever it says: nobody is recognised by it."""
    if said is None:
        return Sender(Role.CUSTOMER, theirs)
    if not isinstance(said, dict):
        raise PayloadRejected("BadArgument", "'sender' must be an object.")
    name = said.get("name", "")
    if not isinstance(name, str) or len(name) > NAME_MAX:
        raise PayloadRejected("BadArgument", f"'sender.name' must be a string of at most {NAME_MAX} characters.")
    return Sender(Role.CUSTOMER, _id(said.get("id", theirs), "sender.id"), " ".join(name.split()))


def _id(said: Any, name: str) -> str:
    if not isinstance(said, str) or not 0 < len(said) <= ID_MAX or not said.isprintable():
        raise PayloadRejected("BadArgument", f"'{name}' must be 1 to {ID_MAX} printable characters.")
    return said


def _locale(said: Any) -> str:
    return said if isinstance(said, str) and LOCALE.fullmatch(said) else ""
