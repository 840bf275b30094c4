"""The one web application: channels, API, pages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import as_file, files

from aiohttp import web

from app.demo.load import DEMO_PASSWORD, demo_sign_ins
from app.demo.mailbox import DemoMailbox
from app.demo.pages import Guide, demo_routes
from app.http.answer_check_pages import AnswerCheckPages
from app.http.api_pages import DOCS, ApiPages
from app.http.board_routes import BoardRoutes
from app.http.callback_routes import CallbackRoutes
from app.http.case_acting import CaseActing
from app.http.case_delivering import CaseDelivering
from app.http.case_files import CaseFiling
from app.http.case_keeping import CaseKeeping
from app.http.case_opening import CaseOpening
from app.http.case_reading import CaseReading
from app.http.case_relating import CaseRelating
from app.http.case_suggesting import CaseSuggesting
from app.http.case_watching import CaseWatching
from app.http.clock_routes import ClockRoutes
from app.http.contact_routes import ContactRoutes
from app.http.endpoint import Endpoint, as_route
from app.http.forwarded import behind, proxies
from app.http.headers import safe_headers
from app.http.health import Health
from app.http.help_pages import HelpPages
from app.http.mail_routes import MailRoutes
from app.http.notice_routes import NoticeRoutes
from app.http.open_pages import OpenPages
from app.http.own_pages import needs_https, only_own_pages, own_pages
from app.http.preference_pages import PreferencePages
from app.http.preference_routes import PreferenceRoutes
from app.http.problems import problems
from app.http.routing_routes import RoutingRoutes
from app.http.rulebook_routes import RulebookRoutes
from app.http.session_routes import SessionRoutes
from app.http.sessions import Sessions
from app.http.static import widget_routes
from app.http.survey_pages import SurveyPages
from app.http.teams import teams_routes
from app.http.webchat import AcceptIdentity, PageTokens, page_token_routes
from app.http.workspace_pages import workspace_routes
from app.live.feed import LiveFeed
from app.live.watching import Watching
from app.notice_links import NoticeLinks
from app.settings import Settings
from app.sites import Sites
from bot.activity import Sender
from bot.replies.catalogue import Catalogue
from caseengine.likeness import Meaning
from caseengine.reading.reach import ReachedAlone, nobody_alone
from channels.http.routes import MOUNT as HTTP_MOUNT
from channels.http.routes import HttpDesk
from channels.http.routes import routes as http_routes
from channels.teams.answer import TakesMessages
from channels.webchat.desk import MOUNT, WebChatDesk
from channels.webchat.routes import routes as webchat_routes
from knowledge.answer import Knowledge, Passage
from storage.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """What the agents' API is made of.

    Attributes:
        article_address: where a passage's article is read, "" where it has no page.
        meaning: tells how like cases are; None: by their words alone.
        reached_alone: as `caseengine.operations.sending.Telling` has it.
    """

    database: Database
    now: Callable[[], datetime]
    catalogue: Catalogue
    typing: Callable[[str, Sender], Awaitable[None]]
    knowledge: Knowledge
    article_address: Callable[[Passage], str]
    meaning: Meaning | None = None
    reached_alone: ReachedAlone = nobody_alone


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpParts(ApiParts):
    """What the web application is made of."""

    settings: Settings
    webchat: WebChatDesk
    sites: Sites
    accept_identity: AcceptIdentity | None
    opens_article: Callable[[str, str], bool]
    searchable: Callable[[], bool]
    encoding: Callable[[], bool]
    mailbox: DemoMailbox | None
    notice_links: NoticeLinks | None = None
    http_channels: HttpDesk | None = None
    teams: TakesMessages | None = None


def make_application(parts: HttpParts) -> web.Application:
    """Every route, on one application. Customers' typing goes to the live feed from now on."""
    sessions = Sessions(parts.database, parts.now, secure=needs_https(parts.settings))
    watching = Watching(parts.now)
    feed = LiveFeed(parts.database, sessions, watching)
    parts.webchat.heard_typing = feed.heard_typing
    application = web.Application(
        middlewares=[
            behind(proxies(parts.settings.trusted_proxies)),
            problems,
            only_own_pages(own_pages(parts.settings)),
        ]
    )
    add_api(application, api_endpoints(parts, sessions, watching, feed), sessions)
    add_pages(application, parts)
    application.add_subapp(MOUNT, webchat_routes(parts.webchat))
    if parts.http_channels is not None and parts.http_channels.channels:
        application.add_subapp(HTTP_MOUNT, http_routes(parts.http_channels))
    application.on_response_prepare.append(safe_headers)
    application.on_shutdown.append(lambda _: feed.close())
    return application


