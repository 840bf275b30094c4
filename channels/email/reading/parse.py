"""Raw bytes to a Letter: the pure heart of reading. It runs in a process of its own (child.py), in tests without."""

from dataclasses import dataclass, field

from channels.email.letter import REPEATED, Automatic, Envelope, Letter
from channels.email.reading import bodies, report
from channels.email.reading.address import AT_SIGNS, clean_address, mailboxes, sender
from channels.email.reading.automatic import automatic
from channels.email.reading.charset import storable
from channels.email.reading.dkim_fields import signatures
from channels.email.reading.header import Headers, decoded_words
from channels.email.reading.ids import message_ids
from channels.email.reading.limits import HEADER_BYTES_MAX, MAIL_BYTES_MAX, SUBJECT_CHARS_MAX
from channels.email.reading.mime import Budget, Part, tree
from channels.email.reading.ours import Ours
from channels.email.reading.reply import Words, has_quote, new_words, phrases
from channels.email.reading.reply.closings import only_device
from channels.email.reading.reply.lines import lines_of
from channels.email.reading.resting import rests_on
from channels.email.reading.unreadable import LetterUnreadable

KEPT = (
    "auto-submitted",
    "importance",
    "list-id",
    "list-unsubscribe",
    "precedence",
    "return-path",
    "thread-topic",
    "x-loop",
    "x-mailer",
    "x-priority",
)
"""Fields worth a person's look that have no place of their own in a Letter."""
KEPT_CHARS_MAX = 500
ONCE = (
    *("from", "sender", "reply-to", "to", "cc", "bcc", "date", "subject", "message-id", "in-reply-to", "references"),
    *("content-type", "content-transfer-encoding", "content-disposition", "mime-version"),
)
"""Fields that a mail has at most once (RFC 5322, 3.6; RFC 2045)."""
AUTHENTICATIONS_MAX = 10
LANGUAGES_MAX = 5


@dataclass
class Oddities:
    """Codes of what was cut, repaired or left out, each once."""

    codes: dict[str, None] = field(default_factory=dict)

    def note(self, code: str, happened: bool = True) -> None:
        if happened:
            self.codes[code] = None


def parse(raw: bytes, envelope: Envelope, ours: Ours, *, plainly: bool = False) -> Letter:
    """What a mail says.

    Args:
        plainly: without the readers of HTML, calendars and winmail.dat and without looking for quotes: for a mail that
            cost too much the first time.

    Raises:
        LetterUnreadable: "too_large" or "empty"; whatever else a sender wrote makes a Letter.
    """
    if len(raw) > MAIL_BYTES_MAX:
        raise LetterUnreadable("too_large")
    if not raw.strip():
        raise LetterUnreadable("empty")
    mail, budget = tree(with_line_feeds(raw))
    odd = Oddities()
    _note_caps(odd, mail, budget)
    odd.note("read_plainly", plainly)
    found = bodies.collect(mail, odd, plainly=plainly)
    return _letter(mail, found, envelope, ours, odd, plainly=plainly)


def with_line_feeds(raw: bytes) -> bytes:
    """The bytes that are read: some very old programs end lines with a carriage return alone."""
    return raw.replace(b"\r", b"\n") if b"\n" not in raw[:HEADER_BYTES_MAX] else raw


def _note_caps(odd: Oddities, mail: Part, budget: Budget) -> None:
    odd.note("headers_capped", mail.headers.capped)
    odd.note("parts_capped", budget.refused > 0)
    odd.note("depth_capped", budget.deepest)
    odd.note("no_headers", not mail.headers.fields)
    odd.note(REPEATED, any(len(mail.headers.all(name)) > 1 for name in ONCE))


