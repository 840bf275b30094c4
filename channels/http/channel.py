"""One far side, as the company configured it."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from channels.http.signature import read_secret

NAME = re.compile(r"[a-z][a-z0-9_]{1,18}")
TAKEN = frozenset({"webchat", "email", "teams", "directline"})
"""Channels of the desk's own."""
NAMESPACE = UUID("0c9c4f0e-55c3-4d0d-9d5f-3b5a6f6f0d51")
SECRETS_MAX = 3


@dataclass(frozen=True, slots=True)
class HttpChannel:
    """
    Attributes:
        name: one lower-case word; conversations keep it as their channel.
        secrets: "whsec_" and base64. Each is believed and each signs, so that one can be replaced without a gap: put
            the new one first, tell the far side, take the old one out.
        deliver_to: where answers are posted. Nothing a customer writes can change it, and no redirect is followed.
        takes_once: the far side takes what comes twice under one `webhook-id` once. Then whatever may have been lost
            is posted again; without it a person has to.

    Raises:
        ValueError: something of that cannot be; the desk does not start.
    """

    name: str
    secrets: tuple[str, ...] = field(repr=False)
    deliver_to: str
    takes_once: bool = False

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or self.name in TAKEN:
            raise ValueError(f"'{self.name}' cannot be the name of a channel")
        if not 0 < len(self.secrets) <= SECRETS_MAX:
            raise ValueError(f"channel '{self.name}' needs 1 to {SECRETS_MAX} secrets")
        for secret in self.secrets:
            read_secret(secret)
        _check_target(self.name, self.deliver_to)

    @property
    def keys(self) -> tuple[bytes, ...]:
        return tuple(map(read_secret, self.secrets))

    def conversation(self, theirs: str) -> str:
        """The desk's id of a conversation that the far side calls so."""
        return str(uuid5(NAMESPACE, f"{self.name}\n{theirs}"))


def _check_target(name: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.username or parts.password or parts.fragment or not parts.hostname:
        raise ValueError(f"channel '{name}': deliver_to must be an address without name, password or fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ValueError(f"channel '{name}': deliver_to must begin with https://, or lead to this machine")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
