"""The names our mails have: nothing that anybody could guess, and the same at every try."""

import hmac
from base64 import b32encode

from caseengine.mail_tokens import TokenKind, make_token


def message_id_of(secret: bytes, place: str, key: str, *, domain: str) -> str:
    """The same for the same key of the same place, and nothing that anybody could guess."""
    told = b"\x00".join((b"message", place.encode(), key.encode()))
    digest = hmac.digest(secret, told, "sha256")
    return f"c-{b32encode(digest[:16]).decode().rstrip('=').lower()}@{domain}"


def envelope_token(secret: bytes, message_id: str, recipient: str) -> str:
    """Of the sender of this recipient's own envelope."""
    return make_token(secret, TokenKind.BOUNCE, f"{message_id} {recipient}")
