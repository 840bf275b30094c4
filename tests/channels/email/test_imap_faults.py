"""A mailbox with a mail that its server cannot give out: the server is made up, because a real one has no such mail."""

from typing import Any

from channels.email.imap import FETCH_TRIES_MAX, ImapPuller, ImapSettings
from channels.email.mailroom import Kept


class Mailroom:
    async def keep(self, raw: bytes, envelope: Any) -> Kept:
        raise AssertionError("there are no bytes")


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


def test_a_mail_that_cannot_be_had_is_asked_for_now_and_then_and_then_set_aside():
    settings = ImapSettings(host="127.0.0.1", port=1, username="u", secret=lambda: "", security="plain")
    mailbox: Any = Broken()
    puller = ImapPuller(settings, Mailroom())
    puller._failures = 3

    for tries in range(1, FETCH_TRIES_MAX + 1):
        puller._fetch_all(mailbox)
        assert (mailbox.fetched, mailbox.moved, puller._failures) == (tries, [], 3)
    puller._fetch_all(mailbox)

    assert (mailbox.fetched, mailbox.moved, puller._failures) == (FETCH_TRIES_MAX, ["Failed"], 0)
