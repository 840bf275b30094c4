"""What happens to a mail is what the server said: real servers on the loopback."""

import asyncio
import socket
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from typing import Any

import pytest

from channels.email.mail import Mail
from channels.email.message import POLICY, address_of
from channels.email.patience import Patience
from channels.email.sign_in import known
from channels.email.smtp import Doubted, Later, Refused, SmtpSender, Took
from channels.email.smtp_connection import SmtpSettings
from channels.protocol import DeliveryFailed
from tests.channels.email.servers import Scripted, certificate, only_ana, serving

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def mail(to="ana@corner.example", template="one_time_code", language="en"):
    return Mail(template, to, language, AT, {"code_id": "7"})


async def code_params(params):
    return {"code": "1234 5678", "minutes": 10}


def sender(port, resolve=code_params, **changes):
    basic = {
        "host": "127.0.0.1",
        "port": port,
        "sender": "desk@larder.example",
        "sender_name": "Larder & Co service desk",
        "company": "Larder & Co",
        "security": "plain",
        "patience": Patience(command_s=2.0, taken_s=2.0),
    }
    return SmtpSender(SmtpSettings(**(basic | changes)), resolve)


async def refused(sending: SmtpSender, what: Mail) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failure:
        await sending.send(what, key="k")
    return failure.value


async def test_a_mail_arrives_whole():
    handler = Scripted()
    async with serving(handler) as port:
        receipt = await sender(port).send(mail(), key="outbox:7")
    message = message_from_bytes(handler.taken[0], policy=default)
    assert message["To"] == "ana@corner.example"
    assert message["From"] == "Larder & Co service desk <desk@larder.example>"
    assert message["Subject"] == "Your code is 1234 5678"
    assert message["Date"].datetime == AT
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Content-Language"] == "en"
    assert message["Message-ID"] == receipt.proof["message_id"]
    assert message["Message-ID"].endswith("@larder.example>")
    assert receipt.proof["reply"] == "250 Taken"
    assert message.get_content_type() == "multipart/alternative"
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert rich is not None
    text, html = plain.get_content(), rich.get_content()
    assert "    1234 5678" in text.splitlines()
    assert "<strong>1234 5678</strong>" in html
    assert "Larder &amp; Co" in html


async def test_the_same_key_has_the_same_message_id():
    handler = Scripted()
    async with serving(handler) as port:
        proofs = [(await sender(port).send(mail(), key=key)).proof["message_id"] for key in ("a", "a", "b")]
    assert proofs[0] == proofs[1] != proofs[2]


async def test_a_mail_with_nobody_to_write_to_or_nothing_to_say_is_done_without_sending():
    async def expired(params):
        return None

    handler = Scripted()
    async with serving(handler) as port:
        assert (await sender(port).send(mail(to=""), key="k")).proof == {"skipped": True}
        assert (await sender(port, expired).send(mail(), key="k")).proof == {"skipped": True}
    assert handler.taken == []


@pytest.mark.parametrize(
    ("script", "retry", "ambiguous"),
    [
        ({"at_rcpt": "451 later"}, True, False),
        ({"at_rcpt": "550 no such mailbox"}, False, False),
        ({"at_rcpt": "drop"}, True, False),
        ({"at_data": "452 full"}, True, False),
        ({"at_data": "554 spam"}, False, False),
        ({"at_data": "drop"}, False, True),
    ],
    ids=lambda value: str(value),
)
async def test_the_reply_decides_what_may_be_tried_again(script, retry, ambiguous):
    async with serving(Scripted(**script)) as port:
        failure = await refused(sender(port), mail())
    assert (failure.retry, failure.ambiguous) == (retry, ambiguous)
    assert "ana@" not in str(failure)


class LooksForViruses(Scripted):
    """A server that has the text, and takes its time before it says so."""

    def __init__(self, *, for_s: float) -> None:
        super().__init__()
        self.for_s = for_s

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(self.for_s)
        return await super().handle_DATA(server, session, envelope)


async def test_a_server_may_take_longer_over_a_text_than_over_a_command():
    async with serving(LooksForViruses(for_s=0.6)) as port:
        patience = Patience(command_s=0.3, taken_s=10.0)
        assert (await sender(port, patience=patience).send(mail(), key="k")).proof["reply"] == "250 Taken"
        hasty = Patience(command_s=10.0, taken_s=0.1, bytes_a_second=1_000_000)
        assert (await refused(sender(port, patience=hasty), mail())).ambiguous


