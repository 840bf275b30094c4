"""Many customers, one problem: their cases are below one parent, and end with it.

Source: docs/decisions/0013-cases-and-relations.md
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.cases import Cases
from caseengine.model import events as happened
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.case_errors import CaseItself, ParentCycle, ParentTooDeep
from caseengine.model.errors import NotPermitted, TransitionNotAllowed
from caseengine.model.lifecycle import LIVE, Status, Verb
from caseengine.model.resolution import Resolution
from caseengine.operations.ending import resolve
from caseengine.operations.permission import permitted_case
from caseengine.tables import cases
from storage.refusal import Refusal
from storage.transaction import UnitOfWork

LEVELS_MAX = 4
"""Cases above each other, the lowest included."""
CASCADE_MAX = 200
"""Children that end in one unit of work; the rest with the next call."""
Closing = Callable[[Case], Mapping[str, Any] | str | None]
"""What the customer of a case reads when it is resolved."""


@dataclass(frozen=True, slots=True)
class Cascade:
    """What a cascade did.

    Attributes:
        resolved: the numbers of the children that ended with their parent.
        refused: for each child that did not, its number and the code of the reason.
        hidden: how many more refused, of departments that are not the agent's.
        after: the number of the last child that was looked at.
        remaining: how many live cases below it come after that: call again with `after`.
    """

    parent: Case
    resolved: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    hidden: int
    after: str
    remaining: int


async def set_parent(
    work: UnitOfWork, number: str, parent_number: str, *, by: Actor, at: datetime, version: int | None = None
) -> Case:
    """The case is part of a larger one, in place of the one it was part of.

    Raises:
        CaseItself: the same case twice.
        ParentCycle: it is above its parent already.
        ParentTooDeep: more than LEVELS_MAX would be above each other.
        TransitionNotAllowed: one of them has ended or was merged away.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`; of either case.
        Conflict (at commit): somebody changed what stands above it meanwhile.
    """
    case = await permitted_case(work, number, by=by, version=version)
    parent = await permitted_case(work, parent_number, by=by)
    if case.id == parent.id:
        raise CaseItself(case.number)
    if case.parent_id == parent.id:
        return case
    if not parent.is_live:
        raise TransitionNotAllowed(parent.status, Verb.ATTACH)
    await attach(work, case, parent, by=by, at=at)
    return case


async def attach(work: UnitOfWork, case: Case, parent: Case, *, by: Actor, at: datetime) -> None:
    """Put it below its parent.

    Raises:
        ParentCycle, ParentTooDeep: see `set_parent`.
        Conflict (at commit): somebody changed what stands above it meanwhile.
    """
    above = await _line_above(work, parent, case)
    if len(above) + await _height(work, case.id) > LEVELS_MAX:
        raise ParentTooDeep(LEVELS_MAX)
    case.record(happened.ParentSet(case_id=case.id, actor=by, at=at, parent_id=parent.id, parent_number=parent.number))
    for one in above:
        _stays_as_it_is(work, one)


async def remove_parent(work: UnitOfWork, number: str, *, by: Actor, at: datetime, version: int | None = None) -> Case:
    """The case stands by itself again; without a parent it stays as it is.

    Raises:
        TransitionNotAllowed: it was merged away.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
    """
    case = await permitted_case(work, number, by=by, version=version)
    if case.parent_id is None:
        return case
    parent = await Cases(work).by_id(case.parent_id)
    case.record(
        happened.ParentRemoved(case_id=case.id, actor=by, at=at, parent_id=parent.id, parent_number=parent.number)
    )
    return case


async def resolve_with_children(
    work: UnitOfWork,
    number: str,
    resolution: Resolution,
    *,
    closing: Closing = lambda _: None,
    after: str = "",
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Cascade:
    """Resolve a case and every live case below it, each told to its customer in its own conversation.

    A child that refuses (another department, an open checklist, a form not filled in) stays as it is and is named.
    A parent that is resolved already takes its remaining children along.

    Args:
        after: go on after the child of this number, as the call before says.

    Raises:
        ChecklistOpen, FieldsInvalid, TransitionNotAllowed: the parent itself cannot end.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`; of the parent.
    """
    parent = await permitted_case(work, number, by=by, version=version)
    children, remaining = await _live_below(work, parent.id, after)
    if parent.status is not Status.RESOLVED:
        await resolve(work, parent.number, resolution, closing=closing(parent), by=by, at=at)
    resolved, refused, hidden = [], [], 0
    for child_number in children:
        child = await Cases(work).get(child_number)
        try:
            words = closing(child)
            await resolve(work, child.number, resolution, closing=words, with_parent=parent.id, by=by, at=at)
            resolved.append(child.number)
        except NotPermitted:
            hidden += 1
        except Refusal as refusal:  # it refuses before anything has happened to it
            refused.append((child.number, refusal.code))
    return Cascade(parent, tuple(resolved), tuple(refused), hidden, children[-1] if children else after, remaining)


async def _line_above(work: UnitOfWork, parent: Case, case: Case) -> list[Case]:
    """The parent and what is above it, which must not be the case."""
    line = [parent]
    while (above := line[-1].parent_id) is not None:
        if above == case.id:
            raise ParentCycle(case.number)
        if len(line) >= LEVELS_MAX:
            raise ParentTooDeep(LEVELS_MAX)
        line.append(await Cases(work).by_id(above))
    return line


def _below(case_id: UUID) -> sa.CTE:
    """The cases below a case, with their depth: 1 for its children."""
    below = sa.select(cases.c.id, sa.literal(1).label("depth")).where(cases.c.parent_id == case_id)
    cte = below.cte("below", recursive=True)
    deeper = sa.select(cases.c.id, cte.c.depth + 1).where(cases.c.parent_id == cte.c.id, cte.c.depth < LEVELS_MAX)
    return cte.union(deeper)


async def _height(work: UnitOfWork, case_id: UUID) -> int:
    below = _below(case_id)
    return 1 + int(await work.scalar(sa.select(sa.func.coalesce(sa.func.max(below.c.depth), 0))))


async def _live_below(work: UnitOfWork, case_id: UUID, after: str) -> tuple[list[str], int]:
    """The numbers of the next CASCADE_MAX, and how many more there are."""
    below = _below(case_id)
    live = sa.select(cases.c.number).where(cases.c.id == below.c.id, cases.c.status.in_(LIVE), cases.c.number > after)
    rows = await work.rows(live.order_by(cases.c.number))
    return [row.number for row in rows[:CASCADE_MAX]], max(len(rows) - CASCADE_MAX, 0)


def _stays_as_it_is(work: UnitOfWork, case: Case) -> None:
    """Two who attach at the same moment could make a circle that neither of them sees."""
    if not case.unsaved:
        same = (cases.c.id == case.id, cases.c.version == case.version)
        work.write(sa.update(cases).where(*same).values(version=case.version), rows=1)
