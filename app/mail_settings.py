"""By which addresses the desk is written to, and whose word it takes for a sender."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.settings import Settings
from channels.email.domain import ascii_address


@dataclass(frozen=True, slots=True)
class MailDesk:
    """
    Attributes:
        address: the one answers come from and go to.
        also: further addresses that mail comes in for.
        authserv: the name our own border signs Authentication-Results with; empty: nobody is vouched for.
        nameless: our border signs them with none, and puts one on every mail: the top-most is its own.
        resolver: without a border of ours that looks, signatures are checked here, with keys from this server (empty:
            the system's); None: nobody checks them.
    """

    address: str
    also: frozenset[str] = field(default=frozenset())
    authserv: str = ""
    nameless: bool = False
    resolver: str | None = None

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()

    def ours(self, address: str) -> bool:
        """Whether mail to it is for us: with whatever stands behind a plus."""
        local, at, domain = ascii_address(address.strip().strip("<>")).rpartition("@")
        return bool(at) and f"{local.partition('+')[0]}@{domain}" in {self.address.lower(), *self.also}

    def foreign(self, addresses: Iterable[str]) -> list[str]:
        """Those that are not ours, each once."""
        return [one for one in dict.fromkeys(addresses) if not self.ours(one)]


def mail_desk(settings: Settings) -> MailDesk:
    """As the environment says."""
    also = frozenset(ascii_address(part) for part in settings.mail_addresses.split(",") if part.strip())
    nameless = settings.mail_border == "microsoft365"
    resolver = settings.mail_resolver if settings.mail_border == "signatures" else None
    return MailDesk(settings.mail_from, also, settings.mail_authserv, nameless, resolver)
