"""What boards count."""

import sqlalchemy as sa

from storage.tables import EMPTY, Instant, Serial, metadata

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

packed_days = sa.Table(
    "packed_days",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("happening", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("format", sa.SmallInteger, nullable=False),
    sa.Column("many", sa.Integer, nullable=False),
    sa.Column("facts", sa.LargeBinary, nullable=False),
    sa.Column("department", sa.LargeBinary, nullable=False),
    sa.Column("case_type", sa.LargeBinary, nullable=False),
    sa.Column("priority", sa.LargeBinary, nullable=False),
    sa.Column("policy", sa.LargeBinary, nullable=False),
    sa.Column("agent_id", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.LargeBinary, nullable=False),
)
"""A day of UTC that is over, for each `Happening`: its rows as columns of numbers.

It says the same as the rows it was made of, and holds only while no row of `touched_days` names it. `version` counts
how often it was packed; the columns stand in the order in which boards ask for them, as SQLite reads them in order.
"""

packed_words = sa.Table(
    "packed_words",
    metadata,
    sa.Column("code", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("word", sa.String(40), nullable=False, unique=True),
)
"""What the codes in packed days stand for: departments, agents, reasons and so on. A word keeps its code for ever."""

touched_days = sa.Table(
    "touched_days",
    metadata,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("happenings", sa.SmallInteger, nullable=False),
    sa.Index("ix_touched_days_day", "day", "happenings", "id"),
    sqlite_autoincrement=True,  # what was read is taken away by its id, so no id may be given twice
)
"""Somebody wrote into a day that may be packed, in the transaction of what they wrote; which kinds: `Happening`."""
