"""The demo company as its files tell it: read, checked, and given ids that never change."""

from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from customers.accounts import Role

FOLDER = Path(__file__).parent / "company"
ARTICLES = FOLDER / "articles"
NAMESPACE = UUID("5f6f4f3c-7f0b-5f5a-9d0e-6c61726465ff")
"""Ids are uuid5 of this and `<kind>:<key>`: the same in every installation."""

State = Literal["new", "open", "waiting_on_customer", "waiting_on_third_party", "resolved", "closed"]
Hours = Annotated[str, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$")]


class Record(BaseModel):
    """One entry of a file; a field nobody knows is a slip."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AccountRecord(Record):
    """`parent` is the number of the account above; `town` is for the reader."""

    number: str
    kind: Literal["head_office", "group", "store", "household"]
    name: str
    town: str
    parent: str | None = None


class ContactRecord(Record):
    """`roles` go from account number to role."""

    key: str
    name: str
    email: str
    phone: str
    roles: Mapping[str, Role]
    loyalty: str | None = None
    language: str = "en"


class AgentRecord(Record):
    key: str
    name: str
    email: str
    role: Literal["agent", "supervisor"]
    departments: tuple[str, ...]


class ProductRecord(Record):
    id: str
    name: str
    aliases: tuple[str, ...]


class DepartmentRecord(Record):
    id: str
    name: str
    examples: tuple[str, ...]


class OwnDay(Record):
    """A day of each year on which the desk is closed."""

    day: int
    month: int
    name: str


class PublicHolidays(Record):
    country: str
    subdivision: str


class CalendarRecord(Record):
    """`windows` go from weekday, Monday first, to hours like "08:00-18:00"."""

    id: str
    zone: str
    windows: Mapping[str, tuple[Hours, ...]]
    holidays: PublicHolidays
    own_days: tuple[OwnDay, ...]


class Opened(Record):
    """Either `workdays` before the day of loading, at `clock`, or `minutes` before the moment of loading."""

    workdays: int | None = Field(None, ge=1)
    clock: time = time(9)
    minutes: int | None = Field(None, ge=1)


class ResolutionRecord(Record):
    code: str
    text: str


class PastCaseRecord(Record):
    """A case from before the demo begins; `takes`, `replies_after`, `resolves_after` are working minutes."""

    key: str
    opened: Opened
    department: str
    contact: str
    subject: str
    said: str
    state: State
    account: str | None = None
    products: tuple[str, ...] = ()
    order: str | None = None
    type: str = "incident"
    impact: int = 2
    urgency: int = 2
    agent: str | None = None
    takes: int = 0
    reply: str | None = None
    replies_after: int = 0
    note: str | None = None
    resolution: ResolutionRecord | None = None
    resolves_after: int = 0


class Company(Record):
    """Everything but the articles, which are Markdown in `ARTICLES`."""

    accounts: tuple[AccountRecord, ...]
    contacts: tuple[ContactRecord, ...]
    agents: tuple[AgentRecord, ...]
    products: tuple[ProductRecord, ...]
    departments: tuple[DepartmentRecord, ...]
    calendar: CalendarRecord
    sla: Mapping[str, Any]
    past_cases: tuple[PastCaseRecord, ...]


def read_company(folder: Path = FOLDER) -> Company:
    """The company in a folder of YAML files, one a field of `Company`.

    Raises:
        pydantic.ValidationError: a file says something it should not.
    """
    return TypeAdapter(Company).validate_python({name: _read(folder / f"{name}.yaml") for name in Company.model_fields})


def demo_id(kind: str, key: str) -> UUID:
    """The id of a record. `kind`: account, contact, agent or case."""
    return uuid5(NAMESPACE, f"{kind}:{key}")


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
