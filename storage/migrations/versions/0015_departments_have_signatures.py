"""Departments have signatures.

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Json

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("departments", sa.Column("signatures", Json, server_default="{}", nullable=False))
