"""The case that a letter is about, and what a letter means for one that has ended."""

import re
from collections.abc import Sequence
from datetime import datetime

from bot.dialogs.agreeing import agrees
from bot.dialogs.cases_here import awaiting_confirmation, cases_here, ended_last, open_case_here
from bot.dialogs.desk import BOT, Desk
from bot.dialogs.steps import Line
from bot.understanding import Intent, Understanding
from bot.understanding.phrases import phrases_of_a_solution
from bot.understanding.problems import troubled
from caseengine.model.case import Case
from caseengine.model.conversation import Mode
from caseengine.model.lifecycle import Status
from caseengine.operations.ending import close
from caseengine.operations.handover import hear_customer
from caseengine.operations.keeping import goes_on_as
from caseengine.reading.closing import closed_by_customer

CLOSING_WORDS_MAX = 40
"""A longer letter of thanks has something else to say: a person reads it."""
AGREEING_SIGNS = frozenset("\U0001f44d\u2764\U0001f389")  # a thumb up, a heart, a party popper
SHADES = dict.fromkeys((0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400)))
"""How a sign is drawn and the colour of a hand: they change nothing of what it means."""
SAID_TO_US = re.compile(r"\b(?:i|we|you|please|also|but|ich|wir|sie|bitte|auch|aber)\b", re.IGNORECASE)
"""Words of somebody who has more to say, which no address or motto of a company has."""


async def case_meant(said: Understanding, desk: Desk) -> Case | None:
    """The case of this conversation that the words name, or else that the mail points at; None where there is none.

    A number of another conversation is not followed: it gives no right, and the words would leave those they belong to.
    """
    here = await cases_here(desk)
    numbers = [one.value for one in said.entities_of("case_number")]
    named = next((case for number in numbers for case in here if case.number == number), None)
    found = named or next((case for case in here if case.id == desk.about), None)
    return await _goes_on(found, here, desk) if found is not None else None


async def case_answered(desk: Desk) -> Case | None:
    """The case that words are about which point at none: one to be confirmed, else one that is open, the newest first.

    One that has ended only where they answer something: whoever begins anew has something else to say.
    """
    owed = await awaiting_confirmation(desk) or await open_case_here(desk)
    if owed is not None or not desk.details.get("answers"):
        return owed
    ended = await ended_last(desk)
    return await _goes_on(ended, await cases_here(desk), desk) if ended is not None else None


async def hear_after_the_end(case: Case, said: Understanding, desk: Desk) -> list[Line]:
    """A short yes or thanks is an end; all else reopens it for whoever had it, or begins a case that follows it."""
    if case.status is Status.RESOLVED and _crossed(case, desk):
        case.note(desk.said, by=desk.customer, at=desk.at)
        return [Line("resolved.ask_again", {"number": case.number})]
    if _content(said) and len(said.text.split()) <= CLOSING_WORDS_MAX:
        return await _agreed(case, desk)
    (now,) = await hear_customer(
        desk.work, desk.conversation.id, text=desk.said, key=desk.key, at=desk.at, by=desk.customer, about=case
    )
    desk.about = now.id
    if now.follows is not None and now.follows == case.id:
        return [Line("resolved.followed", {"before": case.number, "number": now.number, "next_update": now.due_at})]
    return [Line("resolved.reopened", {"number": now.number})]


async def hear_reaction(case: Case | None, sign: str, desk: Desk) -> list[Line]:
    """A sign without words: it can agree that a case is solved, and is else nothing to answer."""
    if case is None:
        return []
    if sign.translate(SHADES) in AGREEING_SIGNS and _knew_it_resolved(case, desk):
        return await _agreed(case, desk)
    case.note(desk.words["notice.reacted"].format(text=sign), by=desk.customer, at=desk.at)
    return []


def hear_nothing(case: Case, desk: Desk) -> list[Line]:
    """A mail without words or files changes nothing: it is noted, and asked about where no person has the word."""
    case.note(desk.words["mail.note_no_words"], by=BOT, at=desk.at)
    return [] if desk.conversation.mode is Mode.AGENT else [Line("mail.ask_words")]


def _content(said: Understanding) -> bool:
    """All of it agrees; or its first paragraph does, and the others, as a company's address, say nothing to us."""
    if said.question:
        return False
    if agrees(said) or said.intent is Intent.CLOSE_CASE:
        return True
    first, _, others = said.text.strip().partition("\n\n")
    agreed = "?" not in first and phrases_of_a_solution().intent(first) in (Intent.AFFIRM, Intent.THANK)
    understood = said.intent not in (Intent.AFFIRM, Intent.THANK, Intent.SOMETHING_ELSE)
    says_more = "?" in others or troubled(others) or SAID_TO_US.search(others) is not None
    return agreed and not understood and not says_more


def _knew_it_resolved(case: Case, desk: Desk) -> bool:
    """Whether the mail that a sign is under told of the resolution, or came after it: an older one asked for no yes."""
    under = desk.details.get("answered_at")
    if case.status is not Status.RESOLVED or case.resolved_at is None or under is None or _crossed(case, desk):
        return False
    return datetime.fromisoformat(under) >= case.resolved_at


def _crossed(case: Case, desk: Desk) -> bool:
    """Whether the mail was on its way while the case became what it is: it is no answer to that."""
    return desk.received_at < case.updated_at


async def _agreed(case: Case, desk: Desk) -> list[Line]:
    """Who has said so before is not told again."""
    if case.status is Status.RESOLVED:
        await close(desk.work, case.number, by=desk.customer, at=desk.at)
        return [Line("resolved.closed", {"number": case.number})]
    case.note(desk.said, by=desk.customer, at=desk.at)
    told = await closed_by_customer(desk.work, case.id)
    return [] if told else [Line("resolved.closed", {"number": case.number})]


async def _goes_on(case: Case, here: Sequence[Case], desk: Desk) -> Case:
    """The case, or where it goes on: what it was merged into, what follows it after its end."""
    now = await goes_on_as(desk.work, case)
    later = next((one for one in here if one.follows == now.id), None)
    return now if now.is_live or later is None else await _goes_on(later, here, desk)
