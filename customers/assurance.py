"""How well we know who is speaking, in one conversation, for how long. Source: docs/decisions/0008-assurance.md"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from customers.accounts import Role, downwards
from customers.errors import AssuranceTooLow
from customers.identities import IdentityKind, normalise
from customers.tables import account_roles, assurances
from storage.errors import Conflict
from storage.transaction import Snapshot, Statement, UnitOfWork, insertion

IDLE_MAX = timedelta(minutes=30)
AGE_MAX = timedelta(hours=12)


class Level(IntEnum):
    """The ladder: each step may do what the steps below it may."""

    ANONYMOUS = 0
    CLAIMED = 1
    CHANNEL = 2
    VERIFIED = 3

    @property
    def label(self) -> str:
        """The word used in JSON."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Assurance:
    """What a conversation has proved, at one moment.

    Attributes:
        contact_id: who it is; None below `CHANNEL`.
        account_ids: the accounts this person may see all of: where they are manager, and everything below.
        cases: cases proved by a code alone, whoever speaks.
        claimed: what was typed, kind of identity to normalised value; never a reason to disclose anything.
    """

    conversation: UUID
    level: Level = Level.ANONYMOUS
    contact_id: UUID | None = None
    account_ids: frozenset[UUID] = frozenset()
    cases: frozenset[UUID] = frozenset()
    claimed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def require(assurance: Assurance, level: Level) -> None:
    """
    Raises:
        AssuranceTooLow: the conversation has not proved enough.
    """
    if assurance.level < level:
        raise AssuranceTooLow(needed=level, has=assurance.level)


def require_contact(assurance: Assurance, level: Level) -> UUID:
    """Who it is, proved at least to `level` (which is `CHANNEL` or higher).

    Raises:
        AssuranceTooLow: the conversation has not proved enough.
    """
    require(assurance, level)
    if assurance.contact_id is None:
        raise AssuranceTooLow(needed=level, has=Level.ANONYMOUS)
    return assurance.contact_id


@dataclass(slots=True)
class Standing:
    """The row of one conversation: as it was read, or as this unit of work has made it so far."""

    conversation: UUID
    level: Level = Level.ANONYMOUS
    contact_id: UUID | None = None
    proof: str = ""
    proved_at: datetime | None = None
    touched_at: datetime | None = None
    cases: dict[str, str] = field(default_factory=dict)
    claimed: dict[str, str] = field(default_factory=dict)
    version: int = 0
    changed: bool = False

    @property
    def expires_at(self) -> datetime | None:
        """When what was proved of the person ends, unless something is said before; None when nothing is proved."""
        if self.proved_at is None or self.touched_at is None:
            return None
        return min(self.touched_at + IDLE_MAX, self.proved_at + AGE_MAX)

    def settled(self, at: datetime) -> "Standing":
        """Without what has expired at `at`."""
        idle = self.touched_at is None or at - self.touched_at > IDLE_MAX
        if idle or self.proved_at is None or at - self.proved_at > AGE_MAX:
            self._forget_person()
        self.cases = {} if idle else {case: since for case, since in self.cases.items() if _fresh(since, at)}
        return self

    def _forget_person(self) -> None:
        self.level = Level.CLAIMED if self.claimed else Level.ANONYMOUS
        self.contact_id, self.proof, self.proved_at = None, "", None


