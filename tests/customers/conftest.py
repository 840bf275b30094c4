"""A database of one test, and the people of the wholesaler's customers who appear in these tests."""

from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from customers.accounts import Account, Accounts, Role
from customers.contact import Contact
from customers.contacts import Contacts
from customers.identities import Identity, IdentityKind
from customers.reading import add_product
from storage.engine import Database

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = b"a secret of the tests, 32 bytes.."


@pytest.fixture
def database(any_database: Database) -> Database:
    """Everything the customer store promises, it promises on SQLite and on PostgreSQL."""
    return any_database


def person(name: str, *known: tuple[str, str], roles: tuple[tuple[UUID, Role], ...] = ()) -> Contact:
    identities = tuple(Identity(IdentityKind(kind), value, "import", MONDAY) for kind, value in known)
    return Contact(uuid4(), name, "en", identities, roles)


@pytest.fixture
async def people(database: Database) -> SimpleNamespace:
    """Head office > North group > two stores; Ana manages the group, Ben works at a store, two share a mailbox."""
    head = Account(uuid4(), None, "head_office", "Corner Shops", "C-1000")
    north = Account(uuid4(), head.id, "group", "Corner North", "C-1100")
    leith = Account(uuid4(), north.id, "store", "Corner Leith", "C-1101")
    perth = Account(uuid4(), north.id, "store", "Corner Perth", "C-1102")
    south = Account(uuid4(), head.id, "group", "Corner South", "C-1200")
    ana = person(
        "Ana Field",
        ("email", "ana@corner.example"),
        ("email", "ana.field@home.example"),
        ("phone", "+441632960101"),
        roles=((north.id, Role.MANAGER),),
    )
    ben = person("Ben Hill", ("email", "ben@corner.example"), ("loyalty", "LOY12345"), roles=((leith.id, Role.MEMBER),))
    cleo = person("Cleo Marsh", ("email", "perth@corner.example"))
    dan = person("Dan Brook", ("email", "perth@corner.example"))
    async with database.unit_of_work() as work:
        for account in (head, north, leith, perth, south):
            Accounts(work).add(account)
        for contact in (ana, ben, cleo, dan):
            Contacts(work).add(contact)
        work.write(add_product("till-5", "Till 5", ("cash register",)))
    return SimpleNamespace(
        head=head, north=north, leith=leith, perth=perth, south=south, ana=ana, ben=ben, cleo=cleo, dan=dan
    )
