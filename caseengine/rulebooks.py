"""What the company decided, in versions: SLA policies, routing, rules and the rest, one document of a kind.

A version never changes once it is written, so that what was decided by it can be decided again and explained.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from caseengine.model.actor import Actor
from caseengine.model.fields import same
from caseengine.tables import rulebooks
from storage.errors import Conflict
from storage.transaction import Snapshot, UnitOfWork, insertion


class Rulebook(StrEnum):
    """The kinds there are; whoever reads one knows what its document looks like."""

    SLA = "sla"
    ROUTING = "routing"
    RULES = "rules"
    FORMS = "forms"
    SCRIPTS = "scripts"
    CASES = "cases"
    SURVEYS = "surveys"


@dataclass(frozen=True, slots=True)
class RulebookVersion:
    """`version` counts from 1; 0 is what holds before anything was decided, with an empty document."""

    version: int
    document: Mapping[str, Any]


NOTHING_DECIDED = RulebookVersion(0, {})


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Departments, agents by e-mail, and skills that come with the same unit of work: no query sees them yet."""

    departments: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()


NOBODY_ELSE = Newcomers()


async def rulebook(snapshot: Snapshot, kind: Rulebook, version: int | None = None) -> RulebookVersion:
    """The newest version of a kind, or the one asked for; what was never written is `NOTHING_DECIDED`."""
    kept: RulebookVersion | None = snapshot.kept(("rulebook", kind)) if isinstance(snapshot, UnitOfWork) else None
    if kept is not None and version in (None, kept.version):
        return kept
    asked = [] if version is None else [rulebooks.c.version == version]
    row = await snapshot.first(
        sa.select(rulebooks.c.version, rulebooks.c.document)
        .where(rulebooks.c.kind == kind, *asked)
        .order_by(rulebooks.c.version.desc())
        .limit(1)
    )
    return RulebookVersion(row.version, row.document) if row else NOTHING_DECIDED


async def decide(
    work: UnitOfWork, kind: Rulebook, document: Mapping[str, Any], *, by: Actor, at: datetime
) -> RulebookVersion:
    """Put a new version in force. The caller has read the document and found it sound.

    The same document as is in force is not written again.

    Raises (at commit):
        Conflict: somebody else decided at the same moment.
    """
    now = await rulebook(work, kind)
    if now.version and same(now.document, document):
        return now
    new = RulebookVersion(now.version + 1, dict(document))
    who = by.name or str(by.kind)
    values = {"kind": kind, "version": new.version, "document": dict(document), "by": who, "at": at}
    work.write(insertion(rulebooks, values), duplicate=Conflict())
    work.keep(("rulebook", kind), new, tuple)
    return new
