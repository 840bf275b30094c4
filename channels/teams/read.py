"""A clean JSON document of the Bot Framework protocol to what happened. Pure: nothing is stored, nothing is asked.

Source: docs/reference/teams.md
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from bot.activity import Activity, Kind, Role, Sender
from channels.cards import SAYS
from channels.document import clean_text, depth, parse
from channels.file_names import safe_name, safe_type
from channels.protocol import PayloadRejected
from channels.teams.account import CHANNEL
from channels.teams.received import OfferedFile, Person, Place, Press, Received, Scope, What
from channels.teams.words import words_of_attachments, words_of_message

JOINED_KEY = "joined"
OWN = "nightdesk"
DOES = "nightdesk/do/"
"""How the verb of a button begins that asks the desk to do something."""
ABOUT = "about"
"""Where a button's own data has what it is about."""
"""Where the data of our own buttons stands."""
DOWNLOAD_INFO = "application/vnd.microsoft.teams.file.download.info"
LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")
DIRECTORY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,2}")
FILE_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
PLAIN_ID = re.compile(r"[\x21-\x7e]{1,120}")
ADDRESS_MAX = 400
BOT_PREFIX = "28:"
SHARED = "19:"
"""How the address of a chat of several people begins, should its kind not be stated."""


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


def parse_activity(raw: bytes, limits: ReadLimits = LIMITS) -> dict[str, Any]:
    """The activity's document, cleaned, with what every activity must have.

    Raises:
        PayloadRejected: no JSON, or no activity.
    """
    document = parse(raw, limits)
    kind = document.get("type")
    if not isinstance(kind, str) or not 0 < len(kind) <= 100:
        raise PayloadRejected("MissingProperty", "'type' is required.")
    for name in ("from", "recipient", "conversation", "channelData"):
        if not isinstance(document.get(name) or {}, dict):
            raise PayloadRejected("BadArgument", f"'{name}' must be an object.")
    for name in ("id", "serviceUrl", "channelId", "text", "name", "replyToId"):
        if not isinstance(document.get(name) or "", str):
            raise PayloadRejected("BadArgument", f"'{name}' must be a string.")
    return document


def read(document: Mapping[str, Any], limits: ReadLimits = LIMITS) -> Received:
    """What happened.

    Args:
        document: of `parse_activity`.

    Raises:
        PayloadRejected: it lacks what its kind needs, or has too much of it.
    """
    return READERS.get(document["type"], _ignored)(document, limits)


def tenants_of(document: Mapping[str, Any]) -> frozenset[str]:
    """Every tenant an activity says it comes from, lower case; normally one."""
    stated = (
        _inside(document, "channelData", "tenant", "id"),
        _inside(document, "conversation", "tenantId"),
        _inside(document, "from", "tenantId"),
    )
    return frozenset(one.lower() for one in stated if one)


def conversation_id(address: str) -> str:
    """The desk's id of a Teams conversation: always the same for the same."""
    return str(uuid5(NAMESPACE_URL, f"{CHANNEL}|{address}"))


def place_of(document: Mapping[str, Any]) -> Place:
    """Where it happened, and with whom.

    Raises:
        PayloadRejected: it names no conversation or nobody.
    """
    address = _inside(document, "conversation", "id")
    if not address or len(address) > ADDRESS_MAX or not address.isprintable():
        raise PayloadRejected("MissingProperty", "'conversation.id' is required.")
    return Place(
        conversation=conversation_id(address),
        address=address,
        scope=_scope(document),
        tenant=_tenant(document),
        service_url=str(document.get("serviceUrl") or "")[:ADDRESS_MAX],
        bot_id=_inside(document, "recipient", "id")[:200],
        bot_name=_inside(document, "recipient", "name")[:200],
        person=_person(document),
        locale=_locale(document),
        zone=_zone(document),
    )


