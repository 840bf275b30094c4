"""An outline becomes a message: its words twice, its files, and the headers that keep a thread together."""

from email.message import EmailMessage
from email.utils import format_datetime

from channels.email.letter_words import letter_words
from channels.email.marker import LOOP, loop_name
from channels.email.message import POLICY, address_of, enclose, one_line
from channels.email.outline import Outline

REFERENCES_CHARS_MAX = 900
"""A line of a header is at most 998; the middle of a long history is left out."""


def compose(outline: Outline, company: str) -> EmailMessage:
    """The message.

    Raises:
        ValueError: an address or header that cannot be written, a line break in it for example.
    """
    words = letter_words(outline, company)
    message = EmailMessage(policy=POLICY)
    message["From"] = address_of(outline.sender.address, one_line(outline.sender.name))
    message["To"] = address_of(outline.to.address, one_line(outline.to.name))
    if outline.cc:
        message["Cc"] = [address_of(address) for address in outline.cc]
    message["Reply-To"] = address_of(outline.reply_to)
    message["Subject"] = one_line(words.subject)
    message["Date"] = format_datetime(outline.at)
    message["Message-ID"] = f"<{outline.message_id}>"
    _thread(message, outline)
    message[LOOP] = loop_name(outline.sender.address)
    if outline.automatic:
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "All"
    message.set_content(words.text, cte="quoted-printable")
    message.add_alternative(words.html, subtype="html", cte="quoted-printable")
    for file in outline.enclosures:
        enclose(message, file)
    message["Content-Language"] = words.language
    return message


def _thread(message: EmailMessage, outline: Outline) -> None:
    if outline.in_reply_to:
        message["In-Reply-To"] = f"<{outline.in_reply_to}>"
    named = [f"<{one}>" for one in outline.references]
    while len(named) > 2 and len(" ".join(named)) > REFERENCES_CHARS_MAX:
        del named[1]
    if named:
        message["References"] = " ".join(named)
