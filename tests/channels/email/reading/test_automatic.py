"""Whether a machine wrote it, and what machines report."""

import pytest

from channels.email.letter import Automatic, Bounce, Envelope, Letter
from tests.channels.email.reading.mails import UNTOLD, mail, multipart, read

NULL_SENDER = Envelope(mail_from="", rcpt_to=("desk@shop.example",), source="smtp")
MARKS = {
    "Auto-Submitted: auto-replied": Automatic.REPLY,
    "Auto-Submitted: auto-generated; owner=x": Automatic.REPLY,
    "X-Autoreply: yes": Automatic.REPLY,
    "X-Autorespond: Out of office": Automatic.REPLY,
    "X-Auto-Response-Suppress: All": Automatic.REPLY,
    "X-Auto-Response-Suppress: DR, OOF": Automatic.REPLY,
    "Precedence: auto_reply": Automatic.REPLY,
    "Precedence: bulk": Automatic.BULK,
    "Precedence: Junk": Automatic.BULK,
    "Precedence: list": Automatic.LIST,
    "List-Id: Friends <friends.lists.example>": Automatic.LIST,
    "List-Unsubscribe: <mailto:x@lists.example>": Automatic.LIST,
    "List-Post: <mailto:x@lists.example>": Automatic.LIST,
    "X-Loop: shop.example": Automatic.SELF,
    "From: Desk <desk@shop.example>": Automatic.OURS,
    "From: Desk <desk+c-9-abc@shop.example>": Automatic.OURS,
    "From: MAILER-DAEMON@home.example": Automatic.NO_REPLY,
    "From: postmaster@home.example": Automatic.NO_REPLY,
    "From: Shop <noreply@home.example>": Automatic.NO_REPLY,
    "From: Shop <no-reply+x@home.example>": Automatic.NO_REPLY,
    "From: Shop <do_not_reply@home.example>": Automatic.NO_REPLY,
    "X-Failed-Recipients: gone@home.example": Automatic.BOUNCE,
}
NO_REPLIES = [
    *("noreply", "NoReply", "no-reply", "no_reply", "no.reply", "notreply", "not-reply", "donotreply", "do-not-reply"),
    *("do_not_reply", "do.not.reply", "noreply+x", "noreply-orders", "no-reply.de", "x-noreply", "orders.no-reply"),
    *(
        "shop+noreply",
        "mail_donotreply",
        "noresponder",
        "no-responde",
        "mailer-daemon",
        "x.mailer-daemon",
        "postmaster",
    ),
    *("bounce", "bounces", "bounces+7-ana=home.example", "list-bounces", "nobody"),
]
ANSWERED = [
    "bruno.reply",
    "casinoreply",
    "arno-reply",
    "piano_reply",
    "busybody",
    "reply",
    "trampolinebounces",
    "annobody",
]
PEOPLE = [
    "Auto-Submitted: no",
    "X-Auto-Response-Suppress: DR",
    "Precedence: normal",
    "Subject: Out of office: my key to it is broken",
    "Subject: Undeliverable parcel",
    "From: Noreen Plyer <noreen@home.example>",
    "X-Loop: somebody.else",
]


@pytest.mark.parametrize(("header", "why"), MARKS.items(), ids=MARKS)
def test_every_mark_of_a_machine_is_known(header, why):
    assert read(mail(header)).automatic is why


@pytest.mark.parametrize("local", NO_REPLIES)
def test_an_address_that_takes_no_answer_is_known(local):
    assert read(mail(f"From: Shop <{local}@home.example>")).automatic is Automatic.NO_REPLY


@pytest.mark.parametrize("local", ANSWERED)
def test_an_address_of_people_that_only_ends_like_one_is_answered(local):
    assert read(mail(f"From: {local}@corp.example")).automatic is Automatic.NO


def test_a_name_that_holds_such_an_address_makes_nobody_a_machine():
    assert read(mail('From: "no-reply@home.example" <ana@home.example>')).automatic is Automatic.NO


def test_where_the_sender_is_in_doubt_all_that_stands_there_is_looked_at():
    assert read(mail("From: Shop <no-reply@home.example>, Ana <ana@home.example>")).automatic is Automatic.NO_REPLY


@pytest.mark.parametrize("header", PEOPLE)
def test_people_are_not_taken_for_machines(header):
    assert read(mail(header)).automatic is Automatic.NO


def test_an_empty_envelope_sender_is_a_bounce_unless_it_says_what_else_it_is():
    assert read(mail(), NULL_SENDER).automatic is Automatic.BOUNCE
    assert read(mail("Auto-Submitted: auto-replied"), NULL_SENDER).automatic is Automatic.REPLY
    assert (
        read(mail("Auto-Submitted: auto-replied", "From: MAILER-DAEMON@x.example"), NULL_SENDER).automatic
        is Automatic.BOUNCE
    )


