"""The topic "mail": a template, an address and its parameters become a mail at the company's server."""

from app.jobs.delivery import Send
from channels.email.mail import Mail
from channels.email.smtp import SmtpSender
from channels.protocol import Receipt
from storage.outbox import OutboxRow


def send_mail(sender: SmtpSender) -> Send:
    """What carries out a row of the topic "mail"; the row's id is the mail's key."""

    async def send(row: OutboxRow) -> Receipt:
        return await sender.send(Mail.from_payload(row.payload, at=row.emitted_at), key=f"outbox-{row.id}")

    return send
