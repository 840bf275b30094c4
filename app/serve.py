"""`nightdesk serve`: everything in one process, until a signal says stop."""

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from app.articles import refresh_index
from app.clock import now as present
from app.demo.load import load_demo
from app.demo.mailbox import DemoMailbox
from app.http.sessions import hash_password
from app.jobs.loop import keep_running
from app.mail_reader import DeskReader
from app.mail_settings import mail_desk
from app.mail_ways import mail_ways
from app.settings import LOOPBACK, Settings
from app.settling import settle_when_loaded
from app.upgrading import bring_up_to_date
from app.wiring import House, build
from caseengine.case_mentions import TOPIC as CASE_NAMED
from caseengine.mails import TOPIC as MAIL_IN
from channels.email.mailroom import Reads
from knowledge.retrieval.encoder import LOADING_THREAD, BackgroundEncoder, Encoder

log = structlog.get_logger()
TURNS_STOP_WITHIN_S = 7.0
"""Turns in hand finish within this; with deliveries, sockets and database the process ends within fifteen seconds."""
DELIVERIES_STOP_WITHIN_S = 1.0
"""What has not begun to leave by then stays in the outbox for the next start; what has ends: `channels.leaving`."""
SOCKETS_CLOSE_WITHIN_S = 1.0
ENCODER_LOOK_S = 0.2
ENCODING_SIDE_BY_SIDE = 2
DIRECTORY_EVERY_S = 60.0
PROMISES_EVERY_S = 30.0
CLOSING_EVERY_S = 300.0
RULES_EVERY_S = 5.0
ESCALATIONS_EVERY_S = 10.0
NOTICES_EVERY_S = 5.0
MENTIONS_EVERY_S = 60.0
FORGETTING_EVERY_S = 3_600.0
PACKING_EVERY_S = 30.0
ASKED_AGAIN_AFTER_S = 1.0
KNOWLEDGE_EVERY_S = 30.0
DELIVERY_EVERY_S = 1.0
ROUTING_EVERY_S = 2.0
FILING_EVERY_S = 5.0
ROUTING_RESTS_S = 0.25
"""However much happens, each half of the sweep for routing runs no more often than this."""
LEARNING_EVERY_S = 3_600.0


class DemoNeedsLoopback(Exception):
    """The demo shows every mail and its passwords are public: it listens on the loopback only."""


@contextlib.asynccontextmanager
async def running(
    settings: Settings,
    *,
    now: Callable[[], datetime] = present,
    encoder: Encoder | None = None,
    reader: Reads | None = None,
) -> AsyncIterator[House]:
    """A desk at work: migrated, listening, its jobs running; stopped in order at the end.

    Raises:
        DemoNeedsLoopback: `--demo` with another address.
        AccountInvalid: Teams is half set up: the desk would listen to anybody.
    """
    if settings.demo and settings.host not in LOOPBACK:
        raise DemoNeedsLoopback
    settings.data.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        mailbox = await stack.enter_async_context(_mailbox()) if settings.demo else None
        own: BackgroundEncoder | None = None
        if encoder is None:
            encoder = own = await stack.enter_async_context(_own_encoder(settings))
        reads = reader or await stack.enter_async_context(DeskReader(mail_desk(settings)))
        house = build(settings, now=now, encoder=encoder, mailbox=mailbox, reader=reads)
        stack.push_async_callback(house.database.close)
        await _prepare(house)
        jobs = start_jobs(house)
        if house.teams is not None:
            house.teams.start()
        runner = web.AppRunner(house.application, access_log=None, shutdown_timeout=SOCKETS_CLOSE_WITHIN_S)
        stack.push_async_callback(stop, house, runner, jobs)
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
        if own is not None and settings.encoder:
            own.start()  # not before the door is open: it takes a core from whoever waits there
        house.listener = await stack.enter_async_context(mail_ways(settings, house.mailroom))
        yield house


@contextlib.asynccontextmanager
async def _mailbox() -> AsyncIterator[DemoMailbox]:
    mailbox = DemoMailbox()
    await mailbox.start()
    try:
        yield mailbox
    finally:
        await mailbox.stop()


@contextlib.asynccontextmanager
async def _own_encoder(settings: Settings) -> AsyncIterator[BackgroundEncoder]:
    """The bundled model, not loaded yet."""
    encoder = BackgroundEncoder(settings.data / "models", workers=ENCODING_SIDE_BY_SIDE)
    try:
        yield encoder
    finally:
        await encoder.close()


async def _prepare(house: House) -> None:
    """The schema, the demo company, and what is kept in memory."""
    await bring_up_to_date(house.database)
    if house.settings.demo:
        await load_demo(house.database, at=house.now(), hash_password=hash_password)
    await house.directory.refresh()
    await refresh_index(house.database, house.index, house.encoder)


