"""What machines report: mails that came back (RFC 3464), complaints and other feedback (RFC 5965)."""

import re
from collections.abc import Iterator

from channels.email.letter import Bounce
from channels.email.reading.address import clean_address
from channels.email.reading.header import Headers, split
from channels.email.reading.ids import message_ids
from channels.email.reading.limits import BOUNCES_MAX, REPORT_BYTES_MAX
from channels.email.reading.mime import Part

STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
ACTIONS = {"failed", "delayed", "delivered", "relayed", "expanded"}
ORIGINALS = {
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
}
STATUSES = {"message/delivery-status", "message/global-delivery-status"}
DIAGNOSTIC_CHARS_MAX = 500


def bounces(mail: Part, text: str) -> tuple[Bounce, ...]:
    """One for every recipient a delivery status notification tells of; of one in an old style, what its headers say."""
    came_back = original_id(mail)
    found = [bounce for part in mail.walk() if part.kind in STATUSES for bounce in _told(part, came_back)]
    return tuple(found or _old_style(mail.headers, text, came_back))[:BOUNCES_MAX]


def original_id(mail: Part) -> str:
    """The Message-ID of the mail that a report is about; empty where it does not tell."""
    return next(iter(message_ids(_original(mail).first("message-id"))), "")


def feedback_type(mail: Part) -> str:
    """The kind of a feedback report, in lower case; empty for none."""
    return next((kind for group in _feedback(mail) if (kind := group.first("feedback-type").strip().lower())), "")


def complaint_of(mail: Part) -> str:
    """Whose address complained; empty where the report leaves it out: the mail's To may be somebody else."""
    for group in _feedback(mail):
        for name in ("original-rcpt-to", "removal-recipient"):
            if address := _address(group.first(name)):
                return address
    return ""


def complaint_path(mail: Part) -> str:
    """The sender of the envelope that was complained about, as the report says, or the mail itself; empty for none."""
    for group in _feedback(mail):
        if address := _address(group.first("original-mail-from")):
            return address
    return _address(_original(mail).first("return-path"))


def _feedback(mail: Part) -> Iterator[Headers]:
    for part in mail.walk():
        if part.kind == "message/feedback-report":
            yield from _groups(part)


def _told(part: Part, came_back: str) -> Iterator[Bounce]:
    for group in _groups(part):
        original = _address(group.first("original-recipient"))
        recipient = _address(group.first("final-recipient")) or original
        action = group.first("action").partition(";")[0].strip().lower()
        if recipient and action in ACTIONS:
            yield Bounce(
                recipient=recipient,
                action=action,
                status=_status(group.first("status")),
                diagnostic=group.words("diagnostic-code").partition(";")[2].strip()[:DIAGNOSTIC_CHARS_MAX],
                original_message_id=came_back,
                original_recipient=original if original != recipient else "",
            )


def _old_style(headers: Headers, text: str, came_back: str) -> Iterator[Bounce]:
    status = _status(text[:10_000])
    for recipient in headers.first("x-failed-recipients").split(","):
        if address := _address(recipient):
            yield Bounce(recipient=address, action="failed", status=status, original_message_id=came_back)


def _groups(part: Part) -> Iterator[Headers]:
    """The groups of fields, an empty line between them."""
    content = part.content[:REPORT_BYTES_MAX].replace(b"\r\n", b"\n").strip(b"\n") + b"\n\n"
    start = 0
    while start < len(content):
        headers, after = split(content, start, len(content))
        if after <= start:
            return
        yield headers
        start = after


def _original(mail: Part) -> Headers:
    """The headers of the mail that the report is about."""
    for part in mail.walk():
        if part.kind in ORIGINALS:
            content = part.content[: REPORT_BYTES_MAX * 3].lstrip(b"\r\n")
            return split(content, 0, len(content))[0]
    return Headers()


def _address(value: str) -> str:
    """Of "rfc822;someone@example.org", "utf-8; ..." or a plain address."""
    return clean_address(value.rpartition(";")[2].strip().strip("<>"))


def _status(text: str) -> str:
    match = STATUS.search(text)
    return match[1] if match else ""
