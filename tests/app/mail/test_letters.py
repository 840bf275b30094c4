"""A mail comes in, is filed, and is answered at most once."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import ValidationError

from app.mail_reader import DeskReader
from app.mail_settings import MailDesk
from app.settings import Settings
from caseengine.model.actor import SYSTEM
from channels.email.letter import Envelope
from customers.accounts import Account, Accounts, Role
from customers.contacts import Contacts
from storage.engine import Database
from tests.app.mail.mailing import AUTHSERV, DESK, MailingDesk, by_signatures, id_of, mailing, number_in, text_of
from tests.app.mail.peer import mail
from tests.channels.email.reading.test_signature import by


async def test_a_mail_opens_a_case_and_is_answered_with_its_number_and_a_time(any_desk: MailingDesk):
    (answer,) = await any_desk.hears("The till in shop 4 jams.", message_id="1@corner.example", dmarc="pass")

    (number,) = await any_desk.numbers()
    case = await any_desk.case(number)
    assert answer["To"] == "Ana Silva <ana@corner.example>"
    assert number_in(answer) == number
    assert "you will hear from us by" in text_of(answer)
    assert answer["Subject"] == f"Re: Till jams [{number}]"
    assert answer["In-Reply-To"] == "<1@corner.example>"
    assert answer["Auto-Submitted"] == "auto-replied"
    assert answer["X-Auto-Response-Suppress"] == "All"
    assert str(answer["Reply-To"]).startswith("desk+c-")
    assert (case.subject, case.description) == ("Till jams", "The till in shop 4 jams.")
    assert await any_desk.verdicts() == ["new"]


async def test_the_answer_to_our_mail_joins_the_case(any_desk: MailingDesk):
    (first,) = await any_desk.hears(dmarc="pass")
    number = number_in(first)

    to = {"subject": "Re: Till jams", "answers": id_of(first), "to": str(first["Reply-To"])}
    (again,) = await any_desk.hears("It jams at the drawer.", **to)
    assert await any_desk.hears("Always at the drawer.", **to) == []  # that words arrive is said once

    assert f"that is on case {number} now" in text_of(again)
    assert await any_desk.numbers() == [number]
    assert "CustomerWrote: It jams at the drawer." in await any_desk.told(number)
    assert await any_desk.verdicts() == ["new", "token", "token"]


async def test_without_the_token_the_message_id_it_answers_is_enough(desk: MailingDesk):
    (first,) = await desk.hears()
    await desk.hears("At the drawer.", answers=id_of(first))

    assert await desk.verdicts() == ["new", "reference"]
    assert len(await desk.numbers()) == 1


async def test_a_number_in_the_subject_is_enough_for_a_sender_who_is_vouched_for(desk: MailingDesk):
    (first,) = await desk.hears()
    await desk.hears("At the drawer.", subject=f"about {number_in(first)}", dmarc="pass")

    assert await desk.verdicts() == ["new", "number"]
    assert len(await desk.numbers()) == 1


async def test_a_number_alone_lets_nobody_in_who_is_not_vouched_for(desk: MailingDesk):
    (first,) = await desk.hears()
    await desk.hears("At the drawer.", subject=f"about {number_in(first)}")

    assert await desk.verdicts() == ["new", "sender_unproved"]
    assert len(await desk.numbers()) == 2


async def test_a_stranger_who_quotes_a_number_gets_a_case_of_their_own_and_both_are_told(desk: MailingDesk):
    (first,) = await desk.hears()
    number = number_in(first)

    await desk.hears("Tell me all.", sender="Eve <eve@elsewhere.example>", subject=f"Re: [{number}]", dmarc="pass")

    assert await desk.verdicts() == ["new", "not_taking_part"]
    other = next(one for one in await desk.numbers() if one != number)
    assert not [fact for fact in await desk.told(number) if fact.startswith("CustomerWrote")]
    assert [fact for fact in await desk.told(number) if "eve@elsewhere.example" in fact and other in fact]
    assert [fact for fact in await desk.told(other) if number in fact]


async def test_a_token_proves_the_way_and_not_the_writer(desk: MailingDesk):
    (first,) = await desk.hears()
    number = number_in(first)

    rcpt = str(first["Reply-To"])
    (own,) = await desk.hears("I was copied in.", sender="Bob <bob@corner.example>", rcpt=rcpt, dmarc="pass")
    assert number_in(own) != number
    assert not [fact for fact in await desk.told(number) if "copied in" in fact]

    await desk.hears("And more.", sender="Bob <bob@corner.example>", rcpt=rcpt, dmarc="pass")
    assert await desk.verdicts() == ["new", "not_taking_part", "beside_again"]
    assert "CustomerWrote: And more." in await desk.told(number_in(own))


async def test_a_disowned_sender_is_let_in_nowhere(desk: MailingDesk):
    (first,) = await desk.hears()
    await desk.hears("Close it.", rcpt=str(first["Reply-To"]), answers=id_of(first), dmarc="fail")

    assert await desk.verdicts() == ["new", "sender_disowned"]


@pytest.mark.bar
async def test_s8_of_200_forged_replies_none_is_appended(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    number = number_in(first)
    for place in range(200):
        forged = mail(
            f"Forged {place}",
            sender=("Ana Silva <ana@corner.example>", "Eve <eve@elsewhere.example>")[place % 2],
            subject=f"Re: Till jams [{number}]",
            message_id=f"forged-{place}@elsewhere.example",
            answers=("", f"c-{place:026}@larder-lane.example")[place % 3 == 0],
            dmarc=("", "fail", "pass")[place % 3] if place % 2 else ("", "fail")[place % 3 == 0],
        )
        await desk.gets(forged, rcpt=DESK, mail_from="eve@elsewhere.example")
    await desk.settle()

    assert not [fact for fact in await desk.told(number) if "Forged" in fact]
    assert {"token", "reference", "number"} & set(await desk.verdicts()) == set()


@pytest.mark.bar
async def test_s9_only_the_border_of_ours_on_top_vouches(desk: MailingDesk):
    await desk.knows()
    forged = ("Authentication-Results", f"{AUTHSERV}; dmarc=pass header.from=corner.example")
    await desk.hears(
        "One", message_id="1@x", headers=(("Authentication-Results", "mx.evil.example; dmarc=pass"), forged)
    )
    await desk.hears("Two", message_id="2@x", dmarc="pass", authserv="mx.evil.example")

    for number in await desk.numbers():
        assert (await desk.case(number)).contact_id is None


async def test_a_known_sender_who_is_vouched_for_is_recognised(desk: MailingDesk):
    ana = await desk.knows()
    (answer,) = await desk.hears(dmarc="pass")

    assert (await desk.case(number_in(answer))).contact_id == ana.id


async def test_a_machine_is_never_answered_and_reopens_nothing(desk: MailingDesk):
    (first,) = await desk.hears()
    number = number_in(first)
    away = (("Auto-Submitted", "auto-replied"),)

    assert await desk.hears("I am away.", rcpt=str(first["Reply-To"]), answers=id_of(first), headers=away) == []
    assert await desk.hears("I am away.", headers=away, answers="somebody-elses@mail.example") == []

    assert await desk.verdicts() == ["new", "automatic_auto_reply", "automatic_auto_reply"]
    assert await desk.numbers() == [number]
    assert [fact for fact in await desk.told(number) if fact.startswith("NoteAdded") and "I am away." in fact]


async def test_a_mailing_list_is_kept_for_people_and_not_answered(desk: MailingDesk):
    assert await desk.hears("News of the week", headers=(("List-Id", "<news.example>"),)) == []
    assert await desk.verdicts() == ["silent"]
    assert len(await desk.numbers()) == 1


async def test_a_bounce_is_a_fact_about_the_address_and_silences_the_desk_until_it_is_lifted(desk: MailingDesk):
    (first,) = await desk.hears()
    number = number_in(first)
    failed = (("X-Failed-Recipients", "ana@corner.example"),)
    back = str(first["Reply-To"])
    returned = desk.server.senders[-1]
    assert returned.startswith("desk+b-")

    await desk.hears(
        "Undeliverable", sender="mailer-daemon@corner.example", rcpt=returned, mail_from="", headers=failed
    )

    assert await desk.verdicts() == ["new", "automatic_bounce"]
    assert [fact for fact in await desk.told(number) if "5.1.1" in fact]
    assert await desk.replies(number, "Are you there?") == []
    assert [fact for fact in await desk.told(number) if "unreachable" in fact]
    assert back


async def test_a_forged_bounce_silences_nobody(desk: MailingDesk):
    (first,) = await desk.hears()
    failed = (("X-Failed-Recipients", "ana@corner.example"),)
    await desk.hears("Undeliverable", sender="mailer-daemon@x.example", mail_from="", headers=failed)

    assert len(await desk.replies(number_in(first), "Are you there?")) == 1


async def test_an_agents_reply_goes_out_under_their_name_and_the_answer_comes_back(desk: MailingDesk):
    (first,) = await desk.hears()
    number = number_in(first)

    (reply,) = await desk.replies(number, "Which shop is it?")
    assert "Auto-Submitted" not in reply
    assert "Which shop is it?" in text_of(reply)
    assert "> The till in shop 4 jams." in text_of(reply)
    assert reply["From"] == '"Sam, Tills" <desk@larder-lane.example>'
    assert reply["Subject"] == f"Re: Till jams [{number}]"

    assert await desk.hears("Shop 4.", answers=id_of(reply), rcpt=str(reply["Reply-To"])) == []
    assert "CustomerWrote: Shop 4." in await desk.told(number)


async def test_thanks_close_a_resolved_case_and_anything_else_reopens_it(desk: MailingDesk):
    from caseengine.model.resolution import Resolution, ResolutionCode
    from caseengine.operations import ending

    (first,) = await desk.hears()
    number = number_in(first)
    solved = Resolution(ResolutionCode.SOLVED, "Replaced the drawer")
    to = {"rcpt": str(first["Reply-To"]), "answers": id_of(first)}

    async def resolve():
        await desk.office.do(
            ending.resolve, number, solved, closing="Replaced.", by=desk.office.sam.actor, at=desk.clock()
        )
        await desk.sent()
        desk.clock.passes(minutes=5)

    await resolve()
    (again,) = await desk.hears("No, it still jams.", **to)
    assert number in text_of(again)
    assert (await desk.case(number)).status == "open"

    await resolve()
    (closed,) = await desk.hears("Thank you", **to)
    assert "is closed" in text_of(closed)
    assert (await desk.case(number)).status == "closed"


async def test_status_is_told_to_who_may_know_it(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    number = number_in(first)

    (told,) = await desk.hears(
        f"What is the status of {number}?", subject="Status?", dmarc="pass", answers=id_of(first)
    )
    assert number in text_of(told)
    assert "Tills" in text_of(told)

    (own,) = await desk.hears(f"What is the status of {number}?", sender="Eve <eve@x.example>", dmarc="pass")
    assert number not in text_of(own)


async def test_who_manages_a_store_hears_by_mail_that_there_is_more_to_see(desk: MailingDesk):
    ana = await desk.knows()
    (first,) = await desk.hears(dmarc="pass")
    asks = {"subject": "Status?", "dmarc": "pass", "answers": id_of(first)}
    (told,) = await desk.hears("What is the status of my cases?", **asks)
    assert number_in(first) in text_of(told)
    assert "you manage" not in text_of(told)

    store = Account(uuid4(), None, "store", "Corner shop", "S-1")
    async with desk.house.database.unit_of_work() as work:
        Accounts(work).add(store)
    async with desk.house.database.unit_of_work() as work:
        known = await Contacts(work).get(ana.id)
        told_now = replace(known, roles=((store.id, Role.MANAGER),))
        Contacts(work).correct(known, told_now, by=SYSTEM, source="import", at=desk.clock())
    (told,) = await desk.hears("What is the status of my cases?", **asks)
    assert number_in(first) in text_of(told)
    assert "stores or accounts you manage" in " ".join(text_of(told).split())


async def test_no_word_of_the_visitor_is_in_an_automatic_mail_to_an_unproved_address(desk: MailingDesk):
    (answer,) = await desk.hears(
        "BUY CHEAP PILLS", subject="Look at http://pills.example", sender="BUY <ana@corner.example>"
    )

    whole = answer.as_bytes().lower()
    assert b"pills" not in whole
    assert b"buy" not in whole


async def test_a_victim_gets_three_mails_an_hour_at_most(desk: MailingDesk):
    for place in range(20):
        await desk.gets(mail(f"Mail {place}", message_id=f"{place}@elsewhere.example"))
    sent = await desk.sent()

    assert len(sent) == 3
    assert len(await desk.numbers()) == 20


async def test_what_cannot_be_read_is_set_aside_with_a_case_and_its_neighbours_go_on(desk: MailingDesk):
    await desk.gets(mail("UNREADABLE", message_id="1@x"))
    await desk.gets(mail("BOOM", message_id="2@x"))
    await desk.gets(mail("Fine", message_id="3@x"))
    for _ in range(6):
        await desk.settle()
        desk.clock.passes(minutes=5)

    assert await desk.verdicts() == ["quarantined", "quarantined", "new"]
    assert len(await desk.numbers()) == 3


async def test_people_are_told_of_each_mail_that_was_left_in_its_mailbox(desk: MailingDesk):
    header = b"From: <ana@corner.example>\r\nMessage-ID: <1@x>\r\n\r\n"
    for raw, uid in ((header, 7), (b"", 8), (b"", 9), (b"", 9)):
        await desk.house.mailroom.keep(raw, Envelope(None, (), "imap:support", f"INBOX;1;{uid}", whole=False))
    await desk.settle()

    assert await desk.verdicts() == ["quarantined"] * 3
    for number in await desk.numbers():
        assert [fact for fact in await desk.told(number) if "left_in_mailbox" in fact and "folder" in fact]


async def test_the_same_mail_again_is_filed_once(desk: MailingDesk):
    raw = mail(message_id="1@corner.example")
    numbers = {await desk.gets(raw) for _ in range(4)}
    numbers.add(await desk.gets(b"Received: by another\r\n" + raw + b"\r\n"))
    assert len(numbers) == 1
    assert len(await desk.sent()) == 1


async def test_files_come_along(desk: MailingDesk):
    await desk.hears(files=(("../till.jpg", b"\xff\xd8"),))
    async with desk.house.database.snapshot() as snapshot:
        import sqlalchemy as sa

        rows = await snapshot.rows(sa.text("SELECT name, size FROM files"))
    assert [tuple(row) for row in rows] == [("../till.jpg", 2)]


async def test_a_sender_that_is_unclear_gets_a_case_and_no_answer(desk: MailingDesk):
    assert await desk.hears(sender="a@x.example, b@x.example") == []
    assert len(await desk.numbers()) == 1


@pytest.mark.bar
async def test_s9_at_microsoft_365_only_the_top_most_header_vouches(database: Database, tmp_path: Path):
    def results(verdict: str) -> tuple[str, str]:
        told = f"spf={verdict} (sender IP is 192.0.2.9) smtp.mailfrom=corner.example;dkim=none header.d=none"
        return "Authentication-Results", f"{told};dmarc={verdict} action=none header.from=corner.example;compauth=pass"

    async with mailing(database, tmp_path, mail_authserv="", mail_border="microsoft365") as desk:
        await desk.knows()
        for place, headers in enumerate(((results("pass"),), (results("none"), results("pass")), ())):
            await desk.hears(f"Case {place}", headers=headers)
        await desk.hears("Case 3", dmarc="pass", headers=(results("pass"),))  # a name on top is nobody of ours

        known = [(await desk.case(number)).contact_id is not None for number in await desk.numbers()]
    assert known == [True, False, False, False]


@pytest.mark.bar
async def test_s9_without_a_border_a_signature_of_the_senders_domain_vouches(database: Database, tmp_path: Path):
    async with by_signatures(database, tmp_path) as desk:
        await desk.knows()
        told = ("Authentication-Results", "mx.shop.example; dmarc=pass header.from=corner.example")
        signed = by("corner.example", mail("Case 0", message_id="0@corner.example"))
        forged = by("corner.example", mail("Case 1", message_id="1@corner.example")).replace(b"Case 1", b"Case X")
        claims = mail("Case 2", message_id="2@corner.example", headers=(told,))
        for raw in (signed, forged, claims):
            await desk.gets(raw)
            await desk.sent()
        known = [(await desk.case(number)).contact_id is not None for number in await desk.numbers()]
    assert known == [True, False, False]


@pytest.mark.bar
async def test_s9_a_subject_twice_is_vouched_for_by_no_border(database: Database, tmp_path: Path):
    """The signature that DMARC went by covers the lower one; who put the upper one there wrote the number."""
    async with DeskReader(MailDesk(DESK)) as reader, mailing(database, tmp_path, reader=reader) as desk:
        (first,) = await desk.hears(dmarc="pass")
        plain = mail("Close it.", subject="dinner", message_id="2@corner.example", dmarc="pass")
        results, rest = plain.split(b"\r\n", 1)
        await desk.gets(results + f"\r\nSubject: Re: [{number_in(first)}]\r\n".encode() + rest)
        await desk.settle()

        assert await desk.verdicts() == ["new", "sender_unproved"]


@pytest.mark.bar
async def test_s9_what_a_signature_does_not_cover_points_nowhere(database: Database, tmp_path: Path):
    """Anybody who has a signed mail of somebody's could put it there."""
    async with by_signatures(database, tmp_path) as desk:
        await desk.gets(by("corner.example", mail(message_id="1@corner.example")))
        await desk.settle()
        answering = by("corner.example", mail("More.", message_id="2@corner.example", answers="1@corner.example"))
        replayed = by("corner.example", mail("Yes.", subject="dinner", message_id="3@corner.example"))
        for raw in (answering, b"In-Reply-To: <1@corner.example>\r\n" + replayed):
            await desk.gets(raw)
            await desk.settle()

        assert await desk.verdicts() == ["new", "own_mail", "sender_unproved"]


def test_a_border_has_a_name_or_none():
    with pytest.raises(ValidationError, match="NIGHTDESK_MAIL_AUTHSERV"):
        Settings(mail_authserv="mx.shop.example", mail_border="microsoft365")


def test_a_desk_whose_domain_is_beyond_ascii_writes_it_as_every_server_takes_it():
    assert Settings(mail_from="desk@lärder.example").mail_from == "desk@xn--lrder-gra.example"
    with pytest.raises(ValidationError):
        Settings(mail_from="desk@lärder..example")
