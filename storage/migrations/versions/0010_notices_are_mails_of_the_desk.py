"""Mails of notices are remembered like the desk's other mails, so that their answers and bounces find them.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant, Json, Serial

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

PURPOSES = "purpose IN ('answer', 'forward', 'notice')"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _written_anew()
        return
    op.drop_constraint(op.f("ck_sent_mails_purpose"), "sent_mails", type_="check")
    op.create_check_constraint(op.f("ck_sent_mails_purpose"), "sent_mails", PURPOSES)


def _written_anew() -> None:
    """SQLite changes no constraint of a table that is there."""
    op.drop_index("ix_sent_mails_recipient_at", "sent_mails")
    op.rename_table("sent_mails", "sent_mails_before")
    op.create_table(
        "sent_mails",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("others", Json, nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("proof", Json, nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint(PURPOSES, name=op.f("ck_sent_mails_purpose")),
        sa.CheckConstraint("state IN ('planned', 'sent', 'skipped', 'refused')", name=op.f("ck_sent_mails_state")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_sent_mails_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_sent_mails_conversation_id_conversations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_mails")),
        sa.UniqueConstraint("message_id", name=op.f("uq_sent_mails_message_id")),
        sa.UniqueConstraint("purpose", "key", name="uq_sent_mails_purpose_key"),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sent_mails_token_hash")),
        sqlite_autoincrement=True,
    )
    op.execute("INSERT INTO sent_mails SELECT * FROM sent_mails_before")
    op.drop_table("sent_mails_before")
    op.create_index("ix_sent_mails_recipient_at", "sent_mails", ["recipient", "at"])
