"""What an invoke is answered with: it cannot wait for the bot, which works after the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.activity import Activity, Card
from channels.teams.cards import CARD_TYPE, VERB, card_document, pressed_face, spoken_face
from channels.teams.received import Press, Received, What

ERROR_TYPE = "application/vnd.microsoft.error"
EMPTY_SEARCH = {"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": []}}


@dataclass(frozen=True, slots=True)
class InvokeAnswer:
    """Status and body, as they go over the wire."""

    status: int
    body: Mapping[str, Any]


def pressed(received: Received, asked: Activity | None) -> InvokeAnswer:
    """The card's new face.

    Args:
        asked: the activity that showed the card; None where it is not at hand.
    """
    activity = received.activity
    if asked is not None and asked.card is not None:
        return _card(pressed_face(asked.card, activity.value if activity else None, activity.text if activity else ""))
    return _card(spoken_face(activity.text if activity else ""))


def acted(press: Press, card: Card | None) -> InvokeAnswer:
    """The card as it is now, in its place; to whom it is not addressed, nothing."""
    if card is None:
        return _refused(403, "Forbidden")
    return _card(card_document(card, key=press.card, readers=[press.place.person.id]))


def is_ours(received: Received) -> bool:
    """A button this desk made; any other verb is none of ours."""
    action = received.value.get("action")
    return isinstance(action, dict) and action.get("verb") in (VERB, None)


def plain(received: Received) -> InvokeAnswer:
    """For what the desk has nothing to say to: yes, and no more; what it cannot do is said in the protocol's words."""
    name = received.name
    if received.what is What.PRESSED or name == "adaptiveCard/action":
        return _refused(400, "BadRequest")
    if name == "signin/tokenExchange":
        exchange = received.value.get("id")
        return InvokeAnswer(412, {"id": exchange if isinstance(exchange, str) else "", "connectionName": ""})
    if name == "composeExtension/query":
        return InvokeAnswer(200, EMPTY_SEARCH)
    if name in ANSWERED or name.startswith(("task/", "composeExtension/", "signin/")):
        return InvokeAnswer(200, {})
    return InvokeAnswer(404, {"error": {"code": "NotSupported", "message": "This desk has no such invoke."}})


ANSWERED = frozenset({"fileConsent/invoke", "message/submitAction", "actionableMessage/executeAction"})


def _card(face: Mapping[str, Any]) -> InvokeAnswer:
    return InvokeAnswer(200, {"statusCode": 200, "type": CARD_TYPE, "value": face})


def _refused(status: int, code: str) -> InvokeAnswer:
    value = {"code": code, "message": "This card has no such action."}
    return InvokeAnswer(200, {"statusCode": status, "type": ERROR_TYPE, "value": value})
