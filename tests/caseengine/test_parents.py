"""Many customers, one problem: a parent and its children."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseengine.model.case import Case
from caseengine.model.case_errors import CaseItself, ParentCycle, ParentTooDeep
from caseengine.model.errors import NotPermitted, TransitionNotAllowed
from caseengine.model.lifecycle import Status
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import (
    add_check_item,
    parenting,
    remove_parent,
    reopen,
    resolve,
    resolve_with_children,
    set_parent,
)
from caseengine.operations.parenting import LEVELS_MAX, Cascade
from caseengine.reading.case_view import case_view
from storage.errors import Conflict
from storage.refusal import Refusal
from tests.caseengine.any_order import chat_of, office_for_a_while
from tests.caseengine.office import CUSTOMER, Office, when

SOLVED = Resolution(ResolutionCode.SOLVED, "The provider mended the line")
AT = when("Mon 09:30")


async def family(office: Office) -> tuple[Case, list[Case]]:
    """A known problem and three customers who have it, the third of another department."""
    parent = await office.report("Card readers are offline everywhere")
    children = [await office.report_in(await office.chat(), "The card reader is offline") for _ in range(2)]
    children.append(await office.report_in(await office.chat(), "No cards", department="deliveries"))
    for child in children:
        await office.do(set_parent, child.number, parent.number, by=office.sam.actor, at=AT)
    return parent, children


async def cascade(office: Office, parent: Case, after: str = "") -> Cascade:
    """Li, who does not work for deliveries, says that it is over."""
    return await office.do(
        resolve_with_children,
        parent.number,
        SOLVED,
        closing=lambda case: f"{case.number} is solved",
        after=after,
        by=office.li.actor,
        at=when("Mon 10:00"),
    )


async def test_children_end_with_their_parent_and_each_customer_is_told(office: Office) -> None:
    parent, (one, two, elsewhere) = await family(office)
    done = await cascade(office, parent)
    assert set(done.resolved) == {one.number, two.number}
    assert (done.refused, done.hidden) == ((), 1)  # whose department is not Li's is not named
    for child in (one, two):
        found = await office.case(child)
        assert (found.status, found.resolution) == (Status.RESOLVED, SOLVED)
        assert [row.body["text"] for row in await office.log(chat_of(child))] == [f"{child.number} is solved"]
        await office.rows_equal_fold(child)
    assert (await office.case(parent)).status is Status.RESOLVED
    assert (await office.case(elsewhere)).is_live
    assert await office.log(chat_of(elsewhere)) == []


async def test_a_child_with_something_left_to_do_stays_whole(office: Office) -> None:
    parent, (one, two, _) = await family(office)
    await office.do(add_check_item, one.number, "Refund", required=True, by=office.li.actor, at=AT)
    before = await office.told(one)
    done = await cascade(office, parent)
    assert (one.number, "case.checklist_open") in done.refused
    assert done.resolved == (two.number,)
    assert await office.told(one) == before


async def test_those_who_refuse_do_not_hold_up_the_rest(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parenting, "CASCADE_MAX", 1)
    parent, (one, two, _) = await family(office)
    await office.do(add_check_item, one.number, "Refund", required=True, by=office.li.actor, at=AT)
    done = await cascade(office, parent)
    assert (done.resolved, done.after, done.remaining) == ((), one.number, 2)
    done = await cascade(office, parent, done.after)
    assert (done.resolved, done.remaining) == ((two.number,), 1)
    done = await cascade(office, parent, done.after)
    assert (done.hidden, done.remaining) == (1, 0)


async def test_a_child_that_comes_back_leaves_its_parent_alone_and_goes_again_with_it(office: Office) -> None:
    parent, (one, _, _) = await family(office)
    await cascade(office, parent)
    await office.do(reopen, one.number, reason="Not here", by=CUSTOMER, at=when("Mon 11:00"))
    assert (await office.case(parent)).status is Status.RESOLVED
    assert (await cascade(office, parent)).resolved == (one.number,)


async def test_grandchildren_end_too_and_other_families_do_not(office: Office) -> None:
    top, middle, low, other = [await office.report(name) for name in ("top", "middle", "low", "other")]
    await office.do(set_parent, middle.number, top.number, by=office.li.actor, at=AT)
    await office.do(set_parent, low.number, middle.number, by=office.li.actor, at=AT)
    assert (await cascade(office, top)).resolved == (middle.number, low.number)
    assert (await office.case(other)).is_live


async def test_nobody_is_above_themselves(office: Office) -> None:
    a, b, c = [await office.report(name) for name in "abc"]
    by = {"by": office.li.actor, "at": AT}
    with pytest.raises(CaseItself):
        await office.do(set_parent, a.number, a.number, **by)
    await office.do(set_parent, a.number, b.number, **by)
    with pytest.raises(ParentCycle):
        await office.do(set_parent, b.number, a.number, **by)
    await office.do(set_parent, b.number, c.number, **by)
    with pytest.raises(ParentCycle):
        await office.do(set_parent, c.number, a.number, **by)
    await office.do(remove_parent, a.number, **by)
    await office.do(set_parent, c.number, a.number, **by)
    for case in (a, b, c):
        await office.rows_equal_fold(case)


async def test_levels_are_bounded_from_either_end(office: Office) -> None:
    line = [await office.report(str(level)) for level in range(LEVELS_MAX + 1)]
    by = {"by": office.li.actor, "at": AT}
    for low, high in pairwise(line[:-1]):
        await office.do(set_parent, low.number, high.number, **by)
    with pytest.raises(ParentTooDeep):
        await office.do(set_parent, line[-2].number, line[-1].number, **by)
    with pytest.raises(ParentTooDeep):
        await office.do(set_parent, line[-1].number, line[0].number, **by)


async def test_a_parent_has_to_live_and_to_be_ones_own(office: Office) -> None:
    child, ended = await office.report(), await office.report()
    there = await office.report(department="deliveries")
    by = {"by": office.li.actor, "at": AT}
    await office.do(resolve, ended.number, SOLVED, **by)
    with pytest.raises(TransitionNotAllowed):
        await office.do(set_parent, child.number, ended.number, **by)
    with pytest.raises(NotPermitted):
        await office.do(set_parent, child.number, there.number, **by)


async def test_two_who_attach_at_once_make_no_circle(office: Office) -> None:
    a, b = await office.report("a"), await office.report("b")
    by = {"by": office.li.actor, "at": AT}
    both = (
        office.do(set_parent, a.number, b.number, **by),
        office.do(set_parent, b.number, a.number, **by),
    )
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert all(isinstance(one, (Case, Conflict, ParentCycle)) for one in outcomes)
    parents = [(await office.case(one)).parent_id for one in (a, b)]
    assert parents.count(None) == 1


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_whatever_is_attached_there_is_no_circle(pairs: list[tuple[int, int]]) -> None:
    async def play() -> None:
        async with office_for_a_while() as office:
            cases = [await office.report(str(place)) for place in range(5)]
            for low, high in pairs:
                try:
                    await office.do(set_parent, cases[low].number, cases[high].number, by=office.li.actor, at=AT)
                except Refusal:
                    continue
            above = {case.id: (await office.case(case)).parent_id for case in cases}
            for case in cases:
                line, here = 0, case.id
                while (here := above[here]) is not None:  # type: ignore[assignment]
                    line += 1
                    assert line < LEVELS_MAX

    asyncio.run(play())


async def test_a_case_names_its_parent_and_counts_its_children(office: Office) -> None:
    parent, (one, _, _) = await family(office)
    above = await office.see(case_view, office.li, parent.number)
    assert (above.kept.children, above.kept.live_children) == (3, 3)
    below = await office.see(case_view, office.li, one.number)
    assert below.kept.parent is not None
    assert below.kept.parent.number == parent.number
