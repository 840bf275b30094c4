"""Words that reach their customer nowhere: whoever works on the case learns it."""

from collections.abc import Mapping
from datetime import datetime

from caseengine.cases import Cases
from caseengine.model.actor import BOT
from caseengine.model.case import Case
from caseengine.model.notice import AgentNotice
from caseengine.notices import give_notice
from caseengine.operations.filing import note_once
from caseengine.policies.noticing import WhyNot
from caseengine.telling import CustomerNotice, drop
from customers.wishes import NoticeKind
from storage.transaction import UnitOfWork

NOWHERE = frozenset({WhyNot.UNPROVED, WhyNot.UNREACHABLE})
UNWISHED = frozenset({WhyNot.OPTED_OUT, WhyNot.UNWANTED})


async def drop_for_fault(work: UnitOfWork, notice: CustomerNotice, notes: Mapping[str, str], *, at: datetime) -> None:
    """It could not be told for a fault of ours, and is not tried again."""
    case = await Cases(work).by_id(notice.case_id)
    drop(work, notice, WhyNot.FAULT, at=at)
    await went_nowhere(work, case, notice.kind, WhyNot.FAULT, notes, at=at)


async def went_nowhere(
    work: UnitOfWork,
    case: Case,
    kind: NoticeKind,
    why: WhyNot,
    notes: Mapping[str, str],
    *,
    stands: bool = True,
    at: datetime,
) -> None:
    """A notice was dropped: of an agent's words, or for our fault, that is noted on the case, once for each reason.

    Args:
        stands: what it tells stands in a conversation: who wants no notice reads it there.
    """
    lost = NOWHERE if stands else NOWHERE | UNWISHED
    if why is not WhyNot.FAULT and not (kind is NoticeKind.REPLY and why in lost):
        return
    noted = await note_once(work, case.id, notes[why], key=f"not-told:{why}", by=BOT, at=at)
    if noted.unsaved and noted.agent_id is not None:
        give_notice(work, noted, [noted.agent_id], AgentNotice.CUSTOMER_NOT_TOLD, {"why": str(why)}, at=at)