def start_jobs(house: House) -> list[asyncio.Task[None]]:
    """Whatever runs beside the requests."""
    house.understander.teach_departments(house.directory.examples)
    house.understander.start()
    database = house.database
    refresh = partial(refresh_index, database, house.index, house.encoder)
    loops: list[Coroutine[Any, Any, None]] = [
        _tell_when_ready(house),
        house.turns.run(),
        *(_deliver(house, topic) for topic in house.delivery.topics),
        keep_running("promises", house.promises.run, database, every_s=PROMISES_EVERY_S),
        keep_running("closing", house.closing.run, database, every_s=CLOSING_EVERY_S),
        *(_route(house, half) for half in (house.routing.look_after, house.routing.give_out)),
        keep_running("needs", house.needs.learn, database, every_s=LEARNING_EVERY_S),
        keep_running("rules", house.rules.run, database, "event", every_s=RULES_EVERY_S),
        keep_running("escalations", house.escalations.run, database, every_s=ESCALATIONS_EVERY_S),
        keep_running("packing", house.packing.run, database, every_s=PACKING_EVERY_S),
        keep_running("notices", house.notices.run, database, "event", every_s=NOTICES_EVERY_S),
        keep_running("watchers", house.watchers.run, database, "event", every_s=NOTICES_EVERY_S),
        keep_running("mentions", house.mentions.run, database, CASE_NAMED, every_s=MENTIONS_EVERY_S),
        keep_running("forgetting", house.forgetting.run, database, every_s=FORGETTING_EVERY_S),
        keep_running("directory", partial(_refresh_directory, house), database, every_s=DIRECTORY_EVERY_S),
        keep_running("knowledge", refresh, database, "knowledge", every_s=KNOWLEDGE_EVERY_S),
    ]
    if house.teams is not None and house.teams.cards is not None:
        loops.append(keep_running("agent_cards", house.teams.cards.run, database, "event", every_s=NOTICES_EVERY_S))
    if house.filing is not None:
        loops.append(keep_running("filing", house.filing.run, database, MAIL_IN, every_s=FILING_EVERY_S))
    return [asyncio.create_task(loop) for loop in loops]


def _deliver(house: House, topic: str) -> Coroutine[Any, Any, None]:
    run = partial(house.delivery.begin, topic)
    return keep_running(f"deliver_{topic}", run, house.database, topic, every_s=DELIVERY_EVERY_S)


def _route(house: House, half: Callable[[], Awaitable[None]]) -> Coroutine[Any, Any, None]:
    """Who is to be called does not wait until everything is given out."""

    async def run() -> None:
        await half()
        await asyncio.sleep(ROUTING_RESTS_S)

    return keep_running("routing", run, house.database, "event", "routing", every_s=ROUTING_EVERY_S)


async def _tell_when_ready(house: House) -> None:
    """Passages are encoded as soon as the model is there, not at the next look."""
    while not house.encoder.ready:  # noqa: ASYNC110 (it is a thread that gets ready)
        await asyncio.sleep(ENCODER_LOOK_S)
    house.database.wake("knowledge")


async def _refresh_directory(house: House) -> None:
    await house.directory.refresh()
    house.understander.teach_departments(house.directory.examples)


async def stop(house: House, runner: web.AppRunner, jobs: list[asyncio.Task[None]]) -> None:
    """Take nothing more in, finish what is in hand, let go."""
    for site in list(runner.sites):
        await site.stop()
    await house.turns.stop(TURNS_STOP_WITHIN_S)
    last = asyncio.create_task(house.delivery.run())
    await asyncio.wait({last}, timeout=DELIVERIES_STOP_WITHIN_S)
    await _ended(jobs)
    await house.delivery.close()
    await asyncio.gather(last, return_exceptions=True)
    await runner.cleanup()
    if house.teams is not None:
        await house.teams.close()
    await house.understander.close()


async def _ended(jobs: Sequence[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: Python 3.11's `wait_for` forgets it where what it waits for comes at that moment."""
    waiting = set(jobs)
    while waiting:
        for job in waiting:
            job.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=ASKED_AGAIN_AFTER_S)
    await asyncio.gather(*jobs, return_exceptions=True)


def run(settings: Settings, *, ready: Callable[[House], None] = lambda _: None) -> None:
    """Serve until SIGTERM or SIGINT. `ready` is called once the desk listens."""
    asyncio.run(_serve(settings, ready))
    logging.shutdown()
    if any(thread.name == LOADING_THREAD and thread.is_alive() for thread in threading.enumerate()):
        # Everything is stored and closed, but the model is still being loaded by native code that would abort the
        # process if Python were taken down around it.
        os._exit(0)


async def _serve(settings: Settings, ready: Callable[[House], None]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with running(settings) as house:
        ready(house)
        log.info("listening", address=settings.origin)
        settling = asyncio.create_task(settle_when_loaded(house))
        await stopping.wait()
        settling.cancel()
        log.info("stopping")
