"""The boards: for a supervisor the whole desk, for an agent their departments and their own work."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
from aiohttp import web

from app.http.answer_makers import case_answer
from app.http.board_answers import CASES, agent_board_answer, now_answer, period_answer
from app.http.board_bodies import (
    AgentBoardAnswer,
    AgentsBoardAnswer,
    BehindAnswer,
    BehindQuery,
    CasesBehindAnswer,
    MineQuery,
    NowAnswer,
    NowQuery,
    PeriodAnswer,
    PeriodQuery,
    WhoseQuery,
)
from app.http.board_csv import as_csv
from app.http.endpoint import Call, Endpoint, Scope
from app.http.errors import BodyInvalid, RoleTooLow
from caseengine.agents import Agent, AgentRole
from caseengine.calendars import desk_calendar
from caseengine.reading.boards import (
    Drill,
    Figure,
    Period,
    Place,
    Whose,
    agents_board,
    cases_behind,
    count_behind,
    desk_days,
    now_board,
    period_board,
    whose_for,
)
from caseengine.reading.boards.figures import PRESENT
from storage.engine import Database
from storage.transaction import Snapshot

CSV = "text/csv"
CSV_ROWS_MAX, CSV_PAGE = 20_000, 500
REFUSES = ("department.not_found", "board.period_backwards", "http.role_too_low")


class BoardRoutes:
    """`/api/boards` and `/api/me/performance`."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def endpoints(self) -> list[Endpoint]:
        agent, supervisor = Scope.AGENT, Scope.SUPERVISOR
        about = "Each figure comes with `cases`, the address of the cases it counts."
        return [
            Endpoint(
                method="GET", path="/api/boards/now", scope=agent, summary="How the desk stands now.", about=about,
                handle=self.present, query=NowQuery, answer=NowAnswer, refuses=REFUSES,
            ),
            Endpoint(
                method="GET", path="/api/boards/period", scope=agent, summary="How the desk did in a period.",
                about=about, handle=self.period, query=PeriodQuery, answer=PeriodAnswer, refuses=REFUSES,
            ),
            Endpoint(
                method="GET", path="/api/boards/agents", scope=supervisor, summary="What each agent did in a period.",
                about=about, handle=self.agents, query=PeriodQuery, answer=AgentsBoardAnswer, refuses=REFUSES,
            ),
            Endpoint(
                method="GET", path="/api/me/performance", scope=agent, summary="What you did in a period.",
                about=about, handle=self.mine, query=MineQuery, answer=AgentBoardAnswer, refuses=REFUSES[1:2],
            ),
            Endpoint(
                method="GET", path=CASES, scope=agent, summary="The cases behind a figure, a line for each it counts.",
                handle=self.behind, query=BehindQuery, answer=CasesBehindAnswer, refuses=REFUSES,
            ),
            Endpoint(
                method="GET", path=f"{CASES}.csv", scope=agent, summary="The same for a spreadsheet.",
                about=f"At most {CSV_ROWS_MAX} lines; `after` and `limit` do not count.",
                handle=self.table, query=BehindQuery, media_type=CSV, refuses=REFUSES,
            ),
        ]  # fmt: skip

    async def present(self, call: Call) -> NowAnswer:
        asked: NowQuery = call.query
        async with self._database.snapshot() as snapshot:
            whose = await _whose(snapshot, call.agent.agent, asked)
            return now_answer(
                await now_board(snapshot, whose, at=self._now(), within=timedelta(seconds=asked.within_s))
            )

    async def period(self, call: Call) -> PeriodAnswer:
        async with self._database.snapshot() as snapshot:
            whose = await _whose(snapshot, call.agent.agent, call.query)
            return period_answer(await period_board(snapshot, whose, await _days(snapshot, call.query)))

    async def agents(self, call: Call) -> AgentsBoardAnswer:
        async with self._database.snapshot() as snapshot:
            whose = await _whose(snapshot, call.agent.agent, call.query)
            period = await _days(snapshot, call.query)
            lines = await agents_board(snapshot, whose, period)
        found = [agent_board_answer(line) for line in lines]
        return AgentsBoardAnswer(begins=period.begins, ends=period.ends, agents=found)

    async def mine(self, call: Call) -> AgentBoardAnswer:
        """All of one's own work, also in departments one has left."""
        me = call.agent.agent.id
        async with self._database.snapshot() as snapshot:
            period = await _days(snapshot, call.query)
            (line,) = await agents_board(snapshot, Whose(agent_id=me), period)
        return agent_board_answer(line)

    async def behind(self, call: Call) -> CasesBehindAnswer:
        asked: BehindQuery = call.query
        async with self._database.snapshot() as snapshot:
            drill = await self._drill(snapshot, call)
            value = await count_behind(snapshot, drill)
            sees = call.agent.agent.may_see
            rows = await cases_behind(snapshot, drill, sees=sees, after=_read(asked.after), limit=asked.limit + 1)
        shown = rows[: asked.limit]
        more = _write(shown[-1].place) if len(rows) > asked.limit else None
        now = self._now()
        found = [BehindAnswer(at=row.place.at, case=case_answer(row.case, now) if row.case else None) for row in shown]
        return CasesBehindAnswer(figure=drill.figure, value=value, cases=found, next=more)

    async def table(self, call: Call) -> web.Response:
        async with self._database.snapshot() as snapshot:
            drill = await self._drill(snapshot, call)
            sees = call.agent.agent.may_see
            rows = list(await cases_behind(snapshot, drill, sees=sees, limit=CSV_PAGE))
            while rows and len(rows) % CSV_PAGE == 0 and len(rows) < CSV_ROWS_MAX:
                page = await cases_behind(snapshot, drill, sees=sees, after=rows[-1].place, limit=CSV_PAGE)
                rows += page
                if not page:
                    break
        saved = {"Content-Disposition": f'attachment; filename="{drill.figure}.csv"'}
        return web.Response(text=as_csv(rows), content_type=CSV, headers=saved)

    async def _drill(self, snapshot: Snapshot, call: Call) -> Drill:
        asked: BehindQuery = call.query
        present = asked.figure in PRESENT
        missing = [] if present else [name for name, at in (("from", asked.begins), ("to", asked.ends)) if at is None]
        missing += ["bucket"] if asked.figure in (Figure.AGE, Figure.STALE) and asked.bucket is None else []
        if missing:
            raise BodyInvalid([{"at": [name], "what": "this figure needs it"} for name in missing])
        return Drill(
            figure=asked.figure,
            whose=await _whose(snapshot, call.agent.agent, asked),
            at=(asked.at or self._now()) if present else None,
            period=None if present or not asked.begins or not asked.ends else Period(asked.begins, asked.ends),
            status=asked.status,
            bucket=asked.bucket,
            within=timedelta(seconds=asked.within_s),
            target=asked.target,
            reason=asked.reason,
            score=asked.score,
            channel=asked.channel,
        )


