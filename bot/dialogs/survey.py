"""How was it? Two short questions after a case is closed, which never get in the way of anything else."""

from uuid import UUID

from bot.dialogs.desk import BOT, Desk
from bot.dialogs.steps import Ask, Done, Goto, Line, Next, Slots, dialog
from bot.understanding import Understanding
from caseengine.model.case import Case
from caseengine.model.errors import SurveyAnswered, SurveyExpired, SurveyNotFound
from caseengine.operations.surveying import add_effort, answer_survey, ask_survey, survey_rules

CSAT = ("choice.csat_5", "choice.csat_4", "choice.csat_3", "choice.csat_2", "choice.csat_1")
EFFORT = ("choice.effort_1", "choice.effort_2", "choice.effort_3", "choice.effort_4", "choice.effort_5")
OVER = (SurveyAnswered, SurveyExpired, SurveyNotFound)


async def closed_then_asked(case: Case, desk: Desk) -> Next:
    """The case is closed; where the company wants to know how it was, that is asked next."""
    closed = Line("resolved.closed", {"number": case.number})
    survey = await ask_survey(
        desk.work, case, channel=desk.conversation.channel, secret=desk.secret, by=BOT, at=desk.at
    )
    if survey is None:
        return Done(closed.key, closed.params)
    return Goto("survey", {"survey": str(survey)}, closed)


async def ask_csat(said: Understanding, slots: Slots, desk: Desk) -> Next:
    own = (await survey_rules(desk.work)).questions.get("csat")
    return _ask(own or "@survey.csat_words", "take_csat", CSAT)


async def take_csat(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """A number is the answer; anything else is a new matter, and nobody asks again."""
    score = _score(said, desk, CSAT)
    if score is None:
        return Goto("dispatch", {"again": True})
    try:
        await answer_survey(desk.work, UUID(slots["survey"]), csat=score, at=desk.at)
    except OVER:
        return Done("survey.over")
    own = (await survey_rules(desk.work)).questions.get("effort")
    return _ask(own or "@survey.effort_words", "take_effort", EFFORT)


async def take_effort(said: Understanding, slots: Slots, desk: Desk) -> Next:
    score = _score(said, desk, EFFORT)
    if score is None:
        return Goto("dispatch", {"again": True})
    try:
        await add_effort(desk.work, UUID(slots["survey"]), effort=score, at=desk.at)
    except OVER:
        return Done("survey.over")
    return Done("survey.thanks")


def _ask(question: str, step: str, choices: tuple[str, ...]) -> Ask:
    return Ask("survey.ask", step, {"question": question}, choices, expecting="choice", counted=False)


def _score(said: Understanding, desk: Desk, choices: tuple[str, ...]) -> int | None:
    """The number of the button that was pressed, or a number that was typed and nothing else."""
    if desk.pressed in choices:
        return int(desk.pressed[-1])
    typed = desk.said.strip()
    return int(typed) if typed in ("1", "2", "3", "4", "5") else None


SURVEY = dialog("survey", 1, ask_csat, take_csat, take_effort)
