"""That the address of a case was proved is kept for itself: codes are forgotten after 90 days.

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_proofs",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("proved_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_proofs")),
    )
    op.execute(
        "INSERT INTO case_proofs (case_id, proved_at) SELECT case_id, min(used_at) FROM one_time_codes "
        "WHERE used_at IS NOT NULL AND case_id IS NOT NULL GROUP BY case_id"
    )
