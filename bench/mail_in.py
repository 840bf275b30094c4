"""How many mails a second come in: kept over LMTP by 1 and 8 clients, then filed; beside the floor.

    python -m bench.mail_in [--mails 400]

The floor is what any such desk has to do for one mail: a durable commit of its bytes, one at a time, and one parse by
the standard library. Filing is measured with a reader of the standard library in this process; the desk's own reads in
child processes. No turn is taken here: `bench.mail_cases` goes on to the case. The clients are threads of a process of
their own.
"""

import argparse
import asyncio
import smtplib
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from email import message_from_bytes
from email.policy import default
from multiprocessing import get_context
from pathlib import Path

import sqlalchemy as sa

from app.settling import settle
from channels.email.listener import Listener, ListenerSettings
from storage.engine import Database
from tests.app.mail.mailing import DESK, MailingDesk, mailing
from tests.app.mail.peer import mail
from tests.conftest import empty_sqlite

CLIENTS = (1, 8)
WORDS = "The till in shop 4 jams when the drawer opens. " * 40


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=400)
    asyncio.run(measure(parser.parse_args().mails))


async def measure(count: int) -> None:
    """One desk, one table."""
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            database = Database(empty_sqlite(Path(folder) / "desk.db"))
            desk = await stack.enter_async_context(mailing(database, Path(folder)))
            listener = Listener(
                ListenerSettings(scheme="lmtp", host="127.0.0.1", port=0, ours=bool), desk.house.mailroom
            )
            await listener.start()
            stack.push_async_callback(listener.stop)
            settle()  # as the desk does
            print(f"{'':44} mails/s")
            commits, parses = floor(Path(folder) / "floor.db", count)
            print(f"{'floor: one durable commit after another':44} {commits:7.0f}")
            print(f"{'floor: one parse after another':44} {parses:7.0f}")
            customers = stack.enter_context(ProcessPoolExecutor(1, get_context("spawn")))
            for clients in CLIENTS:
                rate = await kept(customers, listener.port, clients, count)
                print(f"{f'kept over LMTP, {clients} client(s)':44} {rate:7.0f}")
            print(f"{'filed, without the turn':44} {await filed(desk):7.0f}")


def floor(file: Path, count: int) -> tuple[float, float]:
    """Commits and parses a second."""
    raw = mail(WORDS, message_id="floor@x")
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")
        connection.exec_driver_sql("CREATE TABLE kept (id INTEGER PRIMARY KEY, raw BLOB)")
        connection.commit()
        began = time.perf_counter()
        for _ in range(count):
            connection.exec_driver_sql("INSERT INTO kept (raw) VALUES (?)", (raw,))
            connection.commit()
        commits = count / (time.perf_counter() - began)
    engine.dispose()
    began = time.perf_counter()
    for _ in range(count):
        message = message_from_bytes(raw, policy=default)
        body = message.get_body(("plain",))
        assert body is not None
        body.get_content()
    return commits, count / (time.perf_counter() - began)


async def kept(customers: ProcessPoolExecutor, port: int, clients: int, count: int) -> float:
    """Mails a second, from the first connection to the last 250."""
    each = count // clients
    raws = [
        [mail(WORDS, message_id=f"{clients}.{one}.{place}@x", sender=f"<{place}@x.example>") for place in range(each)]
        for one in range(clients)
    ]
    took = await asyncio.get_running_loop().run_in_executor(customers, hand_in_together, port, raws, DESK)
    return clients * each / took


def hand_in_together(port: int, raws: Sequence[Sequence[bytes]], to: str) -> float:
    """One client for each list; seconds until all are done."""
    threads = [threading.Thread(target=_hand_in, args=(port, mine, to)) for mine in raws]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def _hand_in(port: int, raws: Sequence[bytes], to: str) -> None:
    with smtplib.LMTP("127.0.0.1", port, timeout=60) as client:
        for raw in raws:
            client.sendmail("ana@corner.example", [to], raw)


async def filed(desk: MailingDesk) -> float:
    """Mails a second, from kept to the bot's inbox."""
    assert desk.house.filing is not None
    async with desk.house.database.snapshot() as snapshot:
        waiting = await snapshot.scalar(sa.text("SELECT count(*) FROM mails WHERE state = 'kept'"))
    desk.house.turns._stopping = True  # so that what is measured is filing alone
    began = time.perf_counter()
    await desk.house.filing.run()
    return float(waiting) / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
