"""How far the sender of a mail was believed, and of which mail another one is a copy.

Revision: 0023, after 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mails", sa.Column("belief", sa.String(8), nullable=False, server_default=sa.text("''")))
    op.add_column("mails", sa.Column("copy_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
