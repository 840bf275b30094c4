"""Cases held are counted by department, from the index alone.

Revision: 0002, after 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_cases_agent_id_status", table_name="cases")
    op.create_index(
        "ix_cases_agent_id_status", "cases", ["agent_id", "status", "department", "priority", "opened_at", "id"]
    )
