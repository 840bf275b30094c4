"""What rules may do, and what each of them has to be told."""

from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any

from caseengine.model.case_errors import TagInvalid
from caseengine.model.errors import RulebookInvalid
from caseengine.model.rule import Action
from caseengine.model.tag import TAGS_MAX, read_tag

TEXT_CHARACTERS_MAX = 4_000
LISTED_MAX = 20
PLACEHOLDERS = frozenset({"number", "subject"})
"""What words may name in braces."""

Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= TEXT_CHARACTERS_MAX


def _is_short(value: Any) -> bool:
    return _is_text(value) and len(value) <= 254


def _is_priority(value: Any) -> bool:
    return type(value) is int and 1 <= value <= 4


def _is_level(value: Any) -> bool:
    return type(value) is int and 1 <= value <= 3


def _are_tags(value: Any) -> bool:
    listed = isinstance(value, list) and 0 < len(value) <= TAGS_MAX
    return listed and all(isinstance(tag, str) and _is_tag(tag) for tag in value)


def _is_tag(typed: str) -> bool:
    try:
        read_tag(typed)
    except TagInvalid:
        return False
    return True


def _are_values(value: Any) -> bool:
    named = isinstance(value, Mapping) and 0 < len(value) <= LISTED_MAX
    return named and all(
        _is_short(name) and (found is None or isinstance(found, (str, int, float, bool)))
        for name, found in value.items()
    )


def _are_words(value: Any) -> bool:
    """A text for each language, whose only names in braces are placeholders."""
    named = isinstance(value, Mapping) and 0 < len(value) <= LISTED_MAX
    return named and all(_is_short(language) and _is_template(text) for language, text in value.items())


def _is_template(value: Any) -> bool:
    if not _is_text(value):
        return False
    try:
        parts = list(Formatter().parse(value))
    except ValueError:
        return False
    return all(name is None or (name in PLACEHOLDERS and not how and not turned) for _, name, how, turned in parts)


def _are_skills(value: Any) -> bool:
    named = isinstance(value, Mapping) and len(value) <= LISTED_MAX
    return named and all(_is_short(skill) and _is_need(need) for skill, need in value.items())


def _is_need(value: Any) -> bool:
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    ((how, much),) = value.items()
    if how == "least":
        return type(much) is int and 1 <= much <= 5
    return how == "weight" and type(much) in (int, float) and 0 <= much <= 1


REASON: Mapping[str, Check] = {"reason": _is_text}
REQUIRED: Mapping[str, Mapping[str, Check]] = {
    "set_priority": {"priority": _is_priority},
    "assess": {"impact": _is_level, "urgency": _is_level},
    "move": {"department": _is_short},
    "assign": {"agent": _is_short},
    "tag": {"tags": _are_tags},
    "untag": {"tags": _are_tags},
    "fill": {"values": _are_values},
    "escalate": {},
    "close": {},
    "note": {"text": _is_template},
    "reply": {"words": _are_words},
    "notify": {"who": lambda value: value in ("agent", "supervisors"), "text": _is_template},
    "require": {"skills": _are_skills},
}
"""Each action with what it must be told."""
OPTIONAL: Mapping[str, Mapping[str, Check]] = {
    "set_priority": REASON,
    "assess": REASON,
    "move": REASON,
    "escalate": REASON,
    "require": {"language": lambda value: isinstance(value, str) and len(value) <= 35},
}


def read_action(document: Any, *, where: str) -> Action:
    """
    Raises:
        RulebookInvalid: no such action, or it is told too little, too much, or what it cannot mean.
    """
    name = document.get("do") if isinstance(document, Mapping) else None
    if not isinstance(name, str) or name not in REQUIRED:
        raise RulebookInvalid(f"{where}.do", "unknown_action")
    told = {key: value for key, value in document.items() if key != "do"}
    checks = {**REQUIRED[name], **OPTIONAL.get(name, {})}
    for key in [*REQUIRED[name], *told]:
        if key not in told:
            raise RulebookInvalid(f"{where}.{key}", "missing")
        if key not in checks:
            raise RulebookInvalid(f"{where}.{key}", "unknown_field")
        if not checks[key](told[key]):
            raise RulebookInvalid(f"{where}.{key}", "value")
    return Action(name, told)


def words_for(words: Mapping[str, str], language: str) -> str:
    """The words of a language, of its parent ("de-AT" is "de"), else English, else the first there are."""
    asked = (language.lower(), language.lower().partition("-")[0], "en")
    spoken = {name.lower(): text for name, text in words.items()}
    return next((spoken[name] for name in asked if name in spoken), next(iter(words.values())))
