"""Which address proves a case whose number somebody typed; the look-up is the same when there is no such case."""

from uuid import UUID

import sqlalchemy as sa

from caseengine.model.number import Mistyped, read_number
from caseengine.tables import cases
from storage.transaction import Snapshot


async def case_address(snapshot: Snapshot, typed_number: str) -> tuple[UUID | None, str | None]:
    """The case and the address given when it was opened, (None, None) when there is no such case.

    For deciding where a code goes; never to be shown.
    """
    number = read_number(typed_number)
    if isinstance(number, Mistyped):
        return None, None
    row = await snapshot.first(sa.select(cases.c.id, cases.c.reply_address).where(cases.c.number == str(number)))
    return (row.id, row.reply_address) if row else (None, None)
