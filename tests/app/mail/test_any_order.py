"""Whatever mails come, in whatever order: no stranger's words land on a case, and every mail ends somewhere."""

import asyncio
import contextlib
import itertools
import tempfile
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.jobs.filing import Filing
from caseengine.tables import mails
from storage.engine import Database
from tests.app.mail.mailing import DESK, MailingDesk, id_of, mailing, number_in
from tests.app.mail.peer import mail
from tests.conftest import empty_sqlite

PEOPLE = ("ana@corner.example", "bob@corner.example", "eve@elsewhere.example")
arrivals = st.fixed_dictionaries(
    {
        "who": st.sampled_from(PEOPLE),
        "forged": st.booleans(),
        "kind": st.sampled_from(["plain", "plain", "plain", "machine", "UNREADABLE"]),
        "dmarc": st.sampled_from(["", "pass", "fail"]),
        "points": st.sampled_from(["", "token", "reference", "number"]),
        "at": st.integers(0, 5),
        "twice": st.booleans(),
    }
)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nobodys_words_land_on_somebody_elses_case() -> None:
    """One desk for all stories, and people of their own in each."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        database = Database(empty_sqlite(Path(folder) / "desk.db"))
        desk = runner.run(stack.enter_async_context(mailing(database, Path(folder))))
        stories = itertools.count()

        @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(arrivals, min_size=1, max_size=6))
        def holds(story: list[dict[str, Any]]) -> None:
            number = next(stories)
            runner.run(_comes_in(desk, story, number))
            runner.run(_holds(desk, number))

        try:
            holds()
        finally:
            runner.run(stack.aclose())


async def _comes_in(desk: MailingDesk, story: list[dict[str, Any]], number: int) -> None:
    """Somebody forged is never vouched for: that is what our border is for."""
    sent: list[EmailMessage] = []
    for place, one in enumerate(story):
        pointed = sent[one["at"] % len(sent)] if sent and one["points"] else None
        dmarc = "" if one["forged"] and one["dmarc"] == "pass" else one["dmarc"]
        guessed = one["points"] == "number"
        who = f"{number}.{one['who']}"
        writer = f"forger{number}" if one["forged"] else who
        raw = mail(
            f"{one['kind']} says {writer}",
            sender=f"<{who}>",
            subject=str(pointed["Subject"]) if pointed is not None and guessed else "Hello",
            message_id=f"{place}.{number}@{writer}.example",
            # A forger has seen nothing that only the real reader of our mails has.
            answers=id_of(pointed)
            if pointed is not None and one["points"] == "reference" and not one["forged"]
            else "",
            dmarc=dmarc,
            headers=(("Auto-Submitted", "auto-replied"),) if one["kind"] == "machine" else (),
        )
        token = one["points"] == "token" and not one["forged"]
        for _ in range(2 if one["twice"] else 1):
            await desk.gets(raw, rcpt=str(pointed["Reply-To"]) if pointed is not None and token else DESK)
        sent += await desk.sent()


async def _holds(desk: MailingDesk, number: int) -> None:
    async with desk.house.database.snapshot() as snapshot:
        left = await snapshot.rows(sa.text("SELECT state FROM mails WHERE state = 'kept'"))
        mine = sa.text("SELECT number, reply_address FROM cases WHERE reply_address LIKE :mine")
        cases = await snapshot.rows(mine.bindparams(mine=f"{number}.%"))
    assert left == []
    for case in cases:
        told = await desk.told(case.number)
        words = [fact for fact in told if fact.startswith(("CustomerWrote", "CaseReopened"))]
        assert all(f"says {case.reply_address}" in fact for fact in words), (case.reply_address, told)
        assert not [fact for fact in told if "says forger" in fact], told


async def somebody_is_at_it(desk: MailingDesk, mail_id: int, *, still: bool) -> None:
    """Whatever files this mail loses to somebody who was faster."""
    when = f"BEFORE UPDATE OF state ON mails WHEN NEW.state = 'filed' AND OLD.id = {mail_id}"
    busy = f"CREATE TRIGGER busy {when} BEGIN SELECT RAISE(IGNORE); END" if still else "DROP TRIGGER busy"
    async with desk.house.database.unit_of_work() as work:
        work.write(sa.text(busy))


async def filed(desk: MailingDesk) -> list[int]:
    async with desk.house.database.snapshot() as snapshot:
        rows = await snapshot.rows(sa.text("SELECT id FROM mails WHERE state = 'filed' ORDER BY id"))
    return [row.id for row in rows]


async def test_who_gives_way_keeps_the_order_of_their_mails_and_holds_up_nobody_else(desk: MailingDesk) -> None:
    (first,) = await desk.hears(message_id="0@corner.example", dmarc="pass")
    about: dict[str, Any] = {"answers": id_of(first), "dmarc": "pass"}
    ones = [await desk.gets(mail(f"Word {place}", message_id=f"{place}@corner.example", **about)) for place in (1, 2)]
    other = await desk.gets(mail("Mine", sender="<bob@corner.example>", message_id="b@corner.example"))
    await somebody_is_at_it(desk, ones[0], still=True)
    await desk.settle()
    assert await filed(desk) == [1, other]

    ones.append(await desk.gets(mail("Word 3", message_id="3@corner.example", **about)))
    await desk.settle()
    assert await filed(desk) == [1, other], "what comes meanwhile waits behind it"

    await somebody_is_at_it(desk, ones[0], still=False)
    desk.clock.passes(seconds=2)
    await desk.settle()
    assert await filed(desk) == sorted([1, other, *ones])
    told = [line for line in await desk.told(number_in(first)) if "Word" in line]
    assert [line.rpartition(" ")[2] for line in told] == ["1", "2", "3"]


async def test_what_gives_way_for_long_is_looked_at_ever_less(desk: MailingDesk) -> None:
    (first,) = await desk.hears(message_id="0@corner.example", dmarc="pass")
    one = await desk.gets(mail("Word", message_id="1@corner.example", answers=id_of(first), dmarc="pass"))
    began = desk.clock()
    await somebody_is_at_it(desk, one, still=True)
    looked: set[float] = set()
    assert desk.house.filing is not None
    for _ in range(130):
        await desk.house.filing.run()
        async with desk.house.database.snapshot() as snapshot:
            looked.add(
                ((await snapshot.scalar(sa.select(mails.c.next_try_at).where(mails.c.id == one))) - began).seconds
            )
        desk.clock.passes(seconds=1)
    assert sorted(looked) == [1, 2, 4, 8, 16, 32, 64, 124, 184]


async def test_two_workers_file_one_mail_once(any_desk: MailingDesk) -> None:
    first = any_desk.house.filing
    assert first is not None
    second = Filing(first._parts)
    for place in range(6):
        await any_desk.gets(mail(f"Mail {place}", message_id=f"{place}@corner.example"))
    await asyncio.gather(first.run(), second.run())
    await any_desk.settle()

    assert await any_desk.verdicts() == ["new"] * 6
    assert len(await any_desk.numbers()) == 6
