"""Who decided which version of a rulebook, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from caseengine.rulebooks import Rulebook
from caseengine.tables import rulebooks
from storage.transaction import Snapshot

VERSIONS_MAX = 100


@dataclass(frozen=True, slots=True)
class Decision:
    """One version; `by` is a name."""

    version: int
    by: str
    at: datetime


async def decisions(snapshot: Snapshot, kind: Rulebook) -> Sequence[Decision]:
    """The versions of a kind, the newest first; at most VERSIONS_MAX."""
    rows = await snapshot.rows(
        sa.select(rulebooks.c.version, rulebooks.c.by, rulebooks.c.at)
        .where(rulebooks.c.kind == kind)
        .order_by(rulebooks.c.version.desc())
        .limit(VERSIONS_MAX)
    )
    return [Decision(row.version, row.by, row.at) for row in rows]


async def newest_decisions(snapshot: Snapshot) -> Mapping[Rulebook, Decision]:
    """The version in force of each kind of which there is one."""
    newest = sa.select(rulebooks.c.kind, sa.func.max(rulebooks.c.version).label("version")).group_by(rulebooks.c.kind)
    found = newest.subquery()
    same = sa.and_(rulebooks.c.kind == found.c.kind, rulebooks.c.version == found.c.version)
    rows = await snapshot.rows(
        sa.select(rulebooks.c.kind, rulebooks.c.version, rulebooks.c.by, rulebooks.c.at).join(found, same)
    )
    return {Rulebook(row.kind): Decision(row.version, row.by, row.at) for row in rows}
