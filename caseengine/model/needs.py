"""What whoever works on a case has to be able to do: skills and a language."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

LEVELS = range(1, 6)
"""Proficiency: 1 knows of it, 5 teaches it."""


@dataclass(frozen=True, slots=True)
class Needs:
    """
    Attributes:
        required: from skill id to the least proficiency, 1 to 5.
        preferred: from skill id to a weight, above 0 and at most 1.
        language: as in "de"; empty for any.
    """

    required: Mapping[str, int] = field(default_factory=dict)
    preferred: Mapping[str, float] = field(default_factory=dict)
    language: str = ""

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """From what a `NeedsSet` holds: {"skills": {"tills": {"least": 3}}, "language": "de"}."""
        wanted = document.get("skills", {})
        return cls(
            {skill: want["least"] for skill, want in wanted.items() if "least" in want},
            {skill: want["weight"] for skill, want in wanted.items() if "weight" in want},
            document.get("language", ""),
        )

    @property
    def skills(self) -> dict[str, Any]:
        """As a `NeedsSet` has them."""
        preferred = {skill: {"weight": weight} for skill, weight in self.preferred.items()}
        return preferred | {skill: {"least": least} for skill, least in self.required.items()}

    def __bool__(self) -> bool:
        return bool(self.required or self.preferred or self.language)

    def joined(self, other: "Needs") -> "Needs":
        """Both: the higher level, the higher weight, and the other's language where it has one."""
        required, preferred = dict(self.required), dict(self.preferred)
        for skill, least in other.required.items():
            required[skill] = max(least, required.get(skill, 0))
        for skill, weight in other.preferred.items():
            preferred[skill] = max(weight, preferred.get(skill, 0.0))
        return Needs(required, preferred, other.language or self.language)


def needs_key(document: Mapping[str, Any]) -> str:
    """The same for cases that need the same; "" for those that need nothing.

    What is preferred does not count: it says who is better, not who can. A guess would make each case one of its kind.
    """
    needs = Needs.read(document)
    if not (needs.required or needs.language):
        return ""
    plain = json.dumps([needs.required, needs.language], sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(plain.encode(), digest_size=8).hexdigest()
