"""What routing has to know: who waits first, who could have it, and what they have already.

Nothing here reads all agents or a whole queue: a department's queue is walked by what its cases need, and the agents
looked at are those with the rarest skill a case asks for.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from json import dumps, loads
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import LOCKED, PRESENCE_EXPIRES_AFTER, AgentRole, Presence
from caseengine.model.case import Case
from caseengine.model.lifecycle import Status
from caseengine.model.needs import Needs
from caseengine.model.shift import Shifts
from caseengine.policies.routing import NEVER_S, Candidate, relaxed
from caseengine.policies.routing_policy import RoutingPolicy
from caseengine.tables import (
    agent_departments,
    agent_skills,
    agent_work,
    agents,
    assignments,
    callbacks,
    case_conversations,
    case_events,
    cases,
    conversations,
    departments,
)
from caseengine.tables.routing import WAITS
from storage.transaction import Snapshot

HELD = (Status.NEW, Status.OPEN, Status.WAITING_ON_CUSTOMER, Status.WAITING_ON_THIRD_PARTY)
CLASSES_MAX = 2_000
ENTERING = ("CaseOpened", "CaseMoved", "CaseReturned", "CaseReopened", "CaseUnmerged")
"""The facts with which a case comes into a queue."""

_WAITS = sa.text(WAITS)
_TIER: sa.ColumnElement[str] = sa.literal_column("coalesce(tier, 'Z')")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case in a queue; `order`: least slack first, then tier, then age."""

    id: UUID
    needs_key: str
    order: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A candidate and what is not theirs to decide by: their name, and the version of what they were given."""

    candidate: Candidate
    name: str
    version: int | None


async def classes_waiting(snapshot: Snapshot, department: str) -> list[str]:
    """The different needs of the cases that wait in a department, one step of the index each."""
    found: list[str] = []
    behind: list[sa.ColumnElement[bool]] = []
    while len(found) < CLASSES_MAX:
        least = sa.select(cases.c.needs_key).where(_WAITS, cases.c.department == department, *behind)
        row = await snapshot.first(least.order_by(cases.c.needs_key).limit(1))
        if row is None:
            break
        found.append(row.needs_key)
        behind = [cases.c.needs_key > row.needs_key]
    return found


async def first_waiting(snapshot: Snapshot, department: str, needs_key: str, *, limit: int = 1) -> list[Waiting]:
    """The first in the queue of those that need the same."""
    columns = (cases.c.id, cases.c.needs_key, cases.c.sla_due_at, _TIER.label("tier"), cases.c.opened_at)
    found: list[Waiting] = []
    for due in (cases.c.sla_due_at.is_not(None), cases.c.sla_due_at.is_(None)):
        if len(found) == limit:
            break
        rows = await snapshot.rows(
            sa.select(*columns)
            .where(_WAITS, cases.c.department == department, cases.c.needs_key == needs_key, due)
            .order_by(cases.c.sla_due_at, _TIER, cases.c.opened_at, cases.c.id)
            .limit(limit - len(found))
        )
        found += [Waiting(row.id, row.needs_key, _order(row)) for row in rows]
    return found


def _order(row: sa.Row[Any]) -> tuple[Any, ...]:
    due = row.sla_due_at
    return (due is None, due.timestamp() if due else 0.0, row.tier, row.opened_at, str(row.id))


async def departments_waiting(snapshot: Snapshot) -> list[str]:
    """Where somebody waits."""
    somebody = sa.exists().where(_WAITS, cases.c.department == departments.c.id)
    rows = await snapshot.rows(sa.select(departments.c.id).where(somebody).order_by(departments.c.id))
    return [row.id for row in rows]


async def waiting_since(snapshot: Snapshot, case: Case) -> datetime:
    """When the case last came into a queue."""
    row = await snapshot.first(
        sa.select(case_events.c.at)
        .where(case_events.c.case_id == case.id, case_events.c.kind.in_(ENTERING))
        .order_by(case_events.c.seq.desc())
        .limit(1)
    )
    return row.at if row else case.opened_at


async def came_by(snapshot: Snapshot, case: Case, reason: str) -> bool:
    """Whether the case was moved for this reason before."""
    rows = await snapshot.rows(
        sa.select(case_events.c.internal).where(case_events.c.case_id == case.id, case_events.c.kind == "CaseMoved")
    )
    return any(row.internal.get("reason") == reason for row in rows)


async def declined_by(snapshot: Snapshot, case_id: UUID, *, since: datetime) -> frozenset[str]:
    """Who would not have it, or let the offer run out, since an instant."""
    rows = await snapshot.rows(
        sa.select(assignments.c.agent_id).where(
            assignments.c.case_id == case_id,
            assignments.c.state.in_(("declined", "expired")),
            assignments.c.ended_at >= since,
        )
    )
    return frozenset(str(row.agent_id) for row in rows)


async def knows_it(snapshot: Snapshot, case: Case) -> UUID | None:
    """Who had the case last, or the one it goes on from, unless they gave it back of their own will."""
    rows = await snapshot.rows(
        sa.select(case_events.c.kind, case_events.c.data)
        .where(case_events.c.case_id == case.id, case_events.c.kind.in_(("CaseAssigned", "CaseMoved", "CaseReturned")))
        .order_by(case_events.c.seq.desc())
        .limit(2)
    )
    for row in rows:
        if row.kind == "CaseAssigned":
            return UUID(row.data["agent_id"])
        if row.kind == "CaseMoved" or row.data.get("reason") == "given_back":
            return None
    if case.follows is None:
        return None
    holder: UUID | None = await snapshot.scalar(sa.select(cases.c.agent_id).where(cases.c.id == case.follows))
    return holder


async def kind_of_work(snapshot: Snapshot, case: Case) -> tuple[str, str]:
    """The channel of the case's conversation, and "chat" while somebody waits there now, else the channel again."""
    if case.conversation_id is None:
        return "", ""
    row = await snapshot.first(
        sa.select(conversations.c.channel, case_conversations.c.live)
        .outerjoin(
            case_conversations,
            sa.and_(
                case_conversations.c.conversation_id == conversations.c.id, case_conversations.c.case_id == case.id
            ),
        )
        .where(conversations.c.id == case.conversation_id)
    )
    return (row.channel, "chat" if row.live else row.channel) if row else ("", "")


