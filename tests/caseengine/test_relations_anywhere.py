"""The queries of relations, alike, timeline and closing on every database we run on."""

from datetime import timedelta
from typing import Any

import pytest

from app.jobs.closing import Closing
from caseengine.model.case_errors import ParentCycle
from caseengine.model.lifecycle import Status
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import (
    answer_script,
    case_for,
    merge,
    resolve_with_children,
    set_parent,
    tag,
    unmerge,
    watch,
)
from caseengine.operations.scripting import script_run
from caseengine.reading.alike import compare, gather
from caseengine.reading.case_view import case_view
from caseengine.reading.timeline import timeline
from caseengine.rulebooks import decide
from customers.assurance import Level
from storage.engine import Database
from tests.caseengine.machine import RULEBOOKS
from tests.caseengine.office import Office, when
from tests.caseengine.test_access import person, viewer

SOLVED = Resolution(ResolutionCode.SOLVED, "Done")


@pytest.fixture
async def anywhere(any_database: Database) -> Office:
    office = Office(any_database)
    await office.furnish()
    for kind, document in RULEBOOKS.items():
        await office.do(decide, kind, document, by=office.sam.actor, at=when("Mon 08:00"))
    return office


async def test_a_family_is_found_merged_and_ended(anywhere: Office) -> None:
    office, ana = anywhere, await person(anywhere.database)
    by: dict[str, Any] = {"by": office.li.actor, "at": when("Mon 10:00")}
    chat = await office.chat()
    top, middle = await office.report("Card readers are offline"), await office.report("Card readers offline here")
    low = await office.report_in(chat, "Card reader offline", contact_id=ana, reply_address="ana@x.example")
    twin = await office.report_in(chat, "The card reader is offline", contact_id=ana, reply_address="ana@x.example")
    await office.do(set_parent, middle.number, top.number, **by)
    await office.do(set_parent, low.number, middle.number, **by)
    with pytest.raises(ParentCycle):
        await office.do(set_parent, top.number, low.number, **by)
    found = await compare(await office.see(gather, twin.id))
    assert [one.number for one in found.duplicates] == [low.number]
    assert top.number in [one.number for one in found.known_problem]
    await office.do(merge, twin.number, low.number, **by)
    known = viewer(None, Level.ANONYMOUS, cases=frozenset({twin.id}))
    assert (await office.do(case_for, low.number, known)).id == low.id
    assert {line.number for line in await office.see(timeline, low.id, public_only=True)} == {twin.number, low.number}
    await office.do(unmerge, twin.number, **by)
    done = await office.do(resolve_with_children, top.number, SOLVED, **by)
    assert done.resolved == (middle.number, low.number)
    later = when("Mon 10:00") + timedelta(days=6)
    await Closing(office.database, lambda: later).run()
    assert (await office.case(top)).status is Status.CLOSED
    for case in (top, middle, low, twin):
        await office.rows_equal_fold(case)


async def test_what_is_kept_on_a_case_is_read_again(anywhere: Office) -> None:
    office = anywhere
    by: dict[str, Any] = {"by": office.li.actor, "at": when("Mon 10:00")}
    case = await office.report(case_type="complaint")
    await office.do(tag, case.number, add=["Später"], **by)
    await office.do(watch, case.number, **by)
    await office.do(answer_script, case.number, "down", "which", 4, **by)
    view = await office.see(case_view, office.li, case.number)
    assert (view.kept.tags, [agent.name for agent in view.kept.watchers]) == (["später"], ["Li"])
    assert (view.fields, view.kept.form_problems) == ({"till": 4}, [])
    assert [item.text for item in view.checklist] == ["Say sorry"]
    run = await office.see(script_run, case.id, "down")
    assert (run.version, run.asked and run.asked.id) == (1, "sells")
    await office.rows_equal_fold(case)
