"""A `Card` as Teams renders it: its button is an Action.Execute, answered with the card's new face."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.activity import Act, Card, Choice
from channels import cards
from channels.cards import SAYS
from channels.teams.parts import OWN
from channels.teams.read_invokes import ABOUT, DOES

VERSION = "1.5"
VERB = "nightdesk/say"
CARD_TYPE = "application/vnd.microsoft.card.adaptive"
CONSENT_TYPE = "application/vnd.microsoft.teams.card.file.consent"
FILE_TYPE = "application/vnd.microsoft.teams.card.file.info"
DONE = "✓"
MARKS = re.compile(r"[\\\[\]()*_`]")


def card_document(
    card: Card, *, key: str, choices: Iterable[Choice] = (), readers: Sequence[str] = ()
) -> dict[str, Any]:
    """The card alone.

    Args:
        key: of the activity that shows it, by which a press finds it again.
        choices: buttons that say something, below the card's own.
        readers: Teams' ids of those for whom a card that can be is asked for anew when they look at it.
    """
    actions = [*_submit(card, key), *(_act(act, key) for act in card.acts), *map(_say, choices)]
    document = _document(card, actions) | {"msteams": {"width": "Full"}}
    if card.refresh is not None and readers:
        document["refresh"] = {"action": _act(card.refresh, key), "userIds": list(readers)}
    return document


def pressed_face(card: Card, activity_value: Mapping[str, Any] | None, says: str = "") -> dict[str, Any]:
    """`pressed_card` as its document."""
    return _document(pressed_card(card, activity_value, says))


def pressed_card(card: Card, activity_value: Mapping[str, Any] | None, says: str = "") -> Card:
    """The card after it was sent off: what was filled in as facts, and nothing left to press twice.

    Args:
        says: the words of the button, where that is all it sent.
    """
    filled = activity_value or {}
    facts = tuple((field.label, _shown(filled.get(field.id), field.choices)) for field in card.inputs)
    acted = next((act.title for act in card.acts if act.says == says), card.submit.title if card.submit else "")
    said = f"{DONE} {plain(acted)}" if acted else ""
    text = "\n\n".join(filter(None, (card.text, said)))
    return replace(card, text=text, facts=(*card.facts, *facts), inputs=(), submit=None, acts=(), refresh=None)


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


def _act(act: Act, key: str) -> dict[str, Any]:
    """What it is about is a hint for the desk, never a right: whoever presses it is told by the invoke."""
    if not act.verb:
        data: dict[str, Any] = {SAYS: act.says, OWN: {"key": key}}
        return _executed(act.title, VERB, data)
    data = {OWN: {"key": key, ABOUT: dict(act.about)}}
    if not act.inputs:
        return _executed(act.title, DOES + act.verb, data)
    form = {
        "type": "AdaptiveCard",
        "version": VERSION,
        "body": [cards.field_document(field) for field in act.inputs],
        "actions": [_executed(act.title, DOES + act.verb, data)],
    }
    return {"type": "Action.ShowCard", "title": f"{act.title} …", "card": form}


def _executed(title: str, verb: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "Action.Execute", "title": title, "verb": verb, "data": data}


def _say(choice: Choice) -> dict[str, Any]:
    """A button that speaks for the person: it appears in the conversation as their words."""
    spoken = {"type": "imBack", "value": choice.says}
    return {"type": "Action.Submit", "title": choice.title, "data": {"msteams": spoken}}


def _shown(value: Any, choices: tuple[Choice, ...]) -> str:
    titles = {choice.says: choice.title for choice in choices}
    return titles.get(str(value), str(value)) if value not in (None, "") else "–"
