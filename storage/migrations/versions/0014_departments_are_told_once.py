"""A notice to a department is one row, which each of its agents reads for themselves; surveys know the channel of the case.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_readings",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_notice_readings_agent_id_agents"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["agent_notices.id"],
            name=op.f("fk_notice_readings_notice_id_agent_notices"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("notice_id", "agent_id", name=op.f("pk_notice_readings")),
    )
    op.execute(
        "INSERT INTO notice_readings (notice_id, agent_id, read_at) "
        "SELECT id, agent_id, read_at FROM agent_notices WHERE read_at IS NOT NULL"
    )
    # Of the tables that it points to nothing is needed; one of them has an index that is not understood when read.
    with op.batch_alter_table("agent_notices", schema=None, reflect_kwargs={"resolve_fks": False}) as batch_op:
        batch_op.add_column(sa.Column("department", sa.String(length=40), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_agent_notices_department_departments"), "departments", ["department"], ["id"]
        )
        batch_op.alter_column("agent_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.create_check_constraint(
            op.f("ck_agent_notices_one_reader"), "(agent_id IS NULL) <> (department IS NULL)"
        )
        batch_op.drop_column("read_at")
        batch_op.create_index("ix_agent_notices_department_at", ["department", "at", "id"], unique=False)
        batch_op.create_index("ix_agent_notices_case_id", ["case_id"], unique=False)
        batch_op.create_index("ix_agent_notices_at", ["at"], unique=False)

    op.add_column("surveys", sa.Column("case_channel", sa.String(length=20), server_default="none", nullable=False))
    op.execute(
        "UPDATE surveys SET case_channel = coalesce((SELECT conversations.channel FROM cases JOIN conversations "
        "ON conversations.id = cases.conversation_id WHERE cases.id = surveys.case_id), 'none')"
    )
    owners = ["department", "agent_id", "case_type", "priority", "policy"]
    op.drop_index("ix_surveys_asked_at", "surveys")
    op.create_index("ix_surveys_asked_at", "surveys", ["asked_at", *owners, "answered_at", "case_channel"])
    op.drop_index("ix_surveys_answered_at", "surveys")
    op.create_index(
        "ix_surveys_answered_at",
        "surveys",
        ["answered_at", *owners, "csat", "effort", "case_channel"],
        sqlite_where=sa.text("answered_at IS NOT NULL"),
        postgresql_where=sa.text("answered_at IS NOT NULL"),
    )
