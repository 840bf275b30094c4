"""What was sent to Teams is forgotten by its age.

Revision: 0013, after 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_teams_sendings_at"), "teams_sendings", ["at"])
