"""Mails are read in child processes that can be lost without losing a mail, the loop, or each other."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from channels.email.reading import LetterUnreadable, parse
from channels.email.reading.limits import MAIL_BYTES_MAX, ChildLimits
from channels.email.reading.reader import LetterReader
from tests.channels.email.reading.mails import FROM_ANA, OURS, mail, multipart

COSTLY = mail("Content-Type: text/html", body="<b>" * 190 + "<p>x &amp; y" * 9_000)
"""Takes far longer than it should, yet within every cap."""
LARGE = mail("Content-Transfer-Encoding: base64", body="QUJD" * 7_500_000)
"""30 MB: costs many ticks of the clock of processor time however plainly it is read."""


@pytest.fixture
async def reader():
    async with LetterReader(children_max=2) as reader:
        yield reader


async def read(reader: LetterReader, raw: bytes):
    return await reader.read(raw, FROM_ANA, ours=OURS)


def pids(reader: LetterReader) -> list[int]:
    return [child.pid for child in reader.children]


async def test_what_the_child_reads_is_what_the_pure_reader_reads(reader):
    raw = multipart(
        "Content-Type: text/plain\r\n\r\nsee", "Content-Type: application/pdf; name=x.pdf\r\n\r\n%PDF\0\xff"
    )

    assert await read(reader, raw) == parse(raw, FROM_ANA, OURS)


async def test_one_child_reads_one_mail_after_the_other(reader):
    before = pids(reader)

    for number in range(5):
        assert (await read(reader, mail(f"Subject: {number}"))).subject == str(number)
    assert pids(reader) == before


async def test_no_more_are_read_at_once_than_there_may_be_children(reader):
    letters = await asyncio.gather(*(read(reader, mail(f"Subject: {number}")) for number in range(20)))

    assert [letter.subject for letter in letters] == [str(number) for number in range(20)]
    assert len(pids(reader)) <= 2


async def test_a_mail_that_costs_too_much_is_read_plainly_and_its_child_replaced():
    async with LetterReader(limits=ChildLimits(cpu_s=0.025)) as reader:
        before = pids(reader)
        letter = await read(reader, COSTLY)

        assert "x & y" in letter.text
        assert letter.html == ""
        assert "read_plainly" in letter.odd
        assert pids(reader) != before


async def test_a_mail_that_costs_too_much_even_so_is_put_aside():
    async with LetterReader(limits=ChildLimits(cpu_s=0.000_1)) as reader:
        with pytest.raises(LetterUnreadable, match="overrun"):
            await read(reader, LARGE)


async def test_a_child_that_says_nothing_is_not_waited_for_without_end():
    async with LetterReader(limits=ChildLimits(wall_s=1.0)) as reader:
        os.kill(pids(reader)[0], signal.SIGSTOP)

        assert (await read(reader, mail())).odd == ("read_plainly",)


async def test_a_mail_that_takes_too_much_memory_is_put_aside_and_the_next_is_read():
    async with LetterReader(limits=ChildLimits(memory_bytes=90 * 1024 * 1024)) as reader:
        with pytest.raises(LetterUnreadable, match="overrun"):
            await read(reader, LARGE)

        assert (await read(reader, mail())).text == "It is broken."


async def test_a_child_that_died_between_two_mails_is_replaced(reader):
    os.kill(pids(reader)[0], signal.SIGKILL)

    assert (await read(reader, mail())).text == "It is broken."


async def test_a_read_that_was_given_up_leaves_no_answer_to_the_next_one(reader):
    reading = asyncio.create_task(read(reader, COSTLY))
    await asyncio.sleep(0.02)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    assert (await read(reader, mail("Subject: next"))).subject == "next"


async def test_a_child_is_replaced_after_many_mails():
    async with LetterReader(limits=ChildLimits(letters_max=2)) as reader:
        before = pids(reader)
        for _ in range(2):
            await read(reader, mail())

        assert pids(reader) != before


async def test_what_is_too_large_or_nothing_at_all_is_put_aside(reader):
    with pytest.raises(LetterUnreadable, match="too_large"):
        await read(reader, b"x" * (MAIL_BYTES_MAX + 1))
    with pytest.raises(LetterUnreadable, match="empty"):
        await read(reader, b" \r\n")
    assert (await read(reader, mail())).text == "It is broken."


async def test_the_child_knows_no_secret_of_the_desk(reader, monkeypatch):
    monkeypatch.setenv("NIGHTDESK_SECRET", "hush")
    async with LetterReader() as fresh:
        environment = Path(f"/proc/{pids(fresh)[0]}/environ")

        assert b"hush" not in await asyncio.to_thread(environment.read_bytes)


async def test_closing_ends_every_child():
    reader = LetterReader()
    await reader.start()
    pid = pids(reader)[0]
    await reader.close()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
