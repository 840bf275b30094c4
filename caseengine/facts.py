"""What conditions may ask about a case."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from caseengine.model.case import Case

KNOWN = (
    *("number", "subject", "description", "words", "case_type", "department", "status", "impact", "urgency"),
    *("priority", "channel", "language", "tier", "policy", "products", "order_number", "tags", "contact", "account"),
    *("agent", "escalation_level", "reopened", "parent", "identified"),
)
"""And `fields.<name>` for each custom field."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a conversation is held: its channel, and the locale of its customer."""

    channel: str = ""
    locale: str = ""


Conversed = Mapping[UUID, Spoken]
"""The conversations a case ever had, by id."""


def spoken_in(case: Case, conversed: Conversed) -> Spoken:
    """How the conversation is held that replies go to as the case is."""
    return conversed.get(case.conversation_id, Spoken()) if case.conversation_id else Spoken()


def facts_of(case: Case, *, channel: str = "") -> Mapping[str, Any]:
    """The facts of a case as it is. `channel` is that of its conversation; without one, how it came in."""
    plain = ("number", "subject", "description", "department", "impact", "urgency", "language", "tier", "policy")
    facts = {name: getattr(case, name) for name in (*plain, "order_number", "escalation_level", "reopened")}
    ids = {"contact": case.contact_id, "account": case.account_id, "agent": case.agent_id, "parent": case.parent_id}
    return {
        **facts,
        **{name: str(value) if value else None for name, value in ids.items()},
        **{f"fields.{name}": value for name, value in case.fields.items()},
        "words": f"{case.subject}\n{case.description}",
        "case_type": str(case.case_type),
        "status": str(case.status),
        "priority": int(case.priority),
        "products": case.products,
        "tags": case.tags,
        "channel": channel or case.channel,
        "identified": case.contact_id is not None,
    }
