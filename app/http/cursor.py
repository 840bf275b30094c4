"""A place in a list as an opaque text."""

import base64
from datetime import UTC, datetime
from uuid import UUID

import orjson

from app.http.errors import BodyInvalid
from caseengine.model.priority import Priority
from caseengine.reading.cases import QueuePlace


def write_cursor(place: QueuePlace) -> str:
    """Text for a URL."""
    raw = orjson.dumps([int(place.priority), place.opened_at.isoformat(), place.id.hex])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_cursor(text: str | None) -> QueuePlace | None:
    """The place that `write_cursor` wrote. Whoever makes one up sees no case they could not see without.

    Raises:
        BodyInvalid: it was not written by us.
    """
    if text is None:
        return None
    try:
        priority, opened_at, case_id = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        instant = datetime.fromisoformat(opened_at)
        if instant.tzinfo is None:
            raise ValueError("not aware")
        return QueuePlace(Priority(priority), instant.astimezone(UTC), UUID(case_id))
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BodyInvalid([{"at": ["after"], "what": "not a place of this list"}]) from error