async def candidates_for(
    snapshot: Snapshot,
    case: Case,
    needs: Needs,
    policy: RoutingPolicy,
    *,
    waited: timedelta,
    also: Iterable[UUID] = (),
    at: datetime,
) -> list[Known]:
    """Who could have the case: those of its department with the rarest skill it still asks for, and `also`."""
    steps = [step for step in policy.relax if step.after_s <= waited.total_seconds()]
    rarest = await _rarest(snapshot, relaxed(needs, steps).required)
    pool = _pool(case.department, rarest, list(also))
    return await _known(snapshot, pool, department=case.department, needs=needs, policy=policy, at=at)


async def loads_of(snapshot: Snapshot, agent_ids: Collection[UUID], policy: RoutingPolicy) -> dict[UUID, int]:
    """Units of what each holds or is offered, by the kinds of `kind_of_work`: what is asked for is what is counted."""
    loads = dict.fromkeys(agent_ids, 0)
    here = case_conversations
    joined = cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id).outerjoin(
        here, sa.and_(here.c.conversation_id == cases.c.conversation_id, here.c.case_id == cases.c.id)
    )
    for holder, extra in ((cases.c.agent_id, [cases.c.status.in_(HELD)]), (cases.c.offered_to, [])):
        rows = await snapshot.rows(
            sa.select(
                holder.label("holder"),
                cases.c.status,
                conversations.c.channel,
                here.c.live,
                sa.func.count().label("how_many"),
            )
            .select_from(joined)
            .where(holder.in_(list(agent_ids)), *extra)
            .group_by(holder, cases.c.status, conversations.c.channel, here.c.live)
        )
        for row in rows:
            loads[row.holder] += row.how_many * _cost(row, policy)
    return loads


