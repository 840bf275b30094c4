"""The host site says who its visitor is, in a token signed with the site's own key.

The desk holds public keys only: nothing found in a page or in the desk's files can make such a token. The algorithm
is the one the key is for, whatever the token's header says. Source: docs/reference/assurance.md
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from customers.assurance import Assurance, Assurances
from customers.contact import Contact
from customers.contacts import Contacts
from customers.errors import IdentityInvalid, IdentityTokenRefused, IdentityTokenReplayed
from customers.identities import Identity, IdentityKind, normalise
from customers.tables import used_tokens
from storage.transaction import UnitOfWork, insertion

TOKEN_CHARS_MAX = 8_000
LIFE_MAX = timedelta(minutes=10)
"""From `iat` to `exp`, and from `iat` to its use."""
CLOCK_SKEW = timedelta(seconds=60)
RSA_BITS_MIN = 2048
REQUIRED = ["aud", "exp", "iat", "iss", "jti", "sub"]
PROOF = "identity_token"


@dataclass(frozen=True, slots=True)
class IdentitySite:
    """A host site whose word is taken.

    Attributes:
        issuer: what `iss` must be, exactly.
        audience: what `aud` must be: this desk.
        keys: key id to public key in PEM (Ed25519, P-256 or RSA of 2048 bits and more).
    """

    issuer: str
    audience: str
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IdentityClaims:
    """What a checked token says. `email` is the site's word: kept, but never a reason to find somebody."""

    issuer: str
    subject: str
    jti: str
    expires_at: datetime
    name: str
    email: str | None
    language: str


def read_identity_token(token: str, site: IdentitySite, *, at: datetime) -> IdentityClaims:
    """Check signature, audience, issuer and times. Whether it was used before is checked when it is accepted.

    Raises:
        IdentityTokenRefused: it proves nothing.
    """
    if len(token) > TOKEN_CHARS_MAX:
        raise IdentityTokenRefused("the token is too long")
    claims = _decoded(token, site)
    issued_at, expires_at = _instant(claims, "iat"), _instant(claims, "exp")
    if issued_at > at + CLOCK_SKEW:
        raise IdentityTokenRefused("iat lies in the future")
    if at >= expires_at or at - issued_at > LIFE_MAX:
        raise IdentityTokenRefused("the token has expired")
    if expires_at - issued_at > LIFE_MAX:
        raise IdentityTokenRefused("exp lies too long after iat")
    if "nbf" in claims and _instant(claims, "nbf") > at + CLOCK_SKEW:
        raise IdentityTokenRefused("nbf lies in the future")
    return IdentityClaims(
        issuer=site.issuer,
        subject=_text(claims, "sub", 180),
        jti=_text(claims, "jti", 200),
        expires_at=expires_at,
        name=_optional(claims, "name", 200),
        email=_optional(claims, "email", 254) or None,
        language=_optional(claims, "locale", 20) or "en",
    )


async def accept_identity(work: UnitOfWork, claims: IdentityClaims, conversation: UUID, *, at: datetime) -> Assurance:
    """The conversation is verified as the contact with this web identity; a visitor never seen becomes a contact.

    Raises:
        IdentityTokenReplayed: at commit, when the token was used before.
    """
    used = insertion(used_tokens, issuer=claims.issuer, jti=claims.jti, expires_at=claims.expires_at)
    work.write(used, duplicate=IdentityTokenReplayed("the token was used before"))
    web = f"{claims.issuer}|{claims.subject}"
    known = await Contacts(work).by_identity(IdentityKind.WEB, web)
    contact = known[0] if known else _newcomer(claims, web, at)
    if not known:
        Contacts(work).add(contact)
    await Assurances(work).verify(conversation, contact.id, PROOF, at=at)
    return await Assurances(work).of(conversation, at=at)


def forget_used_tokens(work: UnitOfWork, *, at: datetime) -> None:
    """Drop tokens that could not be used again anyway."""
    work.write(sa.delete(used_tokens).where(used_tokens.c.expires_at < at - CLOCK_SKEW))


def _decoded(token: str, site: IdentitySite) -> Mapping[str, Any]:
    try:
        key, algorithm = _key(jwt.get_unverified_header(token), site)
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=site.audience,
            issuer=site.issuer,
            # The times are compared with the instant that was passed in, not with the library's own clock.
            options={
                "require": REQUIRED,
                "strict_aud": True,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.PyJWTError as error:
        raise IdentityTokenRefused(type(error).__name__) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise IdentityTokenRefused("the token cannot be read") from error


def _key(header: Mapping[str, Any], site: IdentitySite) -> tuple[Any, str]:
    if "crit" in header:
        raise IdentityTokenRefused("crit is not understood")
    pem = site.keys.get(str(header.get("kid", next(iter(site.keys)) if len(site.keys) == 1 else "")))
    if pem is None:
        raise IdentityTokenRefused("no key with this kid")
    key = load_pem_public_key(pem.encode())
    return key, algorithm_of(key)


def algorithm_of(key: Any) -> str:
    """The one algorithm a key is for.

    Raises:
        IdentityTokenRefused: the key is of no kind, or of no size, that is accepted.
    """
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "EdDSA"
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return "ES256"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_BITS_MIN:
        return "RS256"
    raise IdentityTokenRefused("the site's key must be Ed25519, P-256 or RSA of at least 2048 bits")


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise IdentityTokenRefused(f"{name} is not a number")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise IdentityTokenRefused(f"{name} is no instant") from error


def _text(claims: Mapping[str, Any], name: str, most: int) -> str:
    value = claims[name]
    if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
        raise IdentityTokenRefused(f"{name} must be a text of 1 to {most} characters")
    return value


def _optional(claims: Mapping[str, Any], name: str, most: int) -> str:
    value = claims.get(name)
    return " ".join(value.split())[:most] if isinstance(value, str) else ""


def _newcomer(claims: IdentityClaims, web: str, at: datetime) -> Contact:
    known = [Identity(IdentityKind.WEB, web, claims.issuer, at)]
    if claims.email and (email := _email(claims.email)):
        known.append(Identity(IdentityKind.EMAIL, email, claims.issuer, at, on_file=False))
    return Contact(uuid4(), claims.name, claims.language, tuple(known), (), claims.issuer, at)


def _email(typed: str) -> str | None:
    try:
        return normalise(IdentityKind.EMAIL, typed)
    except IdentityInvalid:
        return None