def test_nobody_hangs_up_sooner_than_the_standard_says():
    """RFC 5321, 4.5.3.2: five minutes for a greeting and a recipient, ten for the answer to a text."""
    standard = SmtpSettings("mx.example", 25, "desk@larder.example", "Larder & Co").patience
    assert standard.command_s >= 300
    assert standard.for_text(0) >= 600
    assert standard.for_text(25 * 1024 * 1024) >= 600 + 25 * 1024 / 64, "half a megabit a second is enough for files"


async def test_a_server_that_is_not_there_is_tried_again():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert (await refused(sender(port), mail())).retry


async def test_starttls_with_a_certificate_nobody_vouches_for_is_refused(tmp_path):
    context, trust = certificate(tmp_path)
    handler = Scripted()
    async with serving(handler, tls_context=context, require_starttls=True) as port:
        failure = await refused(sender(port, security="starttls"), mail())
        assert (failure.retry, failure.ambiguous) == (True, False)
        await sender(port, security="starttls", trust=trust).send(mail(), key="k")
    assert handler.encrypted == [True]


async def test_a_server_without_starttls_gets_nothing():
    handler = Scripted()
    async with serving(handler) as port:
        assert (await refused(sender(port, security="starttls"), mail())).retry
    assert handler.taken == []


async def test_tls_from_the_first_byte_checks_the_certificate_too(tmp_path):
    context, trust = certificate(tmp_path)
    handler = Scripted()
    async with serving(handler, ssl_at_once=context) as port:
        assert (await refused(sender(port, security="tls"), mail())).retry
        await sender(port, security="tls", trust=trust).send(mail(), key="k")
    assert len(handler.taken) == 1


async def test_sign_in(tmp_path):
    context, trust = certificate(tmp_path)
    handler = Scripted()
    options: dict[str, Any] = {"tls_context": context, "auth_required": True, "authenticator": only_ana}
    async with serving(handler, **options) as port:
        tls = {"security": "starttls", "trust": trust, "username": "ana"}
        assert (await refused(sender(port, **tls, secret=known("wrong")), mail())).retry
        await sender(port, **tls, secret=known("right")).send(mail(), key="k")
    assert len(handler.taken) == 1


def test_plain_text_never_leaves_the_machine():
    with pytest.raises(ValueError, match="loopback"):
        sender(25, host="mail.example")


@pytest.mark.parametrize("to", ["ana@corner.example\r\nBcc: all@corner.example", "no address", "a@b@c"])
async def test_an_address_that_would_break_the_header_is_never_sent(to):
    handler = Scripted()
    async with serving(handler) as port:
        failure = await refused(sender(port), mail(to=to))
    assert (failure.retry, failure.ambiguous, handler.taken) == (False, False, [])


async def test_an_address_beyond_ascii_needs_a_server_that_takes_it():
    handler = Scripted()
    async with serving(handler) as port:
        assert not (await refused(sender(port), mail(to="änne@corner.example"))).retry
    async with serving(handler, enable_SMTPUTF8=True) as port:
        await sender(port).send(mail(to="änne@corner.example"), key="k")
    assert len(handler.taken) == 1


@pytest.mark.parametrize("to", ["ana@müller.example", "ana@xn--mller-kva.example"])
async def test_a_domain_beyond_ascii_is_written_in_ascii_which_every_server_takes(to):
    handler = Scripted()
    async with serving(handler) as port:
        await sender(port, sender="desk@xn--lrder-gra.example").send(mail(to=to), key="k")
    header = handler.taken[0].partition(b"\r\n\r\n")[0]
    assert b"\r\nTo: ana@xn--mller-kva.example\r\n" in header
    assert b"<desk@xn--lrder-gra.example>\r\n" in header
    assert handler.recipients == [["ana@xn--mller-kva.example"]]


@pytest.mark.parametrize("knows_utf8", [False, True])
async def test_a_copy_beyond_ascii_keeps_nothing_from_the_others(knows_utf8):
    handler = Scripted()
    message = EmailMessage(policy=POLICY)
    message["From"], message["Message-ID"] = "desk@larder.example", "<a@larder.example>"
    message["To"] = [address_of("ana@corner.example", "Änne")]
    message["Cc"] = [address_of("jörg@corner.example"), address_of("boss@müller.example")]
    to = ("jörg@corner.example", "ana@corner.example", "boss@müller.example")
    async with serving(handler, enable_SMTPUTF8=knows_utf8) as port:
        receipt = await sender(port).hand_over(message, dict.fromkeys(to, "desk@larder.example"))

    assert receipt.proof.get("refused") == (None if knows_utf8 else {"jörg@corner.example": 553})
    *for_joerg, for_ana, for_boss = handler.taken
    assert for_ana == for_boss
    assert b"To: =?utf-8?q?=C3=84nne?= <ana@corner.example>\r\nCc: boss@xn--mller-kva.example\r\n" in for_ana
    assert ["Cc: jörg@corner.example, boss@xn--mller-kva.example\r\n".encode() in one for one in for_joerg] == (
        [True] if knows_utf8 else []
    )


