"""How much a client may send, and how often."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

KEYS_MAX = 50_000
"""Conversations or addresses remembered at once; beyond that the quietest are forgotten."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and then so many a second."""

    burst: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes unless named otherwise; durations in seconds."""

    body_max: int = 256 * 1024
    body_deadline_s: float = 20
    text_max: int = 8_000  # characters
    depth_max: int = 24
    nodes_max: int = 5_000  # values in one JSON document
    value_depth_max: int = 8
    key_max: int = 100  # characters of clientActivityID
    file_max: int = 10 * 1024 * 1024
    files_max: int = 10
    upload_max: int = 25 * 1024 * 1024
    upload_deadline_s: float = 110
    per_conversation: Rate = Rate(burst=30, per_s=2)
    posts_per_address: Rate = Rate(burst=300, per_s=50)
    requests_per_address: Rate = Rate(burst=3_000, per_s=500)
    page_max: int = 50  # activities in one set
    sockets_max: int = 20  # per conversation
    socket_age_max_s: float = 4 * 3600
    keep_alive_s: float = 20
    heartbeat_s: float = 25
    send_deadline_s: float = 20
    patience_s: float = 8


class RateLimiter:
    """One allowance per key, by the generic cell rate algorithm: one instant of state per key."""

    def __init__(self, rate: Rate, *, keys_max: int = KEYS_MAX) -> None:
        self._step = timedelta(seconds=1 / rate.per_s)
        self._burst = self._step * rate.burst
        self._keys_max = keys_max
        self._full_until: dict[str, datetime] = {}

    def wait_s(self, key: str, *, at: datetime) -> float:
        """0 when it is allowed, and then it is counted; otherwise the seconds until it will be."""
        until = max(self._full_until.get(key, at), at)
        if until - at > self._burst:  # only a clock set back explains this
            until = at
        excess = (until + self._step) - (at + self._burst)
        if excess > timedelta(0):
            return excess.total_seconds()
        self._full_until[key] = until + self._step
        if len(self._full_until) > self._keys_max:
            self._forget(at)
        return 0

    def _forget(self, at: datetime) -> None:
        busy = {key: until for key, until in self._full_until.items() if until > at}
        if len(busy) > self._keys_max // 2:
            latest = sorted(busy.items(), key=lambda item: item[1])[-self._keys_max // 2 :]
            busy = dict(latest)
        self._full_until = busy


def address_group(address: str) -> str:
    """What one caller is counted by: an IPv4 address, or the /64 network one IPv6 customer owns."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
