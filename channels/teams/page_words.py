"""The words of a piece of HTML, as Teams writes it beside a message: what was quoted is told from what was said."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from html import unescape

HTML_MAX = 100_000  # characters
LINES = frozenset(("br", "p", "div", "li", "tr", "blockquote", "h1", "h2", "h3", "pre"))
PICTURES = frozenset(("img", "emoji"))
UNSEEN = frozenset(("script", "style"))
QUOTE = "schema.skype.com/reply"
"""What an older message is, that this one answers; a forwarded one is what is said, and has another name."""
MENTION = "schema.skype.com/mention"
TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")
TAG_MAX = 2_000  # characters of a tag that are looked at
ATTRIBUTE = re.compile(r"""(?<=[\s"'])([a-zA-Z][a-zA-Z0-9:-]{0,40})=(?:"([^"]*)"|'([^']*)')""")
COMMENT, COMMENT_ENDS = "<!--", "-->"


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
    for words, tag, ends, attributes in _pieces(_without_comments(page[:HTML_MAX])):
        if not tag:
            reader.says(words)
        elif ends:
            reader.ends(tag)
        else:
            reader.starts(tag, attributes)
    lines = (" ".join(line.split()) for line in reader.said.splitlines())
    return Page("\n".join(line for line in lines if line), reader.quotes)


def _pieces(page: str) -> Iterator[tuple[str, str, bool, Mapping[str, str]]]:
    """Words, or a tag with whether it ends something, and with its attributes.

    Each character is looked at a bounded number of times, which neither Python's parser nor the cleaner of mails can
    say of markup made for the purpose (a hundred thousand characters cost them seconds), and this is read while all
    others wait. A `<` that opens no tag is a word.
    """
    first, *rest = page.split("<")
    yield unescape(first), "", False, {}
    for piece in rest:
        inside, closed, after = piece.partition(">")
        found = TAG.match(inside) if closed else None
        if found is None:
            declared = closed and inside[:1] in ("!", "?")
            yield unescape(after if declared else f"<{piece}"), "", False, {}
            continue
        attributes = {
            name.lower(): unescape(quoted or single)
            for name, quoted, single in ATTRIBUTE.findall(inside[:TAG_MAX], found.end())
        }
        yield "", found[2].lower(), bool(found[1]), attributes
        yield unescape(after), "", False, {}


def _without_comments(page: str) -> str:
    kept, place = [], 0
    while (opened := page.find(COMMENT, place)) >= 0 and (ends := page.find(COMMENT_ENDS, opened + len(COMMENT))) >= 0:
        kept.append(page[place:opened])
        place = ends + len(COMMENT_ENDS)
    return "".join([*kept, page[place:]])


class _Words:
    def __init__(self, addressed: Collection[str]) -> None:
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

    def starts(self, tag: str, attributes: Mapping[str, str]) -> None:
        kind = attributes.get("itemtype", "").lower()
        if tag in UNSEEN:
            self._unseen += 1
        if tag == "blockquote" and (self._in_quote or QUOTE in kind):
            self._in_quote += 1
        if not self._mention and (tag == "at" or MENTION in kind):
            self._mention = tag
        if tag in LINES:
            self._add("\n")
        if tag in PICTURES:
            self._add(f" {attributes.get('alt', '')} ")

    def ends(self, tag: str) -> None:
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

    def says(self, words: str) -> None:
        if not self._unseen:
            self._add(words)

    def _add(self, words: str) -> None:
        kept = self._name if self._mention else self._quoted if self._in_quote else self._said
        kept.append(words)