def api_endpoints(parts: ApiParts, sessions: Sessions, watching: Watching, feed: LiveFeed) -> list[Endpoint]:
    """The agents' API."""
    reading = CaseReading(parts.database, parts.now, parts.reached_alone)
    acting = CaseActing(parts.database, parts.catalogue, parts.now, parts.typing, reading)
    return [
        *SessionRoutes(parts.database, sessions, parts.now).endpoints(),
        *reading.endpoints(),
        *CaseOpening(parts.database, parts.now, acting, reading, parts.meaning).endpoints(),
        *CaseFiling(parts.database, parts.now).endpoints(),
        *acting.endpoints(),
        *CaseRelating(parts.database, parts.now, parts.catalogue, acting, parts.meaning).endpoints(),
        *CaseKeeping(parts.database, acting).endpoints(),
        *CaseDelivering(acting).endpoints(),
        *CaseSuggesting(parts.database, parts.knowledge, parts.article_address).endpoints(),
        *CaseWatching(parts.database, sessions, watching, feed.heard_watching).endpoints(),
        *ClockRoutes(parts.database, parts.now).endpoints(),
        *NoticeRoutes(parts.database, parts.now).endpoints(),
        *MailRoutes(parts.database, parts.now).endpoints(),
        *ContactRoutes(parts.database, parts.now).endpoints(),
        *PreferenceRoutes(parts.database, parts.catalogue.zone.key, parts.now).endpoints(),
        *RoutingRoutes(parts.database, parts.catalogue, parts.now, acting).endpoints(),
        *CallbackRoutes(parts.database, parts.now, acting).endpoints(),
        *RulebookRoutes(parts.database, parts.now).endpoints(),
        *BoardRoutes(parts.database, parts.now).endpoints(),
        *feed.endpoints(),
    ]


def add_api(application: web.Application, endpoints: list[Endpoint], sessions: Sessions) -> None:
    """The endpoints, and the document and page that describe them."""
    application.add_routes([as_route(endpoint, sessions.of) for endpoint in endpoints])
    application.add_routes(ApiPages(endpoints).routes())


def add_pages(application: web.Application, parts: HttpParts) -> None:
    """What is read by people and machines that have not signed in."""
    application.add_routes(Health(parts.database, parts.searchable, parts.encoding).routes())
    application.add_routes(page_token_routes(_page_tokens(parts)))
    pages = OpenPages(parts.settings.company)
    application.add_routes(HelpPages(parts.database, pages, parts.opens_article).routes())
    application.add_routes(AnswerCheckPages(parts.database, pages, parts.catalogue.words, parts.now).routes())
    application.add_routes(SurveyPages(parts.database, pages, parts.now).routes())
    if parts.notice_links is not None:
        wishes = PreferencePages(parts.database, parts.notice_links, pages, parts.settings.zone, parts.now)
        application.add_routes(wishes.routes())
    if parts.teams is not None:
        application.add_routes(teams_routes(parts.teams))
    with as_file(files("web") / "dist") as dist:
        application.add_routes(widget_routes(dist, parts.sites.admitted))
        application.add_routes(workspace_routes(dist, parts.settings.company))
    if parts.mailbox is not None:
        application.add_routes(demo_routes(parts.mailbox, _guide()))


def _page_tokens(parts: HttpParts) -> PageTokens:
    return PageTokens(
        tokens=parts.webchat.tokens,
        sites=parts.sites.origins,
        clock=parts.now,
        own_origins=parts.settings.origins,
        accept_identity=parts.accept_identity,
    )


def _guide() -> Guide:
    """The supervisor sees every department, so a newcomer finds their case whatever they write about."""
    signs = demo_sign_ins()
    agent = next(one for one in signs if one.role == "supervisor")
    customer = next(one for one in signs if one.password is None)
    return Guide(customer=customer.email, agent=agent.email, password=DEMO_PASSWORD, reference=DOCS)