def _message(document: Mapping[str, Any], limits: ReadLimits) -> Received:
    place, key = place_of(document), wire_key(_id(document))
    words, value = _said(document.get("value"), words_of_message(document), limits)
    offered = _files(document.get("attachments"))
    files, beyond = offered[: limits.files_max], offered[limits.files_max :]
    words = "\n".join(filter(None, (words, *(f"[{file.name}]" for file in beyond))))
    if not words and value is None and not files:
        # A sticker, a card, a recording: Teams says so with an empty text.
        words = words_of_attachments(document.get("attachments"))[: limits.text_max]
    if not words and value is None and not files:
        return _ignored(document, limits)
    return Received(
        what=What.MESSAGE,
        place=place,
        activity=_activity(Kind.MESSAGE, place, key, text=words, value=value),
        files=files,
        key=key,
    )


def _typing(document: Mapping[str, Any], _: ReadLimits) -> Received:
    place = place_of(document)
    return Received(what=What.TYPING, place=place, activity=_activity(Kind.TYPING, place, "typing"))


def _update(document: Mapping[str, Any], limits: ReadLimits) -> Received:
    """Words are edited, and a deleted message that is taken back comes as an update too."""
    words, _ = _said(None, words_of_message(document), limits)
    restored = _inside(document, "channelData", "eventType") == "undeleteMessage"
    return _happening(What.RESTORED if restored else What.EDITED, document, of=_id(document), text=words)


def _delete(document: Mapping[str, Any], _: ReadLimits) -> Received:
    return _happening(What.DELETED, document, of=_id(document))


def _reaction(document: Mapping[str, Any], _: ReadLimits) -> Received:
    added, removed = _reactions(document, "reactionsAdded"), _reactions(document, "reactionsRemoved")
    of = str(document.get("replyToId") or "") or _id(document)
    if not added and not removed:
        return Received(what=What.IGNORED)
    return _happening(What.REACTED if added else What.UNREACTED, document, of=of, text=added or removed)


def _members(document: Mapping[str, Any], _: ReadLimits) -> Received:
    bot = _inside(document, "recipient", "id")
    if bot and bot in _ids(document, "membersRemoved"):
        return Received(what=What.LEFT, place=place_of(document))
    added = _ids(document, "membersAdded")
    # In a chat of two, whatever bot came in is this one.
    if _scope(document) is Scope.PERSONAL and any(one == bot or one.startswith(BOT_PREFIX) for one in added):
        return _joined(document)
    return Received(what=What.IGNORED)


def _installation(document: Mapping[str, Any], _: ReadLimits) -> Received:
    action = str(document.get("action") or "")
    if action == "remove-upgrade":  # the half of it that says nothing: what follows is "add-upgrade"
        return Received(what=What.IGNORED)
    if action == "add-upgrade":
        return Received(what=What.UPGRADED, place=place_of(document))
    if action.startswith("remove"):
        return Received(what=What.LEFT, place=place_of(document))
    return _joined(document) if _scope(document) is Scope.PERSONAL else Received(what=What.IGNORED)


def _joined(document: Mapping[str, Any]) -> Received:
    """Once, however often and by whichever of two activities Teams tells of it."""
    place = place_of(document)
    activity = _activity(Kind.JOINED, place, JOINED_KEY)
    return Received(what=What.JOINED, place=place, activity=activity, key=JOINED_KEY)


def _invoke(document: Mapping[str, Any], limits: ReadLimits) -> Received:
    name = str(document.get("name") or "")
    if not name or len(name) > 100:
        raise PayloadRejected("MissingProperty", "'name' is required of an invoke.")
    value = document.get("value")
    value = value if isinstance(value, dict) else {}
    if depth(value) > limits.depth_max:
        raise PayloadRejected("BadArgument", "'value' is nested too deeply.")
    return INVOKES.get(name, _asked)(document, name, value, limits)


def _asked(_: Mapping[str, Any], name: str, value: Mapping[str, Any], __: ReadLimits) -> Received:
    return Received(what=What.ASKED, name=name, value=value)


def _pressed(document: Mapping[str, Any], name: str, value: Mapping[str, Any], limits: ReadLimits) -> Received:
    action = value.get("action")
    if not isinstance(action, dict):
        raise PayloadRejected("BadArgument", "'value.action' must be an object.")
    data = action.get("data")
    place = place_of(document)
    if str(action.get("verb") or "").startswith(DOES):
        return _acted(document, name, value, limits)
    words, filled = _said(data, "", limits)
    if not words and filled is None:
        return Received(what=What.ASKED, name=name, value=value)
    card = _own(data).get("key")
    key = _press_key(document, action)
    return Received(
        what=What.PRESSED,
        place=place,
        activity=_activity(Kind.MESSAGE, place, key, text=words, value=filled),
        key=key,
        of=card if isinstance(card, str) else "",
        name=name,
        value=value,
    )


