"""The topic "mail": a template, an address and its parameters become a mail at the company's server."""

from functools import partial
from uuid import UUID

from app.jobs.delivery import Send
from app.jobs.last_look import LastLook
from app.letter_files import with_files
from app.notice_post import NoticePost
from channels.email.mail import Mail
from channels.email.smtp import CHANNEL, SmtpSender
from channels.protocol import Receipt
from storage.engine import Database
from storage.outbox import OutboxRow


def send_mail(
    database: Database, sender: SmtpSender, notices: NoticePost | None = None, last_look: LastLook | None = None
) -> Send:
    """What carries out a row of the topic "mail"; the row's id is the mail's key.

    Args:
        notices: where mail comes in: what their customers answer, and what comes back.
        last_look: of a desk that tells customers.
    """

    async def send(row: OutboxRow) -> Receipt:
        mail = Mail.from_payload(row.payload, at=row.emitted_at)
        hand_over = partial(_hand_over, row)
        if notices is not None and row.payload.get("batch"):
            return await notices.send(mail, row.payload, hand_over)
        return await hand_over(mail)

    async def _hand_over(row: OutboxRow, mail: Mail) -> Receipt:
        batch = row.payload.get("batch")
        if batch and last_look is not None and not await last_look.leaves(UUID(batch), mail.to, may_wait=True):
            return Receipt(CHANNEL, {"skipped": True})
        if named := row.payload.get("files"):
            async with database.snapshot() as snapshot:
                mail = await with_files(snapshot, mail, named)
        return await sender.send(mail, key=f"outbox-{row.id}", hurried=not batch)

    return send
