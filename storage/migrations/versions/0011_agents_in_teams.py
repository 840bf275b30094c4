"""Agents in Teams: who they are there, whose own chats conversations are, and which presses were carried out.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agents", sa.Column("teams", sa.String(length=80), nullable=True))
    op.create_index("ix_agents_teams", "agents", ["teams"], unique=True)
    op.add_column(
        "teams_conversations",
        sa.Column("person", sa.String(length=80), server_default=sa.text("''"), nullable=False),
    )
    op.create_index(op.f("ix_teams_conversations_person"), "teams_conversations", ["person"])
    op.create_table(
        "teams_presses",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_teams_presses_agent_id_agents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_teams_presses")),
    )
    op.create_index(op.f("ix_teams_presses_at"), "teams_presses", ["at"])
