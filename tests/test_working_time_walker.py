"""The clock's tables against a walker that takes a day or a minute at a time, around Tết and worked Saturdays."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TypeVar

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slow_walker import LeftTheCalendarError, SlowWalker

from monitor.working_time import LOCAL_ZONE, CalendarRangeError, WorkingCalendar

FIRST, LAST = date(2026, 1, 26), date(2026, 3, 22)
TET_AND_SATURDAYS = {
    date(2026, 2, 13): ((450, 690),),  # a half day before Tết
    **{date(2026, 2, day): () for day in range(16, 21)},  # Mon to Fri of Tết
    date(2026, 2, 21): ((480, 660),),  # a Saturday worked for a day of Tết, in hours of its own
    date(2026, 2, 28): ((450, 690), (810, 1020)),
}
NEAR_THEM = [date(2026, 2, 11) + timedelta(days=days) for days in range(20)]
AROUND_AN_EDGE = [
    0,
    1,
    449,
    450,
    451,
    479,
    480,
    481,
    659,
    660,
    661,
    689,
    690,
    691,
    809,
    810,
    811,
    1019,
    1020,
    1021,
    1439,
]

HOURS = st.sampled_from(
    [
        ((450, 690), (810, 1020)),  # 07:30-11:30, 13:30-17:00
        ((450, 690),),
        ((480, 720), (720, 1020)),  # adjacent
        ((7 * 60 + 31, 11 * 60 + 29), (13 * 60, 17 * 60 + 1), (19 * 60, 20 * 60)),  # odd minutes
        ((1320, 1440),),  # to 24:00
        ((0, 1440),),
        ((0, 60), (1380, 1440)),
    ]
)
DAY_OR_OFF = st.one_of(HOURS, st.just(()))
OFFICE = st.sampled_from([dict.fromkeys(range(5), ((450, 690), (810, 1020))), dict.fromkeys(range(5), ((450, 690),))])
WEEKS = st.one_of(OFFICE, st.dictionaries(st.integers(0, 6), DAY_OR_OFF, min_size=1))
DATES = st.one_of(st.sampled_from(NEAR_THEM), st.dates(FIRST, LAST))
MINUTES_OF_DAY = st.one_of(st.sampled_from(AROUND_AN_EDGE), st.integers(0, 1439))
MOMENTS = st.builds(
    lambda on, minute, second: datetime.combine(on, time(minute // 60, minute % 60, second)),
    DATES,
    MINUTES_OF_DAY,
    st.one_of(st.just(0), st.integers(1, 59)),
)

CASES_A_CALENDAR = 50
THOROUGH = settings(max_examples=110, deadline=None, suppress_health_check=list(HealthCheck))  # 22,000 cases in all
COLUMNS = settings(THOROUGH, max_examples=40)

T = TypeVar("T")


@st.composite
def calendars(draw: st.DrawFn) -> tuple[WorkingCalendar, SlowWalker]:
    week = draw(WEEKS)
    overrides = TET_AND_SATURDAYS | draw(st.dictionaries(DATES, DAY_OR_OFF, max_size=4))
    return WorkingCalendar(week, overrides, FIRST, LAST), SlowWalker(week, overrides, FIRST, LAST)


def many(one: st.SearchStrategy[T]) -> st.SearchStrategy[list[T]]:
    return st.lists(one, min_size=CASES_A_CALENDAR, max_size=CASES_A_CALENDAR)


def answer_of(ask: Callable[[], T]) -> T | str:
    try:
        return ask()
    except (CalendarRangeError, LeftTheCalendarError):
        return "outside"


def aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=LOCAL_ZONE)


def local(instant: datetime) -> datetime:
    assert instant.tzinfo is LOCAL_ZONE
    return instant.replace(tzinfo=None)


def epoch_days(dates: list[date]) -> np.ndarray:
    return np.array(dates, "datetime64[D]").astype(np.int32)


def epoch_minutes(moments: list[datetime]) -> np.ndarray:
    return np.array(moments, "datetime64[m]").astype(np.int64)


@THOROUGH
@given(calendars(), many(st.tuples(DATES, st.integers(-12, 30))))
def test_working_days_lead_where_a_walk_from_day_to_day_leads(both, cases):
    calendar, walker = both
    for start_on, days in cases:
        expected = answer_of(lambda: walker.add_days(start_on, days))  # noqa: B023 - asked at once
        assert answer_of(lambda: calendar.add_working_days(start_on, days)) == expected  # noqa: B023


@THOROUGH
@given(calendars(), many(st.tuples(DATES, DATES)))
def test_working_days_between_are_those_met_on_the_walk(both, cases):
    calendar, walker = both
    for start_on, end_on in cases:
        assert calendar.working_days_between(start_on, end_on) == walker.days_between(start_on, end_on)
        assert calendar.is_working_day(start_on) == walker.works_on(start_on)


@THOROUGH
@given(calendars(), many(st.tuples(MOMENTS, st.one_of(st.integers(-3, 3), st.integers(-500, 1200)))))
def test_working_minutes_lead_where_a_walk_from_minute_to_minute_leads(both, cases):
    calendar, walker = both
    for start, minutes in cases:
        expected = answer_of(lambda: walker.add_minutes(start, minutes))  # noqa: B023 - asked at once
        assert answer_of(lambda: local(calendar.add_working_minutes(aware(start), minutes))) == expected  # noqa: B023


@THOROUGH
@given(calendars(), many(st.tuples(MOMENTS, MOMENTS)))
def test_working_minutes_between_are_those_met_on_the_walk(both, cases):
    calendar, walker = both
    for start, end in cases:
        assert calendar.working_minutes_between(aware(start), aware(end)) == walker.minutes_between(start, end)


@COLUMNS
@given(calendars(), many(st.tuples(DATES, st.integers(-12, 30))), st.sampled_from([np.int32, np.int64]))
def test_a_column_of_working_days_equals_its_values_one_by_one(both, cases, dtype):
    calendar, _ = both
    answers = [answer_of(lambda: calendar.add_working_days(*case)) for case in cases]  # noqa: B023 - asked at once
    starts, days = epoch_days([on for on, _ in cases]).astype(dtype), np.array([days for _, days in cases], dtype)
    found = column_answer(lambda rows: calendar.add_working_days_array(starts[rows], days[rows]), answers)
    assert found.dtype == np.int32
    assert found.tolist() == epoch_days([on for on in answers if on != "outside"]).tolist()


@COLUMNS
@given(
    calendars(),
    many(st.tuples(MOMENTS, st.one_of(st.integers(-3, 3), st.integers(-500, 1200)))),
    st.sampled_from([np.int32, np.int64]),
    st.booleans(),
)
def test_a_column_of_working_minutes_equals_its_values_one_by_one(both, cases, dtype, forward_only):
    calendar, _ = both
    cases = [(moment.replace(second=0), abs(minutes) + 1 if forward_only else minutes) for moment, minutes in cases]
    answers = [answer_of(lambda: local(calendar.add_working_minutes(aware(at), by))) for at, by in cases]  # noqa: B023
    starts, minutes = epoch_minutes([at for at, _ in cases]).astype(dtype), np.array([by for _, by in cases], dtype)
    found = column_answer(lambda rows: calendar.add_working_minutes_array(starts[rows], minutes[rows]), answers)
    assert found.dtype == np.int64
    assert found.tolist() == epoch_minutes([at for at in answers if at != "outside"]).tolist()


@COLUMNS
@given(calendars(), many(st.tuples(MOMENTS, MOMENTS)))
def test_a_column_of_minutes_between_equals_its_values_one_by_one(both, cases):
    calendar, _ = both
    cases = [(start.replace(second=0), end.replace(second=0)) for start, end in cases]
    found = calendar.working_minutes_between_array(
        epoch_minutes([start for start, _ in cases]), epoch_minutes([end for _, end in cases])
    )
    assert found.tolist() == [calendar.working_minutes_between(aware(start), aware(end)) for start, end in cases]


def column_answer(ask: Callable[[np.ndarray], np.ndarray], answers: list[object]) -> np.ndarray:
    """Ask for all rows, expect exactly the rows outside to be refused, and return the answer for the others."""
    outside = [row for row, answer in enumerate(answers) if answer == "outside"]
    inside = [row for row, answer in enumerate(answers) if answer != "outside"]
    try:
        ask(np.arange(len(answers)))
        refused = []
    except CalendarRangeError as error:
        refused = error.rows.tolist()
    assert refused == outside
    return ask(np.array(inside, np.intp))
