"""Where somebody else's mail begins: the line above it, the block of labels, the line between dashes.

Programs differ in words far more than in shape. A shape counts wherever it holds a date and an address; words count
where a language's own are known (phrases.toml).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from channels.email.reading.reply import phrases
from channels.email.reading.reply.lines import has_address, has_date, has_time, is_quoted, is_rule, looked_at

ATTRIBUTION_LINES_MAX = 4
ATTRIBUTION_CHARS_MAX = 400
SHORT_CHARS = 80
TAIL_CHARS = 60
BLOCK_LINES_MAX = 12
CONTINUATIONS_MAX = 2
LABELLED = re.compile(r"[\s*_]*([^\W\d_][^:：<>@*]{0,24}?)[\s*_]*[:：][\s*_]*(.*)")
UNKNOWN_LABELS_MIN = 3
DASHED = re.compile(r"\s*[-_=*—–]{2,}\s*(\S.{0,80}?)\s*[-_=*—–]{2,}\s*:?")
OLD_GMAIL = re.compile(r"\d{4}/\d{1,2}/\d{1,2}[ ,][^<>]{0,100}<[^<>@\s]+@[^<>@\s]+>")
ORIGINAL = "original"
FORWARDED = "forwarded"


@dataclass(frozen=True, slots=True)
class Opening:
    """The lines `start` to `end` (exclusive) open a quoted mail.

    Attributes:
        kind: "wrote", "labels", "original" or "forwarded".
    """

    start: int
    end: int
    kind: str


def openings(lines: Sequence[str]) -> list[Opening]:
    """Every opening outside of quoted lines, in order."""
    found: list[Opening] = []
    place = 0
    while place < len(lines):
        opening = _opening(lines, place)
        if opening is not None:
            found.append(opening)
        place = opening.end if opening is not None else place + 1
    return found


def _opening(lines: Sequence[str], place: int) -> Opening | None:
    line = looked_at(lines[place])
    if not line.strip() or is_quoted(line):
        return None
    if (kind := _separator(line)) and not (kind == ORIGINAL and place + 1 < len(lines) and is_quoted(lines[place + 1])):
        return Opening(place, place + 1, kind)
    if end := _labels(lines, place):
        return Opening(place, end, "labels")
    if end := _attribution(lines, place):
        return Opening(place, end, "wrote")
    return None


def _separator(line: str) -> str:
    """Whether a line says that the original, or what is handed on, follows."""
    dashed = DASHED.fullmatch(line)
    said = dashed[1] if dashed else line.strip().rstrip(":：").strip()
    if phrases.forwarded().fullmatch(said) or (dashed and phrases.forwarded().match(said)):
        return FORWARDED if dashed or line.rstrip().endswith((":", "：")) else ""
    return ORIGINAL if dashed and phrases.original().fullmatch(said.strip(" :")) else ""


def _labels(lines: Sequence[str], place: int) -> int:
    """Where a block "From: ... Sent: ... Subject: ..." ends that begins here; 0 for none."""
    roles: set[str] = set()
    values: dict[str, str] = {}
    unknown = continued = 0
    end = place
    for number in range(place, min(len(lines), place + BLOCK_LINES_MAX)):
        line = looked_at(lines[number])
        match = LABELLED.match(line)
        known = phrases.labels().get(match[1].strip().lower()) if match else None
        if known is None and (not line.strip() or (number == place and not match)):
            break
        if match is None or (known is None and not _short_label(match)):
            continued += 1
            if continued > CONTINUATIONS_MAX:
                break
            values["last"] = values.get("last", "") + " " + line
            continue
        end, continued = number + 1, 0
        unknown += known is None
        roles |= known or set()
        for role in known or {"unknown"}:
            values[role] = values.get(role, "") + " " + match[2]
    return end if _is_block(roles, values, unknown, end - place) else 0


def _short_label(match: re.Match[str]) -> bool:
    return len(match[1].split()) <= 3 and bool(match[2].strip())


def _is_block(roles: set[str], values: dict[str, str], unknown: int, length: int) -> bool:
    everything = " ".join(values.values())
    dated = has_date(values.get("sent", ""))
    if "from" in roles and len(roles) >= 2 and length >= 2:
        if "subject" in roles and (dated or has_address(everything)):
            return True
        return has_address(values["from"] + values.get("last", "")) and (dated or "to" in roles or "subject" in roles)
    if unknown and length >= UNKNOWN_LABELS_MIN:
        return has_address(everything) and has_date(everything) and has_time(everything)
    return False


def _attribution(lines: Sequence[str], place: int) -> int:
    """Where a line "On ... somebody wrote:" ends that begins here, over several lines at most; 0 for none."""
    run: list[str] = []
    for number in range(place, min(len(lines), place + ATTRIBUTION_LINES_MAX)):
        line = looked_at(lines[number]).strip()
        if not line or is_quoted(line):
            return 0
        run.append(line)
        quote_follows = _followed_by_quote(lines, number + 1)
        if _says_who_and_when(" ".join(run), quote_follows):
            begins_later = any(_says_who_and_when(" ".join(run[later:]), quote_follows) for later in range(1, len(run)))
            return 0 if begins_later else number + 1
        if len(run) == 1 and quote_follows and _says_who(line):
            return number + 1
    return 0


def _ends(said: str) -> bool:
    bare = said.rstrip(" -*_>»")
    if bare.endswith((":", "：")):
        return True
    tail = bare[-TAIL_CHARS:]
    return any(len(tail) - match.end() <= 1 for match in phrases.wrote().finditer(tail))


def _says_who_and_when(said: str, quote_follows: bool) -> bool:
    """With a date, and either an address or the word for writing."""
    if len(said) > ATTRIBUTION_CHARS_MAX:
        return False
    if not _ends(said):
        return quote_follows and OLD_GMAIL.fullmatch(said) is not None
    bare = said.strip(" -*_")
    begun = phrases.starter().match(bare) is not None and any(letter.isdigit() for letter in bare)
    if not (has_date(bare) or begun):
        return False
    wrote = phrases.wrote().search(bare) is not None
    if has_address(bare):
        return wrote or _bare_attribution(bare)
    return wrote and (quote_follows or (has_time(bare) and has_date(bare)))


def _says_who(line: str) -> bool:
    """Without a date: enough only right above a quote."""
    return _ends(line) and (has_address(line) or (len(line) < SHORT_CHARS and phrases.wrote().search(line) is not None))


def _bare_attribution(said: str) -> bool:
    """Date, name and address, and next to nothing else."""
    words = re.sub(r"<[^>]*>|\([^)]*@[^)]*\)|\"[^\"]*\"|\S*@\S*|[\d:.,/+-]+", " ", said).split()
    return len(words) <= 10


def _followed_by_quote(lines: Sequence[str], place: int) -> bool:
    for line in lines[place : place + 6]:
        if line.strip():
            return is_quoted(line)
    return False


def above(lines: Sequence[str], place: int) -> int:
    """Up over rules, blank lines and separators that belong to what begins at `place`."""
    while place > 0 and (not lines[place - 1].strip() or is_rule(lines[place - 1])):
        place -= 1
    return place
