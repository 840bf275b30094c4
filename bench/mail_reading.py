"""How many mails are read a second, beside the floor: Python's own parser on the same mails, in the same thread.

    python -m bench.mail_reading [--data DIR] [--seconds N]

The mails are the public ones of the development data where they are beside the checkout, else a handful made here.
- floor: `email.message_from_bytes` alone; it finds parts and fields, and decodes, cleans and judges nothing.
- pure: `parse`, everything but the process around it.
- child: through LetterReader, one mail at a time and eight at once (two children).
- spawn: until a child is ready, which is what a mail costs on top whose child had to be replaced.
"""

import argparse
import asyncio
import base64
import email
import json
import statistics
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle
from pathlib import Path
from time import perf_counter, process_time

from rich.console import Console
from rich.table import Table

from channels.email.letter import Envelope
from channels.email.reading import Ours, parse
from channels.email.reading.reader import LetterReader

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "dev"
SOMEBODY = Envelope(mail_from="ana@home.example", rcpt_to=("desk@shop.example",), source="smtp")
OURS = Ours(("desk@shop.example",), "shop.example")
ANSWER = b"""From: Ana <ana@home.example>
To: desk@shop.example
Subject: Re: till
In-Reply-To: <1@shop.example>

Yes, twice.

On Mon, 3 Mar 2025 at 10:00, Desk <desk@shop.example> wrote:
> Did you?
"""
PAGE = b"""From: Ana <ana@home.example>
Subject: till
Content-Type: text/html

<p>It is <b>broken</b>.</p><p>Again.</p>
"""
MADE = (ANSWER, PAGE)
SPAWNS = 5


def mails(data: Path) -> Sequence[bytes]:
    """The mails to read."""
    file = data / "email" / "eml_dev.jsonl"
    if not file.exists():
        return MADE
    return [base64.b64decode(json.loads(line)["raw_b64"]) for line in file.read_text("utf-8").splitlines()]


def per_second(read: Callable[[bytes], object], raws: Sequence[bytes], seconds: float) -> tuple[float, float]:
    """Mails a second, and ms of processor time for each, which a busy machine does not change."""
    done, began, used = 0, perf_counter(), process_time()
    for raw in cycle(raws):
        read(raw)
        done += 1
        if done % 20 == 0 and perf_counter() - began > seconds:
            break
    return done / (perf_counter() - began), (process_time() - used) * 1_000 / done


async def per_second_of(
    read: Callable[[bytes], Awaitable[object]], raws: Sequence[bytes], seconds: float, n: int
) -> float:
    done, began, endless = 0, perf_counter(), cycle(raws)

    async def reads() -> None:
        nonlocal done
        while perf_counter() - began < seconds:
            await read(next(endless))
            done += 1

    await asyncio.gather(*(reads() for _ in range(n)))
    return done / (perf_counter() - began)


async def through_children(raws: Sequence[bytes], seconds: float) -> tuple[float, float, float]:
    """Mails a second one at a time and eight at once, and the most memory of a child in MB."""
    async with LetterReader(children_max=2) as reader:

        async def read(raw: bytes) -> object:
            return await reader.read(raw, SOMEBODY, ours=OURS)

        alone = await per_second_of(read, raws, seconds, 1)
        together = await per_second_of(read, raws, seconds, 8)
        return alone, together, max(child.peak_mb for child in reader.children)


async def spawn_ms() -> float:
    """Until a child is ready, the median."""
    took = []
    for _ in range(SPAWNS):
        reader = LetterReader()
        began = perf_counter()
        await reader.start()
        took.append((perf_counter() - began) * 1_000)
        await reader.close()
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--seconds", type=float, default=3.0)
    asked = parser.parse_args()
    raws = mails(asked.data)
    floor = per_second(email.message_from_bytes, raws, asked.seconds)
    pure = per_second(lambda raw: parse(raw, SOMEBODY, OURS), raws, asked.seconds)
    alone, together, memory = asyncio.run(through_children(raws, asked.seconds))
    table = Table("how", "mails a second", "processor ms a mail", title=f"{len(raws)} mails, again and again")
    for name, (rate, cost) in (("floor", floor), ("pure", pure)):
        table.add_row(name, f"{rate:,.0f}", f"{cost:.2f}")
    for name, rate in (("child, 1 at a time", alone), ("children, 8 at once", together)):
        table.add_row(name, f"{rate:,.0f}", "")
    Console().print(table)
    print(f"spawn {asyncio.run(spawn_ms()):.0f} ms, a child's memory at most {memory:.0f} MB")


if __name__ == "__main__":
    main()
