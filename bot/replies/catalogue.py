"""The words of the bot: one file a language, and how a line becomes a bubble."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from bot.activity import Card, Choice, Link, Reply
from bot.dialogs.steps import Line

JOINED = re.compile(r"(?<=\S)[ \t]{0,3}\n(?=[ \t]{0,8}(?![-*+>#|\s]|\d{1,3}[.)] )\S)[ \t]{0,8}")
"""A line break that neither ends a paragraph nor begins a list item, quotation, heading or table row."""
LANGUAGES = ("en",)
"""The encoder that comes along understands English alone, and the bot says so."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The words of one language.

    Attributes:
        zone: the desk's zone; times are told in it, and it is named where it matters.
        company: name of the company, available to every line as `{company}`.
    """

    words: Mapping[str, str]
    zone: ZoneInfo
    company: str

    def reply(self, line: Line, *, at: datetime) -> Reply:
        """One bubble.

        Raises:
            KeyError: the catalogue has no such line (a fault: a test compares code and catalogue).
        """
        text = self._say(line.key, line.params, at)
        return Reply(
            text=f"{text}\n\n{reflowed(line.passage)}".strip() if line.passage else text,
            choices=tuple(self._choice(choice) for choice in line.choices),
            card=self._card(line, at) if line.card or line.facts or line.params.get("url") else None,
        )

    def _say(self, key: str, params: Mapping[str, Any], at: datetime) -> str:
        filled = {name: self._value(value, at) for name, value in params.items()}
        return self.words[key].format_map({"company": self.company, **filled})

    def _value(self, value: Any, at: datetime) -> str:
        if isinstance(value, datetime):
            return self.when(value, at)
        return self._word(str(value))

    def _word(self, value: str) -> str:
        """`@key` names a word of the catalogue; anything else is data and stays as it is."""
        return self.words.get(value[1:], value) if value.startswith("@") else value

    def _choice(self, choice: str | Choice) -> Choice:
        return Choice(self.words[choice], self.words[choice]) if isinstance(choice, str) else choice

    def _card(self, line: Line, at: datetime) -> Card:
        if line.card is None and not line.facts:
            link = Link(self.words["card.whole_article"], str(line.params["url"]))
            return Card(title=str(line.params["title"]), links=(link,), fallback=link.url)
        card = line.card or Card(title="")
        told = (*card.facts, *line.facts)
        facts = tuple((self._word(label), self._value(value, at)) for label, value in told)
        return replace(
            card,
            title=self._word(card.title),
            facts=facts,
            links=tuple(replace(link, title=self._word(link.title)) for link in card.links),
            fallback="\n".join(f"{label}: {value}" for label, value in facts),
        )

    def when(self, instant: datetime, at: datetime) -> str:
        """A time as people say it, in the desk's zone."""
        local, today = instant.astimezone(self.zone), at.astimezone(self.zone).date()
        days = (local.date() - today).days
        name = {0: "when.today", 1: "when.tomorrow"}.get(days, "when.day")
        return self.words[name].format(
            time=f"{local:%H:%M}",
            weekday=self.words[f"weekday.{local.weekday()}"],
            day=local.day,
            month=self.words[f"month.{local.month}"],
        )


def reflowed(markdown: str) -> str:
    """Paragraphs on one line each: chat clients differ in whether a line break within one is shown."""
    return JOINED.sub(" ", markdown)


def load_catalogue(language: str, *, zone: ZoneInfo, company: str) -> Catalogue:
    """The words of a language, English where it has none of its own."""
    chosen = language if language in LANGUAGES else "en"
    return Catalogue(_words(chosen), zone, company)


@cache
def _words(language: str) -> Mapping[str, str]:
    document = yaml.safe_load(files("bot.replies").joinpath(f"{language}.yaml").read_text("utf-8"))
    return MappingProxyType(dict(_flat(document)))


def _flat(document: Mapping[Any, Any], prefix: str = "") -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for name, value in document.items():
        key = f"{prefix}{name}"
        lines += _flat(value, f"{key}.") if isinstance(value, Mapping) else [(key, str(value).strip())]
    return lines
