"""The wishes of customers, kept: each change with who made it, from where and when."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from customers.contacts import By
from customers.errors import WishesInvalid
from customers.identities import IdentityKind
from customers.reachability import written
from customers.tables import notice_consents, notice_preferences
from customers.wishes import Digest, NoticeKind, QuietHours, Way, Wishes
from storage.errors import Conflict
from storage.transaction import Snapshot, UnitOfWork, insertion

LANGUAGE = re.compile(r"[A-Za-z-]{0,20}")
MAILBOXES = UUID("5d0bf5a4-95a5-4f0b-9a53-2f6f5b8e1c70")


class HolderKind(StrEnum):
    """Whose wishes they are."""

    CONTACT = "contact"
    CASE = "case"  # a newcomer, known by one case alone
    ADDRESS = "address"  # whoever reads its mail: kept for what it stops, whoever's case it is


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who can be told: a contact, whoever opened one case, or whoever reads an address."""

    kind: HolderKind
    id: UUID

    def to_json(self) -> dict[str, str]:
        return {"kind": str(self.kind), "id": str(self.id)}

    @classmethod
    def from_json(cls, document: Mapping[str, str]) -> "Holder":
        return cls(HolderKind(document["kind"]), UUID(document["id"]))


def mailbox(address: str) -> Holder:
    """Whoever reads the mail of an address; however it is written, it is the same."""
    return Holder(HolderKind.ADDRESS, uuid5(MAILBOXES, written(IdentityKind.EMAIL, address)))


@dataclass(frozen=True, slots=True)
class Preference:
    """Wishes, and where we have them from: `source` is empty and `since` None where nobody ever said any."""

    wishes: Wishes
    source: str = ""
    since: datetime | None = None
    version: int = 0


class Preferences:
    """The wishes a unit of work reads and changes; a snapshot can read them too.

    Args:
        zone: of those who never named one.
    """

    def __init__(self, work: UnitOfWork | Snapshot, *, zone: str) -> None:
        self._work = work
        self._zone = zone

    async def of(self, holder: Holder) -> Preference:
        """What they wish; the defaults of those who never said."""
        table = notice_preferences
        row = await self._work.first(
            sa.select(table).where(table.c.holder_kind == str(holder.kind), table.c.holder_id == holder.id)
        )
        return _read(row) if row is not None else Preference(Wishes(zone=self._zone))

    async def stopped(self, address: str) -> bool:
        """Whether somebody who reads this address said that nothing more is to come there."""
        return (await self.of(mailbox(address))).wishes.way is None

    async def change(self, holder: Holder, wishes: Wishes, *, by: By, source: str, at: datetime) -> bool:
        """They wish something else, as `source` tells ("page", "one_click", "agent"); whether anything changed.

        Raises:
            TypeError: this is a snapshot.
            Conflict (at commit): they were changed at the same moment.
        """
        if not isinstance(self._work, UnitOfWork):
            raise TypeError("a snapshot cannot write")
        before = await self.of(holder)
        if before.version and before.wishes == wishes:
            return False
        document = wishes_to_json(wishes)
        values = {"wishes": document, "source": source, "since": at, "version": before.version + 1}
        mine = {"holder_kind": str(holder.kind), "holder_id": holder.id}
        table = notice_preferences
        if before.version == 0:
            self._work.write(insertion(table, **mine, **values), duplicate=Conflict())
        else:
            same = table.c.version == before.version, *(table.c[name] == value for name, value in mine.items())
            self._work.write(sa.update(table).where(*same).values(values), rows=1)
        actor = {"kind": str(by.kind), "id": str(by.id), "name": by.name}
        said = {"id": uuid4(), "wishes": document, "source": source, "actor": actor, "at": at}
        self._work.write(insertion(notice_consents, **mine, **said))
        return True


async def zones_of(snapshot: Snapshot, contact_ids: Collection[UUID]) -> dict[UUID, str]:
    """In which zone each of these contacts lives, as far as they ever said."""
    if not contact_ids:
        return {}
    table = notice_preferences
    theirs = table.c.holder_kind == str(HolderKind.CONTACT), table.c.holder_id.in_(contact_ids)
    rows = await snapshot.rows(sa.select(table.c.holder_id, table.c.wishes).where(*theirs))
    return {row.holder_id: wishes_from_json(row.wishes).zone for row in rows}


def wishes_to_json(wishes: Wishes) -> dict[str, Any]:
    """A document that `wishes_from_json` reads back."""
    quiet = wishes.quiet
    return {
        "way": str(wishes.way) if wishes.way is not None else "none",
        "kinds": sorted(map(str, wishes.kinds)),
        "quiet_from": f"{quiet.begins:%H:%M}" if quiet else None,
        "quiet_to": f"{quiet.ends:%H:%M}" if quiet else None,
        "digest": str(wishes.digest),
        "digest_at": f"{wishes.digest_at:%H:%M}",
        "zone": wishes.zone,
        "language": wishes.language,
    }


def wishes_from_json(document: Mapping[str, Any]) -> Wishes:
    """
    Raises:
        WishesInvalid: a value that cannot be; `field` says of what.
    """
    way, begins, ends = document.get("way", "email"), document.get("quiet_from"), document.get("quiet_to")
    quiet = None
    if begins or ends:
        quiet = QuietHours(_of("quiet_from", _clock, begins), _of("quiet_to", _clock, ends))
    zone = document.get("zone", "UTC")
    _of("zone", ZoneInfo, zone)
    return Wishes(
        way=None if way == "none" else _of("way", Way, way),
        kinds=frozenset(_of("kinds", NoticeKind, kind) for kind in document.get("kinds", ())),
        quiet=quiet,
        digest=_of("digest", Digest, document.get("digest", "at_once")),
        digest_at=_of("digest_at", _clock, document.get("digest_at", "08:00")),
        zone=zone,
        language=_of("language", _language, document.get("language", "")),
    )


def _of(field: str, make: Any, value: Any) -> Any:
    try:
        return make(value)
    except (ValueError, TypeError, KeyError, OSError) as error:  # ZoneInfo raises KeyError, or OSError for a folder
        raise WishesInvalid(field) from error


def _language(typed: str) -> str:
    if not LANGUAGE.fullmatch(typed):
        raise ValueError("a language is named by letters")
    return typed


def _clock(typed: str) -> time:
    clock = time.fromisoformat(typed)
    if clock.tzinfo is not None:
        raise ValueError("a time of day has no zone of its own")
    return clock.replace(second=0, microsecond=0)


def _read(row: sa.Row[Any]) -> Preference:
    return Preference(wishes_from_json(row.wishes), row.source, row.since, row.version)
