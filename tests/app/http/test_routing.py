"""What agents and supervisors see and do of routing over the API."""

import asyncio
from datetime import timedelta

from app.jobs.routing import RoutingSweep
from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.model.events import CaseRated
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.model.skill import Skill
from caseengine.operations import resolve, take
from caseengine.rulebooks import Rulebook, decide
from caseengine.skills import WorkProfile, set_profile, set_skills
from tests.app.house import Served
from tests.caseengine.office import when

ROUTED = {"departments": {"tills": {"mode": "offer", "offer_s": 120, "callbacks": True}}}


async def opens(served: Served) -> RoutingSweep:
    async with served.database.unit_of_work() as work:
        await decide(work, Rulebook.ROUTING, ROUTED, by=SYSTEM, at=when("Mon 08:00"))
    return RoutingSweep(served.database, served.parts.catalogue.words, served.clock)


async def test_an_offer_is_seen_refused_and_taken_by_the_next(served: Served) -> None:
    sweep = await opens(served)
    li, mo = await served.agent(served.office.li), await served.agent(served.office.mo)
    for peer in (li, mo):
        answered = await peer.asks("PUT", "/api/presence", {"presence": "available"})
        assert answered.status == 204
    case = await served.office.report()
    await sweep.run()
    first, second = (li, mo) if (await li.gets("/api/offers"))["offers"] else (mo, li)
    (offer,) = (await first.gets("/api/offers"))["offers"]
    assert (offer["number"], offer["department_name"], offer["priority"]) == (case.number, "Tills", 3)
    assert offer["why"] == [{"code": "room", "about": ""}]
    address = f"/api/cases/{case.number}"
    assert (await second.asks("POST", f"{address}/offer/acceptance")).code == "routing.not_offered"
    await first.posts(f"{address}/offer/refusal", {"reason": "I am on the phone"})
    assert (await first.gets("/api/offers"))["offers"] == []
    served.clock.passes(seconds=5)
    await sweep.run()
    taken = await second.posts(f"{address}/offer/acceptance", None)
    assert taken["agent_name"] in ("Li", "Mo")
    told = await second.gets(f"{address}/assignments")
    assert [one["state"] for one in told["assignments"]] == ["declined", "accepted"]
    assert "declined" in [one["excluded"] for one in told["assignments"][1]["considered"]]
    assert told["now"] is None


async def test_an_offer_says_why_it_is_theirs_and_skills_are_listed_by_name(served: Served) -> None:
    sweep = await opens(served)
    li = await served.agent(served.office.li)
    assert await li.gets("/api/skills") == {"skills": []}
    async with served.database.unit_of_work() as work:
        await set_skills(work, [Skill("tills", "Tills of all kinds"), Skill("drums", "Drums")])
    async with served.database.unit_of_work() as work:
        await set_profile(work, served.office.li.id, WorkProfile(skills={"tills": 4}, languages=("de",)))
    listed = (await li.gets("/api/skills"))["skills"]
    assert listed == [{"id": "drums", "name": "Drums"}, {"id": "tills", "name": "Tills of all kinds"}]
    case = await served.office.report()
    await li.posts(f"/api/cases/{case.number}/return", {"skills": {"tills": 3}, "language": "de"})
    await li.asks("PUT", "/api/presence", {"presence": "available"})
    await sweep.run()
    (offer,) = (await li.gets("/api/offers"))["offers"]
    assert offer["why"] == [{"code": "skill", "about": "Tills of all kinds"}, {"code": "language", "about": "de"}]


async def test_why_nobody_has_it_yet(served: Served) -> None:
    await opens(served)
    case = await served.office.report()
    li = await served.agent(served.office.li)
    told = await li.gets(f"/api/cases/{case.number}/assignments")
    assert {(one["name"], one["excluded"]) for one in told["now"]} == {("Li", "offline"), ("Mo", "offline")}


async def test_supervisors_see_who_has_how_much_and_why_somebody_is_away(served: Served) -> None:
    await opens(served)
    li, sam = await served.agent(served.office.li), await served.agent(served.office.sam)
    case = await served.office.report()
    await li.posts(f"/api/cases/{case.number}/assignment", {})
    await li.asks("PUT", "/api/presence", {"presence": "away", "reason": "lunch"})
    assert (await li.asks("GET", "/api/agents/load")).code == "http.role_too_low"
    rows = {one["name"]: one for one in (await sam.gets("/api/agents/load"))["agents"]}
    assert (rows["Li"]["load"], rows["Li"]["presence"], rows["Li"]["reason"]) == (1, "away", "lunch")
    returned = await li.posts(f"/api/cases/{case.number}/return", {})
    assert returned["agent_id"] is None
    refused = await li.asks("POST", f"/api/cases/{case.number}/return", {"skills": {"juggling": 3}})
    assert refused.code == "routing.skills_invalid"


