"""Mails read in processes of their own, so that none can take the desk's time, memory or secrets."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from channels.email.letter import Envelope, Letter
from channels.email.reading.child import ANSWER, LETTER, QUESTION, READY, UNREADABLE
from channels.email.reading.limits import MAIL_BYTES_MAX, ChildLimits
from channels.email.reading.ours import Ours
from channels.email.reading.unreadable import LetterUnreadable
from channels.email.reading.wire import JSON_BYTES_MAX, unpack

ROOT = Path(__file__).resolve().parents[3]
START = "import sys; sys.path[:] = sys.argv[2:]; from channels.email.reading.child import main; main()"
STARTING_S_MAX = 30.0
SLICE_BYTES = 256 * 1024
PIPE_BYTES = 1024 * 1024

KILLED_WITHIN_S = 5.0


class LetterReader:
    """Reads mails side by side, each in a child process that is used again and replaced when it overran.

    A mail that costs too much is read once more as plainly as can be, in a fresh process.
    """

    def __init__(
        self, *, children_max: int = 2, limits: ChildLimits | None = None, resolver: str | None = None
    ) -> None:
        """
        Args:
            children_max: how many mails are read at the same time; further ones wait.
            resolver: where names are asked for the keys of signatures, see `signature.ask`; None: nobody looks at them.
        """
        self._resolver = resolver
        self._limits = limits or ChildLimits()
        self._slots = asyncio.Semaphore(children_max)
        self._idle: list[_Child] = []

    async def read(self, raw: bytes, envelope: Envelope, *, ours: Ours) -> Letter:
        """What the mail says.

        Raises:
            LetterUnreadable: it cannot be told. Nothing else is raised for what a sender wrote.
        """
        if len(raw) > MAIL_BYTES_MAX:
            raise LetterUnreadable("too_large")
        async with self._slots:
            try:
                return await self._ask(raw, envelope, ours, plainly=False)
            except _Lost:
                return await self._plainly(raw, envelope, ours)

    @property
    def children(self) -> Sequence["_Child"]:
        """Those that wait for a mail."""
        return tuple(self._idle)

    async def start(self) -> None:
        """One child, ready before the first mail comes."""
        async with self._slots:
            self._idle.append(await self._child())

    async def close(self) -> None:
        """End the children. A reader that was closed can be used again."""
        while self._idle:
            await self._idle.pop().end()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _plainly(self, raw: bytes, envelope: Envelope, ours: Ours) -> Letter:
        try:
            return await self._ask(raw, envelope, ours, plainly=True)
        except _Lost as lost:
            raise LetterUnreadable(lost.reason) from lost

    async def _ask(self, raw: bytes, envelope: Envelope, ours: Ours, *, plainly: bool) -> Letter:
        child = await self._child()
        try:
            resolver = None if plainly else self._resolver
            letter = await child.ask(raw, envelope, ours, plainly=plainly, resolver=resolver)
        except LetterUnreadable as refusal:
            await self._keep(child, trusted=refusal.reason != "answer_refused")
            raise
        except BaseException:  # also a cancelled read: what it would have said next is no answer to anybody else
            await child.end()
            raise
        await self._keep(child, trusted=True)
        return letter

    async def _child(self) -> "_Child":
        while self._idle:
            child = self._idle.pop()
            if child.alive:
                return child
            await child.end()
        return await _Child.start(self._limits)

    async def _keep(self, child: "_Child", *, trusted: bool) -> None:
        if trusted and child.letters < self._limits.letters_max:
            self._idle.append(child)
        else:
            await child.end()


class _Lost(Exception):
    """The child overran ("overrun") or failed ("broken")."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Child:
    """One process and its pipes."""

    def __init__(self, process: Process, limits: ChildLimits) -> None:
        self._process, self._limits = process, limits
        self.letters = 0

    @classmethod
    async def start(cls, limits: ChildLimits) -> Self:
        """A process that has said that it is ready.

        Raises:
            LetterUnreadable: "broken": none could be started.
        """
        process = await asyncio.create_subprocess_exec(
            *_command(limits), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, limit=PIPE_BYTES, cwd="/"
        )
        child = cls(process, limits)
        try:
            async with asyncio.timeout(STARTING_S_MAX):
                await child._read(len(READY))
        except (TimeoutError, _Lost) as error:
            await child.end()
            raise LetterUnreadable("broken") from error
        except BaseException:
            await child.end()
            raise
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def peak_mb(self) -> float:
        """The most memory it ever had, in MB."""
        lines = Path(f"/proc/{self.pid}/status").read_text().split("\n")
        return next(int(line.split()[1]) / 1_024 for line in lines if line.startswith("VmHWM"))

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def ask(self, raw: bytes, envelope: Envelope, ours: Ours, *, plainly: bool, resolver: str | None) -> Letter:
        """
        Raises:
            _Lost: this process is of no use any more, or failed at this mail.
            LetterUnreadable: what it said of the mail, or that it said nonsense.
        """
        self.letters += 1
        how = {"plainly": plainly, "resolver": resolver}
        question = orjson.dumps({**asdict(envelope), "addresses": ours.addresses, "marker": ours.marker, **how})
        try:
            async with asyncio.timeout(self._limits.wall_s):
                await self._write(QUESTION.pack(len(question), len(raw)), question, raw)
                kind, document, contents = await self._answer()
        except TimeoutError as error:
            raise _Lost("overrun") from error
        return _understood(kind, document, contents)

    async def end(self) -> None:
        """Kill it; it holds nothing that could be lost."""
        with suppress(ProcessLookupError):
            self._process.kill()
        with suppress(TimeoutError):  # nobody waits for ever for a process that was killed
            await asyncio.wait_for(self._process.wait(), KILLED_WITHIN_S)
        self._process._transport.close()  # type: ignore[attr-defined]

    async def _answer(self) -> tuple[bytes, bytes, bytes]:
        kind, said, size = ANSWER.unpack(await self._read(ANSWER.size))
        if said > JSON_BYTES_MAX or size > 2 * MAIL_BYTES_MAX:
            raise LetterUnreadable("answer_refused")
        return kind, await self._read(said), await self._read(size)

    async def _write(self, *pieces: bytes) -> None:
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - asked for when it was started
        try:
            for piece in pieces:
                for start in range(0, len(piece), SLICE_BYTES):
                    pipe.write(piece[start : start + SLICE_BYTES])
                    await pipe.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _Lost("overrun") from error

    async def _read(self, size: int) -> bytes:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101 - asked for when it was started
        pieces = []
        while size:
            piece = await pipe.read(min(size, SLICE_BYTES))
            if not piece:
                raise _Lost("overrun")
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


def _understood(kind: bytes, document: bytes, contents: bytes) -> Letter:
    if kind == LETTER:
        return unpack(document, contents)
    if kind == UNREADABLE:
        raise LetterUnreadable(_reason(document))
    raise _Lost("broken")


def _reason(document: bytes) -> str:
    try:
        reason = orjson.loads(document)["reason"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "answer_refused"
    return reason if reason in {"too_large", "empty"} else "answer_refused"


def _command(limits: ChildLimits) -> Sequence[str]:
    path = [str(ROOT), *(os.fspath(entry) for entry in sys.path if entry)]
    return [sys.executable, "-I", "-c", START, orjson.dumps(limits).decode(), *path]
