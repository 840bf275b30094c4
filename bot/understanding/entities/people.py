"""What somebody calls themselves: "my name is Ana Silva", "this is Ana from the Harbour Street shop"."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from bot.understanding.understanding import Entity, EntityKind

_PART = r"[^\W\d_]{1,30}(?:['\u2019-][^\W\d_]{1,30}){0,2}"
_FULL = rf"{_PART}(?:[ ]{_PART}){{0,3}}"
NAMED = re.compile(
    r"\b(?:my[ ](?:full[ ])?name(?:[ ]is|'s|\u2019s|:)|name:|name[ ]is|i[ ]am[ ]called|call[ ]me|i'm[ ]called)"
    rf"[ ]({_FULL})",
    re.IGNORECASE,
)
INTRODUCED = re.compile(
    rf"\b(?:this[ ]is|it's|it[ ]is|it\u2019s|i'm|i[ ]am|i\u2019m|here[ ]is)[ ]"
    rf"({_FULL})[ ](?:from|at|of|with|here|calling|speaking|again)\b",
    re.IGNORECASE,
)
FROM = re.compile(
    rf"^(?:hi|hello|hey|good[ ]morning)?[ ,]{{0,2}}({_PART}(?:[ ]{_PART})?)[ ](?:from|at)[ ](?:the[ ])?[A-Z]"
)
ANSWER = re.compile(rf"^\W{{0,3}}(?:(?:it's|it[ ]is|i'm|i[ ]am|this[ ]is)[ ])?({_FULL})\W{{0,3}}$", re.IGNORECASE)
_END_WORDS = (
    "and from at with the a an of in on or but here calling again speaking i my we our is was who to for because so "
    "please not back tomorrow today later when if asap now urgently monday tuesday wednesday thursday friday saturday "
    "sunday tonight by before after about regarding this that under between around any some all very really just "
    "still also too as am are"
)
_ENDS = frozenset(_END_WORDS.split())


def person_names(text: str, common: AbstractSet[str], *, expecting: str | None = None) -> Iterator[Entity]:
    """The writer's own name; `common` are words that are not names unless they are written like one."""
    for pattern in (NAMED, INTRODUCED, FROM):
        for match in pattern.finditer(text):
            sure = pattern is NAMED and "call" not in match[0].casefold()
            if found := _name(match, common, sure=sure):
                yield found
                return
    answer = ANSWER.match(text) if expecting == EntityKind.NAME else None
    if answer and (found := _name(answer, common, sure=False)):
        yield found


def _name(match: re.Match[str], common: AbstractSet[str], *, sure: bool) -> Entity | None:
    words: list[str] = []
    for word in match[1].split(" "):
        if word.casefold() in _ENDS:
            break
        words.append(word)
    if not words or (not sure and any(word.casefold() in common and not word[0].isupper() for word in words)):
        return None
    if not sure and words[0].casefold() in common:
        return None
    said = " ".join(words)
    value = said if any(character.isupper() for character in said) else said.title()
    return Entity(EntityKind.NAME, value, said, match.start(1), match.start(1) + len(said), shown=value)
