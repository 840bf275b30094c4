"""A mailbox as Dovecot keeps it on disk (Maildir), read from beside: what arrived, in order of arrival."""

import re
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from tests.mail.programs import own, until

FOLDER = {"INBOX": ".", "Processed": ".Processed", "Failed": ".Failed"}


class Mailbox:
    """One account's mails. `why` explains what the servers did, when something expected never comes."""

    def __init__(self, folder: Path, why: Callable[[], str]) -> None:
        self._folder = folder
        self._why = why

    def mails(self, folder: str = "INBOX") -> list[EmailMessage]:
        """All there are, oldest first."""
        return [_read(file) for file in self._files(folder)]

    def holds(self, folder: str = "INBOX") -> int:
        return len(self._files(folder))

    async def receives(self, count: int = 1, *, within_s: float = 20.0, folder: str = "INBOX") -> list[EmailMessage]:
        """Wait until there are so many; all of them."""
        await until(lambda: self.holds(folder) >= count, within_s=within_s, why=self._explain)
        return self.mails(folder)

    def is_renumbered(self) -> None:
        """UIDVALIDITY changes and UIDs begin at 1 again, as after a move to another server."""
        listed = self._folder / "dovecot-uidlist"
        head = listed.read_text().splitlines()[0]
        for file in self._folder.glob("dovecot*"):
            file.unlink()
        listed.write_text(re.sub(r" V(\d+) N\d+", lambda found: f" V{int(found[1]) + 1000} N1", head) + "\n")
        own(listed)

    def takes_back(self, folder: str) -> None:
        """What lies in another folder lies where mail arrives again."""
        for file in self._files(folder):
            file.rename(self._folder / "new" / file.name.partition(":")[0])

    def _files(self, folder: str) -> list[Path]:
        place = self._folder / FOLDER[folder]
        return sorted([*place.glob("new/*"), *place.glob("cur/*")], key=_arrival)

    def _explain(self) -> str:
        return f"{self.holds()} mails in {self._folder}\n{self._why()}"


def _arrival(file: Path) -> tuple[int, int]:
    """Second and microsecond of delivery, from a name like 1764136200.M12345P678.host."""
    found = re.match(r"(\d+)\.M(\d+)", file.name)
    assert found is not None, file
    return int(found[1]), int(found[2])


def _read(file: Path) -> EmailMessage:
    """A mail, whatever Dovecot has just renamed it to."""
    for name in (file, *file.parent.parent.glob(f"cur/{file.name.partition(':')[0]}*")):
        if name.exists():
            found = message_from_bytes(name.read_bytes(), policy=default)
            assert isinstance(found, EmailMessage)
            return found
    raise FileNotFoundError(file)
