"""A notice that leaves is judged once more: between its being told and its leaving may lie days.

Source: docs/decisions/0023-notices-to-customers.md
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from caseengine.cases import Cases, histories
from caseengine.model.actor import SYSTEM
from caseengine.model.events import NoticeWithheld
from caseengine.operations.judging import Judged, judge_now
from caseengine.operations.sending import Telling
from caseengine.telling import on_their_way, take_back
from customers.wishes import NoticeKind, Way
from storage.transaction import UnitOfWork


async def judged_again(work: UnitOfWork, sent_as: UUID, telling: Telling, *, at: datetime) -> list[Judged]:
    """What is decided now of the notices that were sent on their way together; none: they are settled otherwise.

    Args:
        sent_as: their batch; or, from a release before, the one notice.
    """
    notices = await on_their_way(work, sent_as)
    ids = {notice.case_id for notice in notices}
    await Cases(work).fetch(ids)
    events = await histories(work, ids)
    judged = []
    for notice in notices:
        if notice.kind is NoticeKind.SURVEY and notice.way != Way.EMAIL:
            continue  # where there is a conversation it is asked in words of its own
        case = await Cases(work).by_id(notice.case_id)
        # As when it was sent on its way: whatever travelled along had not to wait until it is seen in the chat.
        judged.append(await judge_now(work, notice, case, events[case.id], telling, at=at, along=True))
    return judged


def withhold(work: UnitOfWork, judged: Sequence[Judged], *, at: datetime) -> None:
    """They do not leave as they are: each is told anew or dropped, as if it had never been on its way.

    Raises (at commit):
        Conflict: somebody else settled one of them, or is at one of the cases.
    """
    of_case = defaultdict(list)
    for one in judged:
        take_back(work, one.notice, at=at)
        of_case[one.case.id].append(one)
    for case_id, theirs in of_case.items():
        kinds = tuple(str(one.notice.kind) for one in theirs)
        way = theirs[0].notice.way
        theirs[0].case.record(NoticeWithheld(case_id=case_id, actor=SYSTEM, at=at, kinds=kinds, way=way))