class Assurances:
    """The assurance of conversations, in one unit of work; what one step proves the next one sees."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def of(self, conversation: UUID, *, at: datetime) -> Assurance:
        """What the conversation has proved and what of it still holds at `at`. Roles are read anew each time."""
        standing = (await self._standing(conversation)).settled(at)
        return Assurance(
            conversation=conversation,
            level=standing.level,
            contact_id=standing.contact_id,
            account_ids=await self._managed(standing.contact_id if standing.level is Level.VERIFIED else None),
            cases=frozenset(UUID(case) for case in standing.cases),
            claimed=MappingProxyType(dict(standing.claimed)),
        )

    async def holds_back(self, assurance: Assurance) -> bool:
        """Whether this person manages accounts that only a stronger proof opens."""
        return assurance.level is Level.CHANNEL and bool(await self._managed(assurance.contact_id))

    async def claim(self, conversation: UUID, kind: IdentityKind | str, value: str, *, at: datetime) -> None:
        """They say this is theirs. Recorded; it discloses nothing.

        Raises:
            IdentityInvalid: it cannot be one of this kind.
        """
        written = normalise(kind, value)
        standing = (await self._standing(conversation)).settled(at)
        standing.claimed[str(kind)] = written
        standing.level = max(standing.level, Level.CLAIMED)
        standing.changed = True

    async def vouch(self, conversation: UUID, contact_id: UUID, proof: str, *, at: datetime) -> None:
        """The channel itself vouches for the sender. A stronger proof of the same person stays."""
        standing = (await self._standing(conversation)).settled(at)
        if standing.level is Level.VERIFIED and standing.contact_id == contact_id:
            await self.touch(conversation, at=at)
        else:
            self._prove(standing, Level.CHANNEL, contact_id, proof, at)

    async def verify(self, conversation: UUID, contact_id: UUID, proof: str, *, at: datetime) -> None:
        """They proved who they are. Another person than before loses what the former one had proved."""
        standing = (await self._standing(conversation)).settled(at)
        self._prove(standing, Level.VERIFIED, contact_id, proof, at)

    async def prove_case(self, conversation: UUID, case_id: UUID, *, at: datetime) -> None:
        """They proved a right to this one case, and nothing about who they are."""
        standing = (await self._standing(conversation)).settled(at)
        standing.cases[str(case_id)] = at.isoformat()
        standing.touched_at, standing.changed = at, True

    async def touch(self, conversation: UUID, *, at: datetime) -> None:
        """Something was said: the idle time starts again, for what has not expired yet."""
        standing = (await self._standing(conversation)).settled(at)
        if standing.proved_at is None and not standing.cases:
            return
        if standing.touched_at is None or at > standing.touched_at:
            standing.touched_at, standing.changed = at, True

    async def drop(self, conversation: UUID) -> None:
        """Forget everything that was proved or claimed: another person may be at the keyboard now."""
        standing = await self._standing(conversation)
        standing.claimed, standing.cases, standing.touched_at = {}, {}, None
        standing.level, standing.contact_id, standing.proof, standing.proved_at = Level.ANONYMOUS, None, "", None
        standing.changed = True

    async def _standing(self, conversation: UUID) -> Standing:
        key = ("assurance", conversation)
        kept = self._work.kept(key)
        if isinstance(kept, Standing):
            return kept
        standing = await standing_of(self._work, conversation)
        self._work.keep(key, standing, lambda: self._flush(standing))
        return standing

    async def _managed(self, contact_id: UUID | None) -> frozenset[UUID]:
        if contact_id is None:
            return frozenset()
        rows = await self._work.rows(
            sa.select(account_roles.c.account_id).where(
                account_roles.c.contact_id == contact_id, account_roles.c.role == str(Role.MANAGER)
            )
        )
        found = await self._work.rows(downwards([row.account_id for row in rows]))
        return frozenset(row.id for row in found)

    def _prove(self, standing: Standing, level: Level, contact_id: UUID, proof: str, at: datetime) -> None:
        if standing.contact_id not in (None, contact_id):
            standing.cases = {}
        standing.level, standing.contact_id, standing.proof = level, contact_id, proof
        standing.proved_at = standing.touched_at = at
        standing.changed = True

    def _flush(self, standing: Standing) -> Iterable[Any]:
        if standing.changed:
            # After all kept objects, because the contact may be one of them.
            self._work.write(_save(standing), rows=1, duplicate=Conflict())
        return ()


async def standing_of(snapshot: Snapshot, conversation: UUID) -> Standing:
    """The row of a conversation as it was written, expired or not."""
    row = await snapshot.first(sa.select(assurances).where(assurances.c.conversation == conversation))
    return _read(row) if row else Standing(conversation)


def _fresh(since: str, at: datetime) -> bool:
    return at - datetime.fromisoformat(since) <= AGE_MAX


def _read(row: sa.Row[Any]) -> Standing:
    return Standing(
        conversation=row.conversation,
        level=Level(row.level),
        contact_id=row.contact_id,
        proof=row.proof,
        proved_at=row.proved_at,
        touched_at=row.touched_at,
        cases=dict(row.cases),
        claimed=dict(row.claimed),
        version=row.version,
    )


def _save(standing: Standing) -> Statement:
    values = {
        "level": int(standing.level),
        "contact_id": standing.contact_id,
        "proof": standing.proof,
        "proved_at": standing.proved_at,
        "touched_at": standing.touched_at,
        "cases": standing.cases,
        "claimed": standing.claimed,
        "version": standing.version + 1,
    }
    if standing.version == 0:
        return insertion(assurances, conversation=standing.conversation, **values)
    known = (assurances.c.conversation == standing.conversation, assurances.c.version == standing.version)
    return sa.update(assurances).where(*known).values(**values)
