"""Which of the customer's cases is meant: the one that was named, or the only open one, or a question."""

from bot.dialogs.desk import Desk
from bot.dialogs.steps import Ask, Call, Next, Slots
from bot.understanding import Understanding
from caseengine.model.case import Case
from caseengine.model.errors import CaseNotFound
from caseengine.model.lifecycle import Status
from caseengine.operations.access import case_for
from caseengine.reading.cases import cases_of
from customers.assurance import Level

ENDED = (Status.CLOSED, Status.MERGED)


async def choose_case(said: Understanding, slots: Slots, desk: Desk, *, step: str) -> Case | Next:
    """The case, or the question that finds it; `step` hears the answer."""
    number = said.entity("case_number")
    if number is not None and (number.mistyped or not number.value):
        return Ask("status.mistyped", step, {"typed": number.said}, expecting="case_number")
    if number is not None:
        slots["number"] = number.value
    if not slots.get("number"):
        rows = [row for row in await cases_of(desk.work, desk.viewer) if row.status not in ENDED]
        if len(rows) == 1:
            slots["number"] = rows[0].number
        elif not rows and desk.assurance.level < Level.CHANNEL and not slots.get("asked"):
            slots["asked"] = True
            return Call("identify", step, {"fresh": True})
        else:
            return Ask("own_case.which", step, {"count": len(rows)}, expecting="case_number")
    try:
        return await case_for(desk.work, slots["number"], desk.viewer)
    except CaseNotFound:
        missing = slots.pop("number")
        return Ask("own_case.not_shown", step, {"number": missing}, ("choice.prove",), expecting="case_number")
