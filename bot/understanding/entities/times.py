"""When somebody can be called: "tomorrow morning", "after 3pm", "monday 10-12", counted from a given instant."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from bot.understanding.understanding import Entity, EntityKind, TimeWindow

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = {
    "morning": (time(9), time(12)),
    "noon": (time(12), time(12, 30)),
    "midday": (time(12), time(12, 30)),
    "lunchtime": (time(12), time(14)),
    "lunch": (time(12), time(14)),
    "afternoon": (time(12), time(17)),
    "evening": (time(17), time(20)),
    "tonight": (time(17), time(20)),
}
_WORKDAY = (time(9), time(17))
_LAST = time(20)
_AT = timedelta(minutes=30)  # "at three" is a window that long
_SOON = timedelta(hours=2)  # "now" and "as soon as possible" are

_HOUR = r"(?:[01]?\d|2[0-3])(?:[:.][0-5]\d)?[ ]?(?:am|pm|a\.m\.|p\.m\.|h|o'clock)?(?![\w/:-]|[.,]\d)"
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve"
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(_NUMBERS.split(), start=1)}
_WORD_HOUR = "|".join(_NUMBER_WORDS)
_TIME = rf"(?:{_HOUR}|\b(?:{_WORD_HOUR}|noon|midday)\b(?:[ ]?(?:am|pm|o'clock))?)"

DAY = re.compile(
    r"\b(?:(?P<relative>day after tomorrow|tomorrow|tmrw|tomorow|tommorow|today|tonight"
    r"|this (?=morning|afternoon|evening))"
    r"|(?:next |this |on )?(?P<weekday>mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?"
    r"|(?P<day>[0-3]?\d)(?:st|nd|rd|th)? (?:of )?(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
    r"|(?P<iso>20\d\d-[01]\d-[0-3]\d))\b",
    re.IGNORECASE,
)
RANGE = re.compile(
    rf"\b(?:(?:between|from) )?(?P<start>(?:[01]?\d|2[0-3])(?:[:.][0-5]\d)?|{_WORD_HOUR})[ ]?(?P<half>am|pm)?"
    rf"[ ]?(?:-|\u2013|to|and|till|until)[ ]?(?P<end>{_TIME})",
    re.IGNORECASE,
)
EDGE = re.compile(
    r"\b(?P<edge>after|from|any time after|anytime after|before|by|until|at|around|about|not before)[ ]"
    rf"(?P<time>{_TIME})",
    re.IGNORECASE,
)
CLOCK = re.compile(
    r"(?<![\w#.:/-])(?P<time>(?:[01]?\d|2[0-3])(?:[:.][0-5]\d[ ]?(?:am|pm)?|[ ]?(?:am|pm)))(?![\w:])", re.IGNORECASE
)
PAST = re.compile(
    rf"\b(?P<edge>after |before )?(?P<share>half|quarter) (?P<way>past|to) (?P<hour>\d{{1,2}}|{_WORD_HOUR})\b",
    re.IGNORECASE,
)
PART = re.compile(rf"\b(?P<edge>after |before )?(?P<part>{'|'.join(_PARTS)})\b", re.IGNORECASE)
SOON = re.compile(
    r"\b(?:right now|now|asap|as soon as (?:possible|you can)|straight away|immediately)\b", re.IGNORECASE
)
IN_A_WHILE = re.compile(r"\bin (?P<count>an?|\d{1,2}|half an) (?P<unit>hour|minute|min)s?\b", re.IGNORECASE)
_GAP_MAX = 16  # characters between a day and its hours
_READ = re.compile(
    rf"(?P<hour>\d{{1,2}}|{_WORD_HOUR}|noon|midday)(?:[:.](?P<minute>\d\d))?[ ]?(?P<half>[ap])?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Hours:
    start: time
    end: time
    said: tuple[int, int]


def time_windows(text: str, *, at: datetime, zone: tzinfo, asked: bool) -> Iterator[Entity]:
    """The first window of a message.

    Args:
        at: aware instant the words are relative to.
        zone: where the writer's clock is.
        asked: a time was asked for, so a bare day or "now" counts as an answer.
    """
    here = at.astimezone(zone)
    found = _from_now(text, here, asked=asked) or _from_calendar(text, here, asked=asked)
    if found is None:
        return
    start, end, span = found
    if end <= here:
        return
    window = TimeWindow(max(start, here).astimezone(at.tzinfo), end.astimezone(at.tzinfo))
    value = f"{window.start.isoformat()}/{window.end.isoformat()}"
    yield Entity(EntityKind.TIME_WINDOW, value, text[span[0] : span[1]], *span, shown=_shown(start, end), window=window)


_Found = tuple[datetime, datetime, tuple[int, int]]


def _from_now(text: str, here: datetime, *, asked: bool) -> _Found | None:
    if match := IN_A_WHILE.search(text):
        count = (
            0.5 if match["count"].startswith("half") else float(match["count"]) if match["count"].isdecimal() else 1.0
        )
        start = here + timedelta(minutes=count * (60 if match["unit"].casefold() == "hour" else 1))
        return start, start + _AT, match.span()
    if asked and not DAY.search(text) and (match := SOON.search(text)):
        return here, here + _SOON, match.span()
    return None


def _from_calendar(text: str, here: datetime, *, asked: bool) -> _Found | None:
    days = (match for match in DAY.finditer(text) if asked or not _short_weekday(match))
    day = next((match for match in days if _day(match, here.date())), None)
    hours = _hours(text, day, asked=asked)
    if day is None and (hours is None or not asked):
        return None
    on = (_day(day, here.date()) if day else None) or here.date()
    if hours is None:
        start, end = _PARTS["tonight"] if day and day[0].casefold() == "tonight" else _WORKDAY
        hours = _Hours(start, end, day.span() if day else (0, 0))
    start_at = datetime.combine(on, hours.start, here.tzinfo)
    end_at = datetime.combine(on, hours.end, here.tzinfo)
    if end_at <= here and (step := _next(day)):
        start_at, end_at = start_at + step, end_at + step
    spans = [hours.said] + ([day.span()] if day else [])
    return start_at, end_at, (min(span[0] for span in spans), max(span[1] for span in spans))


def _short_weekday(match: re.Match[str]) -> bool:
    """ "sat" and "sun" are days only where a time was asked for."""
    return bool(match["weekday"]) and "day" not in match[0].casefold()


def _next(day: re.Match[str] | None) -> timedelta | None:
    """How much later the same words come true again, when they are past."""
    if day is None:
        return timedelta(days=1)
    return timedelta(days=7) if day["weekday"] else None


def _day(match: re.Match[str], today: date) -> date | None:
    if match["relative"]:
        words = match["relative"].casefold()
        return today + timedelta(days=2 if words.startswith("day") else 1 if words.startswith(("tom", "tm")) else 0)
    if match["weekday"]:
        weekday = next(i for i, name in enumerate(_DAYS) if name.startswith(match["weekday"].casefold()[:3]))
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    try:
        if match["iso"]:
            return date.fromisoformat(match["iso"])
        on = date(today.year, _MONTHS.index(match["month"].casefold()) + 1, int(match["day"]))
        return on if on >= today else on.replace(year=today.year + 1)
    except ValueError:
        return None


def _hours(text: str, day: re.Match[str] | None, *, asked: bool) -> _Hours | None:
    for pattern, read in ((RANGE, _range), (PAST, _past), (EDGE, _edge), (CLOCK, _at), (PART, _part)):
        for match in pattern.finditer(text):
            if (asked or day is None or _near(match, day)) and (hours := read(match)):
                return hours
    return None


def _near(match: re.Match[str], day: re.Match[str]) -> bool:
    return max(match.start(), day.start()) - min(match.end(), day.end()) <= _GAP_MAX


def _range(match: re.Match[str]) -> _Hours | None:
    end = _clock(match["end"])
    start = _clock(f"{match['start']} {match['half'] or ''}")
    if start is None or end is None:
        return None
    if start >= end and match["half"] is None and start >= time(12) and end <= time(12, 59):
        start = start.replace(hour=start.hour - 12)
    return _Hours(start, end, match.span()) if start < end else None


def _edge(match: re.Match[str]) -> _Hours | None:
    return _from_edge(_clock(match["time"]), match["edge"].casefold(), match.span())


def _past(match: re.Match[str]) -> _Hours | None:
    """ "half past three", "quarter to four"."""
    hour = _clock(match["hour"])
    if hour is None:
        return None
    minutes = {"half": 30, "quarter": 15}[match["share"].casefold()] * (1 if match["way"].casefold() == "past" else -1)
    moment = (datetime.combine(date.min, hour) + timedelta(days=1, minutes=minutes)).time()
    return _from_edge(moment, (match["edge"] or "at").strip().casefold(), match.span())


def _from_edge(moment: time | None, edge: str, said: tuple[int, int]) -> _Hours | None:
    if moment is None:
        return None
    if edge in ("before", "by", "until"):
        return _Hours(min(_WORKDAY[0], _earlier(moment)), moment, said)
    if edge in ("at", "around", "about"):
        return _Hours(moment, _later(moment), said)
    return _Hours(moment, max(_LAST if moment >= _WORKDAY[1] else _WORKDAY[1], _later(moment)), said)


def _at(match: re.Match[str]) -> _Hours | None:
    moment = _clock(match["time"])
    return _Hours(moment, _later(moment), match.span()) if moment else None


def _part(match: re.Match[str]) -> _Hours | None:
    start, end = _PARTS[match["part"].casefold()]
    edge = (match["edge"] or "").strip().casefold()
    if edge == "before":
        start, end = _WORKDAY[0], start
    elif edge == "after":
        start, end = end, _WORKDAY[1] if end < _WORKDAY[1] else _LAST
    return _Hours(start, end, match.span()) if start < end else None


def _clock(words: str) -> time | None:
    """A time of day; without am or pm, one to seven are after noon, as people who ask to be called mean it."""
    match = _READ.match(words.strip())
    if match is None:
        return None
    name = match["hour"].casefold()
    if name in ("noon", "midday"):
        return time(12)
    hour, half = int(_NUMBER_WORDS.get(name, name)), (match["half"] or "").casefold()
    if half == "a" and hour == 12:
        hour = 0
    elif (half == "p" and hour < 12) or (not half and 1 <= hour <= 7 and not name.startswith("0")):
        hour += 12
    minute = int(match["minute"] or 0)
    return time(hour, minute) if hour <= 23 and minute <= 59 else None


def _later(moment: time) -> time:
    return (datetime.combine(date.min, moment) + _AT).time() if moment < time(23, 30) else time(23, 59)


def _earlier(moment: time) -> time:
    return time(max(0, moment.hour - 1), moment.minute)


def _shown(start: datetime, end: datetime) -> str:
    return f"{start:%Y-%m-%d %H:%M}-{end:%H:%M}"
