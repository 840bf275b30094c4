"""Who could have a case, and what they have already.

Nothing here reads all agents: those looked at have the rarest skill a case asks for.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from json import dumps, loads
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import CLOCKS_APART_MAX, Presence, seen_lately, were_seen_lately
from caseengine.model.case import Case
from caseengine.model.lifecycle import LIVE, Status
from caseengine.model.needs import Needs
from caseengine.model.shift import Shifts
from caseengine.policies.routing import NEVER_S, Candidate, relaxed
from caseengine.policies.routing_policy import RoutingPolicy
from caseengine.tables import (
    agent_departments,
    agent_skills,
    agent_work,
    agents,
    callbacks,
    case_conversations,
    cases,
    conversations,
)
from storage.transaction import Snapshot

WITH_CONVERSATIONS = cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id).outerjoin(
    case_conversations,
    sa.and_(
        case_conversations.c.conversation_id == cases.c.conversation_id, case_conversations.c.case_id == cases.c.id
    ),
)
"""Cases with where replies go and whether somebody waits there now."""


@dataclass(frozen=True, slots=True)
class Known:
    """A candidate and what is not theirs to decide by: their name, and the version of what they were given."""

    candidate: Candidate
    name: str
    version: int | None


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
    return kind_of(row) if row else ("", "")


def kind_of(row: sa.Row[Any]) -> tuple[str, str]:
    """`kind_of_work` of a row with `channel` and `live`."""
    channel = row.channel or ""
    return channel, "chat" if row.live else channel


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
    rarest = await _rarest(snapshot, relaxed(needs, policy.steps(waited.total_seconds())).required)
    pool = _pool(case.department, rarest, list(also))
    return await _known(snapshot, pool, case, needs=needs, policy=policy, at=at)


async def loads_of(
    snapshot: Snapshot,
    agent_ids: Collection[UUID],
    policy: RoutingPolicy,
    *,
    but: UUID | None = None,
    woken: bool = False,
) -> dict[UUID, int]:
    """Units of what each holds or is offered, by the kinds of `kind_of_work`: what is asked for is what is counted.

    Args:
        but: a case that does not count, for it is what is to be given.
        woken: as if all that waits for third parties woke now: for whom more of it is to be given to.
    """
    others = [] if but is None else [cases.c.id != but]
    loads = dict.fromkeys(agent_ids, 0)
    here = case_conversations
    for holder, extra in ((cases.c.agent_id, [cases.c.status.in_(LIVE)]), (cases.c.offered_to, [])):
        rows = await snapshot.rows(
            sa.select(
                holder.label("holder"),
                cases.c.status,
                conversations.c.channel,
                here.c.live,
                sa.func.count().label("how_many"),
            )
            .select_from(WITH_CONVERSATIONS)
            .where(holder.in_(list(agent_ids)), *extra, *others)
            .group_by(holder, cases.c.status, conversations.c.channel, here.c.live)
        )
        for row in rows:
            asleep = holder is cases.c.agent_id and _is_asleep(row.status, woken=woken)
            loads[row.holder] += row.how_many * _cost(row, policy, asleep=asleep)
    return loads


def _is_asleep(status: str, *, woken: bool) -> bool:
    return status == Status.WAITING_ON_CUSTOMER or (status == Status.WAITING_ON_THIRD_PARTY and not woken)


def _cost(row: sa.Row[Any], policy: RoutingPolicy, *, asleep: bool) -> int:
    if row.live:
        return policy.cost("chat")
    return policy.cost("waiting") if asleep else policy.cost(row.channel or "")


async def rows_of_those_there(snapshot: Snapshot, department: str, *, at: datetime) -> Sequence[sa.Row[Any]]:
    """The rows that `candidate` reads, of whoever works for a department and is there."""
    there = sa.and_(agents.c.presence == Presence.AVAILABLE, were_seen_lately(at))
    return await _rows(snapshot, sa.and_(_pool(department, None, []), there), department)


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
    case: Case,
    *,
    needs: Needs,
    policy: RoutingPolicy,
    at: datetime,
) -> list[Known]:
    rows = await _rows(snapshot, pool, case.department)
    there = [row.id for row in rows if _is_there(row, at)]
    woken = case.status is Status.WAITING_ON_THIRD_PARTY
    loads = await loads_of(snapshot, there, policy, but=case.id, woken=woken) if there else {}
    for agent_id, units in (await appointments(snapshot, there, policy, at, but=case.id)).items():
        loads[agent_id] += units
    able = await skills_of(snapshot, [row.id for row in rows], {*needs.required, *needs.preferred})
    return [Known(candidate(row, loads, able.get(row.id, {}), policy, at), row.name, row.version) for row in rows]


async def _rows(snapshot: Snapshot, pool: sa.ColumnElement[bool], department: str) -> Sequence[sa.Row[Any]]:
    works_here = (
        sa.exists()
        .where(agent_departments.c.agent_id == agents.c.id, agent_departments.c.department == department)
        .label("works_here")
    )
    return await snapshot.rows(
        sa.select(agents.c.id, agents.c.name, agents.c.presence, agents.c.seen_at, agent_work, works_here)
        .select_from(agents.outerjoin(agent_work, agent_work.c.agent_id == agents.c.id))
        .where(pool)
    )


def _is_there(row: sa.Row[Any], at: datetime) -> bool:
    return bool(row.presence == Presence.AVAILABLE and seen_lately(row.seen_at, at))


def candidate(
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
        seen_s=_seen_s(row.seen_at, at),
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


def _seen_s(then: datetime | None, at: datetime) -> float:
    """Seen by a clock that had jumped ahead is never seen."""
    return NEVER_S if then is not None and then - at > CLOCKS_APART_MAX else _since(then, at)


async def skills_of(
    snapshot: Snapshot, ids: Sequence[UUID], wanted: Collection[str] | None = None
) -> dict[UUID, dict[str, int]]:
    """Levels of these skills, or of all they have."""
    found: dict[UUID, dict[str, int]] = {}
    if not ids or wanted == set():
        return found
    which = [] if wanted is None else [agent_skills.c.skill.in_(sorted(wanted))]
    rows = await snapshot.rows(
        sa.select(agent_skills.c.agent_id, agent_skills.c.skill, agent_skills.c.level).where(
            agent_skills.c.agent_id.in_(ids), *which
        )
    )
    for row in rows:
        found.setdefault(row.agent_id, {})[row.skill] = row.level
    return found


async def appointments(
    snapshot: Snapshot, ids: Sequence[UUID], policy: RoutingPolicy, at: datetime, *, but: UUID | None = None
) -> dict[UUID, int]:
    """Units kept free for calls, about other cases than `but`, that begin within the length of a slot."""
    if not ids:
        return {}
    soon = at + timedelta(seconds=policy.callbacks.slot_s)
    rows = await snapshot.rows(
        sa.select(callbacks.c.agent_id, sa.func.count().label("how_many"))
        .where(
            callbacks.c.state.in_(("booked",)),
            callbacks.c.agent_id.in_(ids),
            *([] if but is None else [callbacks.c.case_id != but]),
            callbacks.c.starts_at > at,
            callbacks.c.starts_at <= soon,
        )
        .group_by(callbacks.c.agent_id)
    )
    return {row.agent_id: row.how_many * policy.cost("callback", "chat") for row in rows}