async def _whose(snapshot: Snapshot, agent: Agent, asked: WhoseQuery) -> Whose:
    """
    Raises:
        RoleTooLow: a colleague's work is for supervisors.
        DepartmentNotFound: none, or not theirs.
    """
    if asked.agent not in (None, agent.id) and agent.role is not AgentRole.SUPERVISOR:
        raise RoleTooLow
    return await whose_for(
        snapshot,
        agent,
        department=asked.department,
        agent_id=asked.agent,
        case_type=asked.case_type,
        priority=asked.priority,
        policy=asked.policy,
    )


async def _days(snapshot: Snapshot, asked: PeriodQuery | MineQuery) -> Period:
    return desk_days(asked.first, asked.before, (await desk_calendar(snapshot)).zone)


def _write(place: Place) -> str:
    raw = orjson.dumps([place.at.isoformat(), place.case_id.hex, place.tie])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(text: str | None) -> Place | None:
    """
    Raises:
        BodyInvalid: it was not written by us.
    """
    if text is None:
        return None
    try:
        at, case_id, tie = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None or not 0 <= tie < 2**31:
            raise ValueError("not a place")
        return Place(instant.astimezone(UTC), UUID(case_id), int(tie))
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BodyInvalid([{"at": ["after"], "what": "not a place of this list"}]) from error
