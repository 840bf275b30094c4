"""The one metadata every room hangs its tables on, its column types, and storage's own tables."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware UTC instant. SQLite keeps it as fixed-width ISO text, so that text order is time order."""

    impl = sa.String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        timestamp = sa.DateTime(timezone=True)
        return dialect.type_descriptor(timestamp if dialect.name == "postgresql" else sa.String(27))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant must be aware")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        return datetime.fromisoformat(value)


Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
"""A JSON document; `None` is stored as SQL NULL when the column says `Json(none_as_null=True)`."""

Serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A row number given by the database in commit order."""

EMPTY = sa.text("''")
"""The default of a text that may be missing: given as a plain string, SQLite would not tell it back the same."""

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    sa.Column("source", sa.String(40), nullable=False),
    sa.Column("stream", sa.String(200), nullable=False),
    sa.Column("key", sa.String(200), nullable=False),
    sa.Column("raw", sa.LargeBinary),
    sa.Column("payload", Json, nullable=False),
    sa.Column("state", sa.String(12), nullable=False, server_default="pending"),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_error", sa.Text),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("done_at", Instant),
    sa.UniqueConstraint("source", "stream", "key", name="uq_inbox_source_stream_key"),
    sa.CheckConstraint("state IN ('pending', 'done', 'quarantined')", name="state"),
    sa.Index(
        "ix_inbox_pending",
        "stream",
        "id",
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    ),
    sqlite_autoincrement=True,
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    sa.Column("topic", sa.String(40), nullable=False),
    sa.Column("stream", sa.String(200), nullable=False),
    sa.Column("payload", Json, nullable=False),
    sa.Column("state", sa.String(12), nullable=False, server_default="pending"),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_error", sa.Text),
    sa.Column("emitted_at", Instant, nullable=False),
    sa.Column("next_try_at", Instant),
    sa.Column("receipt", Json),
    sa.CheckConstraint("state IN ('pending', 'published', 'done', 'failed', 'ambiguous')", name="state"),
    sa.Index(
        "ix_outbox_pending",
        "id",
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    ),
    sa.Index("ix_outbox_topic_id", "topic", "id"),
    sqlite_autoincrement=True,  # readers follow the ids, so none is given twice even when old rows are gone
)

sequences = sa.Table(
    "sequences",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("next", sa.BigInteger, nullable=False),
)
