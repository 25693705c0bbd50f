"""The clock that ticks only in working time, one value at a time."""

from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.errors import MonitorError
from monitor.working_time import (
    LOCAL_ZONE,
    CalendarRangeError,
    DayNote,
    DayStatus,
    OfficialCalendar,
    SlotsError,
    WorkingCalendar,
)

OFFICE = ((450, 690), (810, 1020))  # 07:30-11:30, 13:30-17:00
MORNING = ((450, 690),)
WEEKDAYS = dict.fromkeys(range(5), OFFICE)
SPECIAL = {
    date(2026, 1, 1): (),
    date(2026, 1, 2): (),  # off for Sat 10/1: CV 12729/VPCP-KGVX
    date(2026, 1, 10): ((480, 660),),  # here with hours of its own
    date(2026, 2, 13): MORNING,
    **dict.fromkeys((date(2026, 2, day) for day in range(16, 21)), ()),  # Tết
    date(2026, 11, 24): (),  # Vietnam Culture Day, NQ 28/2026/QH16
}
CALENDAR = WorkingCalendar(WEEKDAYS, SPECIAL, date(2026, 1, 1), date(2026, 12, 31))
NIGHT = WorkingCalendar({4: ((1320, 1440),), 5: ((0, 60),)}, {}, date(2026, 8, 1), date(2026, 8, 28))


def day(text: str) -> date:
    weekday, on = text.split()
    assert f"{date.fromisoformat(on):%a}" == weekday
    return date.fromisoformat(on)


def at(text: str) -> datetime:
    weekday, moment = text.split(maxsplit=1)
    assert f"{datetime.fromisoformat(moment):%a}" == weekday
    return datetime.fromisoformat(moment).replace(tzinfo=LOCAL_ZONE)


@pytest.mark.parametrize(
    ("received", "working_days", "due"),
    [
        ("Fri 2026-11-20", 3, "Thu 2026-11-26"),  # Tue 24/11 is off
        ("Fri 2026-01-09", 1, "Sat 2026-01-10"),  # worked for Fri 2/1
        ("Sun 2026-05-10", 15, "Fri 2026-05-29"),  # received on a day off: that day is day zero
        ("Fri 2026-02-13", 1, "Mon 2026-02-23"),  # across Tết
        ("Thu 2026-01-01", 1, "Mon 2026-01-05"),
    ],
)
def test_working_days_are_counted_from_the_day_after_receipt(received: str, working_days: int, due: str):
    assert CALENDAR.add_working_days(day(received), working_days) == day(due)
    assert CALENDAR.working_days_between(day(received), day(due)) == working_days


@pytest.mark.parametrize(
    ("start", "found"),
    [("Wed 2026-11-25", "Wed 2026-11-25"), ("Tue 2026-11-24", "Wed 2026-11-25"), ("Mon 2026-02-16", "Mon 2026-02-23")],
)
def test_zero_working_days_is_the_day_itself_or_the_next_working_day(start: str, found: str):
    assert CALENDAR.add_working_days(day(start), 0) == day(found)


@pytest.mark.parametrize(
    ("start", "working_days", "found"),
    [
        ("Wed 2026-11-25", -1, "Mon 2026-11-23"),
        ("Tue 2026-11-24", -1, "Mon 2026-11-23"),
        ("Mon 2026-01-12", -1, "Sat 2026-01-10"),
        ("Sun 2026-02-22", -2, "Thu 2026-02-12"),
    ],
)
def test_working_days_before_are_counted_back_without_the_start(start: str, working_days: int, found: str):
    assert CALENDAR.add_working_days(day(start), working_days) == day(found)


