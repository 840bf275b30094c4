"""Which names this desk goes by, and which pages may ask it for changes.

A browser names the page behind a request (`Origin`, `Sec-Fetch-Site`); programs that are no browsers do not, and are
held by the page token alone. Source: docs/reference/agents-api.md#who-may-call
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from app.http.body import SAFE_METHODS
from app.http.errors import CrossSite, UnknownHost
from app.http.problems import API
from app.settings import LOOPBACK, Settings

OPEN_TO_ALL = ("/healthz", "/readyz", "/metrics")
"""Asked for by machines that know nothing but an address."""
OWN_RULES = ("/api/webchat/",)
"""Called by pages of other sites, with rules of its own."""
FRIENDLY = ("same-origin", "none")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class OwnPages:
    """
    Attributes:
        names: host names the desk goes by; empty where it cannot know them.
        origin: scheme, host and port of our own pages as the world sees them; empty where it cannot know.
    """

    names: frozenset[str]
    origin: str

    def knows_host(self, request: web.Request) -> bool:
        return not self.names or _name(request.host) in self.names

    def is_foreign(self, request: web.Request) -> bool:
        """A page of another site asks. The host is known to be ours by now."""
        if request.headers.get("Sec-Fetch-Site", "none") not in FRIENDLY:
            return True
        origin = request.headers.get("Origin")
        return origin is not None and origin != self.origin and urlsplit(origin).netloc != request.host


def own_pages(settings: Settings) -> OwnPages:
    """By the public address where one is set; on the loopback its names; otherwise any name is believed."""
    public = urlsplit(settings.public_url).hostname
    if public:
        return OwnPages(frozenset({public, settings.host, *LOOPBACK}), settings.origin)
    loopback = settings.host in LOOPBACK
    return OwnPages(frozenset(LOOPBACK) if loopback else frozenset(), settings.origin if loopback else "")


def needs_https(settings: Settings) -> bool:
    """Whether cookies go over https alone: unless this is the loopback, or somebody said http in so many words."""
    if settings.public_url:
        return not settings.public_url.startswith("http://")
    return settings.host not in LOOPBACK


def only_own_pages(own: OwnPages) -> Middleware:
    """The middleware: no request under a foreign name, no change asked for by a foreign page."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not own.knows_host(request) and request.path not in OPEN_TO_ALL:
            raise UnknownHost
        ours = request.path.startswith(API) and not request.path.startswith(OWN_RULES)
        if ours and request.method not in SAFE_METHODS and own.is_foreign(request):
            raise CrossSite
        return await handler(request)

    return check


def _name(host: str) -> str:
    """ "desk.example:8080" -> "desk.example"; "[::1]:80" -> "::1"."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