def _acted(document: Mapping[str, Any], name: str, value: Mapping[str, Any], limits: ReadLimits) -> Received:
    """What the button says is data of whoever sent it: read, and believed in nothing."""
    action, place = value["action"], place_of(document)
    data = action.get("data")
    data = data if isinstance(data, dict) else {}
    own = _own(data)
    about, card = own.get(ABOUT), own.get("key")
    filled = {name: text for name, text in data.items() if isinstance(text, str) and name not in (OWN, "msteams")}
    if any(len(text) > limits.filled_max for text in filled.values()):
        raise PayloadRejected("MessageSizeTooBig", f"A field may have {limits.filled_max} characters at most.")
    press = Press(
        place=place,
        verb=str(action["verb"]).removeprefix(DOES),
        card=card if isinstance(card, str) else "",
        about=about if isinstance(about, dict) else {},
        filled=filled,
        key=_press_key(document, action),
    )
    return Received(what=What.ACTED, place=place, press=press, key=press.key, of=press.card, name=name, value=value)


def _own(data: Any) -> Mapping[str, Any]:
    own = data.get(OWN) if isinstance(data, dict) else None
    return own if isinstance(own, dict) else {}


def _press_key(document: Mapping[str, Any], action: Mapping[str, Any]) -> str:
    """Teams sends an unanswered invoke again under a new id: what is the same is the press, not the activity."""
    data = action.get("data")
    card = _own(data).get("key")
    anchor = str(document.get("replyToId") or "") or (card if isinstance(card, str) else _id(document))
    return f"teams:press:{_digest(place_of(document).person.id, anchor, action.get('verb'), data)}"


def _consented(document: Mapping[str, Any], name: str, value: Mapping[str, Any], _: ReadLimits) -> Received:
    place = place_of(document)
    context = value.get("context")
    file = context.get("file") if isinstance(context, dict) else None
    if not isinstance(file, str) or not FILE_ID.fullmatch(file):
        return Received(what=What.ASKED, name=name, value=value)
    key = f"teams:consent:{_digest(file, value.get('action'))}"
    return Received(what=What.CONSENTED, place=place, key=key, of=file, name=name, value=value)


def _rated(document: Mapping[str, Any], name: str, value: Mapping[str, Any], limits: ReadLimits) -> Received:
    given = value.get("actionValue")
    given = given if isinstance(given, dict) else {}
    words, _ = _said(None, str(given.get("feedback") or "").strip(), limits)
    reaction = str(given.get("reaction") or "")[:40]
    of = str(document.get("replyToId") or "")
    received = _happening(What.RATED, document, of=of, text=" ".join(filter(None, (reaction, words))))
    return Received(
        what=What.RATED, place=received.place, of=of, key=received.key, text=received.text, name=name, value=value
    )


def _ignored(_: Mapping[str, Any], __: ReadLimits) -> Received:
    return Received(what=What.IGNORED)


def _happening(what: What, document: Mapping[str, Any], *, of: str, text: str = "") -> Received:
    place = place_of(document)
    # An edit has the id of the message it edits: two edits differ by their words and their time.
    when = _id(document) if what in (What.REACTED, What.UNREACTED) else ""
    key = f"teams:{what}:{_digest(of, place.person.id, text, document.get('timestamp'), when)}"
    return Received(what=what, place=place, of=of, key=key, text=text)


def wire_key(activity_id: str) -> str:
    """The desk's key for an activity of the wire."""
    plain = activity_id if PLAIN_ID.fullmatch(activity_id) else hashlib.sha256(activity_id.encode()).hexdigest()
    return f"teams:{plain}"


def _id(document: Mapping[str, Any]) -> str:
    found = document.get("id")
    if not isinstance(found, str) or not found or len(found) > ADDRESS_MAX:
        raise PayloadRejected("MissingProperty", "'id' is required.")
    return found


def _activity(
    kind: Kind, place: Place, key: str, *, text: str = "", value: Mapping[str, Any] | None = None
) -> Activity:
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