async def test_a_call_is_booked_out_of_real_slots(served: Served) -> None:
    await opens(served)
    case = await served.office.report()
    li = await served.agent(served.office.li)
    address = f"/api/cases/{case.number}"
    slots = (await li.gets(f"{address}/callback-slots?limit=2"))["slots"]
    assert [slot["free"] for slot in slots] == [2, 2]
    await li.posts(f"{address}/callback", {"starts_at": slots[0]["starts_at"]})
    assert (await li.gets(f"{address}/callback-slots?limit=1"))["slots"][0]["free"] == 1
    refused = await li.asks("POST", f"{address}/callback", {"starts_at": "2026-03-02T03:00:00Z"})
    assert refused.code == "routing.slot_taken"
    await li.posts(f"{address}/callback/outcome", {"how": "cancelled"})
    assert (await li.asks("POST", f"{address}/callback/outcome", {"how": "kept"})).code == "routing.no_callback"


async def test_everybody_sees_the_calls_they_have_to_make(served: Served) -> None:
    """The case shows whom to call and who does, and so does the list; both follow what comes of it."""
    await opens(served)
    case = await served.office.report(claimed={"phone": "+447700900212"})
    sam, address = await served.agent(served.office.sam), f"/api/cases/{case.number}"
    seen = await sam.gets(address)
    assert (seen["callback"], seen["takes_callbacks"]) == (None, True)
    slots = (await sam.gets(f"{address}/callback-slots"))["slots"]
    seen = await sam.posts(f"{address}/callback", {"starts_at": slots[0]["starts_at"]})
    booked = seen["callback"]
    assert (booked["starts_at"], booked["state"]) == (slots[0]["starts_at"], "booked")
    assert (booked["phone"], booked["zone"], booked["holder_id"]) == ("+447700900212", "", None)
    assert seen["due_at"] == booked["starts_at"]  # what the customer hears first

    people = {str(one.id): one for one in (served.office.li, served.office.mo)}
    owner = await served.agent(people.pop(booked["agent_id"]))
    other = await served.agent(next(iter(people.values())))
    (mine,) = (await owner.gets("/api/callbacks"))["callbacks"]
    assert mine == {**booked, **{name: mine[name] for name in set(mine) - set(booked)}}
    assert (mine["number"], mine["department_name"], mine["contact_name"]) == (case.number, "Tills", None)
    assert (await other.gets("/api/callbacks"))["callbacks"] == []
    assert len((await sam.gets("/api/callbacks"))["callbacks"]) == 1
    assert (await sam.gets("/api/callbacks?mine=true"))["callbacks"] == []

    again = {"how": "unreached", "next_at": slots[3]["starts_at"], "version": seen["version"]}
    seen = await owner.posts(f"{address}/callback/outcome", again)
    assert (seen["callback"]["starts_at"], seen["callback"]["agent_id"]) == (again["next_at"], booked["agent_id"])
    never = again | {"next_at": when("Mon 03:00").isoformat(), "version": seen["version"]}
    assert (await owner.asks("POST", f"{address}/callback/outcome", never)).code == "routing.slot_taken"
    seen = await owner.posts(f"{address}/callback/outcome", {"how": "kept"})
    assert (seen["callback"], seen["due_at"]) == (None, None)
    entries = (await owner.gets(f"{address}/timeline"))["entries"]
    told = [one["data"] for one in entries if one["kind"].startswith("Callback")]
    assert [one.get("how", "booked") for one in told] == ["booked", "unreached", "booked", "kept"]
    assert {one["agent_name"] for one in told} == {booked["agent_name"]}
    again["version"] = seen["version"]
    assert (await owner.asks("POST", f"{address}/callback/outcome", again)).code == "routing.no_callback"


