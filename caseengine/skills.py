"""What agents can do and when they work, kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.departments import all_departments
from caseengine.model.errors import RulebookInvalid, SkillsInvalid
from caseengine.model.needs import LEVELS
from caseengine.model.shift import Shifts
from caseengine.model.skill import Skill, SkillTree
from caseengine.policies.routing_policy import DROPS, RoutingPolicy
from caseengine.rulebooks import NOBODY_ELSE, Newcomers
from caseengine.tables import agent_skills, agent_work, agents, skills
from storage.transaction import Snapshot, UnitOfWork, insertion


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkProfile:
    """What routing knows of an agent beside their name.

    Attributes:
        skills: their own, from skill id to proficiency.
        channels: those they may write on; None for all.
        capacity: in units; None for the rulebook's.
        shifts: as `caseengine.model.shift` describes it; None: whenever they say they are there.
    """

    skills: Mapping[str, int] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    channels: tuple[str, ...] | None = None
    capacity: int | None = None
    shifts: Mapping[str, Any] | None = None


async def skill_tree(snapshot: Snapshot) -> SkillTree:
    """All skills there are."""
    kept: SkillTree | None = snapshot.kept("skill_tree") if isinstance(snapshot, UnitOfWork) else None
    if kept is not None:
        return kept
    rows = await snapshot.rows(sa.select(skills))
    return SkillTree({row.id: Skill(row.id, row.name, row.parent) for row in rows})


async def set_skills(work: UnitOfWork, told: Iterable[Skill]) -> SkillTree:
    """Add and change skills; those not told of stay. Whoever has one is told anew what follows from it.

    Raises:
        SkillsInvalid: a parent that is not there, or a circle.
    """
    before = await skill_tree(work)
    after = SkillTree({**before.skills, **{skill.id: skill for skill in told}})
    for skill in sorted(after.skills.values(), key=lambda one: len(list(after.above(one.id)))):
        values = {"name": skill.name, "parent": skill.parent}
        if skill.id not in before.skills:
            work.write(insertion(skills, id=skill.id, **values))
        elif before.skills[skill.id] != skill:
            work.write(sa.update(skills).where(skills.c.id == skill.id).values(values))
    work.keep("skill_tree", after, tuple)
    if {one.id: one.parent for one in before.skills.values()}.items() - {
        one.id: one.parent for one in after.skills.values()
    }.items():
        for agent_id, own in (await _own_skills(work)).items():
            _write_skills(work, agent_id, own, after)
    return after


async def profile_of(snapshot: Snapshot, agent_id: UUID) -> WorkProfile:
    """What was told of an agent; an empty one when nothing was."""
    own = await _own_skills(snapshot, agent_id)
    row = await snapshot.first(sa.select(agent_work).where(agent_work.c.agent_id == agent_id))
    if row is None:
        return WorkProfile(skills=own.get(agent_id, {}))
    return WorkProfile(
        skills=own.get(agent_id, {}),
        languages=tuple(row.languages),
        channels=None if row.channels is None else tuple(row.channels),
        capacity=row.capacity,
        shifts=row.shifts,
    )


async def set_profile(work: UnitOfWork, agent_id: UUID, profile: WorkProfile) -> None:
    """
    Raises:
        SkillsInvalid: a skill or a proficiency there is not.
        ShiftsInvalid: hours that cannot be read.
    """
    for skill, level in profile.skills.items():
        if level not in LEVELS:
            raise SkillsInvalid(skill, "level")
    if profile.shifts is not None:
        Shifts.read(profile.shifts)
    tree = await skill_tree(work)
    values = {
        "capacity": profile.capacity,
        "languages": sorted(profile.languages),
        "channels": None if profile.channels is None else sorted(profile.channels),
        "shifts": None if profile.shifts is None else dict(profile.shifts),
    }
    missing = ~sa.exists().where(agent_work.c.agent_id == agent_id)
    a_row = sa.select(agents.c.id).where(agents.c.id == agent_id, missing)
    work.write(sa.insert(agent_work).from_select(["agent_id"], a_row))
    work.write(sa.update(agent_work).where(agent_work.c.agent_id == agent_id).values(values))
    _write_skills(work, agent_id, profile.skills, tree)


def _write_skills(work: UnitOfWork, agent_id: UUID, own: Mapping[str, int], tree: SkillTree) -> None:
    work.write(sa.delete(agent_skills).where(agent_skills.c.agent_id == agent_id))
    for skill, level in sorted(tree.spread(own).items()):
        values = {"agent_id": agent_id, "skill": skill, "level": level, "own_level": own.get(skill)}
        work.write(insertion(agent_skills, values))


async def _own_skills(snapshot: Snapshot, agent_id: UUID | None = None) -> dict[UUID, dict[str, int]]:
    whose = [] if agent_id is None else [agent_skills.c.agent_id == agent_id]
    rows = await snapshot.rows(sa.select(agent_skills).where(agent_skills.c.own_level.is_not(None), *whose))
    found: dict[UUID, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.agent_id, {})[row.skill] = row.own_level
    return found


async def check_routing(snapshot: Snapshot, policy: RoutingPolicy, newcomers: Newcomers = NOBODY_ELSE) -> None:
    """
    Raises:
        RulebookInvalid: it names a skill or a department there is not.
    """
    skills = {*(await skill_tree(snapshot)).skills, *newcomers.skills}
    named = {skill for rule in policy.needs for skill in (*rule.needs.required, *rule.needs.preferred)}
    if unknown := sorted(named - skills):
        raise RulebookInvalid(f"needs.{unknown[0]}", "unknown_skill")
    for place, step in enumerate(policy.relax):
        if unknown := sorted(step.drop - DROPS - skills):
            raise RulebookInvalid(f"relax[{place}].drop.{unknown[0]}", "unknown_skill")
    known = {department.id for department in await all_departments(snapshot)} | newcomers.departments
    ways = (policy.default, *policy.departments.values())
    places = {*policy.departments, *(one.overflow for one in ways if one.overflow)}
    if unknown := sorted(places - known):
        raise RulebookInvalid(f"departments.{unknown[0]}", "unknown_department")
