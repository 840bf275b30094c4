"""What waits for third parties and has nobody waits for an agent, too.

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

WAITS = "agent_id IS NULL AND offered_to IS NULL AND status IN ('new', 'open', 'waiting_on_third_party')"


def upgrade() -> None:
    op.drop_index("ix_cases_waiting", table_name="cases")
    op.create_index(
        "ix_cases_waiting",
        "cases",
        ["department", "needs_key", "sla_due_at", sa.text("coalesce(tier, 'Z')"), "opened_at", "id"],
        sqlite_where=sa.text(WAITS),
        postgresql_where=sa.text(WAITS),
    )
