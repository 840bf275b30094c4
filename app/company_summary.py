"""What bringing a company in did, and what its records are called."""

from dataclasses import dataclass, field
from uuid import UUID, uuid5

NAMESPACE = UUID("0b8a5c0e-5b0a-5d6e-8f0c-6f75726f776e")
"""Ids are uuid5 of this and `<kind>:<key>`: bringing a file in again finds what it brought before."""


@dataclass(slots=True)
class Tally:
    """How many of a kind were added, changed, or as told already."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class CompanySummary:
    """What was done, by kind, and the first passwords of new agents by e-mail: they are kept nowhere in words.

    Attributes:
        joined: how many had written in Teams before, and are the contacts of the file now.
        not_joined: names of those who did, and are not yet.
    """

    tallies: dict[str, Tally] = field(default_factory=dict)
    joined: int = 0
    not_joined: list[str] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=dict)
    departments: tuple[str, ...] = ()

    def count(self, kind: str, what: str) -> None:
        tally = self.tallies.setdefault(kind, Tally())
        setattr(tally, what, getattr(tally, what) + 1)


def company_id(kind: str, key: str) -> UUID:
    """The id of a record. `kind`: account, contact or agent."""
    return uuid5(NAMESPACE, f"{kind}:{key}")


def outcome(before: object, told: object) -> str:
    if before is None:
        return "added"
    return "unchanged" if before == told else "changed"
