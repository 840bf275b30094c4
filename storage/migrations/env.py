"""Alembic's entry: it gets an open connection from `storage.migrate`, and never a URL of its own."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext

from storage.tables import Instant, Json, Serial, metadata


def render(kind: str, thing: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Our column types by their names; everything else as Alembic has it."""
    if kind != "type":
        return False
    name = {id(Json): "Json", id(Serial): "Serial"}.get(id(thing))
    if isinstance(thing, Instant):
        name = "Instant"
    if name is None:
        return False
    autogen.imports.add(f"from storage.tables import {name}")
    return f"{name}()" if name == "Instant" else name


def check_foreign_keys(ctx: MigrationContext, step: Any, heads: Any, run_args: Any) -> None:  # noqa: ARG001
    """At the end of each migration, inside its transaction: SQLite's foreign keys are off while tables are rebuilt."""
    if ctx.connection is None or ctx.dialect.name != "sqlite":
        return
    if broken := ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        raise sa.exc.IntegrityError("PRAGMA foreign_key_check", broken, RuntimeError("a migration left orphans"))


connection: sa.Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transaction_per_migration=True,
    transactional_ddl=True,
    render_as_batch=True,
    render_item=render,
    compare_type=True,
    compare_server_default=True,
    on_version_apply=check_foreign_keys,
)
with context.begin_transaction():
    context.run_migrations()
