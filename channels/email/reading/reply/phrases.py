"""The phrases of mail programs, ready to compare: phrases.toml holds them."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("phrases.toml")
JOINED_SCRIPTS = re.compile(r"[\u0590-\u06ff\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@cache
def _phrases() -> dict[str, dict[str, Any]]:
    return tomllib.loads(FILE.read_text("utf-8"))


@cache
def labels() -> dict[str, frozenset[str]]:
    """The roles that a label may have: "a" is who it is to in Italian, and other things elsewhere."""
    roles: dict[str, set[str]] = {}
    for role, words in _phrases()["labels"].items():
        for word in words:
            roles.setdefault(word, set()).add(role)
    return {word: frozenset(found) for word, found in roles.items()}


@cache
def wrote() -> re.Pattern[str]:
    """Somebody wrote."""
    return re.compile(_any_word(_phrases()["wrote"]["verbs"]), re.IGNORECASE)


@cache
def starter() -> re.Pattern[str]:
    """How a line above a quote begins."""
    return re.compile(rf"(?:{_any_word(_phrases()['wrote']['starters'])})(?![-'])", re.IGNORECASE)


@cache
def original() -> re.Pattern[str]:
    return re.compile(_any_of(_phrases()["separators"]["original"]), re.IGNORECASE)


@cache
def forwarded() -> re.Pattern[str]:
    return re.compile(_any_of(_phrases()["separators"]["forwarded"]), re.IGNORECASE)


@cache
def device() -> re.Pattern[str]:
    """A whole line that a telephone or an app wrote."""
    known = _phrases()["devices"]
    starts, ends = _any_word(known["starts"]), _any_of(known["ends"])
    return re.compile(rf"(?:{starts})[^.,;:!?]*\.?|[^.,;:!?]{{0,40}}(?:{ends})\.?", re.IGNORECASE)


@cache
def signoff() -> re.Pattern[str]:
    """A whole line that ends a letter."""
    return re.compile(rf"(?:{_any_of(_phrases()['signoffs']['starts'])})\s*[,.!~-]*", re.IGNORECASE)


@cache
def notice() -> re.Pattern[str]:
    """How a line begins that a company's server puts below every mail."""
    known = _phrases()["notices"]
    told = rf"(?={_any_word(known['starts'])}).*?(?:{_any_of(known['tells'])})|(?:{_any_word(known['alone'])})"
    heading = rf"(?:{_any_word(known['headings'])})[\W_]*"
    return re.compile(rf"{heading}$|(?:{heading})?(?:{told})", re.IGNORECASE)


@cache
def company_form() -> re.Pattern[str]:
    """A company's name at the beginning of a line: words and its legal form."""
    return re.compile(rf"[^.!?:;]{{2,60}}(?:{_any_word(_phrases()['companies']['forms'])})", re.IGNORECASE)


@cache
def company_fact() -> re.Pattern[str]:
    """What the law wants said of a company: its register and a number, who leads it."""
    known = _phrases()["companies"]
    told = rf"(?:{_any_word(known['facts'])})[^:\d?!]{{0,40}}[:\d]|(?:{_any_word(known['roles'])})\s?:"
    return re.compile(told, re.IGNORECASE)


@cache
def reply_subject() -> re.Pattern[str]:
    return _prefix("reply")


@cache
def forward_subject() -> re.Pattern[str]:
    return _prefix("forward")


def _prefix(which: str) -> re.Pattern[str]:
    return re.compile(
        rf"\s*(?:\[[^\]]{{0,40}}\]\s*)?(?:{_any_of(_phrases()['subjects'][which])})\s*(?:[\[(]\d+[\])])?\s*[:：]",
        re.IGNORECASE,
    )


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _any_word(words: Iterable[str]) -> str:
    """Whole words, save in scripts that write without spaces or join small words to the next."""
    listed = sorted(words, key=len, reverse=True)
    spaced = "|".join(re.escape(word) for word in listed if not JOINED_SCRIPTS.search(word))
    joined = "|".join(re.escape(word) for word in listed if JOINED_SCRIPTS.search(word))
    return rf"(?<!\w)(?:{spaced})(?!\w)" + (rf"|(?:{joined})" if joined else "")
