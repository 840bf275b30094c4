"""Kept mails are read and filed: each once, in order of arrival; what cannot be read is shown to a person.

Reading runs in the reader's own process; where a mail goes is decided by `caseengine.policies.threading`. What the
mail brings into a conversation is put into the inbox in the same unit of work, so the bot takes it as any other input.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.jobs.filed_letter import file_letter
from app.jobs.letter_at_hand import FiledLetter
from app.mail_settings import MailDesk
from app.mailroom import envelope_of
from app.metrics import MAILS
from caseengine.mails import TRIES_MAX, KeptMail, Mails, due_mails, held_until, mail_row
from caseengine.model.actor import BOT
from caseengine.model.case import Case
from caseengine.operations.opening import Opening, open_case
from channels.email.letter import Letter
from channels.email.mailroom import Reads
from channels.email.reading import LetterUnreadable
from storage.engine import Database
from storage.errors import AlreadyReceived, Conflict, StorageUnavailable
from storage.transaction import UnitOfWork

log = structlog.get_logger()
LEFT_IN_MAILBOX = "left_in_mailbox"
AT_ONCE_MAX = 16
"""Mails taken out at once; so many may be in memory, if they are small."""
AT_ONCE_BYTES_MAX = 32 * 1024 * 1024
ATTEMPTS_MAX = 3
GIVES_WAY_FOR = timedelta(hours=1)
"""So long a mail waits, without spending its tries, for those who are at the same case."""
PAUSE_MIN, PAUSE_MAX = timedelta(seconds=1), timedelta(minutes=1)
"""It is looked at again after as long as it has waited already, within these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingParts:
    """What filing is made of.

    Attributes:
        words: the bot's catalogue.
        notice: told the conversation that something waits in.
        secret: the installation's own.
    """

    database: Database
    reader: Reads
    desk: MailDesk
    words: Mapping[str, str]
    secret: bytes
    fallback_department: str
    now: Callable[[], datetime]
    notice: Callable[[str], None]


