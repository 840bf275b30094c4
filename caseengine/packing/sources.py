"""Where each kind of happening stands, and what boards ask of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.happening import Happening
from caseengine.model.tally import TallyKind
from caseengine.packing.columns import As
from caseengine.packing.sql import instant, number, whole_seconds, word
from caseengine.tables import case_clocks, conversations, surveys, tallies

TARGETS = ("first_response", "next_response", "resolution")


@dataclass(frozen=True, slots=True)
class Fact:
    """One column: how it is stored, and the expression that brings it."""

    kind: As
    sql: sa.ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of one kind.

    Attributes:
        at: when it happened, by which lists are ordered; then by case and `tie`.
        where: which rows of the table these are.
        facts: what is asked of them beside when and whose, by the name of the column or of what is made of it.
        owners: the columns that say whose it was.
    """

    table: sa.Table
    at: sa.Column[datetime]
    tie: sa.Column[Any]
    where: tuple[sa.ColumnElement[bool], ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    owners: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def case_id(self) -> sa.Column[UUID]:
        return self.table.c.case_id

    @property
    def columns(self) -> Mapping[str, Fact]:
        """All that is stored."""
        return {**self.facts, **self.owners, "at": Fact(As.INSTANT, instant(self.at))}


def _owners(table: sa.Table) -> Mapping[str, Fact]:
    named = {name: Fact(As.WORD, word(table.c[name])) for name in ("department", "case_type", "policy", "agent_id")}
    return {**named, "priority": Fact(As.SMALL, number(table.c.priority))}


def _tallies(kind: TallyKind, *, work: bool = False, **facts: Fact) -> Source:
    """Cases that went on in others are left out; `work` that people did is not."""
    where = (tallies.c.kind == kind, *(() if work else (tallies.c.merged.is_(sa.false()),)))
    return Source(tallies, tallies.c.at, tallies.c.seq, where, facts, _owners(tallies))


def _clocks(at: sa.Column[datetime], **facts: Fact) -> Source:
    facts = {"target": Fact(As.WORD, word(case_clocks.c.target)), **facts}
    where = (case_clocks.c.target.in_(TARGETS),)
    return Source(case_clocks, at, case_clocks.c.cycle, where, facts, _owners(case_clocks))


def _surveys(at: sa.Column[datetime], **facts: Fact) -> Source:
    facts = {**facts, "case_channel": Fact(As.WORD, word(surveys.c.case_channel))}
    return Source(surveys, at, surveys.c.cycle, (), facts, _owners(surveys))


_UNDONE = Fact(As.INSTANT, instant(tallies.c.undone_at))
SOURCES: Mapping[Happening, Source] = {
    Happening.OPENED: _tallies(TallyKind.OPENED),
    Happening.RESOLVED: _tallies(TallyKind.RESOLVED, undone_at=_UNDONE),
    Happening.CLOSED: _tallies(TallyKind.CLOSED, undone_at=_UNDONE),
    Happening.REOPENED: _tallies(TallyKind.REOPENED),
    Happening.HANDOVER: _tallies(TallyKind.HANDOVER, work=True, detail=Fact(As.WORD, word(tallies.c.detail))),
    Happening.REPLIED: _tallies(TallyKind.REPLIED, work=True),
    Happening.HELD: _tallies(
        TallyKind.HELD, work=True, held=Fact(As.SECONDS, whole_seconds(tallies.c.since, tallies.c.at))
    ),
    Happening.ENDED: _clocks(
        case_clocks.c.ended_at,
        state=Fact(As.WORD, word(case_clocks.c.state)),
        working=Fact(As.SECONDS, number(case_clocks.c.spent_s)),
        wall=Fact(As.SECONDS, whole_seconds(case_clocks.c.started_at, case_clocks.c.ended_at)),
    ),
    Happening.BREACHED: _clocks(case_clocks.c.breached_at),
    Happening.BEGUN: Source(
        conversations,
        conversations.c.opened_at,
        conversations.c.version,
        facts={"outcome": Fact(As.WORD, word(conversations.c.outcome))},
    ),
    Happening.ASKED: _surveys(surveys.c.asked_at, answered_at=Fact(As.INSTANT, instant(surveys.c.answered_at))),
    Happening.ANSWERED: _surveys(
        surveys.c.answered_at,
        csat=Fact(As.SMALL, number(surveys.c.csat)),
        effort=Fact(As.SMALL, number(surveys.c.effort)),
    ),
}
"""A conversation is no department's: it has no owners."""
