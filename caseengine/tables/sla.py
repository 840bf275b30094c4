"""The clocks of cases: one row for each time a target ran; and what of them is to be counted anew."""

import sqlalchemy as sa

from storage.tables import Instant, metadata

case_clocks = sa.Table(
    "case_clocks",
    metadata,
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("target", sa.String(16), primary_key=True),
    sa.Column("cycle", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("policy", sa.String(40), nullable=False),
    sa.Column("policy_version", sa.Integer, nullable=False),
    sa.Column("department", sa.String(40), nullable=False),
    sa.Column("agent_id", sa.Uuid()),
    sa.Column("case_type", sa.String(20), nullable=False),
    sa.Column("priority", sa.SmallInteger, nullable=False),
    sa.Column("goal_s", sa.Float, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("touched_at", Instant, nullable=False),
    sa.Column("running_since", Instant),
    sa.Column("spent_s", sa.Float, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("breached_at", Instant),
    sa.Column("ended_at", Instant),
    sa.Column("next_at", Instant),
    sa.Column("steps", sa.SmallInteger, nullable=False, server_default="0"),
    sa.CheckConstraint("target IN ('first_response', 'next_response', 'resolution')", name="target"),
    sa.CheckConstraint("state IN ('running', 'paused', 'met', 'breached')", name="state"),
    sa.Index("ix_case_clocks_next_at", "next_at"),
    sa.Index(
        "ix_case_clocks_ended_at",
        *("target", "ended_at", "department", "agent_id", "case_type", "priority", "policy", "state", "spent_s"),
        *("started_at", "case_id", "cycle"),
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_case_clocks_breached_at",
        *("target", "breached_at", "department", "agent_id", "case_type", "priority", "policy", "case_id", "cycle"),
        sqlite_where=sa.text("breached_at IS NOT NULL"),
        postgresql_where=sa.text("breached_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_case_clocks_due_at",
        *("ended_at", "due_at", "breached_at", "case_id"),
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)
"""
`cycle` counts from 1 for each target of a case. `goal_s`: the target's working seconds. `touched_at`: when it last
began, paused, went on, ended, or was measured anew. `spent_s`: working seconds that had passed at `running_since`, or
in all while it stands still. `due_at` is empty while paused, unless it was missed by then. `breached_at` is set once
the target was missed; a clock that was missed stays `breached` when it ends. `next_at` is when the sweep has to look at
it next, `steps` how many steps of its warnings and ladder were taken. `department`, `agent_id`, `case_type` and
`priority` are those the case has, or had when it ended.
"""

calendar_corrections = sa.Table(
    "calendar_corrections",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("calendar", sa.String(40), nullable=False),
    sa.Column("ended", sa.Boolean, nullable=False),
    sa.Column("since", Instant),
    sa.Column("until", Instant),
    sa.Column("at", Instant, nullable=False),
    sa.Column("place", sa.Uuid()),
)
"""
A calendar was corrected, and the cases that were counted by it are walked by id, up to `place` so far; the row goes
when the walk has come to its end. `ended`: whether it is about clocks that have ended, or about those that have not,
which come first. Only what ran between `since` and `until` is affected; empty for no such bound.
"""

recounts_left = sa.Table(
    "recounts_left",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), nullable=False),
)
"""
A case that a walk after a correction came by and could not count: it failed, or somebody was at it. The row goes in the
commit that counts it. Each walk writes a row of its own: a case counted for one correction is not yet for the next.
"""
