"""A `Card` as an Adaptive Card: what every client shows alike. How it is sent off is each channel's own."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.activity import Act, Card, Choice, Input, Link

CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"
EXPANDED_MAX = 5
"""Up to so many choices are shown side by side; more fold into a list."""
SAFE_SCHEMES = ("https:", "http:", "mailto:", "tel:")
STYLES = {"email": "email", "phone": "tel"}
SAYS = "says"
"""Where a submitted form carries what its button says."""


def attachment(content: Mapping[str, Any]) -> dict[str, Any]:
    """A card's document as an attachment of a message."""
    return {"contentType": CONTENT_TYPE, "content": dict(content)}


def document(card: Card, *, version: str, actions: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The card alone.

    Args:
        version: of the schema, as far as the client knows it.
        actions: what the buttons before the links do.
    """
    content: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": version,
        "body": [*_words(card), *_facts(card), *map(field_document, card.inputs)],
        "actions": [*actions, *(_open(link) for link in card.links if _safe(link))],
    }
    if card.fallback:
        content["fallbackText"] = card.fallback
    if words := spoken(card):
        content["speak"] = words
    return content


def says(card: Card) -> list[Act]:
    """The buttons of a card that speak for the person: every channel has those."""
    return [act for act in card.acts if act.says and not act.verb]


def spoken(card: Card) -> str:
    """What a screen reader calls the card: what it says, not the bare address that stands in for a link."""
    return "\n".join(filter(None, (card.title, card.text, *(f"{name}: {value}" for name, value in card.facts))))


def _words(card: Card) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if card.title:
        blocks.append(
            {"type": "TextBlock", "text": card.title, "weight": "bolder", "size": "medium", "wrap": True}
            | {"style": "heading"}
        )
    if card.text:
        blocks.append({"type": "TextBlock", "text": card.text, "wrap": True})
    return blocks


def _facts(card: Card) -> list[dict[str, Any]]:
    facts = [{"title": name, "value": value} for name, value in card.facts]
    return [{"type": "FactSet", "facts": facts}] if facts else []


def field_document(field: Input) -> dict[str, Any]:
    """A field of a form."""
    shared = {"id": field.id, "label": field.label} | ({"value": field.value} if field.value else {})
    if field.kind == "choice":
        style = "expanded" if len(field.choices) <= EXPANDED_MAX else "compact"
        return {"type": "Input.ChoiceSet", "style": style, "choices": list(map(_choice, field.choices))} | shared
    if field.kind == "date":
        return {"type": "Input.Date"} | shared
    text: dict[str, Any] = {"type": "Input.Text"} | shared
    if field.kind == "multiline":
        text["isMultiline"] = True
    if field.kind in STYLES:
        text["style"] = STYLES[field.kind]
    return text


def _choice(choice: Choice) -> Mapping[str, str]:
    return {"title": choice.title, "value": choice.says}


def _open(link: Link) -> dict[str, Any]:
    return {"type": "Action.OpenUrl", "title": link.title, "url": link.url}


def _safe(link: Link) -> bool:
    return link.url.lower().startswith(SAFE_SCHEMES)
