"""What every repository promises on any database: inherit, and say how its things are made, found and changed."""

import asyncio
from abc import ABC, abstractmethod
from typing import Any
from uuid import UUID, uuid4

import pytest

from storage.engine import Database
from storage.errors import Conflict
from storage.refusal import Refusal
from storage.transaction import UnitOfWork


class RepositoryContract(ABC):
    """Four hooks, and the tests that use them on SQLite and PostgreSQL."""

    not_found: type[Refusal]

    @abstractmethod
    def add(self, work: UnitOfWork, thing_id: UUID) -> Any:
        """A new thing with this id; what `get` gives then."""

    @abstractmethod
    async def get(self, work: UnitOfWork, thing_id: UUID) -> Any:
        """The thing, or the repository's refusal."""

    @abstractmethod
    async def change(self, work: UnitOfWork, thing: Any) -> None:
        """Something about it becomes different."""

    @abstractmethod
    def looks(self, thing: Any) -> Any:
        """What tells whether `change` happened, and can be compared."""

    async def _add(self, database: Database) -> UUID:
        thing_id = uuid4()
        async with database.unit_of_work() as work:
            self.add(work, thing_id)
        return thing_id

    async def _looks(self, database: Database, thing_id: UUID) -> Any:
        async with database.unit_of_work() as work:
            return self.looks(await self.get(work, thing_id))

    async def test_what_was_added_is_found_as_it_was(self, any_database: Database) -> None:
        thing_id = uuid4()
        async with any_database.unit_of_work() as work:
            added = self.looks(self.add(work, thing_id))

        assert await self._looks(any_database, thing_id) == added

    async def test_what_does_not_exist_is_refused_by_name(self, any_database: Database) -> None:
        async with any_database.unit_of_work() as work:
            with pytest.raises(self.not_found):
                await self.get(work, uuid4())

    async def test_one_row_is_one_object_within_a_unit_of_work(self, any_database: Database) -> None:
        thing_id = await self._add(any_database)

        async with any_database.unit_of_work() as work:
            assert await self.get(work, thing_id) is await self.get(work, thing_id)

    async def test_what_was_just_added_is_found_in_the_same_unit_of_work(self, any_database: Database) -> None:
        thing_id = uuid4()
        async with any_database.unit_of_work() as work:
            added = self.add(work, thing_id)
            assert await self.get(work, thing_id) is added

    async def test_a_change_is_kept_and_one_given_up_is_not(self, any_database: Database) -> None:
        thing_id = await self._add(any_database)
        before = await self._looks(any_database, thing_id)

        with pytest.raises(RuntimeError):
            async with any_database.unit_of_work() as work:
                await self.change(work, await self.get(work, thing_id))
                raise RuntimeError("given up")
        assert await self._looks(any_database, thing_id) == before

        async with any_database.unit_of_work() as work:
            await self.change(work, await self.get(work, thing_id))
        assert await self._looks(any_database, thing_id) != before

    async def test_of_two_who_change_it_at_once_the_later_has_to_decide_again(self, any_database: Database) -> None:
        thing_id = await self._add(any_database)
        both_have_read = asyncio.Barrier(2)

        async def change() -> None:
            async with any_database.unit_of_work() as work:
                thing = await self.get(work, thing_id)
                await both_have_read.wait()
                await self.change(work, thing)

        outcomes = await asyncio.gather(change(), change(), return_exceptions=True)

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "NoneType"]
        assert any(isinstance(outcome, Conflict) for outcome in outcomes)
