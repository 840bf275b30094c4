"""How the customer of a case hears what agents say to them."""

from collections.abc import Iterable
from enum import StrEnum

from caseengine.model.errors import NobodyToTell
from caseengine.operations.sending import holder_of
from caseengine.policies.noticing import goes_elsewhere
from caseengine.reading.reach import ANY_ZONE, ReachedAlone, WhoseCase, contactable
from customers.preferences import Preferences
from customers.wishes import NoticeKind, Way
from storage.transaction import Snapshot


class Hears(StrEnum):
    CONVERSATION = "conversation"  # where they talk with the desk
    NOTICE = "notice"  # nobody ever wrote, as after a call, and they are told where they proved a place
    NOWHERE = "nowhere"


async def hears(snapshot: Snapshot, case: WhoseCase, *, reached_alone: ReachedAlone) -> Hears:
    if case.conversation_id is not None:
        return Hears.CONVERSATION
    told = await told_elsewhere(snapshot, case, reached_alone=reached_alone)
    return Hears.NOTICE if told else Hears.NOWHERE


async def check_heard(snapshot: Snapshot, case: WhoseCase, *, reached_alone: ReachedAlone) -> None:
    """
    Raises:
        NobodyToTell: what is said about this case reaches its customer nowhere.
    """
    if await hears(snapshot, case, reached_alone=reached_alone) is Hears.NOWHERE:
        raise NobodyToTell


async def told_elsewhere(
    snapshot: Snapshot, case: WhoseCase, *, reached_alone: ReachedAlone, failed: Iterable[Way] = ()
) -> bool:
    """Whether an agent's words reach them outside of the case's conversation.

    Args:
        failed: ways that were tried for these words, in vain.
    """
    wishes = (await Preferences(snapshot, zone=ANY_ZONE).of(holder_of(case))).wishes
    reached = await contactable(snapshot, case, reached_alone=reached_alone)
    return goes_elsewhere(NoticeKind.REPLY, wishes, reached.reach(failed))
