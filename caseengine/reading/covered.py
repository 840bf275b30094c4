"""How many cases an agreement has covered."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from caseengine.model.case import Case
from caseengine.tables import cases
from customers.accounts import Accounts
from customers.agreements import Agreement
from storage.transaction import Snapshot


async def used_up(snapshot: Snapshot, agreement: Agreement, case: Case, zone: ZoneInfo) -> bool:
    """Whether the accounts it covers opened as many cases as it has before this one; no more are counted.

    Args:
        zone: whose days those of the agreement are.
    """
    if agreement.cases_max is None:
        return False
    covered = await Accounts(snapshot).reach([agreement.account_id])
    first_moment = datetime.combine(agreement.starts_on, time(0), zone).astimezone(UTC)
    opened = (
        sa.select(cases.c.id)
        .where(cases.c.account_id.in_(sorted(covered)), cases.c.id != case.id)
        .where(cases.c.opened_at.between(first_moment, case.opened_at))
        .limit(agreement.cases_max)
    )
    return int(await snapshot.scalar(sa.select(sa.func.count()).select_from(opened.subquery()))) >= agreement.cases_max
