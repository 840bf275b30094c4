"""Conversation tokens: JWT, EdDSA, claims {conv, user, iat, exp, jti}.

The official client reads `user` out of the token, so the token is a JWT. Keys are files, so tokens survive a restart.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TOKEN_LIFETIME = timedelta(seconds=1800)
"""The official client refreshes every 15 minutes whatever it is told; much shorter tokens break it."""
STREAM_LIFETIME = timedelta(seconds=60)
FILE_LIFETIME = timedelta(hours=24)
FIRST_KEY = "webchat-0001"

Use = Literal["conversation", "stream", "file"]


class TokenRefused(Exception):
    """Not a token of ours, or not for this use."""


class TokenExpired(TokenRefused):
    """It was ours, and its time is over."""


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys that verify, by name; the last by name signs."""

    by_name: Mapping[str, Ed25519PrivateKey]

    @property
    def signing(self) -> str:
        return max(self.by_name)


def load_keys(folder: Path) -> Keys:
    """The keys in `folder` (`webchat-*.pem`), the first made when there is none.

    To change keys add a file with a later name; remove the old one once its tokens have expired (30 minutes).
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any(folder.glob("webchat-*.pem")):
        _write_once(folder / f"{FIRST_KEY}.pem")
    return Keys({path.stem: _read(path) for path in sorted(folder.glob("webchat-*.pem"))})


def _write_once(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_suffix(f".{uuid4().hex}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails when another process was first: then its key is the key
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read(path: Path) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path.name} is no Ed25519 key")
    return key


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token opens.

    Attributes:
        user: the id every activity posted with it is from.
        origins: pages that may use it; empty is any.
        file: the one stored file, for a file link.
    """

    conversation: str
    user: str
    origins: tuple[str, ...] = ()
    file: str = ""


class Tokens:
    """Issues and reads tokens; a token for one use is never good for another."""

    def __init__(self, keys: Keys, *, lifetime: timedelta = TOKEN_LIFETIME) -> None:
        self._keys = keys
        self._public = {name: key.public_key() for name, key in keys.by_name.items()}
        self.lifetime = lifetime

    @property
    def expires_in(self) -> int:
        """Seconds a fresh token lasts, as the wire tells it."""
        return int(self.lifetime.total_seconds())

    def issue(self, conversation: str, user: str, *, at: datetime, origins: Sequence[str] = ()) -> str:
        """A token for one conversation and one visitor."""
        return self._sign(Grant(conversation, user, tuple(origins)), "conversation", self.lifetime, at)

    def issue_stream(self, grant: Grant, *, at: datetime) -> str:
        """The ticket in a stream address."""
        return self._sign(grant, "stream", STREAM_LIFETIME, at)

    def issue_file(self, conversation: str, file: str, *, at: datetime) -> str:
        """The ticket in a file link."""
        return self._sign(Grant(conversation, "", file=file), "file", FILE_LIFETIME, at)

    def read(self, token: str, *, at: datetime, use: Use = "conversation") -> Grant:
        """What the token opens.

        Raises:
            TokenExpired: its time is over.
            TokenRefused: it is not ours, was changed, or is for another use.
        """
        claims = self._verified(token)
        if claims.get("use", "conversation") != use:
            raise TokenRefused
        if claims["exp"] <= at.timestamp():
            raise TokenExpired
        return Grant(claims["conv"], claims["user"], tuple(claims.get("origins", ())), claims.get("file", ""))

    def _verified(self, token: str) -> dict[str, Any]:
        # Expiry is checked by the caller's clock, not by the library's.
        options: Any = {"verify_exp": False, "verify_iat": False, "require": ["conv", "user", "iat", "exp", "jti"]}
        try:
            key = self._public[str(jwt.get_unverified_header(token).get("kid"))]
            return jwt.decode(token, key, algorithms=["EdDSA"], options=options)
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError) as error:
            raise TokenRefused from error

    def _sign(self, grant: Grant, use: Use, lifetime: timedelta, at: datetime) -> str:
        issued = int(at.timestamp())
        claims: dict[str, Any] = {
            "conv": grant.conversation,
            "user": grant.user,
            "iat": issued,
            "exp": issued + int(lifetime.total_seconds()),
            "jti": uuid4().hex,
        }
        if use != "conversation":
            claims["use"] = use
        if grant.origins:
            claims["origins"] = list(grant.origins)
        if grant.file:
            claims["file"] = grant.file
        name = self._keys.signing
        return jwt.encode(claims, self._keys.by_name[name], algorithm="EdDSA", headers={"kid": name})
