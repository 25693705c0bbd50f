"""The clock over whole columns: what is refused, which rows are named, and that size and form change no answer."""

from datetime import date

import numpy as np
import pytest

from monitor.working_time import CalendarRangeError, WorkingCalendar

OFFICE = ((450, 690), (810, 1020))
CALENDAR = WorkingCalendar(
    dict.fromkeys(range(5), OFFICE),
    {date(2026, 1, 10): OFFICE, **dict.fromkeys((date(2026, 2, day) for day in range(16, 21)), ())},
    date(2018, 1, 1),
    date(2030, 12, 31),
)
LARGE = 200_000  # several parts, and a rest


def days(*dates: str) -> np.ndarray:
    return np.array(dates, "datetime64[D]").astype(np.int32)


def minutes(*moments: str) -> np.ndarray:
    return np.array(moments, "datetime64[m]").astype(np.int64)


def test_a_column_of_dates_is_counted_row_by_row():
    due = CALENDAR.add_working_days_array(
        days("2026-01-09", "2026-02-13", "2026-05-10"), np.array([1, 1, 15], np.int32)
    )
    assert due.dtype == np.int32
    assert due.tolist() == days("2026-01-10", "2026-02-23", "2026-05-29").tolist()  # Sat, Mon, Fri


def test_a_column_of_instants_is_counted_row_by_row():
    start = minutes("2026-11-20T09:00", "2026-11-20T09:00", "2026-11-20T11:30", "2026-11-20T12:00")  # a Friday
    due = CALENDAR.add_working_minutes_array(start, np.array([480, -91, 0, 0]))
    assert due.dtype == np.int64
    expected = minutes("2026-11-23T09:30", "2026-11-19T16:59", "2026-11-20T11:30", "2026-11-20T13:30")
    assert due.tolist() == expected.tolist()


def test_minutes_between_two_columns_have_a_sign():
    start, end = minutes("2026-11-20T09:00", "2026-11-23T09:30"), minutes("2026-11-23T09:30", "2026-11-20T09:00")
    between = CALENDAR.working_minutes_between_array(start, end)
    assert between.dtype == np.int64
    assert between.tolist() == [480, -480]


@pytest.mark.parametrize("longest", [60, 127, 128, 400])
def test_a_large_column_equals_a_small_one(longest: int):
    random = np.random.default_rng(2026)
    start = random.integers(*days("2018-01-01", "2028-12-31"), LARGE).astype(np.int32)
    limits = random.integers(0, longest, LARGE, endpoint=True).astype(np.int32)
    due = CALENDAR.add_working_days_array(start, limits)
    for part in (slice(0, 500), slice(65_400, 65_700), slice(LARGE - 500, LARGE)):
        assert due[part].tolist() == CALENDAR.add_working_days_array(start[part], limits[part]).tolist()
    wide = CALENDAR.add_working_days_array(start.astype(np.int64), limits.astype(np.int64))
    assert (wide == due).all()


def test_a_large_column_of_limits_that_lead_far_away_equals_a_small_one():
    mondays = WorkingCalendar({0: OFFICE}, {}, date(2018, 1, 1), date(2030, 12, 31))
    start, limits = np.full(LARGE, days("2020-01-01")[0]), np.full(LARGE, 60, np.int32)
    assert set(mondays.add_working_days_array(start, limits).tolist()) == set(days("2021-02-22").tolist())  # a Monday


def test_the_refusal_names_every_row_that_starts_or_leads_outside():
    start = days("2026-11-20", "2017-12-31", "2030-12-30", "2031-01-01", "2018-01-01")
    with pytest.raises(CalendarRangeError, match=r"4 of 5 rows, the first is row 1 from 2017-12-31, .*") as refused:
        CALENDAR.add_working_days_array(start, np.array([3, 1, 2, -5, -1], np.int32))
    assert refused.value.rows.tolist() == [1, 2, 3, 4]


def test_the_refusal_names_rows_of_every_part_of_a_large_column():
    start, limits = np.full(LARGE, days("2026-11-20")[0]), np.full(LARGE, 3, np.int32)
    start[[7, 70_000]] = days("2031-01-01", "1970-01-01")
    limits[LARGE - 1] = 2_000_000_000
    with pytest.raises(CalendarRangeError) as refused:
        CALENDAR.add_working_days_array(start, limits)
    assert refused.value.rows.tolist() == [7, 70_000, LARGE - 1]


def test_the_refusal_names_the_instants_that_start_or_lead_outside():
    start = minutes("2030-12-31T16:00", "2031-01-01T00:00", "2018-01-01T07:30", "2017-12-31T23:59", "2026-11-20T09:00")
    with pytest.raises(CalendarRangeError, match="row 0 from 2030-12-31T16:00") as refused:
        CALENDAR.add_working_minutes_array(start, np.array([61, -1, -1, 5, 5]))
    assert refused.value.rows.tolist() == [0, 1, 2, 3]
    with pytest.raises(CalendarRangeError) as refused:
        CALENDAR.working_minutes_between_array(start, start[::-1])
    assert refused.value.rows.tolist() == [1, 3]


