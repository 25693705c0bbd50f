"""Working time counted the slow way, day by day and minute by minute, to check the clock's tables against."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

MINUTE = 60  # seconds
DAY = timedelta(days=1)


class LeftTheCalendarError(Exception):
    """The walk went past the first or the last date."""


class SlowWalker:
    """Knows of each minute whether it is worked, and otherwise only how to take a step."""

    def __init__(
        self,
        week: Mapping[int, Sequence[tuple[int, int]]],
        overrides: Mapping[date, Sequence[tuple[int, int]]],
        first: date,
        last: date,
    ) -> None:
        self.first, self.last = first, last
        self.midnight = datetime.combine(first, time())
        self.worked: list[bool] = []
        on = first
        while on <= last:
            minutes = [False] * (24 * 60)
            for begin, end in overrides.get(on, week.get(on.weekday(), ())):
                for minute in range(begin, end):
                    minutes[minute] = True
            self.worked += minutes
            on += DAY

    def works_on(self, on: date) -> bool:
        if not self.first <= on <= self.last:
            raise LeftTheCalendarError(on)
        day = (on - self.first).days
        return any(self.worked[day * 24 * 60 : (day + 1) * 24 * 60])

    def works_at(self, minute: int) -> bool:
        return 0 <= minute < len(self.worked) and self.worked[minute]

    def add_days(self, start_on: date, days: int) -> date:
        on = start_on
        if days == 0:
            while not self.works_on(on):
                on += DAY
        step = DAY if days > 0 else -DAY
        for _ in range(abs(days)):
            on += step
            while not self.works_on(on):
                on += step
        return on

    def days_between(self, start_on: date, end_on: date) -> int:
        count, on = 0, min(start_on, end_on)
        while on < max(start_on, end_on):
            on += DAY
            count += self.works_on(on)
        return count if start_on <= end_on else -count

    def add_minutes(self, start: datetime, minutes: int) -> datetime:
        """Spend the seconds minute after minute; `start` is local and naive, and so is the answer."""
        minute, second = divmod(int((start - self.midnight).total_seconds()), MINUTE)
        left = abs(minutes) * MINUTE
        if minutes == 0:
            if self.works_at(minute) or (second == 0 and self.works_at(minute - 1)):
                return start
            return self.instant(self.seek(minute, 1), 0)
        forward = minutes > 0
        while True:
            if not forward and second == 0:
                minute, second = minute - 1, MINUTE
            if not 0 <= minute < len(self.worked):
                raise LeftTheCalendarError(minute)
            if self.worked[minute]:
                room = MINUTE - second if forward else second
                if room >= left:
                    return self.instant(minute, second + left if forward else second - left)
                left -= room
            minute, second = (minute + 1, 0) if forward else (minute, 0)

    def minutes_between(self, start: datetime, end: datetime) -> int:
        begin, until = (int((at - self.midnight).total_seconds()) for at in sorted((start, end)))
        seconds = -(begin % MINUTE) * self.works_at(begin // MINUTE) + (until % MINUTE) * self.works_at(until // MINUTE)
        seconds += MINUTE * sum(self.worked[begin // MINUTE : until // MINUTE])
        return seconds // MINUTE if start <= end else -(seconds // MINUTE)

    def seek(self, minute: int, step: int) -> int:
        while not self.works_at(minute):
            minute += step
            if not 0 <= minute < len(self.worked):
                raise LeftTheCalendarError(minute)
        return minute

    def instant(self, minute: int, second: int) -> datetime:
        return self.midnight + timedelta(minutes=minute, seconds=second)
