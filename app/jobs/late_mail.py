"""Mail that its server does not take for long: agents of the cases it is about see that it is late."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.jobs.delivery import Tell
from caseengine.model.actor import SYSTEM
from caseengine.operations.delivering import case_of_words
from caseengine.operations.filing import note_once
from caseengine.telling import travelled_in
from channels.protocol import DeliveryFailed
from storage.outbox import OutboxRow
from storage.transaction import Snapshot, UnitOfWork


def late_mail(words: Mapping[str, str], now: Callable[[], datetime]) -> Tell:
    """
    Args:
        words: the bot's catalogue, for notes to agents.
    """

    async def tell(work: UnitOfWork, row: OutboxRow, _: DeliveryFailed) -> None:
        for case_id in await cases_of(work, row):
            await note_once(work, case_id, words["mail.note_late"], key=f"late:{row.id}", by=SYSTEM, at=now())

    return tell


async def cases_of(work: Snapshot, row: OutboxRow) -> Sequence[UUID]:
    """What a mail is about: of an answer the case it was said on, of notices every case they tell of."""
    payload = row.payload
    if row.topic == "deliver":
        case_id = await case_of_words(work, UUID(payload["conversation"]), str(payload["key"]))
        return [case_id] if case_id is not None else []
    if payload.get("batch"):
        notices = await travelled_in(work, UUID(payload["batch"]))
        return list(dict.fromkeys(notice.case_id for notice in notices))
    return [UUID(payload["case_id"])] if payload.get("case_id") else []
