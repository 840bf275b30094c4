"""Packing: a pure function of the rows of a day, in one unit of work."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa

from caseengine.model.happening import EVERYTHING, NOTHING, Happening
from caseengine.model.tally import TallyKind
from caseengine.packing.columns import FORMAT
from caseengine.packing.packed import known_words, next_day, pack
from caseengine.packing.rows import rows_as_columns
from caseengine.packing.sources import SOURCES
from caseengine.packing.touching import day_text
from caseengine.tables import conversations, packed_days, packed_words, tallies, touched_days
from storage.errors import Conflict
from storage.transaction import Snapshot, UnitOfWork, insertion

IDS_AT_ONCE = 1_000


async def to_repack(snapshot: Snapshot, before: date, limit: int) -> dict[str, Happening]:
    """Days that were touched, newest first, with what was touched."""
    found: dict[str, Happening] = {}
    chosen = sa.select(touched_days.c.day, touched_days.c.happenings).where(touched_days.c.day < before.isoformat())
    for row in await snapshot.rows(chosen.distinct()):
        found[row.day] = found.get(row.day, NOTHING) | Happening(row.happenings)
    return {day: found[day] for day in sorted(found, reverse=True)[:limit]}


async def to_pack(snapshot: Snapshot, before: date, limit: int) -> dict[str, Happening]:
    """Days that are not packed, or in another format; newest first, with what is missing of them."""
    first = await _first_day(snapshot)
    rows = await snapshot.rows(
        sa.select(packed_days.c.day, sa.func.sum(packed_days.c.happening).label("kinds"))
        .where(packed_days.c.format == FORMAT)
        .group_by(packed_days.c.day)
    )
    known = {row.day: EVERYTHING & ~Happening(int(row.kinds)) for row in rows}
    found: dict[str, Happening] = {}
    day = next_day(before.isoformat(), -1)
    while first is not None and day >= first and len(found) < limit:
        if missing := known.get(day, EVERYTHING):
            found[day] = missing
        day = next_day(day, -1)
    return found


async def _first_day(snapshot: Snapshot) -> str | None:
    """Of the desk: nothing happens to a case before it is opened."""
    opened = sa.select(sa.func.min(tallies.c.at)).where(tallies.c.kind == TallyKind.OPENED)
    begun = sa.select(sa.func.min(conversations.c.opened_at))
    days = [day_text(at) for at in (await snapshot.scalar(opened), await snapshot.scalar(begun)) if at is not None]
    return min(days, default=None)


async def pack_day(work: UnitOfWork, day: str, happenings: Happening) -> None:
    """Pack these kinds of a day, or pack them anew; the touches that are seen now are done with.

    Raises (at commit):
        Conflict: another worker packed the day meanwhile, or gave a word the same code.
    """
    done = await _touches(work, day)
    for mask in done.values():
        happenings |= mask
    versions = await _versions(work, day)
    words, stored = await known_words(work), {}
    for happening in happenings:
        source = SOURCES[happening]
        columns = await rows_as_columns(work, source, list(source.columns), [span_of(day)], words)
        stored[happening] = pack(happening, columns)
    for word, code in words.new.items():
        work.write(insertion(packed_words, code=code, word=word), duplicate=Conflict())
    for happening, values in stored.items():
        _replace(work, {"day": day, "happening": int(happening)}, versions.get(happening), values)
    _forget(work, list(done))


async def _touches(work: UnitOfWork, day: str) -> dict[int, Happening]:
    rows = await work.rows(sa.select(touched_days.c.id, touched_days.c.happenings).where(touched_days.c.day == day))
    return {row.id: Happening(row.happenings) for row in rows}


async def _versions(work: UnitOfWork, day: str) -> dict[Happening, int]:
    chosen = sa.select(packed_days.c.happening, packed_days.c.version).where(packed_days.c.day == day)
    return {Happening(row.happening): row.version for row in await work.rows(chosen)}


def _replace(work: UnitOfWork, key: Mapping[str, object], version: int | None, values: Mapping[str, object]) -> None:
    """Behind a check of the version: who read an older moment must not overwrite who read a newer one."""
    if version is None:
        work.write(insertion(packed_days, **key, version=1, **values), duplicate=Conflict())
        return
    same = [packed_days.c[name] == value for name, value in key.items()]
    changed = sa.update(packed_days).where(*same, packed_days.c.version == version)
    work.write(changed.values(version=version + 1, **values), rows=1)


def _forget(work: UnitOfWork, ids: list[int]) -> None:
    """By id: a touch that came later has another."""
    for first in range(0, len(ids), IDS_AT_ONCE):
        work.write(sa.delete(touched_days).where(touched_days.c.id.in_(ids[first : first + IDS_AT_ONCE])))


def span_of(day: str) -> tuple[datetime, datetime]:
    """The first instant of a day, and that of the next."""
    begins = datetime.combine(date.fromisoformat(day), time(0), UTC)
    return begins, begins + timedelta(days=1)
