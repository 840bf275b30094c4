"""The tokens in our own addresses: whose answer is this, and which mail came back.

"support+c-<token>@" takes answers to a conversation, "support+b-<token>@" bounces of one mail, "support+f-<token>@"
answers to a forwarded case, "support+n-<token>@" answers to a notice. A token is 128 bits of an HMAC, in letters whose
case does not matter; the desk keeps its SHA-256. It proves where a mail was sent from, never who wrote it.
"""

import base64
import hmac
import re
from enum import StrEnum
from hashlib import sha256

TOKEN_BYTES = 16
DETAIL = re.compile(r"\+(?P<kind>[cbfn])-(?P<token>[a-z2-7]{26})@", re.ASCII | re.IGNORECASE)


class TokenKind(StrEnum):
    """What a token is good for; the letter stands in the address."""

    CONVERSATION = "c"
    BOUNCE = "b"
    FORWARD = "f"
    NOTICE = "n"


def make_token(secret: bytes, kind: str, subject: str) -> str:
    """26 letters and digits: the same for the same thing, and nothing anybody could guess."""
    digest = hmac.digest(secret, b"\x00".join((b"mail", kind.encode(), subject.encode())), "sha256")
    return base64.b32encode(digest[:TOKEN_BYTES]).decode().rstrip("=").lower()


def token_hash(token: str) -> bytes:
    """What is kept of it, and searched by: so how long a look-up takes tells nothing about a token."""
    return sha256(token.lower().encode()).digest()


def with_token(address: str, kind: TokenKind, token: str) -> str:
    """ "support@desk.example" -> "support+c-...@desk.example"."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{kind}-{token}@{domain}"


def tokens_in(address: str) -> list[tuple[TokenKind, str]]:
    """The tokens an address carries: none, or one."""
    found = DETAIL.search(address)
    return [(TokenKind(found["kind"].lower()), found["token"].lower())] if found else []
