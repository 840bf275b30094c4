"""Whether somebody can be reached at an address: what bounced or was complained about gets nothing more."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from customers.errors import IdentityInvalid
from customers.identities import IdentityKind, normalise
from customers.tables import reachability
from storage.errors import Conflict
from storage.transaction import Snapshot, UnitOfWork, insertion

REASON_MAX = 200


class Reach(StrEnum):
    """What happened the last time."""

    REACHABLE = "reachable"  # a person looked and lifted it
    BOUNCED = "bounced"  # the address will never take anything
    COMPLAINED = "complained"  # its owner said that this is unwanted
    BLOCKED = "blocked"  # the channel takes nothing for it


async def reachable(snapshot: Snapshot, kind: IdentityKind | str, value: str) -> bool:
    """True unless something is known against it."""
    state = await snapshot.scalar(sa.select(reachability.c.state).where(*_named(kind, value)))
    return state in (None, Reach.REACHABLE)


def mark(
    work: UnitOfWork, kind: IdentityKind | str, value: str, state: Reach | str, reason: str, *, at: datetime
) -> None:
    """What is known from now on; `Reach.REACHABLE` lifts it.

    Args:
        reason: a code and what the far side gave: "bounce 5.1.1"; no words of customers.
    """
    news = {"state": str(Reach(state)), "reason": reason[:REASON_MAX], "at": at}
    work.write(sa.delete(reachability).where(*_named(kind, value)))
    values = {"kind": str(kind), "value": written(kind, value), **news}
    work.write(insertion(reachability, values), duplicate=Conflict())


def written(kind: IdentityKind | str, value: str) -> str:
    """The one form of an address here; what cannot be one is taken as it is, so that it is nobody else's."""
    try:
        return normalise(kind, value)
    except IdentityInvalid:
        plain = value.strip()
        return (plain.lower() if plain.isascii() else plain)[:400]


def _named(kind: IdentityKind | str, value: str) -> tuple[sa.ColumnElement[bool], ...]:
    return reachability.c.kind == str(kind), reachability.c.value == written(kind, value)
