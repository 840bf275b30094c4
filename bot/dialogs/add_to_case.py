"""More to say about a case that is already there."""

from bot.dialogs.desk import Desk
from bot.dialogs.own_case import choose_case
from bot.dialogs.steps import Ask, Done, Next, Slots, dialog
from bot.understanding import Understanding
from caseengine.model.case import Case
from caseengine.operations.opening import add_to_case

WISH_WORDS_MAX = 9
"""A short wish ("add something to my case") holds no news yet."""


async def start(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Find the case; keep the news when the first message already told it."""
    if len(said.text.split()) > WISH_WORDS_MAX:
        slots["text"] = said.text
    return await take_case(said, slots, desk)


async def take_case(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Which case?"""
    case = await choose_case(said, slots, desk, step="take_case")
    if not isinstance(case, Case):
        return case
    if not slots.get("text"):
        return Ask("add.what", "take_text", {"number": case.number, "subject": case.subject}, expecting="description")
    return await add(slots["text"], case, desk)


async def take_text(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """The news."""
    if not said.text.strip():
        return Ask("add.what_unclear", "take_text", expecting="description")
    slots["text"] = said.text
    return await take_case(said, slots, desk)


async def add(text: str, case: Case, desk: Desk) -> Next:
    await add_to_case(desk.work, case, text, by=desk.customer, at=desk.at)
    return Done("add.done", {"number": case.number, "next_update": case.due_at})


ADD_TO_CASE = dialog("add_to_case", 1, start, take_case, take_text)
