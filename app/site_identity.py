"""A host site's word for who its visitor is."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import jwt

from app.sites import Sites
from customers.errors import IdentityTokenRefused
from customers.identity_token import accept_identity, read_identity_token
from storage.engine import Database


def takes_identity(
    database: Database, sites: Sites, now: Callable[[], datetime]
) -> Callable[[str, str], Awaitable[None]] | None:
    """Takes a host site's word for who its visitor is; None where no site signs."""
    if not sites.identity:
        return None

    async def accept(conversation: str, token: str) -> None:
        site = sites.identity.get(_issuer(token))
        if site is None:
            raise IdentityTokenRefused("no site signs as this issuer")
        claims = read_identity_token(token, site, at=now())
        async with database.unit_of_work() as work:
            await accept_identity(work, claims, UUID(conversation), at=now())

    return accept


def _issuer(token: str) -> str:
    """Whose key to check with; nothing of the token is believed yet."""
    try:
        claimed = jwt.decode(token, options={"verify_signature": False}).get("iss", "")
    except jwt.InvalidTokenError as error:
        raise IdentityTokenRefused("the token cannot be read") from error
    return claimed if isinstance(claimed, str) else ""
