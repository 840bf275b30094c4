"""The help centre: every article the public may read, and single others for whoever was given their address."""

from collections.abc import Callable
from http import HTTPStatus
from importlib.resources import files

from aiohttp import web
from jinja2 import DictLoader, Environment, StrictUndefined

from knowledge.article import Audience
from knowledge.articles import article, published
from knowledge.errors import ArticleNotFound
from knowledge.render import render_article
from storage.engine import Database

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class HelpPages:
    """`/help` and `/help/{slug}`. What is not public answers like what does not exist.

    Args:
        opens: whether a signed address (slug, token) opens an article that is not public; internal ones stay closed.
    """

    def __init__(self, database: Database, company: str, opens: Callable[[str, str], bool]) -> None:
        self._opens = opens
        self._database = database
        self._company = company
        page = files("app.http").joinpath("help.html").read_text("utf-8")
        self._page = Environment(
            loader=DictLoader({"help.html": page}), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        ).get_template("help.html")

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/help", self.list), web.get("/help/{slug}", self.show)]

    async def list(self, _: web.Request) -> web.Response:
        async with self._database.snapshot() as snapshot:
            articles = await published(snapshot, audience=Audience.PUBLIC)
        return self._respond(articles=sorted(articles, key=lambda found: found.title), article=None, body="")

    async def show(self, request: web.Request) -> web.Response:
        slug = request.match_info["slug"]
        audience = Audience.RETAILER if self._opens(slug, request.query.get("t", "")) else Audience.PUBLIC
        try:
            async with self._database.snapshot() as snapshot:
                found = await article(snapshot, slug, audience=audience)
        except ArticleNotFound:
            return self._respond(articles=[], article=None, body="", status=HTTPStatus.NOT_FOUND)
        return self._respond(articles=[], article=found, body=render_article(found))

    def _respond(self, *, status: HTTPStatus = HTTPStatus.OK, **values: object) -> web.Response:
        text = self._page.render(company=self._company, missing=status is HTTPStatus.NOT_FOUND, **values)
        return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)
