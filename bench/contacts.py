"""How long an agent waits for the contact of who rings, and how that grows with the contacts there are.

    python -m bench.contacts [--sizes 2000,20000,200000]

Made-up people (fixed seed) of a few hundred given names and some thousand family names, each with an address, a
telephone number and a shop, one shop for every ten. SQLite. Each way of asking 40 times, what is asked chosen from them
by chance; the median and the 95th percentile in ms. Beside it the floor: the same row read by its key.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from app.upgrading import bring_up_to_date
from customers.accounts import Account, Accounts, Role
from customers.contact import Contact
from customers.contacts import Contacts
from customers.finding import find_contacts
from customers.identities import Identity, IdentityKind
from storage.engine import Database

AT = datetime(2026, 3, 2, tzinfo=UTC)
ASKED, PAGE = 40, 500
FIRST = ("ba", "chri", "da", "e", "fa", "ge", "jo", "ka", "le", "ma", "na", "o", "pe", "ra", "sa", "to", "u", "vi")
MIDDLE = ("n", "r", "l", "m", "st", "nd", "ri", "la")
LAST = ("a", "er", "in", "son", "ski", "mann", "ford", "ley", "ton", "ini")
Way = Callable[[Contact], str | UUID]
WAYS: Mapping[str, Way] = {
    "two letters": lambda one: one.name[:2],
    "a name": lambda one: one.name.split()[1],
    "both names": lambda one: one.name,
    "a word of every shop": lambda one: f"{one.name.split()[0]} street",
    "an address": lambda one: one.identities[0].value,
    "end of a number": lambda one: one.identities[1].value[-6:],
}


def by_key(one: Contact) -> UUID:
    """The floor."""
    return one.id


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="2000,20000,200000")
    asyncio.run(measure([int(size) for size in parser.parse_args().sizes.split(",")]))


async def measure(sizes: list[int]) -> None:
    """One growing desk."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/desk.db")
        await bring_up_to_date(database)
        people: list[Contact] = []
        print(f"| contacts | floor: by key | {' | '.join(WAYS)} |")
        print(f"|---|---|{'---|' * len(WAYS)}")
        for size in sizes:
            while len(people) < size:
                people += await add_some(database, chance, min(PAGE, size - len(people)))
            took = [await timed(database, way, people, chance) for way in (by_key, *WAYS.values())]
            print(f"| {size:,} | {' | '.join(took)} |", flush=True)
        await database.close()


async def add_some(database: Database, chance: random.Random, count: int) -> list[Contact]:
    """People in one unit of work."""
    made = list[Contact]()
    async with database.unit_of_work() as work:
        for place in range(count):
            if place % 10 == 0:
                shop = Account(uuid4(), None, "store", f"{surname(chance)} Street {chance.randrange(999)}", uuid4().hex)
                Accounts(work).add(shop)
            name = f"{chance.choice(FIRST)}{chance.choice(MIDDLE)}{chance.choice(LAST)} {surname(chance)}".title()
            address = f"{name.replace(' ', '.').lower()}@shop{chance.randrange(9_999)}.example"
            number = f"+44163296{chance.randrange(10_000):04}"
            known = ((IdentityKind.EMAIL, address), (IdentityKind.PHONE, number))
            identities = tuple(Identity(kind, value, "import", AT) for kind, value in known)
            made.append(Contact(uuid4(), name, "en", identities, ((shop.id, Role.MEMBER),)))
            Contacts(work).add(made[-1])
    return made


def surname(chance: random.Random) -> str:
    """One of some thousands."""
    return "".join(chance.choice(parts) for parts in (FIRST, MIDDLE, MIDDLE, LAST)).title()


async def timed(
    database: Database, way: Callable[[Contact], str | UUID], people: list[Contact], chance: random.Random
) -> str:
    """Median and 95th percentile of one way of asking."""
    took = []
    for _ in range(ASKED):
        asked = way(chance.choice(people))
        begun = time.perf_counter()
        async with database.snapshot() as snapshot:
            found: Awaitable[object]
            found = Contacts(snapshot).get(asked) if isinstance(asked, UUID) else find_contacts(snapshot, asked)
            assert await found, asked
        took.append((time.perf_counter() - begun) * 1000)
    return f"{statistics.median(took):.1f} / {sorted(took)[int(ASKED * 0.95)]:.1f}"


if __name__ == "__main__":
    main()
