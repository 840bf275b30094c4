"""Call scripts: questions an agent asks in order, each answer deciding which comes next.

Document: {"scripts": {"till_down": {"title": {"en": "..."}, "start": "which", "steps": {"which": {
"ask": {"en": "...", "de": "..."}, "kind": "choice", "choices": [{"value": "till", "label": {"en": "..."}}],
"field": "device", "next": {"till": "number", "otherwise": "rest"}}}}}}. `next` is a step, a mapping from answers
(yes and no for yes_no) to steps, or left out at the end.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from caseengine.model.case_errors import ScriptAnswerInvalid
from caseengine.model.errors import RulebookInvalid

SCRIPTS_MAX, STEPS_MAX, CHOICES_MAX = 100, 50, 30
TEXT_MAX = 1_000
ANSWER_MAX = 4_000
INTEGER_MAX = 2**53
"""The largest that is the same number in every reader of JSON."""
OTHERWISE = "otherwise"
NAME = re.compile(r"^[a-z0-9][a-z0-9_-]{0,39}$")
LANGUAGE = re.compile(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
Words = Mapping[str, str]
"""Text by language; never empty."""


class Kind(StrEnum):
    """What a step wants to hear."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes_no"


@dataclass(frozen=True, slots=True)
class Step:
    """One question. `next_by`: the step after each answer; `field`: the case field that is filled with the answer."""

    id: str
    ask: Words
    kind: Kind
    choices: Mapping[str, Words]
    field: str | None
    next_by: Mapping[str, str]

    def after(self, answer: Any) -> str | None:
        """The step that comes after this answer; None at the end."""
        key = {True: "yes", False: "no"}[answer] if isinstance(answer, bool) else str(answer)
        return self.next_by.get(key, self.next_by.get(OTHERWISE))


@dataclass(frozen=True, slots=True)
class Script:
    id: str
    title: Words
    start: str
    steps: Mapping[str, Step]


def in_language(words: Words, language: str) -> str:
    """In this language, its main language, English, or whatever there is."""
    tries = (language, language.partition("-")[0], "en")
    return next((words[one] for one in tries if one in words), next(iter(words.values())))


def path(script: Script, answers: Mapping[str, Any]) -> tuple[list[str], Step | None]:
    """The steps that were answered on the way from the start, and the one that is asked now; None when done."""
    walked: list[str] = []
    step = script.steps.get(script.start)
    while step is not None and step.id in answers:
        walked.append(step.id)
        following = step.after(answers[step.id])
        step = script.steps[following] if following else None
    return walked, step


def next_step(script: Script, answers: Mapping[str, Any]) -> Step | None:
    """What is asked now, given the answers by step; None when the script is done."""
    return path(script, answers)[1]


def read_answer(step: Step, given: Any) -> Any:
    """The answer as it is kept: text, the value of a choice, a number, a date as 2026-03-02, True or False.

    Raises:
        ScriptAnswerInvalid: it is none.
    """
    sound = {
        Kind.TEXT: lambda: isinstance(given, str) and len(given.strip()) > 0 and len(given) <= ANSWER_MAX,
        Kind.CHOICE: lambda: isinstance(given, str) and given in step.choices,
        Kind.NUMBER: lambda: _is_number(given),
        Kind.DATE: lambda: isinstance(given, str) and _is_date(given),
        Kind.YES_NO: lambda: isinstance(given, bool),
    }
    if not sound[step.kind]():
        raise ScriptAnswerInvalid(step.id, str(step.kind))
    return given


def read_scripts(document: Mapping[str, Any]) -> Mapping[str, Script]:
    """All scripts, by id.

    Raises:
        RulebookInvalid: a step nobody comes to, a way in a circle, a step or kind there is not, words in no language.
    """
    if set(document) - {"scripts"}:
        raise RulebookInvalid("scripts", "unknown")
    scripts = _mapping(document.get("scripts", {}), "scripts", SCRIPTS_MAX)
    return {name: _script(f"scripts.{name}", name, one) for name, one in scripts.items()}


def read_words(value: Any, where: str) -> Words:
    """Text by language.

    Raises:
        RulebookInvalid: it is none.
    """
    sound = isinstance(value, Mapping) and value
    if not sound or not all(isinstance(name, str) and LANGUAGE.match(name) for name in value):
        raise RulebookInvalid(where, "language")
    if not all(isinstance(text, str) and 0 < len(text.strip()) <= TEXT_MAX for text in value.values()):
        raise RulebookInvalid(where, "text")
    return dict(value)


