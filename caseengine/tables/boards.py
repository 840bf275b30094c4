"""What boards count."""

import sqlalchemy as sa

from storage.tables import EMPTY, Instant, metadata

tallies = sa.Table(
    "tallies",
    metadata,
    sa.Column("kind", sa.String(10), primary_key=True),
    sa.Column("at", Instant, primary_key=True),
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("department", sa.String(40), nullable=False),
    sa.Column("agent_id", sa.Uuid()),
    sa.Column("case_type", sa.String(20), nullable=False),
    sa.Column("priority", sa.SmallInteger, nullable=False),
    sa.Column("policy", sa.String(40)),
    sa.Column("detail", sa.String(40), nullable=False, server_default=EMPTY),
    sa.Column("since", Instant),
    sa.Column("undone_at", Instant),
    sa.Column("merged", sa.Boolean, nullable=False, server_default=sa.false()),
    sqlite_with_rowid=False,  # the rows of one kind lie in order of time, so that a period is read in one piece
)
"""One row for each event that boards count, with whose the case was then; see `caseengine.model.tally`.

`seq` is the event's. `since`: when the holding that ends here began. `undone_at`: when the case was reopened after
this. `merged`: the case goes on in another one.
"""
