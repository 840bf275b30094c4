"""Pages that customers open by a link: without script or sign-in, each in the language of whoever reads it."""

from collections.abc import Mapping
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

import yaml
from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
"""Of every page; a page adds what it needs beside."""
ASKING = {
    "Content-Security-Policy": POLICY + "frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""The headers of a page that asks for something: it is in no frame and in no cache."""
FORM_MAX = 16 * 1024  # bytes
FIELDS_MAX = 30
SPOKEN_FIRST = "en"


class OpenPages:
    """The templates and words in `app/http/pages/`.

    Attributes:
        words: by language and page.
    """

    def __init__(self, company: str) -> None:
        environment = Environment(
            loader=PackageLoader("app.http", "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        environment.globals["company"] = company
        self._environment = environment
        words = files("app.http").joinpath("pages", "words.yaml").read_text("utf-8")
        self.words: Mapping[str, Mapping[str, Any]] = yaml.safe_load(words)

    @property
    def languages(self) -> list[str]:
        """Those there are words in."""
        return list(self.words)

    def language(self, request: web.Request, wished: str = "") -> str:
        """The one to speak: as wished, else the first the browser asks for, else English.

        Args:
            wished: of the customer or the case, like `de` or `de-AT`; empty where it is not known.
        """
        asked = [part.partition(";")[0].strip() for part in request.headers.get("Accept-Language", "").split(",")]
        for name in (wished, *asked):
            if (short := name.lower()[:2]) in self.words:
                return short
        return SPOKEN_FIRST

    def respond(
        self,
        name: str,
        language: str,
        values: Mapping[str, object],
        *,
        status: HTTPStatus = HTTPStatus.OK,
        headers: Mapping[str, str] = ASKING,
    ) -> web.Response:
        """The page of this name, with these values."""
        page = self._environment.get_template(f"{name}.html")
        text = page.render(language=language, words=self.words[language][name], **values)
        return web.Response(text=text, status=status, content_type="text/html", headers=headers)


async def form_of(request: web.Request) -> Mapping[str, list[str]]:
    """The fields of a posted form; of one that is too large, or of another kind, nothing."""
    raw = bytearray()
    async for chunk in request.content.iter_chunked(4_096):
        raw += chunk
        if len(raw) > FORM_MAX:
            return {}
    if request.content_type != "application/x-www-form-urlencoded" or raw.count(b"&") >= FIELDS_MAX:
        return {}
    return parse_qs(raw.decode("utf-8", "replace"), max_num_fields=FIELDS_MAX)
