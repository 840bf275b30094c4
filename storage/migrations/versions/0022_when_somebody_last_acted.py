"""When somebody last did something to a case; what the desk does by itself does not count.

Revision: 0022, after 0021
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

LIVE = "resolved_at IS NULL"


def upgrade() -> None:
    op.add_column("cases", sa.Column("acted_at", Instant()))
    op.execute(
        "UPDATE cases SET acted_at = coalesce((SELECT at FROM case_events WHERE case_id = cases.id "
        "AND actor_kind <> 'system' ORDER BY seq DESC LIMIT 1), opened_at)"
    )
    op.drop_index("ix_cases_live", table_name="cases")
    op.create_index(
        "ix_cases_live",
        "cases",
        [
            *("resolved_at", "department", "status", "agent_id", "opened_at", "acted_at", "case_type", "priority"),
            *("policy", "id"),
        ],
        sqlite_where=sa.text(LIVE),
        postgresql_where=sa.text(LIVE),
    )
