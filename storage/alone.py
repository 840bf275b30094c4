"""Tasks that one process at a time is at, of all that use a database; whoever dies lets go of them."""

import asyncio
import fcntl
from io import TextIOWrapper
from pathlib import Path
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool


class FileLocks:
    """Beside a SQLite file: processes that use it are on one machine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: dict[str, TextIOWrapper] = {}

    def has(self, task: str) -> bool:
        """Held already, or had now."""
        if task in self._held:
            return True
        lock = self._path.with_name(f"{self._path.name}.{task}").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._held[task] = lock
        return True

    def release(self) -> None:
        """Let others at all of them."""
        for lock in self._held.values():
            lock.close()
        self._held.clear()


class SessionLocks:
    """Advisory locks of one PostgreSQL session that is kept for them; not through a pooler that shares sessions."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._session: AsyncConnection | None = None
        self._held: set[str] = set()
        self._asking = asyncio.Lock()

    async def has(self, task: str) -> bool:
        """Held already and the session is there, or had now.

        Raises:
            DBAPIError, OSError: the server is not there.
        """
        async with self._asking:
            try:
                return await self._has(task)
            except BaseException:  # a session that was broken off in a question answers no more
                await self._forget()
                raise

    async def release(self) -> None:
        """Let others at all of them."""
        async with self._asking:
            await self._forget()
            await self._engine.dispose()

    async def _has(self, task: str) -> bool:
        if self._session is None:
            self._session = await self._engine.connect()
        if task in self._held:
            await self._session.execute(sa.text("SELECT 1"))
            return True
        key = {"key": crc32(task.encode())}
        if await self._session.scalar(sa.text("SELECT pg_try_advisory_lock(:key)"), key):
            self._held.add(task)
        return task in self._held

    async def _forget(self) -> None:
        session, self._session = self._session, None
        self._held.clear()
        if session is not None:
            await session.close()
