"""What agents do over HTTP, and what comes of it."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bot.activity import Activity, Kind, Role, Sender
from caseengine.files import Files
from caseengine.model.case import Case
from caseengine.model.lifecycle import ASKED_BY_AGENTS, ENDED, LIVE, TRANSITIONS
from caseengine.tables import agent_departments
from customers.assurance import Assurances
from customers.contacts import Contacts
from tests.app.house import Peer, Served, ServedOffice
from tests.caseengine.office import CUSTOMER, when


@pytest.fixture
async def li(served: Served) -> Peer:
    return await served.agent(served.office.li)


@pytest.fixture
async def talk(served: Served) -> tuple[UUID, Case]:
    return await served.office.handed_over()


def said(log: list[Any], role: str = "agent") -> list[str]:
    return [row.body["text"] for row in log if row.body["sender"]["role"] == role]


async def test_a_case_from_take_to_resolution(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    _, case = talk
    address = f"/api/cases/{case.number}"
    taken = await li.posts(f"{address}/assignment", {"version": case.version})
    assert (taken["agent_name"], taken["status"]) == ("Li", "open")
    assert taken["conversation"]["mode"] == "agent"
    await li.posts(f"{address}/replies", {"key": "first-reply", "text": "Have you tried the lever?"})
    await li.posts(f"{address}/notes", {"text": "Third time this month."})
    await li.posts(f"{address}/escalation", {"reason": "Third time."})
    await li.posts(f"{address}/priority", {"priority": 1, "reason": "They cannot sell."})
    await li.posts(f"{address}/third-party/questions", {"text": "Asked the maker."})
    await li.posts(f"{address}/third-party/answers", {"text": "They send a part."})
    asked = await li.posts(f"{address}/questions", {"key": "question-1", "text": "Does it work now?"})
    assert asked["status"] == "waiting_on_customer"
    done = await li.posts(f"{address}/resolution", {"code": "solved", "text": "A new part."})
    assert (done["status"], done["resolution_code"], done["conversation"]["mode"]) == ("resolved", "solved", "bot")
    again = await li.posts(f"{address}/reopening", {"reason": "They rang."})
    assert again["status"] == "open"
    await li.posts(f"{address}/resolution", {"code": "solved", "text": "Now really."})
    closed = await li.posts(f"{address}/closing", {})
    assert closed["status"] == "closed"
    kinds = [entry["kind"] for entry in (await li.gets(f"{address}/timeline"))["entries"]]
    assert kinds[-4:] == ["CaseReopened", "PromiseMade", "CaseResolved", "CaseClosed"]
    log = (await li.gets(f"{address}/conversation"))["activities"]
    texts = [line["activity"]["text"] for line in log]
    assert "Li" in texts[0]
    assert texts[1:3] == ["Have you tried the lever?", "Does it work now?"]
    assert [choice["title"] for choice in log[-1]["activity"]["choices"]]
    assert [line["seq"] for line in (await li.gets(f"{address}/conversation?after=1&limit=2"))["activities"]] == [2, 3]


async def test_the_same_key_five_times_at_once_is_said_once(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    conversation, case = talk
    body = {"key": "0123456789", "text": "Have you tried the lever?", "version": case.version}
    answers = await asyncio.gather(*(li.asks("POST", f"/api/cases/{case.number}/replies", body) for _ in range(5)))
    assert [answered.status for answered in answers] == [200] * 5
    assert said(await served.office.log(conversation)) == ["Have you tried the lever?"]
    assert (await served.office.told(case)).count("AgentReplied by Li") == 1
    assert len([one for one in await served.office.deliveries() if one["key"].endswith("0123456789")]) == 1


async def test_a_key_for_other_words_is_refused(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    address = f"/api/cases/{talk[1].number}/replies"
    await li.posts(address, {"key": "0123456789", "text": "One"})
    assert (await li.asks("POST", address, {"key": "0123456789", "text": "Two"})).code == "http.key_reused"


async def test_a_note_with_a_key_is_kept_once(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    address = f"/api/cases/{talk[1].number}/notes"
    body = {"key": "0123456789", "text": "The driver rang"}
    answers = await asyncio.gather(*(li.asks("POST", address, body) for _ in range(4)))
    assert [answered.status for answered in answers] == [200] * 4
    assert (await served.office.told(talk[1])).count("NoteAdded by Li") == 1
    assert (await li.asks("POST", address, {**body, "text": "Other words"})).code == "http.key_reused"
    mo = await served.agent(served.office.mo)
    await mo.posts(address, body)
    assert (await served.office.told(talk[1])).count("NoteAdded by Mo") == 1


async def test_keys_of_others_are_no_keys_of_mine(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    conversation, case = talk
    who = Sender(Role.CUSTOMER, "visitor-1")
    heard = Activity(
        kind=Kind.MESSAGE, channel="webchat", conversation=str(conversation), sender=who, key="0123456789", text="Hm"
    )
    await served.parts.webchat.inbox.accept(heard, raw=b"")
    mo = await served.agent(served.office.mo)
    for peer in (li, mo):
        await peer.posts(f"/api/cases/{case.number}/replies", {"key": "0123456789", "text": "The same words"})
    assert said(await served.office.log(conversation)) == ["The same words"] * 2


async def test_an_old_version_is_409_and_changes_nothing(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    case = talk[1]
    old = case.version - 1
    for noun, body in (
        ("notes", {"text": "x"}), ("replies", {"text": "x", "key": "0123456789"}), ("escalation", {"reason": "x"}),
        ("resolution", {"code": "solved", "text": "x"}), ("move", {"department": "deliveries", "reason": "x"}),
        ("assignment", {}), ("delegation", {"agent_id": str(served.office.mo.id)}),
    ):  # fmt: skip
        answered = await li.asks("POST", f"/api/cases/{case.number}/{noun}", {**body, "version": old})
        assert answered.code == "case.changed", noun
        assert (answered.json["expected"], answered.json["found"]) == (old, case.version)
    assert (await served.office.case(case)).version == case.version


async def test_many_at_once_all_count_when_the_version_does_not_matter(
    served: Served, li: Peer, talk: tuple[UUID, Case]
) -> None:
    address = f"/api/cases/{talk[1].number}/notes"
    answers = await asyncio.gather(*(li.asks("POST", address, {"text": f"note {number}"}) for number in range(4)))
    assert [answered.status for answered in answers] == [200] * 4
    assert (await served.office.told(talk[1])).count("NoteAdded by Li") == 4


async def test_of_two_who_take_it_one_is_told(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    mo = await served.agent(served.office.mo)
    address = f"/api/cases/{talk[1].number}/assignment"
    answers = await asyncio.gather(*(peer.asks("POST", address, {}) for peer in (li, mo)))
    assert sorted(answered.status for answered in answers) == [200, 409]
    assert [answered.code for answered in answers if answered.status == 409] == ["case.taken"]


async def test_giving_it_to_somebody_else(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    address = f"/api/cases/{talk[1].number}/delegation"
    given = await li.posts(address, {"agent_id": str(served.office.mo.id)})
    assert given["agent_name"] == "Mo"
    assert (await li.asks("POST", address, {"agent_id": str(served.office.di.id)})).code == "http.agent_elsewhere"
    assert (await li.asks("POST", address, {"agent_id": str(uuid4())})).code == "agent.not_found"


async def test_moving_it_out_of_my_sight(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    case = talk[1]
    body = {"department": "deliveries", "reason": "Not the till"}
    assert (await li.asks("POST", f"/api/cases/{case.number}/move", body)).status == 204
    assert (await li.asks("GET", f"/api/cases/{case.number}")).status == 404
    di = await served.agent(served.office.di)
    assert (await di.gets(f"/api/cases/{case.number}"))["department"] == "deliveries"
    gone = await di.asks("POST", f"/api/cases/{case.number}/move", {"department": "nowhere", "reason": "x"})
    assert gone.code == "department.not_found"


async def test_what_cannot_be_done_now_says_from_where(li: Peer, talk: tuple[UUID, Case]) -> None:
    answered = await li.asks("POST", f"/api/cases/{talk[1].number}/closing", {})
    assert answered.code == "case.transition_not_allowed"
    assert (answered.json["status"], answered.json["case_status"], answered.json["verb"]) == (409, "new", "close")
    assert "'new'" in answered.json["detail"]


async def test_a_resolution_needs_a_sentence(li: Peer, talk: tuple[UUID, Case]) -> None:
    address = f"/api/cases/{talk[1].number}/resolution"
    assert (await li.asks("POST", address, {"code": "solved", "text": "  "})).code == "case.resolution_incomplete"
    assert (await li.asks("POST", address, {"code": "fixed", "text": "x"})).code == "http.body_invalid"


async def test_handing_back_lets_the_bot_speak(li: Peer, talk: tuple[UUID, Case]) -> None:
    await li.posts(f"/api/cases/{talk[1].number}/assignment", {})
    back = await li.posts(f"/api/cases/{talk[1].number}/hand-back", {})
    assert (back["conversation"]["mode"], back["agent_name"]) == ("bot", "Li")


async def test_typing_reaches_the_customer_from_who_has_the_word(
    served: Served, li: Peer, talk: tuple[UUID, Case]
) -> None:
    conversation, case = talk
    address = f"/api/cases/{case.number}/typing"
    assert (await li.asks("POST", address, {})).status == 204
    assert served.typed == []
    await li.posts(f"/api/cases/{case.number}/assignment", {})
    assert (await li.asks("POST", address, {})).status == 204
    assert [(where, who.name) for where, who in served.typed] == [(str(conversation), "Li")]


async def test_pages_of_a_queue_hold_every_case_once_in_order(served: Served, li: Peer) -> None:
    opened = [await served.office.report(f"case {number}", urgency=1 + number % 3) for number in range(7)]
    pages: list[list[str]] = []
    path = "/api/cases?limit=3"
    while True:
        page = await li.gets(path)
        pages.append([case["number"] for case in page["cases"]])
        if page["next"] is None:
            break
        path = f"/api/cases?limit=3&after={page['next']}"
    assert [len(page) for page in pages] == [3, 3, 1]
    whole = [case["number"] for case in (await li.gets("/api/cases"))["cases"]]
    assert [number for page in pages for number in page] == whole
    assert sorted(whole) == sorted(case.number for case in opened)


async def test_a_full_last_page_is_the_last(served: Served, li: Peer) -> None:
    for number in range(4):
        await served.office.report(f"case {number}")
    assert (await li.gets("/api/cases?limit=4"))["next"] is None


async def test_queues_count_and_lists_choose(served: Served, li: Peer) -> None:
    mine, other = await served.office.report(), await served.office.report()
    await li.posts(f"/api/cases/{mine.number}/assignment", {})
    assert await li.gets("/api/queues") == {
        "queues": [{"department": "tills", "name": "Tills", "counts": {"new": 1, "open": 1}}],
        "mine": 1,
        "unassigned": 1,
    }

    async def shown(query: str) -> list[str]:
        return [case["number"] for case in (await li.gets(f"/api/cases?{query}"))["cases"]]

    assert await shown("mine=true") == [mine.number]
    assert await shown("unassigned=true") == [other.number]
    assert await shown("status=open&department=tills") == [mine.number]


async def test_the_counts_of_queues_are_the_lengths_of_their_lists(served: Served) -> None:
    office = served.office
    peers = {agent.name: await served.agent(agent) for agent in (office.li, office.mo, office.di, office.sam)}
    for department in ("tills", "tills", "deliveries", "deliveries", "deliveries"):
        await office.report(department=department)
    held = [await office.report(department=department) for department in ("tills", "deliveries", "tills")]
    for case in held:
        await peers["Mo"].posts(f"/api/cases/{case.number}/assignment", {})
    await peers["Mo"].posts(f"/api/cases/{held[2].number}/resolution", {"code": "solved", "text": "Done."})
    assert {name: await counted(peer) for name, peer in peers.items()} == {
        "Li": (0, 2), "Mo": (2, 5), "Di": (0, 3), "Sam": (0, 5)
    }  # fmt: skip
    await served.database.run(_no_deliveries_for_mo)
    assert await counted(peers["Mo"]) == (1, 2)
    await served.database.run(_no_departments)
    assert await counted(peers["Li"]) == (0, 0)


async def counted(peer: Peer) -> tuple[int, int]:
    """As `/api/queues` counts them; the lists are as long."""
    counts = await peer.gets("/api/queues")
    for which in ("mine", "unassigned"):
        assert len((await peer.gets(f"/api/cases?{which}=true"))["cases"]) == counts[which]
    return counts["mine"], counts["unassigned"]


def _no_deliveries_for_mo(connection: sa.Connection) -> None:
    mo = (agent_departments.c.agent_id == ServedOffice.mo.id, agent_departments.c.department == "deliveries")
    with connection.begin():
        connection.execute(sa.delete(agent_departments).where(*mo))


def _no_departments(connection: sa.Connection) -> None:
    with connection.begin():
        connection.execute(sa.delete(agent_departments))


async def test_a_case_names_its_contact_once_they_are_known(served: Served, li: Peer) -> None:
    ana = await served.office.contact()
    known, unknown = await served.office.report(contact_id=ana), await served.office.report()
    listed = {case["number"]: case["contact_name"] for case in (await li.gets("/api/cases"))["cases"]}
    assert listed == {known.number: "Ana", unknown.number: None}
    for number, name in listed.items():
        assert (await li.gets(f"/api/cases/{number}"))["contact_name"] == name


async def test_a_case_says_what_can_be_done_with_it(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    address = f"/api/cases/{talk[1].number}"
    walked = [await li.gets(address)]
    walked.append(await li.posts(f"{address}/assignment", {}))
    walked.append(await li.posts(f"{address}/questions", {"key": "question-1", "text": "Which till?"}))
    walked.append(await li.posts(f"{address}/third-party/questions", {"text": "A part?"}))
    walked.append(await li.posts(f"{address}/resolution", {"code": "solved", "text": "A part."}))
    walked.append(await li.posts(f"{address}/closing", {}))
    assert [case["status"] for case in walked] == [*LIVE, *ENDED]
    for case in walked:
        allowed = {verb for status, verb in TRANSITIONS if status == case["status"]}
        assert set(case["can"]) == allowed & ASKED_BY_AGENTS


async def test_a_case_shows_what_its_conversation_has_proved(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    conversation, case = talk
    ana = await served.office.contact()

    async def proved() -> Any:
        return (await li.gets(f"/api/cases/{case.number}"))["conversation"]["assurance"]

    assert await proved() == {
        "level": "anonymous", "contact_id": None, "proof": None, "proved_at": None, "expires_at": None, "claimed": {}
    }  # fmt: skip
    async with served.database.unit_of_work() as work:
        await Assurances(work).claim(conversation, "email", "ana@shop.example", at=served.clock())
        await Assurances(work).verify(conversation, ana, "one_time_code", at=served.clock())
    verified = {
        "level": "verified", "contact_id": str(ana), "proof": "one_time_code", "proved_at": "2026-03-02T10:00:00Z",
        "expires_at": "2026-03-02T10:30:00Z", "claimed": {"email": "ana@shop.example"},
    }  # fmt: skip
    for _ in range(4):
        assert await proved() == verified
        served.clock.passes(minutes=10)
    assert (await proved())["level"] == "claimed"


async def test_a_case_without_a_conversation_has_proved_nothing(served: Served, li: Peer) -> None:
    case = await served.office.report()
    assert (await li.gets(f"/api/cases/{case.number}"))["conversation"] is None


async def test_a_contact_is_shown_with_what_they_are_known_by(served: Served, li: Peer) -> None:
    ana = await served.office.contact()
    await served.office.report(contact_id=ana)
    async with served.database.unit_of_work() as work:
        contact = await Contacts(work).get(ana)
        new = {"email": "new@shop.example", "phone": "01632 960101"}
        await Contacts(work).change(contact, by=CUSTOMER, source="chat", at=when("Mon 09:00"), **new)
    assert (await li.gets(f"/api/contacts/{ana}"))["identities"] == [
        known_by("email", "new@shop.example", "chat", "2026-03-02T09:00:00Z", on_file=False),
        known_by("email", "ana@shop.example", "import", "2026-03-02T08:00:00Z", on_file=True),
        known_by("phone", "+441632960101", "chat", "2026-03-02T09:00:00Z", on_file=False),
    ]


def known_by(kind: str, value: str, source: str, since: str, *, on_file: bool) -> dict[str, Any]:
    return {"kind": kind, "value": value, "on_file": on_file, "source": source, "since": since}


async def test_a_file_is_saved_never_run(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    conversation, case = talk
    async with served.database.unit_of_work() as work:
        name = 'b"ad\r\nX-Evil: 1; \U0001f9ca.html'
        content = b"<script>alert(1)</script>"
        file = Files(work).put(conversation, name=name, content_type="text/html", content=content, at=when("Mon 09:00"))
    answered = await li.asks("GET", f"/api/cases/{case.number}/files/{file.id}")
    assert answered.raw == content
    assert answered.headers["Content-Type"] == "application/octet-stream"
    assert answered.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''b%22ad%0D%0A")
    assert "sandbox" in answered.headers["Content-Security-Policy"]
    for wrong in (uuid4(), "x"):
        assert (await li.asks("GET", f"/api/cases/{case.number}/files/{wrong}")).code == "http.file_not_found"


async def test_every_answer_names_no_library(li: Peer) -> None:
    assert (await li.asks("GET", "/api/session")).headers["Server"] == "nightdesk"
