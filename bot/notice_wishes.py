"""A customer says in a conversation that they want no more notices, or notices again: at any point, in one word.

What was in progress stays as it is. A stop of a mailbox is neither made nor lifted here: who speaks is known, and not
who reads the mail. Source: docs/decisions/0023-notices-to-customers.md
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from bot.dialogs.desk import Desk
from bot.dialogs.steps import Line
from caseengine.cases import Cases
from caseengine.operations.wishing import wish
from caseengine.reading.reach import ANY_ZONE
from customers.assurance import Level
from customers.preferences import Holder, HolderKind, Preferences
from customers.proved import mail_addresses
from customers.wishes import Way, Wishes

STOP, AGAIN = "choice.stop_notices", "choice.notices_again"
TEAMS = "teams"


async def hear_notice_wish(desk: Desk, *, zone: str) -> list[Line] | None:
    """What is answered; None where they say something else.

    Args:
        zone: as `caseengine.operations.wishing.wish` takes it.
    """
    if desk.pressed not in (STOP, AGAIN):
        return None
    if desk.shared:
        return [Line("shared.own_chat", choices=("choice.report", "choice.person"))]
    holders = _holders(desk)
    if not holders:
        return [Line("notices.who", choices=("choice.prove", "choice.person"))]
    way = Way.TEAMS if desk.conversation.channel == TEAMS else Way.EMAIL
    change = Wishes.nothing if desk.pressed == STOP else partial(_again, way=way)
    said: dict[str, Any] = {"by": desk.customer, "source": desk.conversation.channel, "at": desk.at}
    for holder in holders:
        await wish(desk.work, holder, change, zone=zone, reads_mail=False, **said)
    if desk.pressed == STOP:
        return [Line("notices.stopped", choices=(AGAIN,))]
    return [Line("notices.again_not_by_mail" if way is Way.EMAIL and await _mail_is_stopped(desk) else "notices.again")]


def _holders(desk: Desk) -> Sequence[Holder]:
    """Whose wishes somebody may change who has proved what they have."""
    contact = desk.assurance.contact_id
    if contact is not None and desk.assurance.level >= Level.CHANNEL:
        return [Holder(HolderKind.CONTACT, contact)]
    return [Holder(HolderKind.CASE, case_id) for case_id in sorted(desk.assurance.cases)]


async def _mail_is_stopped(desk: Desk) -> bool:
    """Whether whoever reads their mail said that no more may come, which they alone take back."""
    contact = desk.assurance.contact_id
    if contact is not None:
        addresses = await mail_addresses(desk.work, contact)
    else:
        cases = [await Cases(desk.work).by_id(case_id) for case_id in desk.assurance.cases]
        addresses = [case.reply_address for case in cases if case.reply_address is not None]
    preferences = Preferences(desk.work, zone=ANY_ZONE)
    return bool(addresses) and all([await preferences.stopped(address) for address in addresses])


def _again(wishes: Wishes, *, way: Way) -> Wishes:
    """As they wished before they wanted nothing; who wants something already wants the same."""
    return wishes if wishes.way is not None else replace(wishes, way=way)
