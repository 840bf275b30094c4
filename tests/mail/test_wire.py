"""The wire that the stories cut: what passes before the cut, and that nothing does behind it."""

import asyncio

import pytest

from tests.mail.peer import Ear
from tests.mail.wire import Cut, Wire, wire_to


async def test_an_uncut_wire_passes_everything_and_says_what_it_was():
    ear = Ear()
    async with ear.listens() as port, wire_to(port) as wire:
        assert await _hands_in(wire)
        passed = list(wire.lines[0].passed)

    assert len(ear.taken) == 1
    assert passed[0].startswith(b"S: 220")
    assert passed[-1].startswith(b"S: 221")
    assert b"C: .\r\n" in passed


@pytest.mark.parametrize("how", list(Cut))
async def test_a_cut_ends_both_ways_at_its_line_and_the_next_connection_is_whole(how: Cut):
    ear = Ear()
    async with ear.listens() as port, wire_to(port) as wire:
        assert await _hands_in(wire)
        final_dot = wire.lines[0].passed.index(b"C: .\r\n") + 1

        wire.cuts(final_dot, how)
        assert not await _hands_in(wire)
        assert wire.has_cut
        assert await _hands_in(wire)

    # The dot that has passed makes the mail taken, though its sender never hears so.
    assert len(ear.taken) == (2 if how is Cut.BEFORE else 3)


async def test_a_wire_that_is_down_takes_nobody():
    ear = Ear()
    async with ear.listens() as port, wire_to(port) as wire:
        wire.down = True
        assert not await _hands_in(wire)
        wire.down = False
        assert await _hands_in(wire)


async def _hands_in(wire: Wire) -> bool:
    """One mail by LMTP; whether its sender was told that it was taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    try:
        await reader.readuntil(b"\n")
        taken = False
        for said in (b"LHLO laptop", b"MAIL FROM:<a@b.test>", b"RCPT TO:<c@d.test>", b"DATA", b"Hi\r\n.", b"QUIT"):
            writer.write(said + b"\r\n")
            answer = b"-"
            while answer[3:4] == b"-" or answer == b"-":
                answer = await reader.readuntil(b"\n")
            taken = taken or (said.endswith(b".") and answer.startswith(b"250"))
        return taken
    except (OSError, asyncio.IncompleteReadError):
        return False
    finally:
        writer.close()
