"""A reaction to a mail: one sign, beside words that its program made for those who cannot show it.

Source: https://developers.google.com/workspace/gmail/reactions/format
"""

import orjson

KIND = "text/vnd.google.email-reaction+json"
BYTES_MAX = 1_000
CHARS_MAX = 32
"""Of one sign: a family is eleven."""


def sign(content: bytes) -> str:
    """The sign of a part of that kind; empty where it is none: letters and digits are words."""
    try:
        document = orjson.loads(content[:BYTES_MAX])
    except orjson.JSONDecodeError:
        return ""
    found = document.get("emoji") if isinstance(document, dict) else None
    if not isinstance(found, str) or not 0 < len(found) <= CHARS_MAX:
        return ""
    return "" if any(character.isalnum() or character.isspace() for character in found) else found
