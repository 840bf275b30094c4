"""What routing decided: told again for those who ask why, and decided again to see that it comes out the same."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.errors import RulebookInvalid
from caseengine.model.skill import Skill
from caseengine.policies.routing import Candidate, Request, Scores, decide, why_chosen
from caseengine.routing_rules import routing_rules
from caseengine.skills import skill_tree
from caseengine.tables import agents, assignments, cases, departments
from storage.transaction import Snapshot

PAGE = 500


@dataclass(frozen=True, slots=True)
class Chosen:
    """Why an agent is asked: a code of `why_chosen`, and the name of the skill, or the language, it is about."""

    code: str
    about: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A case an agent is asked to take."""

    number: str
    subject: str
    department: str
    department_name: str
    priority: int
    why: tuple[Chosen, ...]
    offered_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Considered:
    """One candidate: why not, or the scores in the order they count."""

    agent_id: UUID
    name: str
    excluded: str
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """One decision with its reasons; `request` is what was asked for."""

    id: UUID
    agent_id: UUID
    agent_name: str
    state: str
    decided_at: datetime
    ended_at: datetime | None
    reason: str
    policy_version: int
    relaxed: int
    request: Mapping[str, Any]
    considered: tuple[Considered, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision made again. `difference` names the first thing that came out otherwise; "" when nothing did."""

    id: UUID
    number: str
    decided_at: datetime
    difference: str


async def offers_to(snapshot: Snapshot, agent_id: UUID) -> list[Offer]:
    """What an agent is asked to take, the soonest to run out first."""
    rows = await snapshot.rows(
        sa.select(
            cases.c.number,
            cases.c.subject,
            cases.c.department,
            cases.c.priority,
            departments.c.name.label("department_name"),
            assignments.c.agent_id,
            assignments.c.facts,
            assignments.c.decision,
            assignments.c.decided_at,
            assignments.c.expires_at,
        )
        .join(assignments, assignments.c.case_id == cases.c.id)
        .join(departments, departments.c.id == cases.c.department)
        .where(cases.c.offered_to == agent_id, sa.text("assignments.state = 'offered'"))
        .order_by(assignments.c.expires_at)
    )
    skills = (await skill_tree(snapshot)).skills if rows else {}
    return [_offer(row, skills) for row in rows]


async def assignments_of(snapshot: Snapshot, case_id: UUID) -> list[AssignmentRow]:
    """Every decision about a case, oldest first."""
    rows = await snapshot.rows(
        sa.select(assignments, agents.c.name.label("agent_name"))
        .join(agents, agents.c.id == assignments.c.agent_id)
        .where(assignments.c.case_id == case_id)
        .order_by(assignments.c.decided_at, assignments.c.id)
    )
    names = await names_of(snapshot, {UUID(one[0]) for row in rows for one in row.decision["judged"]})
    return [_row(row, names) for row in rows]


async def names_of(snapshot: Snapshot, ids: set[UUID]) -> dict[UUID, str]:
    if not ids:
        return {}
    rows = await snapshot.rows(sa.select(agents.c.id, agents.c.name).where(agents.c.id.in_(sorted(ids))))
    return {row.id: row.name for row in rows}


async def replay(
    snapshot: Snapshot, *, since: datetime | None = None, until: datetime | None = None
) -> AsyncIterator[Replayed]:
    """Decide everything again, oldest first, from the facts and by the version of the rulebook of that time.

    Args:
        since, until: decided from and before these instants.
    """
    wanted = [assignments.c.decided_at >= since] if since else []
    wanted += [assignments.c.decided_at < until] if until else []
    behind: list[sa.ColumnElement[bool]] = []
    place = sa.tuple_(assignments.c.decided_at, assignments.c.id)
    while True:
        rows = await snapshot.rows(
            sa.select(assignments, cases.c.number)
            .join(cases, cases.c.id == assignments.c.case_id)
            .where(*wanted, *behind)
            .order_by(assignments.c.decided_at, assignments.c.id)
            .limit(PAGE)
        )
        for row in rows:
            yield Replayed(row.id, row.number, row.decided_at, await _difference(snapshot, row))
        if len(rows) < PAGE:
            return
        last = rows[-1]
        behind = [
            place
            > sa.tuple_(
                sa.literal(last.decided_at, assignments.c.decided_at.type), sa.literal(last.id, assignments.c.id.type)
            )
        ]


async def _difference(snapshot: Snapshot, row: sa.Row[Any]) -> str:
    try:
        version, policy = await routing_rules(snapshot, row.policy_version)
    except RulebookInvalid:
        return f"rulebook: {row.policy_version} cannot be read"
    if version != row.policy_version:
        return f"rulebook: {row.policy_version} -> {version}"
    candidates = map(Candidate.read, row.facts["candidates"])
    again = decide(Request.read(row.facts["request"]), candidates, policy).document
    return first_difference(row.decision, again)


def first_difference(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The first thing that two decisions do not have in common, the outcome before its reasons."""
    for name in ("agent_id", "relaxed"):
        if then[name] != now[name]:
            return f"{name}: {then[name]} -> {now[name]}"
    for one, other in zip(then["judged"], now["judged"], strict=False):
        if one != other:
            return f"{one[0]}: {one[1:]} -> {other[1:] if other[0] == one[0] else other}"
    if len(then["judged"]) != len(now["judged"]):
        return f"judged: {len(then['judged'])} -> {len(now['judged'])}"
    return ""


def _offer(row: sa.Row[Any], skills: Mapping[str, Skill]) -> Offer:
    me = str(row.agent_id)
    chosen = next(one for one in map(Candidate.read, row.facts["candidates"]) if one.id == me)
    scores = Scores(*next(one[2] for one in row.decision["judged"] if one[0] == me))
    why = why_chosen(Request.read(row.facts["request"]), chosen, scores)
    return Offer(
        number=row.number,
        subject=row.subject,
        department=row.department,
        department_name=row.department_name,
        priority=int(row.priority),
        why=tuple(Chosen(code, skills[about].name if about in skills else about) for code, about in why),
        offered_at=row.decided_at,
        expires_at=row.expires_at,
    )


def _row(row: sa.Row[Any], names: Mapping[UUID, str]) -> AssignmentRow:
    return AssignmentRow(
        id=row.id,
        agent_id=row.agent_id,
        agent_name=row.agent_name,
        state=row.state,
        decided_at=row.decided_at,
        ended_at=row.ended_at,
        reason=row.reason,
        policy_version=row.policy_version,
        relaxed=row.decision["relaxed"],
        request=row.facts["request"],
        considered=considered(row.decision["judged"], names),
    )


def considered(judged: Sequence[Sequence[Any]], names: Mapping[UUID, str]) -> tuple[Considered, ...]:
    """The candidates of a decision as its document has them, with names."""
    return tuple(Considered(UUID(one[0]), names.get(UUID(one[0]), ""), one[1], tuple(one[2])) for one in judged)
