"""Who wrote a mail, and to whom.

`From: bank@bank.example <evil@evil.org>` is bank@bank.example to one parser and evil@evil.org to another. A sender is
believed only where a strict reading finds exactly one address and Python's lenient one, written another way, agrees.
"""

import re
import unicodedata
from email.utils import getaddresses

from channels.email.letter import Mailbox
from channels.email.reading.header import Headers, decoded_words
from channels.email.reading.limits import ADDRESSES_MAX, FROM_BYTES_MAX, NAME_CHARS_MAX

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\uffef\U00010000-\U000effff-]+"
LABEL = r"[A-Za-z0-9\u00a1-\uffef\U00010000-\U000effff](?:[A-Za-z0-9\u00a1-\uffef\U00010000-\U000effff-]{0,61})"
ADDRESS = re.compile(rf"{ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})*")
BARE = re.compile(r"<?\s*([^\s<>()\[\],;:\"\\]+)\s*>?")
NAMED = re.compile(r'("(?:[^"\\]|\\.)*"|[^<>"@,;:()\\\[\]]*)\s*<([^<>\s]*)>')
COMMENTED = re.compile(r"([^\s<>()\[\],;:\"\\]+)\s*\(([^()\\@]*)\)")
ADDRESS_CHARS_MAX = 254
LOCAL_CHARS_MAX = 64
AT_SIGNS = "@＠﹫"
CONFUSABLE = frozenset("＠﹫．。｡﹒‥․＜＞")
"""What some program folds to @, a full stop or an angle bracket."""


def sender(headers: Headers) -> tuple[Mailbox | None, str]:
    """Who wrote it, or None and why that is in doubt: "missing", "several", "malformed" or "readings_differ"."""
    values = headers.all("from")
    if headers.capped:
        return None, "malformed"
    if len(values) != 1:
        return None, "several" if values else "missing"
    if not values[0]:
        return None, "missing"
    return _one(values[0])


def _one(value: str) -> tuple[Mailbox | None, str]:
    if len(value) > FROM_BYTES_MAX:
        return None, "malformed"
    lenient = _leniently(value)
    mailbox = strict_mailbox(value)
    if mailbox is None:
        return None, "several" if len(lenient) > 1 else "malformed"
    if len(lenient) != 1 or _comparable(lenient[0][1]) != _comparable(mailbox.address):
        return None, "readings_differ"
    return mailbox, ""


def strict_mailbox(value: str) -> Mailbox | None:
    """The one address that `value` is by the letter of RFC 5322 and 6532, without what is legal but never honest.

    That is: routes, quoted local parts, address literals, comments that hold an address, backslashes. Encoded words
    are undone after the address was found, so nothing in them can become one.
    """
    value = value.strip()
    if (bare := BARE.fullmatch(value)) is not None and value.startswith("<") == value.endswith(">"):
        name, address = "", bare[1]
    elif (named := NAMED.fullmatch(value)) is not None:
        name, address = named[1], named[2]
    elif (commented := COMMENTED.fullmatch(value)) is not None:
        name, address = commented[2], commented[1]
    else:
        return None
    address = clean_address(address)
    return Mailbox(address, _name(name, address)) if address else None


def clean_address(text: str) -> str:
    """The address, its domain in lower case; empty where it is none, or looks like another to people or programs."""
    local, _, domain = text.rpartition("@")
    if len(text) > ADDRESS_CHARS_MAX or len(local) > LOCAL_CHARS_MAX or ADDRESS.fullmatch(text) is None or "=?" in text:
        return ""
    if not text.isascii() and not _honest(text):
        return ""
    return f"{local}@{domain.lower()}"


def mailboxes(headers: Headers, name: str) -> tuple[Mailbox, ...]:
    """The addresses of every field of that name, as far as they can be read; nobody is identified by them."""
    found: dict[str, Mailbox] = {}
    for value in headers.all(name):
        for piece in _pieces(value):
            if len(found) >= ADDRESSES_MAX:
                break
            if (mailbox := strict_mailbox(piece)) is not None:
                found.setdefault(mailbox.address, mailbox)
    return tuple(found.values())


def _pieces(value: str) -> list[str]:
    """Split at the commas and semicolons outside of quotes, the name of a group taken off."""
    pieces, begun, quoted, escaped = [], 0, False, False
    for place, letter in enumerate(value):
        if letter == '"' and not escaped:
            quoted = not quoted
        elif letter in ",;" and not quoted:
            pieces.append(value[begun:place])
            begun = place + 1
        escaped = letter == "\\" and not escaped
    pieces.append(value[begun:])
    whole = [piece for piece in pieces if "@" in piece and len(piece) <= FROM_BYTES_MAX]
    return [re.sub(r'^[^"<>@:]*:', "", piece).strip() for piece in whole]


def _leniently(value: str) -> list[tuple[str, str]]:
    try:
        return getaddresses([value])
    except (ValueError, IndexError, TypeError, AttributeError, RecursionError):
        return []


def _comparable(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def _honest(text: str) -> bool:
    """Not normal form, invisible, of another direction, or a look-alike of punctuation: no.

    A local part is no other mailbox's under a form that programs compare by: ªna@ would be ana@ to them.
    """
    kinds = {unicodedata.category(letter) for letter in text}
    return (
        unicodedata.is_normalized("NFC", text)
        and unicodedata.is_normalized("NFKC", text.rpartition("@")[0])
        and not kinds & {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"}
        and not CONFUSABLE & set(text)
        and not any(
            folded in '@<>.,"' for letter in text if letter > "\x7f" for folded in unicodedata.normalize("NFKC", letter)
        )
    )


def _name(text: str, address: str) -> str:
    """The name beside an address; one that looks like a different address is a lie and left out."""
    text = text.strip()
    if text.startswith('"'):
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    name = "".join(letter for letter in decoded_words(text) if unicodedata.category(letter) not in {"Cc", "Cf"})
    name = " ".join(name.split())[:NAME_CHARS_MAX]
    if any(sign in name for sign in AT_SIGNS) and name.strip("'<> ").lower() != address.lower():
        return ""
    return name
