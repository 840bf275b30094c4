"""What the conditions of rules may ask about: the case, the event, and whether the desk is open."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from caseengine.facts import KNOWN, facts_of
from caseengine.model.anchors import rule_behind
from caseengine.model.case import Case
from caseengine.model.events import CaseEvent, CaseOpened

RULE_FACTS = (*KNOWN, "event.kind", "event.actor", "event.text", "desk_open")
"""Beside them `fields.<name>` for each custom field. `event.actor` is "rule" when a rule made the event."""
WORDS = ("text", "reason", "comment")


def rule_facts(case: Case, event: CaseEvent | None, *, channel: str, desk_open: bool) -> Mapping[str, Any]:
    """The facts a rule is judged by. `event` is None for a rule of time."""
    facts = {**facts_of(case, channel=channel), "desk_open": desk_open}
    if event is None:
        return facts
    actor = "rule" if rule_behind(event.actor) is not None else str(event.actor.kind)
    return {**facts, "event.kind": type(event).__name__, "event.actor": actor, "event.text": _words(event)}


def _words(event: CaseEvent) -> str:
    if isinstance(event, CaseOpened):
        return f"{event.subject}\n{event.description}"
    said = (getattr(event, item.name) for item in fields(event) if item.name in WORDS)
    return "\n".join(text for text in said if isinstance(text, str))
