"""Skills in a tree: who can do the special thing can do the general one above it, never the other way round."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from caseengine.model.errors import SkillsInvalid


@dataclass(frozen=True, slots=True)
class Skill:
    """`id` is a slug; `parent` the more general one above it."""

    id: str
    name: str
    parent: str | None = None


class SkillTree:
    """
    Raises:
        SkillsInvalid: a parent that is not there, or skills that are each above the other.
    """

    def __init__(self, skills: Mapping[str, Skill]) -> None:
        self.skills = skills
        for one in skills.values():
            if one.parent is not None and one.parent not in skills:
                raise SkillsInvalid(one.id, "unknown_parent")
        for skill in skills:
            self._check_circle(skill)

    def above(self, skill: str) -> Iterator[str]:
        """The more general skills, nearest first.

        Raises:
            SkillsInvalid: there is no such skill.
        """
        if skill not in self.skills:
            raise SkillsInvalid(skill, "unknown")
        parent = self.skills[skill].parent
        while parent is not None:
            yield parent
            parent = self.skills[parent].parent

    def spread(self, own: Mapping[str, int]) -> dict[str, int]:
        """What somebody with these can do in all: each general skill at the best level of those below it."""
        found = dict(own)
        for skill, level in own.items():
            for general in self.above(skill):
                found[general] = max(level, found.get(general, 0))
        return found

    def _check_circle(self, skill: str) -> None:
        seen = {skill}
        for general in self.above(skill):  # walks on in a circle until it meets itself
            if general in seen:
                raise SkillsInvalid(skill, "circle")
            seen.add(general)
