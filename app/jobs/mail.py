"""The topic "mail": a template, an address and its parameters become a mail at the company's server."""

from dataclasses import replace
from functools import partial

from app.jobs.delivery import Send
from app.letter_files import files_noticed
from app.notice_post import NoticePost
from channels.email.mail import Mail
from channels.email.smtp import SmtpSender
from channels.protocol import Receipt
from storage.engine import Database
from storage.outbox import OutboxRow


def send_mail(database: Database, sender: SmtpSender, notices: NoticePost | None = None) -> Send:
    """What carries out a row of the topic "mail"; the row's id is the mail's key.

    Args:
        notices: where mail comes in: what their customers answer, and what comes back.
    """

    async def send(row: OutboxRow) -> Receipt:
        mail = Mail.from_payload(row.payload, at=row.emitted_at)
        if named := row.payload.get("files"):
            async with database.snapshot() as snapshot:
                mail = replace(mail, enclosures=await files_noticed(snapshot, named))
        hand_over = partial(sender.send, key=f"outbox-{row.id}")
        if notices is not None and row.payload.get("batch"):
            return await notices.send(mail, row.payload, hand_over)
        return await hand_over(mail)

    return send