async def test_a_desk_beyond_ascii_at_a_server_that_takes_none_says_nothing_of_its_customers():
    async with serving(Scripted()) as port:
        failure = await refused(sender(port, sender="bücher@larder.example"), mail())
    assert not failure.retry
    assert not isinstance(failure, Refused)


async def test_a_mail_without_its_parameters_or_template_is_given_up():
    async def nothing(params):
        return {}

    async with serving(Scripted()) as port:
        assert not (await refused(sender(port, nothing), mail())).retry
        assert not (await refused(sender(port), mail(template="../secrets"))).retry


async def handed_over(handler: Scripted, *to: str, took: Took | None = None) -> Exception | None:
    """What became of a mail to several."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["Message-ID"] = "desk@larder.example", "<a@larder.example>"
    async with serving(handler) as port:
        try:
            await sender(port).hand_over(message, dict.fromkeys(to, "desk@larder.example"), took)
        except DeliveryFailed as failed:
            return failed
    return None


async def test_later_for_all_is_later_and_nothing_was_sent():
    handler = Scripted(at_rcpt="450 greylisted")
    failure = await handed_over(handler, "ana@corner.example", "boss@corner.example")
    assert isinstance(failure, Later)
    assert (failure.retry, failure.taken, handler.taken) == (True, [], [])


async def test_later_for_one_says_who_has_it():
    handler = Scripted()
    handler.at_address = {"ana@corner.example": "450 greylisted", "eve@corner.example": "550 nobody"}
    failure = await handed_over(handler, "ana@corner.example", "boss@corner.example", "eve@corner.example")
    assert isinstance(failure, Later)
    assert failure.taken == ["boss@corner.example"]
    assert failure.later == {"ana@corner.example": 450}
    assert failure.refused == {"eve@corner.example": 550}


async def test_never_for_all_is_for_good():
    failure = await handed_over(Scripted(at_rcpt="550 nobody"), "ana@corner.example", "boss@corner.example")
    assert isinstance(failure, Refused)
    assert not failure.retry


class Leaving(Scripted):
    """A server that takes one mail, and then has no time for the next."""

    def __init__(self, at_second: str) -> None:
        super().__init__()
        self.at_second = at_second

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.taken and not self.at_second.startswith("data"):
            return self.at_second
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.taken:
            server.transport.abort()
            return "250 never said"
        return await super().handle_DATA(server, session, envelope)


@pytest.mark.parametrize("reply", ["421 closing", "554 enough of this"])
async def test_whose_turn_had_not_come_when_the_server_stopped_gets_it_later(reply: str):
    handler = Leaving(reply)
    failure = await handed_over(handler, "ana@corner.example", "boss@corner.example", "bob@corner.example")
    assert isinstance(failure, Later)
    assert failure.taken == ["ana@corner.example"]
    assert set(failure.later) == {"boss@corner.example", "bob@corner.example"}
    assert failure.refused == {}


async def test_a_line_that_was_lost_over_a_copy_leaves_it_open_whether_that_one_has_it_and_no_other():
    handler = Leaving("data")
    handler.at_address = {"eve@corner.example": "550 nobody", "bob@corner.example": "450 greylisted"}
    to = ("eve@corner.example", "bob@corner.example", "ana@corner.example", "boss@corner.example")
    failure = await handed_over(handler, *to, "late@corner.example")
    assert isinstance(failure, Doubted)
    assert (failure.ambiguous, failure.retry) == (True, False)
    assert (failure.taken, failure.refused) == (["ana@corner.example"], {"eve@corner.example": 550})


async def test_who_has_it_is_told_before_the_next_gets_it():
    handler, heard = Scripted(), list[tuple[str, int]]()

    async def took(address):
        heard.append((address, len(handler.taken)))

    handler.at_address = {"eve@corner.example": "550 nobody"}
    await handed_over(
        handler, "ana@corner.example", "eve@corner.example", "bob@corner.example", "x@y.example", took=took
    )
    assert heard == [("ana@corner.example", 1), ("bob@corner.example", 2)], "of the last the receipt tells"
