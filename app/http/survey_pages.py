"""The page a survey's link opens: two questions and a comment; the link is the key."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from aiohttp import web

from app.http.open_pages import OpenPages, form_of
from caseengine.model.errors import SurveyAnswered, SurveyExpired, SurveyNotFound
from caseengine.operations.surveying import answer_survey, survey_of, survey_rules
from caseengine.tables import cases
from storage.engine import Database
from storage.errors import Conflict

SCORES = ("1", "2", "3", "4", "5")
STATUS = {"expired": HTTPStatus.GONE, "missing": HTTPStatus.NOT_FOUND}


class SurveyPages:
    """`/survey/{token}`. A link that was made up, and one of another desk, answer like any address that is none."""

    def __init__(self, database: Database, pages: OpenPages, now: Callable[[], datetime]) -> None:
        self._database = database
        self._pages = pages
        self._now = now

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/survey/{token}", self.show), web.post("/survey/{token}", self.take)]

    async def show(self, request: web.Request) -> web.Response:
        return await self._shown(request)

    async def take(self, request: web.Request) -> web.Response:
        """Once; a form sent twice thanks twice and counts once."""
        form = {name: values[0] for name, values in (await form_of(request)).items()}
        if form.get("csat") not in SCORES:
            return await self._shown(request, slip=True)
        try:
            await self._keep(request.match_info["token"], form)
        except (SurveyAnswered, SurveyExpired, SurveyNotFound, Conflict):
            return await self._shown(request)
        return await self._shown(request)

    async def _keep(self, token: str, form: Mapping[str, str]) -> None:
        effort = int(form["effort"]) if form.get("effort") in SCORES else None
        comment = form.get("comment", "").replace("\x00", "")
        async with self._database.unit_of_work() as work:
            found = await survey_of(work, token)
            csat = int(form["csat"])
            await answer_survey(work, found.id, csat=csat, effort=effort, comment=comment, at=self._now())

    async def _shown(self, request: web.Request, *, slip: bool = False) -> web.Response:
        async with self._database.snapshot() as snapshot:
            try:
                found = await survey_of(snapshot, request.match_info["token"])
            except SurveyNotFound:
                return self._respond(self._pages.language(request), "missing")
            case = await snapshot.first(sa.select(cases.c.number, cases.c.language).where(cases.c.id == found.case_id))
            assert case is not None  # noqa: S101 (a survey is about a case)
            questions = (await survey_rules(snapshot)).questions
        language = self._pages.language(request, case.language)
        return self._respond(language, self._state(found), number=case.number, questions=questions, slip=slip)

    def _state(self, found: sa.Row[Any]) -> str:
        if found.answered_at is not None:
            return "answered"
        return "expired" if self._now() > found.expires_at else "open"

    def _respond(
        self,
        language: str,
        state: str,
        *,
        number: str = "",
        questions: Mapping[str, str] | None = None,
        slip: bool = False,
    ) -> web.Response:
        slipped = slip and state == "open"
        status = HTTPStatus.UNPROCESSABLE_ENTITY if slipped else STATUS.get(state, HTTPStatus.OK)
        values = {"state": state, "number": number, "questions": questions or {}, "slip": slip}
        return self._pages.respond("survey", language, values, status=status)
