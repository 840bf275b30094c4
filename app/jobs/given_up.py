"""What becomes of deliveries that nobody tries again: people see it, and what did not arrive goes another way."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.jobs.delivery import GaveUp
from caseengine.model.actor import SYSTEM
from caseengine.notices import give_notice
from caseengine.operations.delivering import DOUBTED, GIVEN_UP, delivery_lost
from caseengine.operations.filing import CHANNEL, note_once
from caseengine.operations.forwarding import TOPIC as FORWARD
from caseengine.operations.telling import could_not_deliver
from channels.protocol import DeliveryFailed
from storage.outbox import OutboxRow
from storage.transaction import UnitOfWork


def given_up(words: Mapping[str, str], now: Callable[[], datetime]) -> GaveUp:
    """
    Args:
        words: the bot's catalogue, for notes to agents.
    """

    async def tell(work: UnitOfWork, row: OutboxRow, failed: DeliveryFailed) -> None:
        if row.topic == "deliver":
            await delivery_lost(work, row.payload, why=failed.reason, doubtful=failed.ambiguous, at=now())
        if row.topic == FORWARD:
            await _forward_lost(work, words, row.payload, failed, at=now())
        elif row.topic in ("deliver", "mail") and not failed.ambiguous:
            await could_not_deliver(work, row.topic, row.payload, at=now())

    return tell


async def _forward_lost(
    work: UnitOfWork, words: Mapping[str, str], mail: Mapping[str, Any], failed: DeliveryFailed, *, at: datetime
) -> None:
    """A mail to somebody outside: whoever has the case is told, and may write another."""
    line = words["mail.note_doubted" if failed.ambiguous else "mail.note_not_sent"]
    told = line.format(address=mail["to"], reason=failed.reason)
    case = await note_once(work, UUID(mail["case_id"]), told, key=f"lost:{mail['key']}", by=SYSTEM, at=at)
    if case.unsaved and case.agent_id is not None:
        data = {"channel": CHANNEL, "why": failed.reason}
        give_notice(work, case, [case.agent_id], DOUBTED if failed.ambiguous else GIVEN_UP, data, at=at)
