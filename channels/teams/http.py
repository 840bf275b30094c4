"""The desk's own connections to Microsoft: one session, made when it is first needed, closed with the desk."""

from typing import Any

import orjson
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

JSON_MAX = 1024 * 1024  # bytes
DOCUMENT_TIMEOUT_S = 4.0
CALL_TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 5.0
KEPT_ALIVE_S = 10.0
"""Shorter than Microsoft's own: a connection that was just closed there makes a message ambiguous."""


class TeamsHttp:
    """Connections, certificates checked, no proxy of the environment, no redirect followed, no cookie kept."""

    def __init__(self) -> None:
        self._session: ClientSession | None = None

    @property
    def session(self) -> ClientSession:
        if self._session is None or self._session.closed:
            self._session = ClientSession(
                connector=TCPConnector(keepalive_timeout=KEPT_ALIVE_S, limit=200),
                timeout=ClientTimeout(total=CALL_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
                cookie_jar=DummyCookieJar(),
                headers={"User-Agent": "nightdesk"},
            )
        return self._session

    async def get_json(self, url: str) -> Any:
        """A JSON document, small and soon.

        Raises:
            ValueError: another status, too large, or no JSON.
            aiohttp.ClientError, TimeoutError, OSError: it does not answer.
        """
        timeout = ClientTimeout(total=DOCUMENT_TIMEOUT_S)
        async with self.session.get(url, timeout=timeout, allow_redirects=False) as response:
            if response.status != 200:
                raise ValueError(f"status {response.status}")
            return orjson.loads(await short_body(response.content))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


async def short_body(content: Any, size_max: int = JSON_MAX) -> bytes:
    """The body of an answer.

    Raises:
        ValueError: it is larger than any answer of this kind.
    """
    taken = bytearray()
    async for chunk in content.iter_any():
        taken += chunk
        if len(taken) > size_max:
            raise ValueError("the answer is too large")
    return bytes(taken)
