"""The post office itself: what the stories rely on."""

import asyncio
import imaplib
import smtplib
import ssl

import pytest

from tests.mail.conftest import NewCustomer
from tests.mail.peer import Ear
from tests.mail.post import AUTHSERV, DESK, ELSEWHERE, PASSWORD, Post

pytestmark = pytest.mark.mail


async def test_a_mail_goes_from_swaks_through_exim_into_the_mailbox_at_dovecot(post: Post, customer: NewCustomer):
    sent = await customer("ana@customer.test", name="Ana").writes("The freezer is too warm", to="support+c-9@shop.test")

    [mail] = await post.mailbox(DESK).receives()

    assert mail["Message-ID"] == sent["Message-ID"]
    assert mail["Delivered-To"] == "support+c-9@shop.test"
    assert mail["Return-Path"] == "<ana@customer.test>"
    assert mail.get_content().strip() == "The freezer is too warm"


async def test_the_border_vouches_for_who_may_send_and_for_nobody_else(post: Post, customer: NewCustomer):
    await customer("ana@customer.test").writes("It is me")
    await customer("ana@customer.test", host=ELSEWHERE).writes("It is not")
    mallory = customer("mallory@evil.test")
    await mallory.sends(customer("ana@customer.test").composes("Nor is this", subject="Hi"))

    await customer("carol@small.test").writes("My domain publishes nothing")

    me, forged, misaligned, silent = await post.mailbox(DESK).receives(4)

    assert _verdicts(me) == [
        f"{AUTHSERV}; spf=pass smtp.mailfrom=ana@customer.test; dmarc=pass header.from=customer.test"
    ]
    assert "spf=fail" in _verdicts(forged)[0]
    assert "dmarc=fail" in _verdicts(forged)[0]
    assert "spf=pass smtp.mailfrom=mallory@evil.test; dmarc=fail header.from=customer.test" in _verdicts(misaligned)[0]
    assert _verdicts(silent) == [
        f"{AUTHSERV}; spf=none smtp.mailfrom=carol@small.test; dmarc=none header.from=small.test"
    ]


async def test_what_the_world_says_of_itself_is_taken_away_or_stands_below(post: Post, customer: NewCustomer):
    mallory = customer("mallory@evil.test", host=ELSEWHERE)
    claim = {"Authentication-Results": f"{AUTHSERV}; dmarc=pass header.from=evil.test"}

    await mallory.writes("Believe me", headers=claim)
    await post.mailbox(DESK).receives(1)
    post.lets_the_world_claim()
    await mallory.writes("Do believe me", headers=claim)

    stripped, left = await post.mailbox(DESK).receives(2)
    assert ["dmarc=fail" in verdict for verdict in _verdicts(stripped)] == [True]
    assert ["dmarc=fail" in verdict for verdict in _verdicts(left)] == [True, False]


async def test_a_mail_to_nobody_comes_back_as_a_real_bounce(post: Post, customer: NewCustomer):
    ana = customer("ana@customer.test")
    sent = await ana.writes("Hello?", to="nobody@customer.test")

    [bounce] = await ana.box.receives()

    assert bounce.get_content_type() == "multipart/report"
    report = next(part for part in bounce.walk() if part.get_content_type() == "message/delivery-status")
    facts = "".join(str(part) for part in report.get_payload())
    assert "Action: failed" in facts
    assert "Final-Recipient: rfc822;nobody@customer.test" in facts
    assert sent["Message-ID"] in str(bounce)


@pytest.mark.parametrize(("reply", "code"), [("450 4.2.1 Mailbox busy", 450), ("550 5.7.1 Not today", 550)])
async def test_a_recipient_can_be_made_to_refuse(post: Post, customer: NewCustomer, reply: str, code: int):
    ana = customer("ana@customer.test")
    mail = ana.composes("Hello", subject="Hello", to="ben@customer.test")
    post.answers("ben@customer.test", reply)

    refused = await ana.tries(mail, to="ben@customer.test")
    post.answers("ben@customer.test", "")
    taken = await ana.tries(mail, to="ben@customer.test")

    assert (refused.code, taken.code) == (code, 250)


async def test_a_mail_that_the_desk_cannot_take_now_waits_and_comes_again(post: Post, customer: NewCustomer):
    desk = Ear("451 4.3.0 Later")
    async with desk.listens() as port:
        post.hands_to("shop.test", port)
        await customer("ana@customer.test").writes("There is time", to="support+c-9@shop.test")
        await desk.asked.wait()
        assert len(await post.queued()) == 1

        desk.reply = "250 2.0.0 Taken"
        await post.is_empty()

    assert [b"There is time" in raw for raw in desk.taken] == [True]
    assert desk.recipients == ["support+c-9@shop.test"]


