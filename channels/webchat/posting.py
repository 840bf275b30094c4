"""What every way of posting ends in: read, made durable, shown to all sockets, and only then acknowledged."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from uuid import uuid4

from bot.activity import Activity, Attachment, Kind
from channels.protocol import Accepted, DeskUnavailable
from channels.webchat.desk import WebChatDesk
from channels.webchat.read import Ignored, Poster, read
from channels.webchat.render import activity_id, render_ignored
from channels.webchat.upload import Upload

PAUSES_S = (0.1, 0.3, 0.6, 1.0, 2.0, 4.0)
Answer = TypeVar("Answer")


async def post(desk: WebChatDesk, poster: Poster, raw: bytes) -> str:
    """Take one posted activity; the id it has on the wire.

    Raises:
        PayloadRejected: nothing was stored.
        DeskUnavailable: nothing was stored, and waiting a little did not help.
    """
    key = uuid4().hex
    said = read(raw, poster, fresh_key=key, limits=desk.limits)
    if isinstance(said, Ignored):
        return _give_back(desk, poster, said, key)
    if said.kind is Kind.TYPING:
        if desk.heard_typing is not None:
            await desk.heard_typing(said.conversation, said.sender)
        return f"{poster.conversation}|{key}"
    return await take(desk, said, raw)


async def post_upload(desk: WebChatDesk, poster: Poster, upload: Upload) -> str:
    """Take one activity with files: the files are stored before it is accepted.

    Raises:
        PayloadRejected, DeskUnavailable: as `post`.
    """
    said = read(upload.activity, poster, fresh_key=uuid4().hex, limits=desk.limits, with_files=bool(upload.files))
    if isinstance(said, Ignored) or said.kind is not Kind.MESSAGE:
        return await post(desk, poster, upload.activity)
    stored: list[Attachment] = []
    for file in upload.files:
        put = desk.files.put(poster.conversation, name=file.name, content_type=file.content_type, content=file.content)
        stored.append(await put)
    return await take(desk, replace(said, attachments=tuple(stored)), upload.activity)


async def take(desk: WebChatDesk, activity: Activity, raw: bytes) -> str:
    """Make an activity durable and show it; the id it has on the wire, the same when it comes again."""
    arrived = replace(activity, at=desk.clock())

    def accept() -> Awaitable[Accepted]:
        return desk.inbox.accept(arrived, raw=raw)

    accepted = await patiently(accept, desk.limits.patience_s)
    desk.remember_place(accepted.activity)
    desk.streams.nudge(activity.conversation)
    return activity_id(activity.conversation, accepted.activity.seq)


async def patiently(attempt: Callable[[], Awaitable[Answer]], patience_s: float) -> Answer:
    """Try again for a while what can safely be tried again.

    The official client takes any error at the start as final and leaves a failed post hanging for 20 s, so a short
    wait here is better than an honest 503 at once.
    """
    waited_s = 0.0
    for pause_s in PAUSES_S:
        try:
            return await attempt()
        except DeskUnavailable:
            if waited_s + pause_s > patience_s:
                raise
            await asyncio.sleep(pause_s)
            waited_s += pause_s
    return await attempt()


def _give_back(desk: WebChatDesk, poster: Poster, said: Ignored, key: str) -> str:
    if said.client_id:
        document = render_ignored(
            poster.conversation,
            key,
            client_id=said.client_id,
            user=poster.user,
            kind=said.type,
            name=said.name,
            at=desk.clock(),
        )
        desk.streams.pass_on(poster.conversation, document)
    return f"{poster.conversation}|{key}"
