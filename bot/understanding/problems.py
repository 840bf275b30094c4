"""Two problems in one message become two texts; one problem told in two sentences stays one.

The rule: the message is cut where a list item, a joining phrase ("also", "another problem"), a sentence end or "and"
stands. Two neighbours part only when each, by itself, names a thing and says what is wrong with it, and the second does
not lean on the first ("it", "because"). After a plain "and" or full stop they must besides be about different topics
that are not one story (a warm freezer and melted ice cream are). What does not part is glued to its neighbour again.

Source: docs/decisions/0010-understanding.md
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import yaml

from bot.understanding.phrases import data_text

PROBLEM_TEXT_MAX = 2_000  # characters that are searched for several problems
WORDS_MIN = 3

ITEM = re.compile(r"(?:^|(?<=[\s.;,:]))(?:\(?[1-9][.)]|[1-9]:|[-*\u2022](?=[ ]))[ ]{0,3}(?=\S)")
SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_AND = re.compile(r",?[ ]\band[ ]|,[ ]", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
_LEADING = re.compile(r"^[\s,;:.\-]*(?:(?:and|also|then|but)\b[\s,:]*)*", re.IGNORECASE)
_TRAILING = re.compile(r"[\s,;:\-]{1,20}\Z")


class _Joint(IntEnum):
    """How sure a joint is that a new problem begins."""

    WEAK = 1
    STRONG = 2
    ITEM = 3


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    joint: _Joint
    """Before the part."""


@dataclass(frozen=True, slots=True)
class ProblemWords:
    """data/problems.en.yaml, indexed."""

    topic_of: Mapping[str, str]
    things: re.Pattern[str]
    same_story: frozenset[frozenset[str]]
    trouble: re.Pattern[str]
    negation: frozenset[str]
    verbs: frozenset[str]
    strong: re.Pattern[str]
    continues: frozenset[str]
    causes: re.Pattern[str]


def problems(text: str) -> tuple[str, ...]:
    """The texts of the problems of a message, in its order; empty when it reports none that can be told."""
    words = problem_words()
    head = text[:PROBLEM_TEXT_MAX]
    parts = _glued(_parts(head, words), words)
    if len(parts) > 1:
        parts[-1] += text[PROBLEM_TEXT_MAX:]
        return tuple(_clean(part, words) for part in parts)
    return (text.strip(),) if reports_trouble(head) else ()


def reports_trouble(text: str) -> bool:
    """Whether the words name a thing and say that something is wrong with it."""
    return bool(problem_words().things.search(text)) and troubled(text)


def troubled(text: str) -> bool:
    """Whether the words say that something is wrong."""
    return _troubled(text, problem_words())


@lru_cache(maxsize=1)
def problem_words() -> ProblemWords:
    """The words that ship with the desk."""
    document = yaml.safe_load(data_text("problems.en.yaml"))
    topic_of = {thing: topic for topic, things in document["topics"].items() for thing in things}
    return ProblemWords(
        topic_of=topic_of,
        things=any_of(topic_of),
        same_story=frozenset(frozenset(pair) for pair in document["same_story"]),
        trouble=any_of(document["trouble"]),
        negation=frozenset(document["negation"]),
        verbs=frozenset(document["verbs"]),
        strong=any_of(document["strong"]),
        continues=frozenset(document["continues"]),
        causes=any_of(document["causes"]),
    )


def any_of(phrases: Sequence[str] | Mapping[str, str]) -> re.Pattern[str]:
    """A pattern that finds any of some fixed phrases as whole words, the longest first."""
    by_first: dict[str, list[str]] = {}
    for phrase in sorted(phrases, key=len, reverse=True):
        by_first.setdefault(phrase[:2], []).append(re.escape(phrase[2:]))
    # Grouped by how they begin, so that most places in a text fail after two letters.
    groups = "|".join(rf"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in by_first.items())
    firsts = re.escape("".join(sorted({phrase[0] for phrase in phrases})))
    seconds = re.escape("".join(sorted({phrase[1] for phrase in phrases})))
    return re.compile(rf"\b(?<!')(?=[{firsts}][{seconds}])(?:{groups})(?![\w'])", re.IGNORECASE)


def _parts(text: str, words: ProblemWords) -> list[_Part]:
    items = _cut(text, [match.span() for match in ITEM.finditer(text)])
    if len(items) > 2 or (len(items) == 2 and not items[0].strip()):
        return [_Part(item, _Joint.ITEM) for item in items if item.strip()]
    found: list[_Part] = []
    for sentence in SENTENCE.split(text):
        found += _clauses(sentence, words)
    return found


def _clauses(sentence: str, words: ProblemWords) -> list[_Part]:
    """The sentence cut at its joining phrases and at "and"; the joint before the first is its full stop."""
    joints = [(match.start(), _Joint.STRONG) for match in words.strong.finditer(sentence)]
    joints += [(match.start(), _Joint.WEAK) for match in _AND.finditer(sentence)]
    parts: list[_Part] = []
    start, joint = 0, _Joint.WEAK
    for place, kind in sorted(joints):
        if _only_joins(sentence[start:place], words):
            joint = max(joint, kind)  # ", and also" is one joint
            continue
        parts.append(_Part(sentence[start:place], joint))
        start, joint = place, kind
    return [*parts, _Part(sentence[start:], joint)] if sentence[start:].strip() else parts


def _only_joins(between: str, words: ProblemWords) -> bool:
    return not _LEADING.sub("", words.strong.sub(" ", between)).strip(" ,;.-:")


def _cut(text: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    return [text[edges[i] : edges[i + 1]] for i in range(0, len(edges), 2)]


def _glued(parts: Sequence[_Part], words: ProblemWords) -> list[str]:
    """The parts put together again wherever they do not each stand alone."""
    if not parts:
        return []
    whole = [parts[0].text]
    joint = _Joint.WEAK
    for part in parts[1:]:
        joint = part.joint
        if _separate(whole[-1], part.text, joint, words):
            whole.append(part.text)
        else:
            whole[-1] += _glue(part) + part.text
    return whole


def _separate(first: str, second: str, joint: _Joint, words: ProblemWords) -> bool:
    if not (_stands_alone(first, words) and _stands_alone(second, words)):
        return False
    if joint is _Joint.ITEM:
        return True
    if _leans(second, words):
        return False
    mine, yours = _topics(first, words), _topics(second, words)
    if joint is _Joint.STRONG:
        return _things(second, words) - _things(first, words) != set() or bool(_numbers(second) - _numbers(first))
    return not mine & yours and not any(frozenset((a, b)) in words.same_story for a in mine for b in yours)


def _stands_alone(part: str, words: ProblemWords) -> bool:
    said = _said(part)
    return (
        len(said) >= WORDS_MIN
        and bool(_topics(part, words))
        and _troubled(part, words)
        and bool(words.verbs & set(said))
    )


def _troubled(part: str, words: ProblemWords) -> bool:
    return bool(words.trouble.search(part)) or bool(words.negation & set(_said(part)))


def _leans(part: str, words: ProblemWords) -> bool:
    body = words.strong.sub(" ", _LEADING.sub("", part))
    said = _said(_LEADING.sub("", body))
    return bool(said and said[0] in words.continues and not _own_subject(said)) or bool(words.causes.search(part))


def _own_subject(said: Sequence[str]) -> bool:
    """ "I was charged twice", "we got the wrong crisps": the speaker may begin a problem of its own."""
    return (
        said[0] in ("i", "we", "i've", "we've")
        and len(said) > 1
        and said[1]
        in (
            "was",
            "were",
            "got",
            "received",
            "have",
            "am",
            "are",
            "cannot",
            "can't",
            "cant",
            "lost",
            "never",
            "did",
            "didn't",
            "had",
        )
    )


def _things(part: str, words: ProblemWords) -> set[str]:
    """The things a part names; of neighbours ("freezer delivery") the last, which is what it is about."""
    found = list(words.things.finditer(part))
    return {
        match[0].casefold()
        for place, match in enumerate(found)
        if place + 1 == len(found) or found[place + 1].start() - match.end() > 1
    }


def _topics(part: str, words: ProblemWords) -> set[str]:
    return {words.topic_of[thing] for thing in _things(part, words)}


def _numbers(part: str) -> set[str]:
    return {word for word in _said(part) if word.isdecimal()}


def _said(part: str) -> list[str]:
    return [word.casefold().replace("\u2019", "'") for word in _WORD.findall(part)]


def _glue(part: _Part) -> str:
    return "" if part.text[:1] in " ," else " "


def _clean(part: str, words: ProblemWords) -> str:
    body = _LEADING.sub("", part)
    if match := words.strong.match(body):
        body = _LEADING.sub("", body[match.end() :])
    return _TRAILING.sub("", body).strip()
