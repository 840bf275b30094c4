"""Which parts of a mail are its words, and which are files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol

from channels.email.letter import Enclosure
from channels.email.reading import html as hypertext
from channels.email.reading import invitation, reaction
from channels.email.reading.charset import decode, storable
from channels.email.reading.files import enclosure, from_tnef, is_tnef
from channels.email.reading.limits import HTML_CHARS_MAX, TEXT_CHARS_MAX
from channels.email.reading.mime import Part

REPORTS = {"message/delivery-status", "message/feedback-report", "message/disposition-notification"}
BODY_KINDS = {"text/plain", "text/html"}
BYTES_A_CHARACTER = 4


class Notes(Protocol):
    """Where oddities are noted."""

    def note(self, code: str, happened: bool = True) -> None: ...


@dataclass
class Bodies:
    """What was found.

    Attributes:
        text: the words, quotes included; of HTML where the mail has no others.
        html: cleaned.
        forwards: a whole mail is among the enclosures.
        wrapped: words that stood in a winmail.dat.
        reaction: see `Letter.reaction`.
    """

    text: str = ""
    html: str = ""
    calendar: str = ""
    enclosures: list[Enclosure] = field(default_factory=list)
    forwards: bool = False
    wrapped: str = ""
    reaction: str = ""


@dataclass
class _Page:
    """One piece of the mail that is to be read: its plain words, its HTML, or the same in both."""

    plain: str | None = None
    html: str | None = None


def collect(mail: Part, odd: Notes, *, plainly: bool) -> Bodies:
    """Everything of a mail below its headers. Never raises for what is in it."""
    found = Bodies()
    pages: list[_Page] = []
    _gather(mail, found, pages, odd, plainly=plainly)
    if not any(page.plain or page.html for page in pages):
        pages.append(_Page(plain=found.wrapped))
    _join(found, pages, odd, plainly=plainly)
    return found


def _gather(part: Part, found: Bodies, pages: list[_Page], odd: Notes, *, plainly: bool) -> None:
    if part.kind == "multipart/alternative":
        _alternative(part, found, pages, odd, plainly=plainly)
    elif part.children:
        for child in part.children:
            _gather(child, found, pages, odd, plainly=plainly)
    elif is_words(part):
        pages.append(_page(part, odd))
    else:
        _file(part, found, odd, plainly=plainly)


def _alternative(part: Part, found: Bodies, pages: list[_Page], odd: Notes, *, plainly: bool) -> None:
    """The same words in several ways: one page of them."""
    inner: list[_Page] = []
    for child in part.children:
        _gather(child, found, inner, odd, plainly=plainly)
    plain = next((page.plain for page in inner if page.plain and page.plain.strip()), None)
    html = next((page.html for page in inner if page.html), None)
    if plain is not None or html is not None:
        pages.append(_Page(plain, html))


def is_words(part: Part) -> bool:
    disposition = part.disposition[0]
    return part.kind in BODY_KINDS and disposition != "attachment" and not part.file_name


def read_bytes(part: Part) -> bytes:
    """As much of a part of words as is looked at."""
    return part.content[: _cap(part) * BYTES_A_CHARACTER]


def _cap(part: Part) -> int:
    return TEXT_CHARS_MAX if part.kind == "text/plain" else HTML_CHARS_MAX


def _page(part: Part, odd: Notes) -> _Page:
    cap, content = _cap(part), read_bytes(part)
    text, guessed = decode(content, part.parameters.get("charset", ""))
    odd.note("charset_guessed", guessed)
    odd.note("text_capped", len(text) > cap or len(part.content) > len(content))
    text = text[:cap].replace("\r\n", "\n").replace("\r", "\n")
    if part.kind == "text/html":
        return _Page(html=text)
    return _Page(plain=_flowed(text, part.parameters))


def _flowed(text: str, parameters: dict[str, str]) -> str:
    """RFC 3676: a line that ends in a blank goes on in the next one."""
    if parameters.get("format", "").lower() != "flowed":
        return text
    glue = "" if parameters.get("delsp", "").lower() == "yes" else " "
    paragraphs: list[list[str]] = []
    goes_on = False
    for written in text.split("\n"):
        quoted = written.startswith(">")
        line = written.removeprefix(" ")
        if goes_on and not quoted:
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
        goes_on = line.endswith(" ") and line != "-- " and not quoted
    return "\n".join(glue.join(piece.rstrip(" ") for piece in pieces) for pieces in paragraphs)


def _file(part: Part, found: Bodies, odd: Notes, *, plainly: bool) -> None:
    if part.kind in REPORTS or (part.kind.startswith("multipart/") and not part.content.strip()):
        return
    if part.kind == reaction.KIND and part.disposition[0] != "attachment":
        found.reaction = found.reaction or reaction.sign(part.content)
        return
    if part.kind == "text/calendar" and not found.calendar and not plainly:
        found.calendar = invitation.summary(part.content)
    if is_tnef(part) and not plainly and _opened(part, found):
        return
    odd.note("tnef_unread", is_tnef(part))
    found.forwards |= part.kind in {"message/rfc822", "message/global"}
    found.enclosures.append(enclosure(part, len(found.enclosures) + 1))


def _opened(part: Part, found: Bodies) -> bool:
    """Whether a winmail.dat could be read; then its files and words are in `found`."""
    if (opened := from_tnef(part)) is None:
        return False
    files, words = opened
    found.enclosures += files
    found.wrapped = found.wrapped or storable(words)[:TEXT_CHARS_MAX]
    return True


def _join(found: Bodies, pages: list[_Page], odd: Notes, *, plainly: bool) -> None:
    texts, shown = [], []
    for page in pages:
        deep = page.html is not None and (plainly or hypertext.too_deep(page.html))
        odd.note("html_dropped", deep and page.html is not None)
        if page.html is not None and not deep:
            shown.append(_cleaned(page.html, odd))
        text = page.plain if page.plain and page.plain.strip() else _words_of(page.html or "", deep=deep)
        if text.strip():
            texts.append(text.strip())
    joined = "\n\n".join(texts)
    odd.note("text_capped", len(joined) > TEXT_CHARS_MAX)
    found.text = joined[:TEXT_CHARS_MAX]
    found.html = "\n".join(piece for piece in shown if piece)


def _cleaned(html: str, odd: Notes) -> str:
    try:
        cleaned, remote = hypertext.clean(html)
    except (ValueError, RecursionError):
        odd.note("html_dropped")
        return ""
    odd.note("remote_images", remote)
    return cleaned


def _words_of(html: str, *, deep: bool) -> str:
    if not html.strip():
        return ""
    if not deep:
        try:
            return re.sub(r"\n{3,}", "\n\n", hypertext.to_text(html))[:TEXT_CHARS_MAX]
        except Exception:  # noqa: S110 - strangers' HTML in a reader of others: there is a plainer way, just below
            pass
    return hypertext.to_text_plainly(html)
