"""Bytes that strangers sent, to text that a database takes: declared charset, then UTF-8, then Windows-1252."""

import codecs
import re
from functools import lru_cache

TRUSTED = frozenset(
    [
        "ascii",
        "utf-8",
        "utf-8-sig",
        "utf-7",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "iso8859-1",
        "iso8859-2",
        "iso8859-3",
        "iso8859-4",
        "iso8859-5",
        "iso8859-6",
        "iso8859-7",
        "iso8859-8",
        "iso8859-9",
        "iso8859-10",
        "iso8859-11",
        "iso8859-13",
        "iso8859-14",
        "iso8859-15",
        "iso8859-16",
        "cp437",
        "cp850",
        "cp852",
        "cp858",
        "cp866",
        "cp874",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
        "cp1258",
        "koi8-r",
        "koi8-u",
        "mac-roman",
        "mac-cyrillic",
        "shift_jis",
        "cp932",
        "euc_jp",
        "iso2022_jp",
        "iso2022_jp_1",
        "iso2022_jp_2",
        "iso2022_jp_3",
        "iso2022_jp_ext",
        "gb2312",
        "gbk",
        "gb18030",
        "hz",
        "big5",
        "cp950",
        "big5hkscs",
        "euc_kr",
        "cp949",
        "johab",
        "iso2022_kr",
        "tis-620",
    ]
)
"""By the names Python gives them. Others are no charsets (zlib), slow (punycode) or both."""
WIDER = {
    "iso8859-1": "cp1252",
    "ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso2022_jp": "iso2022_jp_ext",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
}
"""What senders call one thing and mean the larger one, as browsers take it."""
ALIASES = {
    "ks_c_5601-1987": "cp949",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "utf8mb4": "utf-8",
    "iso-8859-8-i": "iso8859-8",
}
ONE_BYTE = re.compile(r"ascii|cp\d+|iso8859|koi8|mac-|tis")
BROKEN_SHARE_MAX = 0.02
GUESSED_FROM_BYTES = 4_096
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def decode(content: bytes, declared: str = "") -> tuple[str, bool]:
    """The text, and whether it had to be guessed. Never raises.

    Args:
        declared: a charset's name as a mail gives it, empty for none.
    """
    if not content:
        return "", False
    if (charset := _charset(declared)) and (text := _strictly(content, charset)) is not None:
        return storable(text), False
    if content.isascii() and b"\x1b$" in content and (text := _strictly(content, "iso2022_jp_ext")) is not None:
        return storable(text), True
    if (text := _strictly(content, "utf-8")) is not None:
        return storable(text), not content.isascii()
    return storable(_guessed(content, charset)), True


def storable(text: str) -> str:
    """Without what JSON or PostgreSQL refuse: NUL, other controls, halves of surrogate pairs."""
    return UNSTORABLE.sub("", text)


@lru_cache(maxsize=200)
def _charset_of(name: str) -> str:
    try:
        found = codecs.lookup(ALIASES.get(name, name)).name
    except (LookupError, ValueError, UnicodeError):
        return ""
    found = found.replace("_", "-") if found.startswith(("mac", "koi8", "utf")) else found
    return WIDER.get(found, found) if found in TRUSTED else ""


def _charset(declared: str) -> str:
    name = declared.strip().strip("\"'").lower()[:40]
    return _charset_of(name) if name else ""


def _strictly(content: bytes, charset: str) -> str | None:
    try:
        return content.decode(charset)
    except (UnicodeError, LookupError, ValueError):
        return None


def _guessed(content: bytes, charset: str) -> str:
    if charset and not ONE_BYTE.match(charset):
        text = content.decode(charset, "replace")
        if text.count("\ufffd") <= BROKEN_SHARE_MAX * len(text) + 1:
            return text
    if (text_1252 := _strictly(content, "cp1252")) is not None:
        return text_1252
    return content.decode(_likely(content) or "cp1252", "replace")


def _likely(content: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(content[:GUESSED_FROM_BYTES]).best()
    return _charset(best.encoding) if best is not None else ""
