"""What was said about a case, wherever that was; and what is said where nobody ever wrote."""

import asyncio
from uuid import UUID, uuid4

import pytest

from caseengine.activities import Activities, said
from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.operations import merge
from caseengine.operations.linking import link_conversation
from tests.app.house import Peer, Served
from tests.app.http.test_case_files import put
from tests.app.http.test_preferences import WISHES
from tests.caseengine.office import CUSTOMER, when

WORDS = {"key": "0123456789", "text": "It comes at ten."}


@pytest.fixture
async def li(served: Served) -> Peer:
    return await served.agent(served.office.li)


async def rings(served: Served, li: Peer, contact: UUID | None) -> str:
    """A case of somebody on the telephone; where it is."""
    asked = {"key": uuid4().hex, "subject": "A pallet short", "department": "tills"}
    whose = {"contact_id": str(contact)} if contact else {"claimed": {"name": "Ana", "email": "ana@shop.example"}}
    return f"/api/cases/{(await li.posts('/api/cases', {**asked, **whose}))['case']['number']}"


async def says(served: Served, conversation: UUID, text: str, at: str) -> None:
    async with served.database.unit_of_work() as work:
        body = said(text, conversation=conversation, channel="webchat", key=text, by=CUSTOMER)
        Activities(work).append(conversation, key=text, body=body, at=when(at), channel="webchat", deliver=False)


async def talk_of(li: Peer, case: Case) -> list[str]:
    """All of it, as a client reads it that knows nothing but the case."""
    path = f"/api/cases/{case.number}"
    found = await li.gets(path)
    logs = [await li.gets(f"{path}/conversation?conversation={place}") for place in found["earlier"]]
    logs.append(await li.gets(f"{path}/conversation"))
    return [line["activity"]["text"] for log in logs for line in log["activities"]]


async def test_what_was_said_before_it_went_on_elsewhere_can_be_read_there(served: Served, li: Peer) -> None:
    chat, later, strange = [await served.office.chat() for _ in range(3)]
    case = await served.office.report_in(chat)
    await says(served, chat, "It jams", "Mon 08:59")
    assert (await li.gets(f"/api/cases/{case.number}"))["earlier"] == []
    async with served.database.unit_of_work() as work:
        await link_conversation(work, await Cases(work).by_id(case.id), later, by=CUSTOMER, at=when("Mon 09:30"))
    await says(served, later, "And again", "Mon 09:30")
    await says(served, chat, "My bread is late", "Mon 09:31")

    assert await talk_of(li, case) == ["It jams", "And again"]
    here = await li.gets(f"/api/cases/{case.number}/conversation?conversation={later}&limit=1")
    assert [line["activity"]["text"] for line in here["activities"]] == ["And again"]
    refused = await li.asks("GET", f"/api/cases/{case.number}/conversation?conversation={strange}")
    assert (refused.status, refused.code) == (404, "conversation.not_found")


async def test_who_rang_is_told_by_notice_and_once(served: Served, li: Peer) -> None:
    path = await rings(served, li, await served.office.contact())
    assert (await li.gets(path))["hears"] == "notice"
    answers = await asyncio.gather(*(li.asks("POST", f"{path}/replies", WORDS) for _ in range(5)))
    assert [one.status for one in answers] == [200] * 5
    told = [one["kind"] for one in (await li.gets(f"{path}/timeline"))["entries"]]
    assert told.count("AgentReplied") == 1
    assert answers[0].json["agent_name"] == "Li"
    other = await li.asks("POST", f"{path}/replies", {**WORDS, "text": "At eleven."})
    assert (other.status, other.code) == (409, "http.key_reused")
    assert await li.gets(f"{path}/conversation") == {"activities": []}


async def test_a_reply_that_is_tried_again_where_the_case_has_gone_meanwhile_is_the_same_reply(
    served: Served, li: Peer
) -> None:
    chat, later = [await served.office.chat() for _ in range(2)]
    case = await served.office.report_in(chat)
    path = f"/api/cases/{case.number}"
    words = {**WORDS, "files": [(await put(li, case)).json["id"]]}
    await li.posts(f"{path}/replies", words)
    async with served.database.unit_of_work() as work:
        await link_conversation(work, await Cases(work).by_id(case.id), later, by=CUSTOMER, at=when("Mon 10:30"))
    await li.posts(f"{path}/replies", words)
    assert [row.body["text"] for row in await served.office.log(later)] == []
    kinds = [one["kind"] for one in (await li.gets(f"{path}/timeline"))["entries"]]
    assert kinds.count("AgentReplied") == 1


@pytest.mark.parametrize("why", ["never proved", "wants nothing", "wants no replies"])
async def test_words_nobody_would_read_are_refused_and_notes_are_not(served: Served, li: Peer, why: str) -> None:
    contact = None if why == "never proved" else await served.office.contact()
    path = await rings(served, li, contact)
    if contact is not None:
        wishes = {**WISHES, "way": "none"} if why == "wants nothing" else {**WISHES, "kinds": ["promise"]}
        assert (await li.asks("PUT", f"/api/contacts/{contact}/notices", wishes)).status == 200
    before = await li.gets(path)
    assert before["hears"] == "nowhere"
    for noun in ("replies", "questions"):
        answered = await li.asks("POST", f"{path}/{noun}", WORDS)
        assert (answered.status, answered.code) == (409, "case.nobody_to_tell")
    assert (await li.gets(path))["version"] == before["version"]
    await li.posts(f"{path}/notes", WORDS)


async def test_where_there_is_a_conversation_the_customer_hears_there(served: Served, li: Peer) -> None:
    _, case = await served.office.handed_over()
    assert (await li.gets(f"/api/cases/{case.number}"))["hears"] == "conversation"


async def test_what_is_said_to_others_after_a_merged_case_went_on_elsewhere_is_theirs(served: Served, li: Peer) -> None:
    ana = await served.office.contact()
    chat, later = [await served.office.chat() for _ in range(2)]
    source = await served.office.report_in(chat, "The till jams", contact_id=ana)
    target = await served.office.report_in(chat, "The till is slow", contact_id=ana)
    by = {"by": served.office.li.actor, "at": when("Mon 09:10"), "notice": "It goes on there"}
    await served.office.do(merge, source.number, target.number, **by)
    async with served.database.unit_of_work() as work:
        await link_conversation(work, await Cases(work).by_id(target.id), later, by=CUSTOMER, at=when("Mon 09:30"))
    other = await served.office.report_in(chat, "About my invoice", department="deliveries", contact_id=ana)
    await says(served, chat, "My account is 1234", "Mon 11:00")
    assert (await li.asks("GET", f"/api/cases/{other.number}")).status == 404
    for case in (source, target):
        assert "My account is 1234" not in await talk_of(li, case)