def test_rows_that_only_lead_outside_are_refused_too():
    start, far = days("2030-12-20", "2026-11-20"), np.array([20, 3], np.int32)
    with pytest.raises(CalendarRangeError) as refused:
        CALENDAR.add_working_days_array(start, far)
    assert refused.value.rows.tolist() == [0]
    with pytest.raises(CalendarRangeError) as refused:
        CALENDAR.add_working_minutes_array(minutes("2026-11-20T09:00", "2018-01-01T08:00"), np.array([5, -31]))
    assert refused.value.rows.tolist() == [1]


def test_the_farthest_limit_is_answered_and_one_more_is_refused():
    week = WorkingCalendar(dict.fromkeys(range(5), OFFICE), {}, date(2026, 11, 22), date(2026, 11, 27))
    sunday = days("2026-11-22")
    assert week.add_working_days_array(sunday, np.array([5])).tolist() == days("2026-11-27").tolist()  # Fri
    for more in (6, 7, 100):
        with pytest.raises(CalendarRangeError) as refused:
            week.add_working_days_array(sunday, np.array([more]))
        assert refused.value.rows.tolist() == [0]


@pytest.mark.parametrize("extreme", [np.iinfo(np.int64).min, np.iinfo(np.int32).min, 2**31, np.iinfo(np.int64).max])
def test_numbers_that_overflow_are_outside_not_wrapped(extreme: int):
    usual, far = minutes("2026-11-20T09:00"), np.array([extreme])
    for ask in (
        lambda: CALENDAR.add_working_minutes_array(far, np.array([1])),
        lambda: CALENDAR.add_working_minutes_array(usual, far),
        lambda: CALENDAR.add_working_days_array(far, np.array([1])),
        lambda: CALENDAR.add_working_days_array(usual // 1440, far),
        lambda: CALENDAR.working_minutes_between_array(usual, far),
    ):
        with pytest.raises(CalendarRangeError) as refused:
            ask()
        assert refused.value.rows.tolist() == [0]


@pytest.mark.parametrize("extreme", [np.iinfo(np.int32).min, np.iinfo(np.int32).max])
def test_narrow_numbers_that_overflow_are_outside_too(extreme: int):
    usual, far = days("2026-11-20"), np.array([extreme], np.int32)
    for start, limit in ((usual, far), (far, usual), (far, far)):
        with pytest.raises(CalendarRangeError) as refused:
            CALENDAR.add_working_days_array(start, limit)
        assert refused.value.rows.tolist() == [0]


def test_floats_and_columns_of_different_length_are_refused():
    start = days("2026-11-20", "2026-11-23")
    with pytest.raises(TypeError, match="float64"):
        CALENDAR.add_working_days_array(start, np.array([1.0, 2.0]))
    with pytest.raises(TypeError, match="datetime64"):
        CALENDAR.add_working_days_array(start.astype("datetime64[D]"), np.array([1, 2]))
    with pytest.raises(ValueError, match=r"\(2,\) and \(1,\)"):
        CALENDAR.add_working_minutes_array(start, np.array([1]))


def test_the_columns_given_are_left_as_they_were_and_keep_their_shape():
    start, limits = (
        days("2026-11-20", "2026-11-20", "2026-11-20", "2026-11-20").reshape(2, 2),
        np.array([[1, 2], [3, 4]]),
    )
    start.flags.writeable = limits.flags.writeable = False
    due = CALENDAR.add_working_days_array(start, limits)
    assert due.tolist() == days("2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26").reshape(2, 2).tolist()
    assert CALENDAR.add_working_days_array(start[:, 1], limits[:, 1]).tolist() == due[:, 1].tolist()


def test_no_rows_are_no_answer_and_no_error():
    assert CALENDAR.add_working_days_array(np.array([], np.int32), np.array([], np.int32)).shape == (0,)
    assert CALENDAR.working_minutes_between_array(np.array([], np.int64), np.array([], np.int64)).size == 0


def test_dates_before_1970_count_like_all_others():
    old = WorkingCalendar({0: OFFICE}, {}, date(1945, 9, 1), date(1975, 12, 31))
    due = old.add_working_days_array(days("1945-09-02", "1969-12-29"), np.array([1, 1]))
    assert due.tolist() == days("1945-09-03", "1970-01-05").tolist()  # Mondays
    due = old.add_working_minutes_array(minutes("1945-09-02T10:00", "1969-12-29T17:00"), np.array([1, 0]))
    assert due.tolist() == minutes("1945-09-03T07:31", "1969-12-29T17:00").tolist()