def test_working_days_between_are_negative_backwards_and_leave_the_earlier_end_out():
    assert CALENDAR.working_days_between(day("Fri 2026-11-20"), day("Fri 2026-11-27")) == 4
    assert CALENDAR.working_days_between(day("Fri 2026-11-27"), day("Fri 2026-11-20")) == -4
    assert CALENDAR.working_days_between(day("Tue 2026-11-24"), day("Tue 2026-11-24")) == 0


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("Fri 2026-11-20 09:00", 480, "Mon 2026-11-23 09:30"),  # 8 hours: 7.5 in a day, not one day
        ("Fri 2026-11-20 09:00", 150, "Fri 2026-11-20 11:30"),  # closing time stays closing time
        ("Fri 2026-11-20 09:00", 360, "Fri 2026-11-20 17:00"),
        ("Fri 2026-11-20 09:00", 361, "Mon 2026-11-23 07:31"),
        ("Mon 2026-11-23 17:00", 30, "Wed 2026-11-25 08:00"),
        ("Fri 2026-01-09 17:00", 181, "Mon 2026-01-12 07:31"),  # Saturday's own hours: 08:00 to 11:00
        ("Fri 2026-02-13 11:00", 31, "Mon 2026-02-23 07:31"),  # a half day, then Tết
        ("Sat 2026-11-21 10:00", 30, "Mon 2026-11-23 08:00"),
    ],
)
def test_working_minutes_pass_in_office_hours_only(start: str, minutes: int, due: str):
    assert CALENDAR.add_working_minutes(at(start), minutes) == at(due)
    assert CALENDAR.working_minutes_between(at(start), at(due)) == minutes
    assert CALENDAR.working_minutes_between(at(due), at(start)) == -minutes


@pytest.mark.parametrize(
    ("start", "minutes", "found"),
    [
        ("Fri 2026-11-20 09:00", -90, "Fri 2026-11-20 07:30"),  # opening time stays opening time
        ("Fri 2026-11-20 09:00", -91, "Thu 2026-11-19 16:59"),
        ("Wed 2026-11-25 07:30", -1, "Mon 2026-11-23 16:59"),
        ("Fri 2026-11-20 12:00", -1, "Fri 2026-11-20 11:29"),
        ("Fri 2026-11-20 13:40", -10, "Fri 2026-11-20 13:30"),
    ],
)
def test_going_back_mirrors_going_forward(start: str, minutes: int, found: str):
    assert CALENDAR.add_working_minutes(at(start), minutes) == at(found)


@pytest.mark.parametrize(
    ("start", "found"),
    [
        ("Fri 2026-11-20 09:15:30", "Fri 2026-11-20 09:15:30"),
        ("Fri 2026-11-20 07:30", "Fri 2026-11-20 07:30"),
        ("Fri 2026-11-20 11:30", "Fri 2026-11-20 11:30"),  # at the end of a slot
        ("Fri 2026-11-20 11:30:01", "Fri 2026-11-20 13:30"),  # a second after it
        ("Fri 2026-11-20 12:00:59", "Fri 2026-11-20 13:30"),
        ("Mon 2026-11-23 17:30", "Wed 2026-11-25 07:30"),
    ],
)
def test_zero_minutes_wait_for_the_next_opening_only_outside_a_slot(start: str, found: str):
    assert CALENDAR.add_working_minutes(at(start), 0) == at(found)


@pytest.mark.parametrize(
    ("start", "minutes", "found"),
    [
        ("Fri 2026-11-20 16:59:30", 1, "Mon 2026-11-23 07:30:30"),
        ("Fri 2026-11-20 11:29:59.999999", 1, "Fri 2026-11-20 13:30:59.999999"),
        ("Mon 2026-11-23 07:30:30", -1, "Fri 2026-11-20 16:59:30"),
        ("Fri 2026-11-20 12:10:30", 5, "Fri 2026-11-20 13:35"),  # not in a slot: nothing to keep
        ("Fri 2026-11-20 17:00:30", -5, "Fri 2026-11-20 16:55"),
    ],
)
def test_seconds_are_kept_when_the_start_is_inside_a_slot(start: str, minutes: int, found: str):
    assert CALENDAR.add_working_minutes(at(start), minutes) == at(found)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("Fri 2026-11-20 09:00:30", "Fri 2026-11-20 09:01:29", 0),
        ("Fri 2026-11-20 09:00:30", "Fri 2026-11-20 09:01:30", 1),
        ("Fri 2026-11-20 09:01:29", "Fri 2026-11-20 09:00:30", 0),
        ("Fri 2026-11-20 09:02:29", "Fri 2026-11-20 09:00:30", -1),
        ("Fri 2026-11-20 11:29:30", "Fri 2026-11-20 13:30:30", 1),
    ],
)
def test_minutes_between_are_truncated_toward_zero(start: str, end: str, minutes: int):
    assert CALENDAR.working_minutes_between(at(start), at(end)) == minutes


