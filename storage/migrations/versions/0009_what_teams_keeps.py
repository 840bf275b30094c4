"""What the desk keeps of Teams: where conversations are, what was sent, what waits for its files.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant, Json, Serial

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "teams_arrivals",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_teams_arrivals_conversation_id_conversations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams_arrivals")),
        sa.UniqueConstraint("conversation_id", "key", name="uq_teams_arrivals_conversation_id_key"),
    )
    op.create_index(op.f("ix_teams_arrivals_next_try_at"), "teams_arrivals", ["next_try_at"])
    op.create_table(
        "teams_conversations",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("place", Json, nullable=False),
        sa.Column("unreachable_at", Instant(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_teams_conversations_conversation_id_conversations")
        ),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_teams_conversations")),
    )
    op.create_table(
        "teams_sendings",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("activity_id", sa.String(length=500), server_default=sa.text("''"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_teams_sendings_conversation_id_conversations")
        ),
        sa.PrimaryKeyConstraint("conversation_id", "key", name=op.f("pk_teams_sendings")),
    )
    op.create_index(
        "ix_teams_sendings_conversation_id_activity_id", "teams_sendings", ["conversation_id", "activity_id"]
    )
