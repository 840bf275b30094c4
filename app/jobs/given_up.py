"""What becomes of deliveries that nobody tries again: people see it, and what did not arrive goes another way."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.jobs.delivery import Tell
from app.jobs.late_mail import cases_of
from caseengine.model.actor import SYSTEM
from caseengine.model.notice import AgentNotice
from caseengine.notices import give_notice
from caseengine.operations.coming_back import could_not_deliver, goes_apart
from caseengine.operations.delivering import delivery_lost
from caseengine.operations.filing import CHANNEL, note_once
from caseengine.reading.reach import ReachedAlone, nobody_alone
from channels.email.smtp import Refused
from channels.protocol import DeliveryFailed
from storage.outbox import OutboxRow
from storage.transaction import UnitOfWork


def given_up(words: Mapping[str, str], now: Callable[[], datetime], reached_alone: ReachedAlone = nobody_alone) -> Tell:
    """
    Args:
        words: the bot's catalogue, for notes to agents.
        reached_alone: as `Telling.reached_alone`.
    """

    async def tell(work: UnitOfWork, row: OutboxRow, failed: DeliveryFailed) -> None:
        goes_on = False
        if _is_its_own_fault(failed) and await goes_apart(work, row.topic, row.payload, at=now()):
            return
        if row.topic in ("deliver", "mail") and not failed.ambiguous:
            goes_on = await could_not_deliver(work, row.topic, row.payload, at=now(), reached_alone=reached_alone)
        await _lost(work, words, row, failed, another_way=goes_on, at=now())

    return tell


def _is_its_own_fault(failed: DeliveryFailed) -> bool:
    """It was not taken for what it is, whoever it is for."""
    return failed.reason in ("refused", "fault") and not isinstance(failed, Refused)


def lost_alone(words: Mapping[str, str], now: Callable[[], datetime]) -> Tell:
    """People see it; it goes no other way. For where `given_up` fails for good."""

    async def tell(work: UnitOfWork, row: OutboxRow, failed: DeliveryFailed) -> None:
        await _lost(work, words, row, failed, another_way=False, at=now())

    return tell


async def _lost(
    work: UnitOfWork,
    words: Mapping[str, str],
    row: OutboxRow,
    failed: DeliveryFailed,
    *,
    another_way: bool,
    at: datetime,
) -> None:
    if row.topic == "deliver":
        how: dict[str, Any] = {"why": failed.reason, "doubtful": failed.ambiguous, "another_way": another_way}
        await delivery_lost(work, row.payload, **how, at=at)
        return
    for case_id in await cases_of(work, row):
        await _mail_lost(work, words, row, case_id, failed, at=at)


async def _mail_lost(
    work: UnitOfWork, words: Mapping[str, str], row: OutboxRow, case_id: UUID, failed: DeliveryFailed, *, at: datetime
) -> None:
    """A mail to somebody outside, or one that tells a customer of their cases: whoever has the case may write again."""
    line = words["mail.note_doubted" if failed.ambiguous else "mail.note_not_sent"]
    told = line.format(address=row.payload["to"], reason=failed.reason)
    case = await note_once(work, case_id, told, key=f"lost:{row.payload.get('key', row.id)}", by=SYSTEM, at=at)
    if case.unsaved and case.agent_id is not None:
        data = {"channel": CHANNEL, "why": failed.reason}
        kind = AgentNotice.DELIVERY_DOUBTED if failed.ambiguous else AgentNotice.DELIVERY_GIVEN_UP
        give_notice(work, case, [case.agent_id], kind, data, at=at)
