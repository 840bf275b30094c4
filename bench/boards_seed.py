"""A desk of two years, made up: cases, their events, clocks, conversations and surveys, as rows of text.

The same rows go into SQLite and, by COPY, into PostgreSQL. Nothing here is measured.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from app.schema import whole_schema
from storage.engine import Database

DAYS = 730
UNTIL = datetime(2026, 3, 2, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=DAYS)
DAY_S = 86_400
DEPARTMENTS = [f"department-{place:02}" for place in range(12)]
AGENTS = [f"{place + 1:032x}" for place in range(400)]
TYPES = ("incident", "service_request", "question", "complaint", "return")
POLICIES = ("standard", "gold", "express")
REASONS = ("asked_for_person", "not_understood", "going_in_circles", "promise")
LIVE_OF_LATE, LATE_DAYS = 0.18, 120
"""Share of the cases of the last days that nobody has resolved yet: about 30,000 of a million."""
PATIENT = 0.8
"""Share of the live cases that have paused so often that they are not late yet."""
EVENTS_EACH = 5
DATA = '{"text": "A few words about what was done, as long as such words are on most days", "key": "k"}'
DESCRIPTION = "The till in lane four stopped in the middle of a sale and shows a message about its drawer. " * 3
CHUNK = 20_000  # cases

COLUMNS = {
    "conversations": ("id", "channel", "visitor", "locale", "mode", "opened_at", "outcome", "version"),
    "cases": (
        *("id", "number", "subject", "description", "case_type", "department", "status", "impact", "urgency"),
        *("priority", "claimed", "products", "conversation_id", "agent_id", "escalation_level", "resolution_code"),
        *("resolved_at", "closed_at", "reopened", "merged_into", "policy", "opened_at", "updated_at"),
        *("acted_at", "version"),
    ),
    "case_events": (
        *("case_id", "seq", "kind", "actor_kind", "actor_id", "actor_name", "at", "public", "data", "internal"),
    ),
    "tallies": (
        *("kind", "at", "case_id", "seq", "department", "agent_id", "case_type", "priority", "policy", "detail"),
        *("since", "undone_at", "merged"),
    ),
    "case_clocks": (
        *("case_id", "target", "cycle", "state", "policy", "policy_version", "department", "agent_id", "case_type"),
        *(
            "priority",
            "goal_s",
            "started_at",
            "touched_at",
            "running_since",
            "spent_s",
            "due_at",
            "breached_at",
            "ended_at",
            "next_at",
            "steps",
        ),
    ),
    "surveys": (
        *("id", "case_id", "cycle", "channel", "token_hash", "asked_at", "expires_at", "answered_at", "csat"),
        *("effort", "department", "agent_id", "case_type", "priority", "policy"),
    ),
}
Row = tuple[Any, ...]


@dataclass(slots=True)
class Made:
    """Rows by table, waiting to be written."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in COLUMNS})


async def seed(database: Database, cases: int) -> None:
    """Tables, rows, then indexes. The database is empty."""
    postgres = database.url.startswith("postgresql")
    await database.run(lambda connection: _create(connection, indexes=False))
    if postgres:
        await _fill_postgres(database, cases)
    else:
        await database.run(lambda connection: _fill_sqlite(connection, cases))
    await database.run(lambda connection: _create(connection, indexes=True))
    await database.run(lambda connection: _analyse(connection, postgres))


def _create(connection: sa.Connection, *, indexes: bool) -> None:
    with connection.begin():
        for table in whole_schema().sorted_tables:
            if indexes:
                for index in sorted(table.indexes, key=lambda found: str(found.name)):
                    connection.execute(CreateIndex(index))
            else:
                connection.execute(CreateTable(table))


def _analyse(connection: sa.Connection, postgres: bool) -> None:
    connection.commit()
    if postgres:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
    else:
        connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
        connection.exec_driver_sql("ANALYZE")
    connection.commit()


def _fill_sqlite(connection: sa.Connection, cases: int) -> None:
    raw: Any = connection.connection.dbapi_connection
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute("PRAGMA synchronous = OFF")
    for table, rows in chain(_people(), _history(cases)):
        names = ", ".join(COLUMNS.get(table) or PEOPLE[table])
        marks = ", ".join("?" * len(rows[0]))
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        raw.execute("COMMIT")
    raw.execute("PRAGMA foreign_keys = ON")
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _fill_postgres(database: Database, cases: int) -> None:
    from asyncpg import connect

    plain = await connect(database.url.replace("+asyncpg", ""))
    try:
        await plain.execute("SET session_replication_role = replica")
        for table, rows in chain(_people(), _history(cases)):
            names = COLUMNS.get(table) or PEOPLE[table]
            await plain.copy_to_table(table, source=_lines(rows), columns=names)
    finally:
        await plain.close()


