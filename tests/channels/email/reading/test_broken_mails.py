# ruff: noqa: E501 - mails as they are sent
"""Mails broken in any way are letters, or put aside; reading raises nothing else. Real odd mails too."""

import base64
import email
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.mail_replies import DATA
from channels.email.reading import LetterUnreadable, parse
from channels.email.reading.html import too_deep
from channels.email.reading.wire import pack, unpack
from tests.channels.email.reading.mails import OURS, UNTOLD, mail, multipart

SEEDS = [
    mail(),
    mail(
        "In-Reply-To: <1@x>",
        "Subject: =?utf-8?q?Re=3A_x?=",
        body="Yes\n\nOn 1 May 2026 at 10:00 x@y.example wrote:\n> Well?",
    ),
    mail(
        "Content-Type: text/html; charset=iso-8859-1", body='<div class="gmail_quote"><p>x<img src="cid:a"></p></div>'
    ),
    mail("Content-Type: text/plain; charset=iso-2022-jp; format=flowed", body=b"\x1b$B%F%9%H\x1b(B \r\nx"),
    multipart(
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQ==",
        "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Gr=C3=BC=C3=9Fe=\r\n",
        "Content-Type: application/pdf; name*0*=utf-8''%C3%A9; name*1=x\r\nContent-ID: <a>\r\n\r\n%PDF",
        "Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    ),
    multipart(
        "Content-Type: text/plain\r\n\r\nfailed",
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: x\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed",
        "Content-Type: message/rfc822\r\n\r\nMessage-ID: <1@x>\r\n\r\nx",
        kind="report; report-type=delivery-status",
    ),
]
SPICE = [
    b"\0",
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b":",
    b";",
    b'"',
    b"<",
    b">",
    b"@",
    b"(",
    b"=?",
    b"?=",
    b"--cut",
    b"--cut--",
    b"*0*=",
    b"\xff",
    b"\xed\xa0\x80",
    b"charset=",
    b"&#x110000;",
    b"[",
    b"%",
]


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A mail with pieces cut out, doubled, overwritten, and hostile bytes put in."""
    raw = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 30)))
        piece = draw(st.sampled_from(SPICE) | st.binary(max_size=6) | st.just(raw[start:end] * 3))
        raw = raw[:start] + piece + raw[end:]
    return raw


@given(broken() | st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_nothing_but_a_letter_or_the_refusal_comes_of_a_broken_mail(raw):
    try:
        letter = parse(raw, UNTOLD, OURS)
    except LetterUnreadable as refusal:
        assert refusal.reason == "empty"  # noqa: PT017 - the only reason that bytes alone can give
        return
    document, contents = pack(letter)

    assert unpack(document, contents) == letter
    assert "\0" not in document.decode()


@given(
    st.lists(st.sampled_from(["<div>", "</div>", "<b>", "</b>", "<p>", "<table>", "<td>", "x", "<br>"]), max_size=60)
)
def test_html_is_never_called_deep_that_is_not(tags):
    assert not too_deep("".join(tags))


DEV = DATA / "email" / "eml_dev.jsonl"


def files_of(message: Any) -> list[bytes]:
    """The attachments that Python's parser finds, without those of mails within the mail."""
    if message.get_content_maintype() == "message":
        return []
    if message.is_multipart():
        return [content for part in message.get_payload() for content in files_of(part)]
    return [message.get_payload(decode=True)] if message.get_content_disposition() == "attachment" else []


@pytest.mark.skipif(not DEV.exists(), reason="the public mails are not beside this checkout (../shared/data/dev)")
def test_every_public_mail_is_read_with_the_files_that_pythons_parser_finds():
    for line in DEV.read_text("utf-8").splitlines():
        row = json.loads(line)
        raw = base64.b64decode(row["raw_b64"])
        letter = parse(raw, UNTOLD, OURS)
        theirs = email.message_from_bytes(raw)

        ours = [file.content.strip() for file in letter.enclosures]
        assert all(content.strip() in ours for content in files_of(theirs) if content), row["id"]
        assert letter.subject or not theirs["subject"], row["id"]
