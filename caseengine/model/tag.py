"""Tags: short words by which agents find cases again."""

import re
import unicodedata
from collections.abc import Iterable

from caseengine.model.case_errors import TagInvalid, TooMany

CHARACTERS_MAX = 40
TAGS_MAX = 20
ODD = re.compile(r"[^\w.-]+")


def read_tag(typed: str) -> str:
    """One spelling of a tag: composed, lower case, words joined by `-`.

    Raises:
        TagInvalid: nothing is left of it, or more than CHARACTERS_MAX characters.
    """
    plain = ODD.sub("-", unicodedata.normalize("NFC", typed).strip().lower()).strip("-._")
    if not 0 < len(plain) <= CHARACTERS_MAX:
        raise TagInvalid(CHARACTERS_MAX)
    return plain


def retagged(now: Iterable[str], add: Iterable[str], remove: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What comes and what goes, of which there is something to do; a tag in both stays or comes.

    Raises:
        TagInvalid: see `read_tag`.
        TooMany: more than TAGS_MAX would be left.
    """
    known, wanted = set(now), {read_tag(typed) for typed in add}
    going = ({read_tag(typed) for typed in remove} & known) - wanted
    coming = wanted - known
    if len(known | wanted) - len(going) > TAGS_MAX and coming:
        raise TooMany("tags", TAGS_MAX)
    return tuple(sorted(coming)), tuple(sorted(going))
