"""Named calendars: night shifts, particular days, and what is refused when it is written."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseengine.calendars import calendars_by_id, desk_calendar, set_calendar, set_desk_calendar
from caseengine.model.calendar import Calendar, Window, differing_days, due_at, is_open, openings_between, working_time
from caseengine.model.errors import CalendarInvalid, NoWorkingTime
from storage.engine import Database
from tests.caseengine.office import CALENDAR, when
from tests.caseengine.test_calendar import INSTANTS, TARGETS, ZONES

HOUR = timedelta(hours=1)
LONDON = ZoneInfo("Europe/London")
NIGHTS = Calendar(LONDON, ((Window(time(22), time(6)),),) * 5 + ((), ()))
WALLS = st.times().map(lambda wall: wall.replace(second=0, microsecond=0, tzinfo=None))


def on(day: str, *windows: tuple[int, int]) -> dict[date, tuple[Window, ...]]:
    return {date.fromisoformat(day): tuple(Window(time(opens), time(closes)) for opens, closes in windows)}


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("Mon 22:00", 8, "Tue 06:00"),
        ("Mon 23:00", 2, "Tue 01:00"),  # over midnight
        ("Tue 03:00", 4, "Tue 23:00"),  # the rest of Monday's night, then Tuesday's
        ("Sat 03:00", 3, "Sat 06:00"),  # Friday's night goes on into Saturday
        ("Mon 07:00", 1, "Mon 23:00"),
    ],
)
def test_a_night_shift_belongs_to_the_evening_it_begins(start: str, hours: int, due: str) -> None:
    assert due_at(when(start), hours * HOUR, NIGHTS) == when(due)


def test_a_saturday_night_waits_for_monday() -> None:
    assert not is_open(when("Sat 23:00"), NIGHTS)
    assert is_open(when("Sat 05:59"), NIGHTS)
    assert not is_open(when("Sat 06:00"), NIGHTS)


@pytest.mark.parametrize(("evening", "hours"), [(date(2026, 3, 28), 7), (date(2026, 10, 24), 9), (date(2026, 5, 2), 8)])
def test_a_night_shift_has_the_hours_the_night_has(evening: date, hours: int) -> None:
    every = Calendar(LONDON, NIGHTS.windows[:1] * 7)
    ((opens, closes),) = every.openings(evening)
    assert closes - opens == hours * HOUR


def test_a_holiday_closes_the_night_that_begins_on_it_and_not_the_one_before() -> None:
    closed = Calendar(LONDON, NIGHTS.windows, frozenset({date(2026, 3, 3)}))  # Tuesday
    assert is_open(when("Tue 05:00"), closed)
    assert not is_open(when("Tue 22:30"), closed)
    assert due_at(when("Tue 05:00"), 2 * HOUR, closed) == when("Wed 23:00")


def test_a_holiday_on_the_boundary_moves_what_was_due_at_closing_time_nowhere() -> None:
    closed = Calendar(LONDON, CALENDAR.windows, frozenset({date(2026, 3, 3)}))
    assert due_at(when("Mon 16:30"), HOUR, closed) == when("Mon 17:30")
    assert due_at(when("Mon 16:30"), HOUR + timedelta(minutes=1), closed) == when("Wed 09:01")


def test_a_particular_day_has_hours_of_its_own() -> None:
    holiday = frozenset({date(2026, 3, 4)})
    half = Calendar(LONDON, CALENDAR.windows, holiday, on("2026-03-03", (9, 12)) | on("2026-03-04", (10, 11)))
    assert due_at(when("Tue 11:00"), 2 * HOUR, half) == when("Wed 11:00")  # half a day, then open on a holiday
    assert working_time(when("Tue 00:00"), when("Fri 00:00"), half) == 3 * HOUR + HOUR + 7.5 * HOUR
    extra = Calendar(LONDON, CALENDAR.windows, overrides=on("2026-03-07", (8, 9)) | {date(2026, 3, 6): ()})
    assert due_at(when("Fri 09:00"), HOUR, extra) == when("Sat 09:00")


def test_windows_that_run_into_the_next_day_must_not_overlap_it() -> None:
    night, early = Window(time(22), time(6)), Window(time(5), time(9))
    with pytest.raises(CalendarInvalid):
        Calendar(LONDON, ((night,), (early,), (), (), (), (), ()))
    with pytest.raises(CalendarInvalid):
        Calendar(LONDON, NIGHTS.windows, overrides=on("2026-03-03", (5, 9)))
    with pytest.raises(CalendarInvalid):
        Calendar(LONDON, ((night, Window(time(7), time(8))), (), (), (), (), (), ()))


@st.composite
def shifts(draw: st.DrawFn) -> Calendar:
    """A day shift and a night shift, a holiday, and a day with other hours."""
    opens, closes, begins, ends = sorted(draw(st.sets(WALLS, min_size=4, max_size=4)))
    week = ((Window(closes, begins), Window(ends, opens)),) * 7
    days = st.dates(date(2024, 1, 1), date(2028, 12, 31))
    changed = {day: (Window(closes, begins),) for day in draw(st.sets(days, max_size=3))}
    return Calendar(ZoneInfo(draw(ZONES)), week, draw(st.frozensets(days, max_size=3)), changed)


@settings(max_examples=100)
@given(shifts(), INSTANTS, TARGETS, TARGETS)
def test_targets_add_up_over_nights_and_odd_days(
    calendar: Calendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    step = due_at(start, first, calendar)
    due = due_at(step, second, calendar)
    assert due == due_at(start, first + second, calendar)
    assert working_time(start, due, calendar) == first + second
    spans = list(openings_between(start, due, calendar))
    assert sum((b - a for a, b in spans), timedelta(0)) == first + second
    assert [edge for span in spans for edge in span] == sorted(edge for span in spans for edge in span)


def test_ten_years_are_counted_by_the_month() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    whole = working_time(start, start.replace(year=2036), CALENDAR)
    assert due_at(start, whole, CALENDAR) < start.replace(year=2036)
    months = CALENDAR.month(2030, 5)
    assert CALENDAR.month(2030, 5) is months  # found once


async def test_calendars_are_kept_by_name(any_database: Database) -> None:
    half = Calendar(LONDON, NIGHTS.windows, frozenset({date(2026, 12, 25)}), on("2026-12-24", (9, 12)))
    async with any_database.unit_of_work() as work:
        set_calendar(work, "nights", half)
        assert (await calendars_by_id(work, ["nights"]))["nights"] == half
    async with any_database.snapshot() as snapshot:
        assert await calendars_by_id(snapshot, ["nights", "lunar"]) == {"nights": half}
        assert await desk_calendar(snapshot) != half
    async with any_database.unit_of_work() as work:
        set_calendar(work, "nights", NIGHTS)
    async with any_database.snapshot() as snapshot:
        assert await calendars_by_id(snapshot, ["nights"]) == {"nights": NIGHTS}


async def test_a_calendar_that_never_opens_is_refused_when_it_is_written(database: Database) -> None:
    async with database.unit_of_work() as work:
        with pytest.raises(NoWorkingTime):
            set_desk_calendar(work, Calendar(LONDON, ((),) * 7))
        once = Calendar(LONDON, ((),) * 7, frozenset(), on("2026-03-02", (9, 17)))
        set_desk_calendar(work, once, at=datetime(2026, 3, 2, tzinfo=UTC))
        with pytest.raises(NoWorkingTime):
            set_desk_calendar(work, once, at=datetime(2026, 3, 3, tzinfo=UTC))


def test_two_calendars_differ_on_certain_days() -> None:
    more = Calendar(LONDON, NIGHTS.windows, frozenset({date(2026, 12, 25), date(2027, 1, 1)}))
    assert differing_days(NIGHTS, more) == (date(2026, 12, 25), date(2027, 1, 1))
    assert differing_days(more, more) is None
    assert differing_days(NIGHTS, Calendar(LONDON, ((),) * 7)) == (date.min, date.max)
    closed = Calendar(LONDON, NIGHTS.windows, more.holidays, {date(2027, 1, 1): ()})
    assert differing_days(more, closed) is None  # closed already
