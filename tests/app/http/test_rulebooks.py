"""Rulebooks over the API: supervisors write them, one does not overwrite the other, and nonsense is refused."""

from typing import Any

import pytest

from app.jobs.rules import Rules
from caseengine.rulebooks import Rulebook, rulebook
from tests.app.house import Peer, Served
from tests.app.jobs.ruled import rule, tag, waiting

RULES = "/api/rulebooks/rules"
DRAFT = {"rules": [rule("tills", when={"fact": "words", "contains": "till"}, then=[tag("till")])]}


@pytest.fixture
async def sam(served: Served) -> Peer:
    return await served.agent(served.office.sam)


async def test_a_supervisor_puts_rules_in_force_and_they_work(served: Served, sam: Peer) -> None:
    assert (await sam.gets(RULES))["version"] == 0
    answered = await sam.asks("PUT", RULES, {"document": DRAFT, "version": 0})
    assert (answered.status, answered.json["version"], answered.json["document"]) == (200, 1, DRAFT)
    assert answered.json["versions"] == [{"version": 1, "by": "Sam", "at": "2026-03-02T10:00:00Z"}]
    listed = {one["kind"]: one["by"] for one in (await sam.gets("/api/rulebooks"))["rulebooks"]}
    assert (listed["rules"], listed["sla"]) == ("Sam", None)

    case = await served.office.report("The till jams", at="Mon 10:00")
    await Rules(served.database, served.clock).run()
    assert (await served.office.case(case)).tags == ("till",)


async def test_the_same_document_again_is_no_new_version(sam: Peer) -> None:
    for _ in range(2):
        answered = await sam.asks("PUT", RULES, {"document": DRAFT})
    assert answered.json["version"] == 1


@pytest.mark.parametrize(("before", "after"), [(1, True), (False, 0), (1, 1.0)])
async def test_a_value_of_another_type_is_another_document(sam: Peer, before: object, after: object) -> None:
    for place, const in enumerate((before, after), start=1):
        form = {"type": "object", "properties": {"seen": {"const": const}}}
        answered = await sam.asks("PUT", "/api/rulebooks/forms", {"document": {"forms": {"return": form}}})
        assert answered.json["version"] == place
        kept = answered.json["document"]["forms"]["return"]["properties"]["seen"]["const"]
        assert (type(kept), kept) == (type(const), const)


async def test_who_looked_at_an_older_version_is_told_so(sam: Peer) -> None:
    await sam.asks("PUT", RULES, {"document": DRAFT, "version": 0})
    answered = await sam.asks("PUT", RULES, {"document": {}, "version": 0})
    assert (answered.status, answered.code, answered.json["found"]) == (409, "rulebook.changed", 1)
    assert (await sam.gets(RULES))["document"] == DRAFT


@pytest.mark.parametrize(
    ("then", "where", "problem"),
    [
        ([{"do": "explode"}], "rules[0].then[0].do", "unknown_action"),
        ([{"do": "move", "department": "moon"}], "rules[0].then[0].department", "unknown_department"),
        ([{"do": "assign", "agent": "x@y.example"}], "rules[0].then[0].agent", "unknown_agent"),
        ([{"do": "fill", "values": {"till": 2**63}}], "rules[0].then[0].values.till", "not_json"),
        ([{"do": "note", "text": "a\x00b"}], "rules[0].then[0].text", "not_json"),
    ],
)
async def test_nonsense_is_refused_with_its_place(
    served: Served, sam: Peer, then: list[dict[str, Any]], where: str, problem: str
) -> None:
    body = {"document": {"rules": [rule("x", then=then)]}}
    for method, path in (("PUT", RULES), ("POST", f"{RULES}/check"), ("POST", f"{RULES}/dry-run")):
        answered = await sam.asks(method, path, body)
        assert (answered.status, answered.code) == (422, "rulebook.invalid"), path
        assert (answered.json["where"], answered.json["problem"]) == (where, problem)
    assert (await served.office.see(rulebook, Rulebook.RULES)).version == 0


