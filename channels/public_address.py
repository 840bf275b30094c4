"""Addresses that belong to everybody: what a stranger names is fetched from there and from nowhere else."""

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

Address = IPv4Address | IPv6Address
NAT64 = ip_network("64:ff9b::/96")
"""IPv6 addresses whose last four bytes are an IPv4 address."""

NOT_EVERYBODYS = tuple(
    map(
        ip_network,
        (
            "168.63.129.16/32",  # Azure's own services, at every machine there
            "192.0.0.0/24",  # of protocols and, at one cloud, its own services
            "::/96",  # IPv4 within IPv6, given up
            "::ffff:0:0:0/96",  # translated IPv4
            "64:ff9b:1::/48",  # translated within one network
            "fec0::/10",  # of one site, given up
            "3fff::/20",  # for documents
            "5f00::/16",  # of segment routing
        ),
    )
)
"""What a library may take for global, and nobody outside should reach."""


class AddressNotPublic(OSError):
    """The name leads into a network of somebody's own."""


def is_public(address: Address) -> bool:
    """Whether the whole internet may reach it: not this machine, not this network, not a cloud's own services."""
    if any(address in network for network in NOT_EVERYBODYS):
        return False
    if isinstance(address, IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour
        if hidden is None and address in NAT64:
            hidden = IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(hidden)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


class PublicResolver(AbstractResolver):
    """Resolves names to what may be reached. The address that was checked is the one that is connected to.

    Args:
        may_reach: tests let it reach the loopback.
    """

    def __init__(self, may_reach: Callable[[Address], bool] = is_public) -> None:
        self._may_reach = may_reach
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """
        Raises:
            AddressNotPublic: none of its addresses may be reached.
        """
        found = await self._resolver.resolve(host, port, family)
        reachable = [one for one in found if self._may_reach(ip_address(one["host"].partition("%")[0]))]
        if not reachable:
            raise AddressNotPublic(host)
        return reachable

    async def close(self) -> None:
        await self._resolver.close()
