"""Whose case it is: the one rule by which a customer sees a case or does not."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.errors import CaseNotFound, NumberMistyped
from caseengine.model.number import Mistyped, read_number
from caseengine.tables import case_conversations, cases
from customers.assurance import Assurance, Level
from storage.transaction import UnitOfWork


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: a conversation (None in the portal), and what it has proved."""

    conversation: UUID | None
    assurance: Assurance


def visible_to(viewer: Viewer) -> sa.ColumnElement[bool]:
    """The cases a customer may see: opened in this conversation, proved by a code, their own, or of their accounts.

    And where a case proved by a code goes on, if a code for that one would go to the same address. Nothing else follows
    a merge: it would show more than was proved.
    """
    merged, target = cases.alias("merged"), cases.alias("target")
    goes_on = (
        sa.select(target.c.id)
        .where(merged.c.id.in_(sorted(viewer.assurance.cases)), target.c.id == merged.c.merged_into)
        .where(target.c.reply_address == merged.c.reply_address)
    )
    return sa.or_(*_ways(viewer), cases.c.id.in_(goes_on))


async def case_for(work: UnitOfWork, typed_number: str, viewer: Viewer) -> Case:
    """The case a customer asks about by its number.

    Raises:
        NumberMistyped: the check symbol does not fit, which says nothing about any case.
        CaseNotFound: there is none, or it is not theirs: one query, one answer.
    """
    number = read_number(typed_number)
    if isinstance(number, Mistyped):
        raise NumberMistyped
    found = await work.scalar(sa.select(cases.c.id).where(cases.c.number == str(number), visible_to(viewer)))
    kept: Case | None = work.kept(("case", str(number)))
    if found is None and (kept is None or not _opened_now(work, kept, viewer)):
        raise CaseNotFound
    return kept or await Cases(work).by_id(found)


def _ways(viewer: Viewer) -> list[sa.ColumnElement[bool]]:
    assurance = viewer.assurance
    ways: list[sa.ColumnElement[bool]] = [
        cases.c.id.in_(_opened_in(viewer.conversation)),
        cases.c.id.in_(sorted(assurance.cases)),
    ]
    if assurance.level >= Level.CHANNEL and assurance.contact_id is not None:
        ways.append(cases.c.contact_id == assurance.contact_id)
    if assurance.level >= Level.VERIFIED:
        ways.append(cases.c.account_id.in_(sorted(assurance.account_ids)))
    return ways


def _opened_in(conversation: UUID | None) -> sa.Select[tuple[UUID]]:
    opened = sa.select(case_conversations.c.case_id).where(case_conversations.c.opened)
    return opened.where(case_conversations.c.conversation_id == conversation)


def _opened_now(work: UnitOfWork, case: Case, viewer: Viewer) -> bool:
    """Opened in this very unit of work, which no query sees yet."""
    conversation = work.kept(("conversation", viewer.conversation))
    here = conversation.cases.get(case.id) if conversation is not None else None
    return here is not None and here.opened
