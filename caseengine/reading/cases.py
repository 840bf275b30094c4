"""Lists of cases: a customer's own, and the queues of agents."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import Agent
from caseengine.model.case import next_update
from caseengine.model.lifecycle import LIVE, Status
from caseengine.model.priority import Priority
from caseengine.operations.access import Viewer, visible_to
from caseengine.tables import agents, cases, departments
from customers.tables import contacts
from storage.transaction import Snapshot

CUSTOMER_ROWS_MAX = 100
QUEUE_ROWS_MAX = 200
COUNTED = (*LIVE, Status.RESOLVED)
"""Cases that were closed or merged away only grow in number, and nothing is to be done about them."""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case in a list; `contact_name` is None while nobody has proved whose it is.

    `due_at` is what was promised, `callback_at` when somebody calls; see `next_update_at`.
    """

    id: UUID
    number: str
    subject: str
    status: Status
    department: str
    department_name: str
    priority: Priority
    agent_id: UUID | None
    agent_name: str | None
    contact_name: str | None
    escalation_level: int
    due_at: datetime | None
    callback_at: datetime | None
    tier: str | None
    opened_at: datetime
    updated_at: datetime
    version: int

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    def next_update_at(self, now: datetime) -> datetime | None:
        """As `Case.next_update_at`."""
        return next_update(self.due_at, self.callback_at, now=now) if self.is_live else None

    @property
    def place(self) -> "QueuePlace":
        return QueuePlace(self.priority, self.opened_at, self.id)


@dataclass(frozen=True, slots=True)
class Held:
    """How many live cases of an agent's departments they hold themselves, and how many nobody holds."""

    mine: int
    unassigned: int


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """A place in the order of a queue: priority, then age."""

    priority: Priority
    opened_at: datetime
    id: UUID


NAMES = {"department_name": departments, "agent_name": agents, "contact_name": contacts}
COLUMNS: list[sa.ColumnElement[Any]] = [
    NAMES[name].c.name.label(name) if name in NAMES else cases.c[name] for name in CaseRow.__dataclass_fields__
]
HELD_BY_NOBODY = cases.c.agent_id.is_(None)
ORDER = (cases.c.priority, cases.c.opened_at, cases.c.id)


def case_rows() -> sa.Select[Any]:
    """Cases with the names of their department, agent and contact."""
    joined = cases.join(departments, departments.c.id == cases.c.department)
    joined = joined.outerjoin(agents, agents.c.id == cases.c.agent_id)
    joined = joined.outerjoin(contacts, contacts.c.id == cases.c.contact_id)
    return sa.select(*COLUMNS).select_from(joined)


async def cases_of(snapshot: Snapshot, viewer: Viewer) -> list[CaseRow]:
    """What a customer may see, live cases first, newest first; at most CUSTOMER_ROWS_MAX."""
    ended = sa.case((cases.c.status.in_(LIVE), 0), else_=1)
    rows = await snapshot.rows(
        case_rows()
        .where(visible_to(viewer), cases.c.status != Status.MERGED)
        .order_by(ended, cases.c.opened_at.desc(), cases.c.number.desc())
        .limit(CUSTOMER_ROWS_MAX)
    )
    return [read_case_row(row) for row in rows]


async def queue(
    snapshot: Snapshot,
    agent: Agent,
    *,
    department: str | None = None,
    status: Status | None = None,
    mine: bool = False,
    unassigned: bool = False,
    after: QueuePlace | None = None,
    limit: int = 50,
) -> list[CaseRow]:
    """Cases an agent may see, by priority, then age.

    Args:
        status: the live ones when left out.
        mine, unassigned: those the agent holds; those nobody holds.
        after: the `place` of the last row of the page before.
    """
    statuses = (status,) if status else LIVE
    seen = await _departments_seen(snapshot, agent, department)
    if not seen:
        return []
    holder = [_held_by(agent)] if mine else [HELD_BY_NOBODY] if unassigned else []
    limit = min(max(limit, 1), QUEUE_ROWS_MAX)
    first = _first_of_each(seen, statuses, [*holder, *_behind(after)], limit)
    rows = await snapshot.rows(case_rows().where(cases.c.id.in_(first)).order_by(*ORDER).limit(limit))
    return [read_case_row(row) for row in rows]


