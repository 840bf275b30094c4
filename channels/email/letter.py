"""What a mail says, once it has been read: plain values that travel between processes and into the database as JSON.

Reading is lenient: it never raises for what a sender wrote. What cannot be read safely is left out and named in `odd`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

OUTSIDE = "outside:"
"""Before the address of a picture from elsewhere, in cleaned HTML: a scheme that nobody can follow."""


def shows_pictures_from_outside(html: str) -> bool:
    """Of cleaned HTML."""
    return f' src="{OUTSIDE}' in html


REPEATED = "headers_repeated"
"""In `odd`: a field stands there twice that may stand once: a signature may mean another than the one that is read."""


class Automatic(StrEnum):
    """Why no machine of ours may answer this mail; RFC 3834 and what the field does beside it."""

    NO = ""
    REPLY = "auto_reply"  # out of office, "we have your mail"
    BOUNCE = "bounce"  # a delivery status notification, or an empty envelope sender
    COMPLAINT = "complaint"  # a feedback report: somebody pressed "this is spam"
    FEEDBACK = "feedback"  # a feedback report that is none: "this is no spam", a check that failed
    LIST = "list"
    BULK = "bulk"
    SELF = "self"  # written by a desk of ours: it carries our mark
    OURS = "ours"  # from an address of ours, but without our mark: a person, or somebody who pretends
    NO_REPLY = "no_reply"  # from mailer-daemon, postmaster, noreply
    RECEIPT = "receipt"  # a disposition notification: it was read


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address as RFC 5321 takes it, lower-cased in its domain, and the name beside it."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file in a mail, inert.

    Attributes:
        name: without any folder, safe to show; made up where the mail gives none.
        content_id: how the HTML names it, without angle brackets; empty for what is no inline image.
    """

    name: str
    content_type: str
    content: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a DKIM-Signature field says of itself; nobody has looked whether it holds.

    Attributes:
        domain: whose it is, in ASCII; empty where that cannot be read.
        value: in base64, without white space.
        names: the header fields that it covers, in lower case, present or not; empty where it leaves out bytes of the
            body.
    """

    domain: str = ""
    selector: str = ""
    value: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounce:
    """One recipient's line of a delivery status notification (RFC 3464).

    Attributes:
        recipient: whom it did not reach in the end: of a mail that was passed on, not whom we wrote to.
        original_recipient: whom we wrote to, where the report tells that and it is somebody else.
        action: "failed", "delayed", "delivered", "relayed" or "expanded".
        status: enhanced code such as "5.1.1"; empty where none is given.
        original_message_id: of the mail that came back, without angle brackets; empty where unknown.
    """

    recipient: str
    action: str
    status: str
    diagnostic: str = ""
    original_message_id: str = ""
    original_recipient: str = ""

    @property
    def hard(self) -> bool:
        """The address will never take a mail."""
        return self.action == "failed" and self.status.startswith("5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail.

    Attributes:
        message_id, in_reply_to, references: ids without angle brackets; empty where missing or malformed.
        sender: who wrote it, where two independent ways of reading From agree on exactly one address; else None.
        sender_doubt: why `sender` is None: "missing", "several", "malformed", "readings_differ".
        reply_to: where answers should go by the sender's own wish; nobody is identified by it.
        delivered_to: addresses in Delivered-To, X-Original-To and Envelope-To, nearest hop first.
        authentication: values of Authentication-Results, top-most first, unfolded and unjudged.
        signatures: every DKIM-Signature, top-most first, unjudged.
        rests_on: the header fields that decide what the words are, in lower case: who vouches for the words has to
            answer for each of them.
        signed: the names of the header fields that the domain in From answers for by a signature of its own, in lower
            case, `rests_on` among them. Empty without one, and where nobody looked.
        said_at: the Date header as written; the desk goes by its own clock.
        text: the new words. Of a mail that answers nothing, all of them.
        quoted: what was cut off of the words: older mails, signature. Empty where nothing was cut.
        html: cleaned; the address of an image from elsewhere begins with OUTSIDE, so that nobody fetches it; empty
            where the mail has none or it could not be made safe.
        is_reply: it says that it answers a mail.
        forwarded: it hands on somebody else's mail, which is in `text` whole.
        calendar: summary of an invitation, empty for none.
        reaction: the one sign that it is, where its writer only reacted to a mail; then `text` is empty.
        complaint_of: the address whose mail a feedback report is about; empty where it is left out.
        complaint_about: Message-ID of that mail, without angle brackets.
        complaint_path: the sender of its envelope; empty where the report does not tell.
        odd: codes of what was cut, repaired or left out: "headers_capped", "html_dropped", "charset_guessed" ...
    """

    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    sender: Mailbox | None = None
    sender_doubt: str = ""
    reply_to: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    delivered_to: tuple[str, ...] = ()
    subject: str = ""
    said_at: str = ""
    languages: tuple[str, ...] = ()
    authentication: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()
    rests_on: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()
    text: str = ""
    quoted: str = ""
    html: str = ""
    is_reply: bool = False
    forwarded: bool = False
    automatic: Automatic = Automatic.NO
    bounces: tuple[Bounce, ...] = ()
    complaint_of: str = ""
    complaint_about: str = ""
    complaint_path: str = ""
    calendar: str = ""
    reaction: str = ""
    enclosures: tuple[Enclosure, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    odd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a mail came, which its own text cannot forge.

    Attributes:
        mail_from: RFC 5321 MAIL FROM, empty for the null sender; None where the way in does not tell (IMAP).
        rcpt_to: the addresses it was handed in for; empty where the way in does not tell.
        source: "smtp", "lmtp", or "imap:" and the mailbox.
        place: of IMAP, folder, UIDVALIDITY and UID; empty else.
        whole: all of it was handed over; else its header at most, and the mail stays in its mailbox.
    """

    mail_from: str | None
    rcpt_to: tuple[str, ...]
    source: str
    place: str = ""
    whole: bool = True
