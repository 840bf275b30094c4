"""The page a survey's link opens: two questions and a comment, without script or sign-in; the link is the key."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

import sqlalchemy as sa
from aiohttp import web
from jinja2 import DictLoader, Environment, StrictUndefined

from caseengine.model.errors import SurveyAnswered, SurveyExpired, SurveyNotFound
from caseengine.operations.surveying import answer_survey, survey_of, survey_rules
from caseengine.tables import cases
from storage.engine import Database
from storage.errors import Conflict
from storage.transaction import Snapshot

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
FORM_MAX = 16 * 1024  # bytes
SCORES = ("1", "2", "3", "4", "5")
GONE = {"open": HTTPStatus.OK, "answered": HTTPStatus.OK, "expired": HTTPStatus.GONE, "missing": HTTPStatus.NOT_FOUND}


class SurveyPages:
    """`/survey/{token}`. A link that was made up, and one of another desk, answer like any address that is none."""

    def __init__(self, database: Database, company: str, now: Callable[[], datetime]) -> None:
        self._database = database
        self._company = company
        self._now = now
        page = files("app.http").joinpath("how_was_it.html").read_text("utf-8")
        self._page = Environment(
            loader=DictLoader({"how_was_it.html": page}), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        ).get_template("how_was_it.html")

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/survey/{token}", self.show), web.post("/survey/{token}", self.take)]

    async def show(self, request: web.Request) -> web.Response:
        return await self._shown(request.match_info["token"])

    async def take(self, request: web.Request) -> web.Response:
        """Once; a form sent twice thanks twice and counts once."""
        token, form = request.match_info["token"], await _form(request)
        csat, effort = form.get("csat", ""), form.get("effort", "")
        if csat not in SCORES:
            return await self._shown(token, slip=True)
        eased = int(effort) if effort in SCORES else None
        try:
            async with self._database.unit_of_work() as work:
                found = await survey_of(work, token)
                comment = form.get("comment", "").replace("\x00", "")
                said = answer_survey(work, found.id, csat=int(csat), effort=eased, comment=comment, at=self._now())
                await said
        except (SurveyAnswered, SurveyExpired, SurveyNotFound, Conflict):
            return await self._shown(token)
        return await self._shown(token)

    async def _shown(self, token: str, *, slip: bool = False) -> web.Response:
        async with self._database.snapshot() as snapshot:
            try:
                found = await survey_of(snapshot, token)
            except SurveyNotFound:
                return self._respond("missing", "", {}, slip=False)
            number = await snapshot.scalar(sa.select(cases.c.number).where(cases.c.id == found.case_id))
            return self._respond(self._state(found), number, await _questions(snapshot), slip=slip)

    def _state(self, found: sa.Row[Any]) -> str:
        if found.answered_at is not None:
            return "answered"
        return "expired" if self._now() > found.expires_at else "open"

    def _respond(self, state: str, number: str, questions: Mapping[str, str], *, slip: bool) -> web.Response:
        text = self._page.render(company=self._company, state=state, number=number, questions=questions, slip=slip)
        slipped = slip and state == "open"
        status = HTTPStatus.UNPROCESSABLE_ENTITY if slipped else GONE[state]
        return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


async def _questions(snapshot: Snapshot) -> Mapping[str, str]:
    return (await survey_rules(snapshot)).questions


async def _form(request: web.Request) -> Mapping[str, str]:
    """The first value of each field; of a form that is too large, nothing."""
    raw = bytearray()
    async for chunk in request.content.iter_chunked(4_096):
        raw += chunk
        if len(raw) > FORM_MAX:
            return {}
    fields = parse_qs(raw.decode("utf-8", "replace"), max_num_fields=20) if raw.count(b"&") < 20 else {}
    return {name: values[0] for name, values in fields.items()}
