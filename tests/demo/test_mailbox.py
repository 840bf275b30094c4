"""The demo's mail server takes what the desk sends, and whatever else a program on this machine sends it."""

import smtplib
from asyncio import gather, open_connection, to_thread
from datetime import UTC, datetime

import pytest

from app.demo.mailbox import MAIL_BYTES_MAX, MAILS_MAX, DemoMailbox
from channels.email.mail import Mail
from channels.email.smtp import SmtpSender
from channels.email.smtp_connection import SmtpSettings


@pytest.fixture
async def mailbox():
    box = DemoMailbox()
    await box.start()
    yield box
    await box.stop()


def post(port: int, raw: bytes, times: int = 1) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as client:
        for _ in range(times):
            client.sendmail("a@b.example", ["c@d.example"], raw)


async def test_a_mail_of_the_desk_can_be_read(mailbox):
    async def params(given):
        return {"code": "1234 5678", "minutes": 10}

    settings = SmtpSettings(mailbox.host, mailbox.port, "desk@larder.example", "Lärder", security="plain")
    mail = Mail("one_time_code", "ana@corner.example", "de", datetime(2026, 3, 2, tzinfo=UTC))
    await SmtpSender(settings, params).send(mail, key="k")
    (found,) = mailbox.mails()
    assert (found.number, found.sender, found.to) == (1, "desk@larder.example", ("ana@corner.example",))
    assert found.subject == "Ihr Code ist 1234 5678"
    assert "möchte nachweisen" in found.text
    assert "Lärder" in found.html


async def test_the_newest_come_first_and_the_oldest_leave(mailbox):
    await to_thread(post, mailbox.port, b"Subject: x\r\n\r\nhello", MAILS_MAX + 5)
    numbers = [mail.number for mail in mailbox.mails()]
    assert numbers == list(range(MAILS_MAX + 5, 5, -1))


BAD_MAILS = {
    "nothing": b"",
    "no header": b"just words",
    "a charset nobody knows": b'Content-Type: text/plain; charset="klingon"\r\n\r\nhello',
    "a charset that is no text": b'Content-Type: text/plain; charset="hex"\r\n\r\nhello',
    "a subject in a charset nobody knows": b"Subject: =?klingon?b?aGVsbG8=?=\r\n\r\nhello",
    "raw bytes in the subject": b"Subject: \xff\xfe\r\n\r\nhello",
    "a boundary that never comes": b'Content-Type: multipart/alternative; boundary="x"\r\n\r\nhello',
    "very deep": b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(1_200)
    ),
    "a killer of parsers": b"To: " + b", " * 400 + b"\r\n\r\nhello",
}


@pytest.mark.parametrize("raw", BAD_MAILS.values(), ids=BAD_MAILS.keys())
async def test_any_mail_at_all_is_kept(mailbox, raw):
    await to_thread(post, mailbox.port, raw)
    await to_thread(post, mailbox.port, b"Subject: after\r\n\r\nhello")
    assert mailbox.mails()[0].subject == "after"
    assert len(mailbox.mails()) == 2


async def test_a_mail_that_is_too_large_is_refused(mailbox):
    with pytest.raises(smtplib.SMTPException):
        await to_thread(post, mailbox.port, b"x" * (MAIL_BYTES_MAX + 10_000))
    assert mailbox.mails() == []


async def test_it_stops_with_clients_connected_and_starts_again():
    box = DemoMailbox()
    await gather(box.start(), box.start())
    reader, writer = await open_connection(box.host, box.port)
    assert (await reader.readline()).startswith(b"220")
    await box.stop()
    assert await reader.read() == b""
    writer.close()
    await box.stop()
    await box.start()
    await to_thread(post, box.port, b"Subject: again\r\n\r\n")
    assert box.mails()[0].subject == "again"
    await box.stop()
