"""A customer is asked how it was, once, and answers once."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.errors import RulebookInvalid, ScoreInvalid, SurveyAnswered, SurveyExpired, SurveyNotFound
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.model.survey import SurveyRules, read_surveys
from caseengine.operations import reopen, resolve
from caseengine.operations.surveying import add_effort, answer_survey, ask_survey, survey_of, survey_token
from caseengine.reading.boards import Period, Whose, cases_behind, period_board
from caseengine.rulebooks import Rulebook, decide
from storage.transaction import UnitOfWork
from tests.caseengine.office import Office, when
from tests.caseengine.test_access import person

SECRET = b"a secret of thirty-two characters"
WEEK = Period(when("Mon 00:00"), when("Sun 00:00"))
SOLVED = Resolution(ResolutionCode.SOLVED, "A new drum")


async def ask(work: UnitOfWork, case: Case, at: Any, channel: str = "webchat") -> UUID | None:
    found = await Cases(work).by_id(case.id)
    return await ask_survey(work, found, channel=channel, secret=SECRET, by=SYSTEM, at=at)


async def rules(office: Office, **document: Any) -> None:
    await office.do(decide, Rulebook.SURVEYS, document, by=SYSTEM, at=when("Mon 08:00"))


async def resolved(office: Office, at: str = "Mon 11:00", **opening: Any) -> Case:
    case = await office.report(**opening)
    return await office.do(resolve, case.number, SOLVED, by=Office.mo.actor, at=when(at))


async def asked(office: Office) -> tuple[Case, UUID]:
    await rules(office, on=True)
    case = await resolved(office)
    survey = await office.do(ask, case, when("Mon 12:00"))
    assert survey is not None
    return case, survey


async def test_nobody_is_asked_until_the_company_says_so(office: Office) -> None:
    assert await office.do(ask, await resolved(office), when("Mon 12:00")) is None
    await rules(office, on=True, channels=["email"], departments=["deliveries"])
    assert await office.do(ask, await resolved(office), when("Mon 12:00"), "email") is None
    assert await office.do(ask, await resolved(office, department="deliveries"), when("Mon 12:00")) is None


async def test_the_answer_is_on_the_case_and_in_the_boards(office: Office) -> None:
    case, survey = await asked(office)
    await office.do(answer_survey, survey, csat=4, effort=2, comment="Quick", at=when("Mon 13:00"))
    rated = await office.case(case)
    assert (rated.csat, rated.effort) == (4, 2)
    await office.rows_equal_fold(case)
    found = (await office.see(period_board, Whose(), WEEK)).satisfaction
    assert (found.asked.value, found.response_rate, found.csat, found.effort) == (1, 1.0, 4.0, 2.0)
    assert found.rated[4].value == 1


async def test_satisfaction_is_told_by_the_channel_of_the_case_wherever_it_was_asked(office: Office) -> None:
    await rules(office, on=True)
    chat = await office.chat()
    for conversation, channel, csat, effort in (
        (chat, "webchat", 5, 1), (chat, "email", 2, None), (None, "email", 1, 5), (None, "email", None, None),
    ):  # fmt: skip
        case = await resolved(office, conversation=conversation)
        survey = await office.do(ask, case, when("Mon 12:00"), channel)
        assert survey is not None
        if csat is not None:
            await office.do(answer_survey, survey, csat=csat, effort=effort, at=when("Mon 13:00"))
    found = (await office.see(period_board, Whose(), WEEK)).satisfaction
    told = [
        (one.channel, one.asked.value, one.responded.value, one.rated.value, one.csat, one.eased.value, one.effort)
        for one in found.channels
    ]
    assert told == [("none", 2, 1, 1, 1.0, 1, 5.0), ("webchat", 2, 2, 2, 3.5, 1, 1.0)]
    for one in found.channels:
        for number in (one.asked, one.responded, one.rated, one.eased):
            assert len(await office.see(cases_behind, number.drill)) == number.value


async def test_a_second_answer_is_refused(office: Office) -> None:
    case, survey = await asked(office)
    await office.do(answer_survey, survey, csat=4, at=when("Mon 13:00"))
    with pytest.raises(SurveyAnswered):
        await office.do(answer_survey, survey, csat=1, at=when("Mon 14:00"))
    assert (await office.case(case)).csat == 4


async def test_the_second_question_is_answered_once_and_after_the_first(office: Office) -> None:
    _, survey = await asked(office)
    with pytest.raises(SurveyNotFound):
        await office.do(add_effort, survey, effort=3, at=when("Mon 13:00"))
    await office.do(answer_survey, survey, csat=4, at=when("Mon 13:00"))
    await office.do(add_effort, survey, effort=3, at=when("Mon 13:01"))
    with pytest.raises(SurveyAnswered):
        await office.do(add_effort, survey, effort=1, at=when("Mon 13:02"))
    found = (await office.see(period_board, Whose(), WEEK)).satisfaction
    assert (found.csat, found.effort) == (4.0, 3.0)


async def test_an_answer_comes_in_time_or_not_at_all(office: Office) -> None:
    _, survey = await asked(office)
    with pytest.raises(SurveyExpired):
        await office.do(answer_survey, survey, csat=4, at=when("Mon 12:00") + timedelta(days=14, seconds=1))
    with pytest.raises(SurveyNotFound):
        await office.do(answer_survey, uuid4(), csat=4, at=when("Mon 13:00"))


@pytest.mark.parametrize("score", [0, 6, -1])
async def test_a_score_is_one_to_five(office: Office, score: int) -> None:
    _, survey = await asked(office)
    with pytest.raises(ScoreInvalid):
        await office.do(answer_survey, survey, csat=score, at=when("Mon 13:00"))


async def test_each_resolution_is_asked_about_once(office: Office) -> None:
    case, _ = await asked(office)
    assert await office.do(ask, case, when("Mon 12:30")) is None
    await office.do(reopen, case.number, reason="Again", by=Office.li.actor, at=when("Tue 09:00"))
    await office.do(resolve, case.number, SOLVED, by=Office.li.actor, at=when("Tue 10:00"))
    assert await office.do(ask, case, when("Tue 10:01")) is not None


async def test_a_contact_is_left_in_peace_for_a_while(office: Office) -> None:
    await rules(office, on=True, not_again_days=2)
    ana = await person(office.database)
    first, second = await resolved(office, contact_id=ana), await resolved(office, contact_id=ana)
    assert await office.do(ask, first, when("Mon 12:00")) is not None
    assert await office.do(ask, second, when("Tue 12:00")) is None
    assert await office.do(ask, second, when("Wed 12:01")) is not None


async def test_a_link_opens_its_own_survey_and_no_other(office: Office) -> None:
    _, survey = await asked(office)
    token = survey_token(SECRET, survey)
    assert len(token) >= 43
    assert (await office.see(survey_of, token)).id == survey
    for wrong in (token[:-1], f"{token}=", "", "x" * 43, survey_token(b"another desk", survey), str(survey)):
        with pytest.raises(SurveyNotFound):
            await office.see(survey_of, wrong)


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"on": "yes"}, "on"),
        ({"onn": True}, "onn"),
        ({"channels": "webchat"}, "channels"),
        ({"not_again_days": -1}, "not_again_days"),
        ({"valid_days": 0}, "valid_days"),
        ({"valid_days": True}, "valid_days"),
        ({"questions": {"nps": "?"}}, "questions.nps"),
        ({"questions": {"csat": " "}}, "questions.csat"),
        ({"questions": []}, "questions"),
    ],
)
def test_rules_that_make_no_sense_are_refused(document: dict[str, Any], where: str) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        read_surveys(document)
    assert refused.value.where == where


def test_nothing_decided_asks_nobody() -> None:
    assert read_surveys({}) == SurveyRules()
    assert not SurveyRules().asks(channel="webchat", department="tills")
