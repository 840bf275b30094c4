"""How far somebody who follows the published facts has come, kept with the effects of following them."""

from dataclasses import dataclass

import sqlalchemy as sa

from caseengine.tables import cursors
from storage.errors import Conflict
from storage.transaction import Snapshot, UnitOfWork, insertion


@dataclass(frozen=True, slots=True)
class Cursor:
    """`position`: the last row that was followed; `place`: where a longer walk stands, "" at its beginning."""

    name: str
    position: int
    place: str = ""


async def cursor(snapshot: Snapshot, name: str) -> Cursor | None:
    """Where a follower is; None when it has never followed."""
    row = await snapshot.first(sa.select(cursors).where(cursors.c.name == name))
    return Cursor(row.name, row.position, row.place) if row else None


def advance(work: UnitOfWork, before: Cursor | None, after: Cursor) -> None:
    """Go on, in this unit of work.

    Raises (at commit):
        Conflict: another worker went on from there first.
    """
    values = {"position": after.position, "place": after.place}
    if before is None:
        work.write(insertion(cursors, name=after.name, **values), duplicate=Conflict())
        return
    same = cursors.c.name == before.name, cursors.c.position == before.position, cursors.c.place == before.place
    work.write(sa.update(cursors).where(*same).values(values), rows=1)


def begin_anew(work: UnitOfWork, name: str) -> None:
    """Whoever walks anew for each version begins at the beginning again; who has never walked begins there anyway.

    The position is one lower each time, so that a step that is under way finds another and is not taken.
    """
    work.write(sa.update(cursors).where(cursors.c.name == name).values(position=cursors.c.position - 1, place=""))
