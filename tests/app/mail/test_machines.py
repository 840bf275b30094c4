"""What machines write: it is kept for people, tells of addresses, and brings no stranger's words onto a case."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.jobs.machine_mail import outcome_lines
from caseengine.case_files import read_case_file
from caseengine.mails import conversations_of
from caseengine.operations import answering
from caseengine.operations.forwarding import forward
from caseengine.tables import mails, sent_envelopes, sent_mails
from channels.email.letter import Bounce, Envelope, Letter
from channels.email.marker import loop_name
from channels.email.reading import Ours
from channels.email.reading.parse import parse
from customers.reachability import reachable
from customers.tables import reachability
from storage.engine import Database
from tests.app.mail.mailing import DESK, MailingDesk, id_of, mailing, number_in

ANA, BOB, EVE = "ana@corner.example", "bob@x.example", "eve@x.example"


class OwnReader:
    """The desk's own rules, without the process of their own."""

    async def read(self, raw: bytes, envelope: Envelope) -> Letter:
        return parse(raw, envelope, Ours((DESK,), loop_name(DESK)))


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[MailingDesk]:
    async with mailing(database, tmp_path, reader=OwnReader()) as made:
        yield made


def report(kind: str, told: str, about: str = "") -> bytes:
    """A multipart/report; `told` are its fields, `about` the Message-ID of what it is about."""
    part = {"delivery-status": "delivery-status", "feedback-report": "feedback-report"}[kind]
    lines = [
        *("From: reports@isp.example", f"To: {DESK}", "Subject: report", f"Message-ID: <r-{hash(told)}@isp.example>"),
        *("MIME-Version: 1.0", f"Content-Type: multipart/report; report-type={kind}; boundary=b", "", "--b", "", "x"),
        *("--b", f"Content-Type: message/{part}", "", told, "--b", "Content-Type: text/rfc822-headers", ""),
        *(f"Message-ID: <{about}>", f"To: {ANA}", "", "--b--", ""),
    ]
    return "\r\n".join(lines).encode()


def failed(final: str, original: str = "", words: str = "no such mailbox") -> str:
    first = f"Original-Recipient: rfc822;{original}\r\n" if original else ""
    end = f"Final-Recipient: rfc822;{final}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 {words}"
    return f"Reporting-MTA: dns; x\r\n\r\n{first}{end}\r\n"


async def writes_to(desk: MailingDesk, *addresses: str) -> list[bool]:
    async with desk.house.database.snapshot() as snapshot:
        return [await reachable(snapshot, "email", address) for address in addresses]


async def known_addresses(desk: MailingDesk) -> list[str]:
    """Of which anything is known."""
    async with desk.house.database.snapshot() as snapshot:
        return [row.value for row in await snapshot.rows(sa.select(reachability.c.value))]


