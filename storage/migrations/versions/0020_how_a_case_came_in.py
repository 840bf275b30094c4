"""How a case came in where nobody wrote: by telephone, for one.

Revision: 0020, after 0019
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import EMPTY

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("channel", sa.String(20), nullable=False, server_default=EMPTY))
