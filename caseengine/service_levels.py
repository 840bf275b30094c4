"""The rulebook of service levels: which policies there are, and which of them a case gets."""

from caseengine.calendars import known_calendars
from caseengine.departments import all_departments
from caseengine.model.errors import RulebookInvalid
from caseengine.model.sla import Sla, check_steps, read_sla
from caseengine.rulebooks import NOBODY_ELSE, Newcomers, Rulebook, RulebookVersion, rulebook
from storage.transaction import Snapshot, UnitOfWork


async def sla_in_force(snapshot: Snapshot) -> Sla:
    """The newest version; version 0 is what holds while nothing was decided."""
    return _read(snapshot, await rulebook(snapshot, Rulebook.SLA))


async def sla_of(snapshot: Snapshot, version: int) -> Sla:
    """The rulebook as it was in one version, which never changes: it is read once for the life of the process."""
    known: Sla | None = snapshot.memo.get((Rulebook.SLA, version))
    return known or _read(snapshot, await rulebook(snapshot, Rulebook.SLA, version))


async def check_levels(snapshot: Snapshot, sla: Sla, newcomers: Newcomers = NOBODY_ELSE) -> None:
    """
    Raises:
        RulebookInvalid: it counts by a calendar or has a ladder for a department there is not, or says a step twice.
    """
    check_steps(sla)
    known = {department.id for department in await all_departments(snapshot)} | newcomers.departments
    for policy, department in sorted(sla.ladders):
        if department not in known:
            raise RulebookInvalid(f"policies.{policy}.ladders.{department}", "unknown_department")
    if unknown := sorted(sla.calendars - await known_calendars(snapshot) - _just_set(snapshot, sla)):
        raise RulebookInvalid(f"policies.calendar.{unknown[0]}", "unknown_calendar")


def _just_set(snapshot: Snapshot, sla: Sla) -> frozenset[str]:
    """Calendars set in this very unit of work."""
    if not isinstance(snapshot, UnitOfWork):
        return frozenset()
    return frozenset(name for name in sla.calendars if snapshot.kept(("calendar", name)) is not None)


def _read(snapshot: Snapshot, found: RulebookVersion) -> Sla:
    """What was decided in this very unit of work is not remembered: it may never be committed."""
    own = isinstance(snapshot, UnitOfWork) and snapshot.kept(("rulebook", Rulebook.SLA)) is found
    known: Sla | None = None if own else snapshot.memo.get((Rulebook.SLA, found.version))
    read = known or read_sla(found.document, found.version)
    if not own:
        snapshot.memo[Rulebook.SLA, found.version] = read
    return read
