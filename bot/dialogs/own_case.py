"""Which of the customer's cases is meant: the one that was named, or the only open one, or a question."""

from bot.activity import Choice
from bot.dialogs.desk import Desk
from bot.dialogs.steps import Ask, Call, Next, Slots
from bot.understanding import Understanding
from caseengine.model.case import Case
from caseengine.model.errors import CaseNotFound
from caseengine.model.lifecycle import Status
from caseengine.operations.access import case_for
from caseengine.operations.keeping import goes_on_as
from caseengine.operations.opening import Opening
from caseengine.reading.alike import compare, gather_told
from caseengine.reading.cases import CaseRow, cases_of
from customers.assurance import Level

ENDED = (Status.CLOSED, Status.MERGED)
TO_REOPEN = (Status.RESOLVED, Status.CLOSED)
OFFERED_MAX = 4
CHOICE_MAX = 60
"""Characters of a button."""


async def choose_case(said: Understanding, slots: Slots, desk: Desk, *, step: str, closed: bool = False) -> Case | Next:
    """The case, or the question that finds it; `step` hears the answer.

    Args:
        closed: one that has ended is meant, to be taken up again.
    """
    number = said.entity("case_number")
    if number is not None and (number.mistyped or not number.value):
        return Ask("status.mistyped", step, {"typed": number.said}, expecting="case_number")
    if number is not None:
        slots["number"] = number.value
    if not slots.get("number"):
        rows = [row for row in await cases_of(desk.work, desk.viewer) if fits(row, closed=closed)]
        if len(rows) == 1:
            slots["number"] = rows[0].number
        elif not rows and desk.assurance.level < Level.CHANNEL and not slots.get("asked"):
            slots["asked"] = True
            return Call("identify", step, {"fresh": True})
        else:
            offered = tuple(
                Choice(f"{row.number} {row.subject}"[:CHOICE_MAX], row.number) for row in rows[:OFFERED_MAX]
            )
            return Ask("own_case.which", step, choices=(*offered, "choice.never_mind"), expecting="case_number")
    try:
        named = await case_for(desk.work, slots["number"], desk.viewer)
        case = await case_for(desk.work, (await goes_on_as(desk.work, named)).number, desk.viewer)
    except CaseNotFound:
        missing = slots.pop("number")
        return Ask("own_case.not_shown", step, {"number": missing}, ("choice.prove",), expecting="case_number")
    slots["number"] = case.number
    return case


async def like_told(told: Opening, desk: Desk) -> Case | None:
    """The live case of theirs that looks most like what they tell, by its words; None where none does."""
    found = await compare(await gather_told(desk.work, told, desk.viewer))
    return await case_for(desk.work, found.duplicates[0].number, desk.viewer) if found.duplicates else None


def fits(row: CaseRow, *, closed: bool) -> bool:
    """Whether the case can be meant: one to take up again, or one that has not ended."""
    return row.status in TO_REOPEN if closed else row.status not in ENDED
