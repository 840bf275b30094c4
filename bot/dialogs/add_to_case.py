"""More to say about a case that is already there."""

from bot.dialogs.choices import START_CHOICES
from bot.dialogs.desk import Desk
from bot.dialogs.own_case import choose_case
from bot.dialogs.steps import Ask, Done, Goto, Next, Slots, dialog
from bot.understanding import Intent, Understanding
from caseengine.model.case import Case
from caseengine.operations.linking import link_conversation
from caseengine.operations.opening import add_to_case

WISH_WORDS_MAX = 9
"""A short wish ("add something to my case") holds no news yet."""


async def start(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Find the case; keep the news when the first message already told it."""
    if slots.get("offer"):
        return Ask(
            "lost.add", "take_offer", {"number": slots["number"]}, ("choice.yes", "choice.no"), expecting="yes_no"
        )
    if not slots.get("text") and len(said.text.split()) > WISH_WORDS_MAX:
        slots["text"] = desk.said
    return await take_case(said, slots, desk)


async def take_offer(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Words that seemed to belong to the case: only a yes puts them there."""
    if said.intent == Intent.AFFIRM:
        return await take_case(said, slots, desk)
    if said.intent == Intent.DENY:
        return Done("lost.first", choices=START_CHOICES)
    return Goto("dispatch", {"again": True})


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
    slots["text"] = desk.said
    return await take_case(said, slots, desk)


async def add(text: str, case: Case, desk: Desk) -> Next:
    if case.conversation_id != desk.conversation.id and desk.proved:
        await link_conversation(desk.work, case, desk.conversation.id, by=desk.customer, at=desk.at)
    here = desk.conversation.id
    now = await add_to_case(desk.work, case, text, by=desk.customer, at=desk.at, conversation=here)
    told = {"before": case.number, "number": now.number, "next_update": now.next_update_at(desk.at)}
    return Done("add.done" if now is case else "add.followed", told)


ADD_TO_CASE = dialog("add_to_case", 1, start, take_offer, take_case, take_text)
