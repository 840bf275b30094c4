"""A notice that cannot be told for a fault of ours is tried for a day; then people learn that it was not."""

from dataclasses import replace
from datetime import time, timedelta
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.case import Case
from caseengine.operations.ending import reopen
from caseengine.tables import case_events
from customers.wishes import NoticeKind, QuietHours, Wishes
from tests.app.jobs import test_telling
from tests.app.jobs.test_kept_proofs import learnt
from tests.app.jobs.test_telling import WORDS, Street
from tests.caseengine.office import when

street = test_telling.street


def broken(conversation: UUID, place: int) -> bool:
    raise RuntimeError


async def fails(street: Street, *, hours: int) -> None:
    """It is broken now, and so many hours later; tried at both ends."""
    whole, street.telling = street.telling, replace(street.telling, seen=broken)
    await street.tells()
    street.clock.at += timedelta(hours=hours)
    await street.job().run()
    street.telling = whole


async def states(street: Street, case: Case) -> list[tuple[str, str]]:
    return [(one.state, one.why) for one in await street.notices(case)]


async def test_after_a_day_it_is_dropped_and_whoever_has_the_case_learns_it(street: Street) -> None:
    case = await street.case()
    await street.replies(case, "At noon.", "Mon 10:00")
    await fails(street, hours=23)
    assert await states(street, case) == [("planned", "")]
    assert await learnt(street, case) == ([], [])

    await fails(street, hours=1)
    assert await states(street, case) == [("dropped", "fault")]
    assert await learnt(street, case) == ([WORDS["notice.not_told_fault"]], ["fault"])
    await street.tells()
    assert street.by("mail") == []
    await street.office.rows_equal_fold(case)


async def test_a_step_that_nobody_was_told_of_is_learnt_as_well(street: Street) -> None:
    await street.wish(Wishes(kinds=frozenset({NoticeKind.STATUS})))
    case = await street.case()
    await street.solves_by_itself(case, "Mon 09:40")
    street.clock.at, mo = when("Mon 10:00"), street.office.mo.actor
    await street.office.do(reopen, case.number, reason="still broken", by=mo, at=when("Mon 10:00"))
    await fails(street, hours=25)
    assert ("dropped", "fault") in await states(street, case)
    assert (await learnt(street, case))[0] == [WORDS["notice.not_told_fault"]]


async def test_what_was_judged_between_two_faults_has_a_day_anew(street: Street) -> None:
    case = await street.case()
    await street.replies(case, "At noon.", "Mon 10:00")
    await fails(street, hours=20)
    (failing,) = await street.notices(case)
    assert failing.fails_since == when("Mon 10:03")
    await street.wish(Wishes(quiet=QuietHours(time(9), time(10, 15))))
    street.clock.at = when("Tue 09:10")
    await street.job().run()
    (waiting,) = await street.notices(case)
    assert (waiting.state, waiting.fails_since) == ("planned", None)

    street.clock.at = when("Tue 10:30")
    await fails(street, hours=20)
    assert await states(street, case) == [("planned", "")]
    street.clock.at += timedelta(hours=1)
    await street.tells()
    assert len(street.by("mail")) == 1


async def test_it_is_dropped_even_where_the_fault_is_the_cases_own(street: Street) -> None:
    case = await street.case()
    await street.replies(case, "At noon.", "Mon 10:00")
    await street.job().run()
    async with street.database.unit_of_work() as work:  # as a release that came later, and went, may leave it
        work.write(sa.update(case_events).where(case_events.c.case_id == case.id).values(kind="Unheard"))
    street.clock.at = when("Mon 10:03")
    await street.job().run()
    street.clock.at += timedelta(days=1)
    await street.job().run()
    assert await states(street, case) == [("dropped", "fault")]
