"""Deliver: what the outbox holds goes out through its channel, in order within each stream."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from app.jobs.last_look import LastLook
from app.jobs.trying_again import is_late, wait_after
from app.metrics import DELIVERIES
from app.reception import read_row
from caseengine import activities
from channels.leaving import CutOff, is_stopping, to_the_end
from channels.protocol import ChannelAdapter, DeliveryFailed, Receipt
from storage.engine import Database
from storage.errors import Conflict, StorageUnavailable
from storage.outbox import Outbox, OutboxRow, waiting
from storage.transaction import UnitOfWork

log = structlog.get_logger()
AT_ONCE_MAX = 200
"""Deliveries read and recorded together."""

UNDER_WAY_MAX = 2_000
"""Streams of a topic under way at once."""
CONFLICTS_MAX = 5
TASK = "delivery"
"""One process at a time delivers: what two read as waiting would leave twice."""
WRITTEN_DOWN_AFTER_S = (0.5, 2.0, 5.0, 15.0, 30.0)
"""Between tries to write down what came of deliveries while the database is not available."""

Stream = asyncio.Task[None]
"""The deliveries of one stream, one after another."""
Send = Callable[[OutboxRow], Awaitable[Receipt]]
Tell = Callable[[UnitOfWork, OutboxRow, DeliveryFailed], Awaitable[None]]
"""Told of a delivery that was not, or perhaps not, taken, in the unit of work that gives it up or lets it wait."""
Settle = Callable[[Outbox], None]
"""Writes down what becomes of one."""


async def _nobody(_: UnitOfWork, __: OutboxRow, ___: DeliveryFailed) -> None:
    """What is given up is told to nobody."""


Outcome = tuple[OutboxRow, Receipt | DeliveryFailed]


class Delivery:
    """Empties the outbox.

    Args:
        send: one entry for each topic.
        gave_up: what is done about a delivery that is given up. Where the first fails for good, the next is done in
            its place: less, but something.
        late: what is done about a delivery that goes on being tried, but has taken long.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        send: Mapping[str, Send],
        *gave_up: Tell,
        late: Tell | None = None,
    ) -> None:
        self._database = database
        self._now = now
        self._send = send
        self._gave_up = gave_up
        self._late = (late,) if late is not None else ()
        self._under_way: dict[str, dict[str, Stream]] = {topic: {} for topic in send}
        self._closed = self._stands_by = False
        self._looking = {topic: asyncio.Lock() for topic in send}

    @property
    def topics(self) -> tuple[str, ...]:
        """What it delivers. Each wants a loop of its own."""
        return tuple(self._send)

    async def begin(self, topic: str) -> None:
        """Begin whatever is due, and wait for none of it: a slow channel holds up its own conversations alone.

        A stream that ends wakes its topic, for what was written to it meanwhile.
        """
        for stream in await self._begin(topic):
            stream.add_done_callback(partial(self._ended, topic))

    async def run(self, *topics: str) -> None:
        """Deliver whatever is due of these topics, or of all; the same delivery is never under way twice."""
        await asyncio.gather(*(self._run(topic) for topic in topics or self.topics))

    async def close(self) -> None:
        """Begin nothing more and cancel what is under way; what came of each is recorded.

        What has begun to leave ends first, or is in doubt: see `channels.leaving`.
        """
        self._closed = True
        streams = [stream for topic in self._under_way.values() for stream in topic.values()]
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)

    async def _run(self, topic: str) -> None:
        begun: set[Stream] = set()
        try:
            while True:
                begun |= await self._begin(topic)
                if not (streams := list(self._under_way[topic].values())):
                    return
                await asyncio.wait(streams)
                _raise_first(begun)
        except asyncio.CancelledError:
            for stream in begun:
                stream.cancel()
            await asyncio.gather(*begun, return_exceptions=True)
            raise

    async def _begin(self, topic: str) -> set[Stream]:
        """Whatever is due of streams that are not under way; what was begun."""
        under_way, begun = self._under_way[topic], set[Stream]()
        async with self._looking[topic]:
            more = not self._closed and await self._delivers()
            while more and len(under_way) < UNDER_WAY_MAX:
                rows = await self._due(topic, besides=list(under_way))
                more = len(rows) == AT_ONCE_MAX  # whatever is written meanwhile wakes the loop again
                streams: dict[str, list[OutboxRow]] = defaultdict(list)
                for row in rows:
                    streams[row.stream].append(row)
                for name, stream in streams.items():
                    task = asyncio.create_task(self._deliver(stream))
                    under_way[name] = task
                    task.add_done_callback(partial(_forget, under_way, name))
                    begun.add(task)
        return begun

    async def _delivers(self) -> bool:
        """Another process may be at it; this one is its successor."""
        before, self._stands_by = self._stands_by, not await self._database.is_alone_at(TASK)
        if self._stands_by and not before:
            log.warning("another_process_delivers")
        return not self._stands_by

    def _ended(self, topic: str, stream: Stream) -> None:
        if stream.cancelled():
            return
        if (error := stream.exception()) is not None:
            log.error("delivery_not_recorded", topic=topic, exc_info=error)
            return  # the next look finds it as it was
        self._database.wake(topic)

    async def _due(self, topic: str, besides: Sequence[str]) -> Sequence[OutboxRow]:
        async with self._database.snapshot() as snapshot:
            return await waiting(snapshot, topic, at=self._now(), limit=AT_ONCE_MAX, besides=besides)

    async def _deliver(self, stream: list[OutboxRow]) -> None:
        """One after another; what follows a failure waits, so that order is kept.

        What came of it is recorded as the stream ends, even by being cancelled: no other stream is waited for.
        """
        outcomes: list[Outcome] = []
        try:
            for row in stream:
                outcome = await self._outcome(row)
                outcomes.append((row, outcome))
                if is_stopping() or (isinstance(outcome, DeliveryFailed) and outcome.retry):
                    break
        finally:
            if outcomes:
                await to_the_end(self._record(outcomes))

    async def _outcome(self, row: OutboxRow) -> Receipt | DeliveryFailed:
        """A row that cannot even be read is a failed one: it must not hold up those behind it."""
        try:
            return await self._send[row.topic](row)
        except DeliveryFailed as failed:
            return failed
        except CutOff:
            return DeliveryFailed("the desk stopped before what came of it was written down", ambiguous=True)
        except StorageUnavailable:
            return DeliveryFailed("the database is not available", retry=True)
        except Exception as error:
            log.exception("delivery_failed", outbox_id=row.id, topic=row.topic)
            return DeliveryFailed(f"it cannot be carried out: {type(error).__name__}", reason="fault")

    async def _record(self, outcomes: list[Outcome]) -> None:
        """As long as it is not written down, what left would leave again: the database is waited for a while."""
        for row, outcome in outcomes:
            DELIVERIES.labels(row.topic, _name(outcome)).inc()
        for wait_s in (*WRITTEN_DOWN_AFTER_S, None):
            try:
                await self._write_down(outcomes)
            except StorageUnavailable:
                if wait_s is None:
                    raise
                await asyncio.sleep(wait_s)
            else:
                return

    async def _write_down(self, outcomes: list[Outcome]) -> None:
        told: list[tuple[OutboxRow, DeliveryFailed]] = []
        async with self._database.unit_of_work() as work:
            outbox = Outbox(work)
            for row, outcome in outcomes:
                if isinstance(outcome, Receipt):
                    outbox.delivered(row, {"channel": outcome.channel, **outcome.proof})
                elif wait_after(row, outcome) is None or is_late(row, outcome):
                    told.append((row, outcome))
                else:
                    self._settling(row, outcome)(outbox)
        for row, failed in told:
            await self._tell(row, failed)

    def _settling(self, row: OutboxRow, failed: DeliveryFailed) -> Settle:
        wait = wait_after(row, failed)
        if wait is None:
            return lambda outbox: outbox.give_up(row, str(failed), ambiguous=failed.ambiguous)
        next_try_at = self._now() + wait
        return lambda outbox: outbox.retry(row, str(failed), next_try_at=next_try_at, tried=failed.tried)

    async def _tell(self, row: OutboxRow, failed: DeliveryFailed) -> None:
        """By itself: what is done about it may meet somebody at the same case, and is then decided again."""
        settle, known = self._settling(row, failed), self._gave_up if wait_after(row, failed) is None else self._late
        for tell in [*(tell for tell in known for _ in range(CONFLICTS_MAX)), _nobody]:
            if tell is _nobody and known:
                log.error("lost_delivery_untold", outbox_id=row.id, topic=row.topic)
            try:
                async with self._database.unit_of_work() as work:
                    settle(Outbox(work))
                    await tell(work, row, failed)
            except Conflict:
                continue
            except StorageUnavailable:
                raise
            except Exception:
                log.exception("nothing_done_about_failed_delivery", outbox_id=row.id, topic=row.topic)
                continue
            return


