"""The help centre: every article the public may read, and single others for whoever was given their address."""

from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web

from app.http.open_pages import POLICY, OpenPages
from knowledge.article import Audience
from knowledge.articles import article, published
from knowledge.errors import ArticleNotFound
from knowledge.render import render_article
from storage.engine import Database

HEADERS = {
    "Content-Security-Policy": POLICY + "img-src 'self'; frame-ancestors 'self'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class HelpPages:
    """`/help` and `/help/{slug}`. What is not public answers like what does not exist.

    Args:
        opens: whether a signed address (slug, token) opens an article that is not public; internal ones stay closed.
    """

    def __init__(self, database: Database, pages: OpenPages, opens: Callable[[str, str], bool]) -> None:
        self._opens = opens
        self._database = database
        self._pages = pages

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/help", self.list), web.get("/help/{slug}", self.show)]

    async def list(self, request: web.Request) -> web.Response:
        async with self._database.snapshot() as snapshot:
            articles = await published(snapshot, audience=Audience.PUBLIC)
        return self._respond(request, articles=sorted(articles, key=lambda found: found.title))

    async def show(self, request: web.Request) -> web.Response:
        slug = request.match_info["slug"]
        audience = Audience.RETAILER if self._opens(slug, request.query.get("t", "")) else Audience.PUBLIC
        try:
            async with self._database.snapshot() as snapshot:
                found = await article(snapshot, slug, audience=audience)
        except ArticleNotFound:
            return self._respond(request, missing=True)
        return self._respond(request, article=found, body=render_article(found))

    def _respond(self, request: web.Request, **shown: object) -> web.Response:
        values = {"articles": [], "article": None, "body": "", "missing": False, **shown}
        status = HTTPStatus.NOT_FOUND if values["missing"] else HTTPStatus.OK
        language = self._pages.language(request)
        return self._pages.respond("help", language, values, status=status, headers=HEADERS)
