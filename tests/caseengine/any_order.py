"""An office in a database of its own, for tests that play many."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from caseengine.model.case import Case
from storage.engine import Database
from tests.caseengine.office import Office
from tests.conftest import empty_sqlite


def chat_of(case: Case) -> UUID:
    """The conversation of a case that has one."""
    assert case.conversation_id is not None
    return case.conversation_id


@contextlib.asynccontextmanager
async def office_for_a_while() -> AsyncIterator[Office]:
    """A furnished office, gone afterwards."""
    with TemporaryDirectory() as folder:
        database = Database(empty_sqlite(Path(folder) / "desk.db"))
        try:
            office = Office(database)
            await office.furnish()
            yield office
        finally:
            await database.close()
