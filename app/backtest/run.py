"""A backtest: case after case from the log, each asked about and let go; nothing is written anywhere."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from itertools import groupby
from uuid import UUID

import sqlalchemy as sa

from app.backtest.draft import CaseDifference, CaseHistory, Draft, ReadDraft
from app.backtest.rules import read_rules_draft
from caseengine.event_rows import from_row
from caseengine.model.lifecycle import LIVE, Status
from caseengine.rule_replay import Period
from caseengine.rulebooks import Rulebook
from caseengine.tables import case_events, cases, conversations
from storage.transaction import Snapshot

DRAFTS: Mapping[Rulebook, ReadDraft] = {Rulebook.RULES: read_rules_draft}
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
        for history in page:
            found = draft.differences(history, period)
            if found is not None:
                yield found
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
        found = await snapshot.rows(
            sa.select(cases.c.id, cases.c.number, conversations.c.channel)
            .select_from(cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id))
            .where(*_touched(period), *behind)
            .order_by(cases.c.id)
            .limit(AT_ONCE)
        )
        if not found:
            return
        yield await _histories(snapshot, {row.id: (row.number, row.channel or "") for row in found})
        last = found[-1].id
        await snapshot.let_go()  # a log only grows: a later moment shows the same period


async def history_of(snapshot: Snapshot, number: str) -> CaseHistory | None:
    """One case by its number."""
    row = await snapshot.first(
        sa.select(cases.c.id, cases.c.number, conversations.c.channel)
        .select_from(cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id))
        .where(cases.c.number == number)
    )
    found = await _histories(snapshot, {row.id: (row.number, row.channel or "")}) if row else []
    return next(iter(found), None)


async def _histories(snapshot: Snapshot, known: Mapping[UUID, tuple[str, str]]) -> list[CaseHistory]:
    rows = await snapshot.rows(
        sa.select(case_events)
        .where(case_events.c.case_id.in_(list(known)))
        .order_by(case_events.c.case_id, case_events.c.seq)
    )
    return list(_grouped(rows, known))


def _grouped(rows: object, known: Mapping[UUID, tuple[str, str]]) -> Iterator[CaseHistory]:
    for case_id, found in groupby(rows, key=lambda row: row.case_id):  # type: ignore[call-overload]
        number, channel = known[case_id]
        yield CaseHistory(case_id, number, [from_row(row) for row in found], channel)


def _touched(period: Period) -> list[sa.ColumnElement[bool]]:
    """Opened before its end, and changed in it or later, or still waiting for something."""
    waits = cases.c.status.in_([*LIVE, Status.RESOLVED])
    return [cases.c.opened_at < period.end, sa.or_(cases.c.updated_at >= period.start, waits)]
