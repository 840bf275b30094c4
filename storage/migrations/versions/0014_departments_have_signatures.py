"""Departments have signatures.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Json

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("departments", sa.Column("signatures", Json, server_default="{}", nullable=False))
