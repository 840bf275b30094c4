"""What a stranger called a file, made safe to show and to save."""

import re

from channels.document import clean_text

CONTENT_TYPE = re.compile(r"(?=.{3,100}$)[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,80}")
UNKNOWN_TYPE = "application/octet-stream"
NAME_MAX = 120
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Controls, and what breaks lines or turns the writing round: after U+202E, "gpj.exe" reads as "exe.jpg"."""


def safe_name(name: object) -> str:
    """The name alone, without folders and unseen characters; "file" where nothing is left."""
    plain = clean_text(str(name)) if isinstance(name, str) else ""
    plain = UNSEEN.sub("", plain.replace("\n", " ").replace("\t", " "))
    last = re.split(r"[/\\]", plain)[-1].strip(" .")
    if len(last) <= NAME_MAX:
        return last or "file"
    stem, dot, suffix = last.rpartition(".")
    return f"{stem[: NAME_MAX - 12]}{dot}{suffix[:11]}" if dot else last[:NAME_MAX]


def safe_type(content_type: str | None) -> str:
    """The media type without parameters, or that of bytes nobody knows anything about."""
    plain = (content_type or "").partition(";")[0].strip().lower()
    return plain if CONTENT_TYPE.fullmatch(plain) else UNKNOWN_TYPE
