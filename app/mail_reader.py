"""The desk's reader of mails: it knows which mails are the desk's own."""

from types import TracebackType
from typing import Self

from app.mail_settings import MailDesk
from channels.email.letter import Envelope, Letter
from channels.email.marker import loop_name
from channels.email.reading import Ours
from channels.email.reading.reader import LetterReader


class DeskReader:
    """Reads in child processes, the first of which starts with the first mail."""

    def __init__(self, desk: MailDesk) -> None:
        self._ours = Ours((desk.address.lower(), *sorted(desk.also)), loop_name(desk.address))
        self._reader = LetterReader(resolver=desk.resolver)

    async def read(self, raw: bytes, envelope: Envelope) -> Letter:
        """What the mail says.

        Raises:
            LetterUnreadable: it cannot be told.
        """
        return await self._reader.read(raw, envelope, ours=self._ours)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._reader.close()
