"""What the company file says of skills, of who has them and when they work."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from caseengine.model.errors import ShiftsInvalid, SkillsInvalid
from caseengine.model.shift import Shifts
from caseengine.model.skill import Skill, SkillTree
from caseengine.skills import WorkProfile, profile_of, set_profile, set_skills, skill_tree
from storage.transaction import UnitOfWork

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Hours = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Slip = tuple[str, str, str]
"""Where, a code, and what stands there."""


class Part(BaseModel):
    """A part of the file; a field nobody knows is a slip."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SkillRecord(Part):
    """`parent` is the more general skill above it."""

    id: Slug
    name: Annotated[str, Field(min_length=1, max_length=100)]
    parent: Slug | None = None


class ShiftsRecord(Part):
    """Windows like "08:00-16:30" in the agent's own zone; one that ends before it begins runs over midnight.

    Attributes:
        days: what holds on a date instead; an empty list is a day off.
        leave: first and last day of each.
    """

    zone: str
    weekly: Mapping[Weekday, tuple[Hours, ...]]
    days: Mapping[date, tuple[Hours, ...]] = Field(default_factory=dict)
    leave: tuple[tuple[date, date], ...] = ()


class WorkRecord(Part):
    """`skills` go from skill to proficiency, 1 to 5. Left out: `channels` are all, `shifts` whenever they are there."""

    skills: Mapping[Slug, Annotated[int, Field(ge=1, le=5)]] = Field(default_factory=dict)
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")], ...] = ()
    channels: tuple[Slug, ...] | None = None
    capacity: Annotated[int, Field(ge=0, le=1_000)] | None = None
    shifts: ShiftsRecord | None = None

    @property
    def profile(self) -> WorkProfile:
        return WorkProfile(
            skills=dict(self.skills),
            languages=tuple(sorted(self.languages)),
            channels=None if self.channels is None else tuple(sorted(self.channels)),
            capacity=self.capacity,
            shifts=self.shifts.model_dump(mode="json") if self.shifts else None,
        )


def slips(
    tree: Mapping[str, Skill],
    told: Iterable[SkillRecord],
    people: Mapping[str, WorkRecord],
) -> Iterator[Slip]:
    """What cannot be, before anything is written.

    Args:
        tree: the skills the desk has already.
        people: by key, those of whose work the file speaks.
    """
    skills = {**tree, **{one.id: Skill(one.id, one.name, one.parent) for one in told}}
    try:
        SkillTree(skills)
    except SkillsInvalid as error:
        yield f"skills: {error.skill}", "circle" if error.problem == "circle" else "unknown_skill", error.problem
    for key, work in people.items():
        yield from ((f"agents: {key}", "unknown_skill", skill) for skill in work.skills if skill not in skills)
        yield from _bad_shifts(key, work)


async def bring_skills(work: UnitOfWork, told: Iterable[SkillRecord]) -> Iterator[str]:
    """Add and change skills; yields "added", "changed" or "unchanged" for each."""
    before = (await skill_tree(work)).skills
    skills = [Skill(one.id, one.name, one.parent) for one in told]
    await set_skills(work, skills)
    return (_what(before.get(skill.id), skill) for skill in skills)


async def bring_work(work: UnitOfWork, agent_id: UUID, told: WorkRecord, *, new: bool) -> bool:
    """Set what the file says of an agent's work; whether it differed."""
    if not new and await profile_of(work, agent_id) == told.profile:
        return False
    await set_profile(work, agent_id, told.profile)
    return True


def _bad_shifts(key: str, work: WorkRecord) -> Iterator[Slip]:
    try:
        if work.profile.shifts is not None:
            Shifts.read(work.profile.shifts)
    except ShiftsInvalid as error:
        yield f"agents: {key}: shifts", "bad_shifts", error.what


def _what(before: object, told: object) -> str:
    if before is None:
        return "added"
    return "unchanged" if before == told else "changed"