def _forget(under_way: dict[str, Stream], name: str, _: Stream) -> None:
    del under_way[name]


def _raise_first(streams: set[Stream]) -> None:
    """The first error of those that have ended; the others are forgotten."""
    for stream in [one for one in streams if one.done()]:
        streams.discard(stream)
        if not stream.cancelled() and (error := stream.exception()) is not None:
            raise error


def _name(outcome: Receipt | DeliveryFailed) -> str:
    if isinstance(outcome, Receipt):
        return "delivered"
    return "ambiguous" if outcome.ambiguous else "retried" if outcome.retry else "failed"


def send_activity(
    database: Database, adapters: Mapping[str, ChannelAdapter], last_look: LastLook | None = None
) -> Send:
    """The topic "deliver": an activity of the log goes out through its channel.

    Args:
        last_look: of a desk that tells customers.
    """

    async def send(row: OutboxRow) -> Receipt:
        payload: Mapping[str, Any] = row.payload
        adapter = adapters.get(payload["channel"])
        async with database.snapshot() as snapshot:
            found = await activities.by_key(snapshot, UUID(payload["conversation"]), payload["key"])
        if adapter is None or found is None:
            raise DeliveryFailed("no such channel or activity", reason="fault")
        if last_look is not None and not await last_look.still_said(payload):
            return Receipt(adapter.name, {"skipped": True})
        return await adapter.send(read_row(found), key=payload["key"])

    return send