def _cost(row: sa.Row[Any], policy: RoutingPolicy) -> int:
    channel = row.channel or ""
    if row.live:
        return policy.cost("chat")
    if row.status in (Status.WAITING_ON_CUSTOMER, Status.WAITING_ON_THIRD_PARTY):
        return policy.cost("waiting")
    return policy.cost(channel)


async def _rarest(snapshot: Snapshot, required: Mapping[str, int]) -> str | None:
    if len(required) <= 1:
        return next(iter(required), None)
    counts = await snapshot.rows(
        sa.select(agent_skills.c.skill, sa.func.count().label("how_many"))
        .where(agent_skills.c.skill.in_(sorted(required)))
        .group_by(agent_skills.c.skill)
    )
    having = {row.skill: row.how_many for row in counts}
    return min(sorted(required), key=lambda skill: having.get(skill, 0))


def _pool(department: str, skill: str | None, also: Sequence[UUID]) -> sa.ColumnElement[bool]:
    theirs = sa.select(agent_departments.c.agent_id).where(agent_departments.c.department == department)
    if skill is not None:
        able = sa.select(agent_skills.c.agent_id).where(agent_skills.c.skill == skill)
        inside = sa.exists().where(
            agent_departments.c.agent_id == agent_skills.c.agent_id, agent_departments.c.department == department
        )
        theirs = able.where(inside)
    named = agents.c.id.in_(theirs)
    return sa.or_(named, agents.c.id.in_(list(also))) if also else named


async def _known(
    snapshot: Snapshot,
    pool: sa.ColumnElement[bool],
    *,
    department: str,
    needs: Needs,
    policy: RoutingPolicy,
    at: datetime,
) -> list[Known]:
    works_here = (
        sa.exists()
        .where(agent_departments.c.agent_id == agents.c.id, agent_departments.c.department == department)
        .label("works_here")
    )
    rows = await snapshot.rows(
        sa.select(agents.c.id, agents.c.name, agents.c.presence, agents.c.seen_at, agent_work, works_here)
        .select_from(agents.outerjoin(agent_work, agent_work.c.agent_id == agents.c.id))
        .where(pool)
    )
    there = [row.id for row in rows if _is_there(row, at)]
    loads = await loads_of(snapshot, there, policy) if there else {}
    for agent_id, units in (await _appointments(snapshot, there, policy, at)).items():
        loads[agent_id] += units
    able = await _skills_of(snapshot, [row.id for row in rows], {*needs.required, *needs.preferred})
    return [Known(_candidate(row, loads, able.get(row.id, {}), policy, at), row.name, row.version) for row in rows]


def _is_there(row: sa.Row[Any], at: datetime) -> bool:
    lately = row.seen_at is not None and at - row.seen_at <= PRESENCE_EXPIRES_AFTER
    return bool(row.presence == Presence.AVAILABLE and lately)


def _candidate(
    row: sa.Row[Any], loads: Mapping[UUID, int], able: Mapping[str, int], policy: RoutingPolicy, at: datetime
) -> Candidate:
    """Shifts are looked at only for those who are there: nobody else is asked anyway."""
    shifts = read_shifts(row.shifts) if row.shifts and row.id in loads else None
    return Candidate(
        id=str(row.id),
        permitted=bool(row.works_here),
        channels=None if row.channels is None else tuple(row.channels),
        languages=tuple(row.languages or ()),
        skills=able,
        presence=row.presence,
        seen_s=_since(row.seen_at, at),
        on_leave=shifts is not None and shifts.on_leave(at),
        on_shift=shifts is None or shifts.on_shift(at),
        capacity=policy.capacity if row.capacity is None else row.capacity,
        load=loads.get(row.id, 0),
        idle_s=_since(row.given_at, at),
    )


def read_shifts(document: Mapping[str, Any]) -> Shifts:
    """As `Shifts.read`; the same document is read once."""
    return _read_shifts(dumps(document, sort_keys=True))


@lru_cache(maxsize=20_000)
def _read_shifts(document: str) -> Shifts:
    return Shifts.read(loads(document))


def _since(then: datetime | None, at: datetime) -> float:
    return NEVER_S if then is None else round(max((at - then).total_seconds(), 0.0), 3)


