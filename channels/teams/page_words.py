"""The words of a piece of HTML, as Teams writes it beside a message: what was quoted is told from what was said."""

from collections.abc import Collection
from dataclasses import dataclass
from html.parser import HTMLParser

HTML_MAX = 100_000  # characters
LINES = frozenset(("br", "p", "div", "li", "tr", "blockquote", "h1", "h2", "h3", "pre"))
PICTURES = frozenset(("img", "emoji"))
UNSEEN = frozenset(("script", "style"))
QUOTE = "schema.skype.com/reply"
"""What an older message is, that this one answers; a forwarded one is what is said, and has another name."""
MENTION = "schema.skype.com/mention"


@dataclass(frozen=True, slots=True)
class Page:
    """
    Attributes:
        words: without what was quoted, and without the names that only addressed somebody.
        quotes: whether an older message is quoted.
    """

    words: str
    quotes: bool


def read_page(page: str, *, addressed: Collection[str] = ()) -> Page:
    """The words of a page; a picture speaks by its alternative text.

    Args:
        addressed: names of the bot: a mention of them is no word.
    """
    reader = _Words(addressed)
    try:
        reader.feed(page[:HTML_MAX])
        reader.close()
    except AssertionError:  # how the reader says that a declaration is none
        return Page("", quotes=False)
    lines = (" ".join(line.split()) for line in reader.said.splitlines())
    return Page("\n".join(line for line in lines if line), reader.quotes)


class _Words(HTMLParser):
    def __init__(self, addressed: Collection[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.quotes = False
        self._addressed = addressed
        self._said: list[str] = []
        self._quoted: list[str] = []
        self._unseen = 0
        self._in_quote = 0
        self._mention = ""
        self._name: list[str] = []

    @property
    def said(self) -> str:
        """A quotation that never ends is none: else a tag that is left open would swallow what was said."""
        return "".join([*self._said, *self._quoted, *self._name])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = (dict(attrs).get("itemtype") or "").lower()
        if tag in UNSEEN:
            self._unseen += 1
        if tag == "blockquote" and (self._in_quote or QUOTE in kind):
            self._in_quote += 1
        if not self._mention and (tag == "at" or MENTION in kind):
            self._mention = tag
        if tag in LINES:
            self._add("\n")
        if tag in PICTURES:
            self._add(f" {dict(attrs).get('alt') or ''} ")

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        if tag == self._mention:
            name, self._name, self._mention = "".join(self._name), [], ""
            self._add(" " if name.strip() in self._addressed else name)
        if tag in LINES:
            self._add("\n")
        if tag == "blockquote" and self._in_quote:
            self._in_quote -= 1
            if not self._in_quote:
                self.quotes, self._quoted = True, []

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._add(data)

    def _add(self, words: str) -> None:
        kept = self._name if self._mention else self._quoted if self._in_quote else self._said
        kept.append(words)
