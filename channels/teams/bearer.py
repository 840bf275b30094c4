"""The desk's own token towards Teams: fetched once for all who wait, renewed before it ends."""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import orjson
from aiohttp import ClientError, ClientTimeout

from channels.protocol import DeliveryFailed
from channels.teams.account import TeamsAccount
from channels.teams.http import TeamsHttp, short_body

EARLY_S = 300.0
"""It is renewed so long before it ends."""
TIMEOUT_S = 8.0
LIFE_MAX_S = 24 * 3600.0


class Bearer:
    """`header()` is what a call to an allowed host carries, and nothing else may see it."""

    def __init__(self, account: TeamsAccount, http: TeamsHttp, *, elapsed: Callable[[], float] = monotonic) -> None:
        self._account = account
        self._http = http
        self._elapsed = elapsed
        self._token = ""
        self._ends_at = 0.0
        self._task: asyncio.Task[None] | None = None

    async def header(self) -> Mapping[str, str]:
        """The Authorization header; none in the anonymous mode of development.

        Raises:
            DeliveryFailed: with `retry`: there is no token just now, so nothing was sent.
        """
        if self._account.anonymous:
            return {}
        left_s = self._ends_at - self._elapsed()
        if left_s < EARLY_S:
            failed = await self._renewed()
            if failed is not None and left_s <= 0:
                raise DeliveryFailed(f"no token: {failed}", retry=True) from failed
        return {"Authorization": f"Bearer {self._token}"}

    def forget(self, header: Mapping[str, str]) -> None:
        """Teams does not take it any more: the next call gets a new one."""
        if header.get("Authorization") == f"Bearer {self._token}":
            self._ends_at = 0.0

    async def _renewed(self) -> Exception | None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._renew())
        try:
            await asyncio.shield(self._task)
        except (ClientError, OSError, ValueError, KeyError, TypeError) as error:
            return error
        return None

    async def _renew(self) -> None:
        account = self._account
        form = {
            "grant_type": "client_credentials",
            "client_id": account.app_id,
            "client_secret": account.app_password,
            "scope": account.scope,
        }
        timeout = ClientTimeout(total=TIMEOUT_S)
        async with self._http.session.post(
            account.token_address, data=form, timeout=timeout, allow_redirects=False
        ) as response:
            answer: Any = orjson.loads(await short_body(response.content))
            if response.status != 200:
                raise ValueError(f"status {response.status} {_code(answer)}".strip())
        token, life_s = answer["access_token"], float(answer["expires_in"])
        if not isinstance(token, str) or not token.isascii() or not token:
            raise ValueError("no token in the answer")
        self._token, self._ends_at = token, self._elapsed() + min(life_s, LIFE_MAX_S)


def _code(answer: Any) -> str:
    """Microsoft's short word for what is wrong; the sentence beside it may repeat what was sent."""
    code = answer.get("error") if isinstance(answer, dict) else None
    return code[:60] if isinstance(code, str) and code.isprintable() else ""
