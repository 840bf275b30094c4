"""An agent writes: shown in Teams now and then, kept nowhere, waited for by nobody."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from uuid import uuid4

import structlog

from bot.activity import Activity, Kind, Sender
from channels.protocol import DeliveryFailed
from channels.teams.account import CHANNEL
from channels.teams.adapter import TeamsAdapter
from channels.teams.desk import Places

log = structlog.get_logger()
EVERY_S = 3.0
"""Teams shows it for about so long."""
REMEMBERED_MAX = 1_000


class TeamsTyping:
    """Tells Teams, for conversations that are there."""

    def __init__(self, adapter: TeamsAdapter, places: Places, *, elapsed: Callable[[], float] = monotonic) -> None:
        self._adapter = adapter
        self._places = places
        self._elapsed = elapsed
        self._shown_at: OrderedDict[str, float] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    async def show(self, conversation: str, who: Sender) -> None:
        """Nothing happens for a conversation elsewhere, or so soon after the last time."""
        now = self._elapsed()
        if now - self._shown_at.get(conversation, -EVERY_S) < EVERY_S or await self._places.of(conversation) is None:
            return
        self._shown_at[conversation] = now
        while len(self._shown_at) > REMEMBERED_MAX:
            self._shown_at.popitem(last=False)
        task = asyncio.create_task(self._send(conversation, who))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, conversation: str, who: Sender) -> None:
        key = uuid4().hex
        activity = Activity(kind=Kind.TYPING, channel=CHANNEL, conversation=conversation, sender=who, key=key)
        try:
            await self._adapter.send(activity, key=key)
        except DeliveryFailed as failed:
            log.info("teams_typing_not_shown", why=str(failed))