async def held(snapshot: Snapshot, agent: Agent) -> Held:
    """The lengths of the queues `mine` and `unassigned`."""
    return Held(
        mine=await _live_and_seen(snapshot, agent, _held_by(agent)),
        unassigned=await _live_and_seen(snapshot, agent, HELD_BY_NOBODY),
    )


async def numbered(snapshot: Snapshot, agent: Agent, numbers: Collection[str]) -> Mapping[str, CaseRow]:
    """Those of these cases that the agent may see, by number."""
    rows = await snapshot.rows(case_rows().where(cases.c.number.in_(numbers)))
    return {row.number: read_case_row(row) for row in rows if agent.may_see(row.department)}


async def counts(snapshot: Snapshot) -> dict[str, dict[Status, int]]:
    """How many cases each department has in each status of `COUNTED`; departments without any have an empty entry."""
    found: dict[str, dict[Status, int]] = {
        row.id: {} for row in await snapshot.rows(sa.select(departments.c.id).order_by(departments.c.id))
    }
    how_many = sa.func.count().label("how_many")
    counted = cases.c.department.in_(list(found)), cases.c.status.in_(COUNTED)
    for row in await snapshot.rows(
        sa.select(cases.c.department, cases.c.status, how_many)
        .where(*counted)
        .group_by(cases.c.department, cases.c.status)
    ):
        found[row.department][Status(row.status)] = row.how_many
    return found


async def _live_and_seen(snapshot: Snapshot, agent: Agent, holder: sa.ColumnElement[bool]) -> int:
    """Counted along the holders' index, and only then by whether the agent may see the department."""
    rows = await snapshot.rows(
        sa.select(cases.c.department, sa.func.count().label("how_many"))
        .where(holder, cases.c.status.in_(LIVE))
        .group_by(cases.c.department)
    )
    return sum(row.how_many for row in rows if agent.may_see(row.department))


def _held_by(agent: Agent) -> sa.ColumnElement[bool]:
    return cases.c.agent_id == agent.id


async def _departments_seen(snapshot: Snapshot, agent: Agent, department: str | None) -> Sequence[str]:
    if department is not None:
        return [department] if agent.may_see(department) else []
    rows = await snapshot.rows(sa.select(departments.c.id).order_by(departments.c.id))
    return [row.id for row in rows if agent.may_see(row.id)]


def _first_of_each(
    seen: Sequence[str], statuses: Sequence[Status], conditions: Sequence[sa.ColumnElement[bool]], limit: int
) -> sa.Select[Any]:
    """The first cases of each department and status: each is one walk along the queue's index."""
    parts = [
        sa.select(cases.c.id)
        .where(cases.c.department == department, cases.c.status == status, *conditions)
        .order_by(*ORDER)
        .limit(limit)
        .subquery()
        for department in seen
        for status in statuses
    ]
    return sa.select(sa.union_all(*(sa.select(part.c.id) for part in parts)).subquery().c.id)


def _behind(place: QueuePlace | None) -> list[sa.ColumnElement[bool]]:
    if place is None:
        return []
    here = sa.tuple_(
        sa.literal(int(place.priority)),
        sa.literal(place.opened_at, cases.c.opened_at.type),
        sa.literal(place.id, cases.c.id.type),
    )
    return [sa.tuple_(*ORDER) > here]


def read_case_row(row: sa.Row[Any]) -> CaseRow:
    values = {name: getattr(row, name) for name in CaseRow.__dataclass_fields__}
    return CaseRow(**{**values, "status": Status(row.status), "priority": Priority(row.priority)})
