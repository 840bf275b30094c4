"""Contacts and accounts are found by the words they begin with, not by looking through all of them.

Revision: 0021, after 0020
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

WORD = sa.String(80).with_variant(sa.String(80, collation="C"), "postgresql")
PAGE = 1_000
words = sa.table("search_words", sa.column("word", WORD), sa.column("owner_id", sa.Uuid()))
accounts = sa.table("accounts", sa.column("id", sa.Uuid()), sa.column("name"), sa.column("number"))
contacts = sa.table("contacts", sa.column("id", sa.Uuid()), sa.column("name"))
identities = sa.table("identities", sa.column("contact_id", sa.Uuid()), sa.column("kind"), sa.column("value"))


def upgrade() -> None:
    op.create_table(
        "search_words",
        sa.Column("word", WORD, nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("word", "owner_id", name=op.f("pk_search_words")),
    )
    for page in _pages(accounts):
        _keep((row.id, word) for row in page for word in {*_beginnings(row.name), *_beginnings(row.number)})
    for page in _pages(contacts):
        _keep((row.id, word) for row in page for word in _beginnings(row.name))
        known = sa.select(identities).where(identities.c.contact_id.in_([row.id for row in page]))
        _keep(_known(op.get_bind().execute(known.where(identities.c.kind.in_(("email", "phone"))))))
    op.create_index(op.f("ix_search_words_owner_id"), "search_words", ["owner_id"])


def _pages(table: sa.TableClause) -> Iterator[list[Any]]:
    last: UUID | None = None
    while True:
        asked = sa.select(table).order_by(table.c.id).limit(PAGE)
        page = list(op.get_bind().execute(asked if last is None else asked.where(table.c.id > last)))
        if not page:
            return
        yield page
        last = page[-1].id


def _known(rows: Iterable[Any]) -> Iterator[tuple[UUID, str]]:
    for row in rows:
        if row.kind == "phone":
            yield row.contact_id, "#" + re.sub(r"\D", "", row.value)[::-1]
        else:
            yield from ((row.contact_id, word) for word in _beginnings(row.value))


def _keep(found: Iterable[tuple[UUID, str]]) -> None:
    """A name may say what an address says: no word is kept twice."""
    rows = [{"owner_id": owner, "word": word} for owner, word in dict.fromkeys(found)]
    if not rows:
        return
    postgres = op.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if postgres else sqlite.insert
    op.get_bind().execute(insert(words).on_conflict_do_nothing(), rows)


def _beginnings(text: str) -> Iterator[str]:
    for word in text.split():
        parts = unicodedata.normalize("NFKD", word.casefold())
        token = "".join(part for part in parts if not unicodedata.combining(part))[:80]
        yield from (token[begin.start() :] for begin in re.finditer(r"\b\w", token))
