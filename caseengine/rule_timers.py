"""The timers of rules of time, kept: what is due costs a look at an index, however many cases there are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.policies.rules import Timer
from caseengine.tables import rule_timers
from storage.errors import Conflict
from storage.transaction import Snapshot, UnitOfWork, insertion

DUE_MAX = 200
ENROLLED = "rules.enrolled"
"""The cursor of the walk over all cases that sets their timers: which version of the rules, and where it stands."""


@dataclass(frozen=True, slots=True)
class KeptTimer:
    """A timer and when the sweep looks at it next; None: not before something happens to the case."""

    case_id: UUID
    rule: str
    timer: Timer
    due_at: datetime | None


async def timers_of(snapshot: Snapshot, case_ids: Collection[UUID]) -> Mapping[UUID, Mapping[str, KeptTimer]]:
    """The timers of cases, by rule."""
    found: dict[UUID, dict[str, KeptTimer]] = {case_id: {} for case_id in case_ids}
    for row in await snapshot.rows(sa.select(rule_timers).where(rule_timers.c.case_id.in_(case_ids))):
        found[row.case_id][row.rule] = _read(row)
    return found


async def timers_due(snapshot: Snapshot, at: datetime, *, limit: int = DUE_MAX) -> Sequence[KeptTimer]:
    """What is due by `at`, longest due first."""
    rows = await snapshot.rows(
        sa.select(rule_timers)
        .where(rule_timers.c.due_at <= at)
        .order_by(rule_timers.c.due_at, rule_timers.c.case_id, rule_timers.c.rule)
        .limit(limit)
    )
    return [_read(row) for row in rows]


def keep_timer(work: UnitOfWork, before: KeptTimer | None, after: KeptTimer | None) -> None:
    """Replace one by the other; None is no timer.

    Raises (at commit):
        Conflict: another worker changed it first.
    """
    if before == after:
        return
    if before is None and after is not None:
        key = {"case_id": after.case_id, "rule": after.rule}
        work.write(insertion(rule_timers, **key, **_values(after)), duplicate=Conflict())
    elif before is not None and after is None:
        work.write(sa.delete(rule_timers).where(*_same(before)), rows=1)
    elif before is not None and after is not None:
        work.write(sa.update(rule_timers).where(*_same(before)).values(_values(after)), rows=1)


def drop_timers_of_other_rules(work: UnitOfWork, rules: Sequence[str]) -> None:
    """Rules that are gone, or switched off, wait for nothing."""
    work.write(sa.delete(rule_timers).where(rule_timers.c.rule.not_in(rules)))


def _values(kept: KeptTimer) -> dict[str, Any]:
    timer = kept.timer
    return {
        "anchor": timer.anchor,
        "counts_from": timer.counts_from,
        "due_at": kept.due_at,
        "fired": timer.fired,
    }


def _same(kept: KeptTimer) -> list[sa.ColumnElement[bool]]:
    due = rule_timers.c.due_at
    return [
        rule_timers.c.case_id == kept.case_id,
        rule_timers.c.rule == kept.rule,
        rule_timers.c.anchor == kept.timer.anchor,
        rule_timers.c.counts_from == kept.timer.counts_from,
        rule_timers.c.fired == kept.timer.fired,
        due.is_(None) if kept.due_at is None else due == kept.due_at,
    ]


def _read(row: sa.Row[Any]) -> KeptTimer:
    return KeptTimer(row.case_id, row.rule, Timer(row.anchor, row.counts_from, bool(row.fired)), row.due_at)