async def _skills_of(snapshot: Snapshot, ids: Sequence[UUID], wanted: Collection[str]) -> dict[UUID, dict[str, int]]:
    found: dict[UUID, dict[str, int]] = {}
    if not ids or not wanted:
        return found
    rows = await snapshot.rows(
        sa.select(agent_skills.c.agent_id, agent_skills.c.skill, agent_skills.c.level).where(
            agent_skills.c.agent_id.in_(ids), agent_skills.c.skill.in_(sorted(wanted))
        )
    )
    for row in rows:
        found.setdefault(row.agent_id, {})[row.skill] = row.level
    return found


async def _appointments(
    snapshot: Snapshot, ids: Sequence[UUID], policy: RoutingPolicy, at: datetime
) -> dict[UUID, int]:
    """Units kept free for calls that begin within the length of a slot."""
    if not ids:
        return {}
    soon = at + timedelta(seconds=policy.callbacks.slot_s)
    rows = await snapshot.rows(
        sa.select(callbacks.c.agent_id, sa.func.count().label("how_many"))
        .where(
            callbacks.c.state.in_(("booked",)),
            callbacks.c.agent_id.in_(ids),
            callbacks.c.starts_at > at,
            callbacks.c.starts_at <= soon,
        )
        .group_by(callbacks.c.agent_id)
    )
    return {row.agent_id: row.how_many * policy.cost("callback", "chat") for row in rows}


async def offers_ended(snapshot: Snapshot, at: datetime, *, limit: int = 200) -> Sequence[sa.Row[Any]]:
    """Offers that ran out by `at`, or whose agent is not there any more: id, case_id, agent_id, why."""
    lost = sa.or_(
        agents.c.presence != Presence.AVAILABLE, agents.c.seen_at.is_(None), agents.c.seen_at < _seen_since(at)
    )
    return await snapshot.rows(
        sa.select(assignments.c.id, assignments.c.case_id, assignments.c.agent_id, assignments.c.expires_at)
        .join(agents, agents.c.id == assignments.c.agent_id)
        .where(sa.text("assignments.state = 'offered'"), sa.or_(assignments.c.expires_at <= at, lost))
        .order_by(assignments.c.expires_at)
        .limit(limit)
    )


async def live_work_of_the_lost(snapshot: Snapshot, at: datetime, *, limit: int = 200) -> Sequence[sa.Row[Any]]:
    """Cases whose customer is talking to somebody whose screen was not heard of for too long: id, department."""
    lost = sa.or_(agents.c.presence == Presence.OFFLINE, agents.c.seen_at.is_(None), agents.c.seen_at < _seen_since(at))
    return await snapshot.rows(
        sa.select(cases.c.id, cases.c.department)
        .select_from(conversations)
        .join(agents, agents.c.id == conversations.c.agent_id)
        .join(case_conversations, case_conversations.c.conversation_id == conversations.c.id)
        .join(cases, cases.c.id == case_conversations.c.case_id)
        .where(
            sa.text("conversations.mode = 'agent'"),
            conversations.c.agent_id.is_not(None),
            lost,
            case_conversations.c.live,
            cases.c.agent_id == conversations.c.agent_id,
            cases.c.status.in_(HELD),
        )
        .limit(limit)
    )


async def work_out_of_place(snapshot: Snapshot, *, limit: int = 200) -> Sequence[sa.Row[Any]]:
    """Live cases held by somebody who is locked out, or does not work for their department: id, why."""
    locked = agents.c.password_hash == LOCKED
    here = sa.exists().where(
        agent_departments.c.agent_id == cases.c.agent_id, agent_departments.c.department == cases.c.department
    )
    return await snapshot.rows(
        sa.select(cases.c.id, locked.label("locked"))
        .join(agents, agents.c.id == cases.c.agent_id)
        .where(cases.c.status.in_(HELD), sa.or_(locked, sa.and_(agents.c.role != AgentRole.SUPERVISOR, ~here)))
        .limit(limit)
    )


def _seen_since(at: datetime) -> datetime:
    return at - PRESENCE_EXPIRES_AFTER
