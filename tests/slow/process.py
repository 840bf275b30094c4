"""A desk in a process of its own, started by the real command, to be killed, stopped and started again."""

import asyncio
import os
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic

import aiohttp

START = "from app.cli import main; main()"
READY_MAX_S = 60.0


class DeskProcess:
    """`nightdesk serve --demo` over a data folder; its log is `desk.log` beside the data."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self.port = free_port()
        self.log = data.with_name("desk.log")
        self._settings = {f"NIGHTDESK_{name.upper()}": value for name, value in settings.items()}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        return self.data / "nightdesk.db"

    def start(self) -> None:
        """Begin to start."""
        arguments = ["serve", "--demo", "--data", str(self.data), "--port", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", START, *arguments], env={**os.environ, **self._settings}, stdout=log, stderr=log
            )

    async def ready(self) -> float:
        """Seconds until `/readyz` says yes."""
        begun = monotonic()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
            while not await self._says_ready(http):
                assert self._running.poll() is None, f"the desk ended by itself: {self.log.read_text()[-2000:]}"
                assert monotonic() - begun < READY_MAX_S, "never ready"
                await asyncio.sleep(0.02)
        return monotonic() - begun

    async def _says_ready(self, http: aiohttp.ClientSession) -> bool:
        try:
            async with http.get(f"{self.origin}/readyz") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    def kill(self) -> None:
        """SIGKILL: whatever was in hand is gone."""
        self._running.kill()
        self._running.wait()

    async def stop(self) -> tuple[float, int]:
        """SIGTERM; seconds until it had ended, and with what code."""
        begun = monotonic()
        self._running.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(self._running.wait, 60)
        return monotonic() - begun, code

    def end(self) -> None:
        """Leave nothing running behind a test."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def files_end_at(self, size: int) -> None:
        """No file of the desk may be written beyond this many bytes, as on a full disk; -1 lifts that."""
        _, most = resource.prlimit(self._running.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._running.pid, resource.RLIMIT_FSIZE, (size, most))

    def logged(self, event: str) -> int:
        """How often something was logged so far."""
        return self.log.read_text("utf-8", "replace").count(f'"event": "{event}"')

    @property
    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
