"""An Activity as the far side gets it."""

from typing import Any

from bot.activity import Activity, plain


def render(activity: Activity, theirs: str) -> dict[str, Any]:
    """A JSON document; what is empty is left out.

    Args:
        theirs: what the far side calls the conversation.
    """
    document: dict[str, Any] = {
        "type": str(activity.kind),
        "conversation": theirs,
        "timestamp": activity.at.isoformat() if activity.at else None,
        "seq": activity.seq,
        "sender": {"role": str(activity.sender.role), "name": activity.sender.name},
        "text": activity.text,
        "choices": plain(activity.choices),
        "card": plain(activity.card),
        "attachments": plain(activity.attachments),
        "reply_to": activity.reply_to,
    }
    return {name: value for name, value in document.items() if value not in (None, "", [], 0)}
