"""Days that are over are packed; an answer to a survey keeps its words.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import EMPTY, Serial

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "packed_days",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("happening", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("format", sa.SmallInteger(), nullable=False),
        sa.Column("many", sa.Integer(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("department", sa.LargeBinary(), nullable=False),
        sa.Column("case_type", sa.LargeBinary(), nullable=False),
        sa.Column("priority", sa.LargeBinary(), nullable=False),
        sa.Column("policy", sa.LargeBinary(), nullable=False),
        sa.Column("agent_id", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", "happening", name=op.f("pk_packed_days")),
    )
    op.create_table(
        "packed_words",
        sa.Column("code", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_packed_words")),
        sa.UniqueConstraint("word", name=op.f("uq_packed_words_word")),
    )
    op.create_table(
        "touched_days",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("happenings", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touched_days")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("touched_days", schema=None) as batch_op:
        batch_op.create_index("ix_touched_days_day", ["day", "happenings", "id"], unique=False)
    op.add_column("surveys", sa.Column("comment", sa.Text(), server_default=EMPTY, nullable=False))