class Filing:
    """Files whatever waits."""

    def __init__(self, parts: FilingParts) -> None:
        self._parts = parts
        self._running = asyncio.Lock()
        self._notes = asyncio.Lock()

    async def run(self) -> None:
        """Until nothing is due; what fails is tried again later, five times in all."""
        async with self._running:
            while waiting := await self._due():
                letters = await asyncio.gather(*map(self._read, waiting))
                by_sender: dict[str, list[tuple[KeptMail, Letter | Exception]]] = defaultdict(list)
                for mail, letter in zip(waiting, letters, strict=True):
                    by_sender[_sender(letter)].append((mail, letter))
                await _all(self._in_order(sender, mails) for sender, mails in by_sender.items())

    async def _in_order(self, sender: str, mails: Sequence[tuple[KeptMail, Letter | Exception]]) -> None:
        """One sender's mails in order of arrival; a conversation by mail has one sender, so its order is kept.

        Where one gives way, those behind it wait as long. Mails that name no sender have nothing to do with each other.
        """
        until = await self._held(sender, mails[0][0]) if sender else None
        for mail, letter in mails:
            if until is None or not sender:
                until = await self._settle(mail, letter)
            else:
                await self._later(mail, sender, until)

    async def _held(self, sender: str, mail: KeptMail) -> datetime | None:
        async with self._parts.database.snapshot() as snapshot:
            return await held_until(snapshot, sender, before=mail.id, at=self._parts.now())

    async def _due(self) -> Sequence[KeptMail]:
        async with self._parts.database.snapshot() as snapshot:
            return await due_mails(snapshot, at=self._parts.now(), limit=AT_ONCE_MAX, bytes_max=AT_ONCE_BYTES_MAX)

    async def _read(self, mail: KeptMail) -> Letter | Exception:
        envelope = envelope_of(dict(mail.envelope))
        if not envelope.whole:
            return LetterUnreadable(LEFT_IN_MAILBOX)
        try:
            return await self._parts.reader.read(mail.raw, envelope)
        except Exception as error:
            return error

    async def _settle(self, mail: KeptMail, letter: Letter | Exception) -> datetime | None:
        """Filed, set aside, or left for another try; a mail never stands in the way of the next.

        Returns:
            Until when it gives way to others at the same case; None where it does not.
        """
        if isinstance(letter, LetterUnreadable) and letter.for_good:
            await self._set_aside(mail, letter.reason)
            return None
        try:
            if isinstance(letter, Exception):
                raise letter
            if letter.automatic:
                async with (
                    self._notes
                ):  # a mail of ours to twenty may come back twenty times: each is a note on one case
                    filed = await self._file(mail, letter)
            else:
                filed = await self._file(mail, letter)
        except StorageUnavailable:
            raise
        except Conflict as conflict:
            return await self._gives_way(mail, _sender(letter), conflict)
        except Exception as error:
            log.exception("mail_not_filed", mail=mail.id, tries=mail.tries + 1)
            await self._failed(mail, type(error).__name__)
            return None
        if filed is not None:
            MAILS.labels(filed.verdict).inc()
            if filed.waits_in:
                self._parts.notice(filed.waits_in)
        return None

    async def _file(self, mail: KeptMail, letter: Letter) -> FiledLetter | None:
        """None: somebody else filed it meanwhile."""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                async with self._parts.database.unit_of_work() as work:
                    return await file_letter(work, mail, letter, self._parts, at=self._parts.now())
            except (AlreadyReceived, Conflict):  # the other worker's effect is seen, or this one is too late for it
                if await self._is_done(mail):
                    return None
                if attempt == ATTEMPTS_MAX:
                    raise
        return None

    async def _is_done(self, mail: KeptMail) -> bool:
        async with self._parts.database.snapshot() as snapshot:
            row = await mail_row(snapshot, mail.id)
        return row is None or row.state != "kept"

    async def _gives_way(self, mail: KeptMail, sender: str, conflict: Conflict) -> datetime | None:
        at = self._parts.now()
        waited = at - mail.received_at
        if waited >= GIVES_WAY_FOR:
            await self._failed(mail, type(conflict).__name__)
            return None
        log.info("mail_gave_way", mail=mail.id)
        until = at + min(max(waited, PAUSE_MIN), PAUSE_MAX)
        await self._later(mail, sender, until)
        return until

    async def _later(self, mail: KeptMail, sender: str, until: datetime) -> None:
        async with self._parts.database.unit_of_work() as work:
            Mails(work).later(mail, sender, until=until)

    async def _failed(self, mail: KeptMail, error: str) -> None:
        if mail.tries + 1 >= TRIES_MAX:
            await self._set_aside(mail, error)
            return
        async with self._parts.database.unit_of_work() as work:
            Mails(work).failed(mail, error, at=self._parts.now())

    async def _set_aside(self, mail: KeptMail, error: str) -> None:
        """With its bytes, and a case so that a person looks; of a copy they have what the first one brought."""
        at = self._parts.now()
        try:
            async with self._parts.database.unit_of_work() as work:
                case = await self._open_unread(work, mail, error, at=at) if mail.copy_of is None else None
                # The case is new in this very unit of work: the mail names it by a write that comes after.
                Mails(work).quarantine(mail, error, case.id if case is not None else None, at=at)
        except Conflict:
            log.info("mail_set_aside_elsewhere", mail=mail.id)
            return
        MAILS.labels("quarantined").inc()

    async def _open_unread(self, work: UnitOfWork, mail: KeptMail, error: str, *, at: datetime) -> Case:
        words = self._parts.words
        subject = words["mail.unreadable_subject"]
        opening = Opening(subject=subject, description=subject, department=self._parts.fallback_department)
        case = await open_case(work, opening, by=BOT, at=at)
        line = "mail.left_in_mailbox_note" if error == LEFT_IN_MAILBOX else "mail.unreadable_note"
        case.note(words[line].format(mail=mail.id, error=error), by=BOT, at=at)
        return case


def _sender(letter: Letter | Exception) -> str:
    return letter.sender.address.lower() if isinstance(letter, Letter) and letter.sender else ""


async def _all(groups: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Let every group end before the first error is raised."""
    for outcome in await asyncio.gather(*groups, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
