"""`/api/notices`: what an agent has to be told."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.http.bodies import Instant
from app.http.endpoint import Answer, Body, Call, Endpoint, Plain, Scope
from app.http.session_routes import read_id
from caseengine.model.errors import NoticeNotFound
from caseengine.model.notice import AgentNotice
from caseengine.notices import notices_of, read_notice, read_notices, unread_by
from storage.engine import Database
from storage.errors import Conflict
from storage.transaction import UnitOfWork

NO_ID = UUID(int=0)
TRIES_MAX = 5
"""Some of them read on another screen in between means looking again at which are left."""


class ReadingBody(Body):
    until: Instant = Field(description="`at` of the newest you were shown: what came later stays unread.")
    number: Plain | None = Field(None, description="Those about this case alone.", max_length=40)


class NoticeAnswer(Answer):
    id: UUID
    department: str | None = Field(description="Whose agents are all told this; null where it is for you alone.")
    number: str | None = Field(description="Of the case it is about.")
    subject: str | None = Field(description="Of that case; null where you may not see it any more.")
    kind: AgentNotice
    data: dict[str, Any] = Field(
        description="Of a target: which, and when it is or was due; of a rule: its name and what it says."
    )
    at: datetime
    read_at: datetime | None = Field(description="When you read it; your colleagues read it for themselves.")


class NoticesAnswer(Answer):
    notices: list[NoticeAnswer] = Field(description="At most 50: as you read them, those behind them come.")
    unread: int = Field(description="How many you have not read, listed or not; 100 stands for more as well.")


class NoticeRoutes:
    """An agent's own notices and those of their departments; nobody sees another's."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def endpoints(self) -> Sequence[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path="/api/notices",
                scope=Scope.AGENT,
                summary="Your notices, and those of your departments: the newest unread, then the newest read.",
                about="The live feed tells `NoticeGiven` when one comes.",
                handle=self.notices,
                answer=NoticesAnswer,
            ),
            Endpoint(
                method="POST",
                path="/api/notices/{id}/reading",
                scope=Scope.AGENT,
                summary="You have read one of your notices.",
                handle=self.read,
                refuses=(NoticeNotFound.code, Conflict.code),
            ),
            Endpoint(
                method="POST",
                path="/api/notices/reading",
                scope=Scope.AGENT,
                summary="You have read all of your notices, or those about a case.",
                handle=self.read_all,
                body=ReadingBody,
                refuses=(Conflict.code,),
            ),
        ]

    async def notices(self, call: Call) -> NoticesAnswer:
        async with self._database.snapshot() as snapshot:
            found = await notices_of(snapshot, call.agent.agent)
            unread = await unread_by(snapshot, call.agent.agent)
        return NoticesAnswer(notices=[NoticeAnswer.model_validate(notice) for notice in found], unread=unread)

    async def read(self, call: Call) -> None:
        notice_id, agent = read_id(call.path("id")) or NO_ID, call.agent.agent
        await self._done(lambda work: read_notice(work, notice_id, agent, at=self._now()))

    async def read_all(self, call: Call) -> None:
        body: ReadingBody = call.body
        agent, until, number = call.agent.agent, body.until, body.number
        await self._done(lambda work: read_notices(work, agent, until=until, number=number, at=self._now()))

    async def _done(self, reading: Callable[[UnitOfWork], Awaitable[None]]) -> None:
        """
        Raises:
            Conflict: every time, some were read on another screen meanwhile.
        """
        for tries_left in reversed(range(TRIES_MAX)):
            try:
                async with self._database.unit_of_work() as work:
                    await reading(work)
            except Conflict:
                if tries_left == 0:
                    raise
            else:
                return
