"""`GET /api/cases/{number}/clocks`: where a case's clocks stand, and why each is due when it is."""

from collections.abc import Callable, Sequence
from datetime import datetime

from pydantic import Field

from app.http.case_reading import CASE, SHOWN
from app.http.endpoint import Answer, Call, Endpoint, Scope
from caseengine.cases import history
from caseengine.clocks import book_for
from caseengine.model.events import CaseEvent
from caseengine.model.sla import Book, Clock, ClockState, SpanKind, Target, clock, fold, why
from caseengine.model.sla.clock import Measure
from caseengine.reading.case_view import case_view
from storage.engine import Database


class SpanAnswer(Answer):
    begins: datetime
    ends: datetime
    kind: SpanKind = Field(description="`open` time was counted; `closed` and `paused` was not.")
    because: str = Field(description="The calendar's id, or the status in which the clock stood still.")


class ClockAnswer(Answer):
    target: Target
    cycle: int = Field(description="Counts from 1: reopening begins a new one.")
    state: ClockState
    paused: bool = Field(description="It stands still; a target that was missed before stays `breached`.")
    policy: str
    policy_version: int = Field(description="Of the rulebook it stands in; 0 before anything was decided.")
    goal_s: float = Field(description="The target, in seconds of working time.")
    spent_s: float = Field(description="Seconds of working time counted by now, or until it ended.")
    started_at: datetime
    due_at: datetime | None = Field(description="Null while it is paused.")
    breached_at: datetime | None
    ended_at: datetime | None
    next_at: datetime | None = Field(description="When its next warning or step is due.")
    spans: list[SpanAnswer] = Field(description="From its start until it is due; the open ones add up to the target.")


class ClocksAnswer(Answer):
    policy: str | None = Field(description="The policy that holds: null before one was chosen, empty for no SLA.")
    clocks: list[ClockAnswer]


class ClockRoutes:
    """The clocks of a case, for those who may see it."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def endpoints(self) -> Sequence[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path=f"{CASE}/clocks",
                scope=Scope.AGENT,
                summary="Its service levels: each clock, and why it is due then.",
                about="Counted from the history at this moment, by the calendars as they are now.",
                handle=self.clocks,
                answer=ClocksAnswer,
                refuses=SHOWN,
            )
        ]

    async def clocks(self, call: Call) -> ClocksAnswer:
        at = self._now()
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, call.agent.agent, call.path("number"))
            events = await history(snapshot, view.row.id)
            book = await book_for(snapshot, events)
        measure = fold(events, book).measure(book)
        found = [_answer(one, events, book, measure, at) for one in clock(events, book, at)]
        return ClocksAnswer(policy=_policy(events), clocks=found)


def _policy(events: Sequence[CaseEvent]) -> str | None:
    named = [getattr(event, "policy", None) for event in events]
    return next((name for name in reversed(named) if name is not None), None)


def _answer(one: Clock, events: Sequence[CaseEvent], book: Book, measure: Measure, at: datetime) -> ClockAnswer:
    spans = why(events, one.target, one.cycle, book, at)
    return ClockAnswer(
        target=one.target,
        cycle=one.cycle,
        state=one.state,
        paused=one.is_open and one.running_since is None,
        policy=one.policy,
        policy_version=one.version,
        goal_s=one.goal.total_seconds(),
        spent_s=one.spent_at(measure, at).total_seconds(),
        started_at=one.started_at,
        due_at=one.due_at,
        breached_at=one.breached_at,
        ended_at=one.ended_at,
        next_at=one.next_at,
        spans=[SpanAnswer.model_validate(span) for span in spans],
    )
