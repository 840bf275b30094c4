"""Merging, splitting, families of cases, forms and scripts over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.errors import CaseNotFound
from caseengine.operations import Viewer, add_to_case, case_for
from caseengine.rulebooks import decide
from customers.assurance import Assurances
from tests.app.house import Peer, Served
from tests.caseengine.machine import RULEBOOKS
from tests.caseengine.office import CUSTOMER, when

SOLVED = {"code": "solved", "text": "Replaced the drum."}


@pytest.fixture
async def li(served: Served) -> Peer:
    return await served.agent(served.office.li)


async def decided(served: Served) -> None:
    for kind, document in RULEBOOKS.items():
        await served.office.do(decide, kind, document, by=served.office.sam.actor, at=when("Mon 08:00"))


def at(case: Case, noun: str = "") -> str:
    return f"/api/cases/{case.number}" + (f"/{noun}" if noun else "")


async def refused(peer: Peer, path: str, body: dict[str, Any]) -> str:
    return (await peer.asks("POST", path, body)).code


async def test_a_duplicate_is_found_merged_told_to_the_customer_and_undone(served: Served, li: Peer) -> None:
    contact = await served.office.contact()
    chat = await served.office.chat()
    first = await served.office.report("The till drawer jams", contact_id=contact)
    second = await served.office.report_in(chat, "Till drawer jams again", contact_id=contact)
    found = await li.gets(at(second, "alike"))
    assert [(one["number"], one["reasons"]) for one in found["duplicates"]] == [(first.number, ["words"])]
    merged = await li.posts(at(second, "merge"), {"into": first.number, "version": second.version})
    assert (merged["status"], merged["merged_into"]["number"]) == ("merged", first.number)
    assert "merge" not in merged["can"]
    assert "unmerge" in merged["can"]
    assert (await li.gets(at(first)))["merged"] == [second.number]
    (said,) = await served.office.log(chat)
    assert first.number in said.body["text"]
    numbers = {entry["number"] for entry in (await li.gets(at(first, "timeline")))["entries"]}
    assert numbers == {first.number, second.number}
    assert (await li.posts(at(second, "unmerge"), {}))["status"] == "new"


async def test_what_cannot_be_merged_says_why(served: Served, li: Peer) -> None:
    mine = await served.office.report(contact_id=await served.office.contact())
    theirs = await served.office.report(contact_id=await served.office.contact("Bo"))
    hidden = await served.office.report(department="deliveries")
    assert await refused(li, at(mine, "merge"), {"into": mine.number}) == "case.itself"
    assert await refused(li, at(mine, "merge"), {"into": theirs.number}) == "case.customers_differ"
    assert await refused(li, at(mine, "merge"), {"into": hidden.number}) == "case.not_found"
    assert await refused(li, at(mine, "unmerge"), {}) == "case.transition_not_allowed"


async def test_a_second_problem_is_split_off(served: Served, li: Peer) -> None:
    case = await served.office.report_in(await served.office.chat())
    made = await li.posts(at(case, "split"), {"subject": "A missing pallet", "text": "And a pallet is missing."})
    second = await li.gets(f"/api/cases/{made['number']}")
    assert [one["number"] for one in second["linked"]] == [case.number]
    assert second["description"] == "And a pallet is missing."


async def test_a_family_ends_together_and_who_stays_is_named(served: Served, li: Peer) -> None:
    await decided(served)
    parent, child = await served.office.report(), await served.office.report_in(await served.office.chat())
    unhappy = await served.office.report(case_type="complaint")
    for one in (child, unhappy):
        await li.posts(at(one, "parent"), {"parent": parent.number})
    assert await refused(li, at(parent, "parent"), {"parent": child.number}) == "case.parent_cycle"
    assert [one["number"] for one in (await li.gets(at(parent, "children")))["cases"]] == [child.number, unhappy.number]
    done = await li.posts(at(parent, "cascade"), SOLVED)
    assert done == {
        "resolved": [child.number],
        "refused": [{"number": unhappy.number, "code": "case.checklist_open"}],
        "hidden": 0,
        "after": unhappy.number,
        "remaining": 0,
    }
    shown = await li.gets(at(parent))
    assert (shown["children"], shown["live_children"]) == (2, 1)
    assert (await li.posts(at(unhappy, "parent-removal"), {}))["parent"] is None


async def test_a_form_a_list_and_a_script_are_filled_in_before_the_end(served: Served, li: Peer) -> None:
    await decided(served)
    case = await served.office.report(case_type="complaint")
    assert (await li.gets(at(case, "form")))["form"]["required"] == ["till"]
    answered = await li.asks("POST", at(case, "fields"), {"values": {"till": 0}})
    assert answered.json["problems"] == [{"field": "till", "problem": "minimum"}]
    assert await refused(li, at(case, "resolution"), SOLVED) == "case.checklist_open"
    await li.posts(at(case, "checklist/sorry"), {})
    assert (await li.gets(at(case)))["form_problems"] == [{"field": "till", "problem": "required"}]
    assert await refused(li, at(case, "resolution"), SOLVED) == "case.fields_invalid"
    assert [one["id"] for one in (await li.gets("/api/scripts"))["scripts"]] == ["down"]
    assert (await li.gets(at(case, "scripts/down")))["asked"]["id"] == "which"
    assert await refused(li, at(case, "scripts/down/answers"), {"step": "sells", "answer": True}) == (
        "script.step_not_now"
    )
    assert await refused(li, at(case, "scripts/up/answers"), {"step": "which", "answer": 4}) == "script.not_found"
    filled = await li.posts(at(case, "scripts/down/answers"), {"step": "which", "answer": 4})
    assert filled["fields"] == {"till": 4}
    run = await li.gets(at(case, "scripts/down"))
    which = {"step": "which", "question": "Which?", "kind": "number", "choices": [], "answer": 4}
    assert (run["answered"], run["asked"]["kind"]) == ([which], "yes_no")
    assert (await li.posts(at(case, "resolution"), SOLVED))["status"] == "resolved"


async def test_tags_watchers_items_and_type(served: Served, li: Peer) -> None:
    case = await served.office.report()
    assert (await li.posts(at(case, "tags"), {"add": ["Key Account"]}))["tags"] == ["key-account"]
    assert await refused(li, at(case, "tags"), {"add": ["--"]}) == "case.tag_invalid"
    assert (await li.posts(at(case, "watch"), {}))["watchers"] == [{"id": str(served.office.li.id), "name": "Li"}]
    assert (await li.posts(at(case, "unwatch"), {}))["watchers"] == []
    (item,) = (await li.posts(at(case, "checklist"), {"text": "Ring", "required": True}))["checklist"]
    assert (await li.posts(at(case, f"checklist/{item['id']}/removal"), {}))["checklist"] == []
    assert await refused(li, at(case, "checklist/nothing"), {}) == "case.checklist_item_not_found"
    changed = await li.posts(at(case, "classification"), {"case_type": "question", "reason": "Only asking"})
    assert changed["case_type"] == "question"


async def test_two_cases_are_linked_and_unlinked_from_either_side(served: Served, li: Peer) -> None:
    first, second = await served.office.report(), await served.office.report("The drawer jams")
    hidden = await served.office.report(department="deliveries")
    linked = await li.posts(at(first, "links"), {"other": second.number, "version": first.version})
    assert [one["number"] for one in linked["linked"]] == [second.number]
    assert [one["number"] for one in (await li.gets(at(second)))["linked"]] == [first.number]
    assert await refused(li, at(first, "links"), {"other": first.number}) == "case.itself"
    assert await refused(li, at(first, "links"), {"other": hidden.number}) == "case.not_found"
    assert (await li.posts(at(second, "links/removal"), {"other": first.number}))["linked"] == []
    assert (await li.gets(at(first)))["linked"] == []
    for case in (first, second):
        await served.office.rows_equal_fold(case)


async def test_a_case_that_goes_on_from_another_stays_linked_with_it(served: Served, li: Peer) -> None:
    ended = await served.office.report()
    await li.posts(at(ended, "resolution"), SOLVED)
    async with served.database.unit_of_work() as work:
        ended = await Cases(work).by_id(ended.id)
        later = await add_to_case(work, ended, "Again", by=CUSTOMER, at=when("Mon 10:00") + timedelta(days=30))
    assert await refused(li, at(later, "links/removal"), {"other": ended.number}) == "case.follows"


async def test_who_rang_goes_on_in_the_chat_and_the_chat_may_read_no_more(served: Served, li: Peer) -> None:
    contact = await served.office.contact()
    chat = await served.office.chat()
    written = await served.office.report_in(chat, contact_id=contact)
    asked = {"key": "the-call-at-nine", "subject": "And a pallet", "department": "tills", "contact_id": str(contact)}
    rang = (await li.posts("/api/cases", asked))["case"]
    path = f"/api/cases/{rang['number']}"
    theirs = await served.office.report(contact_id=await served.office.contact("Bo"))
    assert await refused(li, at(written, "conversation"), {"other": rang["number"]}) == "case.no_conversation"
    assert await refused(li, at(theirs, "conversation"), {"other": written.number}) == "case.customers_differ"

    there = await li.posts(f"{path}/conversation", {"other": written.number})
    assert there["conversation"]["id"] == str(chat)
    await li.posts(f"{path}/assignment", {})
    await li.posts(f"{path}/replies", {"key": "a-key-of-mine", "text": "It is on the van"})
    assert "It is on the van" in str([row.body for row in await served.office.log(chat)])
    async with served.database.unit_of_work() as work:
        viewer = Viewer(chat, await Assurances(work).of(chat, at=when("Mon 10:00")))
        assert (await case_for(work, written.number, viewer)).id == written.id
        with pytest.raises(CaseNotFound):
            await case_for(work, rang["number"], viewer)


async def test_the_priority_follows_impact_and_urgency_until_somebody_gives_another(served: Served, li: Peer) -> None:
    case = await served.office.report()
    wider = await li.posts(at(case, "classification"), {"impact": 1, "reason": "Every till"})
    assert (wider["impact"], wider["urgency"], wider["priority"]) == (1, 2, 2)
    await li.posts(at(case, "priority"), {"priority": 1, "reason": "It is Saturday"})
    narrow = await li.posts(at(case, "classification"), {"urgency": 1, "impact": 2, "reason": "Only two"})
    assert (narrow["impact"], narrow["urgency"], narrow["priority"]) == (2, 1, 1)
    await li.posts(at(case, "priority"), {"priority": 2, "reason": "As it follows"})
    calm = await li.posts(at(case, "classification"), {"case_type": "question", "urgency": 3, "reason": "Asking"})
    assert (calm["case_type"], calm["priority"]) == ("question", 4)
    assert await refused(li, at(case, "classification"), {"reason": "Nothing"}) == "http.body_invalid"
    assert await refused(li, at(case, "classification"), {"impact": 1, "reason": " "}) == "case.text_missing"
    kinds = [entry["kind"] for entry in (await li.gets(at(case, "timeline")))["entries"]]
    assert (kinds.count("CaseAssessed"), kinds.count("CasePrioritised")) == (3, 4)
    await served.office.rows_equal_fold(case)


async def test_what_a_case_needs_is_said(served: Served, li: Peer) -> None:
    case = await served.office.report()
    assert await refused(li, at(case, "needs"), {"skills": {"ovens": 2}}) == "routing.skills_invalid"
    await li.posts(at(case, "needs"), {"skills": {}, "language": "de"})
    assert (await served.office.case(case)).needs == {"skills": {}, "language": "de"}
