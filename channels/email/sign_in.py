"""How the desk signs in at a mail server, to fetch or to send: by a password, or an OAuth access token (XOAUTH2)."""

import asyncio
from collections.abc import Callable, Coroutine
from ipaddress import ip_address
from typing import Any, Literal

Security = Literal["tls", "starttls", "plain"]
Secret = Callable[[], Coroutine[Any, Any, str]]
"""Asked for the password or an access token; raises `TokenMissing`."""


class TokenMissing(Exception):
    """The command that gives an access token did not; says why, and nothing that it printed."""


def known(secret: str) -> Secret:
    """The same whenever it is asked for."""

    async def give() -> str:
        return secret

    return give


def keep_from_listeners(security: Security, host: str, *, oauth: bool) -> None:
    """Whoever listens on the line learns no mail, and no access token.

    Raises:
        ValueError: plain text would leave this machine, or an access token would travel in it.
    """
    if security != "plain":
        return
    if oauth:
        raise ValueError("an access token is sent through TLS only")
    if not _is_loopback(host):
        raise ValueError("without TLS mail is fetched from and sent to the loopback only")


class KeptSecret:
    """Kept from one sign-in to the next until a server refuses it: a token takes longer to get than a mail to send."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._kept: str | None = None
        self._asking = asyncio.Lock()

    async def give(self, *, refused: str | None = None) -> str:
        """What is kept, unless it is what a server has refused: then what the source says now, perhaps the same.

        However many are refused at one time, it is asked for once.

        Raises:
            TokenMissing: there is none now; the next asks again.
        """
        async with self._asking:
            if self._kept == refused:
                self._kept = None
            if self._kept is None:
                self._kept = await self._secret()
            return self._kept


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
