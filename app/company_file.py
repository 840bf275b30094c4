"""The company as its own file tells it: departments, agents, hours, accounts, contacts and products, in YAML.

docs/how-to/put-your-company-in.md shows a whole one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from app.company_routing import SkillRecord, WorkRecord
from caseengine.model.calendar import Calendar, Window, due_at
from caseengine.model.errors import CalendarInvalid, NoWorkingTime
from customers.accounts import Role

YEARS_BEFORE, YEARS_AFTER = 1, 5
"""Public holidays are written down for this many years around the import."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PROBLEMS_MAX = 50


def _one_line(text: str) -> str:
    if any(sign in text for sign in "\n\r\t"):
        raise ValueError("must be one line")
    return text


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Tier = Literal["A", "B", "C"]
Hours = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]


@dataclass(frozen=True, slots=True)
class Problem:
    """One slip in the file: where ("agents: li"), which (a code), and what stands there."""

    where: str
    code: str
    value: str = ""


class CompanyInvalid(Exception):
    """The file cannot be brought in; nothing was changed."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


class Record(BaseModel):
    """One entry of the file; a field nobody knows is a slip."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DepartmentRecord(Record):
    """`examples` are sentences of customers, which teach the bot; `signature` goes from language to lines of a mail."""

    id: Slug
    name: Line
    examples: tuple[Line, ...] = ()
    signature: Mapping[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")], Annotated[str, Field(max_length=1000)]] = Field(
        default_factory=dict
    )


class AgentRecord(Record):
    """`key` never changes, whatever else does.

    Attributes:
        teams: from a Microsoft tenant's id to their object id there; left out it stays as it is, `{}` takes it away.
    """

    key: Key
    name: Annotated[str, Field(min_length=1, max_length=100)]
    email: Annotated[str, Field(pattern=r"^[^\s@]+@[^\s@]+$", max_length=254)]
    role: Literal["agent", "supervisor"] = "agent"
    departments: tuple[Slug, ...] = ()
    work: WorkRecord | None = None
    teams: Annotated[Mapping[Line, Line], Field(max_length=1)] | None = None


class OwnDay(Record):
    """A day of each year on which the desk is closed; `name` is for the reader."""

    day: Annotated[int, Field(ge=1, le=31)]
    month: Annotated[int, Field(ge=1, le=12)]
    name: str = ""


class PublicHolidays(Record):
    """ISO 3166 codes as the `holidays` library has them."""

    country: str
    subdivision: str | None = None


class CalendarRecord(Record):
    """`windows` go from weekday to hours like "08:00-18:00"; a day that is left out is closed.

    Hours like "22:00-06:00" go on into the next day. `overrides` are the hours of particular days, which win.
    """

    zone: str
    windows: Mapping[
        Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], tuple[Hours, ...]
    ]
    holidays: PublicHolidays | None = None
    own_days: tuple[OwnDay, ...] = ()
    closed_on: tuple[date, ...] = ()
    overrides: Mapping[date, tuple[Hours, ...]] = Field(default_factory=dict)
    id: Slug = "desk"


class AccountRecord(Record):
    """`parent` is the number of the account above; `town` is for the reader."""

    number: Annotated[str, Field(min_length=1, max_length=40)]
    kind: Literal["head_office", "group", "store", "household"]
    name: Line
    parent: str | None = None
    tier: Tier | None = None
    town: str = ""


class AgreementRecord(Record):
    """Cover of an account and those below it; `entitlement` is the name by which the rulebook chooses a policy."""

    key: Key
    account: Annotated[str, Field(min_length=1, max_length=40)]
    entitlement: Slug
    starts_on: date
    ends_on: date | None = None
    cases_max: Annotated[int, Field(ge=0)] | None = None


class ContactRecord(Record):
    """A person.

    Attributes:
        key: what your own system calls them; it never changes.
        roles: from account number to role.
        web: from the issuer of an identity token to their id there (`sub`), so that a token speaks of this contact.
        teams: from a Microsoft tenant's id to their object id there, so that Teams speaks of this contact.
    """

    key: Key
    name: Line
    email: str | None = None
    phone: str | None = None
    loyalty: str | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    tier: Tier | None = None
    roles: Mapping[str, Role] = Field(default_factory=dict)
    web: Mapping[Line, Line] = Field(default_factory=dict)
    teams: Mapping[Line, Line] = Field(default_factory=dict)


class ProductRecord(Record):
    id: Slug
    name: Line
    aliases: tuple[Line, ...] = ()


