"""A notice that its server put off is judged again when it leaves: it goes only where, when and if it still should."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.jobs.delivery import Delivery
from app.jobs.last_look import LastLook
from app.jobs.mail import send_mail
from app.notice_links import NoticeLinks
from app.tables import teams_sendings
from caseengine.activities import after
from caseengine.cases import history
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.events import CustomerTold, NoticeWithheld
from caseengine.operations.ending import reopen
from caseengine.operations.sending import NOTICE_KEY
from caseengine.tables import surveys
from channels.email.smtp import SmtpSender
from channels.email.smtp_connection import SmtpSettings
from channels.protocol import DeliveryFailed
from customers.contacts import Contacts
from customers.identities import Identity, IdentityKind
from customers.reachability import Reach, mark
from customers.wishes import NoticeKind, QuietHours, Way, Wishes
from storage.outbox import waiting
from storage.transaction import insertion
from tests.app.jobs import test_telling
from tests.app.jobs.test_notice_files import sends
from tests.app.jobs.test_opting_out import NEW, known, newcomer, says
from tests.app.jobs.test_telling import SECRET, Street, closes_in_silence
from tests.caseengine.office import when
from tests.channels.email.servers import Scripted, serving

street = test_telling.street
QUIET = Wishes(quiet=QuietHours(time(18), time(8, 30)))
RIGHT = "right@shop.example"


async def taken(street: Street, at: str, reply: str = "250 OK") -> list[tuple[str, str]]:
    """What a server that answers so has taken, tried at this time: whom it is to, and its words."""
    street.clock.at = when(at)
    server = Scripted(at_rcpt=reply)
    links = NoticeLinks(street.database, SECRET, "https://desk.example", street.clock)
    look = LastLook(street.database, street.clock, street.telling)
    async with serving(server) as port:
        settings = SmtpSettings("127.0.0.1", port, "desk@shop.example", "Shop", security="plain")
        send = send_mail(street.database, SmtpSender(settings, links.resolve), last_look=look)
        await Delivery(street.database, street.clock, {"mail": send}).run()
    return [_opened(raw) for raw in server.taken]


def _opened(raw: bytes) -> tuple[str, str]:
    message = message_from_bytes(raw, policy=default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(message["To"]), body.get_content()


async def put_off(street: Street, *cases: Case) -> None:
    """It would have left at 17:59, and the server said "later"."""
    for case in cases:
        await street.replies(case, f"At noon, {case.number}.", "Mon 17:56")
    await leaves_late(street)


async def leaves_late(street: Street) -> None:
    """What was said at 17:56 is told, and the server says "later"."""
    await street.job().run()
    street.clock.at += timedelta(minutes=3)
    await street.job().run()
    assert await taken(street, "Mon 17:59", "450 4.3.2 not now") == []


async def became(street: Street, case: Case) -> list[tuple[str, str, str]]:
    await street.job().run()
    return [(one.state, one.way, one.why) for one in await street.notices(case)]


async def told(street: Street, case: Case) -> list[str]:
    """What the history says of telling the customer, and of not."""
    lines = [one for one in await street.office.see(history, case.id) if isinstance(one, CustomerTold | NoticeWithheld)]
    return [f"{type(one).__name__} {','.join(one.kinds)} by {one.way}" for one in lines]


async def has_on_file(street: Street, *addresses: str) -> None:
    """A person corrects the file of the contact."""
    at = street.clock()
    theirs = tuple(Identity(IdentityKind.EMAIL, one, "import", at) for one in addresses)
    async with street.database.unit_of_work() as work:
        contacts = Contacts(work)
        known_so_far = await contacts.get(street.contact)
        corrected = replace(known_so_far, identities=theirs)
        contacts.correct(known_so_far, corrected, by=SYSTEM, source="import", at=at)


async def test_a_mail_that_was_put_off_waits_for_the_end_of_their_quiet_hours(street: Street) -> None:
    await street.wish(QUIET)
    await put_off(street, await street.case())

    assert await taken(street, "Mon 18:05") == []
    assert await taken(street, "Tue 08:29") == []
    assert len(await taken(street, "Tue 08:30")) == 1


async def test_a_mail_that_was_put_off_leaves_when_there_are_none(street: Street) -> None:
    await put_off(street, case := await street.case())
    assert len(await taken(street, "Mon 18:05")) == 1
    assert await told(street, case) == ["CustomerTold reply by email"]


async def test_a_mail_that_waits_when_its_address_says_stop_is_not_sent(street: Street) -> None:
    case, contact = await newcomer(street), await known(street, NEW)
    await put_off(street, theirs := await street.case(contact_id=contact))
    await says(street, case, None)
    assert await taken(street, "Mon 18:05") == []
    assert await became(street, theirs) == [("dropped", "", "opted_out")]


@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        (Wishes(way=None), "opted_out"),
        (Wishes(kinds=frozenset()), "unwanted"),
    ],
)
async def test_a_mail_that_nobody_wants_any_more_is_not_sent_and_the_case_says_so(
    street: Street, wishes: Wishes, why: str
) -> None:
    await put_off(street, case := await street.case())
    await street.wish(wishes)

    assert await taken(street, "Tue 10:00") == []
    assert await became(street, case) == [("dropped", "", why)]
    assert await told(street, case) == ["CustomerTold reply by email", "NoticeWithheld reply by email"]
    assert await taken(street, "Tue 11:00") == []


async def test_who_wants_the_chat_alone_by_now_gets_no_mail(street: Street) -> None:
    await put_off(street, case := await street.case())
    await says(street, street.contact, Way.CHAT)

    assert await taken(street, "Tue 10:00") == []
    assert await became(street, case) == [("told", "chat", "")]


async def test_nothing_goes_to_an_address_that_is_not_theirs_any_more(street: Street) -> None:
    case = await street.case()
    await sends(street, case, "Your invoice is attached.", "Mon 17:56", ("invoice.pdf", b"%PDF secret"))
    await leaves_late(street)
    await has_on_file(street, RIGHT)

    assert await taken(street, "Tue 10:00") == []
    await street.job().run()
    ((to, words),) = await taken(street, "Tue 10:00")
    assert (to, "Your invoice is attached." in words) == (RIGHT, True)


async def test_an_address_that_was_taken_off_leaves_nowhere_and_agents_learn_it(street: Street) -> None:
    await put_off(street, case := await street.case())
    await has_on_file(street)
    assert await taken(street, "Tue 10:00") == []
    assert await became(street, case) == [("dropped", "", "unproved")]
    assert [one.text for one in await street.said(case)] == [test_telling.WORDS["notice.not_told_unproved"]]


async def test_nothing_goes_where_somebody_complained(street: Street) -> None:
    await put_off(street, case := await street.case())
    async with street.database.unit_of_work() as work:
        mark(work, "email", "ana@shop.example", Reach.COMPLAINED, "arf", at=when("Mon 18:00"))
    assert await taken(street, "Tue 10:00") == []
    assert await became(street, case) == [("dropped", "", "unreachable")]


async def test_nobody_reads_that_it_is_solved_when_it_was_taken_up_again(street: Street) -> None:
    case = await street.case()
    await street.solves_by_itself(case, "Mon 17:56")
    await leaves_late(street)
    mo = street.office.mo.actor
    await street.office.do(reopen, case.number, reason="still broken", by=mo, at=when("Mon 18:10"))

    assert await taken(street, "Tue 10:00") == []
    assert await became(street, case) == [("dropped", "", "untrue")]


async def test_nobody_is_told_in_the_mail_what_they_read_in_the_chat(street: Street) -> None:
    await put_off(street, case := await street.case())
    street.telling = replace(street.telling, seen=lambda conversation, place: True)
    assert await taken(street, "Tue 10:00") == []
    assert await became(street, case) == [("dropped", "", "read")]


async def test_what_is_still_so_goes_without_what_is_not(street: Street) -> None:
    one, other = await street.case(), await street.case()
    await street.solves_by_itself(one, "Mon 17:56")
    await put_off(street, other)
    mo = street.office.mo.actor
    await street.office.do(reopen, one.number, reason="still broken", by=mo, at=when("Mon 18:10"))

    assert await taken(street, "Tue 10:00") == []
    await street.job().run()
    ((_, words),) = await taken(street, "Tue 10:00")
    assert (other.number in words, one.number in words) == (True, False)
    assert await told(street, other) == [
        "CustomerTold reply by email",
        "NoticeWithheld reply by email",
        "CustomerTold reply by email",
    ]


async def test_what_nobody_answered_yet_is_asked_where_it_goes_instead(street: Street) -> None:
    case = await street.case()
    street.refuse["mail"] = DeliveryFailed("no connection", retry=True)
    await closes_in_silence(street, case)
    assert ("survey", "told", "email") in [(one.kind, one.state, one.way) for one in await street.notices(case)]
    teams = await street.in_teams()
    await street.wish(Wishes(way=Way.TEAMS))
    await street.hours_pass(1)

    assert ("survey", "told", "teams") in [(one.kind, one.state, one.way) for one in await street.notices(case)]
    questions = [one for one in await street.office.see(after, teams, 0) if len(one.body.get("choices", ())) == 5]
    async with street.database.snapshot() as snapshot:
        (survey,) = await snapshot.rows(sa.select(surveys).where(surveys.c.case_id == case.id))
    assert [one.key for one in questions] == [f"survey:{survey.id}:1"]
    assert (survey.channel, street.by("mail")) == ("teams", [])


async def waits_in_teams(street: Street, *, quiet: Wishes) -> Case:
    """At 17:59 Teams asks to wait for an hour."""
    await street.in_teams()
    case = await street.case()
    await street.wish(replace(quiet, way=Way.TEAMS))
    street.refuse["teams"] = DeliveryFailed("Teams asks to wait", retry=True, after=timedelta(hours=1))
    await street.replies(case, "At noon.", "Mon 17:56")
    await street.tells()
    street.refuse.clear()
    return case


async def in_teams_by(street: Street, at: str) -> Sequence[str]:
    street.clock.at = when(at)
    await street.delivers()
    await street.job().run()
    await street.delivers()
    return [one["key"] for one in street.by("teams")]


async def test_teams_that_asked_to_wait_gets_nothing_in_their_quiet_hours(street: Street) -> None:
    case = await waits_in_teams(street, quiet=QUIET)
    assert await in_teams_by(street, "Mon 19:05") == []
    assert [one.due_at for one in await street.notices(case)] == [when("Tue 08:30")]
    assert len(await in_teams_by(street, "Tue 08:30")) == 1


async def test_teams_that_asked_to_wait_gets_nothing_after_a_stop(street: Street) -> None:
    case = await waits_in_teams(street, quiet=Wishes())
    await says(street, street.contact, None)
    assert await in_teams_by(street, "Mon 19:05") == []
    assert await became(street, case) == [("dropped", "", "opted_out")]
    assert await told(street, case) == ["CustomerTold reply by teams", "NoticeWithheld reply by teams"]


async def test_teams_that_asked_to_wait_gets_what_still_is_so(street: Street) -> None:
    case = await waits_in_teams(street, quiet=Wishes())
    assert len(await in_teams_by(street, "Mon 19:05")) == 1
    assert await told(street, case) == ["CustomerTold reply by teams"]


async def waiting_words(street: Street) -> Mapping[str, Any]:
    """The notice in Teams that waits, as the outbox holds it."""
    async with street.database.snapshot() as snapshot:
        (row,) = await waiting(snapshot, "deliver", at=when("Tue 09:00"))
    return row.payload


async def test_what_a_person_sends_again_is_theirs_to_decide(street: Street) -> None:
    await waits_in_teams(street, quiet=Wishes())
    await says(street, street.contact, None)
    look, words = LastLook(street.database, street.clock, street.telling), await waiting_words(street)
    assert await look.still_said({**words, "again": 1})
    assert not await look.still_said(words)


async def test_what_began_to_leave_and_may_have_arrived_is_not_taken_back(street: Street) -> None:
    case = await waits_in_teams(street, quiet=Wishes())
    await says(street, street.contact, None)
    look, words = LastLook(street.database, street.clock, street.telling), await waiting_words(street)
    begun = {"conversation_id": UUID(words["conversation"]), "key": words["key"], "at": street.clock()}
    async with street.database.unit_of_work() as work:
        work.write(insertion(teams_sendings, begun))
    assert await look.still_said(words)
    assert [one.state for one in await street.notices(case)] == ["told"]


@pytest.mark.parametrize(("way", "comes"), [(Way.CHAT, True), (None, False)])
async def test_a_step_said_where_the_case_is_talked_about_is_judged_too(
    street: Street, way: Way | None, comes: bool
) -> None:
    conversation = await street.in_teams()
    await street.wish(Wishes(way=Way.CHAT, kinds=frozenset({NoticeKind.STATUS})))
    case = await street.office.report_in(conversation, contact_id=street.contact)
    await street.solves_by_itself(case, "Mon 10:00")
    await street.tells()
    street.sent.clear()
    street.refuse["teams"] = DeliveryFailed("Teams asks to wait", retry=True, after=timedelta(hours=1))
    mo = street.office.mo.actor
    await street.office.do(reopen, case.number, reason="still broken", by=mo, at=street.clock())
    await street.tells()
    street.refuse.clear()
    await street.wish(Wishes(way=way, kinds=frozenset({NoticeKind.STATUS})))
    street.clock.at += timedelta(hours=2)
    await street.delivers()

    said = [one for one in street.by("teams") if one["key"].startswith(NOTICE_KEY)]
    assert len(said) == comes
