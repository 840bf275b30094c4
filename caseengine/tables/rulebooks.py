"""What the company decided: versioned documents, the newest of each kind in force."""

import sqlalchemy as sa

from storage.tables import Instant, Json, metadata

rulebooks = sa.Table(
    "rulebooks",
    metadata,
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("document", Json, nullable=False),
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("at", Instant, nullable=False),
)
"""Versions count from 1 in each kind and never change once written: what was decided by them can be decided again."""
