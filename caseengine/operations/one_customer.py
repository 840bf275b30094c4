"""Whether two cases are of one customer, as far as anybody has proved."""

from uuid import UUID

import sqlalchemy as sa

from caseengine.model.case import Case
from caseengine.tables import case_conversations
from storage.transaction import UnitOfWork


async def of_one_customer(work: UnitOfWork, one: Case, other: Case) -> bool:
    """The same contact; an account's own cases; or nobody proved anything, and one conversation opened both.

    Two people of one shop are two customers: each reads their own cases, and only managers those of the shop.
    """
    if one.contact_id is not None or other.contact_id is not None:
        return one.contact_id == other.contact_id
    if one.account_id is not None or other.account_id is not None:
        return one.account_id == other.account_id
    return bool(await _opened_in(work, one) & await _opened_in(work, other))


async def _opened_in(work: UnitOfWork, case: Case) -> set[UUID]:
    table = case_conversations
    opened = sa.select(table.c.conversation_id).where(table.c.case_id == case.id, table.c.opened)
    return {row.conversation_id for row in await work.rows(opened)}
