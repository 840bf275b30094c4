"""The tree of accounts."""

from uuid import uuid4

import pytest
import sqlalchemy as sa

from customers.accounts import DEPTH_MAX, Account, Accounts
from customers.errors import AccountNotFound
from customers.tables import accounts


async def test_an_account_is_found_by_id_and_by_number(database, people):
    async with database.snapshot() as snapshot:
        assert await Accounts(snapshot).get(people.leith.id) == people.leith
        assert await Accounts(snapshot).by_number(" c-1101 ") == people.leith
        for missing in (Accounts(snapshot).get(uuid4()), Accounts(snapshot).by_number("C-9")):
            with pytest.raises(AccountNotFound):
                await missing


async def test_the_path_goes_from_the_root_down(database, people):
    async with database.snapshot() as snapshot:
        assert await Accounts(snapshot).path(people.leith.id) == [people.head, people.north, people.leith]
        with pytest.raises(AccountNotFound):
            await Accounts(snapshot).path(uuid4())


async def test_below_is_every_depth_without_the_account_itself(database, people):
    async with database.snapshot() as snapshot:
        tree = Accounts(snapshot)
        assert await tree.below(people.head.id) == {
            people.north.id,
            people.south.id,
            people.leith.id,
            people.perth.id,
        }
        assert await tree.below(people.leith.id) == set()
        assert await tree.reach([]) == set()


async def test_a_tree_imported_with_a_circle_still_ends(database, people):
    async with database.unit_of_work() as work:
        work.write(sa.update(accounts).where(accounts.c.id == people.head.id).values(parent_id=people.leith.id))
    async with database.snapshot() as snapshot:
        assert people.leith.id in await Accounts(snapshot).below(people.head.id)
        assert len(await Accounts(snapshot).path(people.leith.id)) == DEPTH_MAX + 1


async def test_an_account_added_is_seen_by_the_same_unit_of_work(database):
    account = Account(uuid4(), None, "household", "Family Marsh", "H-1")
    async with database.unit_of_work() as work:
        Accounts(work).add(account)
        assert await Accounts(work).get(account.id) == account