def _said(data: Any, text: str, limits: ReadLimits) -> tuple[str, Mapping[str, Any] | None]:
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


def _files(attachments: Any) -> tuple[OfferedFile, ...]:
    offered = [_file(one) for one in attachments if isinstance(one, dict)] if isinstance(attachments, list) else []
    return tuple(one for one in offered if one is not None)


def _file(attachment: Mapping[str, Any]) -> OfferedFile | None:
    """A shared file or a picture in the message; the HTML beside each message and cards are no files."""
    content_type, content = attachment.get("contentType"), attachment.get("content")
    if not isinstance(content_type, str):
        return None
    if content_type == DOWNLOAD_INFO and isinstance(content, dict):
        url = content.get("downloadUrl")
        return OfferedFile(safe_name(attachment.get("name")), url, "", False) if isinstance(url, str) and url else None
    url = attachment.get("contentUrl")
    if content_type.startswith("image/") and isinstance(url, str) and url:
        kind = safe_type(content_type.replace("image/*", "image/png"))
        named = attachment.get("name") or f"image.{kind.partition('/')[2]}"
        return OfferedFile(safe_name(named), url, kind, True)
    return None


def _scope(document: Mapping[str, Any]) -> Scope:
    stated = _inside(document, "conversation", "conversationType")
    if stated in set(Scope):
        return Scope(stated)
    conversation = document.get("conversation") or {}
    if stated or conversation.get("isGroup") is True or _inside(document, "conversation", "id").startswith(SHARED):
        return Scope.GROUP
    return Scope.PERSONAL


def _person(document: Mapping[str, Any]) -> Person:
    person = _inside(document, "from", "id")
    if not person or len(person) > 200:
        raise PayloadRejected("MissingProperty", "'from.id' is required.")
    object_id = _inside(document, "from", "aadObjectId").lower()
    known = DIRECTORY_ID.fullmatch(object_id) and DIRECTORY_ID.fullmatch(_tenant(document))
    name = " ".join(clean_text(_inside(document, "from", "name")).split())[:200]
    return Person(person, name, _tenant(document), object_id if known else "")


def _tenant(document: Mapping[str, Any]) -> str:
    stated = _inside(document, "channelData", "tenant", "id") or _inside(document, "conversation", "tenantId")
    return stated.lower()[:100]


def _locale(document: Mapping[str, Any]) -> str:
    stated = [document.get("locale"), *(one.get("locale") for one in _client_infos(document))]
    return next((one for one in stated if isinstance(one, str) and LOCALE.fullmatch(one)), "")


def _zone(document: Mapping[str, Any]) -> str:
    stated = [document.get("localTimezone"), *(one.get("timezone") for one in _client_infos(document))]
    return next((one for one in stated if isinstance(one, str) and ZONE.fullmatch(one)), "")


def _client_infos(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entities = document.get("entities")
    listed = entities if isinstance(entities, list) else []
    return [one for one in listed if isinstance(one, dict) and one.get("type") == "clientInfo"]


def _reactions(document: Mapping[str, Any], name: str) -> str:
    listed = document.get(name)
    kinds = [one.get("type") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return ", ".join(kind[:40] for kind in kinds[:10] if isinstance(kind, str))


def _ids(document: Mapping[str, Any], name: str) -> set[str]:
    listed = document.get(name)
    people = [one.get("id") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {one for one in people if isinstance(one, str)}


def _inside(document: Mapping[str, Any], *names: str) -> str:
    found: Any = document
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _digest(*parts: Any) -> str:
    written = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(written).hexdigest()[:40]


Reader = Callable[[Mapping[str, Any], ReadLimits], Received]
READERS: Mapping[str, Reader] = {
    "message": _message,
    "typing": _typing,
    "messageUpdate": _update,
    "messageDelete": _delete,
    "messageReaction": _reaction,
    "conversationUpdate": _members,
    "installationUpdate": _installation,
    "invoke": _invoke,
}
InvokeReader = Callable[[Mapping[str, Any], str, Mapping[str, Any], ReadLimits], Received]
INVOKES: Mapping[str, InvokeReader] = {
    "adaptiveCard/action": _pressed,
    "fileConsent/invoke": _consented,
    "message/submitAction": _rated,
}