class CompanyFile(Record):
    """Any part may be missing: what a file does not speak of stays as it is.

    Attributes:
        cases, forms, scripts: rulebooks, as docs/reference/cases.md has them.
    """

    departments: tuple[DepartmentRecord, ...] = ()
    agents: tuple[AgentRecord, ...] = ()
    calendar: CalendarRecord | None = None
    calendars: tuple[CalendarRecord, ...] = ()
    accounts: tuple[AccountRecord, ...] = ()
    agreements: tuple[AgreementRecord, ...] = ()
    contacts: tuple[ContactRecord, ...] = ()
    products: tuple[ProductRecord, ...] = ()
    skills: tuple[SkillRecord, ...] = ()
    sla: Any = None
    routing: Any = None
    rules: Any = None
    cases: Any = None
    forms: Any = None
    scripts: Any = None
    surveys: Any = None


def read_company_file(path: Path) -> CompanyFile:
    """
    Raises:
        CompanyInvalid: no file, no YAML, or it says something it should not.
    """
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
        company = CompanyFile.model_validate(document or {})
    except (OSError, UnicodeDecodeError) as error:
        raise CompanyInvalid(Problem(str(path), "unreadable", type(error).__name__)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise CompanyInvalid(Problem(str(path), "no_yaml", f"line {mark.line + 1}" if mark else "")) from error
    except ValidationError as error:
        raise CompanyInvalid(*map(_problem, error.errors()[:PROBLEMS_MAX])) from error
    if twice := list(_twice(company)):
        raise CompanyInvalid(*twice)
    return company


def desk_hours(record: CalendarRecord, *, at: datetime) -> Calendar:
    """The calendar for the years around `at`.

    Raises:
        CompanyInvalid: no such zone or country, hours that overlap, a day no year has, or it never opens.
    """
    named = "calendar" if record.id == "desk" else f"calendars: {record.id}"
    days = [tuple(map(_window, record.windows.get(day, ()))) for day in WEEKDAYS]  # type: ignore[call-overload]
    years = range(at.year - YEARS_BEFORE, at.year + YEARS_AFTER + 1)
    closed = _public(record.holidays, years) | _own(record, years) | frozenset(record.closed_on)
    changed = {day: tuple(map(_window, hours)) for day, hours in record.overrides.items()}
    try:
        calendar = Calendar(ZoneInfo(record.zone), tuple(days), closed, changed)
        due_at(at, timedelta(seconds=1), calendar)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise CompanyInvalid(Problem(f"{named}: zone", "unknown_zone", record.zone)) from error
    except CalendarInvalid as error:
        raise CompanyInvalid(Problem(f"{named}: windows", "bad_windows")) from error
    except NoWorkingTime as error:
        raise CompanyInvalid(Problem(f"{named}: windows", "never_opens")) from error
    return calendar


def _public(where: PublicHolidays | None, years: range) -> frozenset[date]:
    if where is None:
        return frozenset()
    try:
        return frozenset(holidays.country_holidays(where.country, subdiv=where.subdivision, years=years))
    except NotImplementedError as error:
        place = " ".join(filter(None, (where.country, where.subdivision)))
        raise CompanyInvalid(Problem("calendar: holidays", "unknown_country", place)) from error


def _own(record: CalendarRecord, years: range) -> frozenset[date]:
    """Each year's own days; the 29th of February is a day of leap years alone."""
    found = set()
    for own in record.own_days:
        dates = [day for year in years if (day := _day(year, own)) is not None]
        if not dates:
            raise CompanyInvalid(Problem("calendar: own_days", "no_such_day", f"{own.day}/{own.month}"))
        found.update(dates)
    return frozenset(found)


def _day(year: int, own: OwnDay) -> date | None:
    try:
        return date(year, own.month, own.day)
    except ValueError:
        return None


def _window(hours: str) -> Window:
    opens, closes = hours.split("-")
    return Window(time.fromisoformat(opens), time.fromisoformat(closes))


def _twice(company: CompanyFile) -> Iterator[Problem]:
    names = {
        "departments": [record.id for record in company.departments],
        "agents": [record.key for record in company.agents],
        "agents' e-mail": [record.email.strip().lower() for record in company.agents],
        "calendars": [record.id for record in company.calendars],
        "agreements": [record.key for record in company.agreements],
        "accounts": [record.number for record in company.accounts],
        "contacts": [record.key for record in company.contacts],
        "products": [record.id for record in company.products],
        "skills": [record.id for record in company.skills],
    }
    for where, values in names.items():
        seen: set[str] = set()
        for value in values:
            if value in seen:
                yield Problem(where, "twice", value)
            seen.add(value)


def _problem(error: Mapping[str, object]) -> Problem:
    place = error["loc"]
    where = ": ".join(map(str, place)) if isinstance(place, tuple) else str(place)
    return Problem(where, "invalid", str(error["msg"]))
