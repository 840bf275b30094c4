"""What has to be done before a case is done."""

from collections.abc import Iterable
from dataclasses import dataclass

ITEMS_MAX = 50
TEXT_MAX = 300


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One thing to do. `required`: the case cannot be resolved before."""

    id: str
    text: str
    required: bool = False
    done: bool = False


def still_required(items: Iterable[CheckItem]) -> list[str]:
    """What is required and not done yet, in words."""
    return [item.text for item in items if item.required and not item.done]
