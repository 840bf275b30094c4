"""Every dialog by name."""

from collections.abc import Mapping

from bot.dialogs.add_to_case import ADD_TO_CASE
from bot.dialogs.answer import ANSWER, ASIDE
from bot.dialogs.callback import CALLBACK
from bot.dialogs.change_details import CHANGE_DETAILS
from bot.dialogs.close_reopen import CLOSE_CASE, CONFIRM_RESOLVED, REOPEN_CASE
from bot.dialogs.dispatch import DISPATCH
from bot.dialogs.foreign import FOREIGN
from bot.dialogs.identify import IDENTIFY
from bot.dialogs.report_problem import REPORT_PROBLEM
from bot.dialogs.small_talk import THANKS
from bot.dialogs.status import STATUS
from bot.dialogs.steps import Dialog
from bot.dialogs.survey import SURVEY

DIALOGS: Mapping[str, Dialog] = {
    found.name: found
    for found in (
        DISPATCH,
        ANSWER,
        ASIDE,
        REPORT_PROBLEM,
        IDENTIFY,
        STATUS,
        ADD_TO_CASE,
        CLOSE_CASE,
        REOPEN_CASE,
        CONFIRM_RESOLVED,
        CHANGE_DETAILS,
        CALLBACK,
        THANKS,
        SURVEY,
        FOREIGN,
    )
}
