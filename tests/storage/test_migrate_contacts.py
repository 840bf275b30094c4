"""Contacts from before 0021 are found as those that come after it."""

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.schema import whole_schema
from customers.search_words import words_of
from customers.tables import search_words
from storage.engine import Database
from storage.migrate import migrate
from tests.storage.test_migrate import differences, upgrade_to, when

MANY = 1_003
"""More than are written at once."""
NAME, ADDRESS, NUMBER = "Zoë (Zo) O'Neil-Straße", "zoe.oneil@corner.example", "+441632960101"


def insert_people_of_0020(connection: sa.Connection) -> tuple[UUID, UUID]:
    """Many, of whom one has a name that says what their address does; and a shop. Their ids."""
    tables = sa.MetaData()
    with connection.begin():
        tables.reflect(connection, only=("contacts", "identities", "accounts"), resolve_fks=False)
        contacts, identities, accounts = (tables.tables[name] for name in ("contacts", "identities", "accounts"))
        told = {"name_source": "import", "language": "en", "version": 0}
        ids = [uuid4() for _ in range(MANY)]
        for contact_id in ids:
            row = {"id": sa.literal(contact_id, sa.Uuid()), "name": NAME if contact_id == ids[0] else "Bo", **told}
            connection.execute(sa.insert(contacts).values(row))
        zoe, shop = ids[0], uuid4()
        since = sa.literal(when(8), whole_schema().tables["identities"].c.since.type)
        for kind, value in (("email", ADDRESS), ("phone", NUMBER), ("email", "zoe@straße.example"), ("web", "x|zoe")):
            known = {"kind": kind, "value": value, "source": "import", "since": since, "on_file": sa.true()}
            connection.execute(sa.insert(identities).values(contact_id=sa.literal(zoe, sa.Uuid()), **known))
        named = {"kind": "store", "name": "Harbour Street", "number": "S-17"}
        connection.execute(sa.insert(accounts).values(id=sa.literal(shop, sa.Uuid()), **named))
    return zoe, shop


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
async def test_people_from_before_0021_are_found_by_the_same_words(empty_url: str) -> None:
    opened = Database(empty_url)
    try:
        await opened.run(lambda connection: upgrade_to(connection, "0020"))
        zoe, shop = await opened.run(insert_people_of_0020)
        await migrate(opened)
        assert await opened.run(differences) == []
        async with opened.snapshot() as snapshot:
            kept = await snapshot.rows(sa.select(search_words))
    finally:
        await opened.close()

    assert {row.word for row in kept if row.owner_id == zoe} == set(
        words_of((NAME, ADDRESS, "zoe@straße.example"), [NUMBER])
    )
    assert {row.word for row in kept if row.owner_id == shop} == set(words_of(("Harbour Street", "S-17")))
    assert sum(row.word == "bo" for row in kept) == MANY - 1
