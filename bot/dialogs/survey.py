"""How was it? Two short questions after a case is closed, which never get in the way of anything else."""

from datetime import datetime
from typing import Any
from uuid import UUID

from bot.activity import plain
from bot.dialogs.desk import BOT, Desk
from bot.dialogs.state import Frame, load_state, save_state
from bot.dialogs.steps import Ask, Done, Goto, Line, Next, Slots, dialog
from bot.replies.catalogue import Catalogue
from bot.understanding import Understanding
from caseengine.activities import Activities
from caseengine.activities import said as said_by
from caseengine.model.case import Case
from caseengine.model.conversation import Conversation
from caseengine.model.errors import SurveyAnswered, SurveyExpired, SurveyNotFound
from caseengine.operations.surveying import add_effort, answer_survey, ask_survey, survey_rules
from storage.transaction import UnitOfWork

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


async def ask_unasked(
    catalogue: Catalogue, work: UnitOfWork, conversation: Conversation, case: Case, survey: UUID, *, at: datetime
) -> None:
    """The same where the customer said nothing: their next words there are the answer, or a new matter.

    Whatever the bot had asked there before is over: the case is closed.

    Raises (at commit):
        Conflict: they are saying something at this moment.
    """
    own = (await survey_rules(work)).questions.get("csat")
    ask = _ask(own or "@survey.csat_words", "take_csat", CSAT)
    state = await load_state(work, conversation.id)
    frame = Frame(SURVEY.name, SURVEY.version, SURVEY.first, {"survey": str(survey)})
    frame.wait(ask)
    state.frames = [frame]
    save_state(work, conversation.id, state, at=at)
    conversation.changed = True
    for place, line in enumerate((Line("resolved.closed", {"number": case.number}), ask.line)):
        reply = catalogue.reply(line, at=at)
        where: dict[str, Any] = {
            "conversation": conversation.id,
            "channel": conversation.channel,
            "key": f"survey:{survey}:{place}",
        }
        body = said_by({"text": reply.text, "choices": plain(reply.choices)}, **where, by=BOT)
        Activities(work).append(**where, body=body, at=at, deliver=True)


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
