"""What customers are to be told, and what became of it: one row a fact that concerns them."""

import sqlalchemy as sa

from storage.tables import EMPTY, Instant, Json, metadata

PLANNED = sa.text("state = 'planned'")

customer_notices = sa.Table(
    "customer_notices",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("holder_kind", sa.String(10), nullable=False),
    sa.Column("holder_id", sa.Uuid(), nullable=False),
    sa.Column("happened_at", Instant, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("way", sa.String(8), nullable=False, server_default=EMPTY),
    sa.Column("why", sa.String(20), nullable=False, server_default=EMPTY),
    sa.Column("tried", Json, nullable=False),
    sa.Column("batch", sa.Uuid(), index=True),
    sa.Column("settled_at", Instant),
    sa.UniqueConstraint("case_id", "seq", name="uq_customer_notices_case_id_seq"),
    sa.CheckConstraint("state IN ('planned', 'told', 'dropped')", name="state"),
    sa.Index("ix_customer_notices_due_at", "due_at", "id", sqlite_where=PLANNED, postgresql_where=PLANNED),
    sa.Index("ix_customer_notices_holder_id", "holder_id", sqlite_where=PLANNED, postgresql_where=PLANNED),
)
"""
`seq` is the fact's place in the case. `batch`: those that travelled together. `why`: of one that was dropped.
`settled_at`: of a planned one, since when it cannot be told for a fault of ours.
"""
