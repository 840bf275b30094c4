"""Mail handed in over LMTP and SMTP: 250 only once it is durable."""

import asyncio
import smtplib
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from channels.email.letter import Envelope
from channels.email.listener import Listener, ListenerSettings, listen_address
from channels.email.mailroom import Kept
from channels.protocol import DeskUnavailable
from tests.channels.email.servers import certificate

RAW = b"From: ana@corner.example\r\nTo: desk@larder.example\r\n\r\n.hidden dot\r\nThe till jams.\r\n"


@dataclass
class Room:
    """Keeps in memory, or says that it cannot."""

    open: bool = True
    kept: list[tuple[bytes, Envelope]] = field(default_factory=list)

    async def keep(self, raw: bytes, envelope: Envelope) -> Kept:
        if not self.open:
            raise DeskUnavailable
        self.kept.append((raw, envelope))
        return Kept(len(self.kept), fresh=True)


@asynccontextmanager
async def listening(room: Room, scheme: str = "lmtp", **changes: Any) -> AsyncIterator[int]:
    settings = ListenerSettings(
        scheme=scheme, host="127.0.0.1", port=0, ours=lambda one: one.endswith("@larder.example"), **changes
    )
    listener = Listener(settings, room)
    await listener.start()
    try:
        yield listener.port
    finally:
        await listener.stop()
        await asyncio.sleep(0)


def hand_in(port: int, *, lmtp: bool = True, to: tuple[str, ...] = ("desk@larder.example",), raw: bytes = RAW) -> Any:
    client = (smtplib.LMTP if lmtp else smtplib.SMTP)("127.0.0.1", port, timeout=10)
    with client:
        return client.sendmail("ana@corner.example", list(to), raw)


