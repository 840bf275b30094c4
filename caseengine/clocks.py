"""The clocks of the cases of a unit of work: they go on with each case's events, and are saved in the same commit.

A row holds all that the next event needs, so an operation reads the newest rows of its case and never the history.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.calendars import DEFAULT_CALENDAR, DESK, calendars_by_id
from caseengine.model.case import Case
from caseengine.model.events import CaseEvent, CaseOpened, PolicyApplied
from caseengine.model.happening import Happening
from caseengine.model.sla import DEFAULT, Awaits, Book, Clock, Clocks, Policy, Target, advance, fold
from caseengine.model.sla.fold import begin
from caseengine.packing.touching import touches
from caseengine.service_levels import sla_of
from caseengine.tables import case_clocks, cases
from storage.transaction import Snapshot, UnitOfWork, Write, insertion

Key = tuple[Target, int]
_SAME = ("cycle", "policy", "started_at", "touched_at", "running_since", "due_at", "breached_at", "ended_at")
"""Columns that are what the clock says."""


class CaseClocks:
    """The clocks of one case within a unit of work.

    Args:
        clocks: as saved; None for a case that was just opened.
        book: the policy that holds, and the calendars.
    """

    def __init__(self, case: Case, clocks: Clocks | None, book: Book) -> None:
        self._case = case
        self._clocks = clocks
        self._saved = {_key(clock): clock for clock in clocks.clocks} if clocks else {}
        self._was_with = _with(case)
        self._seen = 0
        self.book = book

    def learn(self, book: Book) -> None:
        """Policies and calendars that events to come may name."""
        policies = {**self.book.policies, **book.policies}
        self.book = Book(policies, {**self.book.calendars, **book.calendars})

    def current(self) -> Clocks:
        """After all that has happened to the case by now."""
        for event in self._case.unsaved[self._seen :]:
            if self._clocks is None and isinstance(event, CaseOpened):
                self._clocks = begin(event, self.book)
            elif self._clocks is not None:
                self._clocks = advance(self._clocks, event, self.book)
        self._seen = len(self._case.unsaved)
        if self._clocks is None:
            raise ValueError("a history begins with CaseOpened")
        return self._clocks

    def recounted(self, events: Sequence[CaseEvent], saved: Iterable[Clock]) -> Clocks:
        """As the whole history tells it, by the calendars as they are now; before anything happens to the case."""
        self._saved = {_key(clock): clock for clock in saved}
        self._clocks = fold(events, self.book)
        return self._clocks

    def columns(self) -> dict[str, Any]:
        """What the case's own row says of them."""
        running = [clock.due_at for clock in self.current().running() if clock.running_since and clock.due_at]
        return {"sla_due_at": min(running, default=None), "sla_awaits": str(self.current().awaits)}

    def writes(self) -> list[Write]:
        """Rows that came, changed and went."""
        now = {_key(clock): clock for clock in self.current().every}
        moved = self._was_with != _with(self._case)
        new = [_row(self._case, clock) for key, clock in now.items() if key not in self._saved]
        changed = [
            _row(self._case, clock)
            for key, clock in now.items()
            if key in self._saved and (clock != self._saved[key] or (moved and clock.is_open))
        ]
        gone = [_delete(self._case.id, key) for key in self._saved if key not in now]
        inserted = [Write(insertion(case_clocks, new))] if new else []
        touched = touches(self._counted_otherwise(now, moved))
        return [*gone, *(_update(row) for row in changed), *inserted, *touched]

    def _counted_otherwise(self, now: Mapping[Key, Clock], moved: bool) -> Iterator[tuple[Happening, datetime | None]]:
        """The ends and breaches that boards counted in another way, or not at all, or count no more."""
        for key in {**self._saved, **now}:
            was, clock = self._saved.get(key), now.get(key)
            if was == clock and not (moved and clock is not None and clock.is_open):
                continue
            both = [one for one in (was, clock) if one is not None]
            yield from ((Happening.ENDED, one.ended_at) for one in both)
            if moved or was is None or clock is None or not was.is_open or _breach(was) != _breach(clock):
                yield from ((Happening.BREACHED, one.breached_at) for one in both)

    def writes_alone(self, version: int) -> list[Write]:
        """For clocks that were counted anew though nothing happened to the case, which must still be at `version`."""
        writes = self.writes() if self._clocks is not None else []
        guard = sa.update(cases).where(cases.c.id == self._case.id, cases.c.version == version)
        return [Write(guard.values(self.columns()), rows=1), *writes] if writes else []


def new_clocks(case: Case) -> CaseClocks:
    """For a case that was just opened."""
    return CaseClocks(case, None, Book({(DEFAULT.id, DEFAULT.version): DEFAULT}))


async def load_clocks(work: UnitOfWork, cases_awaiting: Sequence[tuple[Case, str]]) -> list[CaseClocks]:
    """The newest cycle of each target, as saved; for each case with whose words it awaits, in one query."""
    rows: dict[UUID, list[Clock]] = {case.id: [] for case, _ in cases_awaiting}
    for row in await work.rows(_newest(rows)) if rows else ():
        rows[row.case_id].append(clock_of(row))
    return [await _loaded(work, case, awaits, rows[case.id]) for case, awaits in cases_awaiting]


