"""Passwords: argon2id with the library's current parameters, in threads, a few at a time."""

import asyncio
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from app.http.errors import SignInBusy

SIDE_BY_SIDE_MAX = 2
"""Each check holds 64 MiB and a processor; others of the desk's threads must not wait for it."""
WAITING_MAX = 32
BUSY_S = 5
hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """argon2id."""
    return hasher.hash(password)


class Passwords:
    """Checks what people type."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(SIDE_BY_SIDE_MAX)
        self._waiting = 0
        self._nobodys = _nobodys()

    async def fits(self, known: str | None, typed: str) -> bool:
        """Whether it is the password behind this hash; without one it is not, in the same time.

        Raises:
            SignInBusy: too many wait already.
        """
        if self._waiting >= WAITING_MAX:
            raise SignInBusy(BUSY_S)
        self._waiting += 1
        try:
            async with self._places:
                right = await asyncio.to_thread(_verify, known or self._nobodys, typed)
        finally:
            self._waiting -= 1
        return right and known is not None


@cache
def _nobodys() -> str:
    """The hash that is checked where there is none to check."""
    return hash_password(secrets.token_hex(16))


def _verify(known: str, typed: str) -> bool:
    try:
        return hasher.verify(known, typed)
    except (Argon2Error, InvalidHashError):
        return False