async def _lines(rows: Sequence[Row]) -> Any:
    for start in range(0, len(rows), 2_000):
        part = rows[start : start + 2_000]
        yield "".join("\t".join("\\N" if v is None else str(v) for v in row) + "\n" for row in part).encode()


PEOPLE = {
    "departments": ("id", "name", "examples"),
    "agents": ("id", "name", "email", "password_hash"),
    "agent_departments": ("agent_id", "department"),
}


def _people() -> Iterator[tuple[str, list[Row]]]:
    yield "departments", [(name, name.title(), "[]") for name in DEPARTMENTS]
    yield "agents", [(agent, f"Agent {place}", f"a{place}@desk.example", "!") for place, agent in enumerate(AGENTS)]
    yield "agent_departments", [(agent, DEPARTMENTS[place % 12]) for place, agent in enumerate(AGENTS)]


def _history(cases: int) -> Iterator[tuple[str, list[Row]]]:
    chance = random.Random(4)
    for first in range(0, cases, CHUNK):
        made = Made()
        for place in range(first, min(first + CHUNK, cases)):
            _case(made, chance, place, cases)
        yield from ((table, rows) for table, rows in made.rows.items() if rows)


@cache
def _day(day: int) -> str:
    return (SINCE + timedelta(days=day)).strftime("%Y-%m-%dT")


def _at(seconds: float) -> str:
    """Seconds since the beginning, as an instant in text."""
    whole = int(seconds)
    day, rest = divmod(whole, DAY_S)
    return f"{_day(day)}{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}.{int((seconds - whole) * 1e6):06}Z"


def _case(made: Made, chance: random.Random, place: int, cases: int) -> None:
    now_s = DAYS * DAY_S
    opened = place / cases * now_s
    takes = min(chance.lognormvariate(9.6, 1.3), 40.0 * DAY_S)
    late = opened > now_s - LATE_DAYS * DAY_S
    ends: float | None = opened + takes
    if (ends is not None and ends > now_s) or (late and chance.random() < LIVE_OF_LATE):
        ends = None
    _Case(made, chance, place, opened, ends, now_s).write()


