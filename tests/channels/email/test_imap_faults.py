"""A mailbox whose server cannot give a mail out, or has one too large: made up, as a real one has no such mail."""

import asyncio
from typing import Any

import pytest

from channels.email.imap import FETCH_TRIES_MAX, ImapPuller, ImapSettings
from channels.email.letter import Envelope
from channels.email.mailroom import Kept
from channels.email.reading.limits import MAIL_BYTES_MAX
from channels.email.sign_in import known
from channels.protocol import DeskUnavailable

HEADER = b"From: ana@corner.example\r\n\r\n"


class Mailroom:
    def __init__(self) -> None:
        self.kept: list[tuple[bytes, Envelope]] = []

    async def keep(self, raw: bytes, envelope: Envelope) -> Kept:
        self.kept.append((raw, envelope))
        return Kept(1, fresh=True)


class Broken:
    """A folder with one mail, which it says NO about."""

    def __init__(self) -> None:
        self.client = self.folder = self
        self.fetched, self.moved = 0, list[str]()
        self.capabilities = ("MOVE",)

    def uid(self, command: str, uid: str, what: str) -> tuple[str, list[bytes]]:
        self.fetched += "BODY" in what
        return ("OK", [b"1 (UID 7 RFC822.SIZE 10)"]) if "SIZE" in what else ("NO", [b"corrupt"])

    def status(self, *_: Any) -> dict[str, int]:
        return {"UIDVALIDITY": 1}

    def uids(self, *_: Any) -> list[str]:
        return [] if self.moved else ["7"]

    def move(self, uids: list[str], folder: str) -> None:
        self.moved.append(folder)


class Holds(Broken):
    """A folder with one mail of so many bytes."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size, self.asked = size, list[str]()

    def uid(self, command: str, uid: str, what: str) -> tuple[str, list[Any]]:
        if "SIZE" in what:
            return "OK", [b"1 (UID 7 RFC822.SIZE %d)" % self.size]
        self.asked.append(what)
        return "OK", [(b"1 (UID 7", HEADER if "HEADER" in what else HEADER + b"all of it"), b")"]


SETTINGS = ImapSettings(host="127.0.0.1", port=1, username="u", secret=known(""), security="plain")


async def fetch_all(puller: ImapPuller, mailbox: Any) -> None:
    """On a thread, as it runs."""
    puller._loop = asyncio.get_running_loop()
    await asyncio.to_thread(puller._fetch_all, mailbox)


async def test_a_mail_that_cannot_be_had_is_asked_for_now_and_then_and_then_left_to_people_who_hear_of_it():
    mailbox, room = Broken(), Mailroom()
    puller = ImapPuller(SETTINGS, room)
    puller._failures = 3

    for tries in range(1, FETCH_TRIES_MAX + 1):
        await fetch_all(puller, mailbox)
        assert (mailbox.fetched, mailbox.moved, puller._failures, room.kept) == (tries, [], 3, [])
    await fetch_all(puller, mailbox)

    assert (mailbox.fetched, mailbox.moved, puller._failures) == (FETCH_TRIES_MAX, ["Failed"], 0)
    assert room.kept == [(b"", Envelope(None, (), "imap:u", "INBOX;1;7", whole=False))]


async def test_of_a_mail_too_large_to_be_read_the_header_is_kept_so_that_people_hear_of_it():
    mailbox, room = Holds(MAIL_BYTES_MAX + 1), Mailroom()
    await fetch_all(ImapPuller(SETTINGS, room), mailbox)
    assert mailbox.moved == ["Failed"]
    assert room.kept == [(HEADER, Envelope(None, (), "imap:u", "INBOX;1;7", whole=False))]
    assert all("HEADER" in what and "PEEK" in what for what in mailbox.asked)


async def test_a_mail_as_large_as_can_be_read_is_fetched():
    mailbox, room = Holds(MAIL_BYTES_MAX), Mailroom()
    await fetch_all(ImapPuller(SETTINGS, room), mailbox)
    assert mailbox.moved == ["Processed"]
    assert room.kept == [(HEADER + b"all of it", Envelope(None, (), "imap:u", "INBOX;1;7"))]


async def test_a_mail_that_cannot_be_stored_stays_where_it_is_however_often():
    class Shut(Mailroom):
        async def keep(self, raw: bytes, envelope: Envelope) -> Kept:
            raise DeskUnavailable

    mailbox = Holds(100)
    puller = ImapPuller(SETTINGS, Shut())
    for _ in range(FETCH_TRIES_MAX + 2):
        with pytest.raises(DeskUnavailable):
            await fetch_all(puller, mailbox)
    assert mailbox.moved == []
