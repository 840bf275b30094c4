"""Receive: the input, and for chat its echo, are on the disk before the wire is acknowledged."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from app.metrics import RECEIVED
from bot.activity import Activity, Attachment, Kind
from caseengine import activities
from caseengine.activities import Activities, ActivityRow
from caseengine.conversations import find_conversation
from caseengine.files import Files, file_called, read_file
from caseengine.operations.conversing import open_conversation
from channels.protocol import Accepted, DeskUnavailable
from storage.engine import Database
from storage.errors import AlreadyReceived, Conflict, StorageUnavailable
from storage.inbox import Inbox
from storage.transaction import UnitOfWork, Write

P = ParamSpec("P")
T = TypeVar("T")
Beside = Callable[[UnitOfWork, datetime], Awaitable[None]]
"""What a channel learns with an input and keeps in the same commit: where it is, who speaks."""


def unavailable_is_said(call: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Storage's own error in the words the channels know."""

    @wraps(call)
    async def said(*args: P.args, **named: P.kwargs) -> T:
        try:
            return await call(*args, **named)
        except StorageUnavailable as error:
            raise DeskUnavailable from error

    return said


class Reception:
    """Where every channel puts what it heard; `channels.protocol.Inbox`."""

    def __init__(self, database: Database, now: Callable[[], datetime], notice: Callable[[str], None]) -> None:
        self._database = database
        self._now = now
        self._notice = notice

    @unavailable_is_said
    async def accept(self, activity: Activity, *, raw: bytes, beside: Beside | None = None) -> Accepted:
        """Keep an input; the same key again gives what was kept the first time.

        Raises:
            Conflict: what goes `beside` it was changed by somebody else; nothing was kept.
        """
        at = self._now()
        try:
            async with self._database.unit_of_work() as work:
                if beside is not None:
                    await beside(work, at)
                echo = receive(work, activity, raw=raw, at=at)
        except AlreadyReceived:
            return await self._known(activity)
        RECEIVED.labels(activity.channel).inc()
        self._notice(activity.conversation)
        seq = echo.result.seq if echo is not None and echo.result is not None else 0
        return Accepted(activity.at_seq(seq, at), fresh=True)

    async def _known(self, activity: Activity) -> Accepted:
        async with self._database.snapshot() as snapshot:
            row = await activities.by_key(snapshot, UUID(activity.conversation), activity.key)
        return Accepted(read_row(row) if row else activity, fresh=False)


def receive(work: UnitOfWork, activity: Activity, *, raw: bytes | None, at: datetime) -> Write | None:
    """Put an input into the inbox, and into the log what others may read of it; the write that does the latter.

    Raises (at commit):
        AlreadyReceived: an activity with this key was received before.
    """
    Inbox(work).receive(
        source=activity.channel,
        stream=activity.conversation,
        key=activity.key,
        payload=activity.to_json(),
        raw=raw,
        at=at,
    )
    if activity.kind is not Kind.MESSAGE:
        return None
    return Activities(work).append(
        UUID(activity.conversation),
        key=activity.key,
        body=replace(activity, source="", vouched="", agent="", shared=False).to_json(),
        at=at,
        channel=activity.channel,
        deliver=False,
        fresh_only=AlreadyReceived(activity.channel, activity.conversation, activity.key),
    )


class History:
    """What was said in a conversation; `channels.protocol.History`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @unavailable_is_said
    async def after(self, conversation: str, seq: int, *, limit: int = 200) -> Sequence[Activity]:
        async with self._database.snapshot() as snapshot:
            rows = await activities.after(snapshot, UUID(conversation), seq, limit)
        return [read_row(row) for row in rows]

    @unavailable_is_said
    async def last_seq(self, conversation: str) -> int:
        async with self._database.snapshot() as snapshot:
            return await activities.last_seq(snapshot, UUID(conversation))


class ConversationBook:
    """The conversations of all channels; `channels.protocol.Conversations`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @unavailable_is_said
    async def open(self, conversation: str, *, channel: str, locale: str, visitor: str, at: datetime) -> bool:
        """Make it known; two at once open it once."""
        if await self.exists(conversation):
            return False
        try:
            async with self._database.unit_of_work() as work:
                await open_conversation(
                    work, id=UUID(conversation), channel=channel, visitor=visitor, locale=locale, at=at
                )
        except Conflict:
            return False
        return True

    @unavailable_is_said
    async def exists(self, conversation: str) -> bool:
        async with self._database.snapshot() as snapshot:
            return await find_conversation(snapshot, UUID(conversation)) is not None


class FileCabinet:
    """What customers upload and agents send; `channels.protocol.Files`."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @unavailable_is_said
    async def put(
        self, conversation: str, *, name: str, content_type: str, content: bytes, key: str = ""
    ) -> Attachment:
        """Keep a file; under a key once, however often it comes."""
        where = UUID(conversation)
        try:
            async with self._database.unit_of_work() as work:
                file = Files(work).put(
                    where, name=name, content_type=content_type, content=content, at=self._now(), key=key
                )
        except Conflict:
            if (kept := await self.called(conversation, key)) is None:
                raise
            return kept
        return Attachment(str(file.id), name, content_type, len(content))

    @unavailable_is_said
    async def called(self, conversation: str, key: str) -> Attachment | None:
        """The file that was kept under this key."""
        async with self._database.snapshot() as snapshot:
            found = await file_called(snapshot, UUID(conversation), key)
        return Attachment(str(found.id), found.name, found.content_type, found.size) if found is not None else None

    @unavailable_is_said
    async def get(self, conversation: str, file: str) -> tuple[Attachment, bytes] | None:
        try:
            named = UUID(file)
        except ValueError:
            return None  # no file of ours has such a name
        async with self._database.snapshot() as snapshot:
            found = await read_file(snapshot, UUID(conversation), named)
        if found is None:
            return None
        stored, content = found
        return Attachment(str(stored.id), stored.name, stored.content_type, stored.size), content


def read_row(row: ActivityRow) -> Activity:
    """A line of the log as the channels know it."""
    return Activity.from_json(row.body).at_seq(row.seq, row.at)
