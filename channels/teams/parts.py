"""What is read of any activity, whatever it tells: its id, its words, what the desk calls it. Pure.

Source: docs/reference/teams.md
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from bot.activity import Activity, Kind, Role, Sender
from channels.cards import SAYS
from channels.document import depth
from channels.protocol import PayloadRejected
from channels.teams.account import CHANNEL
from channels.teams.place import ADDRESS_MAX, place_of
from channels.teams.received import Place, Received, Scope, What

OWN = "nightdesk"
"""Where the data of our own buttons stands."""
PLAIN_ID = re.compile(r"[\x21-\x7e]{1,120}")


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What one activity may hold; sizes in bytes unless named otherwise."""

    body_max: int = 256 * 1024
    depth_max: int = 32
    nodes_max: int = 8_000
    text_max: int = 32_000  # characters
    value_depth_max: int = 8
    files_max: int = 10
    filled_max: int = 8_000  # characters of a field, for what the desk is asked to do


LIMITS = ReadLimits()


def activity_id(document: Mapping[str, Any]) -> str:
    """Its id on the wire.

    Raises:
        PayloadRejected: it has none.
    """
    found = document.get("id")
    if not isinstance(found, str) or not found or len(found) > ADDRESS_MAX:
        raise PayloadRejected("MissingProperty", "'id' is required.")
    return found


def wire_key(activity_id: str) -> str:
    """The desk's key for an activity of the wire."""
    plain = activity_id if PLAIN_ID.fullmatch(activity_id) else hashlib.sha256(activity_id.encode()).hexdigest()
    return f"teams:{plain}"


def activity_of(
    kind: Kind, place: Place, key: str, *, text: str = "", value: Mapping[str, Any] | None = None
) -> Activity:
    """What the bot is told."""
    return Activity(
        kind=kind,
        channel=CHANNEL,
        conversation=place.conversation,
        sender=Sender(Role.CUSTOMER, place.person.identity or place.person.id, place.person.name),
        key=key,
        locale=place.locale,
        text=text,
        value=value,
        shared=place.scope is not Scope.PERSONAL,
    )


def said(data: Any, text: str, limits: ReadLimits) -> tuple[str, Mapping[str, Any] | None]:
    """Words and filled fields; a button without fields is its words and nothing else."""
    if len(text) > limits.text_max:
        raise PayloadRejected("MessageSizeTooBig", f"'text' may have {limits.text_max} characters at most.")
    if isinstance(data, str) and not text:
        return data[: limits.text_max].strip(), None
    if not isinstance(data, dict) or text:
        return text, None
    if depth(data) > limits.value_depth_max:
        raise PayloadRejected("BadArgument", "'value' is nested too deeply.")
    filled = {name: value for name, value in data.items() if name not in (OWN, "msteams")}
    says = filled.get(SAYS)
    if isinstance(says, str) and set(filled) == {SAYS}:
        return says[: limits.text_max].strip(), None
    return "", filled or None


def happening(what: What, document: Mapping[str, Any], *, of: str, text: str = "") -> Received:
    """A fact about what was said before."""
    place = place_of(document)
    # An edit has the id of the message it edits: two edits differ by their words and their time.
    when = activity_id(document) if what in (What.REACTED, What.UNREACTED) else ""
    key = f"teams:{what}:{digest(of, place.person.id, text, document.get('timestamp'), when)}"
    return Received(what=what, place=place, of=of, key=key, text=text)


def digest(*parts: Any) -> str:
    """Short, and the same for the same."""
    written = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(written).hexdigest()[:40]
