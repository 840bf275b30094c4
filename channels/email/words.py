"""The words of mails: one text template per kind and language, and one layout that makes the HTML of the same text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2

from channels.email.marker import LINES

TEMPLATES = Path(__file__).with_name("templates")
FALLBACK_LANGUAGE = "en"
NAME = re.compile(r"[a-z][a-z_]{0,40}")
PROMINENT = "    "
"""A paragraph that begins like this stands out."""


class UnknownTemplate(Exception):
    """There is no mail of this name."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of a mail."""

    text: str
    prominent: bool


@dataclass(frozen=True, slots=True)
class Words:
    """A mail as people read it; `language` is the one it was really written in."""

    subject: str
    text: str
    html: str
    language: str


def write(template: str, language: str, params: Mapping[str, Any], *, answerable: bool = False) -> Words:
    """The words of a mail; English when the language has no catalogue.

    Args:
        answerable: an answer finds back; the line above which to write it is on top.

    Raises:
        UnknownTemplate: there is no such mail.
        jinja2.UndefinedError: a parameter is missing.
    """
    spoken = _spoken(language)
    if not NAME.fullmatch(template) or not (TEMPLATES / spoken / f"{template}.txt").is_file():
        raise UnknownTemplate(template)
    params = {"answers_read": False, **params}
    subject, _, body = _text(f"{spoken}/{template}.txt", params).partition("\n")
    footer = _text(f"{spoken}/footer.txt", params).strip()
    parts = [*([LINES[spoken]] if answerable else []), *re.split(r"\n{2,}", body.strip("\n"))]
    paragraphs = [_paragraph(part) for part in parts]
    text = "\n\n".join(parts)
    return Words(
        subject=subject.strip(),
        text=f"{text.strip()}\n\n-- \n{footer}\n",
        html=_html(spoken, subject.strip(), paragraphs, footer),
        language=spoken,
    )


def languages() -> list[str]:
    """The languages mails are written in."""
    return sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir())


def _spoken(language: str) -> str:
    first = language.lower().replace("_", "-").split("-")[0]
    return first if first in languages() else FALLBACK_LANGUAGE


def _paragraph(part: str) -> Paragraph:
    return Paragraph(part.strip(), part.startswith(PROMINENT))


def _text(name: str, params: Mapping[str, Any]) -> str:
    return _environment().get_template(name).render(**params)


def _html(language: str, subject: str, paragraphs: Sequence[Paragraph], footer: str) -> str:
    layout = _environment().get_template("layout.html")
    return layout.render(language=language, subject=subject, paragraphs=paragraphs, footer=footer)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(enabled_extensions=("html",), default=False),
        # No parameter can begin a line of its own, in the subject least of all.
        finalize=_one_line,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["local"] = _local
    return environment


def _local(instant: str, zone: str, pattern: str) -> str:
    """An ISO instant as a clock in that zone shows it, in the language's own order of day and month."""
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(zone)).strftime(pattern)


def _one_line(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value
