"""What an agent says: to the customer, or to colleagues alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.cases import noted, replied
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.lifecycle import Verb
from caseengine.operations.assigning import hold
from caseengine.operations.conversing import speak
from caseengine.operations.enclosing import handed_files, kept_files
from caseengine.operations.permission import agent_of, permitted_case
from customers.identities import IdentityKind, normalise
from storage.transaction import UnitOfWork


@dataclass(frozen=True, slots=True)
class Copies:
    """Addresses that get a copy of a reply by mail."""

    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()

    @property
    def document(self) -> dict[str, list[str]]:
        """As an activity's details hold it; empty for none.

        Raises:
            IdentityInvalid: one of them is no address.
        """
        named = {"cc": self.cc, "bcc": self.bcc}
        return {
            name: [normalise(IdentityKind.EMAIL, one) for one in listed] for name, listed in named.items() if listed
        }


async def reply(
    work: UnitOfWork,
    number: str,
    text: str,
    *,
    key: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
    copies: Copies | None = None,
    files: Sequence[UUID] = (),
) -> Case:
    """Say something to the customer, who hears from a person from now on: the bot is silent until handed back.

    An agent who answers a case nobody holds, holds it. The same key twice is one reply.

    Args:
        copies: who else gets just these words, where the conversation is by mail; it gives them no right to the case.
        files: of the case, which go with the words.

    Raises:
        IdentityInvalid: a copy to what is no address.
        AgentNotFound: `by` is no agent.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: the case has ended.
        TextMissing: there are no words.
        FileNotOfCase, FilesTooLarge: see `named_files`.
        AlreadyReceived (at commit): the same reply was made at the same moment.
    """
    return await _say(
        work, number, text, Verb.REPLY, key=key, by=by, at=at, version=version, copies=copies, files=files
    )


async def ask_customer(
    work: UnitOfWork,
    number: str,
    text: str,
    *,
    key: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
    copies: Copies | None = None,
    files: Sequence[UUID] = (),
) -> Case:
    """As `reply`, with a question: the case waits for the customer."""
    return await _say(
        work, number, text, Verb.ASK_CUSTOMER, key=key, by=by, at=at, version=version, copies=copies, files=files
    )


async def note(
    work: UnitOfWork,
    number: str,
    text: str,
    *,
    key: str = "",
    by: Actor,
    at: datetime,
    version: int | None = None,
    files: Sequence[UUID] = (),
) -> Case:
    """Words for agents alone; at any time, also after the end. The same key twice is one note.

    Raises:
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TextMissing: there are no words.
        FileNotOfCase, FilesTooLarge: see `named_files`.
    """
    case = await permitted_case(work, number, by=by)
    if key and await noted(work, case.id, key) is not None:
        return case
    await permitted_case(work, number, by=by, version=version)
    kept = await kept_files(work, case, files)
    case.note(text, key=key, files=[file.document for file in kept], by=by, at=at)
    return case


async def _say(
    work: UnitOfWork,
    number: str,
    text: str,
    verb: Verb,
    *,
    key: str,
    by: Actor,
    at: datetime,
    version: int | None,
    copies: Copies | None,
    files: Sequence[UUID],
) -> Case:
    words: dict[str, Any] = {"text": text}
    if copies and copies.document:
        words["details"] = copies.document
    agent = await agent_of(work, by)
    case = await permitted_case(work, number, by=by)
    if await replied(work, case.id, key) is not None:
        return case
    await permitted_case(work, number, by=by, version=version)
    if case.agent_id is None and case.is_live:
        await hold(work, case, agent, by=by, at=at)
    handed = [file.document for file in await handed_files(work, case, files, at=at)]
    if handed:
        words["attachments"] = handed
    say = case.reply if verb is Verb.REPLY else case.ask_customer
    say(text, key=key, files=handed, by=by, at=at)
    conversation = await speak(work, case, words, key=key, by=agent.actor, at=at)
    if conversation is not None:
        conversation.give_to(agent.actor, case.id, at=at)
    return case
