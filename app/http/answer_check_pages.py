"""The pages behind "this solved it" and "it did not" in a mail. Opening one changes nothing: scanners open links."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from importlib.resources import files

import sqlalchemy as sa
from aiohttp import web
from jinja2 import DictLoader, Environment, StrictUndefined

from app.http.survey_pages import HEADERS
from bot.answer_checks import PATH, CheckNotFound, check_of, take_check
from caseengine.tables import cases
from storage.engine import Database
from storage.errors import Conflict
from storage.transaction import Snapshot

VERDICTS = {"yes": True, "no": False}
WORDS = {True: "mail.solved_words", False: "mail.not_solved_words"}
GONE = {"missing": HTTPStatus.NOT_FOUND, "expired": HTTPStatus.GONE}


class AnswerCheckPages:
    """`/answered/{token}/yes` and `/no`: a page with one button, which counts once."""

    def __init__(self, database: Database, company: str, words: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self._database = database
        self._company = company
        self._words = words
        self._now = now
        page = files("app.http").joinpath("did_it_help.html").read_text("utf-8")
        self._page = Environment(
            loader=DictLoader({"page.html": page}), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        ).get_template("page.html")

    def routes(self) -> list[web.RouteDef]:
        path = f"{PATH}/{{token}}/{{verdict:yes|no}}"
        return [web.get(path, self.show), web.post(path, self.take)]

    async def show(self, request: web.Request) -> web.Response:
        solved = VERDICTS[request.match_info["verdict"]]
        async with self._database.snapshot() as snapshot:
            try:
                found = await check_of(snapshot, request.match_info["token"], at=self._now())
            except CheckNotFound:
                return self._respond("missing", "", solved=solved)
            return self._respond(found.state, await _number(snapshot, found.case_id), solved=solved)

    async def take(self, request: web.Request) -> web.Response:
        """Once; whoever presses it again is thanked again."""
        solved, token = VERDICTS[request.match_info["verdict"]], request.match_info["token"]
        words = self._words[WORDS[solved]]
        try:
            async with self._database.unit_of_work() as work:
                before = await take_check(work, token, solved=solved, words=words, at=self._now())
                number = await _number(work, before.case_id)
        except CheckNotFound:
            return self._respond("missing", "", solved=solved)
        except Conflict:
            return await self.show(request)
        state = ("solved" if solved else "not_solved") if before.state == "open" else before.state
        return self._respond(state, number, solved=solved)

    def _respond(self, state: str, number: str, *, solved: bool) -> web.Response:
        text = self._page.render(company=self._company, state=state, number=number, solved=solved)
        status = GONE.get(state, HTTPStatus.OK)
        return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


async def _number(snapshot: Snapshot, case_id: object) -> str:
    return str(await snapshot.scalar(sa.select(cases.c.number).where(cases.c.id == case_id)) or "")
