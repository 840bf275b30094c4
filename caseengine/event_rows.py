"""Events as rows, and back."""

import types
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import sqlalchemy as sa

from caseengine.model import events
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.resolution import Resolution

COMMON = ("case_id", "actor", "at")
KINDS: Mapping[str, type[events.CaseEvent]] = {
    kind.__name__: kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, events.CaseEvent)
}


def to_row(event: events.CaseEvent, seq: int) -> dict[str, Any]:
    """The columns of `case_events`."""
    return {
        "case_id": event.case_id,
        "seq": seq,
        "kind": type(event).__name__,
        "actor_kind": str(event.actor.kind),
        "actor_id": event.actor.id,
        "actor_name": event.actor.name,
        "at": event.at,
        "public": event.public,
        "data": _documents(event, internal=False),
        "internal": _documents(event, internal=True),
    }


def from_row(row: sa.Row[Any]) -> events.CaseEvent:
    """The event that `to_row` wrote."""
    kind = KINDS[row.kind]
    hints = HINTS[row.kind]
    document = {**row.data, **row.internal}
    values = {name: _read(hints[name], value) for name, value in document.items() if name in hints}
    return kind(case_id=row.case_id, actor=actor_of(row), at=row.at, **values)


def actor_of(row: sa.Row[Any]) -> Actor:
    return Actor(ActorKind(row.actor_kind), row.actor_id, row.actor_name)


def _documents(event: events.CaseEvent, *, internal: bool) -> dict[str, Any]:
    return {
        item.name: _write(getattr(event, item.name))
        for item in fields(event)
        if item.name not in COMMON and bool(item.metadata.get("internal")) is internal
    }


def _write(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Resolution):
        return {"code": str(value.code), "text": value.text}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_write(item) for item in value]
    return dict(value) if isinstance(value, Mapping) else value


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        return next(part for part in get_args(hint) if part is not type(None))
    return hint


def _read(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is Resolution:
        return Resolution(**value)
    if get_origin(hint) is tuple:
        return tuple(_read(get_args(hint)[0], item) for item in value)
    return hint(value) if isinstance(hint, type) and issubclass(hint, (UUID, Enum)) else value


HINTS: Mapping[str, Mapping[str, Any]] = {
    name: {field: _without_none(hint) for field, hint in get_type_hints(kind).items()} for name, kind in KINDS.items()
}
"""Type of each field, from which a document is read back."""
