"""An agent asks somebody outside by mail; what they answer comes back as a note, for agents alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.cases import noted
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.errors import AddressUnreachable, TextMissing
from caseengine.operations.enclosing import kept_files
from caseengine.operations.permission import agent_of, permitted_case
from customers.identities import IdentityKind, normalise
from customers.reachability import reachable
from storage.outbox import Outbox
from storage.transaction import UnitOfWork

TOPIC = "forward"


async def forward(
    work: UnitOfWork,
    number: str,
    text: str,
    *,
    to: str,
    subject: str,
    note: str,
    key: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
    files: Sequence[UUID] = (),
) -> Case:
    """Send a mail about the case to an address outside. The same key twice is one mail.

    Args:
        text: all that they get to read; nothing of the case goes with it by itself.
        files: of the case, which go with the words.
        subject: the case's own where it is empty.
        note: what colleagues read of it on the case.

    Raises:
        AgentNotFound: `by` is no agent.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        IdentityInvalid: `to` is no address.
        TextMissing: there are no words.
        FileNotOfCase, FilesTooLarge: see `named_files`.
        AddressUnreachable: a mail to it came back for good, or was complained about.
    """
    agent = await agent_of(work, by)
    case = await permitted_case(work, number, by=by)
    if not text.strip():
        raise TextMissing
    address = normalise(IdentityKind.EMAIL, to)
    if await noted(work, case.id, key) is not None:
        return case
    if not await reachable(work, IdentityKind.EMAIL, address):
        raise AddressUnreachable
    await permitted_case(work, number, by=by, version=version)
    kept = await kept_files(work, case, files)
    case.note(note, key=key, files=[file.document for file in kept], by=by, at=at)
    mail: dict[str, Any] = {"case_id": str(case.id), "number": case.number, "key": key, "to": address, "text": text}
    mail |= {"subject": subject.strip() or case.subject, "agent": agent.name, "department": case.department}
    mail |= {"files": [str(file.id) for file in kept]}
    Outbox(work).deliver(TOPIC, f"forward:{case.id}", mail, at=at)
    return case
