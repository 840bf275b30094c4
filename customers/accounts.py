"""The organisations we serve, in a tree: head office, groups, stores; households."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from customers.errors import AccountNotFound
from customers.identities import IdentityKind, normalise
from customers.search_words import added_words, change_words, words_of
from customers.tables import accounts
from storage.transaction import Snapshot, UnitOfWork, Write, insertion

DEPTH_MAX = 32
"""Levels of the tree that are followed; a tree that was imported with a circle ends there."""


class Role(StrEnum):
    """What a contact is at an account: a manager sees it and everything below it."""

    MEMBER = "member"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Account:
    """An organisation. `kind`: head_office, group, store or household; `tier`: "A", "B" or "C", or the one above's."""

    id: UUID
    parent_id: UUID | None
    kind: str
    name: str
    number: str
    tier: str | None = None


COLUMNS = [accounts.c[name] for name in Account.__dataclass_fields__]


class Accounts:
    """The accounts a unit of work or snapshot can see."""

    def __init__(self, work: UnitOfWork | Snapshot) -> None:
        self._work = work

    async def get(self, account_id: UUID) -> Account:
        """
        Raises:
            AccountNotFound: there is none.
        """
        kept = self._work.kept(("account", account_id)) if isinstance(self._work, UnitOfWork) else None
        if isinstance(kept, Account):
            return kept
        return self._found(await self._work.first(sa.select(*COLUMNS).where(accounts.c.id == account_id)), account_id)

    async def by_number(self, number: str) -> Account:
        """
        Raises:
            AccountNotFound: there is none with this number.
            IdentityInvalid: this cannot be an account number.
        """
        written = normalise(IdentityKind.ACCOUNT, number)
        return self._found(await self._work.first(sa.select(*COLUMNS).where(accounts.c.number == written)), number)

    async def path(self, account_id: UUID) -> list[Account]:
        """From the root of its tree down to the account itself.

        Raises:
            AccountNotFound: there is none.
        """
        rows = await self._work.rows(upwards(account_id))
        if not rows:
            raise AccountNotFound(account_id)
        return [_account(row) for row in rows]

    async def below(self, account_id: UUID) -> set[UUID]:
        """The accounts under this one, at any depth, without itself."""
        return (await self.reach([account_id])) - {account_id}

    async def reach(self, account_ids: Sequence[UUID]) -> set[UUID]:
        """These accounts and all below them."""
        return {row.id for row in await self._work.rows(downwards(account_ids))}

    def add(self, account: Account) -> None:
        """Parents before their children."""
        if not isinstance(self._work, UnitOfWork):
            raise TypeError("a snapshot cannot write")
        values = {name: getattr(account, name) for name in Account.__dataclass_fields__}
        values["number"] = normalise(IdentityKind.ACCOUNT, account.number)
        writes = [Write(insertion(accounts, **values)), *added_words(account.id, _words(account))]
        self._work.keep(("account", account.id), account, lambda: writes)

    def change(self, account: Account) -> None:
        """New parent, kind, name and tier of an account that exists; its number stays."""
        if not isinstance(self._work, UnitOfWork):
            raise TypeError("a snapshot cannot write")
        values = {name: getattr(account, name) for name in ("parent_id", "kind", "name", "tier")}
        self._work.write(sa.update(accounts).where(accounts.c.id == account.id).values(values), rows=1)
        change_words(self._work, account.id, _words(account))

    @staticmethod
    def _found(row: sa.Row[Any] | None, sought: UUID | str) -> Account:
        if row is None:
            raise AccountNotFound(sought)
        return _account(row)


def _account(row: sa.Row[Any]) -> Account:
    return Account(row.id, row.parent_id, row.kind, row.name, row.number, row.tier)


def _words(account: Account) -> list[str]:
    return words_of((account.name, account.number))


def downwards(account_ids: Sequence[UUID]) -> sa.Select[Any]:
    """The ids of these accounts and all below; a union that drops doubles cannot go round in circles."""
    found = sa.select(accounts.c.id).where(accounts.c.id.in_(account_ids)).cte("found", recursive=True)
    children = sa.select(accounts.c.id).join(found, accounts.c.parent_id == found.c.id)
    return sa.select(found.union(children).c.id)


def upwards(account_id: UUID) -> sa.Select[Any]:
    """An account and those above it, root first."""
    found = sa.select(*COLUMNS, sa.literal(0).label("height")).where(accounts.c.id == account_id)
    tree = found.cte("tree", recursive=True)
    parents = sa.select(*COLUMNS, tree.c.height + 1).join(tree, accounts.c.id == tree.c.parent_id)
    whole = tree.union_all(parents.where(tree.c.height < DEPTH_MAX))
    return sa.select(whole).order_by(whole.c.height.desc())
