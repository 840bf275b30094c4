from datetime import UTC, datetime

from storage.engine import Database
from storage.inbox import Inbox, pending_rows

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def test_what_a_unit_of_work_wrote_is_there_afterwards(database: Database) -> None:
    async with database.unit_of_work() as work:
        Inbox(work).receive(source="web", stream="s1", key="k1", payload={"a": 1}, raw=b"{}", at=MONDAY)

    async with database.snapshot() as snapshot:
        [row] = await pending_rows(snapshot, "s1")
    assert (row.key, row.payload, row.raw, row.received_at) == ("k1", {"a": 1}, b"{}", MONDAY)
