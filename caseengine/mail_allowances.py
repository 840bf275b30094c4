"""How many mails machines of ours may write to an address in an hour, whoever of several processes writes them.

One row an address, changed under its version: two who count the same are a conflict, and one of them counts again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from caseengine.tables import mail_allowances
from storage.errors import Conflict
from storage.transaction import UnitOfWork, Write, insertion

HOUR = timedelta(hours=1)


@dataclass(slots=True)
class _Allowance:
    """`sent`: when mails went in the last hour, oldest first; `version` 0 for an address that has no row yet."""

    address: str
    sent: list[datetime]
    version: int
    taken: bool = False

    def writes(self) -> Iterable[Write]:
        if not self.taken:
            return
        values = {"sent": [one.isoformat() for one in self.sent], "version": self.version + 1, "at": self.sent[-1]}
        mine = mail_allowances.c.address == self.address, mail_allowances.c.version == self.version
        if self.version:
            yield Write(sa.update(mail_allowances).where(*mine).values(values), rows=1)
        else:
            yield Write(insertion(mail_allowances, address=self.address, **values), duplicate=Conflict())


async def take(work: UnitOfWork, address: str, most: int, *, at: datetime) -> datetime | None:
    """One more mail goes to this address, and is counted: None. Or there were `most` in an hour: when the next may go.

    Raises (at commit):
        Conflict: another mail to it was counted at the same moment; decide again.
    """
    allowance = await _allowance(work, address.lower()[:320])
    lately = [one for one in allowance.sent if one > at - HOUR]
    if len(lately) >= most:
        return lately[-most] + HOUR
    allowance.sent, allowance.taken = [*lately, at], True
    return None


def forget_allowances(work: UnitOfWork, *, at: datetime) -> None:
    """Drop those of addresses that nothing was written to for an hour."""
    work.write(sa.delete(mail_allowances).where(mail_allowances.c.at < at - HOUR))


async def _allowance(work: UnitOfWork, address: str) -> _Allowance:
    kept: _Allowance | None = work.kept(("mail allowance", address))
    if kept is not None:
        return kept
    row = await work.first(sa.select(mail_allowances).where(mail_allowances.c.address == address))
    sent = [datetime.fromisoformat(one) for one in row.sent] if row else []
    allowance = _Allowance(address, sent, row.version if row else 0)
    work.keep(("mail allowance", address), allowance, allowance.writes)
    return allowance
