"""The rulebook of service levels: which policies there are, and which of them a case gets."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from caseengine.calendars import known_calendars
from caseengine.facts import KNOWN
from caseengine.model.actor import Actor
from caseengine.model.errors import RulebookInvalid
from caseengine.model.sla import Sla, read_sla
from caseengine.rulebooks import Rulebook, RulebookVersion, decide, rulebook
from storage.transaction import Snapshot, UnitOfWork


async def sla_in_force(snapshot: Snapshot) -> Sla:
    """The newest version; version 0 is what holds while nothing was decided."""
    return _read(snapshot, await rulebook(snapshot, Rulebook.SLA))


async def sla_of(snapshot: Snapshot, version: int) -> Sla:
    """The rulebook as it was in one version, which never changes: it is read once for the life of the process."""
    known: Sla | None = snapshot.memo.get((Rulebook.SLA, version))
    return known or _read(snapshot, await rulebook(snapshot, Rulebook.SLA, version))


async def set_sla(work: UnitOfWork, document: Mapping[str, Any], *, by: Actor, at: datetime) -> Sla:
    """Put a rulebook in force. Cases in hand keep the version they were given until they get another policy.

    Raises:
        RulebookInvalid: see `read_sla`; or it counts by a calendar there is not.
    """
    plain = _plain(document)
    read = read_sla(plain, known=KNOWN)
    if unknown := sorted(read.calendars - await known_calendars(work) - _just_set(work, read)):
        raise RulebookInvalid(f"policies.calendar.{unknown[0]}", "unknown_calendar")
    decided = await decide(work, Rulebook.SLA, plain, by=by, at=at)
    return read_sla(decided.document, decided.version, known=KNOWN)


def _plain(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """As it will be read back.

    Raises:
        RulebookInvalid: it holds what no document can.
    """
    try:
        plain: Mapping[str, Any] = json.loads(json.dumps(document))
    except (TypeError, ValueError, RecursionError) as error:
        raise RulebookInvalid("sla", "no_document") from error
    return plain


def _just_set(work: UnitOfWork, sla: Sla) -> frozenset[str]:
    """Calendars set in this very unit of work."""
    return frozenset(name for name in sla.calendars if work.kept(("calendar", name)) is not None)


def _read(snapshot: Snapshot, found: RulebookVersion) -> Sla:
    """What was decided in this very unit of work is not remembered: it may never be committed."""
    own = isinstance(snapshot, UnitOfWork) and snapshot.kept(("rulebook", Rulebook.SLA)) is found
    known: Sla | None = None if own else snapshot.memo.get((Rulebook.SLA, found.version))
    read = known or read_sla(found.document, found.version)
    if not own:
        snapshot.memo[Rulebook.SLA, found.version] = read
    return read
