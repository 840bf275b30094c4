"""A backtest: case after case from the log, each asked about and let go; nothing is written anywhere."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.backtest.draft import CaseDifference, CaseHistory, Draft, ReadDraft
from app.backtest.routing import read_routing_draft
from app.backtest.rules import read_rules_draft
from app.backtest.sla import read_sla_draft
from caseengine.conversations import conversed_in
from caseengine.event_rows import from_row
from caseengine.model.lifecycle import LIVE, Status
from caseengine.rule_replay import Period
from caseengine.rulebooks import Rulebook
from caseengine.tables import case_events, cases
from storage.transaction import Snapshot

DRAFTS: Mapping[Rulebook, ReadDraft] = {
    Rulebook.RULES: read_rules_draft,
    Rulebook.SLA: read_sla_draft,
    Rulebook.ROUTING: read_routing_draft,
}
"""Who reads a draft of each kind. One line for another kind."""
AT_ONCE = 200
"""Cases in memory."""
Progress = Callable[[int], None]


async def backtest(
    snapshot: Snapshot, draft: Draft, period: Period, *, progress: Progress = lambda _: None
) -> AsyncIterator[CaseDifference]:
    """The cases that would differ, by id. `progress` is told how many cases were looked at."""
    looked_at = 0
    async for page in pages(snapshot, period):
        for found in await draft.compared(snapshot, page, period):
            yield found
        await snapshot.let_go()  # a log only grows: a later moment shows the same period
        looked_at += len(page)
        progress(looked_at)


async def how_many(snapshot: Snapshot, period: Period) -> int:
    """Cases a backtest of this period looks at."""
    return int(await snapshot.scalar(sa.select(sa.func.count()).select_from(cases).where(*_touched(period))) or 0)


async def pages(snapshot: Snapshot, period: Period) -> AsyncIterator[list[CaseHistory]]:
    """The cases of a period with all their events, a few at a time."""
    last: UUID | None = None
    while True:
        behind = [cases.c.id > last] if last is not None else []
        found = await snapshot.rows(_named().where(*_touched(period), *behind).order_by(cases.c.id).limit(AT_ONCE))
        if not found:
            return
        yield await _histories(snapshot, found)
        last = found[-1].id


async def history_of(snapshot: Snapshot, number: str) -> CaseHistory | None:
    """One case by its number."""
    found = await snapshot.rows(_named().where(cases.c.number == number))
    return next(iter(await _histories(snapshot, found)), None)


async def newest_histories(snapshot: Snapshot, limit: int) -> list[CaseHistory]:
    """The cases opened last; of one moment those with the highest numbers, of which "100000" is higher than "99999"."""
    newest = cases.c.opened_at.desc()
    opened = await snapshot.rows(sa.select(cases.c.opened_at).order_by(newest).limit(limit))
    if not opened:
        return []
    order = newest, sa.func.length(cases.c.number).desc(), cases.c.number.desc()
    found = _named().where(cases.c.opened_at >= opened[-1].opened_at).order_by(*order).limit(limit)
    return await _histories(snapshot, await snapshot.rows(found))


def _named() -> sa.Select[Any]:
    return sa.select(cases.c.id, cases.c.number)


async def _histories(snapshot: Snapshot, found: Sequence[sa.Row[Any]]) -> list[CaseHistory]:
    rows = await snapshot.rows(
        sa.select(case_events)
        .where(case_events.c.case_id.in_([row.id for row in found]))
        .order_by(case_events.c.case_id, case_events.c.seq)
    )
    events = {case_id: list(map(from_row, theirs)) for case_id, theirs in groupby(rows, key=lambda row: row.case_id)}
    conversed = await conversed_in(snapshot, events)
    return [CaseHistory(row.id, row.number, events[row.id], conversed[row.id]) for row in found]


def _touched(period: Period) -> list[sa.ColumnElement[bool]]:
    """Opened before its end, and changed in it or later, or still waiting for something."""
    waits = cases.c.status.in_([*LIVE, Status.RESOLVED])
    return [cases.c.opened_at < period.end, sa.or_(cases.c.updated_at >= period.start, waits)]
