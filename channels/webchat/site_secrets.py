"""Server-to-server secrets: any conversation of one site. They never reach a page and are kept as hashes."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping

SECRET_PREFIX = "nds_"  # noqa: S105 - the public part, so that a scanner of leaked secrets can tell one


def new_secret() -> str:
    """A secret to give to a server: 256 random bits. Shown once; keep `hash_secret` of it."""
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """What is kept. The secret is random and long, so a plain hash cannot be searched."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class SiteSecrets:
    """The secrets of all sites that have one: hash by site key."""

    def __init__(self, hashes: Mapping[str, str] | None = None) -> None:
        self._hashes = dict(hashes or {})

    def site_of(self, typed: str) -> str | None:
        """The site whose secret this is, or None; the same work either way."""
        typed_hash = hash_secret(typed)
        matching = [site for site, kept in self._hashes.items() if hmac.compare_digest(kept, typed_hash)]
        return matching[0] if matching else None
