"""What customers were asked after a resolution, and what they said."""

import sqlalchemy as sa

from storage.tables import EMPTY, Instant, metadata

surveys = sa.Table(
    "surveys",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("cycle", sa.SmallInteger, nullable=False),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("case_channel", sa.String(20), nullable=False, server_default="none"),
    sa.Column("contact_id", sa.Uuid(), sa.ForeignKey("contacts.id")),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("answered_at", Instant),
    sa.Column("csat", sa.SmallInteger),
    sa.Column("effort", sa.SmallInteger),
    sa.Column("comment", sa.Text, nullable=False, server_default=EMPTY),
    sa.Column("department", sa.String(40), nullable=False),
    sa.Column("agent_id", sa.Uuid()),
    sa.Column("case_type", sa.String(20), nullable=False),
    sa.Column("priority", sa.SmallInteger, nullable=False),
    sa.Column("policy", sa.String(40)),
    sa.UniqueConstraint("case_id", "cycle", name="uq_surveys_case_id_cycle"),
    sa.CheckConstraint("csat BETWEEN 1 AND 5", name="csat"),
    sa.CheckConstraint("effort BETWEEN 1 AND 5", name="effort"),
    sa.Index("ix_surveys_contact_id", "contact_id", "asked_at"),
    sa.Index(
        "ix_surveys_asked_at",
        *("asked_at", "department", "agent_id", "case_type", "priority", "policy", "answered_at", "case_channel"),
    ),
    sa.Index(
        "ix_surveys_answered_at",
        *("answered_at", "department", "agent_id", "case_type", "priority", "policy", "csat", "effort", "case_channel"),
        sqlite_where=sa.text("answered_at IS NOT NULL"),
        postgresql_where=sa.text("answered_at IS NOT NULL"),
    ),
)
"""One row for each time somebody was asked. `cycle` counts a case's resolutions from 1; whose it was when asked.
`channel` is where it was asked, `case_channel` where the case was, "none" for a case without a conversation."""
