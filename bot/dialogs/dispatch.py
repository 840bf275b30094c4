"""Nothing is in progress: what does this message begin?"""

from bot.dialogs.cases_here import awaiting_confirmation
from bot.dialogs.desk import Desk
from bot.dialogs.engine import START_CHOICES
from bot.dialogs.steps import Done, Goto, HandOver, Next, Slots, dialog
from bot.understanding import Intent, Understanding
from caseengine.model.case import Case
from customers.assurance import Level

GOALS = {
    Intent.ASK_QUESTION: "answer",
    Intent.REPORT_PROBLEM: "answer",
    Intent.ORDER_STATUS: "answer",
    Intent.COMPLAIN: "report_problem",
    Intent.CASE_STATUS: "status",
    Intent.ADD_TO_CASE: "add_to_case",
    Intent.CHANGE_DETAILS: "change_details",
    Intent.CALL_ME_BACK: "callback",
    Intent.CLOSE_CASE: "close_case",
    Intent.REOPEN_CASE: "reopen_case",
}
SMALL_TALK = {Intent.GREET: "greet.again", Intent.THANK: "thanks.welcome"}
STORY_WORDS_MIN = 3
"""Fewer words than this that mean nothing known are not looked up."""
NEWS = frozenset(("change", "changed", "changing", "update", "updated", "new", "replace", "correct"))
"""Words that tell "my address is new" from "this is my address"."""
AFTER_RESOLUTION = (Intent.AFFIRM, Intent.DENY, Intent.THANK, Intent.SOMETHING_ELSE, Intent.REOPEN_CASE)


async def hear(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Choose by wish first, then by intent, then by what was mentioned."""
    resolved = await awaiting_confirmation(desk)
    if resolved is not None and desk.received_at < resolved.updated_at:
        return note_for_agent(resolved, desk)
    if resolved is not None and said.intent in AFTER_RESOLUTION:
        return Goto("confirm_resolved", {"number": resolved.number})
    if desk.pressed == "choice.prove":
        return Goto("identify", {"then": "status"})
    if said.wants.person:
        return HandOver("asked_for_person")
    if said.wants.case or len(said.problems) > 1:
        return Goto("report_problem")
    if _says_who_they_are(said, desk):
        return Goto("identify", {"then": "status"})
    if said.intent in SMALL_TALK:
        return Done(SMALL_TALK[said.intent], choices=START_CHOICES)
    if (goal := GOALS.get(said.intent)) is not None:
        desk.state.lost = 0
        return Goto(goal)
    return _by_mention(said, desk)


def note_for_agent(resolved: Case, desk: Desk) -> Next:
    """Written before the resolution was known, so no answer to it: kept for the agent, and the question put again."""
    resolved.note(desk.said, by=desk.customer, at=desk.at)
    return Done("resolved.ask_again", {"number": resolved.number}, choices=("choice.yes", "choice.no"))


def _says_who_they_are(said: Understanding, desk: Desk) -> bool:
    """An address without any word of change, from somebody who has proved nothing yet, is a claim to be that person."""
    about_themselves = said.intent in (Intent.CHANGE_DETAILS, Intent.GREET, Intent.SOMETHING_ELSE)
    given = said.entity("email") is not None or said.entity("phone") is not None
    news = NEWS & set(said.text.casefold().split())
    return given and about_themselves and not news and desk.assurance.level < Level.CHANNEL


def _by_mention(said: Understanding, desk: Desk) -> Next:
    if said.entity("case_number") is not None:
        return Goto("status")
    if said.question or len(said.text.split()) >= STORY_WORDS_MIN:
        return Goto("answer", {"unsure": True})
    return lost(desk)


def lost(desk: Desk) -> Next:
    """Not understood: say so once with what can be done; the second time in a row offer a person."""
    desk.state.lost += 1
    if desk.state.lost > 1:
        desk.state.lost = 0
        return Done("lost.again", choices=("choice.person", "choice.report"))
    return Done("lost.first", choices=START_CHOICES)


DISPATCH = dialog("dispatch", 1, hear)
