"""Whatever `can` of a case names, an agent can ask for: by a route that leaves a fact of that verb."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from caseengine.agents import Presence
from caseengine.cases import Cases, history
from caseengine.model.case import Case
from caseengine.model.case_type import CaseType
from caseengine.model.lifecycle import ASKED_BY_AGENTS, Verb
from caseengine.model.skill import Skill
from caseengine.operations.delivering import delivery_lost
from caseengine.operations.routing import route
from caseengine.rulebooks import Rulebook, decide
from caseengine.skills import set_skills
from tests.app.house import Peer, Served
from tests.caseengine.machine import RULEBOOKS
from tests.caseengine.office import Office, agent_is, when

AT = when("Mon 10:00")
WORDS = {"key": "a-key-of-mine", "text": "Hello"}
SOLVED = {"code": "solved", "text": "Done"}
Body = Callable[[str], dict[str, Any]]
ASKS: dict[Verb, tuple[str, Body]] = {
    Verb.ASSIGN: ("assignment", lambda _: {}),
    Verb.REPLY: ("replies", lambda _: WORDS),
    Verb.NOTE: ("notes", lambda _: WORDS),
    Verb.ASK_CUSTOMER: ("questions", lambda _: WORDS),
    Verb.ASK_THIRD_PARTY: ("third-party/questions", lambda _: {"text": "A part"}),
    Verb.HEAR_THIRD_PARTY: ("third-party/answers", lambda _: {"text": "Sent"}),
    Verb.HAND_BACK: ("hand-back", lambda _: {}),
    Verb.ESCALATE: ("escalation", lambda _: {"reason": "x"}),
    Verb.PRIORITISE: ("priority", lambda _: {"priority": 1, "reason": "x"}),
    Verb.MOVE: ("move", lambda _: {"department": "deliveries", "reason": "x"}),
    Verb.LINK: ("links", lambda other: {"other": other}),
    Verb.RESOLVE: ("resolution", lambda _: SOLVED),
    Verb.REOPEN: ("reopening", lambda _: {"reason": "x"}),
    Verb.CLOSE: ("closing", lambda _: {}),
    Verb.MERGE: ("merge", lambda other: {"into": other}),
    Verb.UNMERGE: ("unmerge", lambda _: {}),
    Verb.SPLIT: ("split", lambda _: {"subject": "Another", "text": "And another"}),
    Verb.ATTACH: ("parent", lambda other: {"parent": other}),
    Verb.DETACH: ("parent-removal", lambda _: {}),
    Verb.CLASSIFY: ("classification", lambda _: {"case_type": "question", "reason": "x"}),
    Verb.FILL: ("fields", lambda _: {"values": {"till": 4}}),
    Verb.TAG: ("tags", lambda _: {"add": ["vip"]}),
    Verb.WATCH: ("watch", lambda _: {}),
    Verb.CHECK: ("checklist", lambda _: {"text": "Ring"}),
    Verb.ANSWER_SCRIPT: ("scripts/down/answers", lambda _: {"step": "which", "answer": 4}),
    Verb.REQUIRE: ("needs", lambda _: {"skills": {"ovens": 2}}),
    Verb.END_OFFER: ("offer/refusal", lambda _: {"reason": "Busy"}),
    Verb.RETURN: ("return", lambda _: {}),
    Verb.BOOK: ("callback", lambda _: {"starts_at": "2026-03-02T11:00:00Z"}),
    Verb.END_CALL: ("callback/outcome", lambda _: {"how": "kept"}),
    Verb.RESEND: ("deliveries", lambda _: {"lost": 0}),
}
"""Each verb with the route that asks for it; what goes in may name another case of the same customer."""
ROUTING = {"departments": {"tills": {"mode": "offer", "callbacks": True}}, "callbacks": {"slot_s": 3_600}}


def test_every_verb_that_agents_ask_for_has_a_route(served: Served) -> None:
    assert set(ASKS) == set(ASKED_BY_AGENTS)
    posted = {one.path for one in served.endpoints if one.method == "POST"}
    named = {f"/api/cases/{{number}}/{noun}".replace("/down/", "/{script}/") for noun, _ in ASKS.values()}
    assert named <= posted


@pytest.mark.parametrize("verb", sorted(ASKS))
async def test_what_is_named_leaves_its_fact(served: Served, verb: Verb) -> None:
    li, case, other = await stage(served, verb)
    noun, body = ASKS[verb]
    assert verb in (await li.gets(f"/api/cases/{case.number}"))["can"]
    before = len(await served.office.see(history, case.id))
    told = body(other.number) | ({"lost": before} if verb is Verb.RESEND else {})
    answered = await li.asks("POST", f"/api/cases/{case.number}/{noun}", told)
    assert answered.status in (200, 204), answered
    assert verb in {event.verb for event in (await served.office.see(history, case.id))[before:]}


async def stage(served: Served, verb: Verb) -> tuple[Peer, Case, Case]:
    """Li, a case from which the verb can be asked for, and another of the same customer."""
    office, contact, chat = served.office, await served.office.contact(), await served.office.chat()
    await office.do(set_skills, [Skill("ovens", "Ovens")])
    for kind, document in (RULEBOOKS | {Rulebook.ROUTING: ROUTING}).items():
        await office.do(decide, kind, document, by=office.sam.actor, at=when("Mon 08:00"))
    await office.do(agent_is, office.li, Presence.AVAILABLE, at=AT)
    case_type = CaseType.COMPLAINT if verb in (Verb.FILL, Verb.ANSWER_SCRIPT) else CaseType.INCIDENT
    case = await office.report_in(chat, contact_id=contact, case_type=case_type)
    other = await office.report("Another", contact_id=contact)
    li = await served.agent(office.li)
    for noun, body in BEFORE.get(verb, ()):
        await li.posts(f"/api/cases/{case.number}/{noun}", body(other.number))
    if verb in HAPPENS:
        await HAPPENS[verb](office, case, chat)
    return li, case, other


async def is_offered(office: Office, case: Case, _: UUID) -> None:
    async with office.database.unit_of_work() as work:
        await route(work, await Cases(work).by_id(case.id), at=AT)


async def is_handed_over(office: Office, case: Case, chat: UUID) -> None:
    await office.hand_over(chat, case)


async def is_lost(office: Office, _: Case, chat: UUID) -> None:
    (said,) = [row for row in await office.log(chat) if row.body["sender"]["role"] == "agent"]
    payload = {"channel": "webchat", "conversation": str(chat), "key": said.key, "again": 0}
    await office.do(delivery_lost, payload, why="no_answer", doubtful=True, at=AT)


TAKEN = ASKS[Verb.ASSIGN]
BEFORE: dict[Verb, tuple[tuple[str, Body], ...]] = {
    **dict.fromkeys((Verb.REPLY, Verb.ASK_CUSTOMER, Verb.ASK_THIRD_PARTY, Verb.RETURN), (TAKEN,)),
    **dict.fromkeys((Verb.CLOSE, Verb.REOPEN), (ASKS[Verb.RESOLVE],)),
    Verb.HEAR_THIRD_PARTY: (TAKEN, ASKS[Verb.ASK_THIRD_PARTY]),
    Verb.UNMERGE: (ASKS[Verb.MERGE],),
    Verb.DETACH: (ASKS[Verb.ATTACH],),
    Verb.END_CALL: (ASKS[Verb.BOOK],),
    Verb.RESEND: (TAKEN, ASKS[Verb.REPLY]),
}
"""What an agent did before."""
HAPPENS: dict[Verb, Callable[[Office, Case, UUID], Awaitable[None]]] = {
    Verb.HAND_BACK: is_handed_over,
    Verb.END_OFFER: is_offered,
    Verb.RESEND: is_lost,
}
"""What the desk did."""
