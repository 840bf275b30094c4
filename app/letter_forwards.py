"""Mails to somebody outside, as an outbox row of the topic "forward" asks for them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.letter_files import files_forwarded
from app.letter_ids import envelope_token, message_id_of
from app.letter_signing import signed
from app.letter_tries import came_to, still_for
from app.letterbook import LetterbookParts
from caseengine.mail_threads import MailThreads, sent_by_key
from caseengine.mail_tokens import TokenKind, make_token, with_token
from channels.email.letter import Mailbox
from channels.email.outline import Outline
from channels.protocol import Receipt
from storage.transaction import UnitOfWork


class LetterForwards:
    def __init__(self, parts: LetterbookParts) -> None:
        self._parts = parts

    async def plan(self, mail: Mapping[str, Any], *, at: datetime) -> Outline | Receipt:
        """The mail, or what came of it where it was sent before."""
        parts = self._parts
        async with parts.database.unit_of_work() as work:
            before = await sent_by_key(work, "forward", mail["key"][:200])
            if before is not None and before.state != "planned":
                return came_to(before)
            outline = await self._forward(work, mail, at)
            if before is None:
                MailThreads(work).plan(
                    purpose="forward",
                    key=mail["key"][:200],
                    message_id=outline.message_id,
                    token=make_token(parts.secret, TokenKind.BOUNCE, outline.message_id),
                    conversation_id=None,
                    case_id=UUID(mail["case_id"]),
                    recipient=outline.to.address,
                    envelopes={
                        outline.to.address: envelope_token(parts.secret, outline.message_id, outline.to.address)
                    },
                    automatic=False,
                    at=parts.now(),
                )
        return still_for(outline, before)

    async def _forward(self, work: UnitOfWork, mail: Mapping[str, Any], at: datetime) -> Outline:
        parts = self._parts
        message_id = message_id_of(parts.secret, "forward", mail["key"], domain=parts.desk.domain)
        token = make_token(parts.secret, TokenKind.BOUNCE, message_id)
        by = await signed(work, mail["agent"], mail["department"], language="", company=parts.company)
        return Outline(
            message_id=message_id,
            to=Mailbox(mail["to"]),
            sender=Mailbox(parts.desk.address, by.name),
            reply_to=with_token(parts.desk.address, TokenKind.FORWARD, token),
            envelope_from=with_token(
                parts.desk.address, TokenKind.BOUNCE, envelope_token(parts.secret, message_id, mail["to"])
            ),
            text=mail["text"],
            subject=f"{mail['subject']} [{mail['number']}]",
            number=mail["number"],
            language="",
            at=at,
            automatic=False,
            signature=by.signature,
            quoted=mail.get("quoted", ""),
            enclosures=await files_forwarded(work, UUID(mail["case_id"]), mail.get("files", ())),
        )
