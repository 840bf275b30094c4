"""What is with somebody who cannot have it any more goes back to its queue.

What `reading.out_of_place` lists is of a moment: meanwhile somebody else may have been given it. So it is asked again
about the one case, in the unit of work that takes it back; what is in place by then stays.
"""

from datetime import datetime

from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.operations.conversing import wait_again
from caseengine.operations.offers import end_offer
from caseengine.operations.routing import LEFT, LOCKED_OUT, ROUTING, VANISHED, return_work
from caseengine.reading.out_of_place import live_work_of_the_lost, offers_ended, work_out_of_place
from storage.transaction import UnitOfWork


async def take_back_offer(work: UnitOfWork, case: Case, *, at: datetime) -> None:
    """An offer ends that ran out, or whose agent is not there any more."""
    for offer in await offers_ended(work, at, of=case.id):
        ran_out = offer.expires_at <= at
        how, reason = ("expired", "") if ran_out else ("withdrawn", "presence_lost")
        await end_offer(work, case, how, reason=reason, by=SYSTEM, at=at)
        work.after_commit_wake(ROUTING)


async def take_back_chat(work: UnitOfWork, case: Case, *, at: datetime) -> None:
    """A customer who was left alone by somebody whose screen was not heard of for too long waits for the next."""
    if not await live_work_of_the_lost(work, at, of=case.id):
        return
    if case.agent_id is None:
        await wait_again(work, case, left=None, by=SYSTEM, at=at)
    else:
        await return_work(work, case, VANISHED, at=at)


async def take_back_misplaced(work: UnitOfWork, case: Case, *, at: datetime) -> None:
    """A case goes back that is held by somebody who is locked out, or does not work for its department."""
    for row in await work_out_of_place(work, of=case.id):
        await return_work(work, case, LOCKED_OUT if row.locked else LEFT, at=at)
