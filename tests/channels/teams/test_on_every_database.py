"""What the desk keeps of Teams, on each kind of database it runs on."""

import asyncio

import pytest

from bot.activity import Activity, Kind, Role, Sender
from channels.protocol import DeliveryFailed
from channels.teams.place import conversation_id
from storage.engine import Database
from tests.channels.teams.peer import Reply, open_wire
from tests.channels.teams.test_intake import assurance, with_file

WHERE = conversation_id("a:megan")


@pytest.mark.bar
async def test_r11_heard_sent_edited_and_made_whole_once(any_database: Database) -> None:
    async with open_wire(any_database) as wire:
        answers = await asyncio.gather(*(wire.post(wire.message(f"line {n % 4}", key=str(n % 4))) for n in range(12)))
        assert {status for status, _ in answers} == {200}
        assert sorted(await wire.texts()) == [f"line {n}" for n in range(4)]
        assert (await assurance(wire)).contact_id is not None

        wire.microsoft.files["a.txt"] = (200, b"a", {})
        for _ in range(2):
            await wire.post(with_file(wire, "a.txt", key="file"))
            await wire.post(wire.activity("messageUpdate", id="1", text="new", timestamp="t"))
        await wire.house.rounds.idle()
        assert sorted((await wire.texts())[4:]) == ["Edited to: new", "see this"]

        said = Activity(
            kind=Kind.MESSAGE, channel="teams", conversation=WHERE, sender=Sender(Role.BOT), key="k", text="hello"
        )  # fmt: skip
        for _ in range(2):
            await wire.house.adapter.send(said, key="k")
        await wire.house.adapter.edit(said, of="k")
        assert [call.method for call in wire.microsoft.calls] == ["POST", "PUT"]

        wire.microsoft.replies.append(Reply(403))
        with pytest.raises(DeliveryFailed):
            await wire.house.adapter.send(said, key="another")
