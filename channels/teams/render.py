"""An `Activity` as a message of the Bot Framework protocol that Teams shows. Pure."""

import re
from typing import Any

from bot.activity import Activity, Attachment, Card, Kind, Role
from channels import cards
from channels.teams.cards import CONSENT_TYPE, FILE_TYPE, card_document
from channels.teams.received import Place, Scope

SUGGESTED_MAX = 6
"""Buttons below a message that Teams shows; more go on a card."""
BUTTONS_MAX = 12
CODE = re.compile(r"(```[^`]*```|`[^`\n]*`)")
ENTITY = re.compile(r"&(?=#?[A-Za-z0-9]{1,32};)")
BLOCK = re.compile(r"\s*([-*+>#|]|\d{1,4}[.)])")


def message(activity: Activity, place: Place) -> dict[str, Any]:
    """The wire form of what is said in a conversation."""
    document = _frame(place) | {"type": "message", "textFormat": "markdown", "text": _text(activity, place)}
    attachments = _attachments(activity, place)
    if attachments:
        document["attachments"] = attachments
        document["attachmentLayout"] = "list"
    elif activity.choices:
        actions = [{"type": "imBack", "title": one.title, "value": one.says} for one in activity.choices]
        document["suggestedActions"] = {"to": [place.person.id], "actions": actions}
    if activity.locale:
        document["locale"] = activity.locale
    return document


def typing(place: Place) -> dict[str, Any]:
    """Somebody writes."""
    return _frame(place) | {"type": "typing"}


def consent(file: Attachment, key: str) -> dict[str, Any]:
    """Asks whether a file may be put into the person's own storage: the only way to send one.

    Args:
        key: of the activity the file is in.
    """
    context = {"file": file.id, "key": key}
    content = {
        "description": file.name,
        "sizeInBytes": file.size,
        "acceptContext": context,
        "declineContext": context,
    }
    return {"contentType": CONSENT_TYPE, "name": file.name, "content": content}


def file_info(place: Place, *, name: str, url: str, unique_id: str, file_type: str) -> dict[str, Any]:
    """Stands where the question was, once the file is there."""
    content = {"uniqueId": unique_id, "fileType": file_type}
    attachment = {"contentType": FILE_TYPE, "name": name, "contentUrl": url, "content": content}
    return _frame(place) | {"type": "message", "attachments": [attachment]}


def markdown(text: str) -> str:
    """Our small subset as Teams reads it: no HTML, and a line ends where it ends.

    Teams shows tags as HTML and runs lines together; code is left as it is.
    """
    pieces = CODE.split(text)
    shown = [
        piece if place % 2 else ENTITY.sub("&amp;", piece).replace("<", "&lt;") for place, piece in enumerate(pieces)
    ]
    return _with_line_ends("".join(shown))


def _with_line_ends(text: str) -> str:
    lines = text.split("\n")
    fenced, written = False, []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        fenced ^= line.lstrip().startswith("```")
        breaks = line.strip() and following.strip() and not (fenced or BLOCK.match(line) or BLOCK.match(following))
        written.append(f"{line}  " if breaks and not line.endswith("  ") else line)
    return "\n".join(written)


def _frame(place: Place) -> dict[str, Any]:
    return {
        "from": {"id": place.bot_id, "name": place.bot_name, "role": "bot"},
        "recipient": {"id": place.person.id, "name": place.person.name},
        "conversation": {"id": place.address},
        "channelId": "msteams",
    }


def _text(activity: Activity, place: Place) -> str:
    words = markdown(activity.text)
    if activity.attachments and place.scope is not Scope.PERSONAL:
        # Files can be sent to one person alone; elsewhere their names say what there is.
        words = "\n\n".join(filter(None, (words, *(f"[{file.name}]" for file in activity.attachments))))
    if activity.sender.role is Role.AGENT and activity.sender.name and activity.kind is Kind.MESSAGE:
        return f"**{markdown(activity.sender.name)}:** {words}"
    return words


def _attachments(activity: Activity, place: Place) -> list[dict[str, Any]]:
    attachments: list[dict[str, Any]] = []
    on_card = _needs_card(activity, place)
    choices = activity.choices[:BUTTONS_MAX] if on_card else ()
    if activity.card is not None or choices:
        card = activity.card or Card(title="")
        shown = card_document(card, key=activity.key, choices=choices, readers=[place.person.id])
        attachments.append(cards.attachment(shown))
    if place.scope is Scope.PERSONAL:
        attachments += [consent(file, activity.key) for file in activity.attachments]
    return attachments


def _needs_card(activity: Activity, place: Place) -> bool:
    """Suggested answers are shown to one person, below words alone, and only a few of them."""
    beside = activity.card is not None or activity.attachments
    alone = place.scope is Scope.PERSONAL and not beside and len(activity.choices) <= SUGGESTED_MAX
    return bool(activity.choices) and not alone
