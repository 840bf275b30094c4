"""How far followers of the facts have come, and the timers of rules of time."""

import sqlalchemy as sa

from storage.tables import EMPTY, Instant, metadata

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("place", sa.String(64), nullable=False, server_default=EMPTY),
)
"""`position` is the id of the last outbox row that was followed, or a version; `place` where a long walk stands."""

rule_timers = sa.Table(
    "rule_timers",
    metadata,
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("rule", sa.String(40), primary_key=True),
    sa.Column("anchor", Instant, nullable=False),
    sa.Column("counts_from", Instant, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("fired", sa.Boolean, nullable=False),
    sa.Index("ix_rule_timers_due_at", "due_at"),
    sa.Index("ix_rule_timers_rule", "rule"),
)
"""
One row for each rule of time that waits on a case. `due_at` is when the sweep looks at it next; empty once it has fired
for its period, and while its condition does not hold, until something happens to the case.
"""