def test_where_the_way_in_tells_no_envelope_the_return_path_does():
    assert read(mail("Return-Path: <>"), UNTOLD).automatic is Automatic.BOUNCE
    assert read(mail("Return-Path: <>")).automatic is Automatic.NO, "the envelope is known and was not empty"


def test_a_delivery_status_notification_tells_of_each_recipient():
    letter = read(
        multipart(
            "Content-Type: text/plain\r\n\r\nYour mail could not be delivered.",
            "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.home.example\r\n\r\n"
            "Final-Recipient: rfc822; gone@home.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
            "Diagnostic-Code: smtp; 550 No such\r\n person\r\n\r\n"
            "Original-Recipient: rfc822;full@home.example\r\nFinal-Recipient: rfc822;full@far.example\r\n"
            "Action: delayed\r\nStatus: 4.2.2 (mailbox full)",
            "Content-Type: message/rfc822\r\n\r\nMessage-ID: <c-9@shop.example>\r\nFrom: x\r\n\r\nHello",
            kind="report; report-type=delivery-status",
        ),
        NULL_SENDER,
    )

    assert letter.automatic is Automatic.BOUNCE
    assert letter.bounces == (
        Bounce("gone@home.example", "failed", "5.1.1", "550 No such person", "c-9@shop.example"),
        Bounce("full@far.example", "delayed", "4.2.2", "", "c-9@shop.example", "full@home.example"),
    )
    assert [bounce.hard for bounce in letter.bounces] == [True, False]
    assert letter.text == "Your mail could not be delivered."


def test_a_bounce_of_the_old_kind_is_read_by_its_header():
    letter = read(mail("X-Failed-Recipients: gone@home.example", body="550 5.1.1 no such person"), NULL_SENDER)

    assert letter.bounces == (Bounce("gone@home.example", "failed", "5.1.1"),)


def test_a_complaint_names_who_complained():
    letter = read(
        multipart(
            "Content-Type: text/plain\r\n\r\nSomebody pressed a button.",
            "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nOriginal-Rcpt-To: <ana@home.example>",
            "Content-Type: message/rfc822\r\n\r\nMessage-ID: <c-9@shop.example>\r\nTo: bob@home.example\r\n\r\nHello",
            kind="report; report-type=feedback-report",
        )
    )

    assert letter.automatic is Automatic.COMPLAINT
    assert letter.complaint_of == "ana@home.example"
    assert letter.complaint_about == "c-9@shop.example"


def test_a_complaint_that_leaves_out_whose_it_is_is_not_laid_to_whom_the_mail_was_written_to():
    letter = read(
        multipart(
            "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse",
            "Content-Type: message/rfc822\r\n\r\nTo: ana@home.example\r\n\r\nHello",
            kind="report; report-type=feedback-report",
        )
    )

    assert letter.complaint_of == ""


@pytest.mark.parametrize("said", ["abuse", "Fraud", "virus", "opt-out", "opt-out-list"])
def test_who_wants_no_more_complains(said):
    assert fed_back(f"Feedback-Type: {said}\r\n").automatic is Automatic.COMPLAINT


@pytest.mark.parametrize("said", ["not-spam", "auth-failure", "miscategorized", "other", "x-new", ""])
def test_feedback_of_another_kind_is_a_report_and_no_complaint(said):
    letter = fed_back(f"Feedback-Type: {said}\r\nOriginal-Mail-From: <desk+b-9@shop.example>\r\n")

    assert letter.automatic is Automatic.FEEDBACK
    assert letter.complaint_about == "c-9@shop.example"
    assert letter.complaint_path == "desk+b-9@shop.example"


def test_feedback_that_leaves_out_its_kind_is_no_complaint():
    assert fed_back("User-Agent: x\r\nVersion: 1\r\n").automatic is Automatic.FEEDBACK


def fed_back(fields: str) -> Letter:
    return read(
        multipart(
            "Content-Type: text/plain\r\n\r\nA report.",
            f"Content-Type: message/feedback-report\r\n\r\n{fields}",
            "Content-Type: message/rfc822\r\n\r\nMessage-ID: <c-9@shop.example>\r\n\r\nHello",
            kind="report; report-type=feedback-report",
        )
    )


def test_a_receipt_is_a_receipt():
    letter = read(
        multipart(
            "Content-Type: text/plain\r\n\r\nIt was read.",
            "Content-Type: message/disposition-notification\r\n\r\nDisposition: manual-action; displayed",
            kind="report; report-type=disposition-notification",
        ),
        NULL_SENDER,
    )

    assert letter.automatic is Automatic.RECEIPT
    assert letter.enclosures == ()
