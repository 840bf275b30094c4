"""A mail as it goes over the wire: RFC 5322 and MIME, marked as written by a machine (RFC 3834)."""

from email.headerregistry import Address, BaseHeader, HeaderRegistry, UniqueAddressHeader, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import Any

from email_validator import validate_email

from channels.email.letter import Enclosure
from channels.email.mail import Mail
from channels.email.marker import LOOP, loop_name
from channels.email.words import Words


class _WholeHeader(BaseHeader):
    """A header that stays on one line: folded, an address longer than a line would be encoded, and no button shown."""

    parse = UnstructuredHeader.parse
    value_parser = staticmethod(UnstructuredHeader.value_parser)
    max_count = 1

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _IdsHeader(_WholeHeader):
    """Message-IDs as they are, a new line between two of them at most: encoded, nobody's program knows them again."""

    def fold(self, *, policy: Any) -> str:
        lines = [f"{self.name}:"]
        for one in self.split():
            fits = lines[-1].endswith(":") or len(lines[-1]) + 1 + len(one) <= LINE_CHARS
            lines[-1:] = [f"{lines[-1]} {one}"] if fits else [lines[-1], f" {one}"]
        return "".join(f"{line}{policy.linesep}" for line in lines)


class _PeopleHeader(UniqueAddressHeader, BaseHeader):  # type: ignore[misc] # as the registry joins them
    """A mail that is ASCII alone does not name whom it cannot: an encoded address is none (RFC 2047, 5)."""

    def fold(self, *, policy: Any) -> str:
        named = [one for one in self.addresses if policy.utf8 or one.addr_spec.isascii()]
        if len(named) == len(self.addresses):
            return super().fold(policy=policy)
        return HEADERS(self.name, named).fold(policy=policy) if named else ""


LINE_CHARS = 78
HEADERS = HeaderRegistry()
"""How headers are written; those of the standard library, but for what it would break."""
for _name in ("list-unsubscribe", "x-loop"):
    HEADERS.map_to_type(_name, _WholeHeader)
for _name in ("message-id", "in-reply-to", "references"):
    HEADERS.map_to_type(_name, _IdsHeader)
for _name in ("to", "cc"):
    HEADERS.map_to_type(_name, _PeopleHeader)
POLICY = SMTP.clone(header_factory=HEADERS)
"""Of a mail for whoever has an address in ASCII; with `utf8`, for the others too."""


def build(mail: Mail, words: Words, *, sender: str, sender_name: str, key: str, stop_url: str = "") -> EmailMessage:
    """The message; the same `key` has the same Message-ID, so that a mail sent twice can be seen to be one.

    Args:
        stop_url: a POST there ends mails like this one, asking nothing more (RFC 8058); "" for mails nobody can stop.

    Raises:
        ValueError: an address or header that cannot be written, a line break in it for example.
    """
    message = EmailMessage(policy=POLICY)
    message["From"] = address_of(sender, sender_name)
    message["To"] = address_of(mail.to)
    message["Subject"] = " ".join(words.subject.split())
    message["Date"] = format_datetime(mail.at)
    path = mail.return_path
    message["Message-ID"] = f"<{path.message_id if path else _id_of(key, sender)}>"
    if path is not None:
        message["Reply-To"] = address_of(path.reply_to)
    message[LOOP] = loop_name(sender)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if stop_url:
        message["List-Unsubscribe"] = f"<{stop_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(words.text, cte="quoted-printable")
    message.add_alternative(words.html, subtype="html", cte="quoted-printable")
    for file in mail.enclosures:
        enclose(message, file)
    message["Content-Language"] = words.language
    return message


def enclose(message: EmailMessage, file: Enclosure) -> None:
    """As bytes to be saved: what says it has parts of its own is not taken at its word."""
    major, _, minor = file.content_type.partition("/")
    if not minor or major in ("message", "multipart"):
        major, minor = "application", "octet-stream"
    message.add_attachment(file.content, maintype=major, subtype=minor, filename=one_line(file.name))


def one_line(text: str) -> str:
    """Without line breaks and other control characters: nothing of it can become a header of its own."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _id_of(key: str, sender: str) -> str:
    return f"{sha256(key.encode()).hexdigest()[:32]}@{domain_of(sender)}"


def address_of(address: str, name: str = "") -> Address:
    """An address as a header holds it.

    Raises:
        ValueError: it is none.
    """
    local_part, _, domain = wire_address(address).rpartition("@")
    return Address(name, username=local_part, domain=domain)


def wire_address(address: str) -> str:
    """An address as servers are told it: its domain in ASCII, unless what stands before the @ is beyond it anyhow.

    Raises:
        ValueError: it is none.
    """
    found = validate_email(address, check_deliverability=False, test_environment=True)
    return found.ascii_email or found.normalized


def domain_of(address: str) -> str:
    """The part after the last @."""
    return address.rpartition("@")[2]
