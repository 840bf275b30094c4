"""What a customer reads when an agent does something, whichever screen the agent sits at."""

from collections.abc import Mapping
from typing import Any

from bot.activity import Choice, plain


def joined(words: Mapping[str, str], name: str) -> Mapping[str, Any]:
    """Somebody has taken the conversation."""
    return {"text": words["notice.agent_joined"].format(name=name)}


def closing(words: Mapping[str, str], number: str, text: str) -> Mapping[str, Any]:
    """How their case ended, with two buttons to agree or not."""
    choices = [plain(Choice(words[key], words[key])) for key in ("choice.yes", "choice.no")]
    return {"text": words["notice.resolved"].format(number=number, text=text), "choices": choices}