def _newest(case_ids: Iterable[UUID]) -> sa.Select[Any]:
    newer = case_clocks.alias("newer")
    is_newer = (newer.c.case_id == case_clocks.c.case_id) & (newer.c.target == case_clocks.c.target)
    return (
        sa.select(case_clocks)
        .where(case_clocks.c.case_id.in_(list(case_ids)))
        .where(~sa.exists().where(is_newer, newer.c.cycle > case_clocks.c.cycle))
        .order_by(case_clocks.c.started_at, case_clocks.c.target)
    )


async def _loaded(work: UnitOfWork, case: Case, awaits: str, saved: Sequence[Clock]) -> CaseClocks:
    policy = await _policy_of(work, case)
    clocks = Clocks(
        status=case.status,
        merged_from=case.merged_from,
        priority=int(case.priority),
        department=case.department,
        policy=policy,
        awaits=Awaits(awaits),
        clocks=tuple(saved),
    )
    return CaseClocks(case, clocks, await book_of(work, [policy] if policy else []))


async def clocks_of(work: UnitOfWork, case: Case) -> CaseClocks:
    """The clocks of a case this unit of work has touched, ready to count."""
    kept: CaseClocks = work.kept(("clocks", case.id))
    if not kept.book.calendars:
        kept.learn(await book_of(work, kept.book.policies.values()))
    return kept


async def book_of(snapshot: Snapshot, policies: Iterable[Policy]) -> Book:
    """These policies with the calendars they count by."""
    told = list(policies)
    calendars = await calendars_by_id(snapshot, {DESK, *(policy.calendar for policy in told)})
    return Book({(policy.id, policy.version): policy for policy in told}, {DESK: DEFAULT_CALENDAR, **calendars})


async def book_for(snapshot: Snapshot, events: Iterable[CaseEvent]) -> Book:
    """All that a history was measured by."""
    named = {(event.policy, event.version) for event in events if isinstance(event, PolicyApplied) and event.policy}
    found = [(await sla_of(snapshot, version)).policy(name) for name, version in sorted(named)]
    return await book_of(snapshot, [DEFAULT, *(policy for policy in found if policy is not None)])


async def all_clocks(snapshot: Snapshot, case_id: UUID) -> list[Clock]:
    """Every clock a case ever had that was not taken back, in order of beginning."""
    rows = await snapshot.rows(
        sa.select(case_clocks)
        .where(case_clocks.c.case_id == case_id)
        .order_by(case_clocks.c.started_at, case_clocks.c.target, case_clocks.c.cycle)
    )
    return [clock_of(row) for row in rows]


def clock_of(row: sa.Row[Any]) -> Clock:
    """A clock as its row tells it."""
    return Clock(
        target=Target(row.target),
        version=row.policy_version,
        goal=timedelta(seconds=row.goal_s),
        spent=timedelta(seconds=row.spent_s),
        steps=row.steps,
        next_at=row.next_at,
        **{name: getattr(row, name) for name in _SAME},
    )


def row_of(clock: Clock) -> dict[str, Any]:
    """The columns a clock fills by itself; `clock_of` reads them back."""
    return {
        "target": str(clock.target),
        "state": str(clock.state),
        "policy_version": clock.version,
        "goal_s": clock.goal.total_seconds(),
        "spent_s": clock.spent.total_seconds(),
        "steps": clock.steps,
        "next_at": clock.next_at,
        **{name: getattr(clock, name) for name in _SAME},
    }


async def _policy_of(snapshot: Snapshot, case: Case) -> Policy | None:
    if case.policy is None:
        return DEFAULT
    if not case.policy or case.policy_version is None:
        return None
    return (await sla_of(snapshot, case.policy_version)).policy(case.policy)


def _row(case: Case, clock: Clock) -> dict[str, Any]:
    return {"case_id": case.id, **_with(case), **row_of(clock)}


def _update(row: Mapping[str, Any]) -> Write:
    own = ("case_id", "target", "cycle")
    values = {name: value for name, value in row.items() if name not in own}
    return Write(sa.update(case_clocks).where(*(case_clocks.c[name] == row[name] for name in own)).values(values))


def _delete(case_id: UUID, key: Key) -> Write:
    named = (case_clocks.c.case_id == case_id, case_clocks.c.target == key[0], case_clocks.c.cycle == key[1])
    return Write(sa.delete(case_clocks).where(*named))


def _key(clock: Clock) -> Key:
    return clock.target, clock.cycle


def _breach(clock: Clock) -> tuple[datetime | None, str]:
    """What boards ask of the breach itself; the rest is the case's."""
    return clock.breached_at, clock.policy


def _with(case: Case) -> dict[str, Any]:
    """What boards ask a clock about its case."""
    named = {"department": case.department, "agent_id": case.agent_id}
    return {**named, "case_type": str(case.case_type), "priority": int(case.priority)}


__all__ = [
    "CaseClocks",
    "all_clocks",
    "book_for",
    "book_of",
    "clock_of",
    "clocks_of",
    "load_clocks",
    "new_clocks",
    "row_of",
]
