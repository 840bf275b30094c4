"""Thanks in the middle of a form: a word back, and the form goes on."""

from bot.dialogs.desk import Desk
from bot.dialogs.steps import Done, Next, Slots, dialog
from bot.understanding import Understanding


async def welcome(said: Understanding, slots: Slots, desk: Desk) -> Next:
    return Done("thanks.welcome")


THANKS = dialog("thanks", 1, welcome)
