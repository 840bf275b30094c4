"""The mailroom of the desk: a mail is on the disk before whoever brought it is told so."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from app.reception import unavailable_is_said
from caseengine.mail_copies import first_copy, header_of
from caseengine.mails import Mails, mail_by_digest
from channels.email.digest import HEADER_BYTES_MAX, copy_digest, digest_of
from channels.email.letter import Envelope
from channels.email.mailroom import Kept
from storage.engine import Database
from storage.errors import AlreadyReceived

AT_ONCE_BYTES_MAX = 1024 * 1024
"""A larger mail is hashed beside the loop: 25 MB take a quarter of a second."""


class DeskMailroom:
    """`channels.email.mailroom.Mailroom`."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @unavailable_is_said
    async def keep(self, raw: bytes, envelope: Envelope) -> Kept:
        told_by = raw or envelope.place.encode()  # nothing of it could be had
        digest = digest_of(told_by) if len(raw) <= AT_ONCE_BYTES_MAX else await asyncio.to_thread(digest_of, raw)
        try:
            async with self._database.unit_of_work() as work:
                kept = Mails(work).keep(digest, raw, asdict(envelope), at=self._now())
        except AlreadyReceived:
            return await self._keep_copy(digest, raw, envelope)
        return Kept(kept.result.id, fresh=True)

    async def _keep_copy(self, digest: str, raw: bytes, envelope: Envelope) -> Kept:
        """One that may be more believable than the first is kept beside it; filing judges both."""
        own = copy_digest(digest, raw)
        async with self._database.snapshot() as snapshot:
            known = await mail_by_digest(snapshot, digest) or 0
            first = await first_copy(snapshot, known)
            if first.stays or copy_digest(digest, await header_of(snapshot, known, HEADER_BYTES_MAX)) == own:
                return Kept(known, fresh=False)
        try:
            async with self._database.unit_of_work() as work:
                kept = Mails(work).keep(own, raw, asdict(envelope), copy_of=known, at=self._now())
        except AlreadyReceived:
            async with self._database.snapshot() as snapshot:
                return Kept(await mail_by_digest(snapshot, own) or 0, fresh=False)
        return Kept(kept.result.id, fresh=True)


def envelope_of(document: dict[str, object]) -> Envelope:
    """The envelope that `keep` wrote down."""
    known = {name: document.get(name) for name in Envelope.__dataclass_fields__}
    mail_from, rcpt_to = known["mail_from"], known["rcpt_to"]
    return Envelope(
        mail_from=None if mail_from is None else str(mail_from),
        rcpt_to=tuple(map(str, rcpt_to)) if isinstance(rcpt_to, list | tuple) else (),
        source=str(known["source"] or ""),
        place=str(known["place"] or ""),
        whole=known["whole"] is not False,
    )
