"""The files of a mail, inert: never opened, never unpacked, under a name that is safe to show and to save."""

import mimetypes
import re
import unicodedata
from contextlib import suppress

from channels.email.letter import Enclosure
from channels.email.reading.ids import message_ids
from channels.email.reading.limits import NAME_CHARS_MAX
from channels.email.reading.mime import Part

FORBIDDEN = re.compile(r'[<>:"|?*%\x00-\x1f\x7f]')
RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")
TNEF_KINDS = {"application/ms-tnef", "application/vnd.ms-tnef"}
SUFFIXES = {
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/plain": ".txt",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
}


def enclosure(part: Part, number: int) -> Enclosure:
    """The file that a part is; `number` names it where the mail does not."""
    name = safe_name(part.file_name) or f"attachment-{number}{_suffix(part.kind)}"
    inline = next(iter(message_ids(part.headers.first("content-id"))), "")
    return Enclosure(name=name, content_type=part.kind, content=part.content, content_id=inline)


def safe_name(name: str) -> str:
    """Without folders, invisible or turning letters, leading dots and what a file system minds; "" if that is all."""
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C")
    plain = " ".join(FORBIDDEN.sub("_", shown).split()).strip(". ")
    if RESERVED.fullmatch(plain):
        plain = f"_{plain}"
    stem, dot, suffix = plain.rpartition(".")
    if len(plain) > NAME_CHARS_MAX and dot and len(suffix) <= 10:
        return f"{stem[: NAME_CHARS_MAX - 11]}.{suffix}"
    return plain[:NAME_CHARS_MAX]


def is_tnef(part: Part) -> bool:
    """What Outlook wraps files in for nobody but itself."""
    return part.kind in TNEF_KINDS or part.file_name.lower() == "winmail.dat"


def from_tnef(part: Part) -> tuple[list[Enclosure], str] | None:
    """The files and the words in a winmail.dat; None if it cannot be read or tnefparse is missing."""
    with suppress(Exception):  # an optional reader of a hostile format: whatever it raises, the file stays as it came
        from tnefparse import TNEF

        opened = TNEF(part.content, do_checksum=False)
        files = [
            Enclosure(
                name=safe_name(str(file.long_filename() or file.name or "")) or f"attachment-{number}",
                content_type=mimetypes.guess_type(str(file.name or ""))[0] or "application/octet-stream",
                content=bytes(file.data or b""),
            )
            for number, file in enumerate(opened.attachments, start=1)
        ]
        body = opened.body or b""
        return files, body if isinstance(body, str) else body.decode("cp1252", "replace")
    return None


def _suffix(kind: str) -> str:
    return SUFFIXES.get(kind) or mimetypes.guess_extension(kind) or ""