async def test_mail_waits_while_no_desk_listens(post: Post, customer: NewCustomer):
    desk = Ear()
    async with desk.listens() as port:
        post.hands_to("shop.test", port)
    await customer("ana@customer.test").writes("Anybody there?")
    assert len(await post.queued()) == 1

    async with desk.listens(port):
        await post.is_empty()

    assert len(desk.taken) == 1


async def test_what_exim_has_taken_survives_that_it_is_stopped(post: Post, customer: NewCustomer):
    async with Ear("451 4.3.0 Later").listens() as port:
        post.hands_to("shop.test", port)
        await customer("ana@customer.test").writes("There is time")
    post.stops_exim()
    post.hands_to("shop.test", post.lmtp_port)

    post.starts_exim()

    assert len(await post.mailbox(DESK).receives()) == 1


async def test_an_idle_imap_session_is_told_of_a_new_mail(post: Post, customer: NewCustomer):
    loop, idle = asyncio.get_running_loop(), asyncio.Event()

    def waits() -> bytes:
        with imaplib.IMAP4("127.0.0.1", post.imap_port) as box:
            box.login(DESK, PASSWORD)
            box.select()
            box.send(b"I1 IDLE\r\n")
            box.readline()
            loop.call_soon_threadsafe(idle.set)
            said = box.readline()
            box.send(b"DONE\r\n")
            while not box.readline().startswith(b"I1 "):
                pass
            return bytes(said)

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        waiting = group.create_task(asyncio.to_thread(waits))
        await idle.wait()
        await customer("ana@customer.test").writes("Are you awake?")

    assert b"EXISTS" in waiting.result()


async def test_a_mailbox_opens_by_password_over_tls_and_by_token_after_starttls(post: Post):
    trusting = ssl.create_default_context(cafile=str(post.authority))
    bearer = f"user={DESK}\x01auth=Bearer {post.access_token(DESK)}\x01\x01".encode()

    def opens() -> list[str]:
        with imaplib.IMAP4_SSL("127.0.0.1", post.imaps_port, ssl_context=trusting) as box:
            said = [box.login(DESK, PASSWORD)[0]]
        with imaplib.IMAP4("127.0.0.1", post.imap_port) as box:
            box.starttls(trusting)
            return [*said, box.authenticate("XOAUTH2", lambda _: bearer)[0]]

    assert await asyncio.to_thread(opens) == ["OK", "OK"]


async def test_a_token_that_has_run_out_opens_nothing(post: Post):
    bearer = f"user={DESK}\x01auth=Bearer {post.access_token(DESK, valid_s=-1)}\x01\x01".encode()

    def tries() -> None:
        with imaplib.IMAP4("127.0.0.1", post.imap_port) as box:
            box.authenticate("XOAUTH2", lambda challenge: b"" if challenge else bearer)

    with pytest.raises(imaplib.IMAP4.error):
        await asyncio.to_thread(tries)


async def test_nobody_trusts_the_servers_who_has_not_been_told_to(post: Post):
    def greets() -> None:
        with smtplib.SMTP("127.0.0.1", post.smtp_port, "desk.test") as client:
            client.starttls(context=ssl.create_default_context())

    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.to_thread(greets)


async def test_exim_takes_mail_after_starttls(post: Post):
    def greets() -> int:
        with smtplib.SMTP("127.0.0.1", post.smtp_port, "desk.test") as client:
            client.starttls(context=ssl.create_default_context(cafile=str(post.authority)))
            return client.ehlo()[0]

    assert await asyncio.to_thread(greets) == 250


async def test_every_uid_is_void_after_a_renumbering(post: Post, customer: NewCustomer):
    await customer("ana@customer.test").writes("One")
    box = post.mailbox(DESK)
    await box.receives()
    before = await asyncio.to_thread(_uid_validity, post)

    box.is_renumbered()

    assert await asyncio.to_thread(_uid_validity, post) != before


def _uid_validity(post: Post) -> bytes | None:
    with imaplib.IMAP4("127.0.0.1", post.imap_port) as client:
        client.login(DESK, PASSWORD)
        client.select()
        found: bytes | None = client.response("UIDVALIDITY")[1][0]
        return found


def _verdicts(mail) -> list[str]:
    return [" ".join(str(value).split()) for value in mail.get_all("Authentication-Results", [])]