async def test_who_was_not_reached_is_tried_again_once_whoever_says_so_meanwhile(served: Served) -> None:
    await opens(served)
    case = await served.office.report()
    li, mo = await served.agent(served.office.li), await served.agent(served.office.mo)
    address = f"/api/cases/{case.number}"
    first, *later = [one["starts_at"] for one in (await li.gets(f"{address}/callback-slots"))["slots"]]
    seen = await li.posts(f"{address}/callback", {"starts_at": first})
    again = {"how": "unreached", "next_at": later[0]}
    blind = await li.asks("POST", f"{address}/callback/outcome", again)
    assert (blind.status, blind.code) == (422, "http.body_invalid")
    told = {"version": seen["version"]}
    answered = await asyncio.gather(
        li.asks("POST", f"{address}/callback/outcome", again | told),
        mo.asks("POST", f"{address}/callback/outcome", again | told | {"next_at": later[1]}),
    )
    assert sorted(one.status for one in answered) == [200, 409]
    assert next(one.code for one in answered if one.status == 409) == "case.changed"
    entries = (await li.gets(f"{address}/timeline"))["entries"]
    told_of = [one["data"] for one in entries if one["kind"].startswith("Callback")]
    assert [one.get("how", "booked") for one in told_of] == ["booked", "unreached", "booked"]


async def test_nobody_is_to_be_called_about_a_case_that_has_ended(served: Served) -> None:
    """What is booked already can still be ended."""
    await opens(served)
    case = await served.office.report()
    li, address = await served.agent(served.office.li), f"/api/cases/{case.number}"
    first, later, *_ = [one["starts_at"] for one in (await li.gets(f"{address}/callback-slots"))["slots"]]
    await li.posts(f"{address}/callback", {"starts_at": first})
    solved = Resolution(ResolutionCode.SOLVED, "Replaced the drum")
    await served.office.do(resolve, case.number, solved, by=served.office.li.actor, at=served.clock())
    version = (await li.gets(address))["version"]
    again = {"how": "unreached", "next_at": later, "version": version}
    for what, body in (("callback", {"starts_at": later}), ("callback/outcome", again)):
        assert (await li.asks("POST", f"{address}/{what}", body)).code == "case.transition_not_allowed", what
    assert (await li.gets(address))["callback"]["starts_at"] == first
    assert (await li.posts(f"{address}/callback/outcome", {"how": "unreached"}))["callback"] is None


async def test_a_case_says_how_long_it_waits_and_what_its_customer_said(served: Served) -> None:
    await opens(served)
    li = await served.agent(served.office.li)
    by, now = {"by": served.office.li.actor}, served.clock()
    solved = Resolution(ResolutionCode.SOLVED, "A new part")
    for minute in range(5):
        case = await served.office.report()
        await served.office.do(take, case.number, **by, at=now - timedelta(minutes=20 - minute))
        await served.office.do(resolve, case.number, solved, **by, at=now - timedelta(minutes=10 - minute))
    waits, rated = await served.office.report(), f"/api/cases/{case.number}"
    assert (await li.gets(f"/api/cases/{waits.number}"))["expected_wait_s"] is None  # nobody is there
    await li.asks("PUT", "/api/presence", {"presence": "available"})
    assert (await li.gets(f"/api/cases/{waits.number}"))["expected_wait_s"] == 100  # six at once
    told = await li.gets(rated)
    assert (told["expected_wait_s"], told["csat"], told["effort"]) == (None, None, None)

    async with served.database.unit_of_work() as work:
        found = await Cases(work).by_id(case.id)
        found.record(CaseRated(case_id=case.id, actor=SYSTEM, at=now, survey_id=case.id, csat=4, effort=2))
    told = await li.gets(rated)
    assert (told["csat"], told["effort"]) == (4, 2)


async def test_a_department_that_takes_no_callbacks_says_so(served: Served) -> None:
    case = await served.office.report()
    li = await served.agent(served.office.li)
    address = f"/api/cases/{case.number}"
    assert (await li.gets(f"{address}/callback-slots"))["slots"] == []
    refused = await li.asks("POST", f"{address}/callback", {"starts_at": "2026-03-02T10:00:00Z"})
    assert (refused.status, refused.code) == (409, "routing.callbacks_off")


async def test_a_case_is_returned_for_somebody_who_speaks_a_language(served: Served) -> None:
    case = await served.office.report()
    li = await served.agent(served.office.li)
    await li.posts(f"/api/cases/{case.number}/assignment", {})
    await li.posts(f"/api/cases/{case.number}/return", {"language": "de"})
    assert (await served.office.case(case)).needs == {"skills": {}, "language": "de"}
