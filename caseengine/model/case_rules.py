"""How a desk keeps its cases: when a reply reopens, when silence closes, what each type has to tick off.

Document: {"reopen_within_days": 14, "close_after_days": 5, "checklists": {"incident": [{"id", "text", "required"}]}}
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from caseengine.model.case import Case
from caseengine.model.case_type import CaseType
from caseengine.model.checklist import ITEMS_MAX, TEXT_MAX, CheckItem
from caseengine.model.errors import RulebookInvalid

REOPEN_WITHIN = timedelta(days=14)
CLOSE_AFTER = timedelta(days=5)
DAYS_MAX = 3_650
ID = re.compile(r"^[a-z0-9][a-z0-9_-]{0,39}$")
KNOWN = {"reopen_within_days", "close_after_days", "checklists"}


@dataclass(frozen=True, slots=True)
class CaseRules:
    """
    Attributes:
        reopen_within: counted from the resolution, in wall time; later replies open a case that follows.
        close_after: silence after a resolution that closes the case.
        checklists: what a case of a type begins with.
    """

    reopen_within: timedelta = REOPEN_WITHIN
    close_after: timedelta = CLOSE_AFTER
    checklists: Mapping[CaseType, tuple[CheckItem, ...]] = field(default_factory=dict)

    def reopens(self, case: Case, *, at: datetime) -> bool:
        """A reply at this moment takes up an ended case; otherwise it is a matter of its own."""
        return case.resolved_at is None or at - case.resolved_at <= self.reopen_within


def read_case_rules(document: Mapping[str, Any]) -> CaseRules:
    """
    Raises:
        RulebookInvalid: an unknown entry, days that are no positive number, an unknown type, an item without text; a
            case that would be reopened no more before silence has closed it.
    """
    for name in document:
        if name not in KNOWN:
            raise RulebookInvalid(str(name), "unknown")
    checklists = document.get("checklists", {})
    if not isinstance(checklists, Mapping):
        raise RulebookInvalid("checklists", "mapping")
    reopen_within = _days(document, "reopen_within_days", REOPEN_WITHIN)
    close_after = _days(document, "close_after_days", CLOSE_AFTER)
    if close_after > reopen_within:
        raise RulebookInvalid("close_after_days", "after_reopening")
    lists = {_case_type(name): _items(f"checklists.{name}", items) for name, items in checklists.items()}
    return CaseRules(reopen_within, close_after, lists)


def _days(document: Mapping[str, Any], name: str, otherwise: timedelta) -> timedelta:
    value = document.get(name)
    if value is None:
        return otherwise
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= DAYS_MAX:
        raise RulebookInvalid(name, "days")
    return timedelta(days=value)


def _case_type(name: Any) -> CaseType:
    try:
        return CaseType(name)
    except ValueError:
        raise RulebookInvalid(f"checklists.{name}", "unknown_type") from None


def _items(where: str, items: Any) -> tuple[CheckItem, ...]:
    if not isinstance(items, list) or len(items) > ITEMS_MAX:
        raise RulebookInvalid(where, "list")
    read = tuple(_item(f"{where}[{place}]", item) for place, item in enumerate(items))
    if len({item.id for item in read}) < len(read):
        raise RulebookInvalid(where, "twice")
    return read


def _item(where: str, item: Any) -> CheckItem:
    if not isinstance(item, Mapping) or not set(item) <= {"id", "text", "required"}:
        raise RulebookInvalid(where, "item")
    name, text, required = item.get("id"), item.get("text"), item.get("required", False)
    if not isinstance(name, str) or not ID.match(name):
        raise RulebookInvalid(f"{where}.id", "name")
    if not isinstance(text, str) or not 0 < len(text.strip()) <= TEXT_MAX:
        raise RulebookInvalid(f"{where}.text", "text")
    if not isinstance(required, bool):
        raise RulebookInvalid(f"{where}.required", "yes_or_no")
    return CheckItem(name, text.strip(), required)
