"""Mails as customers' programs write them, and a reader made of the standard library alone.

The desk's own reader runs in a child process and knows far more; these tests are about what happens to a letter.
"""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import getaddresses, parseaddr

from channels.email.letter import Automatic, Bounce, Enclosure, Envelope, Letter, Mailbox
from channels.email.marker import REPLY_MARK
from channels.email.reading import LetterUnreadable

ID = re.compile(r"<([^<>\s]+)>")


def mail(
    text: str = "The till in shop 4 jams.",
    *,
    sender: str = "Ana Silva <ana@corner.example>",
    to: str = "desk@larder-lane.example",
    subject: str = "Till jams",
    message_id: str = "",
    answers: str = "",
    references: tuple[str, ...] = (),
    dmarc: str = "",
    authserv: str = "mx.larder-lane.example",
    cc: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    files: tuple[tuple[str, bytes], ...] = (),
) -> bytes:
    """The bytes of a mail; `dmarc` is what our own border found ("pass", "fail")."""
    message = EmailMessage(policy=SMTP)
    domain = parseaddr(sender)[1].rpartition("@")[2]
    if dmarc:
        message["Authentication-Results"] = f"{authserv}; spf=pass; dmarc={dmarc} header.from={domain}"
    message["From"], message["To"], message["Subject"] = sender, to, subject
    if cc:
        message["Cc"] = cc
    message["Date"] = "Mon, 02 Mar 2026 09:00:00 +0000"
    if message_id:
        message["Message-ID"] = f"<{message_id}>"
    if answers:
        message["In-Reply-To"] = f"<{answers}>"
    if references or answers:
        message["References"] = " ".join(f"<{one}>" for one in (references or (answers,)))
    for name, value in headers:
        message[name] = value
    message.set_content(text)
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


class PlainReader:
    """`channels.email.mailroom.Reads`, enough for friendly mails. A body "UNREADABLE" is refused, "BOOM" a fault."""

    async def read(self, raw: bytes, envelope: Envelope) -> Letter:
        if b"UNREADABLE" in raw:
            raise LetterUnreadable("test")
        if b"BOOM" in raw:
            raise RuntimeError("a fault")
        message = message_from_bytes(raw, policy=default)
        body = message.get_body(("plain",))
        text, _, quoted = (body.get_content() if body else "").partition(REPLY_MARK)
        sender = getaddresses([str(message["From"] or "")])
        return Letter(
            message_id="".join(ID.findall(str(message["Message-ID"] or ""))[:1]),
            in_reply_to=tuple(ID.findall(str(message["In-Reply-To"] or ""))),
            references=tuple(ID.findall(str(message["References"] or ""))),
            sender=Mailbox(sender[0][1].lower(), sender[0][0]) if len(sender) == 1 and "@" in sender[0][1] else None,
            to=boxes(str(message["To"] or "")),
            cc=boxes(str(message["Cc"] or "")),
            subject=str(message["Subject"] or ""),
            authentication=tuple(map(str, message.get_all("Authentication-Results") or ())),
            text="\n".join(line for line in text.splitlines() if not line.startswith(">")).strip(),
            quoted=quoted,
            is_reply=message["In-Reply-To"] is not None,
            automatic=automatic(message, envelope),
            bounces=bounces(message),
            headers={"auto-submitted": str(message["Auto-Submitted"] or "")},
            enclosures=tuple(
                Enclosure(part.get_filename() or "file", part.get_content_type(), part.get_content())
                for part in message.iter_attachments()
                if isinstance(part.get_content(), bytes)
            ),
        )


def boxes(value: str) -> tuple[Mailbox, ...]:
    return tuple(Mailbox(address.lower(), name) for name, address in getaddresses([value]) if address)


def automatic(message: EmailMessage, envelope: Envelope) -> Automatic:
    if message["X-Failed-Recipients"] or envelope.mail_from == "":
        return Automatic.BOUNCE
    if message["X-Complaint"]:
        return Automatic.COMPLAINT
    if message["List-Id"]:
        return Automatic.LIST
    return Automatic.REPLY if str(message["Auto-Submitted"] or "no") != "no" else Automatic.NO


def bounces(message: EmailMessage) -> tuple[Bounce, ...]:
    failed = str(message["X-Failed-Recipients"] or "")
    return (Bounce(failed, "failed", "5.1.1", "no such user"),) if failed else ()