def test_a_slot_may_end_at_midnight_and_go_on_in_the_next():
    assert NIGHT.add_working_minutes(at("Fri 2026-08-07 22:00"), 120) == at("Sat 2026-08-08 00:00")
    assert NIGHT.add_working_minutes(at("Fri 2026-08-07 23:00"), 90) == at("Sat 2026-08-08 00:30")
    assert NIGHT.closing_of(day("Fri 2026-08-07")) == at("Sat 2026-08-08 00:00")


def test_midnight_after_the_last_date_is_covered_as_its_closing_time_only():
    end = at("Sat 2026-08-29 00:00")
    assert NIGHT.add_working_minutes(at("Fri 2026-08-28 22:00"), 120) == end
    assert NIGHT.working_minutes_between(at("Fri 2026-08-28 22:00"), end) == 120
    with pytest.raises(CalendarRangeError):
        NIGHT.working_minutes_between(end, end + timedelta(seconds=1))
    with pytest.raises(CalendarRangeError):
        CALENDAR.working_minutes_between(at("Thu 2026-12-31 09:00"), at("Fri 2027-01-01 00:00"))


def test_adjacent_slots_are_one_stretch_of_work():
    calendar = WorkingCalendar({0: ((480, 720), (720, 1020))}, {}, date(2026, 11, 1), date(2026, 11, 30))
    assert calendar.add_working_minutes(at("Mon 2026-11-23 11:59:30"), 1) == at("Mon 2026-11-23 12:00:30")
    assert calendar.add_working_minutes(at("Mon 2026-11-23 12:00"), 0) == at("Mon 2026-11-23 12:00")


def test_an_instant_of_another_zone_is_answered_in_the_calendars_zone():
    received = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # Fri 09:00 in Việt Nam
    due = CALENDAR.add_working_minutes(received, 480)
    assert due == at("Mon 2026-11-23 09:30")
    assert due.tzinfo is LOCAL_ZONE
    assert due.hour == 9
    assert (
        CALENDAR.working_minutes_between(received, datetime(2026, 11, 19, 22, 0, tzinfo=ZoneInfo("America/Lima"))) == 60
    )


def test_a_calendar_may_hang_in_another_zone():
    tokyo = WorkingCalendar(WEEKDAYS, {}, date(2026, 11, 1), date(2026, 11, 30), ZoneInfo("Asia/Tokyo"))
    assert tokyo.add_working_minutes(at("Fri 2026-11-20 06:00"), 30) == at("Fri 2026-11-20 06:30")  # 08:00 in Tokyo
    assert tokyo.zone.key == "Asia/Tokyo"


def test_a_date_shows_its_slots_opening_and_closing():
    assert CALENDAR.slots_on(day("Sat 2026-01-10")) == ((480, 660),)
    assert CALENDAR.opening_of(day("Sat 2026-01-10")) == at("Sat 2026-01-10 08:00")
    assert CALENDAR.closing_of(day("Wed 2026-11-25")) == at("Wed 2026-11-25 17:00")
    assert CALENDAR.slots_on(day("Tue 2026-11-24")) == ()
    assert CALENDAR.opening_of(day("Tue 2026-11-24")) is None
    assert CALENDAR.closing_of(day("Tue 2026-11-24")) is None
    assert CALENDAR.is_working_day(day("Sat 2026-01-10"))
    assert not CALENDAR.is_working_day(day("Sat 2026-01-17"))