async def begun(
    port: int, text: bytes, *, sender: bytes = b"", to: tuple[bytes, ...] = (b"desk@larder.example",)
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client of bytes, which has said so much of its text and been asked for it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for line in (b"LHLO x", b"MAIL FROM:<" + sender + b">", *(b"RCPT TO:<" + one + b">" for one in to), b"DATA"):
        writer.write(line + b"\r\n")
    await reader.readuntil(b"354 ")
    await reader.readline()
    writer.write(text)
    return reader, writer


async def handed_in(port: int, text: bytes, **named: Any) -> bytes:
    """All that is said to a client that says so much and goes."""
    reader, writer = await begun(port, text + b"QUIT\r\n", **named)
    said = await reader.read()
    writer.close()
    return said


@contextmanager
def tracing() -> Iterator[Callable[[], int]]:
    """Most bytes that were held at a time within, beyond what was held before."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def there(call: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """On a thread, as another program's client would be."""
    return await asyncio.to_thread(lambda: call(*args, **named))


@pytest.mark.parametrize("scheme", ["lmtp", "smtp"])
async def test_a_mail_is_kept_as_it_came_with_its_envelope(scheme):
    room = Room()
    async with listening(room, scheme) as port:
        # Python's own LMTP client reads one line of answer alone.
        to = ("desk+c-abc@larder.example", "info@larder.example")[: 1 if scheme == "lmtp" else 2]
        assert await there(hand_in, port, lmtp=scheme == "lmtp", to=to) == {}
    (raw, envelope), *others = room.kept
    assert others == []
    assert raw == RAW
    assert envelope == Envelope("ana@corner.example", to, scheme)


@pytest.mark.parametrize("scheme", ["lmtp", "smtp"])
async def test_what_cannot_be_stored_is_not_taken(scheme):
    room = Room(open=False)
    async with listening(room, scheme) as port:
        with pytest.raises(smtplib.SMTPException) as refused:
            await there(hand_in, port, lmtp=scheme == "lmtp")
        assert "451" in str(refused.value)
        room.open = True
        assert await there(hand_in, port, lmtp=scheme == "lmtp") == {}
    assert len(room.kept) == 1


async def test_lmtp_answers_for_each_recipient():
    room = Room()
    async with listening(room) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for line in (b"LHLO x", b"MAIL FROM:<>", b"RCPT TO:<a@larder.example>", b"RCPT TO:<b@larder.example>", b"DATA"):
            writer.write(line + b"\r\n")
        writer.write(RAW + b".\r\nQUIT\r\n")
        said = await reader.read()
        writer.close()
    assert said.count(b"250 2.0.0 Kept") == 2
    assert room.kept[0][1] == Envelope("", ("a@larder.example", "b@larder.example"), "lmtp")


async def test_nothing_is_relayed():
    room = Room()
    async with listening(room) as port:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            await there(hand_in, port, to=("eve@elsewhere.example",))
    assert room.kept == []


async def test_a_mail_over_the_size_is_refused_for_good_and_the_next_is_taken():
    room = Room()
    async with listening(room, size_max=10_000) as port:
        with pytest.raises(smtplib.SMTPException) as refused:
            await there(hand_in, port, raw=RAW + b"x" * 70 + b"\r\n" * 9_000)
        assert "552" in str(refused.value)
        await there(hand_in, port)
    assert len(room.kept) == 1


async def test_lmtp_refuses_for_each_recipient():
    async with listening(Room(), size_max=1_000) as port:
        said = await handed_in(port, b"x" * 2_000 + b"\r\n.\r\n", to=(b"a@larder.example", b"b@larder.example"))
    assert said.count(b"552 ") == 2


SHORT_LINES = b"From: ana@corner.example\r\n\r\n" + b"a\r\n" * (2 * 1024 * 1024)


@pytest.mark.bar
async def test_B01_a_mail_costs_its_bytes_whatever_its_lines_are_like():
    room = Room()
    async with listening(room) as port:
        with tracing() as peak:
            assert b"250 2.0.0 Kept" in await handed_in(port, SHORT_LINES + b".\r\n")
            most = peak()
    assert room.kept[0][0] == SHORT_LINES
    assert most < 4 * len(SHORT_LINES)  # this client's own among them


@pytest.mark.bar
async def test_B01_what_all_bring_at_once_is_limited_and_who_brings_more_comes_again():
    room = Room()
    part = b"y" * 600 + b"\r\n"
    async with listening(room, under_way_max=1_000) as port:
        reader, writer = await begun(port, part)
        assert b"452 " in await handed_in(port, part + b".\r\n")
        writer.write(b".\r\n")
        assert (await reader.readline()).startswith(b"250")
        assert b"250 2.0.0 Kept" in await handed_in(port, part + b".\r\n")
        gone = await begun(port, part)
        gone[1].transport.abort()
        await asyncio.sleep(0.1)
        assert b"250 2.0.0 Kept" in await handed_in(port, part + b".\r\n")
        writer.close()
    assert len(room.kept) == 3


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r", b"\r\n.\r\r\n"])
async def test_what_only_looks_like_the_end_ends_nothing(end):
    """SMTP smuggling: what is text to the server before us is text to us."""
    room = Room()
    smuggled = b"words" + end + b"MAIL FROM:<eve@corner.example>\r\nRCPT TO:<desk@larder.example>\r\nDATA\r\nmore\r\n"
    async with listening(room) as port:
        said = await handed_in(port, smuggled + b".\r\n")
    assert said.count(b"250 2.0.0 Kept") == 1
    assert [raw for raw, _ in room.kept] == [smuggled.replace(b"\r\n.", b"\r\n")]


async def test_commands_sent_along_with_the_text_are_heard():
    room = Room()
    async with listening(room) as port:
        again = b"MAIL FROM:<>\r\nRCPT TO:<desk@larder.example>\r\nDATA\r\ntwo\r\n.\r\n"
        said = await handed_in(port, b"one\r\n.\r\n" + again)
    assert said.count(b"250 2.0.0 Kept") == 2
    assert [raw for raw, _ in room.kept] == [b"one\r\n", b"two\r\n"]


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\x00", b"\xc3"])
async def test_an_envelope_of_any_bytes_can_be_written_down(raw):
    room = Room()
    async with listening(room) as port:
        sender = b"ana" + raw + b"@corner.example"
        said = await handed_in(port, RAW + b".\r\n", sender=sender, to=(b"desk+" + raw + b"@larder.example",))
    assert b"250 2.0.0 Kept" in said
    escaped = "".join(f"\\x{byte:02x}" for byte in raw)
    assert room.kept[0][1] == Envelope(f"ana{escaped}@corner.example", (f"desk+{escaped}@larder.example",), "lmtp")


async def test_a_text_may_take_longer_than_a_silence():
    room = Room()
    async with listening(room, command_s=1.5) as port:
        reader, writer = await begun(port, b"")
        for _ in range(8):
            writer.write(b"slowly\r\n")
            await asyncio.sleep(0.25)
        writer.write(b".\r\n")
        assert (await reader.readline()).startswith(b"250")
        writer.close()


async def test_a_long_line_is_taken():
    room = Room()
    async with listening(room) as port:
        await there(hand_in, port, raw=RAW + b"y" * 200_000 + b"\r\n")
    assert b"y" * 200_000 in room.kept[0][0]


async def test_who_is_silent_or_slow_is_hung_up_on_and_others_are_not():
    room = Room()
    async with listening(room, mail_s=0.5) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"LHLO x\r\nMAIL FROM:<>\r\n")
        dripping = asyncio.create_task(_drips(writer))
        await there(hand_in, port)
        async with asyncio.timeout(10):
            while await reader.read(1_000):
                pass
        await dripping
        writer.close()
    assert len(room.kept) == 1


async def _drips(writer: asyncio.StreamWriter) -> None:
    """A byte now and then, never a whole command."""
    try:
        for _ in range(200):
            writer.write(b"N")
            await writer.drain()
            await asyncio.sleep(0.05)
    except OSError:
        return


async def test_one_address_has_only_so_many_connections():
    room = Room()
    async with listening(room, from_one_max=2) as port:
        open_ones = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        async with asyncio.timeout(10):
            assert (await open_ones[2][0].read()).startswith(b"421")
        for _, writer in open_ones:
            writer.close()


async def test_starttls_where_there_is_a_certificate(tmp_path):
    context, trusted = certificate(tmp_path)
    room = Room()

    def over_tls(port: int) -> Any:
        with smtplib.SMTP("localhost", port, timeout=10) as client:
            client.starttls(context=ssl.create_default_context(cafile=trusted))
            client.ehlo()
            return client.sendmail("ana@corner.example", ["desk@larder.example"], RAW)

    async with listening(room, "smtp", certificate=context) as port:
        assert await there(over_tls, port) == {}
    assert len(room.kept) == 1


@pytest.mark.parametrize("url", ["", "lmtp://", "lmtp://host", "http://host:1", "lmtp://host:1/path", "lmtp://h:x"])
def test_what_is_no_address_is_said_at_the_start(url):
    with pytest.raises(ValueError, match=r"LISTEN|Port|port"):
        listen_address(url)
