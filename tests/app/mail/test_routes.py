"""What agents and supervisors see of mails over HTTP."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp.test_utils import TestClient, TestServer

from caseengine.operations.forwarding import forward
from caseengine.tables import cases
from tests.app.house import PASSWORD
from tests.app.mail.mailing import MailingDesk, id_of, number_in
from tests.app.mail.peer import mail

HOST = {"Host": "desk.larder-lane.example"}


class Caller:
    """Somebody who signed in."""

    def __init__(self, http: Any, headers: dict[str, str]) -> None:
        self.http, self.headers = http, headers

    async def get(self, path: str) -> Any:
        return await self.http.get(path, headers=self.headers)

    async def post(self, path: str, json: Any = None) -> Any:
        return await self.http.post(path, json=json, headers=self.headers)

    async def put_file(self, number: str, name: str, content: bytes) -> str:
        """Its id, once it is on the case."""
        headers = {**self.headers, "Content-Type": "application/pdf"}
        put = await self.http.post(f"/api/cases/{number}/files?name={name}", data=content, headers=headers)
        return str((await put.json())["id"])


@pytest.fixture
async def http(desk: MailingDesk) -> AsyncIterator[Any]:
    async with TestClient(TestServer(desk.house.application)) as client:
        yield client


async def signed_in(http: Any, agent: Any) -> Caller:
    answered = await http.post("/api/session", json={"email": agent.email, "password": PASSWORD}, headers=HOST)
    assert answered.status == 201, await answered.text()
    cookie = answered.headers["Set-Cookie"].partition(";")[0]
    return Caller(http, {**HOST, "Cookie": cookie, "X-CSRF-Token": (await answered.json())["csrf"]})


async def test_the_whole_mail_is_one_request_away_for_who_may_see_the_case(desk: MailingDesk, http: Any) -> None:
    (answer,) = await desk.hears("It jams <b>badly</b>", cc="boss@corner.example")
    number = number_in(answer)
    li, mo = await signed_in(http, desk.office.li), await signed_in(http, desk.office.mo)

    whole = await (await li.get(f"/api/cases/{number}/mails/1")).json()
    assert (whole["sender"], whole["cc"]) == ("Ana Silva <ana@corner.example>", ["boss@corner.example"])
    page = await li.get(f"/api/cases/{number}/mails/1/html")
    assert "&lt;b&gt;badly" in await page.text()
    assert "sandbox" in page.headers["Content-Security-Policy"]
    for path in (f"/api/cases/{number}/mails/2", f"/api/cases/{number}/mails/x/html"):
        assert (await mo.get(path)).status == 404


async def test_the_mails_of_every_conversation_of_a_case_are_there(desk: MailingDesk, http: Any) -> None:
    (first,) = await desk.hears(dmarc="pass")
    number = number_in(first)
    async with desk.house.database.unit_of_work() as work:
        here = cases.c.number == number
        work.write(sa.update(cases).where(here).values(reply_address="work@corner.example"))
    await desk.hears("From work", sender="<work@corner.example>", subject=f"Re: [{number}]", dmarc="pass")
    li = await signed_in(http, desk.office.li)

    assert await desk.verdicts() == ["new", "number"]
    assert [(await li.get(f"/api/cases/{number}/mails/{mail}")).status for mail in (1, 2)] == [200, 200]


async def test_a_mail_of_another_case_is_none(desk: MailingDesk, http: Any) -> None:
    (first,) = await desk.hears()
    await desk.hears(sender="<bob@x.example>")
    li = await signed_in(http, desk.office.li)

    assert (await li.get(f"/api/cases/{number_in(first)}/mails/2")).status == 404


async def test_supervisors_see_what_was_set_aside_and_have_it_filed_again(desk: MailingDesk, http: Any) -> None:
    await desk.gets(mail("UNREADABLE"))
    await desk.settle()
    li, sam = await signed_in(http, desk.office.li), await signed_in(http, desk.office.sam)

    assert (await li.get("/api/mails")).status == 403
    (row,) = (await (await sam.get("/api/mails?state=quarantined")).json())["mails"]
    assert b"UNREADABLE" in await (await sam.get(f"/api/mails/{row['id']}/raw")).read()
    assert (await sam.post(f"/api/mails/{row['id']}/retry")).status == 204
    assert (await sam.post(f"/api/mails/{row['id']}/retry")).status == 409
    await desk.settle()
    assert len(await desk.numbers()) == 2  # it failed again, and a person is asked again


async def test_a_person_lifts_what_silenced_an_address(desk: MailingDesk, http: Any) -> None:
    from customers.reachability import Reach, mark, reachable

    async with desk.house.database.unit_of_work() as work:
        mark(work, "email", "Ana@Corner.example", Reach.BOUNCED, "bounce 5.1.1", at=desk.clock())
    assert not await desk.office.see(reachable, "email", "ana@corner.example")
    sam = await signed_in(http, desk.office.sam)

    assert (await sam.post("/api/mails/addresses/lifting", {"address": "nobody"})).status == 422
    assert (await sam.post("/api/mails/addresses/lifting", {"address": "ana@corner.example"})).status == 204
    assert await desk.office.see(reachable, "email", "ana@corner.example")


async def test_an_agent_answers_with_a_copy_over_the_api(desk: MailingDesk, http: Any) -> None:
    (first,) = await desk.hears()
    li = await signed_in(http, desk.office.li)
    body = {"text": "On its way.", "key": "reply-0001", "cc": ["boss@corner.example"]}

    answered = await li.post(f"/api/cases/{number_in(first)}/replies", body)
    assert answered.status == 200, await answered.text()
    assert len(await desk.sent()) == 2
    assert desk.server.recipients[1:] == [["ana@corner.example"], ["boss@corner.example"]]


async def test_files_go_with_an_answer_and_with_what_is_asked_outside(desk: MailingDesk, http: Any) -> None:
    (first,) = await desk.hears(files=(("till.jpg", b"jpg"),))
    number = number_in(first)
    li = await signed_in(http, desk.office.li)
    label = await li.put_file(number, "label.pdf", b"%PDF")
    said = (await (await li.get(f"/api/cases/{number}/conversation")).json())["activities"]
    (theirs,) = [file["id"] for one in said for file in one["activity"].get("attachments", ())]
    await desk.sent()

    await li.post(f"/api/cases/{number}/replies", {"text": "Stick this on.", "key": "reply-0001", "files": [label]})
    body = {"text": "Can you mend it?", "key": "forward-1", "to": "maker@tills.example", "files": [theirs, label]}
    answered = await li.post(f"/api/cases/{number}/forwards", body)
    assert answered.status == 200, await answered.text()

    question, reply = sorted(await desk.sent(), key=lambda one: "maker@" not in str(one["To"]))
    assert [(one.get_filename(), one.get_content_type(), one.get_content()) for one in reply.iter_attachments()] == [
        ("label.pdf", "application/pdf", b"%PDF")
    ]
    assert [(one.get_filename(), one.get_content()) for one in question.iter_attachments()] == [
        ("till.jpg", b"jpg"), ("label.pdf", b"%PDF"),
    ]  # fmt: skip
    notes = [
        one
        for one in (await (await li.get(f"/api/cases/{number}/timeline")).json())["entries"]
        if one["kind"] == "NoteAdded"
    ]
    assert [file["name"] for file in notes[-1]["data"]["files"]] == ["till.jpg", "label.pdf"]


async def test_the_original_goes_with_what_is_asked_outside_and_no_way_into_the_conversation(
    desk: MailingDesk, http: Any
) -> None:
    (first,) = await desk.hears("It jams.\n\nAt the drawer.", files=(("till.jpg", b"jpg"),), subject="Till 4")
    number, li = number_in(first), await signed_in(http, desk.office.li)
    body = {"text": "Can you mend it?", "key": "forward-1", "to": "maker@tills.example", "original": True}
    answered = await li.post(f"/api/cases/{number}/forwards", body)
    assert answered.status == 200, await answered.text()

    (question,) = await desk.sent()
    words = question.get_body(("plain",)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]
    assert "<ana@corner.example>" in words
    assert "> Till 4\n>\n> It jams.\n>\n> At the drawer." in words
    assert [(one.get_filename(), one.get_content()) for one in question.iter_attachments()] == [("till.jpg", b"jpg")]
    assert str(first["Reply-To"]) not in question.as_string(), "who is asked gets no way to write as the customer"
    assert [fact for fact in await desk.told(number) if "with what the customer said last" in fact]


async def test_files_of_an_answer_from_outside_are_on_the_case_and_none_of_the_customers(
    desk: MailingDesk, http: Any
) -> None:
    (first,) = await desk.hears(dmarc="pass")
    number, sam = number_in(first), desk.office.sam.actor
    asked = {"to": "carrier@trucks.example", "subject": "", "note": "Asked the carrier", "key": "f-1"}
    await desk.office.do(forward, number, "Where is pallet 7?", by=sam, at=desk.clock(), **asked)
    (question,) = await desk.sent()
    answer = {"rcpt": str(question["Reply-To"]), "answers": id_of(question), "message_id": "a@trucks.example"}
    await desk.hears("As signed.", sender="<carrier@trucks.example>", files=(("pod.pdf", b"%PDF"),), **answer)

    (note,) = [fact for fact in await desk.told(number) if "As signed." in fact]
    found = re.search(r"pod\.pdf \((/api/cases/\S+/files/\S+)\)", note)
    assert found is not None
    li = await signed_in(http, desk.office.li)
    fetched = await li.get(found[1])
    assert (fetched.status, await fetched.read()) == (200, b"%PDF")
    assert (await li.get(found[1].replace(number, await another(desk)))).status == 404
    async with desk.house.database.snapshot() as snapshot:
        (file,) = await snapshot.rows(sa.text("SELECT conversation_id FROM files"))
        threads = await snapshot.rows(sa.text("SELECT conversation_id FROM mail_threads"))
    assert file.conversation_id not in {row.conversation_id for row in threads}

    # It is a place for files and no conversation: who names that mail is pointed at nothing by it.
    await desk.hears("And now?", sender="<eve@elsewhere.example>", answers="a@trucks.example", dmarc="pass")
    assert (await desk.verdicts())[-1] == "new"


async def another(desk: MailingDesk) -> str:
    """The number of a case that has nothing to do with it."""
    (other,) = await desk.hears("Another matter.", sender="<bob@x.example>", dmarc="pass")
    return number_in(other)