@pytest.mark.parametrize(
    "ask",
    [
        lambda: CALENDAR.is_working_day(date(2025, 12, 31)),
        lambda: CALENDAR.slots_on(date(2027, 1, 1)),
        lambda: CALENDAR.add_working_days(date(2025, 12, 31), 5),
        lambda: CALENDAR.add_working_days(date(2026, 12, 31), 1),
        lambda: CALENDAR.add_working_days(date(2026, 1, 5), -1),  # Thu 1/1 and Fri 2/1 are off
        lambda: CALENDAR.add_working_days(date(2026, 1, 1), -1),
        lambda: CALENDAR.add_working_days(date(2026, 6, 1), 10**12),
        lambda: CALENDAR.working_days_between(date(2026, 1, 1), date(2027, 1, 1)),
        lambda: CALENDAR.add_working_minutes(at("Thu 2026-12-31 16:00"), 61),
        lambda: CALENDAR.add_working_minutes(at("Thu 2026-12-31 17:01"), 0),
        lambda: CALENDAR.add_working_minutes(at("Mon 2026-01-05 07:30"), -1),
        lambda: CALENDAR.add_working_minutes(at("Wed 2025-12-31 23:59:59"), 1),
        lambda: CALENDAR.working_minutes_between(at("Thu 2026-12-31 09:00"), at("Fri 2027-01-01 09:00")),
        lambda: WorkingCalendar({}, {}, date(2026, 1, 1), date(2026, 1, 9)).add_working_days(date(2026, 1, 5), 0),
    ],
)
def test_beyond_its_dates_the_calendar_refuses_and_never_guesses(ask):
    with pytest.raises(CalendarRangeError) as refused:
        ask()
    assert refused.value.rows is None
    assert isinstance(refused.value, MonitorError)


def test_the_refusal_says_which_date_which_range_and_what_to_do():
    with pytest.raises(CalendarRangeError, match=r"2027-01-04 .* 2026-01-01 to 2026-12-31: add .* rules/calendar\.csv"):
        CALENDAR.is_working_day(day("Mon 2027-01-04"))
    with pytest.raises(CalendarRangeError, match="20 working days from 2026-12-28"):
        CALENDAR.add_working_days(day("Mon 2026-12-28"), 20)


def test_zero_days_on_the_last_days_off_find_no_working_day():
    calendar = WorkingCalendar(WEEKDAYS, {}, date(2026, 11, 1), date(2026, 11, 29))
    assert calendar.add_working_days(day("Fri 2026-11-27"), 0) == day("Fri 2026-11-27")
    with pytest.raises(CalendarRangeError):
        calendar.add_working_days(day("Sat 2026-11-28"), 0)


def test_a_naive_datetime_is_refused():
    naive = datetime(2026, 11, 20, 9, 0)  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="no time zone"):
        CALENDAR.add_working_minutes(naive, 60)
    with pytest.raises(ValueError, match="no time zone"):
        CALENDAR.working_minutes_between(at("Fri 2026-11-20 09:00"), naive)


def test_a_datetime_is_refused_where_a_date_is_wanted():
    with pytest.raises(TypeError, match="a date is wanted"):
        CALENDAR.add_working_days(at("Fri 2026-11-20 09:00"), 1)
    with pytest.raises(TypeError, match="a date is wanted"):
        CALENDAR.is_working_day("2026-11-20")
    with pytest.raises(TypeError):
        CALENDAR.add_working_days(day("Fri 2026-11-20"), 1.5)


@pytest.mark.parametrize(
    ("slots", "complaint"),
    [
        ([(450, 690), (600, 1020)], "overlaps"),
        ([(810, 1020), (450, 690)], "in order"),
        ([(450, 1441)], "0 to 1440"),
        ([(-1, 60)], "0 to 1440"),
        ([(450, 450)], "empty"),
        ([(690, 450)], "empty"),
        ([(450,)], "not a slot"),
        ([(450.5, 690)], "not a slot"),
    ],
)
def test_impossible_slots_are_refused_with_their_day(slots, complaint: str):
    with pytest.raises(SlotsError, match=f"Saturday: .*{complaint}"):
        WorkingCalendar({5: slots}, {}, date(2026, 1, 1), date(2026, 12, 31))
    with pytest.raises(SlotsError, match=f"2026-01-10: .*{complaint}"):
        WorkingCalendar({}, {date(2026, 1, 10): slots}, date(2026, 1, 1), date(2026, 12, 31))


