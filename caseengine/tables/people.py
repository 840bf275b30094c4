"""The desk's people and hours."""

import sqlalchemy as sa

from storage.tables import EMPTY, Instant, Json, metadata

departments = sa.Table(
    "departments",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("examples", Json, nullable=False),
    sa.Column("signatures", Json, nullable=False, server_default="{}"),
)

agents = sa.Table(
    "agents",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("email", sa.String(254), nullable=False, unique=True),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("role", sa.String(12), nullable=False, server_default="agent"),
    sa.Column("presence", sa.String(12), nullable=False, server_default="offline"),
    sa.Column("presence_reason", sa.String(100), nullable=False, server_default=EMPTY),
    sa.Column("seen_at", Instant),
    sa.Column("teams", sa.String(80)),
    sa.Index("ix_agents_teams", "teams", unique=True),
    sa.CheckConstraint("role IN ('agent', 'supervisor')", name="role"),
    sa.CheckConstraint("presence IN ('available', 'busy', 'away', 'offline')", name="presence"),
)
"""`teams`: who they are in Microsoft Teams, `tenant|object id` in lower case; null where nobody said."""

agent_departments = sa.Table(
    "agent_departments",
    metadata,
    sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("department", sa.String(40), sa.ForeignKey("departments.id"), primary_key=True),
    sa.Index("ix_agent_departments_department", "department"),
)

calendars = sa.Table(
    "calendars",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("zone", sa.String(60), nullable=False),
    sa.Column("windows", Json, nullable=False),
    sa.Column("holidays", Json, nullable=False),
    sa.Column("overrides", Json, nullable=False, server_default="{}"),
)
"""`windows`: seven lists, Monday first, of ["09:00", "12:30"]; `holidays`: dates as "2026-12-25"; `overrides`: from a
date to its windows. The desk's own calendar has the id "desk"."""
