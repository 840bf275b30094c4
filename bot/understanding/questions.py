"""Is it a question to look something up, or an answer, or a request to do something?

By form: it begins like a question, or ends with a question mark and has the words of one. A request that only looks
like one ("can you call me") is not; neither is the value a form has just asked for, however it is punctuated.
"""

import re
from collections.abc import Sequence

from bot.understanding.problems import reports_trouble
from bot.understanding.understanding import Entity, Intent

_START = (
    r"(?:^|[.!?;,:\n][ ]{0,2}(?=\w)|\b(?:and|but|so|ok|okay|hi|hello|hey|well|wait|first|also|actually|sorry|please"
    r"|by the way"
    r"|btw|question)\b[ ,:]{1,2})"
)
ASKS = re.compile(
    rf"{_START}(?:(?:what|when|where|why|who|whom|whose|which|how)(?:'s|\u2019s|s|'re)?\b"
    r"|(?:do|does|did|is|are|was|were|am|can|could|will|would|should|shall|may|has|have|must)(?:n't|n\u2019t)?[ ]"
    r"(?:i|you|we|they|he|she|it|this|that|these|those|there|the|a|an|my|your|our|any|anyone|anybody|someone|somebody|all|customers?|one)\b"
    r"|(?:tell me|explain|let me know)[ ](?:\w{1,12}[ ])?(?:what|when|where|why|who|which|how|if|whether|about)\b"
    r"|(?:i'd like to know|i would like to know|i want to know|i need to know|wondering|i wonder"
    r"|do you know|any idea)\b)",
    re.IGNORECASE,
)
REQUESTS = re.compile(
    r"\b(?:can|could|would|will|may|shall)[ ](?:you|i|we|someone|somebody|anyone|one of you)[ ]"
    r"(?:(?:please|just|maybe|possibly|also|kindly|perhaps)[ ]){0,2}"
    r"(?:call|ring|phone|open|close|reopen|add|attach|put|note|update|speak|talk|chat|connect"
    r"|transfer|pass|get me|give me|send (?:me|us|some)|come|fix|"
    r"cancel|start|go back|log|raise|create|check (?:my|the|on)|look (?:up|into|at)|help"
    r"|have a|ask (?:something|a question))\b",
    re.IGNORECASE,
)
_OPEN_ENDED = re.compile(
    rf"{_START}(?:how (?:do|can|long|much|many|often|should|far)|when (?:do|does|is|are|will|can)"
    r"|where|do you|what (?:is|are|time|does)|who)\b",
    re.IGNORECASE,
)
ANSWER_WORDS_MAX = 3  # words around the value that was asked for: "is it 204417?"
_WORD = re.compile(r"[^\W_]+")
_FREE_TEXT = frozenset({"text", "description", "subject", "symptom", "problem"})

_LOOKED_UP = frozenset(
    {Intent.ASK_QUESTION, Intent.SOMETHING_ELSE, Intent.REPORT_PROBLEM, Intent.COMPLAIN, Intent.ORDER_STATUS}
)


def is_question(text: str, *, intent: Intent, entities: Sequence[Entity], expecting: str | None) -> bool:
    """Whether the message asks for something to be looked up.

    Args:
        expecting: what a form has just asked for; an entity of that kind alone is its answer.
    """
    if intent not in _LOOKED_UP and not (expecting and intent is Intent.CHANGE_DETAILS):
        return False
    rest = _without(text, entities)
    if len(_WORD.findall(rest)) <= ANSWER_WORDS_MAX and any(entity.kind == expecting for entity in entities):
        return False
    if len(_WORD.findall(rest)) < 2 or (REQUESTS.search(rest) and not _OPEN_ENDED.search(rest)):
        return False
    if expecting in _FREE_TEXT and reports_trouble(text):
        return bool(_OPEN_ENDED.search(rest)) and rest.rstrip().endswith("?")
    return bool(ASKS.search(rest)) or (rest.rstrip().endswith("?") and intent is Intent.ASK_QUESTION)


def _without(text: str, entities: Sequence[Entity]) -> str:
    """The text without the numbers and addresses in it; names stay, they are part of what is asked."""
    rest = text
    for entity in sorted(entities, key=lambda found: -found.start):
        if entity.kind not in ("product", "store", "name"):
            rest = rest[: entity.start] + rest[entity.end :]
    return rest
