"""An agent asks somebody outside by mail; what they answer comes back as a note, for agents alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.activities import ActivityRow
from caseengine.cases import noted
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.errors import AddressUnreachable, NothingSaid, TextMissing
from caseengine.operations.enclosing import kept_files
from caseengine.operations.permission import agent_of, permitted_case
from caseengine.reading.log import last_words
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
    original: bool = False,
) -> Case:
    """Send a mail about the case to an address outside. The same key twice is one mail.

    Args:
        text: all that they get to read; nothing of the case goes with it by itself.
        files: of the case, which go with the words.
        original: what the customer said last goes with it, words and files; nothing else of their mail, whose headers
            hold addresses that let whoever knows them write into the conversation.
        subject: the case's own where it is empty.
        note: what colleagues read of it on the case.

    Raises:
        AgentNotFound: `by` is no agent.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        IdentityInvalid: `to` is no address.
        TextMissing: there are no words.
        FileNotOfCase, FilesTooLarge: see `named_files`.
        NothingSaid: there is no original.
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
    heard = await _original(work, case) if original else None
    kept = await kept_files(work, case, list(dict.fromkeys([*files, *(_files(heard) if heard else ())])))
    case.note(note, key=key, files=[file.document for file in kept], by=by, at=at)
    mail: dict[str, Any] = {"case_id": str(case.id), "number": case.number, "key": key, "to": address, "text": text}
    mail |= {"subject": subject.strip() or case.subject, "agent": agent.name, "department": case.department}
    mail |= {"files": [str(file.id) for file in kept]}
    mail |= {"quoted": _quoted(heard) if heard else ""}
    Outbox(work).deliver(TOPIC, f"forward:{case.id}", mail, at=at)
    return case


async def _original(work: UnitOfWork, case: Case) -> ActivityRow:
    found = await last_words(work, case.conversation_id) if case.conversation_id else None
    if found is None:
        raise NothingSaid
    return found


def _files(heard: ActivityRow) -> list[UUID]:
    return [UUID(file["id"]) for file in heard.body.get("attachments", ())]


def _quoted(heard: ActivityRow) -> str:
    """Who, when, about what, and the words."""
    sender, subject = heard.body["sender"], heard.body.get("subject", "")
    address = f"<{sender['id']}>" if "@" in sender.get("id", "") else ""
    who = " ".join(filter(None, (sender.get("name", ""), address)))
    head = ", ".join(filter(None, (who, f"{heard.at:%Y-%m-%d %H:%M} UTC")))
    return "\n".join([head, *([subject] if subject else []), "", heard.body.get("text", "")]).rstrip()
