"""Files of strangers: fetched from public addresses over https, within a size and a time, and never looked into."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self
from urllib.parse import urljoin, urlsplit

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector
from yarl import URL

from channels.file_names import safe_type
from channels.public_address import Address, PublicResolver, is_public

REDIRECTS_MAX = 3
CHUNK = 64 * 1024
URL_MAX = 4_000
MOVED = (301, 302, 303, 307, 308)


class FetchFailed(Exception):
    """The file cannot be had; `final` when trying again would change nothing."""

    def __init__(self, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.final = final


@dataclass(frozen=True, slots=True)
class Fetched:
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """
    Attributes:
        size_max, total_max: bytes of a file, and of all files of a message.
        at_once_max: files that are fetched or left at the same time, of all conversations: so many are in memory.
        schemes, may_reach, trust: tests fetch from a server on the loopback.
    """

    size_max: int = 20 * 1024 * 1024
    total_max: int = 60 * 1024 * 1024
    at_once_max: int = 4
    timeout_s: float = 20.0
    schemes: tuple[str, ...] = ("https",)
    may_reach: Callable[[Address], bool] = is_public
    trust: ssl.SSLContext | None = None


class Fetcher:
    """Use as a context manager: its connections are its own and live as long as it does."""

    def __init__(self, limits: FetchLimits) -> None:
        self._limits = limits
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = TCPConnector(
            resolver=PublicResolver(self._limits.may_reach),
            use_dns_cache=False,
            ssl=self._limits.trust or True,
            force_close=True,
        )
        # What is compressed stays so: nothing is unpacked, whatever it claims to be.
        self._session = ClientSession(
            connector=connector,
            timeout=ClientTimeout(total=self._limits.timeout_s),
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "nightdesk"},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None, room: int | None = None) -> Fetched:
        """The file at an address.

        Args:
            headers: for this address alone; where it sends us on, they are left out.
            room: bytes it may have, where that is less than any file may have.

        Raises:
            FetchFailed: it is not there, not public, too large or too slow.
        """
        for _ in range(REDIRECTS_MAX + 1):
            async with self._asked("GET", url, headers=headers) as response:
                if response.status in MOVED:
                    url, headers = _moved(url, response.headers.get("Location", "")), None
                    continue
                _judge(response)
                size_max = min(self._limits.size_max, self._limits.size_max if room is None else room)
                content = await _content(response, size_max)
                return Fetched(safe_type(response.headers.get("Content-Type")), content)
        raise FetchFailed("it is sent on and on", final=True)

    async def put(self, url: str, content: bytes) -> None:
        """Leave a file at an upload address of Microsoft's; once more is the same.

        Raises:
            FetchFailed: it was not taken.
        """
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Range": f"bytes 0-{max(len(content) - 1, 0)}/{len(content)}",
        }
        async with self._asked("PUT", url, headers=headers, content=content) as response:
            _judge(response)

    def _asked(
        self, method: str, url: str, *, headers: Mapping[str, str] | None, content: bytes | None = None
    ) -> "_Asked":
        self._check(url)
        assert self._session is not None, "use it in `async with`"  # noqa: S101
        return _Asked(self._session, method, url, headers, content)

    def _check(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname or "", parts.port
        except ValueError as error:
            raise FetchFailed("the address is malformed", final=True) from error
        if len(url) > URL_MAX or parts.scheme not in self._limits.schemes or not host or parts.username is not None:
            raise FetchFailed("the address is of no kind that is fetched", final=True)
        try:
            address = _as_address(URL(url).host or host)  # a resolver is not asked about addresses in digits
        except ValueError as error:
            raise FetchFailed("the address is malformed", final=True) from error
        if address is not None and not self._limits.may_reach(address):
            raise FetchFailed("the address is not public", final=True)


class _Asked:
    """One exchange; what goes wrong on the way is one kind of error."""

    def __init__(
        self, session: ClientSession, method: str, url: str, headers: Mapping[str, str] | None, content: bytes | None
    ) -> None:
        try:
            self._context = session.request(method, url, headers=headers, data=content, allow_redirects=False)
        except ValueError as error:
            raise FetchFailed("the address is malformed", final=True) from error

    async def __aenter__(self) -> ClientResponse:
        try:
            return await self._context.__aenter__()
        except (ClientError, OSError, ValueError) as error:
            raise FetchFailed(type(error).__name__, final=isinstance(error, ValueError)) from error

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        await self._context.__aexit__(kind, error, None)
        if isinstance(error, ClientError | OSError):
            raise FetchFailed(type(error).__name__, final=False) from error


async def _content(response: ClientResponse, size_max: int) -> bytes:
    """What says itself that it is too large is not begun."""
    taken = bytearray()
    if (response.content_length or 0) > size_max:
        raise FetchFailed("it is too large", final=True)
    async for chunk in response.content.iter_chunked(CHUNK):
        taken += chunk
        if len(taken) > size_max:
            raise FetchFailed("it is too large", final=True)
    return bytes(taken)


def _moved(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise FetchFailed("it is sent on to nowhere", final=True) from error


def _judge(response: ClientResponse) -> None:
    if not 200 <= response.status < 300:
        raise FetchFailed(f"status {response.status}", final=400 <= response.status < 500 and response.status != 429)


def _as_address(host: str) -> Address | None:
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
