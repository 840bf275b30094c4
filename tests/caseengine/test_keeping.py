"""Tags, watchers, checklists: what agents keep on a case."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseengine.model.case_errors import ChecklistItemNotFound, ChecklistOpen, TagInvalid, TooMany
from caseengine.model.case_rules import CaseRules, read_case_rules
from caseengine.model.case_type import CaseType
from caseengine.model.errors import NotPermitted, RulebookInvalid, TextMissing
from caseengine.model.lifecycle import Status
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.model.tag import CHARACTERS_MAX, TAGS_MAX, read_tag, retagged
from caseengine.operations import (
    add_check_item,
    check_item,
    classify,
    close,
    drop_item,
    resolve,
    tag,
    unwatch,
    watch,
)
from caseengine.rulebooks import Rulebook, decide
from tests.caseengine.office import CUSTOMER, Office, when

SOLVED = Resolution(ResolutionCode.SOLVED, "Replaced the drum")
AT = when("Mon 09:30")
LISTS = {"checklists": {"incident": [{"id": "backup", "text": "Save the day's sales", "required": True}]}}


async def test_tags_are_spelt_one_way_and_come_once(office: Office) -> None:
    case = await office.report()
    by: dict[str, Any] = {"by": office.li.actor, "at": AT}
    tagged = await office.do(tag, case.number, add=["Key Account", " TILL ", "till"], **by)
    assert tagged.tags == ("key-account", "till")
    again = await office.do(tag, case.number, add=["till"], remove=["nothing"], **by)
    assert again.version == tagged.version
    assert (await office.do(tag, case.number, remove=["Till"], **by)).tags == ("key-account",)
    await office.rows_equal_fold(case)


@pytest.mark.parametrize("typed", ["", "   ", "--", "x" * (CHARACTERS_MAX + 1), "\u200b"])
def test_what_is_no_tag_is_refused(typed: str) -> None:
    with pytest.raises(TagInvalid):
        read_tag(typed)


@given(st.text(max_size=60))
def test_a_tag_that_was_read_is_read_the_same(typed: str) -> None:
    try:
        tag_read = read_tag(typed)
    except TagInvalid:
        return
    assert read_tag(tag_read) == tag_read
    assert len(tag_read) <= CHARACTERS_MAX


def test_tags_are_bounded_but_can_always_be_exchanged() -> None:
    full = [f"t{number}" for number in range(TAGS_MAX)]
    with pytest.raises(TooMany):
        retagged(full, ["one-more"], [])
    assert retagged(full, ["one-more"], ["t0"]) == (("one-more",), ("t0",))


async def test_watchers_are_named_to_the_feed(office: Office) -> None:
    case = await office.report()
    await office.do(watch, case.number, by=office.mo.actor, at=AT)
    twice = await office.do(watch, case.number, by=office.mo.actor, at=AT)
    assert twice.watchers == (office.mo.id,)
    assert (await office.published())[-1]["watchers"] == [str(office.mo.id)]
    assert (await office.do(unwatch, case.number, by=office.mo.actor, at=AT)).watchers == ()
    await office.rows_equal_fold(case)


async def test_nobody_watches_what_they_may_not_see(office: Office) -> None:
    case = await office.report(department="deliveries")
    with pytest.raises(NotPermitted):
        await office.do(watch, case.number, by=office.li.actor, at=AT)


async def test_what_has_to_be_done_is_done_before_the_end(office: Office) -> None:
    await office.do(decide, Rulebook.CASES, LISTS, by=office.sam.actor, at=AT)
    case = await office.report()
    assert [(item.id, item.required) for item in case.checklist] == [("backup", True)]
    by: dict[str, Any] = {"by": office.li.actor, "at": AT}
    with pytest.raises(ChecklistOpen) as refused:
        await office.do(resolve, case.number, SOLVED, **by)
    assert refused.value.params == {"items": ["Save the day's sales"]}
    await office.do(check_item, case.number, "backup", **by)
    await office.do(check_item, case.number, "backup", done=False, **by)
    with pytest.raises(ChecklistOpen):
        await office.do(resolve, case.number, SOLVED, **by)
    await office.do(check_item, case.number, "backup", **by)
    assert (await office.do(resolve, case.number, SOLVED, **by)).status is Status.RESOLVED
    await office.rows_equal_fold(case)


async def test_a_customer_who_needs_nothing_more_is_never_held_up(office: Office) -> None:
    await office.do(decide, Rulebook.CASES, LISTS, by=office.sam.actor, at=AT)
    case = await office.report()
    withdrawn = Resolution(ResolutionCode.WITHDRAWN, "never mind")
    await office.do(resolve, case.number, withdrawn, by=CUSTOMER, at=AT)
    assert (await office.do(close, case.number, by=CUSTOMER, at=AT)).status is Status.CLOSED


async def test_another_type_brings_its_own_list_and_keeps_what_is_ticked(office: Office) -> None:
    lists = {"checklists": {**LISTS["checklists"], "complaint": [{"id": "sorry", "text": "Say sorry"}]}}
    await office.do(decide, Rulebook.CASES, lists, by=office.sam.actor, at=AT)
    case = await office.report()
    by: dict[str, Any] = {"by": office.li.actor, "at": AT}
    await office.do(check_item, case.number, "backup", **by)
    now = await office.do(classify, case.number, CaseType.COMPLAINT, reason="They are angry", **by)
    assert [(item.id, item.done) for item in now.checklist] == [("backup", True), ("sorry", False)]
    with pytest.raises(TextMissing):
        await office.do(classify, case.number, CaseType.RETURN, reason=" ", **by)


async def test_items_of_ones_own_come_and_go(office: Office) -> None:
    case = await office.report()
    by: dict[str, Any] = {"by": office.li.actor, "at": AT}
    (item,) = (await office.do(add_check_item, case.number, " Call back ", **by)).checklist
    assert (item.text, item.required, item.done) == ("Call back", False, False)
    with pytest.raises(TextMissing):
        await office.do(add_check_item, case.number, "  ", **by)
    with pytest.raises(ChecklistItemNotFound):
        await office.do(check_item, case.number, "nothing", **by)
    assert (await office.do(drop_item, case.number, item.id, **by)).checklist == ()
    with pytest.raises(ChecklistItemNotFound):
        await office.do(drop_item, case.number, item.id, **by)


def test_a_desk_that_decided_nothing_has_rules_all_the_same() -> None:
    assert read_case_rules({}) == CaseRules()


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"reopen": 3}, "reopen"),
        ({"reopen_within_days": -1}, "reopen_within_days"),
        ({"close_after_days": True}, "close_after_days"),
        ({"close_after_days": float("inf")}, "close_after_days"),
        ({"checklists": []}, "checklists"),
        ({"checklists": {"party": []}}, "checklists.party"),
        ({"checklists": {"incident": [{"id": "A b", "text": "x"}]}}, "checklists.incident[0].id"),
        ({"checklists": {"incident": [{"id": "a", "text": " "}]}}, "checklists.incident[0].text"),
        ({"checklists": {"incident": [{"id": "a", "text": "x"}, {"id": "a", "text": "y"}]}}, "checklists.incident"),
    ],
)
def test_rules_that_make_no_sense_are_refused(document: dict[str, Any], where: str) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        read_case_rules(document)
    assert refused.value.where == where
