"""Mails that cannot be filed, among mails that can: set aside after five tries, and nobody else has to wait (R14)."""

import asyncio
import sys
from collections import Counter

import pytest
import sqlalchemy as sa

from tests.mail.conftest import NewCustomer
from tests.mail.desk import MailDesk
from tests.mail.handing_in import Handed, hand_in
from tests.mail.post import DESK, HOME, Post
from tests.slow.results import write_results

pytestmark = [pytest.mark.mail, pytest.mark.bar]
START = "from app.cli import main; main()"
REFUSES = """
CREATE TRIGGER poisoned BEFORE UPDATE OF state ON mails
WHEN NEW.state = 'filed' AND instr(OLD.raw, 'poison') > 0
BEGIN SELECT RAISE(ABORT, 'poisoned'); END
"""
"""A fault of ours that one mail brings out, whatever it may be in earnest."""


async def test_r14_a_mail_that_nothing_here_can_file_is_set_aside_and_can_be_tried_again(
    desk: MailDesk, customer: NewCustomer
):
    await _does(desk, REFUSES)
    for words in ("The lamp over the door is dark.", "This is poison.", "The till does not open."):
        await customer("ana@customer.test").writes(words)
    await desk.has_done(2)
    assert [mail.state for mail in await desk.mails()] == ["filed", "kept", "filed"]
    assert len(await desk.numbers()) == 2

    for _ in range(5):
        await desk.files()
        desk.clock.passes(hours=1)
    [_, poison, _] = await desk.mails()
    assert (poison.state, poison.tries) == ("quarantined", 5)
    assert b"This is poison." in poison.raw
    assert len(await desk.numbers()) == 3, "a case tells a person of it"

    await _does(desk, "DROP TRIGGER poisoned")
    await _command(desk, "mail", "retry", str(poison.id))
    await desk.has_done(3)
    assert [mail.state for mail in await desk.mails()] == ["filed"] * 3
    assert len(await desk.numbers()) == 4


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_b1_killer_mails_go_through_a_real_server_among_honest_ones(desk: MailDesk, post: Post):
    """Each is refused at the border, given back to its sender, filed, or set aside; the honest ones are all filed."""
    killers = pytest.importorskip("tests.channels.email.reading.killers").KILLERS
    mails = []
    for at, (name, make) in enumerate(killers.items()):
        mails += [Handed(name, "mallory@evil.test", DESK, make()), *([_honest(at)] if at % 10 == 0 else [])]
    fates = await asyncio.to_thread(hand_in, post, mails, HOME)
    await post.is_empty(within_s=120)
    refused = sum(code != 250 for code in fates.values())

    # Some differ in what the desk does not tell mails apart by; what it has kept is what it has to do.
    done = await desk.has_done(len(await desk.mails()), within_s=120)

    states = [mail.state for mail in done]
    assert set(states) <= {"filed", "quarantined"}
    assert sorted(mail.state for mail in done if b"is dark." in mail.raw) == ["filed"] * sum(
        mail.name.startswith("lamp") for mail in mails
    )
    figures = {"killers": len(killers), "refused by exim": refused, "given back": post.given_back(DESK)}
    write_results("B1-through-exim", {**figures, **Counter(states)})


def _honest(at: int) -> Handed:
    raw = f"From: ana@customer.test\r\nTo: {DESK}\r\nSubject: Lamp {at}\r\n\r\nLamp {at} is dark."
    return Handed(f"lamp {at}", "ana@customer.test", DESK, raw.encode())


async def _does(desk: MailDesk, statement: str) -> None:
    def change(connection: sa.Connection) -> None:
        with connection.begin():
            connection.execute(sa.text(statement))

    await desk.house.database.run(change)


async def _command(desk: MailDesk, *words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", START, *words, "--data", str(desk.house.settings.data)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
