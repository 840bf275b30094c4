"""A clean JSON document of the Bot Framework protocol to what happened. Pure: nothing is stored, nothing is asked.

Source: docs/reference/teams.md
"""

from collections.abc import Callable, Mapping
from typing import Any

from bot.activity import Kind
from channels.document import parse
from channels.file_names import safe_name, safe_type
from channels.protocol import PayloadRejected
from channels.teams.parts import LIMITS, ReadLimits, activity_id, activity_of, happening, said, wire_key
from channels.teams.place import inside, place_of, scope_of
from channels.teams.read_invokes import read_invoke
from channels.teams.received import OfferedFile, Received, Scope, What
from channels.teams.words import words_of_attachments, words_of_message

JOINED_KEY = "joined"
DOWNLOAD_INFO = "application/vnd.microsoft.teams.file.download.info"
BOT_PREFIX = "28:"


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


def _message(document: Mapping[str, Any], limits: ReadLimits) -> Received:
    place, key = place_of(document), wire_key(activity_id(document))
    words, value = said(document.get("value"), words_of_message(document), limits)
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
        activity=activity_of(Kind.MESSAGE, place, key, text=words, value=value),
        files=files,
        key=key,
    )


def _typing(document: Mapping[str, Any], _: ReadLimits) -> Received:
    place = place_of(document)
    return Received(what=What.TYPING, place=place, activity=activity_of(Kind.TYPING, place, "typing"))


def _update(document: Mapping[str, Any], limits: ReadLimits) -> Received:
    """Words are edited, and a deleted message that is taken back comes as an update too."""
    words, _ = said(None, words_of_message(document), limits)
    restored = inside(document, "channelData", "eventType") == "undeleteMessage"
    return happening(What.RESTORED if restored else What.EDITED, document, of=activity_id(document), text=words)


def _delete(document: Mapping[str, Any], _: ReadLimits) -> Received:
    return happening(What.DELETED, document, of=activity_id(document))


def _reaction(document: Mapping[str, Any], _: ReadLimits) -> Received:
    added, removed = _reactions(document, "reactionsAdded"), _reactions(document, "reactionsRemoved")
    of = str(document.get("replyToId") or "") or activity_id(document)
    if not added and not removed:
        return Received(what=What.IGNORED)
    return happening(What.REACTED if added else What.UNREACTED, document, of=of, text=added or removed)


def _members(document: Mapping[str, Any], _: ReadLimits) -> Received:
    bot = inside(document, "recipient", "id")
    if bot and bot in _ids(document, "membersRemoved"):
        return Received(what=What.LEFT, place=place_of(document))
    added = _ids(document, "membersAdded")
    # In a chat of two, whatever bot came in is this one.
    if scope_of(document) is Scope.PERSONAL and any(one == bot or one.startswith(BOT_PREFIX) for one in added):
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
    return _joined(document) if scope_of(document) is Scope.PERSONAL else Received(what=What.IGNORED)


def _joined(document: Mapping[str, Any]) -> Received:
    """Once, however often and by whichever of two activities Teams tells of it."""
    place = place_of(document)
    activity = activity_of(Kind.JOINED, place, JOINED_KEY)
    return Received(what=What.JOINED, place=place, activity=activity, key=JOINED_KEY)


def _ignored(_: Mapping[str, Any], __: ReadLimits) -> Received:
    return Received(what=What.IGNORED)


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


def _reactions(document: Mapping[str, Any], name: str) -> str:
    listed = document.get(name)
    kinds = [one.get("type") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return ", ".join(kind[:40] for kind in kinds[:10] if isinstance(kind, str))


def _ids(document: Mapping[str, Any], name: str) -> set[str]:
    listed = document.get(name)
    people = [one.get("id") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {one for one in people if isinstance(one, str)}


Reader = Callable[[Mapping[str, Any], ReadLimits], Received]
READERS: Mapping[str, Reader] = {
    "message": _message,
    "typing": _typing,
    "messageUpdate": _update,
    "messageDelete": _delete,
    "messageReaction": _reaction,
    "conversationUpdate": _members,
    "installationUpdate": _installation,
    "invoke": read_invoke,
}
