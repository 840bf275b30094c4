"""The only place that asks what time it is."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present, as an aware UTC instant."""
    return datetime.now(UTC)
