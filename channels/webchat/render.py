"""An `Activity` as Direct Line shows it. Pure: links and places are handed in."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

from bot.activity import Activity, Attachment, Choice, Kind, Role, Sender
from channels.webchat import cards

DESK_NAMES = {Role.BOT: "bot", Role.AGENT: "agent", Role.SYSTEM: "desk"}
PLACE = "webchat:sequence-id"
Linker = Callable[[Attachment], str]
"""The address a page can load a stored file from."""
Placer = Callable[[str], int]
"""The place in the conversation of the activity with a key; 0 when it is not at hand."""


def activity_id(conversation: str, seq: int) -> str:
    """The id an activity has on the wire."""
    return f"{conversation}|{seq:07d}"


def render(activity: Activity, *, link: Linker, place: Placer) -> dict[str, Any] | None:
    """The wire form of a stored activity; None for what only the desk sees."""
    if activity.kind not in (Kind.MESSAGE, Kind.NOTICE):
        return None
    by_customer = activity.sender.role is Role.CUSTOMER
    document = _frame(activity) | {
        "id": activity_id(activity.conversation, activity.seq),
        "text": activity.text,
        "textFormat": "plain" if by_customer else "markdown",
        "channelData": _channel_data(activity),
    }
    if activity.locale:
        document["locale"] = activity.locale
    if activity.value is not None:
        document["value"] = dict(activity.value)
    if activity.reply_to and (seq := place(activity.reply_to)):
        document["replyToId"] = activity_id(activity.conversation, seq)
    if attachments := list(_attachments(activity, link)):
        document["attachments"] = attachments
    if activity.choices:
        document["suggestedActions"] = {"actions": [_button(choice) for choice in activity.choices], "to": []}
    if not by_customer:
        document["inputHint"] = "acceptingInput"
    return document


def render_typing(conversation: str, sender: Sender, *, at: datetime) -> dict[str, Any]:
    """Somebody writes: shown, never stored."""
    activity = Activity(kind=Kind.TYPING, channel="webchat", conversation=conversation, sender=sender, key="", at=at)
    moment = int(at.timestamp() * 1000)
    return _frame(activity) | {"type": "typing", "id": f"{conversation}|typing-{moment}", "channelData": _voice(sender)}


def render_ignored(
    conversation: str, key: str, *, client_id: str, user: str, kind: str, name: str, at: datetime
) -> dict[str, Any]:
    """What the desk takes no part in, given back to its sender, who waits for it."""
    document: dict[str, Any] = {
        "type": kind,
        "id": f"{conversation}|{key}",
        "timestamp": wire_time(at),
        "channelId": "directline",
        "conversation": {"id": conversation},
        "from": {"id": user, "name": "", "role": "user"},
        "channelData": {"clientActivityID": client_id},
    }
    return document | ({"name": name} if name else {})


def placed(document: dict[str, Any], place: float) -> dict[str, Any]:
    """An activity that is not of the history, with where it stands among those that are.

    Without a place the official client takes the time for one, which is after everything: a reply that came later
    would not end its writer's typing.
    """
    return document | {"channelData": document["channelData"] | {PLACE: place}}


def activity_set(activities: Iterable[dict[str, Any]], watermark: int | None) -> str:
    """One frame or one page; without a watermark the client keeps the one it has."""
    document: dict[str, Any] = {"activities": list(activities)}
    if watermark is not None:
        document["watermark"] = str(watermark)
    return orjson.dumps(document).decode()


def wire_time(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and a Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _frame(activity: Activity) -> dict[str, Any]:
    frame: dict[str, Any] = {
        "type": "message",
        "channelId": "directline",
        "conversation": {"id": activity.conversation},
        "from": _from(activity.sender),
    }
    return frame | ({"timestamp": wire_time(activity.at)} if activity.at else {})


def _from(sender: Sender) -> dict[str, str]:
    # The official client knows two sides, its own and the other: agents stand on the bot's, under their own names.
    side = "user" if sender.role is Role.CUSTOMER else "bot"
    return {"id": sender.id or DESK_NAMES.get(sender.role, "visitor"), "name": sender.name, "role": side}


def _voice(sender: Sender) -> dict[str, Any]:
    return {"nightdesk:role": str(sender.role)}


def _channel_data(activity: Activity) -> dict[str, Any]:
    data = _voice(activity.sender) | {PLACE: activity.seq}
    if activity.sender.role is Role.CUSTOMER:
        data["clientActivityID"] = activity.key
    if activity.kind is Kind.NOTICE:
        data["nightdesk:kind"] = str(activity.kind)
    return data


def _attachments(activity: Activity, link: Linker) -> Iterable[dict[str, Any]]:
    if activity.card is not None:
        yield cards.attachment(activity.card)
    for file in activity.attachments:
        yield {"contentType": file.content_type, "contentUrl": link(file), "name": file.name}


def _button(choice: Choice) -> dict[str, str]:
    return {"type": "imBack", "title": choice.title, "value": choice.says}
