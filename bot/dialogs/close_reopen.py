"""The customer ends a case or takes it up again; and says whether a resolution helped."""

from bot.dialogs.agreeing import agrees
from bot.dialogs.desk import Desk
from bot.dialogs.own_case import choose_case
from bot.dialogs.steps import Ask, Done, Next, Slots, dialog
from bot.dialogs.survey import closed_then_asked
from bot.understanding import Intent, Understanding
from caseengine.model.case import Case
from caseengine.model.errors import TransitionNotAllowed
from caseengine.model.lifecycle import Status
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations.access import case_for
from caseengine.operations.ending import close, reopen, resolve
from caseengine.operations.handover import hear_customer


async def start_closing(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Which case, and are you sure?"""
    case = await choose_case(said, slots, desk, step="start_closing")
    if not isinstance(case, Case):
        return case
    return Ask(
        "close.confirm",
        "take_closing",
        {"number": case.number, "subject": case.subject},
        ("choice.yes", "choice.no"),
        expecting="yes_no",
    )


async def take_closing(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Only a clear yes closes."""
    if said.intent == Intent.DENY:
        return Done("close.kept", {"number": slots["number"]})
    if said.intent != Intent.AFFIRM:
        return Ask("close.unclear", "take_closing", choices=("choice.yes", "choice.no"), expecting="yes_no")
    case = await case_for(desk.work, slots["number"], desk.viewer)
    try:
        await withdraw(case, desk)
    except TransitionNotAllowed:
        return Done("close.already", {"number": case.number})
    return Done("close.done", {"number": case.number})


async def start_reopening(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Which case; reopening needs no second question."""
    case = await choose_case(said, slots, desk, step="start_reopening", closed=True)
    if not isinstance(case, Case):
        return case
    try:
        here = desk.conversation.id
        now = await reopen(desk.work, case.number, reason=desk.said, by=desk.customer, at=desk.at, conversation=here)
    except TransitionNotAllowed:
        return Done("reopen.not_possible", {"number": case.number}, choices=("choice.report",))
    told = {"before": case.number, "number": now.number, "next_update": now.due_at}
    return Done("reopen.done" if now is case else "reopen.followed", told)


async def confirm(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """An agent resolved the case: a yes closes it, anything else that is no new matter takes it up again."""
    case = await case_for(desk.work, slots["number"], desk.viewer)
    if agrees(said):
        if case.status is Status.RESOLVED:
            await close(desk.work, case.number, by=desk.customer, at=desk.at)
        return await closed_then_asked(case, desk)
    heard = await hear_customer(
        desk.work, desk.conversation.id, text=desk.said, key=desk.key, at=desk.at, by=desk.customer
    )
    now = heard[0] if heard else case
    if now.follows is not None and now.follows == case.id:
        return Done("resolved.followed", {"before": case.number, "number": now.number, "next_update": now.due_at})
    return Done("resolved.reopened", {"number": now.number})


async def withdraw(case: Case, desk: Desk) -> None:
    """The customer needs nothing more: what is not resolved yet ends as withdrawn."""
    if case.status is not Status.RESOLVED:
        resolution = Resolution(ResolutionCode.WITHDRAWN, desk.said)
        await resolve(desk.work, case.number, resolution, by=desk.customer, at=desk.at)
    await close(desk.work, case.number, by=desk.customer, at=desk.at)


CLOSE_CASE = dialog("close_case", 1, start_closing, take_closing)
REOPEN_CASE = dialog("reopen_case", 1, start_reopening)
CONFIRM_RESOLVED = dialog("confirm_resolved", 1, confirm)
