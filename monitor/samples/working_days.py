"""Working days around a date, as a provincial system would count them for its slips."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from monitor.working_time import WorkingCalendar

REACH = timedelta(days=220)  # further than any invented receipt or appointment lies from the morning of the samples
SATURDAY = 5
CLOSING = time(17, 0)


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The working days near a morning, in order.

    Where the official calendar does not reach, weekends alone are off: the samples of its first and last weeks need
    dates on both sides, and the system that makes the exports does not stop where our calendar does.
    """

    days: Sequence[date]
    calendar: WorkingCalendar

    @classmethod
    def around(cls, as_of: date, calendar: WorkingCalendar) -> "WorkingDays":
        """The working days within reach of a date."""
        span = (as_of + timedelta(days=step) for step in range(-REACH.days, REACH.days + 1))
        return cls([on for on in span if _is_working(on, calendar)], calendar)

    def is_working(self, on: date) -> bool:
        """Whether the office is open on that date."""
        return _is_working(on, self.calendar)

    def after(self, on: date, count: int) -> date:
        """The count-th working day after `on`, or before it when negative; 0 is `on` or the next working day."""
        if count > 0:
            return self.days[bisect_right(self.days, on) + count - 1]
        return self.days[bisect_left(self.days, on) + count]

    def between(self, start_on: date, end_on: date) -> int:
        """How many working days lie in (start, end]."""
        return bisect_right(self.days, end_on) - bisect_right(self.days, start_on)

    def day_off_after(self, on: date) -> date:
        """The first date after `on` on which the office is closed."""
        day = on + timedelta(days=1)
        while self.is_working(day):
            day += timedelta(days=1)
        return day

    def day_off_before(self, on: date) -> date:
        """The last date before `on` on which the office was closed."""
        day = on - timedelta(days=1)
        while self.is_working(day):
            day -= timedelta(days=1)
        return day

    def closing_of(self, on: date) -> datetime:
        """When the office closes on that date; the usual hour on a day off."""
        closing = self.calendar.closing_of(on) if _is_covered(on, self.calendar) else None
        return closing or datetime.combine(on, CLOSING, self.calendar.zone)


def _is_covered(on: date, calendar: WorkingCalendar) -> bool:
    return calendar.first <= on <= calendar.last


def _is_working(on: date, calendar: WorkingCalendar) -> bool:
    return calendar.is_working_day(on) if _is_covered(on, calendar) else on.weekday() < SATURDAY
