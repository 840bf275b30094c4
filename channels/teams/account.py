"""Which bot this desk is at Microsoft's, whom it listens to, and whom it may show its own token."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

CHANNEL = "teams"
WIRE_CHANNEL = "msteams"
"""What Microsoft calls the channel."""
OPENID_URL = "https://login.botframework.com/v1/.well-known/openidconfiguration"
TOKEN_URL = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"  # noqa: S105 (an address)
ISSUER = "https://api.botframework.com"
SCOPE = "https://api.botframework.com/.default"
ANY_TENANT = "botframework.com"
"""The token authority of a bot that is registered for several tenants."""
SERVICE_HOSTS = (
    "smba.trafficmanager.net",
    "smba.infra.gcc.teams.microsoft.com",
    "smba.infra.gov.teams.microsoft.us",
    "smba.infra.dod.teams.microsoft.us",
)
"""Teams' own hosts by full name: `*.trafficmanager.net` is anybody's."""


class AccountInvalid(ValueError):
    """The desk would listen to anybody, or show its token to anybody; `str()` says what to set."""


@dataclass(frozen=True, slots=True)
class TeamsAccount:
    """One bot registration.

    Attributes:
        tenants: the Microsoft tenants whose people are answered, lower case.
        app_tenant: the tenant the bot is registered in; empty for one that is registered for several.
        service_hosts: host names (https, usual port), or for tests whole origins on the loopback:
            "http://127.0.0.1:9000".
        scope: what the desk asks its own token for; another one in a government's cloud.
        anonymous: development: no token is asked for and none is sent. For a desk on the loopback alone.

    Raises:
        AccountInvalid: neither a bot nor the development flag; no tenant; an origin beyond the loopback.
    """

    app_id: str
    app_password: str = field(repr=False, default="")
    tenants: frozenset[str] = frozenset()
    app_tenant: str = ""
    service_hosts: frozenset[str] = frozenset(SERVICE_HOSTS)
    openid_url: str = OPENID_URL
    token_url: str = TOKEN_URL
    issuer: str = ISSUER
    scope: str = SCOPE
    anonymous: bool = False

    def __post_init__(self) -> None:
        if self.anonymous:
            return
        if not self.app_id or not self.app_password:
            raise AccountInvalid("set NIGHTDESK_TEAMS_APP_ID and NIGHTDESK_TEAMS_APP_PASSWORD")
        if not self.tenants:
            raise AccountInvalid("set NIGHTDESK_TEAMS_TENANTS to the tenants whose people may write")
        for host in self.service_hosts:
            if "/" in host and not is_loopback(urlsplit(host).hostname or ""):
                raise AccountInvalid("NIGHTDESK_TEAMS_SERVICE_HOSTS takes host names; origins on the loopback alone")

    @property
    def token_address(self) -> str:
        """Where the desk gets its own token."""
        return self.token_url.format(tenant=self.app_tenant or ANY_TENANT)

    def may_call(self, url: str) -> bool:
        """Whether this is a host of Teams, which may be given our words and, unless anonymous, our token."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        if parts.username is not None or parts.password is not None or _is_odd(url):
            return False
        if self.anonymous and is_loopback(host):
            return parts.scheme in ("http", "https")
        if _origin(parts) in self.service_hosts:
            return True
        return parts.scheme == "https" and port in (None, 443) and host in self.service_hosts

    def allows(self, tenant: str) -> bool:
        """Whether people of this tenant are answered."""
        return tenant.lower() in self.tenants or (self.anonymous and not self.tenants)


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _origin(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}".lower()


def _is_odd(url: str) -> bool:
    """Letters that one reader of URLs takes for part of the host and another does not."""
    return not url.isascii() or not url.isprintable() or any(letter in url for letter in "\\ #?")
