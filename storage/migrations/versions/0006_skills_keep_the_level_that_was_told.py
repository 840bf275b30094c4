"""skills keep the level that was told beside the one that follows, and cases are found by when they were opened.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("agent_skills", schema=None) as batch_op:
        batch_op.add_column(sa.Column("own_level", sa.SmallInteger(), nullable=True))
    # What was told may have been less, where a skill below gave more; nobody kept it. The next import says it again.
    op.execute("UPDATE agent_skills SET own_level = level WHERE own")
    with op.batch_alter_table("agent_skills", schema=None) as batch_op:
        batch_op.drop_column("own")

    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index("ix_cases_opened_at", ["opened_at"], unique=False)
