"""Whatever is done to a case in whatever order, its events tell the whole of it."""

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from caseengine.event_rows import KINDS, from_row, to_row
from caseengine.model.case import Case
from caseengine.model.errors import TransitionNotAllowed
from caseengine.model.lifecycle import TRANSITIONS, Verb
from tests.caseengine.office import facts
from tests.caseengine.test_lifecycle import DO, opened


def walked(verbs: Sequence[Verb]) -> Case:
    case = opened()
    for verb in verbs:
        expected = TRANSITIONS.get((case.status, verb))
        if expected is not None and verb is Verb.UNMERGE:
            expected = case.merged_from  # as it was, says the event
        try:
            DO[verb](case)
        except TransitionNotAllowed:
            assert expected is None
        else:
            assert case.status is expected
    return case


@given(st.lists(st.sampled_from(Verb), max_size=50))
def test_the_case_is_the_fold_of_its_events(verbs: list[Verb]) -> None:
    case = walked(verbs)
    assert facts(Case.fold(case.unsaved)) == facts(case)
    assert case.version == len(case.unsaved)


@given(st.lists(st.sampled_from(Verb), max_size=50))
def test_events_survive_their_rows(verbs: list[Verb]) -> None:
    for seq, event in enumerate(walked(verbs).unsaved, start=1):
        row = to_row(event, seq)
        row |= {name: json.loads(json.dumps(row[name])) for name in ("data", "internal")}
        assert from_row(cast("Any", SimpleNamespace(**row))) == event


def test_an_older_release_reads_a_newer_row() -> None:
    row = to_row(opened().unsaved[0], 1)
    row["data"] = {**row["data"], "mood": "cheerful"}
    assert type(from_row(cast("Any", SimpleNamespace(**row)))) is KINDS["CaseOpened"]