class _Case:
    """One case and everything about it."""

    def __init__(
        self, made: Made, chance: random.Random, place: int, opened: float, ends: float | None, now_s: float
    ) -> None:
        self.rows, self.chance, self.place = made.rows, chance, place
        self.opened, self.ends, self.now_s = opened, ends, now_s
        self.id = f"{chance.getrandbits(128):032x}"
        self.conversation = f"{chance.getrandbits(128):032x}"
        self.agent = chance.choice(AGENTS)
        self.department = chance.choice(DEPARTMENTS)
        self.case_type = chance.choice(TYPES)
        self.priority = chance.choice((1, 2, 2, 3, 3, 3, 3, 4))
        self.policy = chance.choice(POLICIES)
        self.reply = min(opened + chance.lognormvariate(7.5, 1.2), now_s if ends is None else ends)
        self.merged = ends is not None and chance.random() < 0.015
        self.reopened = ends is not None and not self.merged and chance.random() < 0.05
        self.handed_over = chance.random() < 0.4
        self.seq = 0

    def write(self) -> None:
        self._tell("CaseOpened", self.opened, "opened", None)
        if self.handed_over:
            self._tell("HandoverRequested", self.opened + 60, "handover", None, self.chance.choice(REASONS))
        self._tell("CaseAssigned", self.opened + 90)
        self._tell("AgentReplied", self.reply, "replied")
        if self.ends is not None:
            self._end(self.ends)
        while self.seq < EVENTS_EACH and self.ends is None:
            self._tell("NoteAdded", self.reply)
        self._clocks()
        self._row()
        self._conversations()

    def _end(self, ends: float) -> None:
        if self.merged:
            self._tell("CaseMerged", ends, "held", since=self.opened + 90)
            return
        again = min(ends + 40_000, self.now_s - 1) if self.reopened else None
        self._tell("CaseResolved", ends, "resolved", detail="solved", undone=again)
        self._also("held", ends, since=self.opened + 90)
        if again is not None:
            self._tell("CaseReopened", again, "reopened")
            self._tell("CaseResolved", again + 0.5, "resolved", detail="solved")
            self._also("held", again + 0.5, since=again)
        elif self.chance.random() < 0.9:
            self._tell("CaseClosed", min(ends + 3_600, self.now_s), "closed")
        if self.chance.random() < 0.5:
            self._survey(ends)

    def _tell(
        self, kind: str, at: float, counted: str = "", agent: str | None = "", detail: str = "", **more: Any
    ) -> None:
        self.seq += 1
        actor = ("agent", self.agent, "Agent") if agent == "" else ("bot", "", "")
        self.rows["case_events"].append((self.id, self.seq, kind, *actor, _at(at), 1, DATA, "{}"))
        if counted:
            self._also(counted, at, self.agent if agent == "" else agent, detail, **more)

    def _also(
        self,
        kind: str,
        at: float,
        agent: str | None = "",
        detail: str = "",
        *,
        since: float | None = None,
        undone: float | None = None,
    ) -> None:
        whose = (self.department, self.agent if agent == "" else agent, self.case_type, self.priority, self.policy)
        times = tuple(None if one is None else _at(one) for one in (since, undone))
        self.rows["tallies"].append((kind, _at(at), self.id, self.seq, *whose, detail, *times, int(self.merged)))

    def _clocks(self) -> None:
        self._clock("first_response", self.opened, self.reply, 4 * 3600.0)
        self._clock("next_response", self.reply, self.ends or self.reply + 100, DAY_S)
        patient = self.ends is None and self.chance.random() < PATIENT
        self._clock("resolution", self.now_s - 2.9 * DAY_S if patient else self.opened, self.ends, 3.0 * DAY_S)

    def _clock(self, target: str, began: float, ended: float | None, allowed: float) -> None:
        due = began + allowed
        missed = due < (self.now_s if ended is None else ended)
        state = "breached" if missed else "running" if ended is None else "met"
        spent = round(((self.now_s if ended is None else ended) - began) / 3, 3)
        whose = (self.policy, 1, self.department, self.agent, self.case_type, self.priority)
        due_at = _at(due) if due < (DAYS + 60) * DAY_S else None
        touched = _at(began if ended is None else ended)
        times = (
            allowed,
            _at(began),
            touched,
            None,
            spent,
            due_at,
            _at(due) if missed else None,
            None if ended is None else _at(ended),
        )
        self.rows["case_clocks"].append((self.id, target, 1, state, *whose, *times, None, 0))

    def _row(self) -> None:
        ended = None if self.ends is None else _at(self.ends)
        status = (
            "merged"
            if self.merged
            else "closed"
            if ended
            else self.chance.choice(("open", "new", "waiting_on_customer"))
        )
        resolved = None if self.merged else ended
        last = _at(self.reply if self.ends is None else self.ends)
        about = (f"CAS-{self.place:08}-00", "The till in lane four stopped", DESCRIPTION, self.case_type)
        kind = (self.department, status, 2, 2, self.priority, "{}", "[]", self.conversation)
        holder = None if status == "new" else self.agent
        how = (holder, 0, None if resolved is None else "solved", resolved, resolved, int(self.reopened))
        into = f"{1:032x}" if self.merged else None
        times = (_at(self.opened), last, last)
        self.rows["cases"].append((self.id, *about, *kind, *how, into, self.policy, *times, self.seq))

    def _conversations(self) -> None:
        outcome = "person" if self.handed_over else "case"
        self.rows["conversations"].append(self._conversation(self.conversation, outcome))
        if self.chance.random() < 0.4:
            alone = self.chance.choice(("talked", "solved", "solved", "unanswered", ""))
            self.rows["conversations"].append(self._conversation(f"{self.chance.getrandbits(128):032x}", alone))

    def _conversation(self, id_: str, outcome: str) -> Row:
        return (id_, "webchat", "visitor", "en", "bot", _at(self.opened), outcome, 4)

    def _survey(self, at: float) -> None:
        answered = _at(at + 300) if self.chance.random() < 0.3 else None
        rated = (
            (self.chance.choice((1, 2, 3, 4, 4, 5, 5, 5)), self.chance.choice((1, 1, 2, 3, 5)))
            if answered
            else (None, None)
        )
        whose = (self.department, self.agent, self.case_type, self.priority, self.policy)
        token = f"{self.chance.getrandbits(256):064x}"
        asked = (f"{self.chance.getrandbits(128):032x}", self.id, 1, "webchat", f"\\\\x{token}")
        self.rows["surveys"].append((*asked, _at(at), _at(at + 14 * DAY_S), answered, *rated, *whose))
