"""When what was certainly not taken is tried again, and from when on it is late."""

from collections.abc import Sequence
from datetime import timedelta

from caseengine.operations.filing import CHANNEL as MAIL_CHANNEL
from caseengine.operations.forwarding import TOPIC as FORWARD
from channels.protocol import DeliveryFailed
from storage.outbox import OutboxRow

SOON = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 60, 300, 1800))
"""Waiting time after each failed try; after the last the delivery is given up, visibly."""
FOR_DAYS = (*SOON, *[timedelta(hours=1)] * 11, *[timedelta(hours=4)] * 27)
"""Of mail: a server that is down for a night or a weekend costs time and no words (RFC 5321, 4.5.4.1: 4 to 5 days)."""


def wait_after(row: OutboxRow, failed: DeliveryFailed) -> timedelta | None:
    """How long a delivery that failed waits for its next try, at least as the far side asks; None: there is none."""
    if not failed.tried:
        return failed.after
    waits = _waits(row)
    return max(waits[row.tries], failed.after) if failed.retry and row.tries < len(waits) else None


def is_late(row: OutboxRow, failed: DeliveryFailed) -> bool:
    """Whether this is the try after which people are told that it takes long; said once."""
    return failed.tried and row.tries == len(SOON)


def _waits(row: OutboxRow) -> Sequence[timedelta]:
    by_mail = row.topic in ("mail", FORWARD) or row.payload.get("channel") == MAIL_CHANNEL
    return FOR_DAYS if by_mail else SOON
