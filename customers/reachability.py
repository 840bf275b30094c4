"""Whether a proved address still takes what is sent: what came back, and what its owner complained of."""

from datetime import datetime

import sqlalchemy as sa

from customers.identities import IdentityKind, normalise
from customers.tables import reachability
from storage.transaction import Snapshot, UnitOfWork

REACHABLE = "reachable"
"""The state a person gives back to an address by hand. In every other one ("bounced", "complained") it gets nothing."""


async def reachable(snapshot: Snapshot, kind: IdentityKind | str, value: str) -> bool:
    """Whether something may be sent there; what nobody ever heard back from is reachable."""
    table = reachability
    mine = table.c.kind == str(kind), table.c.value == normalise(kind, value)
    state = await snapshot.scalar(sa.select(table.c.state).where(*mine))
    return state is None or state == REACHABLE


def mark(  # noqa: PLR0917 (which address, what of it)
    work: UnitOfWork, kind: IdentityKind | str, value: str, state: str, reason: str, at: datetime
) -> None:
    """From now on an address is in this state; the newest word counts."""
    mine = reachability.c.kind == str(kind), reachability.c.value == normalise(kind, value)
    work.write(sa.delete(reachability).where(*mine))
    values = {"kind": str(kind), "value": normalise(kind, value), "state": state, "reason": reason[:200], "at": at}
    work.write(sa.insert(reachability).values(values))
