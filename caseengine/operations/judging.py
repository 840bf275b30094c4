"""What is read of a case, its customer and their wishes to judge a notice, when it is due and again when it leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from caseengine.conversations import Conversations
from caseengine.model.case import Case
from caseengine.model.conversation import Mode
from caseengine.model.events import CaseEvent, CaseOpened, CustomerWrote, PromiseMade
from caseengine.operations.sending import WAY_OF, Telling, holder_of
from caseengine.operations.surveying import survey_rules
from caseengine.policies.noticing import Reach, Since, Tell, Verdict, judge
from caseengine.reading.reach import Contactable, contactable
from caseengine.tables import activities
from caseengine.telling import CustomerNotice
from customers.preferences import Preferences
from customers.wishes import NoticeKind, Way
from storage.transaction import UnitOfWork


@dataclass(frozen=True, slots=True)
class Judged:
    """A notice, what is decided of it at a moment, and where its customer is reached then."""

    notice: CustomerNotice
    case: Case
    verdict: Verdict
    reached: Contactable

    @property
    def place(self) -> str:
        """Where it is told, as `verdict` says: an address, or the id of a conversation; "" where it is not told now."""
        if not isinstance(self.verdict, Tell):
            return ""
        conversation = {Way.TEAMS: self.reached.teams, Way.CHAT: self.case.conversation_id}
        return self.reached.address if self.verdict.way is Way.EMAIL else str(conversation[self.verdict.way] or "")


async def judge_now(
    work: UnitOfWork,
    notice: CustomerNotice,
    case: Case,
    events: Sequence[CaseEvent],
    telling: Telling,
    *,
    at: datetime,
    along: bool,
) -> Judged:
    """What becomes of a notice at this moment.

    Args:
        along: as `caseengine.policies.noticing.judge` takes it.
    """
    # Whoever has proved by now who they are is told as they wish themselves.
    wishes = (await Preferences(work, zone=telling.zone).of(holder_of(case))).wishes
    reached = await contactable(work, case, reached_alone=telling.reached_alone)
    reach = await _reach(work, notice, case, reached)
    since = await _since(work, notice, case, events, telling)
    verdict = judge(notice.kind, notice.happened_at, wishes=wishes, since=since, reach=reach, now=at, along=along)
    return Judged(notice, case, verdict, reached)


async def asked_on(work: UnitOfWork, case: Case, chat: UUID | None, teams: UUID | None = None) -> dict[Way, str]:
    """The ways on which the company's rules ask about a case, with the channel each is.

    Nobody is asked where a person has the conversation, nor in the case's own unless it is a chat of one customer.
    """
    here = await Conversations(work).get(chat) if chat is not None else None
    found = {Way.EMAIL: "email", Way.TEAMS: "teams"}
    if here is not None and here.mode is Mode.BOT and here.channel not in WAY_OF:
        found[Way.CHAT] = here.channel
    if teams is not None and (await Conversations(work).get(teams)).mode is not Mode.BOT:
        del found[Way.TEAMS]
    rules = await survey_rules(work)
    return {way: name for way, name in found.items() if rules.asks(channel=name, department=case.department)}


async def _reach(work: UnitOfWork, notice: CustomerNotice, case: Case, reached: Contactable) -> Reach:
    reach = reached.reach(notice.tried)
    if notice.kind is not NoticeKind.SURVEY:
        return reach
    return replace(reach, asks=frozenset(await asked_on(work, case, case.conversation_id, reached.teams)))


async def _since(
    work: UnitOfWork, notice: CustomerNotice, case: Case, events: Sequence[CaseEvent], telling: Telling
) -> Since:
    event, then = events[notice.seq - 1], Case.fold(events[: notice.seq])
    later = {type(one).__name__ for one in events[notice.seq :]}
    if then.conversation_id is None:  # whatever they write, they have not read this: it stands nowhere
        later.discard(CustomerWrote.__name__)
    return Since(
        status=case.status,
        later=later,
        promised=case.due_at,
        promised_then=_promised(events[notice.seq - 1 :]) if isinstance(event, CaseOpened | PromiseMade) else None,
        status_then=then.status,
        read=await _was_read(work, then.conversation_id, notice.happened_at, telling),
    )


def _promised(events: Sequence[CaseEvent]) -> datetime | None:
    """What the first promise says: of the fact itself, or the one that a case was opened with."""
    return next((event.due_at for event in events if isinstance(event, PromiseMade)), None)


async def _was_read(work: UnitOfWork, conversation: UUID | None, at: datetime, telling: Telling) -> bool:
    """Whether they saw what the conversation's log held when it happened."""
    if conversation is None:
        return False
    place = sa.select(sa.func.max(activities.c.seq)).where(
        activities.c.conversation_id == conversation, activities.c.at <= at
    )
    return telling.seen(conversation, int(await work.scalar(place) or 0))
