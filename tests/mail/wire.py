"""A wire that can be cut: a TCP proxy that counts what passes, line by line, and hangs up where a test wants it."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER without lingering: closing sends a reset."""


class Cut(StrEnum):
    """How the wire ends at the line that a test has named."""

    AFTER = "after"  # it has passed, nothing behind it does
    BEFORE = "before"  # it was sent, but never arrives
    RESET = "reset"  # it has passed, then both ends are reset

    def __str__(self) -> str:
        return self.value


@dataclass(eq=False)
class Line:
    """One connection through the wire.

    Attributes:
        passed: the lines that have passed, both ways, as they came: b"C: EHLO ..." and b"S: 250 ...".
    """

    inner: asyncio.StreamWriter
    outer: asyncio.StreamWriter
    passed: list[bytes] = field(default_factory=list)
    is_cut: bool = False

    async def ends(self, *, reset: bool) -> None:
        self.is_cut = True
        for end in (self.inner, self.outer):
            if reset:
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.transport.abort() if reset else end.close()
            with contextlib.suppress(OSError):
                await end.wait_closed()


class Wire:
    """Between a client and the server that listens on `target` of the loopback."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.lines: list[Line] = []
        self.down = False
        self._cut: tuple[int, Cut] | None = None
        self._halts: dict[bytes, Callable[[], Awaitable[object]]] = {}
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def cuts(self, at: int, how: Cut) -> None:
        """Cut the next connection at its line `at`, counted from 1 and over both directions; once."""
        self._cut = (at, how)

    def halts_before(self, words: bytes, meanwhile: Callable[[], Awaitable[object]]) -> None:
        """Hold the next line that has these words back until something else has been done; once."""
        self._halts[words] = meanwhile

    async def drops_all(self) -> None:
        """End every connection there is."""
        for line in self.lines:
            if not line.is_cut:
                await line.ends(reset=False)

    @property
    def has_cut(self) -> bool:
        """Whether the cut that was asked for has been made."""
        return self._cut is None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accepts, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self.drops_all()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        await self._server.wait_closed()

    async def _accepts(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.close()
            return
        try:
            there, outer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        line = Line(writer, outer)
        self.lines.append(line)
        for tag, source, sink in ((b"C: ", reader, outer), (b"S: ", there, writer)):
            pump = asyncio.create_task(self._pumps_through(line, tag, source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pumps_through(
        self, line: Line, tag: bytes, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(CHUNK):
                for piece in chunk.splitlines(keepends=True):
                    if line.is_cut or not await self._passes(line, tag + piece, sink):
                        return
        if not line.is_cut:
            sink.close()

    async def _passes(self, line: Line, piece: bytes, sink: asyncio.StreamWriter) -> bool:
        """Hand one line on, unless the wire ends here."""
        for words in [words for words in self._halts if words in piece]:
            await self._halts.pop(words)()
        at, how = self._cut or (0, Cut.AFTER)
        ends_here = piece.endswith(b"\n") and len(line.passed) + 1 == at
        if ends_here:
            self._cut = None
        if not (ends_here and how is Cut.BEFORE):
            sink.write(piece[3:])
            await sink.drain()
        if piece.endswith(b"\n"):
            line.passed.append(piece)
        if ends_here:
            await line.ends(reset=how is Cut.RESET)
        return not ends_here


def telling_lines(passed: Sequence[bytes]) -> list[int]:
    """Where a session is worth cutting, counted from 1: at every line of the protocol, and in the text of a mail at
    its first, second, middle and last line, since the lines between are all alike.
    """
    if b"C: .\r\n" not in passed:
        return list(range(1, len(passed) + 1))
    text = next(at for at, line in enumerate(passed, 1) if line.startswith(b"S: 354")) + 1
    dot = passed.index(b"C: .\r\n") + 1
    kept = {text, text + 1, (text + dot) // 2, dot - 1}
    return [at for at in range(1, len(passed) + 1) if not text <= at < dot or at in kept]


@contextlib.asynccontextmanager
async def wire_to(target: int) -> AsyncIterator[Wire]:
    """A wire that ends with the block."""
    wire = Wire(target)
    await wire.start()
    try:
        yield wire
    finally:
        await wire.stop()
