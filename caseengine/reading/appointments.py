"""Appointments as people read them: whom to call, on which number, at what time of their day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import Agent, AgentRole
from caseengine.model.lifecycle import LIVE
from caseengine.reading.callbacks import TAKEN
from caseengine.tables import agents, callbacks, cases, departments
from customers.identities import IdentityKind
from customers.preferences import zones_of
from customers.tables import contacts, identities
from storage.transaction import Snapshot

LISTED_MAX = 200


@dataclass(frozen=True, slots=True)
class Appointment:
    """A call that is still to be made.

    Attributes:
        state: booked, or called: its time has come and whoever holds the case calls.
        agent_id, agent_name: whose time is kept free.
        holder_id, holder_name: who has the case, and so the call when its time comes; None while nobody has.
        phone: what they gave for this case, else their newest number on file; "" where neither is known.
        zone: of the customer, as in "Europe/Berlin"; "" where they never named one.
    """

    number: str
    subject: str
    department: str
    department_name: str
    contact_name: str | None
    starts_at: datetime
    ends_at: datetime
    state: str
    agent_id: UUID
    agent_name: str
    holder_id: UUID | None
    holder_name: str | None
    phone: str
    zone: str


_HOLDERS = agents.alias("holders")
_COLUMNS = (
    *(cases.c.number, cases.c.subject, cases.c.department, departments.c.name.label("department_name")),
    *(contacts.c.name.label("contact_name"), callbacks.c.starts_at, callbacks.c.ends_at, callbacks.c.state),
    *(callbacks.c.agent_id, agents.c.name.label("agent_name")),
    *(cases.c.agent_id.label("holder_id"), _HOLDERS.c.name.label("holder_name")),
)
_JOINED = (
    callbacks.join(cases, cases.c.id == callbacks.c.case_id)
    .join(agents, agents.c.id == callbacks.c.agent_id)
    .join(departments, departments.c.id == cases.c.department)
    .outerjoin(_HOLDERS, _HOLDERS.c.id == cases.c.agent_id)
    .outerjoin(contacts, contacts.c.id == cases.c.contact_id)
)


async def appointment_of(snapshot: Snapshot, case_id: UUID) -> Appointment | None:
    """The one of a case."""
    return next(iter(await _appointments(snapshot, callbacks.c.case_id == case_id)), None)


async def appointments_for(snapshot: Snapshot, agent: Agent, *, mine: bool = False) -> list[Appointment]:
    """Those an agent has to know of, the earliest first; at most LISTED_MAX.

    An agent's own are those for which their time is kept free, or whose case they hold. A supervisor is shown those of
    every department. Nobody has to be called about a case that has ended.

    Args:
        mine: of a supervisor their own alone, too.
    """
    which = [cases.c.status.in_(LIVE)]
    if agent.role is not AgentRole.SUPERVISOR:
        which.append(cases.c.department.in_(sorted(agent.departments)))
    if mine or agent.role is not AgentRole.SUPERVISOR:
        which.append(callbacks.c.id.in_(_own(agent)))
    return await _appointments(snapshot, *which)


def _own(agent: Agent) -> sa.CompoundSelect[Any]:
    """Each half walks along an index, whoever else is to call."""
    kept_free = sa.select(callbacks.c.id).where(TAKEN, callbacks.c.agent_id == agent.id)
    held = cases.c.agent_id == agent.id, cases.c.status.in_(LIVE), cases.c.callback_at.is_not(None)
    of_theirs = sa.select(callbacks.c.id).join_from(cases, callbacks, callbacks.c.case_id == cases.c.id)
    return sa.union_all(kept_free, of_theirs.where(TAKEN, *held))


async def _appointments(snapshot: Snapshot, *which: sa.ColumnElement[bool]) -> list[Appointment]:
    rows = await snapshot.rows(
        sa.select(*_COLUMNS, cases.c.contact_id, cases.c.claimed)
        .select_from(_JOINED)
        .where(TAKEN, *which)
        .order_by(callbacks.c.starts_at, callbacks.c.id)
        .limit(LISTED_MAX)
    )
    known = {row.contact_id for row in rows if row.contact_id is not None}
    phones, zones = await _phones(snapshot, known), await zones_of(snapshot, known)
    return [_read(row, phones, zones) for row in rows]


def _read(row: sa.Row[Any], phones: Mapping[UUID, str], zones: Mapping[UUID, str]) -> Appointment:
    values = {name: getattr(row, name) for name in Appointment.__dataclass_fields__ if name not in ("phone", "zone")}
    given = row.claimed.get(IdentityKind.PHONE)
    return Appointment(**values, phone=given or phones.get(row.contact_id, ""), zone=zones.get(row.contact_id, ""))


async def _phones(snapshot: Snapshot, contact_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The newest on file of each."""
    if not contact_ids:
        return {}
    mine = identities.c.kind == IdentityKind.PHONE, identities.c.on_file, identities.c.contact_id.in_(contact_ids)
    rows = await snapshot.rows(
        sa.select(identities.c.contact_id, identities.c.value).where(*mine).order_by(identities.c.since)
    )
    return {row.contact_id: row.value for row in rows}
