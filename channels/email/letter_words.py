"""The words of a mail in a conversation, as plain text and as HTML: what was said, by whom, how to answer."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

from channels.email.marker import LINES
from channels.email.outline import Outline
from channels.email.words import FALLBACK_LANGUAGE, Words

LETTERS = Path(__file__).with_name("letters")
MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")


def letter_words(outline: Outline, company: str) -> Words:
    """Subject, text and HTML; English where the language has no catalogue."""
    spoken = _spoken(outline.language)
    params = {"company": company, "number": outline.number, "automatic": outline.automatic}
    shown: dict[str, Any] = {
        "language": spoken,
        "subject": outline.subject or _text(f"{spoken}/subject.txt", params),
        "mark": LINES[spoken],
        "text": outline.text,
        "links": outline.links,
        "signature": outline.signature,
        "footer": _text(f"{spoken}/footer.txt", params),
        "quoted": outline.quoted,
    }
    html = _environment().get_template("layout.html").render(**shown, words=_rendered(outline.text))
    return Words(shown["subject"], _plain(shown), html, spoken)


def _plain(shown: Mapping[str, Any]) -> str:
    links = "\n".join(f"{link.title}: {link.url}" for link in shown["links"])
    signature = "\n".join(part for part in (shown["signature"], shown["footer"]) if part)
    quoted = "\n".join(f"> {line}".rstrip() for line in shown["quoted"].splitlines())
    parts = (shown["mark"], shown["text"], links, f"-- \n{signature}", quoted)
    return "\n\n".join(part for part in parts if part) + "\n"


def _rendered(markdown: str) -> Markup:
    """The small subset of Markdown that every channel shows; HTML in it stays text."""
    return Markup(MARKDOWN.render(markdown))  # noqa: S704


def _text(name: str, params: Mapping[str, Any]) -> str:
    return " ".join(_environment().get_template(name).render(**params).split())


def _spoken(language: str) -> str:
    first = language.lower().replace("_", "-").split("-")[0]
    return first if first in LINES else FALLBACK_LANGUAGE


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(LETTERS),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(enabled_extensions=("html",), default=False),
    )
