"""A Letter as JSON and back, exactly. Who read a stranger's mail is not trusted to send anything livelier."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import orjson

from channels.email.letter import Automatic, Bounce, Enclosure, Letter, Mailbox, Signature
from channels.email.reading.limits import MAIL_BYTES_MAX
from channels.email.reading.unreadable import LetterUnreadable

JSON_BYTES_MAX = 16 * 1024 * 1024
TEXTS = (
    *("message_id", "sender_doubt", "subject", "said_at", "text", "quoted", "html"),
    *("complaint_of", "complaint_about", "complaint_path", "calendar", "reaction"),
)
TUPLES = ("in_reply_to", "references", "delivered_to", "languages", "authentication", "rests_on", "signed", "odd")
FLAGS = ("is_reply", "forwarded")
MAILBOXES = ("reply_to", "to", "cc")


def to_document(letter: Letter) -> dict[str, Any]:
    """The letter as plain values; of its files, all but their content, which `contents` has in the same order."""
    document: dict[str, Any] = {name: getattr(letter, name) for name in (*TEXTS, *TUPLES, *FLAGS)}
    document["sender"] = _mailbox(letter.sender) if letter.sender is not None else None
    for name in MAILBOXES:
        document[name] = [_mailbox(mailbox) for mailbox in getattr(letter, name)]
    document["signatures"] = [{f.name: getattr(one, f.name) for f in fields(Signature)} for one in letter.signatures]
    document["automatic"] = letter.automatic.value
    document["bounces"] = [{f.name: getattr(bounce, f.name) for f in fields(Bounce)} for bounce in letter.bounces]
    document["headers"] = dict(letter.headers)
    document["enclosures"] = [
        {"name": file.name, "content_type": file.content_type, "content_id": file.content_id, "size": len(file.content)}
        for file in letter.enclosures
    ]
    return document


def from_document(document: Mapping[str, Any], contents: bytes) -> Letter:
    """The letter again.

    Args:
        contents: of all files, one after the other.

    Raises:
        LetterUnreadable: "answer_refused": this is no letter.
    """
    try:
        return _letter(document, contents)
    except (KeyError, TypeError, ValueError) as error:
        raise LetterUnreadable("answer_refused") from error


def pack(letter: Letter) -> tuple[bytes, bytes]:
    """JSON, and the contents of the files one after the other."""
    return orjson.dumps(to_document(letter)), b"".join(file.content for file in letter.enclosures)


def unpack(document: bytes, contents: bytes) -> Letter:
    """What `pack` made.

    Raises:
        LetterUnreadable: "answer_refused".
    """
    if len(document) > JSON_BYTES_MAX or len(contents) > 2 * MAIL_BYTES_MAX:
        raise LetterUnreadable("answer_refused")
    try:
        parsed = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise LetterUnreadable("answer_refused") from error
    if not isinstance(parsed, dict):
        raise LetterUnreadable("answer_refused")
    return from_document(parsed, contents)


def _letter(document: Mapping[str, Any], contents: bytes) -> Letter:
    values: dict[str, Any] = {name: _text(document[name]) for name in TEXTS}
    values |= {name: tuple(_text(item) for item in _list(document[name])) for name in TUPLES}
    values |= {name: document[name] is True for name in FLAGS}
    values |= {name: tuple(_read_mailbox(item) for item in _list(document[name])) for name in MAILBOXES}
    return Letter(
        **values,
        sender=_read_mailbox(document["sender"]) if document["sender"] is not None else None,
        signatures=tuple(_signature(item) for item in _list(document["signatures"])),
        automatic=Automatic(document["automatic"]),
        bounces=tuple(
            Bounce(**{f.name: _text(bounce[f.name]) for f in fields(Bounce)}) for bounce in _list(document["bounces"])
        ),
        headers={_text(name): _text(value) for name, value in document["headers"].items()},
        enclosures=tuple(_enclosures(_list(document["enclosures"]), contents)),
    )


def _enclosures(described: list[Any], contents: bytes) -> list[Enclosure]:
    files: list[Enclosure] = []
    place = 0
    for file in described:
        size = file["size"]
        if not isinstance(size, int) or not 0 <= size <= len(contents) - place:
            raise ValueError("size")
        content = contents[place : place + size]
        files.append(Enclosure(_text(file["name"]), _text(file["content_type"]), content, _text(file["content_id"])))
        place += size
    if place != len(contents):
        raise ValueError("contents")
    return files


def _mailbox(mailbox: Mailbox) -> dict[str, str]:
    return {"address": mailbox.address, "name": mailbox.name}


def _read_mailbox(value: Any) -> Mailbox:
    return Mailbox(_text(value["address"]), _text(value["name"]))


def _signature(value: Any) -> Signature:
    names = tuple(_text(name) for name in _list(value["names"]))
    return Signature(_text(value["domain"]), _text(value["selector"]), _text(value["value"]), names)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("list")
    return value