async def test_a_disowned_sender_gets_no_words_onto_a_case_as_a_machine_either(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    away = (("Auto-Submitted", "auto-replied"),)
    await desk.hears("Pay elsewhere", answers=id_of(first), dmarc="fail", headers=away)
    await desk.hears("Pay elsewhere", answers=id_of(first), dmarc="fail", headers=(("List-Id", "<a.b>"),))

    assert not [fact for fact in await desk.told(number_in(first)) if "Pay elsewhere" in fact]


async def test_a_report_brings_its_outcome_and_none_of_its_words(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    told = failed("refund-900-euro@evil.example", ANA, words="Dear agent, refund 900 EUR")
    await desk.gets(report("delivery-status", told, id_of(first)), rcpt=desk.server.senders[-1], mail_from="")
    await desk.sent()

    notes = [fact for fact in await desk.told(number_in(first)) if "NoteAdded" in fact]
    assert [note for note in notes if f"{ANA}: failed 5.1.1" in note]
    assert not [note for note in notes if "900" in note]


async def test_who_was_copied_in_and_knows_the_message_id_silences_nobody(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    (reply, _) = await desk.replies(number_in(first), "On its way.", copies=answering.Copies((BOB,)))
    await desk.gets(report("delivery-status", failed(ANA), id_of(reply)), mail_from=BOB)
    await desk.sent()

    assert await writes_to(desk, ANA, BOB) == [True, True]


@pytest.mark.parametrize("original", [ANA, "Ana@CORNER.example"])
async def test_a_mailbox_that_was_passed_on_and_bounced_is_the_one_we_wrote_to(desk: MailingDesk, original: str):
    (first,) = await desk.hears(dmarc="pass")
    told = failed("ana.private@far.example", original)
    await desk.gets(report("delivery-status", told, id_of(first)), rcpt=desk.server.senders[-1], mail_from="")
    await desk.sent()

    assert await writes_to(desk, ANA) == [False]


@pytest.mark.parametrize("original", ["", "member@corner.example"])
async def test_a_member_who_is_gone_does_not_silence_the_address_that_others_read(desk: MailingDesk, original: str):
    (first,) = await desk.hears(dmarc="pass")
    told = failed("left@corner.example", original)
    await desk.gets(report("delivery-status", told, id_of(first)), rcpt=desk.server.senders[-1], mail_from="")
    await desk.sent()

    assert await writes_to(desk, ANA) == [True]
    notes = [fact for fact in await desk.told(number_in(first)) if "NoteAdded" in fact]
    assert len([note for note in notes if f"{ANA}: failed 5.1.1" in note]) == 1, "agents see whose mail it was"


def test_an_address_is_the_same_however_its_domain_is_written():
    told = Bounce("Li@xn--bcher-kva.example", "failed", "5.1.1")
    assert list(outcome_lines([told], {"li@bücher.example", BOB})) == ["li@bücher.example: failed 5.1.1"]


async def test_a_report_that_names_nobody_is_a_note(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    told = "Reporting-MTA: dns; x\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    await desk.gets(report("delivery-status", told, id_of(first)), rcpt=desk.server.senders[-1], mail_from="")
    await desk.sent()

    assert await writes_to(desk, ANA) == [True]
    assert [fact for fact in await desk.told(number_in(first)) if "NoteAdded" in fact and "bounce" in fact]


async def test_a_mail_that_went_to_several_in_one_envelope_tells_of_none_of_them(desk: MailingDesk):
    """As all did before migration 0012: whoever had a copy saw where bounces of it go."""
    (first,) = await desk.hears(dmarc="pass")
    number = number_in(first)
    (reply, _) = await desk.replies(number, "On its way.", copies=answering.Copies((BOB,)))
    for_all = desk.server.senders[-2]
    async with desk.house.database.unit_of_work() as work:
        work.write(sa.delete(sent_envelopes))
    for told in (failed(ANA, ANA), failed(BOB), failed(EVE, ANA)):
        await desk.gets(report("delivery-status", told, id_of(reply)), rcpt=for_all, mail_from="")
    about = f"Feedback-Type: abuse\r\nVersion: 1\r\nOriginal-Mail-From: <{for_all}>\r\n"
    await desk.gets(report("feedback-report", about, id_of(reply)), mail_from="fbl@isp.example")
    await desk.sent()

    assert await writes_to(desk, ANA, BOB, EVE) == [True, True, True]
    assert len([fact for fact in await desk.told(number) if "failed 5.1.1" in fact]) == 3
    assert await known_addresses(desk) == []


async def test_a_mail_that_went_to_one_alone_before_is_believed_as_ever(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    async with desk.house.database.unit_of_work() as work:
        work.write(sa.update(sent_mails).values(others=[ANA.upper()]))
    await desk.gets(report("delivery-status", failed(ANA), id_of(first)), rcpt=desk.server.senders[-1], mail_from="")
    await desk.sent()

    assert await writes_to(desk, ANA) == [False]


async def test_a_bounce_tells_of_nobody_but_whose_envelope_it_came_back_to(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    await desk.replies(number_in(first), "On its way.", copies=answering.Copies((BOB,)))
    to_ana, to_bob = desk.server.senders[-2:]
    assert to_ana != to_bob

    forged = failed(ANA, ANA) + failed(EVE, EVE)
    await desk.gets(report("delivery-status", forged, "x@isp.example"), rcpt=to_bob, mail_from="")
    await desk.sent()
    assert await writes_to(desk, ANA, BOB, EVE) == [True, True, True]

    forged += failed(BOB)
    await desk.gets(report("delivery-status", forged, "x@isp.example"), rcpt=to_bob, mail_from="")
    await desk.sent()
    assert await writes_to(desk, ANA, BOB, EVE) == [True, False, True]

    await desk.gets(report("delivery-status", failed(ANA), "y@isp.example"), rcpt=to_ana, mail_from="")
    await desk.sent()
    assert await writes_to(desk, ANA, BOB, EVE) == [False, False, True]


async def test_who_only_knows_where_answers_to_a_forward_go_makes_no_bounce_of_it(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    asked = {"to": EVE, "subject": "", "note": "Asked", "key": "f-1"}
    await desk.office.do(forward, number_in(first), "Where?", by=desk.office.sam.actor, at=desk.clock(), **asked)
    (mail,) = await desk.sent()
    answers = str(mail["Reply-To"])
    assert "+f-" in answers
    for place, rcpt in enumerate((answers, answers.replace("+f-", "+b-"))):
        told = failed(EVE).replace("5.1.1", f"5.1.{place + 2}")
        await desk.gets(report("delivery-status", told, id_of(mail)), rcpt=rcpt, mail_from="")
    await desk.sent()
    assert await known_addresses(desk) == []

    await desk.gets(report("delivery-status", failed(EVE), id_of(mail)), rcpt=desk.server.senders[-1], mail_from="")
    await desk.sent()
    assert await writes_to(desk, EVE) == [False]


async def test_a_complaint_silences_whose_mail_it_names_by_its_envelope_and_nobody_else(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    (reply, _) = await desk.replies(number_in(first), "On its way.", copies=answering.Copies((BOB,)))
    abuse = "Feedback-Type: abuse\r\nVersion: 1\r\n"
    for told in ("", f"Original-Rcpt-To: {EVE}\r\n", f"Original-Rcpt-To: {ANA}\r\n"):
        await desk.gets(report("feedback-report", abuse + told, id_of(reply)), mail_from="fbl@isp.example")
    await desk.sent()
    assert await writes_to(desk, ANA, BOB, EVE) == [True, True, True]

    path = f"Original-Mail-From: <{desk.server.senders[-1]}>\r\nOriginal-Rcpt-To: {ANA}\r\n"
    await desk.gets(report("feedback-report", abuse + path, id_of(reply)), mail_from="fbl@isp.example")
    await desk.sent()
    assert await writes_to(desk, ANA, BOB, EVE) == [True, False, True]


async def fed_back(desk: MailingDesk, kind: str, *, named: bool = True) -> str:
    """What the case says once somebody's provider reported on the mail that answered them."""
    (first,) = await desk.hears(dmarc="pass")
    path = f"Original-Mail-From: <{desk.server.senders[-1]}>\r\n" if named else ""
    told = f"Feedback-Type: {kind}\r\nVersion: 1\r\n{path}"
    await desk.gets(report("feedback-report", told, id_of(first)), mail_from="fbl@isp.example")
    await desk.sent()
    (note,) = [fact for fact in await desk.told(number_in(first)) if "NoteAdded" in fact]
    return note


async def test_a_case_says_of_a_complaint_that_its_address_gets_nothing_more(desk: MailingDesk):
    note = await fed_back(desk, "abuse")

    assert f"Nothing more is sent to {ANA} until a person lifts it." in note
    assert await writes_to(desk, ANA) == [False]


async def test_a_case_says_of_a_complaint_that_names_nobody_that_mails_go_on(desk: MailingDesk):
    note = await fed_back(desk, "abuse", named=False)

    assert "mails go there as before" in note
    assert await writes_to(desk, ANA) == [True]


async def test_a_case_says_of_a_mail_that_came_back_that_its_address_gets_nothing_more(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    await desk.gets(report("delivery-status", failed(ANA), id_of(first)), rcpt=desk.server.senders[-1], mail_from="")
    await desk.sent()

    (note,) = [fact for fact in await desk.told(number_in(first)) if "NoteAdded" in fact]
    assert f"Nothing more is sent to {ANA} until a person lifts it." in note


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "other"])
async def test_feedback_that_is_no_complaint_silences_nobody(desk: MailingDesk, kind: str):
    note = await fed_back(desk, kind)

    assert "no complaint" in note
    assert await known_addresses(desk) == []


async def test_that_a_mail_is_no_spam_lifts_nothing(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    for kind in ("abuse", "not-spam"):
        told = f"Feedback-Type: {kind}\r\nOriginal-Mail-From: <{desk.server.senders[-1]}>\r\n"
        await desk.gets(report("feedback-report", told, id_of(first)), mail_from="fbl@isp.example")
    await desk.sent()

    assert await writes_to(desk, ANA) == [False]


async def test_nobody_is_answered_whose_domain_disowns_them(desk: MailingDesk):
    assert await desk.hears("Refund me", dmarc="fail") == []

    (number,) = await desk.numbers()
    assert await desk.verdicts() == ["silent"]
    assert (await desk.case(number)).description == "Refund me"


async def test_what_a_program_sends_first_is_for_people(desk: MailingDesk):
    generated, suppressed = (("Auto-Submitted", "auto-generated"),), (("X-Auto-Response-Suppress", "All"),)
    assert await desk.hears("Order 7 is broken", headers=generated, dmarc="pass") == []
    assert await desk.hears("Order 8 is broken", headers=suppressed, dmarc="pass") == []
    assert await desk.hears("Order 9 is broken", sender=f"<{DESK}>", mail_from=DESK) == []
    assert await desk.hears("Ours", headers=(("X-Loop", loop_name(DESK)),)) == []
    away = (("Auto-Submitted", "auto-replied"),)
    assert await desk.hears("I am away", headers=away, mail_from="") == []

    assert await desk.verdicts() == ["silent", "silent", "silent", "automatic_self", "automatic_auto_reply"]


async def test_a_participant_who_writes_through_a_list_is_heard_and_not_answered(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    number = number_in(first)
    through = {"headers": (("List-Id", "<shop.example>"),), "files": (("till.jpg", b"x"),), "answers": id_of(first)}
    assert await desk.hears("It is the drawer. " * 200 + "END", dmarc="pass", **through) == []

    assert (await desk.verdicts())[-1] == "reference"
    assert [fact for fact in await desk.told(number) if fact.startswith("CustomerWrote") and "END" in fact]


@pytest.mark.parametrize("how", [(("Auto-Submitted", "auto-generated"),), (("List-Id", "<shop.example>"),)])
async def test_files_of_a_machine_are_on_the_case_when_the_bytes_of_its_mail_are_gone(desk: MailingDesk, how):
    (first,) = await desk.hears(dmarc="pass")
    number, ours = number_in(first), id_of(first)
    came = {"answers": ours, "headers": how, "sender": "<robot@maker.example>", "message_id": "robot@maker.example"}
    assert await desk.hears("The offer", files=(("offer.pdf", b"%PDF"),), **came) == []

    (note,) = [fact for fact in await desk.told(number) if "offer.pdf" in fact]
    file_id = note.rpartition("/")[2].rstrip(")")
    case = await desk.case(number)
    found = await desk.office.see(read_case_file, case.id, UUID(file_id))
    assert found is not None
    assert found[1] == b"%PDF"
    assert f"/api/cases/{number}/files/" in note
    assert await desk.office.see(conversations_of, ["robot@maker.example"]) == [], "nobody talks where they lie"


async def test_files_whose_sender_is_disowned_are_kept_and_their_names_are_not_told(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    away = (("Auto-Submitted", "auto-replied"),)
    await desk.hears("x", answers=id_of(first), dmarc="fail", headers=away, files=(("Pay elsewhere.pdf", b"x"),))

    (note,) = [fact for fact in await desk.told(number_in(first)) if "/files/" in fact]
    assert "Pay" not in note


async def test_files_of_a_report_are_not_put_on_the_case(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    await desk.hears("Gone", answers=id_of(first), mail_from="", files=(("x.pdf", b"x"),))
    async with desk.house.database.snapshot() as snapshot:
        assert await snapshot.scalar(sa.text("SELECT count(*) FROM files")) == 0
    assert not [fact for fact in await desk.told(number_in(first)) if "/files/" in fact]


async def test_a_form_that_wants_answers_elsewhere_gets_none_by_itself(desk: MailingDesk):
    asks = (("Reply-To", "Bob <bob@home.example>"),)
    assert await desk.hears("Where is my order 7?", sender="<forms@shop.example>", headers=asks, dmarc="pass") == []
    assert len(await desk.numbers()) == 1
    async with desk.house.database.snapshot() as snapshot:
        kept = await snapshot.scalar(sa.select(mails.c.original))
    assert kept["reply_to"] == ["Bob <bob@home.example>"]
    own = (("Reply-To", "Ana@corner.example"),)
    assert len(await desk.hears(headers=own, dmarc="pass")) == 1


async def test_every_reply_of_an_agent_that_does_not_go_out_is_told_and_has_failed(desk: MailingDesk):
    from tests.app.mail.test_delivering import last_delivery

    (first,) = await desk.hears(dmarc="pass")
    number = number_in(first)
    await desk.gets(report("delivery-status", failed(ANA), id_of(first)), rcpt=desk.server.senders[-1], mail_from="")
    await desk.sent()
    for words in ("One", "Two"):
        assert await desk.replies(number, words) == []
        assert await last_delivery(desk) == "failed"

    assert len([fact for fact in await desk.told(number) if "unreachable" in fact]) == 2
