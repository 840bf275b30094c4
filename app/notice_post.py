"""Notices as mails of the desk: an answer to one finds its case, and one that comes back is known.

Only where mail comes in. Where none does, nobody reads answers, and the mails say so.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.letter_ids import envelope_token, message_id_of
from app.letter_tries import came_to
from app.letterbook import DeskLetterbook
from app.mail_settings import MailDesk
from caseengine.mail_threads import MailThreads, SentMail, sent_by_key
from caseengine.mail_tokens import TokenKind, make_token, tokens_in, with_token
from channels.email.mail import Mail, ReturnPath
from channels.email.smtp import Refused
from channels.leaving import written_down
from channels.protocol import Receipt
from storage.engine import Database

PURPOSE = "notice"
SendMail = Callable[[Mail], Awaitable[Receipt]]


class NoticePost:
    """
    Args:
        secret: the installation's own, from which the tokens are made.
        letterbook: what is known of addresses.
    """

    def __init__(
        self,
        database: Database,
        desk: MailDesk,
        secret: bytes,
        letterbook: DeskLetterbook,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._desk = desk
        self._secret = secret
        self._letterbook = letterbook
        self._now = now

    async def send(self, mail: Mail, payload: Mapping[str, Any], hand_over: SendMail) -> Receipt:
        """Send the mail of a batch, noted before it leaves; one that left is not sent again.

        Raises:
            DeliveryFailed: as `hand_over` does.
        """
        path = self._return_path(payload["batch"], payload["to"].lower())
        before = await self._planned(path, payload)
        if before is not None and before.state != "planned":
            return came_to(before)
        try:
            receipt = await hand_over(replace(mail, return_path=path))
        except Refused as refused:
            await self._letterbook.refused(path.message_id, refused.recipients)
            raise
        await written_down(self._settle(path, receipt))
        return receipt

    def _return_path(self, batch: str, to: str) -> ReturnPath:
        message_id = message_id_of(self._secret, PURPOSE, batch, domain=self._desk.domain)
        token = make_token(self._secret, TokenKind.BOUNCE, message_id)
        return ReturnPath(
            message_id=message_id,
            reply_to=with_token(self._desk.address, TokenKind.NOTICE, token),
            envelope_from=with_token(
                self._desk.address, TokenKind.BOUNCE, envelope_token(self._secret, message_id, to)
            ),
        )

    async def _planned(self, path: ReturnPath, payload: Mapping[str, Any]) -> SentMail | None:
        """What is known of it; nothing is the first time, and then it is written down."""
        batch = payload["batch"]
        async with self._database.unit_of_work() as work:
            before = await sent_by_key(work, PURPOSE, batch)
            if before is None:
                MailThreads(work).plan(
                    purpose=PURPOSE,
                    key=batch,
                    message_id=path.message_id,
                    token=make_token(self._secret, TokenKind.BOUNCE, path.message_id),
                    conversation_id=None,
                    case_id=UUID(payload["case_id"]) if payload.get("case_id") else None,
                    recipient=payload["to"].lower(),
                    envelopes={payload["to"].lower(): tokens_in(path.envelope_from)[0][1]},
                    automatic=True,
                    at=self._now(),
                )
        return before

    async def _settle(self, path: ReturnPath, receipt: Receipt) -> None:
        state = "skipped" if "skipped" in receipt.proof else "sent"
        async with self._database.unit_of_work() as work:
            MailThreads(work).sent(path.message_id, state, dict(receipt.proof))
