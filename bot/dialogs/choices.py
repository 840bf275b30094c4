"""What pressing a button means: certain, whatever a model makes of its words."""

from collections.abc import Mapping
from dataclasses import replace

from bot.understanding import Intent, Understanding, Wants
from caseengine.model.number import CaseNumber, read_number

START_CHOICES = ("choice.report", "choice.status", "choice.question", "choice.person")
"""What is offered when nothing is in progress."""

MEANINGS: Mapping[str, tuple[Intent, Wants]] = {
    "choice.report": (Intent.REPORT_PROBLEM, Wants(case=True)),
    "choice.status": (Intent.CASE_STATUS, Wants()),
    "choice.all_my_cases": (Intent.CASE_STATUS, Wants()),
    "choice.question": (Intent.ASK_QUESTION, Wants()),
    "choice.person": (Intent.TALK_TO_PERSON, Wants(person=True)),
    "choice.start_over": (Intent.START_OVER, Wants(stop=True)),
    "choice.solved": (Intent.AFFIRM, Wants()),
    "choice.not_solved": (Intent.DENY, Wants()),
    "choice.none_of_these": (Intent.DENY, Wants()),
    "choice.open_case": (Intent.AFFIRM, Wants()),
    "choice.open": (Intent.AFFIRM, Wants()),
    "choice.change": (Intent.DENY, Wants()),
    "choice.as_it_is": (Intent.AFFIRM, Wants()),
    "choice.never_mind": (Intent.CANCEL, Wants(stop=True)),
    "choice.no": (Intent.DENY, Wants()),
    "choice.yes": (Intent.AFFIRM, Wants()),
    "choice.no_address": (Intent.DENY, Wants()),
    "choice.new_code": (Intent.SOMETHING_ELSE, Wants()),
    "choice.send_code": (Intent.AFFIRM, Wants()),
    "choice.add_to_case": (Intent.ADD_TO_CASE, Wants()),
    "choice.close_case": (Intent.CLOSE_CASE, Wants()),
    "choice.reopen_case": (Intent.REOPEN_CASE, Wants()),
    "choice.show_case": (Intent.CASE_STATUS, Wants()),
    "choice.more_cases": (Intent.CASE_STATUS, Wants()),
    "choice.stop_notices": (Intent.SOMETHING_ELSE, Wants()),
    "choice.notices_again": (Intent.SOMETHING_ELSE, Wants()),
    "choice.prove": (Intent.SOMETHING_ELSE, Wants()),
    "choice.any_time": (Intent.SOMETHING_ELSE, Wants()),
    "choice.first_time": (Intent.SOMETHING_ELSE, Wants()),
    "choice.second_time": (Intent.SOMETHING_ELSE, Wants()),
    "choice.third_time": (Intent.SOMETHING_ELSE, Wants()),
    "choice.csat_1": (Intent.SOMETHING_ELSE, Wants()),
    "choice.csat_2": (Intent.SOMETHING_ELSE, Wants()),
    "choice.csat_3": (Intent.SOMETHING_ELSE, Wants()),
    "choice.csat_4": (Intent.SOMETHING_ELSE, Wants()),
    "choice.csat_5": (Intent.SOMETHING_ELSE, Wants()),
    "choice.effort_1": (Intent.SOMETHING_ELSE, Wants()),
    "choice.effort_2": (Intent.SOMETHING_ELSE, Wants()),
    "choice.effort_3": (Intent.SOMETHING_ELSE, Wants()),
    "choice.effort_4": (Intent.SOMETHING_ELSE, Wants()),
    "choice.effort_5": (Intent.SOMETHING_ELSE, Wants()),
}


OF_A_CASE = ("choice.show_case", "choice.add_to_case", "choice.close_case", "choice.reopen_case", "choice.more_cases")
"""Buttons below a case, or behind the last one of a list: they say its number behind their words."""


def says_of_case(choice: str, number: str, words: Mapping[str, str]) -> str:
    """What a button below a case says for the customer."""
    return f"{words[choice]} {number}"


def pressed_choice(text: str, words: Mapping[str, str]) -> str:
    """The catalogue key of the button whose words these are, however they end; "" when it is none."""
    plain = _plain(text)
    found = next((key for key in MEANINGS if _plain(words[key]) == plain), "")
    return found or _of_a_case(plain, words)


def _plain(text: str) -> str:
    return text.strip().rstrip(".!").replace("\u2019", "'").casefold()


def _of_a_case(plain: str, words: Mapping[str, str]) -> str:
    before, _, number = plain.rpartition(" ")
    if not isinstance(read_number(number), CaseNumber):
        return ""
    return next((key for key in OF_A_CASE if _plain(words[key]) == before), "")


def as_pressed(said: Understanding, choice: str) -> Understanding:
    """The message with the button's own meaning; which case it is about stays."""
    if not choice:
        return said
    intent, wants = MEANINGS[choice]
    kept = tuple(one for one in said.entities if choice in OF_A_CASE and one.kind == "case_number")
    return replace(
        said, intent=intent, wants=wants, confidence=1.0, entities=kept, problems=(), question=False, department=None
    )
