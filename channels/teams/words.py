"""The words of a Teams message as the person meant them: without the mention that only addressed the bot."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

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
