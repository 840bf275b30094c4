"""An agent's words that reach their customer nowhere: whoever works on the case learns it."""

from collections.abc import Mapping
from datetime import datetime

from caseengine.model.actor import BOT
from caseengine.model.case import Case
from caseengine.model.notice import AgentNotice
from caseengine.notices import give_notice
from caseengine.operations.filing import note_once
from caseengine.policies.noticing import WhyNot
from customers.wishes import NoticeKind
from storage.transaction import UnitOfWork

NOWHERE = frozenset({WhyNot.UNPROVED, WhyNot.UNREACHABLE})


async def went_nowhere(
    work: UnitOfWork, case: Case, kind: NoticeKind, why: WhyNot, notes: Mapping[str, str], *, at: datetime
) -> None:
    """A notice was dropped: of an agent's words that is noted on the case, once for each reason."""
    if kind is not NoticeKind.REPLY or why not in NOWHERE:
        return
    noted = await note_once(work, case.id, notes[why], key=f"not-told:{why}", by=BOT, at=at)
    if noted.unsaved and noted.agent_id is not None:
        give_notice(work, noted, [noted.agent_id], AgentNotice.CUSTOMER_NOT_TOLD, {"why": str(why)}, at=at)
