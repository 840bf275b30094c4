"""Who named a case by mail and was not let in is kept apart from the case; each copy of a mail has an envelope of its own.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant, Json, Serial

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mails", sa.Column("dropped_at", Instant(), nullable=True))
    op.drop_index("ix_mails_state_received_at", "mails")
    op.create_index("ix_mails_state_id", "mails", ["state", "id"])
    op.create_index(
        "ix_mails_raw_kept",
        "mails",
        ["state", "received_at"],
        sqlite_where=sa.text("dropped_at IS NULL"),
        postgresql_where=sa.text("dropped_at IS NULL"),
    )
    op.create_index(
        "ix_mails_case_id",
        "mails",
        ["case_id"],
        sqlite_where=sa.text("case_id IS NOT NULL"),
        postgresql_where=sa.text("case_id IS NOT NULL"),
    )
    op.create_table(
        "case_mentions",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.String(length=320), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("noted_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_mentions_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_mentions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_case_mentions_case_id_noted_at", "case_mentions", ["case_id", "noted_at"])
    op.create_index(
        "ix_case_mentions_waiting",
        "case_mentions",
        ["case_id"],
        sqlite_where=sa.text("noted_at IS NULL"),
        postgresql_where=sa.text("noted_at IS NULL"),
    )
    op.create_table(
        "sent_envelopes",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["sent_mails.message_id"],
            name=op.f("fk_sent_envelopes_message_id_sent_mails"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sent_envelopes")),
    )
    op.create_index(op.f("ix_sent_envelopes_message_id"), "sent_envelopes", ["message_id"])
    op.create_table(
        "mail_allowances",
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sent", Json, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_mail_allowances")),
    )
    op.create_index(op.f("ix_mail_allowances_at"), "mail_allowances", ["at"])