def test_an_unknown_weekday_or_an_empty_range_is_refused():
    with pytest.raises(ValueError, match=r"no such weekday: \[7\]"):
        WorkingCalendar({7: OFFICE}, {}, date(2026, 1, 1), date(2026, 12, 31))
    with pytest.raises(ValueError, match="empty"):
        WorkingCalendar(WEEKDAYS, {}, date(2026, 1, 2), date(2026, 1, 1))
    with pytest.raises(TypeError, match="a date is wanted"):
        WorkingCalendar(WEEKDAYS, {at("Fri 2026-11-20 00:00"): ()}, date(2026, 1, 1), date(2026, 12, 31))


def test_a_calendar_never_changes():
    week, overrides = {0: [[450, 690]]}, {date(2026, 11, 30): []}
    calendar = WorkingCalendar(week, overrides, date(2026, 11, 1), date(2026, 11, 30))
    week[1] = [[450, 690]]
    week[0][0][0] = 0
    overrides[date(2026, 11, 23)] = []
    assert calendar.slots_on(day("Mon 2026-11-23")) == ((450, 690),)
    assert not calendar.is_working_day(day("Tue 2026-11-24"))
    assert (calendar.first, calendar.last, calendar.zone) == (date(2026, 11, 1), date(2026, 11, 30), LOCAL_ZONE)
    with pytest.raises(TypeError):
        calendar.week[2] = ()
    with pytest.raises(TypeError):
        calendar.overrides[date(2026, 11, 3)] = ()
    with pytest.raises(FrozenInstanceError):
        calendar.last = date(2027, 1, 1)


class TestOfficialCalendar:
    TET = DayNote("Tết Nguyên đán", "CV 12729/VPCP-KGVX", DayStatus.CONFIRMED)
    NEW_YEAR = DayNote("Tết Dương lịch", "Bộ luật Lao động, Điều 112", DayStatus.PROVISIONAL)

    def official(self) -> OfficialCalendar:
        notes = {date(2026, 2, 17): self.TET, date(2026, 11, 24): self.NEW_YEAR, date(2027, 1, 1): self.NEW_YEAR}
        return OfficialCalendar(clock=CALENDAR, notes=notes, complete_years=frozenset({2025, 2026}), version="1")

    def test_it_explains_its_special_days(self):
        assert self.official().note_on(day("Tue 2026-02-17")) == self.TET
        assert self.official().note_on(day("Wed 2026-02-18")) is None
        assert self.official().clock is CALENDAR
        assert DayStatus.PROVISIONAL == "provisional"

    @pytest.mark.parametrize(
        ("start", "due", "provisional"),
        [
            ("Mon 2026-02-16", "Mon 2026-02-23", False),  # crosses confirmed days only
            ("Mon 2026-11-23", "Tue 2026-11-24", True),
            ("Mon 2026-11-23", "Thu 2026-11-26", True),
            ("Tue 2026-11-24", "Thu 2026-11-26", False),  # the start is not counted
            ("Fri 2026-11-20", "Mon 2026-11-23", False),
            ("Wed 2026-12-30", "Thu 2026-12-31", False),
            ("Thu 2026-12-31", "Mon 2027-01-04", True),  # 2027 has no notice yet
            ("Mon 2024-12-30", "Tue 2024-12-31", True),
            ("Tue 2024-12-31", "Thu 2025-01-02", False),  # counted from 1/1 on
            ("Mon 2024-12-30", "Thu 2025-01-02", True),
            ("Mon 2027-06-07", "Mon 2027-06-07", False),  # nothing is counted
        ],
    )
    def test_a_deadline_is_provisional_when_no_notice_confirms_a_counted_day(self, start, due, provisional):
        assert self.official().is_provisional(day(start), day(due)) is provisional

    def test_it_never_changes(self):
        official, notes = self.official(), {}
        with pytest.raises(TypeError):
            official.notes[date(2026, 3, 1)] = self.TET
        with pytest.raises(FrozenInstanceError):
            official.version = "2"
        kept = OfficialCalendar(clock=CALENDAR, notes=notes, complete_years={2026}, version="1")
        notes[date(2026, 3, 1)] = self.TET
        assert kept.note_on(day("Sun 2026-03-01")) is None
        assert isinstance(kept.complete_years, frozenset)
