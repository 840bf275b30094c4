"""The pages behind "this solved it" and "it did not" in a mail. Opening one changes nothing: scanners open links."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from aiohttp import web

from app.http.open_pages import OpenPages
from bot.answer_checks import PATH, CheckNotFound, check_of, take_check
from caseengine.tables import cases
from storage.engine import Database
from storage.errors import Conflict
from storage.transaction import Snapshot

VERDICTS = {"yes": True, "no": False}
WORDS = {True: "mail.solved_words", False: "mail.not_solved_words"}
STATUS = {"missing": HTTPStatus.NOT_FOUND, "expired": HTTPStatus.GONE}


class AnswerCheckPages:
    """`/answered/{token}/yes` and `/no`: a page with one button, which counts once."""

    def __init__(
        self, database: Database, pages: OpenPages, words: Mapping[str, str], now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._pages = pages
        self._words = words
        self._now = now

    def routes(self) -> list[web.RouteDef]:
        path = f"{PATH}/{{token}}/{{verdict:yes|no}}"
        return [web.get(path, self.show), web.post(path, self.take)]

    async def show(self, request: web.Request) -> web.Response:
        async with self._database.snapshot() as snapshot:
            try:
                found = await check_of(snapshot, request.match_info["token"], at=self._now())
            except CheckNotFound:
                return self._respond(request, "missing", None)
            return self._respond(request, found.state, await _case(snapshot, found.case_id))

    async def take(self, request: web.Request) -> web.Response:
        """Once; whoever presses it again is thanked again."""
        solved, token = VERDICTS[request.match_info["verdict"]], request.match_info["token"]
        words = self._words[WORDS[solved]]
        try:
            async with self._database.unit_of_work() as work:
                before = await take_check(work, token, solved=solved, words=words, at=self._now())
                case = await _case(work, before.case_id)
        except CheckNotFound:
            return self._respond(request, "missing", None)
        except Conflict:
            return await self.show(request)
        state = ("solved" if solved else "not_solved") if before.state == "open" else before.state
        return self._respond(request, state, case)

    def _respond(self, request: web.Request, state: str, case: sa.Row[Any] | None) -> web.Response:
        solved = VERDICTS[request.match_info["verdict"]]
        language = self._pages.language(request, case.language if case else "")
        values = {
            "state": state,
            "number": case.number if case else "",
            "verdict": "solved" if solved else "not_solved",
        }
        return self._pages.respond("answer_check", language, values, status=STATUS.get(state, HTTPStatus.OK))


async def _case(snapshot: Snapshot, case_id: object) -> sa.Row[Any] | None:
    return await snapshot.first(sa.select(cases.c.number, cases.c.language).where(cases.c.id == case_id))
