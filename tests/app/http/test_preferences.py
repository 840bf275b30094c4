"""What customers want to be told, as agents see and change it; and what a case's customer was told."""

from typing import Any

import pytest

from app.jobs.telling import CustomerNotices
from caseengine.operations.answering import reply
from caseengine.operations.sending import Telling
from tests.app.house import Served
from tests.caseengine.office import when

NOTES = {"unproved": "Nobody was told."}
WISHES: dict[str, Any] = {
    "way": "email",
    "kinds": ["resolved", "status"],
    "quiet_from": "21:00",
    "quiet_to": "07:30",
    "digest": "daily",
    "digest_at": "09:15",
    "zone": "Europe/Berlin",
    "language": "de",
    "said": "On the telephone.",
}


async def test_what_they_said_on_the_telephone_is_kept_with_who_heard_it(served: Served) -> None:
    contact = await served.office.contact()
    await served.office.handed_over(contact_id=contact)
    li = await served.agent(served.office.li)

    before = await li.gets(f"/api/contacts/{contact}/notices")
    answered = await li.asks("PUT", f"/api/contacts/{contact}/notices", WISHES)

    assert (before["way"], before["source"], before["since"]) == ("email", "", None)
    assert sorted(before["kinds"]) == ["promise", "reply", "resolved", "survey"]
    assert answered.status == 200
    wanted = {name: value for name, value in WISHES.items() if name != "said"}
    assert answered.json == {**wanted, "source": "agent: On the telephone.", "since": "2026-03-02T10:00:00Z"}
    assert await li.gets(f"/api/contacts/{contact}/notices") == answered.json


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"zone": "Europe/Atlantis"}, "customers.wishes_invalid"),
        ({"zone": "../etc/passwd"}, "http.body_invalid"),
        ({"quiet_to": None}, "customers.wishes_invalid"),
        ({"quiet_from": "25:00"}, "http.body_invalid"),
        ({"way": "pigeon"}, "http.body_invalid"),
        ({"kinds": ["weather"]}, "http.body_invalid"),
        ({"said": ""}, "http.body_invalid"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(served: Served, wrong: dict[str, Any], code: str) -> None:
    contact = await served.office.contact()
    await served.office.handed_over(contact_id=contact)
    li = await served.agent(served.office.li)
    answered = await li.asks("PUT", f"/api/contacts/{contact}/notices", {**WISHES, **wrong})
    assert (answered.status, answered.code) == (422, code)
    assert (await li.gets(f"/api/contacts/{contact}/notices"))["source"] == ""


async def test_whose_cases_you_may_not_see_you_cannot_change(served: Served) -> None:
    contact = await served.office.contact()
    await served.office.handed_over(contact_id=contact)
    di = await served.agent(served.office.di)
    for method, body in (("GET", None), ("PUT", WISHES)):
        answered = await di.asks(method, f"/api/contacts/{contact}/notices", body)
        assert (answered.status, answered.code) == (404, "customers.contact_not_found")


async def test_an_agent_sees_whether_the_customer_was_told(served: Served) -> None:
    office, database = served.office, served.database
    unseen: dict[str, Any] = {"seen": lambda conversation, place: False, "words": lambda items, at: ""}
    telling = Telling("UTC", b"s" * 32, **unseen, notes=NOTES, stop_button={})
    job = CustomerNotices(database, served.clock, telling)
    await job.run()
    contact = await office.contact()
    _, case = await office.handed_over(contact_id=contact)
    _, unknown = await office.handed_over()
    for one in (case, unknown):
        await office.do(reply, one.number, "At noon.", key="k", by=office.li.actor, at=when("Mon 10:00"))
    await job.run()
    li = await served.agent(office.li)
    (waits,) = (await li.gets(f"/api/cases/{case.number}/customer-notices"))["notices"]
    served.clock.passes(minutes=3)
    await job.run()

    (told,) = (await li.gets(f"/api/cases/{case.number}/customer-notices"))["notices"]
    (untold,) = (await li.gets(f"/api/cases/{unknown.number}/customer-notices"))["notices"]
    assert (waits["state"], waits["due_at"]) == ("planned", "2026-03-02T10:02:00Z")
    assert (told["kind"], told["state"], told["way"]) == ("reply", "told", "email")
    assert (untold["state"], untold["why"]) == ("dropped", "unproved")
