"""What goes wrong on our side still ends well for the customer."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

from app.settings import Settings
from app.wiring import build
from bot.activity import Activity, Kind, Role, Sender
from bot.dialogs.state import load_state, save_state
from tests.desk import Desk


async def fails(*_: Any, **__: Any) -> Any:
    raise RuntimeError("the model is gone")


async def hangs(*_: Any, **__: Any) -> Any:
    await asyncio.sleep(60)


async def test_the_model_fails_and_a_case_is_opened_all_the_same(desk: Desk, monkeypatch: Any) -> None:
    ana = await desk.visitor()
    monkeypatch.setattr(desk.house.understander, "understand", fails)
    monkeypatch.setattr(desk.house.knowledge, "answer", fails)

    await ana.says("Our freezer has been warm since five o'clock, what now?")
    for _ in range(6):
        if "Your case is" in ana.heard:
            break
        await ana.says(ana.offered[0] if ana.offered else "Our freezer is warm")

    assert ana.number, ana.heard


async def test_the_model_hangs_and_the_answer_comes_within_seconds(desk: Desk, monkeypatch: Any) -> None:
    ana = await desk.visitor()
    monkeypatch.setattr(desk.house.understander, "understand", hangs)

    async with asyncio.timeout(10):
        await ana.says("Talk to a person")

    assert ana.number


async def test_a_fault_in_a_dialog_becomes_a_case(desk: Desk, monkeypatch: Any) -> None:
    ana = await desk.visitor()
    monkeypatch.setattr("bot.turn.Walk.hear", fails)

    await ana.says("Where is my bread?")

    assert "Something went wrong on our side" in ana.heard
    assert (await desk.case(ana.number)).description == "Where is my bread?"


async def test_the_same_activity_five_times_at_once_is_one(desk: Desk) -> None:
    ana = await desk.visitor()

    accepted = await asyncio.gather(*(ana.posts("I want to talk to a person", key="once") for _ in range(5)))
    await ana.hears()

    assert sum(one.fresh for one in accepted) == 1
    assert len({one.activity.seq for one in accepted}) == 1
    said = await desk.history.after(ana.conversation, 0)
    assert sum(one.sender.role is Role.CUSTOMER for one in said) == 1
    assert len(ana.numbers) == 1
    assert len(ana.last) == 1


async def test_a_restart_in_the_middle_of_a_form(desk: Desk) -> None:
    ana = await desk.visitor()
    await ana.says("Please open a case: our bread delivery never came")
    assert "reach you" in ana.heard
    await desk.house.turns.stop(5.0)

    house = build(
        Settings(data=desk.house.settings.data, demo=True),
        now=desk.clock,
        encoder=desk.house.encoder,
        understander=desk.house.understander,
        mailbox=desk.house.mailbox,
    )
    await house.directory.refresh()
    later = Desk(house, desk.clock)
    ana.desk = later
    await ana.says("ana@shop.example")

    assert "Shall I open the case" in ana.heard, ana.heard
    await house.turns.stop(5.0)
    await house.database.close()


async def test_a_new_release_in_the_middle_of_a_form(desk: Desk) -> None:
    """The step the customer waits at was renamed by the release: what they gave is kept, nothing is asked twice."""
    ana = await desk.visitor()
    await ana.says("Please open a case: our bread delivery never came")
    async with desk.house.database.unit_of_work() as work:
        state = await load_state(work, UUID(ana.conversation))
        assert state.top is not None
        state.top.version, state.top.step = 0, "a_step_that_is_no_more"
        save_state(work, UUID(ana.conversation), state, at=desk.clock())

    await ana.says("ana@shop.example")

    assert "Shall I open the case" in ana.heard, ana.heard
    assert "our bread delivery never came" in str(ana.last[-1].card)


async def test_an_input_that_cannot_be_handled_is_set_aside_for_a_person(desk: Desk, monkeypatch: Any) -> None:
    ana, ben = await desk.visitor(), await desk.visitor()
    monkeypatch.setattr("bot.turn._rescue", fails)
    monkeypatch.setattr("bot.turn.Walk.hear", fails)
    poison = Activity(
        kind=Kind.MESSAGE,
        channel="webchat",
        conversation=ana.conversation,
        sender=Sender(Role.CUSTOMER),
        key=uuid4().hex,
        text="poison",
    )
    await desk.reception.accept(poison, raw=b"poison")
    for _ in range(5):
        await desk.settle()
    monkeypatch.undo()

    await ben.says("hello")
    assert "What can I do" in ben.heard
    await ana.says("hello")
    assert "What can I do" in ana.heard
    async with desk.house.database.snapshot() as snapshot:
        import sqlalchemy as sa

        from storage.tables import inbox

        row = await snapshot.first(sa.select(inbox).where(inbox.c.state == "quarantined"))
    assert row is not None
    assert row.raw == b"poison"
