"""Nothing is in progress: what does this message begin?"""

from bot.dialogs.cases_here import awaiting_confirmation, case_to_go_on, unconfirmed
from bot.dialogs.choices import OF_A_CASE, START_CHOICES
from bot.dialogs.desk import Desk
from bot.dialogs.steps import Done, Goto, HandOver, Line, Next, Slots, dialog
from bot.understanding import Intent, Mood, Understanding
from caseengine.model.case import Case
from caseengine.model.lifecycle import Status
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
SMALL_TALK = {
    Intent.GREET: "greet.again",
    Intent.THANK: "thanks.welcome",
    Intent.ABOUT: "about.me",
    Intent.FAREWELL: "farewell.bye",
}
STORY_WORDS_MIN = 3
"""Fewer words than this that mean nothing known are not looked up."""
NEWS = frozenset(("change", "changed", "changing", "update", "updated", "new", "replace", "correct"))
"""Words that tell "my address is new" from "this is my address"."""
LATER_REPLIES = (Intent.AFFIRM, Intent.DENY, Intent.REOPEN_CASE)
FIRST_REPLIES = (*LATER_REPLIES, Intent.THANK, Intent.SOMETHING_ELSE, Intent.REPORT_PROBLEM, Intent.COMPLAIN)
LOST_MAX = 4
"""Messages in a row that meant nothing, before a person is called."""


async def hear(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Choose by what was pressed, then by wish, then by what an open resolution asks, then by intent and mention."""
    if desk.pressed == "choice.prove":
        return Goto("identify", {"then": "status"})
    if desk.pressed in OF_A_CASE and said.entity("case_number") is not None:
        return Goto(GOALS[said.intent])
    if said.wants.person:
        return HandOver("asked_for_person")
    if not slots.get("again") and (about_resolution := await hear_after_resolution(said, desk)) is not None:
        return about_resolution
    if said.language != "en" and said.entity("case_number") is None and said.entity("email") is None:
        return Goto("foreign")
    if said.wants.case or len(said.problems) > 1:
        return Goto("report_problem")
    if _says_who_they_are(said, desk):
        return Goto("identify", {"then": "status"})
    if said.intent in SMALL_TALK:
        return Done(SMALL_TALK[said.intent], choices=START_CHOICES)
    if (goal := GOALS.get(said.intent)) is not None:
        desk.state.lost = 0
        return Goto(goal)
    return await _by_mention(said, desk)


async def hear_after_resolution(said: Understanding, desk: Desk) -> Next | None:
    """An agent resolved a case here: the next words may be about that; None when they are about something else.

    Whatever is said first after it and is no matter of its own is a reply, and a reply that does not agree reopens. If
    it is too late for that, only what can be nothing but a reply is one, and a case follows.
    """
    resolved = await unconfirmed(desk)
    if resolved is None:
        return None
    if desk.received_at < resolved.updated_at:
        return note_for_agent(resolved, desk)
    since = resolved.updated_at if resolved.status is Status.RESOLVED else resolved.resolved_at or resolved.updated_at
    first = desk.state.saved_at is None or desk.state.saved_at <= since
    soon = await awaiting_confirmation(desk) is not None
    if not soon and not first:
        return None
    replies = FIRST_REPLIES if soon and first and not said.wants.case else LATER_REPLIES
    return Goto("confirm_resolved", {"number": resolved.number}) if said.intent in replies else None


def note_for_agent(resolved: Case, desk: Desk) -> Next:
    """Written before the resolution was known, so no answer to it: kept for the agent, and the question put again."""
    resolved.note(desk.said, by=desk.customer, at=desk.at)
    return Done("resolved.ask_again", {"number": resolved.number}, choices=("choice.yes", "choice.no"))


def _says_who_they_are(said: Understanding, desk: Desk) -> bool:
    """An address without any word of change is a claim to be that person, also from somebody known as another."""
    about_themselves = said.intent in (Intent.CHANGE_DETAILS, Intent.GREET, Intent.SOMETHING_ELSE)
    given = said.entity("email") is not None or (
        said.entity("phone") is not None and desk.assurance.level < Level.CHANNEL
    )
    news = NEWS & set(said.text.casefold().split())
    return given and about_themselves and not news


async def _by_mention(said: Understanding, desk: Desk) -> Next:
    if said.entity("case_number") is not None:
        return Goto("status")
    if desk.files and not said.question:
        return Goto(
            "report_problem", {"heard": True, "files": list(desk.files)}, Line("lost.file", {"files": names(desk)})
        )
    if said.question or len(said.text.split()) >= STORY_WORDS_MIN:
        return Goto("answer", {"unsure": True})
    return await lost(said, desk)


def names(desk: Desk) -> str:
    return ", ".join(desk.files)


async def lost(said: Understanding, desk: Desk) -> Next:
    """Not understood: an answer where an agent has asked; perhaps news of a case; else say what can be done; then offer
    a person; then get one.
    """
    desk.state.lost += 1
    case = await case_to_go_on(desk)
    asked = case is not None and case.status is Status.WAITING_ON_CUSTOMER
    if case is not None and (asked or len(said.text.split()) >= STORY_WORDS_MIN) and said.mood != Mood.ANGRY:
        return Goto("add_to_case", {"number": case.number, "text": desk.said, "offer": not asked})
    if desk.state.lost >= LOST_MAX:
        return HandOver("not_understood")
    if said.mood == Mood.ANGRY:
        return Done("lost.sorry", choices=("choice.person", "choice.report"))
    if desk.state.lost > 1:
        return Done("lost.again", choices=("choice.person", "choice.report"))
    return Done("lost.first", choices=START_CHOICES)


DISPATCH = dialog("dispatch", 1, hear)