def _script(where: str, name: str, document: Any) -> Script:
    _only(document, {"title", "start", "steps"}, where)
    steps = {
        step: _step(f"{where}.steps.{step}", step, one)
        for step, one in _mapping(document.get("steps"), f"{where}.steps", STEPS_MAX).items()
    }
    script = Script(name, read_words(document.get("title"), f"{where}.title"), document.get("start"), steps)
    if not isinstance(script.start, str) or script.start not in steps:
        raise RulebookInvalid(f"{where}.start", "unknown_step")
    reached = _reached(script, script.start, (), where, set())
    if missed := sorted(set(steps) - reached):
        raise RulebookInvalid(f"{where}.steps.{missed[0]}", "unreachable")
    return script


def _reached(script: Script, step: str, above: tuple[str, ...], where: str, done: set[str]) -> set[str]:
    """Every step from here on; a step is looked at once."""
    if step in above:
        raise RulebookInvalid(f"{where}.steps.{step}", "loop")
    if step in done:
        return done
    for following in sorted(set(script.steps[step].next_by.values())):
        if following not in script.steps:
            raise RulebookInvalid(f"{where}.steps.{step}.next", "unknown_step")
        _reached(script, following, (*above, step), where, done)
    done.add(step)
    return done


def _step(where: str, name: str, document: Any) -> Step:
    _only(document, {"ask", "kind", "choices", "field", "next"}, where)
    try:
        kind = Kind(document.get("kind"))
    except ValueError:
        raise RulebookInvalid(f"{where}.kind", "unknown") from None
    choices = _choices(where, document.get("choices", []), wanted=kind is Kind.CHOICE)
    field = document.get("field")
    if field is not None and not (isinstance(field, str) and NAME.match(field)):
        raise RulebookInvalid(f"{where}.field", "name")
    return Step(
        name, read_words(document.get("ask"), f"{where}.ask"), kind, choices, field, _next(where, document, kind)
    )


def _choices(where: str, choices: Any, *, wanted: bool) -> Mapping[str, Words]:
    if not isinstance(choices, list) or len(choices) > CHOICES_MAX or bool(choices) is not wanted:
        raise RulebookInvalid(f"{where}.choices", "list")
    read: dict[str, Words] = {}
    for place, choice in enumerate(choices):
        here = f"{where}.choices[{place}]"
        _only(choice, {"value", "label"}, here)
        value = choice.get("value")
        if not isinstance(value, str) or not NAME.match(value) or value in read or value == OTHERWISE:
            raise RulebookInvalid(f"{here}.value", "name")
        read[value] = read_words(choice.get("label"), f"{here}.label")
    return read


def _next(where: str, document: Mapping[str, Any], kind: Kind) -> Mapping[str, str]:
    following = document.get("next")
    if following is None:
        return {}
    if isinstance(following, str):
        return {OTHERWISE: following}
    told = {choice["value"] for choice in document.get("choices", [])} if kind is Kind.CHOICE else {"yes", "no"}
    if kind not in (Kind.CHOICE, Kind.YES_NO) or not isinstance(following, Mapping):
        raise RulebookInvalid(f"{where}.next", "step")
    if not set(following) <= {*told, OTHERWISE} or not all(isinstance(one, str) for one in following.values()):
        raise RulebookInvalid(f"{where}.next", "answer")
    return dict(following)


def _mapping(value: Any, where: str, most: int) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or len(value) > most:
        raise RulebookInvalid(where, "mapping")
    for name in value:
        if not isinstance(name, str) or not NAME.match(name):
            raise RulebookInvalid(f"{where}.{name}", "name")
    return value


def _only(document: Any, known: set[str], where: str) -> None:
    if not isinstance(document, Mapping) or not set(document) <= known:
        raise RulebookInvalid(where, "entry")


def _is_number(given: Any) -> bool:
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        return False
    return math.isfinite(given) if isinstance(given, float) else abs(given) <= INTEGER_MAX


def _is_date(given: str) -> bool:
    try:
        return date.fromisoformat(given).isoformat() == given
    except ValueError:
        return False
