"""The one web application: channels, API, pages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import as_file, files

import orjson
from aiohttp import web

from app.demo.load import DEMO_PASSWORD, demo_sign_ins
from app.demo.mailbox import DemoMailbox
from app.demo.pages import Guide, demo_routes
from app.http.case_routes import CaseRoutes
from app.http.endpoint import Endpoint, as_route
from app.http.health import Health
from app.http.help_pages import HelpPages
from app.http.openapi import openapi
from app.http.problems import problems
from app.http.session_routes import SessionRoutes
from app.http.sessions import Sessions
from app.http.static import widget_routes
from app.http.webchat import AcceptIdentity, PageTokens, page_token_routes
from app.live.feed import LiveFeed
from app.settings import LOOPBACK, Settings
from app.sites import Sites
from bot.activity import Sender
from bot.replies.catalogue import Catalogue
from channels.webchat.desk import MOUNT, WebChatDesk
from channels.webchat.routes import routes as webchat_routes
from storage.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpParts:
    """What the web application is made of."""

    settings: Settings
    database: Database
    now: Callable[[], datetime]
    catalogue: Catalogue
    webchat: WebChatDesk
    sites: Sites
    accept_identity: AcceptIdentity | None
    typing: Callable[[str, Sender], Awaitable[None]]
    searchable: Callable[[], bool]
    encoding: Callable[[], bool]
    mailbox: DemoMailbox | None


def make_application(parts: HttpParts) -> web.Application:
    """Every route, on one application."""
    settings = parts.settings
    sessions = Sessions(parts.database, parts.now, secure=not _is_loopback(settings))
    feed = LiveFeed(parts.database, sessions)
    endpoints = api_endpoints(parts, sessions, feed)
    application = web.Application(middlewares=[problems])
    application.add_routes([as_route(endpoint, sessions.of) for endpoint in endpoints])
    application.add_routes([web.get("/api/openapi.json", _document(endpoints))])
    application.add_routes(Health(parts.database, parts.searchable, parts.encoding).routes())
    application.add_routes(page_token_routes(_page_tokens(parts)))
    application.add_routes(HelpPages(parts.database, settings.company).routes())
    with as_file(files("web") / "dist") as dist:
        application.add_routes(widget_routes(dist, parts.sites.admitted))
    if parts.mailbox is not None:
        application.add_routes(demo_routes(parts.mailbox, _guide()))
    application.add_subapp(MOUNT, webchat_routes(parts.webchat))
    application.on_shutdown.append(lambda _: feed.close())
    return application


def api_endpoints(parts: HttpParts, sessions: Sessions, feed: LiveFeed) -> list[Endpoint]:
    """The agents' API."""
    cases = CaseRoutes(parts.database, parts.catalogue, parts.now, parts.typing)
    return [
        *SessionRoutes(parts.database, sessions, parts.now).endpoints(),
        *cases.endpoints(),
        *feed.endpoints(),
    ]


def _page_tokens(parts: HttpParts) -> PageTokens:
    return PageTokens(
        tokens=parts.webchat.tokens,
        sites=parts.sites.origins,
        clock=parts.now,
        own_origins=[parts.settings.origin],
        accept_identity=parts.accept_identity,
    )


def _document(endpoints: list[Endpoint]) -> Callable[[web.Request], Awaitable[web.Response]]:
    body = orjson.dumps(openapi(endpoints), option=orjson.OPT_INDENT_2)

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    return answer


def _guide() -> Guide:
    signs = demo_sign_ins()
    agent = next(one for one in signs if one.password is not None)
    customer = next(one for one in signs if one.password is None)
    return Guide(customer=customer.email, agent=agent.email, password=DEMO_PASSWORD)


def _is_loopback(settings: Settings) -> bool:
    return settings.host in LOOPBACK and not settings.public_url.startswith("https://")
