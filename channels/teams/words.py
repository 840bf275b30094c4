"""The words of a Teams message as the person meant them: without mentions of the bot, markup, or what was quoted."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from itertools import islice
from typing import Any

from channels.file_names import safe_name
from channels.teams.page_words import read_page

HTML = "text/html"
PAGES_MAX = 3
PAGE_MAX = 40_000
"""Characters; Teams itself takes messages of 28 KB."""
NAMED_MAX = 20
MENTIONS_MAX = 20
"""Each is looked for in the whole text."""
MENTION = re.compile(r"<at(?:\s[^<>]{0,100})?>([^<]{0,200})</at>")
QUOTED = re.compile(r'<quoted messageId="[^"<>]{0,200}"\s?/>')
"""Where newer clients put an older message that is quoted."""
TAGS = re.compile(r"</?at(?:\s[^<>]{0,100})?>")
SPACES = re.compile(r"[ \t]{2,}")


def words_of_message(document: Mapping[str, Any]) -> str:
    """The text without mentions of the bot; whoever else was mentioned stays as a name.

    Where an older message is quoted, the text has its author, its words and the new ones run together: only the HTML
    beside it tells them apart. Entities are written out where they were written by Teams, not by the person.
    """
    text = document.get("text")
    text = QUOTED.sub(" ", text) if isinstance(text, str) else ""
    names = _names_of_bot(document)
    pages = [read_page(page, addressed=names) for page in _pages(document.get("attachments"))]
    if any(page.quotes for page in pages):
        return "\n".join(page.words for page in pages if page.words)
    if not text:
        return ""
    marked_up = "<at" in text
    said = _without_mentions(text, document, names) if marked_up else text
    if document.get("textFormat") == "xml":
        return read_page(said).words
    written = unescape(said)
    by_teams = marked_up or any(_same(written, page.words) for page in pages)
    said = _plain(written if by_teams else said)
    if not marked_up:
        return said.strip()
    return "\n".join(SPACES.sub(" ", line).strip() for line in said.splitlines()).strip()


def words_of_attachments(attachments: Any) -> str:
    """What a message without a text says: the words of its HTML, else the names of what came with it."""
    listed = [one for one in attachments if isinstance(one, dict)] if isinstance(attachments, list) else []
    words = "\n".join(filter(None, (words_of_html(page) for page in _pages(attachments))))
    if words:
        return words
    named = [one for one in listed if one.get("contentType") != HTML] or listed
    return "\n".join(f"[{safe_name(one.get('name') or _kind(one))}]" for one in named[:NAMED_MAX])


def words_of_html(page: str) -> str:
    """The words of a piece of HTML, without what is quoted in it."""
    return read_page(page).words


def _pages(attachments: Any) -> list[str]:
    listed = [one for one in attachments if isinstance(one, dict)] if isinstance(attachments, list) else []
    pages = [one.get("content") for one in listed if one.get("contentType") == HTML]
    return [page[:PAGE_MAX] for page in pages if isinstance(page, str)][:PAGES_MAX]


def _without_mentions(text: str, document: Mapping[str, Any], names: frozenset[str]) -> str:
    for mention in _mentions_of_bot(document):
        text = text.replace(mention, " ")
    return MENTION.sub(lambda found: " " if unescape(found[1]) in names else found[1], text)


def _names_of_bot(document: Mapping[str, Any]) -> frozenset[str]:
    bot = document.get("recipient")
    name = bot.get("name") if isinstance(bot, dict) else None
    mentioned = {unescape(TAGS.sub("", mention)).strip() for mention in _mentions_of_bot(document)}
    return frozenset({*mentioned, *({name} if isinstance(name, str) and name else ())})


def _mentions_of_bot(document: Mapping[str, Any]) -> Iterator[str]:
    return islice(_all_mentions_of_bot(document), MENTIONS_MAX)


def _all_mentions_of_bot(document: Mapping[str, Any]) -> Iterator[str]:
    bot, entities = document.get("recipient"), document.get("entities")
    bot_id = bot.get("id") if isinstance(bot, dict) else None
    for entity in _objects(entities):
        mentioned, text = entity.get("mentioned"), entity.get("text")
        if entity.get("type") != "mention" or not isinstance(mentioned, dict) or mentioned.get("id") != bot_id:
            continue
        if isinstance(text, str) and text:
            yield text


def _objects(listed: Any) -> Iterable[Mapping[str, Any]]:
    return (one for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()


def _same(text: str, words: str) -> bool:
    """Whether both say the same, however they are broken into lines."""
    return bool(words) and _plain(text).split() == words.split()


def _kind(attachment: Mapping[str, Any]) -> str:
    stated = attachment.get("contentType")
    return stated.rpartition("/")[2].removeprefix("vnd.microsoft.") if isinstance(stated, str) else ""


def _plain(text: str) -> str:
    """Teams writes the space after a mention as it stands in HTML."""
    return text.replace("&nbsp;", " ").replace("\xa0", " ")
