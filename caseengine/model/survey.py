"""Whom to ask how it was: the rulebook of surveys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from caseengine.model.errors import RulebookInvalid

KNOWN = ("on", "channels", "departments", "not_again_days", "valid_days", "questions")
QUESTIONS = ("csat", "effort")
QUESTION_MAX = 300
DAYS_MAX = 3_650


@dataclass(frozen=True, slots=True)
class SurveyRules:
    """
    Attributes:
        on: nobody is asked where this is false, which is what holds before anything was decided.
        channels, departments: only these; None for all.
        not_again: nobody is asked twice within it.
        valid: how long an answer is taken.
        questions: the company's own words for "csat" and "effort"; what is left out is asked in ours.
    """

    on: bool = False
    channels: frozenset[str] | None = None
    departments: frozenset[str] | None = None
    not_again: timedelta = timedelta(days=30)
    valid: timedelta = timedelta(days=14)
    questions: Mapping[str, str] = field(default_factory=dict)

    def asks(self, *, channel: str, department: str) -> bool:
        here = self.channels is None or channel in self.channels
        return self.on and here and (self.departments is None or department in self.departments)


def read_surveys(document: Mapping[str, Any]) -> SurveyRules:
    """
    Raises:
        RulebookInvalid: an unknown name, or a value of another kind than it has to be.
    """
    for name in document:
        if name not in KNOWN:
            raise RulebookInvalid(str(name), "unknown_name")
    on = document.get("on", False)
    if not isinstance(on, bool):
        raise RulebookInvalid("on", "not_true_or_false")
    return SurveyRules(
        on=on,
        channels=_names(document, "channels"),
        departments=_names(document, "departments"),
        not_again=_days(document, "not_again_days", 30, least=0),
        valid=_days(document, "valid_days", 14, least=1),
        questions=_questions(document.get("questions", {})),
    )


def _names(document: Mapping[str, Any], name: str) -> frozenset[str] | None:
    given = document.get(name)
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(one, str) and one for one in given):
        raise RulebookInvalid(name, "not_a_list_of_names")
    return frozenset(given)


def _days(document: Mapping[str, Any], name: str, otherwise: int, *, least: int) -> timedelta:
    given = document.get(name, otherwise)
    if isinstance(given, bool) or not isinstance(given, int):
        raise RulebookInvalid(name, "not_a_number")
    if not least <= given <= DAYS_MAX:
        raise RulebookInvalid(name, "out_of_range")
    return timedelta(days=given)


def _questions(given: Any) -> Mapping[str, str]:
    if not isinstance(given, Mapping):
        raise RulebookInvalid("questions", "not_a_mapping")
    for name, text in given.items():
        if name not in QUESTIONS:
            raise RulebookInvalid(f"questions.{name}", "unknown_name")
        if not isinstance(text, str) or not text.strip() or len(text) > QUESTION_MAX:
            raise RulebookInvalid(f"questions.{name}", "not_a_question")
    return dict(given)