def _letter(
    mail: Part, found: bodies.Bodies, envelope: Envelope, ours: Ours, odd: Oddities, *, plainly: bool
) -> Letter:
    headers = mail.headers
    who, doubt = sender(headers)
    odd.note("name_left_out", who is not None and not who.name and _names_an_address(headers.first("from")))
    machine = automatic(
        headers,
        mail.kind,
        mail.parameters.get("report-type", "").lower(),
        report.feedback_type(mail),
        envelope=envelope,
        ours=ours,
        sender=who,
    )
    fed_back = machine in (Automatic.COMPLAINT, Automatic.FEEDBACK)
    subject = storable(headers.words("subject"))[:SUBJECT_CHARS_MAX]
    answers = _answers(headers, subject, found.text)
    words = _words(found, subject, answers=answers, plainly=plainly or machine is Automatic.BOUNCE)
    return Letter(
        message_id=next(iter(message_ids(headers.first("message-id"))), ""),
        in_reply_to=message_ids(headers.first("in-reply-to")),
        references=message_ids(" ".join(headers.all("references"))),
        sender=who,
        sender_doubt=doubt,
        reply_to=mailboxes(headers, "reply-to"),
        to=mailboxes(headers, "to"),
        cc=mailboxes(headers, "cc"),
        delivered_to=_delivered_to(headers),
        subject=subject,
        said_at=storable(headers.first("date"))[:100],
        languages=_languages(headers),
        authentication=tuple(headers.all("authentication-results")[:AUTHENTICATIONS_MAX]),
        signatures=signatures(headers),
        rests_on=rests_on(mail, plainly=plainly),
        text=words.text,
        quoted=words.quoted,
        html=found.html,
        is_reply=answers and not words.forwarded,
        forwarded=words.forwarded or found.forwards,
        automatic=machine,
        bounces=report.bounces(mail, found.text) if machine is Automatic.BOUNCE else (),
        complaint_of=report.complaint_of(mail) if fed_back else "",
        complaint_about=report.original_id(mail) if fed_back else "",
        complaint_path=report.complaint_path(mail) if fed_back else "",
        calendar=found.calendar,
        reaction=found.reaction,
        enclosures=tuple(found.enclosures),
        headers=_kept(headers),
        odd=tuple(odd.codes),
    )


def _names_an_address(value: str) -> bool:
    name = decoded_words(value.rpartition("<")[0])
    return any(sign in name for sign in AT_SIGNS)


def _answers(headers: Headers, subject: str, text: str) -> bool:
    """By its ids; a subject alone says so only above a quote: anybody may write "Re:" before a new question."""
    if headers.first("in-reply-to") or headers.first("references"):
        return True
    return phrases.reply_subject().match(subject) is not None and has_quote(text)


def _words(found: bodies.Bodies, subject: str, *, answers: bool, plainly: bool) -> Words:
    """Those that its writer wrote: none where a program wrote all of them."""
    if found.reaction:
        return Words("", found.text)
    if plainly:
        return Words(found.text)
    if only_device(lines_of(found.text)):
        return Words("", found.text)
    handed_on = phrases.forward_subject().match(subject) is not None
    return new_words(found.text, is_reply=answers, is_forward=handed_on)


def _delivered_to(headers: Headers) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name, value in headers.fields:
        if name in {"delivered-to", "x-original-to", "envelope-to"}:
            for piece in value.split(",")[:20]:
                if address := clean_address(piece.strip().strip("<>")):
                    found[address] = None
    return tuple(found)


def _languages(headers: Headers) -> tuple[str, ...]:
    """Tags of Content-Language, then of Accept-Language, the first ones."""
    said = f"{headers.first('content-language')},{headers.first('accept-language')}"[:500]
    tags = (tag.partition(";")[0].strip() for tag in said.split(","))
    plain = [tag for tag in tags if tag.replace("-", "").isalnum() and tag.isascii() and len(tag) <= 20]
    return tuple(dict.fromkeys(plain))[:LANGUAGES_MAX]


def _kept(headers: Headers) -> dict[str, str]:
    return {name: decoded_words(value)[:KEPT_CHARS_MAX] for name in KEPT if (value := headers.first(name))}
