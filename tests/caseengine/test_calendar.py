"""Working time: several windows a day, holidays, and the two odd nights of the year."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseengine.model.calendar import Calendar, Window, due_at, is_open, working_time
from caseengine.model.errors import CalendarInvalid, NoWorkingTime
from tests.caseengine.office import CALENDAR, when

HOUR = timedelta(hours=1)
LONDON = ZoneInfo("Europe/London")
ALWAYS = Calendar(LONDON, ((Window(time(0), time(0)),),) * 7)
NIGHT = Calendar(LONDON, ((Window(time(0, 30), time(1, 30)), Window(time(1, 30), time(2, 30))),) * 7)
NEVER = Calendar(LONDON, ((),) * 7)
ZONES = st.sampled_from(
    ["Europe/London", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca"]
)
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))
TARGETS = st.timedeltas(timedelta(0), timedelta(hours=60))
MINUTES = st.integers(0, 24 * 60)


@st.composite
def days(draw: st.DrawFn) -> tuple[Window, ...]:
    """Up to four windows that follow one another, some of them touching."""
    edges = sorted(draw(st.sets(MINUTES, max_size=5)))
    if draw(st.booleans()):
        return tuple(Window(_wall(a), _wall(b)) for a, b in pairwise(edges))
    return tuple(Window(_wall(a), _wall(b)) for a, b in zip(edges[::2], edges[1::2], strict=False))


def _wall(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    week = tuple(draw(days()) for _ in range(6))
    holidays = draw(st.frozensets(st.dates(date(2024, 1, 1), date(2028, 12, 31)), max_size=5))
    return Calendar(ZoneInfo(draw(ZONES)), (*week, (Window(time(9), time(17)),)), holidays)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("Mon 09:00", 2, "Mon 11:00"),
        ("Mon 12:00", 1, "Mon 14:00"),  # over lunch
        ("Mon 12:45", 1, "Mon 14:30"),  # in the lunch hour
        ("Mon 07:00", 1, "Mon 10:00"),  # before the desk opens
        ("Mon 09:00", 3.5, "Mon 12:30"),  # due at closing time, not after lunch
        ("Mon 09:00", 7.5, "Mon 17:30"),
        ("Mon 16:30", 4, "Tue 12:00"),  # over night
        ("Mon 22:00", 1, "Tue 10:00"),
        ("Mon 12:00", 0, "Mon 12:00"),
    ],
)
def test_due_within_a_week(start: str, hours: float, due: str) -> None:
    assert due_at(when(start), hours * HOUR, CALENDAR) == when(due)


def test_a_weekend_and_a_holiday_are_closed() -> None:
    easter = Calendar(LONDON, CALENDAR.windows, frozenset({date(2026, 3, 9)}))
    assert due_at(when("Fri 17:00"), HOUR, easter) == datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def test_the_answer_is_utc_whatever_the_start_is_in() -> None:
    start = datetime(2026, 7, 1, 9, 0, tzinfo=LONDON)
    assert due_at(start, HOUR, CALENDAR) == datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
    assert due_at(start, HOUR, CALENDAR).tzinfo is UTC


def test_working_hours_follow_the_clock_on_the_wall_when_summer_comes() -> None:
    friday = datetime(2026, 3, 27, 16, 30, tzinfo=UTC)
    assert due_at(friday, 2 * HOUR, CALENDAR) == datetime(2026, 3, 30, 9, 0, tzinfo=UTC)  # 10:00 in London


@pytest.mark.parametrize(("night", "length"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_desk_open_all_night_works_the_hours_the_night_has(night: date, length: int) -> None:
    start = datetime.combine(night, time(0), LONDON)
    assert due_at(start, length * HOUR, ALWAYS) == start.astimezone(UTC) + length * HOUR
    assert sum((b - a for a, b in ALWAYS.openings(night)), timedelta(0)) == length * HOUR


def test_an_hour_that_does_not_exist_is_no_working_time() -> None:
    spring = date(2026, 3, 29)  # 01:00 jumps to 02:00
    jump = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert NIGHT.openings(spring) == [(jump - 0.5 * HOUR, jump), (jump, jump + 0.5 * HOUR)]


def test_an_hour_that_comes_twice_is_worked_once_between_the_same_walls() -> None:
    autumn = date(2026, 10, 25)  # 02:00 falls back to 01:00
    (first, middle), (again, last) = NIGHT.openings(autumn)
    assert middle == again
    assert last - first == 3 * HOUR


@settings(max_examples=300)
@given(calendars(), INSTANTS, TARGETS, TARGETS)
def test_targets_add_up(calendar: Calendar, start: datetime, first: timedelta, second: timedelta) -> None:
    step = due_at(start, first, calendar)
    assert due_at(step, second, calendar) == due_at(start, first + second, calendar)


@settings(max_examples=300)
@given(calendars(), INSTANTS, TARGETS)
def test_the_desk_was_open_for_just_the_target_until_it_is_due(
    calendar: Calendar, start: datetime, target: timedelta
) -> None:
    due = due_at(start, target, calendar)
    assert due >= start
    assert working_time(start, due, calendar) == target
    if target:
        assert is_open(due - timedelta(microseconds=1), calendar)


@given(calendars(), INSTANTS, TARGETS, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_who_comes_later_is_not_served_earlier(
    calendar: Calendar, start: datetime, target: timedelta, later: timedelta
) -> None:
    assert due_at(start, target, calendar) <= due_at(start + later, target, calendar)


@given(calendars(), st.dates(date(2024, 1, 1), date(2028, 12, 30)))
def test_openings_run_forwards_and_never_overlap(calendar: Calendar, day: date) -> None:
    edges = [edge for opening in calendar.openings(day) for edge in opening]
    edges += [edge for opening in calendar.openings(day + timedelta(days=1)) for edge in opening]
    assert edges == sorted(edges)


def test_a_desk_that_never_opens_promises_nothing() -> None:
    with pytest.raises(NoWorkingTime):
        due_at(when("Mon 09:00"), HOUR, NEVER)
    assert working_time(when("Mon 09:00"), when("Tue 09:00"), NEVER) == timedelta(0)
    assert not is_open(when("Mon 09:00"), NEVER)


def test_a_desk_that_opens_once_in_a_while_is_waited_for() -> None:
    closed = frozenset(date(2026, 3, 2) + timedelta(days=n) for n in range(300))
    assert due_at(when("Mon 09:00"), HOUR, Calendar(LONDON, CALENDAR.windows, closed)).date() > date(2026, 12, 20)


def test_closing_time_is_closed() -> None:
    assert is_open(when("Mon 09:00"), CALENDAR)
    assert not is_open(when("Mon 12:30"), CALENDAR)
    assert not is_open(when("Mon 17:30"), CALENDAR)


def test_a_negative_target_is_a_bug() -> None:
    with pytest.raises(ValueError, match="negative"):
        due_at(when("Mon 09:00"), -HOUR, CALENDAR)


@pytest.mark.parametrize(
    "day",
    [
        (Window(time(12), time(9)), Window(time(13), time(17))),
        (Window(time(9), time(9)),),
        (Window(time(9), time(12)), Window(time(11), time(17))),
        (Window(time(13), time(17)), Window(time(9), time(12))),
        (Window(time(9), time(0)), Window(time(10), time(11))),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(day: tuple[Window, ...]) -> None:
    with pytest.raises(CalendarInvalid):
        Calendar(LONDON, (day,) + ((),) * 6)


def test_a_week_has_seven_days() -> None:
    with pytest.raises(CalendarInvalid):
        Calendar(LONDON, ((),) * 6)
