"""Every list walks along an index."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from caseengine.mails import mail_rows
from caseengine.reading.cases import cases_of, counts, held, queue
from caseengine.reading.promises import overdue
from caseengine.reading.stays import stays
from caseengine.reading.timeline import timeline
from caseengine.reading.wait import position
from caseengine.rule_following import cases_to_enrol
from caseengine.rule_law import Law
from caseengine.rule_timers import timers_due, timers_of
from customers.assurance import Level
from storage.transaction import Snapshot
from tests.caseengine.office import Office, when
from tests.caseengine.test_access import person, viewer

BIG = {"cases", "case_events", "case_conversations", "activities", "rule_timers", "mails"}
COUNTING = {"counts", "held"}
"""What only counts looks at an index, and at no row."""


async def plan_of(office: Office, query: Callable[..., Awaitable[Any]], *args: Any, **named: Any) -> list[str]:
    async with office.database.snapshot() as snapshot:
        steps = Explaining(snapshot)
        await query(steps, *args, **named)
    return steps.plan


class Explaining(Snapshot):
    """A snapshot that asks SQLite how it would answer, before it answers."""

    def __init__(self, real: Snapshot) -> None:
        super().__init__(real._store)
        self._real = real
        self.plan: list[str] = []

    async def first(self, statement: sa.Executable) -> Any:
        return next(iter(await self.rows(statement)), None)

    async def rows(self, statement: sa.Executable) -> Any:
        assert isinstance(statement, sa.ClauseElement)
        text = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
        found = await self._real.rows(sa.text("EXPLAIN QUERY PLAN " + text.replace(":", "\\:")))
        self.plan += [row.detail for row in found]
        return await self._real.rows(statement)


LISTS = [
    *("queue", "mine", "next page", "unassigned", "counts", "held", "mine to read", "ahead", "late", "story", "stays"),
    *("timers", "timers due", "enrol", "mails set aside"),
]


@pytest.mark.parametrize("which", LISTS)
async def test_no_list_reads_a_whole_table(office: Office, which: str) -> None:
    conversation, case = await office.handed_over()
    known = viewer(conversation, Level.VERIFIED, contact_id=await person(office.database), cases=frozenset({case.id}))
    (row,) = await office.see(queue, office.li)
    plans: dict[str, Callable[[], Awaitable[list[str]]]] = {
        "queue": lambda: plan_of(office, queue, office.sam),
        "mine": lambda: plan_of(office, queue, office.li, mine=True),
        "next page": lambda: plan_of(office, queue, office.li, after=row.place),
        "unassigned": lambda: plan_of(office, queue, office.li, unassigned=True),
        "counts": lambda: plan_of(office, counts),
        "held": lambda: plan_of(office, held, office.li),
        "mine to read": lambda: plan_of(office, cases_of, known),
        "ahead": lambda: plan_of(office, position, case),
        "late": lambda: plan_of(office, overdue, when("Fri 10:00")),
        "timers": lambda: plan_of(office, timers_of, [case.id]),
        "timers due": lambda: plan_of(office, timers_due, when("Fri 10:00")),
        "enrol": lambda: plan_of(office, cases_to_enrol, Law(), str(case.id)),
        "mails set aside": lambda: plan_of(office, mail_rows, state="quarantined"),
        "story": lambda: plan_of(office, timeline, case.id, public_only=True),
        "stays": lambda: plan_of(office, stays, case.id),
    }
    steps = await plans[which]()
    assert steps
    assert not [step for step in steps if step.startswith("SCAN ") and step.split()[1] in BIG]
    if which in COUNTING:
        looks = [step for step in steps if "cases" in step.split()]
        assert looks
        assert [look for look in looks if not look.startswith("SEARCH cases USING COVERING INDEX ix_cases_")] == []
