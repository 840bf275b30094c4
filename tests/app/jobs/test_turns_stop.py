"""Stopping: a turn that does not finish in time is cancelled and has ended before the database is closed."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from app.jobs import turns as turns_module
from app.jobs.turns import Turns
from storage.engine import Database
from storage.inbox import Inbox, InboxRow

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def turns_with_one_waiting(database: Database) -> Turns:
    async with database.unit_of_work() as work:
        Inbox(work).receive(source="web", stream="s1", key="k", payload={}, raw=b"", at=AT)
    bot: Any = SimpleNamespace(database=database)
    return Turns(bot, lambda: AT)


async def test_a_cancelled_turn_has_ended_when_stop_returns(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def hangs(*_: object) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)  # giving back a reader takes a moment
            ended.set()

    monkeypatch.setattr(turns_module, "take_turn", hangs)
    turns = await turns_with_one_waiting(database)
    turns.notice("s1")
    await begun.wait()

    await turns.stop(0.01)

    assert ended.is_set()


async def test_a_turn_that_will_not_end_does_not_hold_up_the_stop(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, let_go = asyncio.Event(), asyncio.Event()

    async def will_not_end(*_: object) -> None:
        begun.set()
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    monkeypatch.setattr(turns_module, "take_turn", will_not_end)
    monkeypatch.setattr(turns_module, "CANCEL_WITHIN_S", 0.05)
    turns = await turns_with_one_waiting(database)
    turns.notice("s1")
    await begun.wait()

    async with asyncio.timeout(2):
        await turns.stop(0.01)

    let_go.set()
    await turns.idle()


async def test_what_waits_is_taken_up_after_the_next_start(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []

    async def take(_: object, row: InboxRow) -> None:
        taken.append(row.key)

    monkeypatch.setattr(turns_module, "take_turn", take)
    turns = await turns_with_one_waiting(database)
    await turns.stop(0.01)
    turns.notice("s1")
    await turns.idle()
    assert taken == []

    again = await turns_with_another_start(database)
    await again.sweep()
    await again.idle()
    assert taken == ["k"]


async def turns_with_another_start(database: Database) -> Turns:
    bot: Any = SimpleNamespace(database=database)
    return Turns(bot, lambda: AT)
