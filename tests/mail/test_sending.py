"""What the desk sends, through a real server, and what comes of it when the line is cut anywhere (R10, the way out)."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.jobs.delivery import Delivery
from app.jobs.mail import send_mail
from channels.email.smtp import SmtpSender
from channels.email.smtp_connection import SmtpSettings
from storage.engine import Database
from storage.outbox import Outbox
from storage.tables import outbox
from tests.mail.customers import words_of
from tests.mail.post import DESK, Post
from tests.mail.wire import Cut, telling_lines, wire_to
from tests.slow.results import write_results

pytestmark = pytest.mark.mail
ANA = "ana@customer.test"


class Sends:
    """The desk's way out alone: an outbox, its delivery, and a clock that a test moves."""

    def __init__(self, database: Database, port: int, **changes: Any) -> None:
        self.database = database
        self.at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        settings = {"host": "127.0.0.1", "port": port, "sender": DESK, "company": "Shop", "security": "plain"}
        sender = SmtpSender(SmtpSettings(**{**settings, **changes}), _as_they_are)
        self.delivery = Delivery(database, lambda: self.at, {"mail": send_mail(database, sender)})

    async def writes(self, code: str, *, to: str = ANA) -> None:
        asked = {"template": "one_time_code", "to": to, "language": "en", "params": {"code": code, "minutes": 10}}
        async with self.database.unit_of_work() as work:
            Outbox(work).deliver("mail", code, asked, at=self.at)

    async def tries(self) -> None:
        """Whatever is due; a retry is due a minute later."""
        await self.delivery.run()
        self.at += timedelta(minutes=1)

    async def state(self, code: str) -> str:
        async with self.database.snapshot() as snapshot:
            [row] = await snapshot.rows(sa.select(outbox.c.state).where(outbox.c.stream == code))
        return str(row.state)


async def _as_they_are(params: Any) -> Any:
    return params


@pytest.fixture
def sends(database: Database, post: Post) -> Sends:
    return Sends(database, post.smtp_port)


async def test_a_mail_of_the_desk_reaches_the_customers_mailbox(post: Post, sends: Sends):
    await sends.writes("1234 5678")
    await sends.tries()

    [mail] = await post.mailbox(ANA).receives()

    assert "1234 5678" in words_of(mail)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Return-Path"] == f"<{DESK}>"


async def test_mail_travels_encrypted_where_the_certificate_is_trusted_and_else_not_at_all(
    post: Post, database: Database
):
    trusting = Sends(database, post.smtp_port, security="starttls", trust=str(post.authority))
    await trusting.writes("1111 1111")
    await trusting.tries()
    [mail] = await post.mailbox(ANA).receives()
    assert "esmtps" in "".join(mail.get_all("Received", []))

    wary = Sends(database, post.smtp_port, security="starttls")
    await wary.writes("2222 2222")
    await wary.tries()
    assert await wary.state("2222 2222") == "pending"
    assert post.mailbox(ANA).holds() == 1


async def test_a_recipient_who_is_busy_gets_the_mail_later_and_one_who_is_unknown_never(post: Post, sends: Sends):
    post.answers(ANA, "450 4.2.1 Mailbox busy")
    post.answers("ben@customer.test", "550 5.1.1 Never heard of")
    await sends.writes("1111 1111")
    await sends.writes("2222 2222", to="ben@customer.test")
    await sends.tries()
    assert (await sends.state("1111 1111"), await sends.state("2222 2222")) == ("pending", "failed")

    post.answers(ANA, "")
    await sends.tries()

    assert await sends.state("1111 1111") == "done"
    assert len(await post.mailbox(ANA).receives()) == 1


@pytest.mark.parametrize("to", ["jürgen@customer.test", "ana@müller.test", "ana@xn--mller-kva.test"])
async def test_an_address_beyond_ascii_is_written_to_by_the_letter(post: Post, sends: Sends, to: str):
    post.hands_to("xn--mller-kva.test", post.lmtp_port)
    await sends.writes("1234 5678", to=to)
    await sends.tries()
    assert await sends.state("1234 5678") == "done"


@pytest.mark.bar
@pytest.mark.parametrize("how", list(Cut))
async def test_r10_a_mail_going_out_is_neither_lost_nor_doubled_wherever_the_line_is_cut(
    post: Post, database: Database, how: Cut
):
    """Cut after each line of a session: what certainly was not taken comes once, what may have been is a person's."""
    fates: Counter[str] = Counter()
    async with wire_to(post.smtp_port) as wire:
        sends = Sends(database, wire.port)
        await sends.writes("0000 0000")
        await sends.tries()
        lines = telling_lines(wire.lines[0].passed)
        for at in lines:
            wire.cuts(at, how)
            await sends.writes(f"{at:04} 0000")
            await sends.tries()
            assert wire.has_cut
            await sends.tries()
            fates[await sends.state(f"{at:04} 0000")] += 1
    await post.is_empty()

    arrived = Counter(words_of(mail).partition(" 0000")[0][-4:] for mail in post.mailbox(ANA).mails())
    states = {f"{at:04}": await sends.state(f"{at:04} 0000") for at in lines}
    assert max(arrived.values()) == 1, "doubled"
    assert [code for code, state in states.items() if state == "done" and code not in arrived] == [], "lost"
    assert set(states.values()) <= {"done", "ambiguous"}, "given up though it may be sent again"
    write_results(f"R10-smtp-out-{how}", {"lines cut": len(lines), **fates, "arrived": len(arrived) - 1})
