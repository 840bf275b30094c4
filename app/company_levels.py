"""Service levels out of the company's file: calendars by name, agreements and tiers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from app.company_file import YEARS_BEFORE, CalendarRecord, CompanyFile, CompanyInvalid, Problem, desk_hours
from caseengine.calendar_corrections import look_again
from caseengine.calendars import DEFAULT_CALENDAR, DESK, calendars_by_id, set_calendar
from caseengine.model.calendar import Calendar, differing_days
from customers.agreements import Agreement, all_agreements, put_agreement, set_tier
from customers.tables import contacts
from storage.transaction import UnitOfWork

Count = Callable[[str, str], None]


def all_hours(company: CompanyFile, *, at: datetime) -> dict[str, Calendar]:
    """The calendars of the file by name, the desk's own among them where it is told.

    Raises:
        CompanyInvalid: see `desk_hours`; or a name twice.
    """
    return {record.id: desk_hours(record, at=at) for record in calendar_records(company)}


def calendar_records(company: CompanyFile) -> Iterator[CalendarRecord]:
    if company.calendar is not None:
        yield company.calendar
    for record in company.calendars:
        if record.id == DESK:
            raise CompanyInvalid(Problem("calendars", "twice", DESK))
        yield record


async def bring_hours(work: UnitOfWork, hours: Mapping[str, Calendar], *, at: datetime, count: Count) -> None:
    """New opening hours; where any changed, what they counted is counted anew by the sweep.

    The public holidays of a file are those of the years around it: what was closed before those stays so.
    """
    before = await calendars_by_id(work, hours)
    for name, wanted in hours.items():
        known = before.get(name)
        told = _with_the_past_of(known, wanted, at=at)
        if known != told:
            set_calendar(work, name, told, at=at)
            counted = DEFAULT_CALENDAR if known is None and name == DESK else known
            if counted is not None and (days := differing_days(counted, told)) is not None:
                look_again(work, calendar=name, days=days, at=at)
        kind = "calendar" if name == DESK else "calendars"
        count(kind, "unchanged" if known == told else "changed")


def _with_the_past_of(known: Calendar | None, told: Calendar, *, at: datetime) -> Calendar:
    """With the holidays of the years that no file tells of any more."""
    begins = date(at.year - YEARS_BEFORE, 1, 1)
    past = frozenset(day for day in known.holidays if day < begins) if known is not None else frozenset()
    return replace(told, holidays=told.holidays | past)


async def bring_levels(
    work: UnitOfWork, company: CompanyFile, ids: Mapping[tuple[str, str], UUID], *, count: Count
) -> None:
    """Who is covered by which agreement, and the tiers of contacts.

    Args:
        ids: of the accounts, agreements and contacts the file names, by kind and key.
    """
    await _agreements(work, company, ids, count)
    await _tiers(work, company, ids)


async def _agreements(
    work: UnitOfWork, company: CompanyFile, ids: Mapping[tuple[str, str], UUID], count: Count
) -> None:
    known = {one.id: one for one in await all_agreements(work)} if company.agreements else {}
    for record in company.agreements:
        terms = {name: getattr(record, name) for name in ("entitlement", "starts_on", "ends_on", "cases_max")}
        told = Agreement(ids["agreement", record.key], ids["account", record.account], **terms)
        before = known.get(told.id)
        if before != told:
            put_agreement(work, told, known=before is not None)
        count("agreements", "added" if before is None else "unchanged" if before == told else "changed")


async def _tiers(work: UnitOfWork, company: CompanyFile, ids: Mapping[tuple[str, str], UUID]) -> None:
    """Written only where the file says another than is known, or took one away."""
    told = {ids["contact", record.key]: record.tier for record in company.contacts}
    rows = await work.rows(sa.select(contacts.c.id, contacts.c.tier)) if told else []
    known = {row.id: row.tier for row in rows}
    for contact_id, tier in told.items():
        if known.get(contact_id) != tier:
            set_tier(work, contact_id=contact_id, tier=tier)
