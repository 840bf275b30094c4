"""A `Card` as Teams renders it: its button is an Action.Execute, answered with the card's new face."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bot.activity import Card, Choice
from channels import cards
from channels.cards import SAYS
from channels.teams.read import OWN

VERSION = "1.5"
VERB = "nightdesk/say"
CARD_TYPE = "application/vnd.microsoft.card.adaptive"
CONSENT_TYPE = "application/vnd.microsoft.teams.card.file.consent"
FILE_TYPE = "application/vnd.microsoft.teams.card.file.info"
DONE = "✓"
MARKS = re.compile(r"[\\\[\]()*_`]")


def card_document(card: Card, *, key: str, choices: Iterable[Choice] = ()) -> dict[str, Any]:
    """The card alone.

    Args:
        key: of the activity that shows it, by which a press finds it again.
        choices: buttons that say something, below the card's own.
    """
    actions = [*_submit(card, key), *map(_say, choices)]
    return _document(card, actions) | {"msteams": {"width": "Full"}}


def pressed_face(card: Card, activity_value: Mapping[str, Any] | None) -> dict[str, Any]:
    """The card after it was sent off: what was filled in as facts, and nothing left to press twice."""
    filled = activity_value or {}
    facts = tuple((field.label, _shown(filled.get(field.id), field.choices)) for field in card.inputs)
    said = f"{DONE} {plain(card.submit.title)}" if card.submit else ""
    text = "\n\n".join(filter(None, (card.text, said)))
    answered = replace(card, text=text, facts=(*card.facts, *facts), inputs=(), submit=None)
    return _document(answered)


def spoken_face(says: str) -> dict[str, Any]:
    """What stands for a card that is not at hand any more, once it was pressed."""
    return _document(Card(title="", text=f"{DONE} {plain(says)}"))


def plain(text: str) -> str:
    """Words that are no Markdown, as Teams shows them unchanged: what people type makes no link and no emphasis."""
    return MARKS.sub(r"\\\g<0>", text)


def _document(card: Card, actions: Iterable[dict[str, Any]] = ()) -> dict[str, Any]:
    """Its text is Markdown of ours; titles and facts repeat what people wrote. What is read aloud has no marks."""
    facts = tuple((plain(name), plain(value)) for name, value in card.facts)
    shown = cards.document(replace(card, title=plain(card.title), facts=facts), version=VERSION, actions=actions)
    spoken = cards.spoken(card)
    return shown | {"speak": spoken} if spoken else shown


def _submit(card: Card, key: str) -> list[dict[str, Any]]:
    if card.submit is None:
        return []
    data = {SAYS: card.submit.says, OWN: {"key": key}}
    submit = {"type": "Action.Submit", "title": card.submit.title, "data": data}
    return [{"type": "Action.Execute", "title": card.submit.title, "verb": VERB, "data": data, "fallback": submit}]


def _say(choice: Choice) -> dict[str, Any]:
    """A button that speaks for the person: it appears in the conversation as their words."""
    spoken = {"type": "imBack", "value": choice.says}
    return {"type": "Action.Submit", "title": choice.title, "data": {"msteams": spoken}}


def _shown(value: Any, choices: tuple[Choice, ...]) -> str:
    titles = {choice.says: choice.title for choice in choices}
    return titles.get(str(value), str(value)) if value not in (None, "") else "–"
