"""A short play of everything in any order; the long one is tests/slow/test_machine.py."""

from pathlib import Path

from caseengine import operations
from tests.caseengine.machine import ACTS, play

ELSEWHERE = {"Opening", "Viewer", "case_for", "open_conversation"}
"""Not an act on a case: types, reading, and what the play begins with."""
SAID_OTHERWISE = {
    "open_case": "open",
    "ask_customer": "ask",
    "ask_third_party": "ask_outside",
    "hear_third_party": "hear_outside",
    "hear_customer": "hear",
    "add_to_case": "add",
    "identify_customer": "identify",
    "link_conversation": "go_on",
    "link_cases": "link",
    "resolve_with_children": "cascade",
    "add_check_item": "add_item",
    "check_item": "check",
    "answer_script": "script",
}

RELATED = (
    *(("merge",) * 6 + ("unmerge",) * 6 + ("split", "open", "reply", "ask", "hear", "add", "hand_over", "take")),
    *("clocks", "renew_promise", "prioritise", "classify", "ask_outside", "hear_outside", "resolve", "reopen_by_agent"),
)


def test_whatever_is_done_in_whatever_order(tmp_path: Path) -> None:
    tally = play(tmp_path, runs=8, steps=30)
    assert tally.total() > 30


def test_cases_that_are_merged_and_taken_apart_in_whatever_order(tmp_path: Path) -> None:
    tally = play(tmp_path, runs=8, steps=30, acts=RELATED)
    assert tally["unmerge"] > 0


def test_no_operation_is_left_out() -> None:
    acts = {SAID_OTHERWISE.get(name, name) for name in operations.__all__ if name not in ELSEWHERE}
    assert sorted(acts - set(ACTS)) == []
