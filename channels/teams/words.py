"""The words of a Teams message as the person meant them: without the mention that only addressed the bot."""

import re
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any

from channels.file_names import safe_name

HTML = "text/html"
HTML_MAX = 100_000  # characters
NAMED_MAX = 20
LINES = frozenset(("br", "p", "div", "li", "tr", "blockquote", "h1", "h2", "h3", "pre"))
PICTURES = frozenset(("img", "emoji"))
UNSEEN = frozenset(("script", "style"))
MENTION = re.compile(r"<at(?:\s[^<>]{0,100})?>([^<]{0,200})</at>")
SPACES = re.compile(r"[ \t]{2,}")


def words_of_message(document: Mapping[str, Any]) -> str:
    """The text without mentions of the bot; whoever else was mentioned stays as a name."""
    text = document.get("text")
    if not isinstance(text, str) or not text:
        return ""
    bot = document.get("recipient")
    bot = bot if isinstance(bot, dict) else {}
    if "<at" not in text:
        return _plain(text).strip()
    for mention in _mentions_of(bot.get("id"), document.get("entities")):
        text = text.replace(mention, " ")
    name = bot.get("name")
    text = MENTION.sub(lambda found: " " if found[1] == name else found[1], text)
    return "\n".join(SPACES.sub(" ", line).strip() for line in _plain(text).splitlines()).strip()


def words_of_attachments(attachments: Any) -> str:
    """What a message without a text says: the words of its HTML, else the names of what came with it."""
    listed = [one for one in attachments if isinstance(one, dict)] if isinstance(attachments, list) else []
    pages = [one.get("content") for one in listed if one.get("contentType") == HTML]
    words = "\n".join(filter(None, (words_of_html(page) for page in pages if isinstance(page, str))))
    if words:
        return words
    named = [one for one in listed if one.get("contentType") != HTML] or listed
    return "\n".join(f"[{safe_name(one.get('name') or _kind(one))}]" for one in named[:NAMED_MAX])


def words_of_html(page: str) -> str:
    """The words of a piece of HTML; a picture speaks by its alternative text."""
    reader = _Words()
    try:
        reader.feed(page[:HTML_MAX])
        reader.close()
    except AssertionError:  # how the reader says that a declaration is none
        return ""
    lines = (" ".join(line.split()) for line in "".join(reader.words).splitlines())
    return "\n".join(line for line in lines if line)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self._unseen += 1
        if tag in LINES:
            self.words.append("\n")
        if tag in PICTURES:
            self.words.append(f" {dict(attrs).get('alt') or ''} ")

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        if tag in LINES:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words.append(data)


def _kind(attachment: Mapping[str, Any]) -> str:
    stated = attachment.get("contentType")
    return stated.rpartition("/")[2].removeprefix("vnd.microsoft.") if isinstance(stated, str) else ""


def _mentions_of(bot: Any, entities: Any) -> Iterable[str]:
    for entity in entities if isinstance(entities, list) else ():
        if not isinstance(entity, dict) or entity.get("type") != "mention":
            continue
        mentioned, text = entity.get("mentioned"), entity.get("text")
        if isinstance(mentioned, dict) and mentioned.get("id") == bot and isinstance(text, str) and text:
            yield text


def _plain(text: str) -> str:
    """Teams writes the space after a mention as it stands in HTML."""
    return text.replace("&nbsp;", " ").replace("\xa0", " ")
