"""What a case has to do with others, who watches it, and what its form still wants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import Agent
from caseengine.forms import NO_FORM, read_forms
from caseengine.model.lifecycle import LIVE
from caseengine.reading.cases import CaseRow, case_rows, read_case_row
from caseengine.rulebooks import Rulebook, rulebook
from caseengine.tables import agents, case_tags, case_watchers, cases
from storage.transaction import Snapshot


@dataclass(frozen=True, slots=True)
class KeptBy:
    """An agent who watches."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Kept:
    """
    Attributes:
        parent, follows, merged_into: None also where the agent may not see it.
        merged: the numbers of the cases that go on in it.
        children, live_children: how many are right below it.
        form_problems: what the form wants before the case may be resolved.
    """

    tags: Sequence[str]
    watchers: Sequence[KeptBy]
    parent: CaseRow | None
    follows: CaseRow | None
    merged_into: CaseRow | None
    merged: Sequence[str]
    children: int
    live_children: int
    form_problems: Sequence[Mapping[str, str]]


async def kept(snapshot: Snapshot, agent: Agent, row: sa.Row[Any]) -> Kept:
    """`row` has the columns parent_id, follows, merged_into, case_type and fields of a case."""
    related = {row.parent_id, row.follows, row.merged_into} - {None}
    found = await snapshot.rows(case_rows().where(cases.c.id.in_(related))) if related else []
    seen = {other.id: read_case_row(other) for other in found if agent.may_see(other.department)}
    below = await _below(snapshot, row.id)
    form = read_forms((await rulebook(snapshot, Rulebook.FORMS)).document).get(row.case_type, NO_FORM)
    return Kept(
        tags=await _tags(snapshot, row.id),
        watchers=await _watchers(snapshot, row.id),
        parent=seen.get(row.parent_id),
        follows=seen.get(row.follows),
        merged_into=seen.get(row.merged_into),
        merged=await _merged(snapshot, row.id),
        children=sum(below.values()),
        live_children=sum(count for status, count in below.items() if status in LIVE),
        form_problems=form.missing_of(row.fields),
    )


async def children_of(snapshot: Snapshot, agent: Agent, case_id: UUID, *, limit: int = 200) -> list[CaseRow]:
    """The cases right below a case that the agent may see, oldest first."""
    rows = await snapshot.rows(
        case_rows().where(cases.c.parent_id == case_id).order_by(cases.c.opened_at, cases.c.number).limit(limit)
    )
    return [read_case_row(row) for row in rows if agent.may_see(row.department)]


async def _below(snapshot: Snapshot, case_id: UUID) -> Mapping[str, int]:
    rows = await snapshot.rows(
        sa.select(cases.c.status, sa.func.count().label("how_many"))
        .where(cases.c.parent_id == case_id)
        .group_by(cases.c.status)
    )
    return {row.status: row.how_many for row in rows}


async def _tags(snapshot: Snapshot, case_id: UUID) -> list[str]:
    rows = await snapshot.rows(
        sa.select(case_tags.c.tag).where(case_tags.c.case_id == case_id).order_by(case_tags.c.tag)
    )
    return [row.tag for row in rows]


async def _watchers(snapshot: Snapshot, case_id: UUID) -> list[KeptBy]:
    joined = case_watchers.join(agents, agents.c.id == case_watchers.c.agent_id)
    rows = await snapshot.rows(
        sa.select(agents.c.id, agents.c.name)
        .select_from(joined)
        .where(case_watchers.c.case_id == case_id)
        .order_by(agents.c.name, agents.c.id)
    )
    return [KeptBy(row.id, row.name) for row in rows]


async def _merged(snapshot: Snapshot, case_id: UUID) -> list[str]:
    rows = await snapshot.rows(sa.select(cases.c.number).where(cases.c.merged_into == case_id).order_by(cases.c.number))
    return [row.number for row in rows]
