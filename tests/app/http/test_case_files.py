"""Agents put files on cases, and send them."""

from io import BytesIO
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from app.jobs.forgetting import FILES_KEPT, Forgetting
from caseengine.files import Files
from caseengine.model.case import Case
from caseengine.operations.enclosing import FILE_BYTES_MAX, TOGETHER_BYTES_MAX
from tests.app.house import Answered, Peer, Served
from tests.caseengine.office import when

PDF = b"%PDF-1.7 \x00\xff"


@pytest.fixture
async def li(served: Served) -> Peer:
    return await served.agent(served.office.li)


@pytest.fixture
async def talk(served: Served) -> tuple[UUID, Case]:
    return await served.office.handed_over()


async def put(peer: Peer, case: Case, content: bytes = PDF, name: str = "invoice.pdf") -> Answered:
    headers = {"Content-Type": "application/pdf"}
    address = f"/api/cases/{case.number}/files?name={quote(name)}"
    return await peer.asks("POST", address, data=BytesIO(content), headers=headers)


async def chat_page(served: Served, conversation: UUID) -> list[Any]:
    """What the customer's page shows of files, with their bytes."""
    token = served.parts.webchat.tokens.issue(str(conversation), "visitor-1", at=served.clock())
    page = served.peer().http
    address = f"{served.address}/v3/directline/conversations/{conversation}/activities"
    async with page.get(address, headers={"Authorization": f"Bearer {token}"}) as answer:
        said = (await answer.json())["activities"]
    files = []
    for file in [file for one in said for file in one.get("attachments", ())]:
        async with page.get(file["contentUrl"]) as answer:
            files.append((file["name"], file["contentType"], await answer.read()))
    return files


async def test_a_file_goes_to_the_customer_with_the_words(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    conversation, case = talk
    laid = await put(li, case)
    assert laid.status == 201
    assert (laid.json["name"], laid.json["content_type"], laid.json["size"]) == ("invoice.pdf", "application/pdf", 11)
    assert await chat_page(served, conversation) == [], "only agents have it until it is said"
    body = {"key": "0123456789", "text": "Your invoice", "files": [laid.json["id"]]}
    for _ in range(2):
        await li.posts(f"/api/cases/{case.number}/replies", body)
    assert await chat_page(served, conversation) == [("invoice.pdf", "application/pdf", PDF)]
    await li.posts(f"/api/cases/{case.number}/questions", {**body, "key": "again-0123"})
    assert await chat_page(served, conversation) == [("invoice.pdf", "application/pdf", PDF)] * 2
    other = await li.asks("POST", f"/api/cases/{case.number}/replies", {**body, "files": []})
    assert other.code == "http.key_reused"


async def test_a_file_with_a_note_is_for_agents_alone(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    conversation, case = talk
    laid = (await put(li, case)).json
    body = {"key": "0123456789", "text": "Their old invoice", "files": [laid["id"]]}
    for _ in range(2):
        await li.posts(f"/api/cases/{case.number}/notes", body)
    assert (await li.asks("POST", f"/api/cases/{case.number}/notes", {**body, "files": []})).code == "http.key_reused"
    notes = [
        one for one in (await li.gets(f"/api/cases/{case.number}/timeline"))["entries"] if one["kind"] == "NoteAdded"
    ]
    assert [one["data"]["files"] for one in notes] == [[laid]]
    answered = await li.asks("GET", f"/api/cases/{case.number}/files/{laid['id']}")
    assert (answered.raw, answered.headers["Content-Type"]) == (PDF, "application/octet-stream")
    assert "sandbox" in answered.headers["Content-Security-Policy"]
    assert await served.parts.webchat.files.get(str(conversation), laid["id"]) is None


async def test_files_of_others_are_neither_sent_nor_put(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    conversation, case = talk
    elsewhere = await served.office.report()
    foreign = (await put(li, elsewhere)).json["id"]
    for file in (foreign, str(uuid4())):
        for noun in ("replies", "questions", "notes"):
            body = {"key": "0123456789", "text": "Here", "files": [file]}
            answered = await li.asks("POST", f"/api/cases/{case.number}/{noun}", body)
            assert (answered.code, answered.json["file"]) == ("case.file_not_of_case", file)
    assert await chat_page(served, conversation) == []
    stranger = await served.agent(served.office.di)
    assert (await put(stranger, case)).code == "case.not_found"


async def test_a_customers_own_file_can_go_back_to_them(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    conversation, case = talk
    async with served.database.unit_of_work() as work:
        named = {"name": "till.png", "content_type": "image/png", "content": b"png"}
        file = Files(work).put(conversation, **named, at=when("Mon 09:00"))  # type: ignore[arg-type]
    body = {"key": "0123456789", "text": "This one?", "files": [str(file.id)]}
    await li.posts(f"/api/cases/{case.number}/replies", body)
    assert [name for name, *_ in await chat_page(served, conversation)] == ["till.png"]


async def test_what_is_too_much_or_nothing_is_said_at_once(li: Peer, talk: tuple[UUID, Case]) -> None:
    case = talk[1]
    assert (await put(li, case, b"")).code == "case.file_empty"
    assert (await put(li, case, b"x" * (FILE_BYTES_MAX + 1))).code == "http.body_too_large"
    large = [(await put(li, case, b"x" * (TOGETHER_BYTES_MAX // 2 + 1))).json["id"] for _ in range(2)]
    body = {"key": "0123456789", "text": "Both", "files": large}
    for noun in ("replies", "notes"):
        answered = await li.asks("POST", f"/api/cases/{case.number}/{noun}", body)
        assert (answered.code, answered.json["bytes_max"]) == ("case.files_too_large", TOGETHER_BYTES_MAX)
    many = {**body, "files": [str(uuid4())] * 11}
    assert (await li.asks("POST", f"/api/cases/{case.number}/notes", many)).code == "http.body_invalid"


async def test_a_name_and_a_type_are_made_safe(li: Peer, talk: tuple[UUID, Case]) -> None:
    laid = (await put(li, talk[1], name="../../etc/pass\u202ewd")).json
    assert laid["name"] == "passwd"
    headers = {"Content-Type": f"application/{'x' * 200}"}
    answered = await li.asks("POST", f"/api/cases/{talk[1].number}/files?name=a", data=b"x", headers=headers)
    assert answered.json["content_type"] == "application/octet-stream"


async def test_what_nobody_names_is_forgotten(served: Served, li: Peer, talk: tuple[UUID, Case]) -> None:
    conversation, case = talk
    ids = [(await put(li, case, name=name)).json["id"] for name in ("unused", "said", "noted")]
    for noun, file in (("replies", ids[1]), ("notes", ids[2])):
        body = {"key": "0123456789", "text": "Here", "files": [file]}
        await li.posts(f"/api/cases/{case.number}/{noun}", body)
    later = served.clock() + FILES_KEPT + FILES_KEPT
    await Forgetting(served.database, b"secret", lambda: later).run()
    found = [(await li.asks("GET", f"/api/cases/{case.number}/files/{one}")).status for one in ids]
    assert found == [404, 404, 200]
    assert [name for name, *_ in await chat_page(served, conversation)] == ["said"]


async def test_where_no_customer_has_spoken_there_is_no_original(li: Peer, talk: tuple[UUID, Case]) -> None:
    body = {"key": "0123456789", "text": "Look", "to": "maker@tills.example", "original": True}
    answered = await li.asks("POST", f"/api/cases/{talk[1].number}/forwards", body)
    assert answered.code == "case.nothing_said"
