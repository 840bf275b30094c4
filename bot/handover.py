"""When a person takes over: the case they get, what they get to read, and what the customer is told meanwhile."""

import re
from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from typing import Any

from bot.dialogs.cases_here import open_case_here
from bot.dialogs.desk import BOT, Desk
from bot.dialogs.report_problem import account_for, likely_departments, subject_of
from bot.dialogs.steps import Line, Slots
from bot.understanding import Understanding
from bot.understanding.entities.numbers import CODE
from caseengine.model.case import Case
from caseengine.model.conversation import Mode
from caseengine.operations.handover import hand_over, hear_customer
from caseengine.operations.opening import Opening, open_case
from caseengine.reading.log import latest_said
from caseengine.reading.wait import CHAT, position, somebody_there, wait_for

NO_WORD = re.compile(r"[@\d]|://")
CLAIMS = ("email", "phone", "store")
FIVE_MINUTES = timedelta(minutes=5)
WAIT_TOLD_MAX = timedelta(minutes=90)
"""Nobody is told to wait in a chat for longer; they have the promise."""
RECENT_MAX = 6
"""Customer's own messages that are read for subject and summary."""


async def start_handover(reason: str, told: Slots, said: Understanding, desk: Desk) -> list[Line]:
    """Give the conversation to a person: always with a case, always with a time.

    Args:
        told: what the dialogs in progress had been told; it goes with the case.
    """
    case = await open_case_here(desk)
    if case is None:
        case = await open_handover_case(told, said, desk)
    case = await hand_over(
        desk.work,
        desk.conversation.id,
        case,
        reason=reason,
        summary=await summarise(reason, said, desk),
        by=BOT,
        at=desk.at,
    )
    desk.state.acknowledged = ""
    if await somebody_there(desk.work, case.department, at=desk.at):
        ahead = await position(desk.work, case)
        params = {"number": case.number, "position": ahead, "next_update": case.due_at}
        if ahead <= 1:
            return [Line("handover.next", params)]
        wait = await wait_for(desk.work, case, kind=CHAT, at=desk.at)
        if wait is None or wait > WAIT_TOLD_MAX:
            return [Line("handover.position", params)]
        return [Line("handover.position_wait", {**params, "minutes": max(ceil(wait / FIVE_MINUTES), 1) * 5})]
    return [Line("handover.promise", {"number": case.number, "next_update": case.due_at})]


async def open_handover_case(slots: Slots, said: Understanding, desk: Desk) -> Case:
    """The story so far is the description: nobody is asked a question before they get a person."""
    before = [text for text in await _recent(desk) if text != desk.said]
    contact = desk.assurance.contact_id
    opening = Opening(
        subject=subject_of(_subject(before, desk.said)),
        description="\n".join([*before, desk.said]),
        department=next(iter(slots.get("departments") or likely_departments(said)), desk.fallback_department),
        conversation=desk.conversation.id,
        contact_id=contact,
        account_id=await account_for(slots, desk, contact),
        claimed={**desk.assurance.claimed, **{kind: slots[kind] for kind in CLAIMS if slots.get(kind)}},
        case_type="service_request",
        impact=said.impact or slots.get("impact", 2),
        urgency=said.urgency or slots.get("urgency", 2),
        order_number=slots.get("order_number"),
    )
    return await open_case(desk.work, opening, by=desk.customer, at=desk.at)


async def summarise(reason: str, said: Understanding, desk: Desk) -> Mapping[str, Any]:
    """What the agent reads first; facts and the customer's own words, no invention."""
    recent = await _recent(desk)
    return {
        "reason": reason,
        "mood": str(said.mood),
        "tried": list(desk.state.tried),
        "customer_view": recent[-RECENT_MAX:],
        "assurance": desk.assurance.level.name.lower(),
    }


async def _recent(desk: Desk) -> list[str]:
    """The customer's latest words; a one-time code is no part of anybody's story."""
    said = await latest_said(desk.work, desk.conversation.id, role="customer", limit=RECENT_MAX)
    return [text for text in said if not CODE.fullmatch(text.strip())]


def _subject(before: list[str], now: str) -> str:
    """The longest of their words. "A person, please" counts half: where more was said, that is what it is about."""
    return max([now, *before], key=lambda text: _told(text) / 2 if text == now else _told(text))


def _told(text: str) -> int:
    """How much is said in words: an address or a number answers a question, and is what nothing is about."""
    return sum(len(word) for word in text.split() if not NO_WORD.search(word))


async def hear_with_people(desk: Desk, about: Case | None = None) -> list[Line]:
    """The words go to people; while nobody has answered yet, say so once.

    Args:
        about: as `hear_customer` takes it.
    """
    heard = await hear_customer(
        desk.work, desk.conversation.id, text=desk.said, key=desk.key, at=desk.at, by=desk.customer, about=about
    )
    if desk.conversation.mode is Mode.AGENT or not heard:
        return []
    case = heard[0]
    desk.about = case.id
    if desk.state.acknowledged == case.number:
        return []
    desk.state.acknowledged = case.number
    return [Line("handover.added", {"number": case.number, "next_update": case.due_at})]