async def test_a_sound_draft_passes_the_check_and_changes_nothing(served: Served, sam: Peer) -> None:
    assert (await sam.asks("POST", f"{RULES}/check", {"document": DRAFT})).status == 204
    assert (await served.office.see(rulebook, Rulebook.RULES)).version == 0


async def test_there_is_no_rulebook_of_another_name(sam: Peer) -> None:
    for method, path in (("GET", ""), ("PUT", ""), ("POST", "/check")):
        answered = await sam.asks(
            method, f"/api/rulebooks/nonsense{path}", {"document": {}} if method != "GET" else None
        )
        assert answered.code == "rulebook.not_found"


async def test_a_dry_run_tells_what_a_draft_would_have_done(served: Served, sam: Peer) -> None:
    till = await served.office.report("The till jams", at="Mon 09:00")
    other = await served.office.report("Delivery", at="Mon 09:00", department="deliveries")
    late = waiting("late", hours=0.5, since="opened", time="wall", then=[{"do": "set_priority", "priority": 1}])
    draft = {"rules": [*DRAFT["rules"], late]}

    answered = await sam.posts(f"{RULES}/dry-run", {"document": draft})
    assert answered["looked_at"] == 2
    told = {one["number"]: {each["what"]: each["draft"] for each in one["differences"]} for one in answered["cases"]}
    assert told == {
        till.number: {"priority": 1, "tags": ["till"], "fired": ["tills", "late"]},
        other.number: {"priority": 1, "fired": ["late"]},
    }
    one = await sam.posts(f"{RULES}/dry-run", {"document": draft, "number": other.number})
    assert [found["number"] for found in one["cases"]] == [other.number]
    assert (await served.office.case(till)).tags == ()


async def test_a_dry_run_of_service_levels_and_of_routing(served: Served, sam: Peer) -> None:
    case = await served.office.report("The till jams", at="Mon 09:00")
    sla = {"policies": {"default": {"targets": {"first_response": "1h"}}}}
    (answered,) = (await sam.posts("/api/rulebooks/sla/dry-run", {"document": sla}))["cases"]
    assert answered["number"] == case.number
    assert "first_response.1.due_at" in {one["what"] for one in answered["differences"]}
    routed = await sam.posts("/api/rulebooks/routing/dry-run", {"document": {"default": {"mode": "assign"}}})
    assert routed == {"looked_at": 1, "cases": []}
    wrong = await sam.asks("POST", "/api/rulebooks/sla/dry-run", {"document": {"choose": {"default": "gold"}}})
    assert (wrong.code, wrong.json["where"]) == ("rulebook.invalid", "choose.default")
    for kind in ("forms", "nonsense"):
        answered = await sam.asks("POST", f"/api/rulebooks/{kind}/dry-run", {"document": {}})
        assert answered.code == "rulebook.not_found"


async def test_a_dry_run_of_no_case_is_refused(sam: Peer) -> None:
    answered = await sam.asks("POST", f"{RULES}/dry-run", {"document": DRAFT, "number": "CAS-00009-0000"})
    assert answered.code == "case.not_found"


@pytest.mark.parametrize(
    "wanting",
    [
        {"required": ["serial"]},
        {"dependentRequired": {"device": ["serial"]}},
        {"dependentSchemas": {"serial": {}}},
        {"if": {"required": ["device"]}, "then": {"allOf": [{"required": ["serial"]}]}},
    ],
)
async def test_a_form_wants_nothing_it_has_no_field_for(served: Served, sam: Peer, wanting: dict[str, Any]) -> None:
    form = {"type": "object", "properties": {"device": {"type": "string"}}, **wanting}
    refused = await sam.asks("PUT", "/api/rulebooks/forms", {"document": {"forms": {"return": form}}})
    assert (refused.status, refused.json["where"]) == (422, "forms.return.required.serial")
    form["else"] = {"properties": {"serial": {"type": "string"}}}
    assert (await sam.asks("PUT", "/api/rulebooks/forms", {"document": {"forms": {"return": form}}})).status == 200
