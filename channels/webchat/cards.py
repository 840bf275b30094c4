"""A `Card` as the official Web Chat renders it: no Action.Execute, version 1.3."""

from typing import Any

from bot.activity import Card
from channels import cards
from channels.cards import SAYS

VERSION = "1.3"


def attachment(card: Card) -> dict[str, Any]:
    """The card as an attachment of a message."""
    return cards.attachment(content(card))


def content(card: Card) -> dict[str, Any]:
    """The card alone."""
    return cards.document(card, version=VERSION, actions=_submit(card))


def _submit(card: Card) -> list[dict[str, Any]]:
    spoken = [{"type": "Action.Submit", "title": act.title, "data": act.says} for act in cards.says(card)]
    if card.submit is None:
        return spoken
    # With a string as data Web Chat says it aloud; with an object it posts `value`, the inputs merged in.
    data: Any = {SAYS: card.submit.says} if card.inputs else card.submit.says
    return [{"type": "Action.Submit", "title": card.submit.title, "data": data}, *spoken]
