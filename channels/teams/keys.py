"""The keys Microsoft signs with: fetched beside the requests and kept a day; nobody waits for them for long."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from channels.teams.account import is_loopback

log = logging.getLogger(__name__)
FRESH_S = 24 * 3600.0
"""After so long they are fetched anew, while the old ones still hold."""
HOLD_S = 48 * 3600.0
"""After so long without an answer of the key server nothing is believed any more."""
PAUSE_S = 30.0
"""An unknown key is asked for no more often than this."""
FIRST_PAUSE_S = 3.0
"""The same while there is no key at all."""
WAIT_S = 2.5
"""A request waits so long for keys; the fetch itself goes on."""
RSA_BITS_MIN = 2048
KEYS_MAX = 200

GetJson = Callable[[str], Awaitable[Any]]
"""The JSON document at an address; raises whatever goes wrong, within a time-out of its own."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key, and the channels it may sign for."""

    key: RSAPublicKey
    endorsements: frozenset[str]


class SigningKeys:
    """One fetch at a time, whoever asks."""

    def __init__(self, openid_url: str, get_json: GetJson, *, elapsed: Callable[[], float] = monotonic) -> None:
        self._openid_url = openid_url
        self._get_json = get_json
        self._elapsed = elapsed
        self._keys: Mapping[str, SigningKey] = {}
        self._fetched_at: float | None = None
        self._asked_at: float | None = None
        self._task: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> SigningKey | None:
        """The key of that name; None where there is none, or the key server does not answer in time."""
        known = self._held().get(kid)
        if known is not None:
            if self._age() > FRESH_S:
                self._refresh()
            return known
        task = self._refresh()
        if task is not None:
            await asyncio.wait({task}, timeout=WAIT_S)
        return self._held().get(kid)

    async def prepare(self) -> int:
        """Fetch them before the first request; how many there are."""
        task = self._refresh()
        if task is not None:
            await asyncio.wait({task})
        return len(self._held())

    async def close(self) -> None:
        """Wait for nothing any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _held(self) -> Mapping[str, SigningKey]:
        return self._keys if self._age() <= HOLD_S else {}

    def _age(self) -> float:
        return float("inf") if self._fetched_at is None else self._elapsed() - self._fetched_at

    def _refresh(self) -> asyncio.Task[None] | None:
        """The fetch under way, or a new one; None where the last was too short a time ago."""
        if self._task is not None and not self._task.done():
            return self._task
        pause = PAUSE_S if self._keys else FIRST_PAUSE_S
        if self._asked_at is not None and self._elapsed() - self._asked_at < pause:
            return None
        self._asked_at = self._elapsed()
        self._task = asyncio.create_task(self._fetch())
        return self._task

    async def _fetch(self) -> None:
        try:
            metadata = await self._get_json(self._openid_url)
            document = await self._get_json(_jwks_address(metadata, self._openid_url))
            keys = _read_keys(document)
        except Exception as error:  # the network, or a document that is none: the keys at hand go on
            log.warning("teams_keys_not_fetched: %s", type(error).__name__)
            return
        self._keys, self._fetched_at = keys, self._elapsed()


def _jwks_address(metadata: Any, openid_url: str) -> str:
    address = metadata["jwks_uri"]
    parts = urlsplit(address)
    on_loopback = is_loopback(parts.hostname or "") and is_loopback(urlsplit(openid_url).hostname or "")
    if parts.scheme != "https" and not on_loopback:
        raise ValueError("the keys are not behind https")
    return str(address)


def _read_keys(document: Any) -> Mapping[str, SigningKey]:
    listed = [one for one in document["keys"][:KEYS_MAX] if isinstance(one, dict)]
    keys = {one["kid"]: key for one in listed if isinstance(one.get("kid"), str) and (key := _read_key(one))}
    if not keys:
        raise ValueError("no key that could be used")
    return keys


def _read_key(document: Mapping[str, Any]) -> SigningKey | None:
    if document.get("kty") != "RSA" or document.get("use", "sig") != "sig":
        return None
    try:
        key = RSAAlgorithm.from_jwk(dict(document))
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if not isinstance(key, RSAPublicKey) or key.key_size < RSA_BITS_MIN:
        return None
    endorsements = document.get("endorsements")
    listed = endorsements if isinstance(endorsements, list) else []
    return SigningKey(key, frozenset(one for one in listed if isinstance(one, str)))
