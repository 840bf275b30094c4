"""Whose address a request comes from when a reverse proxy hands it on, so that limits count visitors, not the proxy."""

from collections.abc import Awaitable, Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from aiohttp import web
from aiohttp.typedefs import Middleware

HEADER = "X-Forwarded-For"
HOPS_MAX = 20
Network = IPv4Network | IPv6Network
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def proxies(listed: str) -> tuple[Network, ...]:
    """ "127.0.0.1, 10.0.0.0/8" as networks.

    Raises:
        ValueError: one of them is no address or network.
    """
    return tuple(ip_network(part.strip()) for part in listed.split(",") if part.strip())


def sender(remote: str, forwarded: list[str], trusted: tuple[Network, ...]) -> str:
    """The nearest address that is not one of our proxies: whatever stands further left, anybody may have written.

    Args:
        forwarded: the header's lines as they came; the last entry was added by the proxy next to us.
    """
    hops = [part.strip() for line in forwarded for part in line.split(",") if part.strip()]
    found = remote
    for hop in reversed(hops[-HOPS_MAX:]):
        if not _is_trusted(found, trusted) or not _is_address(hop):
            break
        found = hop
    return found


def behind(trusted: tuple[Network, ...]) -> Middleware:
    """The middleware: `request.remote` becomes the visitor's address, when a proxy of ours says so."""

    @web.middleware
    async def replace(request: web.Request, handler: Handler) -> web.StreamResponse:
        remote = request.remote or ""
        found = sender(remote, request.headers.getall(HEADER, []), trusted) if trusted else remote
        return await handler(request if found == remote else request.clone(remote=found))

    return replace


def _is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
