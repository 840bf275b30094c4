"""Another language than the model knows: say so, and keep the words for a colleague rather than guess at them."""

from bot.dialogs.desk import Desk
from bot.dialogs.steps import Ask, Done, Goto, Next, Slots, dialog
from bot.understanding import Intent, Understanding


async def start(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """The words become a case if the customer likes."""
    slots["told"] = desk.said
    return Ask("foreign.offer", "take_wish", choices=("choice.open_case", "choice.person"), expecting="yes_no")


async def take_wish(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Yes takes the first words; more words of that language are added to them."""
    if said.intent == Intent.AFFIRM or said.wants.case:
        return Goto("report_problem", {"description": slots["told"], "heard": True})
    if said.intent == Intent.DENY:
        return Done("answer.no_case")
    if said.language == "en":
        return Goto("dispatch", {"again": True})
    slots["told"] += f"\n{desk.said}"
    return Ask("foreign.offer", "take_wish", choices=("choice.open_case", "choice.person"), expecting="yes_no")


FOREIGN = dialog("foreign", 1, start, take_wish)
