"""A clock that ticks only in working time: in days and in minutes, for one value and for whole columns.

Two monotone functions and their inverses carry everything: date ↔ number of the working day, instant ↔ number of the
worked minute. They are tables, so an answer is a look-up and an addition. Beyond its dates the clock refuses.
Minutes are those of the wall clock in the calendar's zone, which is meant to have no daylight saving.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from operator import index
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from monitor.errors import MonitorError

LOCAL_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
Slots = tuple[tuple[int, int], ...]  # a day's working time, in minutes of the day

_MINUTES_A_DAY = 24 * 60
_MICROSECONDS_A_MINUTE = 60_000_000
_EPOCH = date(1970, 1, 1).toordinal()
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LONGEST_SPAN = 366_000  # days; a thousand years keep every sum of table entries within 32 bits
_PART = 1 << 18  # bytes of a column worked on at once: what one step writes is still in the cache for the next
_SHORT_BITS = 7  # in large columns, limits below 2**7 days are answered from a table of their own,
_NO_GAP = 255  # where this means: outside the calendar, or too far away for a byte
_NO_ROWS = np.empty(0, np.intp)
_Filler = Callable[[NDArray[Any], NDArray[Any], NDArray[Any]], NDArray[np.intp]]


class SlotsError(MonitorError, ValueError):
    """Working slots that no day can have."""


class CalendarRangeError(MonitorError):
    """A start or an answer outside the dates that a calendar covers.

    `rows` holds the indices of all offending rows in order when a column was computed; None for a single value.
    """

    def __init__(self, what: str, first: date, last: date, rows: NDArray[np.intp] | None = None) -> None:
        super().__init__(f"{what} the calendar of {first} to {last}: add the year's notice to rules/calendar.csv")
        self.rows = rows


@dataclass(frozen=True, eq=False)
class WorkingCalendar:
    """Which minutes of which dates are worked, and arithmetic on them. Immutable; equal only to itself.

    Slots are (begin, end) in minutes of the day, in order, not overlapping, 0 ≤ begin < end ≤ 1440; they may touch.
    Raises SlotsError for others. All methods raise CalendarRangeError outside first..last, ValueError for a naive
    datetime, TypeError for a datetime where a date is wanted.
    """

    week: Mapping[int, Sequence[tuple[int, int]]]  # weekday 0 (Monday) to 6 -> slots; a weekday left out is off
    overrides: Mapping[date, Sequence[tuple[int, int]]]  # a date's own slots instead of its weekday's; () = day off
    first: date  # first date covered
    last: date  # last date covered
    zone: ZoneInfo = LOCAL_ZONE  # where the clock hangs

    def __post_init__(self) -> None:
        if not 0 <= (_plain_date(self.last) - _plain_date(self.first)).days < _LONGEST_SPAN:
            raise ValueError(f"a calendar from {self.first} to {self.last} is empty or longer than a thousand years")
        if unknown := set(self.week) - set(range(7)):
            raise ValueError(f"no such weekday: {sorted(unknown)}; Monday is 0, Sunday is 6")
        week = {day: _checked_slots(slots, _WEEKDAYS[day]) for day, slots in self.week.items()}
        overrides = {_plain_date(on): _checked_slots(slots, str(on)) for on, slots in self.overrides.items()}
        object.__setattr__(self, "week", MappingProxyType(week))
        object.__setattr__(self, "overrides", MappingProxyType(overrides))

    def slots_on(self, on: date) -> Slots:
        """Working slots of the date in minutes of the day, () on a day off."""
        return self._slots[self._day(on)]

    def is_working_day(self, on: date) -> bool:
        """Whether any minute of the date is worked."""
        return bool(self._slots[self._day(on)])

    def opening_of(self, on: date) -> datetime | None:
        """Instant at which the first slot of the date opens, in the calendar's zone; None on a day off."""
        slots = self.slots_on(on)
        return self._instant(self._day(on) * _MINUTES_A_DAY + slots[0][0]) if slots else None

    def closing_of(self, on: date) -> datetime | None:
        """Instant at which the last slot of the date closes, 24:00 being the next midnight; None on a day off."""
        slots = self.slots_on(on)
        return self._instant(self._day(on) * _MINUTES_A_DAY + slots[-1][1]) if slots else None

    def add_working_days(self, start_on: date, days: int) -> date:
        """Return the n-th working day after `start_on`, which itself is never counted.

        0 is `start_on` or the next working day, -n the n-th working day before.
        """
        line, days = self._day_line, index(days)
        forward = days > 0
        nth = line.elapsed_at(self._day(start_on) + forward)[0] + days - forward
        if not 0 <= nth < line.total:
            raise CalendarRangeError(f"{days} working days from {start_on} lead outside", self.first, self.last)
        return date.fromordinal(self.first.toordinal() + line.begin_of(nth))

    def working_days_between(self, start_on: date, end_on: date) -> int:
        """Count the working days in (start, end]; when end is earlier, minus those in (end, start]."""
        elapsed_at = self._day_line.elapsed_at
        return elapsed_at(self._day(end_on) + 1)[0] - elapsed_at(self._day(start_on) + 1)[0]

    def add_working_minutes(self, start_at: datetime, minutes: int) -> datetime:
        """Return the instant, in the calendar's zone, from which `start_at` is that many working minutes away.

        Landing on closing time stays there, and on opening time when going back. 0 is the start when it lies in a slot
        or at its end, else the next opening. Seconds are kept when the start is inside a slot.
        """
        line, minutes = self._minute_line, index(minutes)
        minute, spare = self._minute(start_at)
        elapsed, worked = line.elapsed_at(minute)
        inside = worked and spare
        # The answer is the end of a worked minute (edge 1) or the beginning of one; they differ at the rim of a slot.
        edge = minutes > 0 and not inside if minutes else not spare and line.elapsed_at(minute - 1)[1]
        nth = elapsed + minutes - edge
        if not 0 <= nth < line.total:
            raise CalendarRangeError(f"{minutes} working minutes from {start_at} lead outside", self.first, self.last)
        return self._instant(line.begin_of(nth) + edge, spare if inside else 0)

    def working_minutes_between(self, start_at: datetime, end_at: datetime) -> int:
        """Count the whole working minutes from start to end, truncated toward zero; negative when end is earlier."""
        worked = self._worked_microseconds(end_at) - self._worked_microseconds(start_at)
        return worked // _MICROSECONDS_A_MINUTE if worked >= 0 else -(-worked // _MICROSECONDS_A_MINUTE)

    def add_working_days_array(self, start: NDArray[Any], days: NDArray[Any]) -> NDArray[np.int32]:
        """`add_working_days` for each row; dates are days since 1970-01-01.

        Here as in the next two: int32 or int64 columns of one shape in, a new one of that shape out; TypeError or
        ValueError for others, CalendarRangeError with the offending `rows`.
        """
        return self._by_parts(self._day_line.add, start, days, "D")

    def add_working_minutes_array(self, start: NDArray[Any], minutes: NDArray[Any]) -> NDArray[np.int64]:
        """`add_working_minutes` for each row; instants are local minutes since 1970-01-01T00:00."""
        return self._by_parts(self._minute_line.add, start, minutes, "m")

    def working_minutes_between_array(self, start: NDArray[Any], end: NDArray[Any]) -> NDArray[np.int64]:
        """`working_minutes_between` for each row; instants are local minutes since 1970-01-01T00:00."""
        return self._by_parts(self._minute_line.between, start, end, "m")

    def _by_parts(self, fill: _Filler, first: Any, second: Any, unit: Literal["D", "m"]) -> NDArray[Any]:
        """Let `fill` answer part after part and return what it cannot; `unit` is numpy's for the first column."""
        starts, others = np.asarray(first), np.asarray(second)
        if not {starts.dtype, others.dtype} <= {np.dtype(np.int32), np.dtype(np.int64)}:
            raise TypeError(f"columns of {starts.dtype} and {others.dtype}: int32 or int64 is wanted")
        if starts.shape != others.shape:
            raise ValueError(f"columns of shapes {starts.shape} and {others.shape}: as many rows in both are wanted")
        shape, starts, others = starts.shape, starts.reshape(-1), others.reshape(-1)
        answer, lost = np.empty(starts.size, np.int32 if unit == "D" else np.int64), [_NO_ROWS]
        for begin in range(0, starts.size, step := _PART // starts.itemsize):
            part = slice(begin, begin + step)
            lost.append(fill(starts[part], others[part], answer[part]) + begin)
        if (rows := np.concatenate(lost)).size:
            start = np.datetime64(int(starts[rows[0]]), unit)
            what = f"{rows.size} of {starts.size} rows, the first is row {rows[0]} from {start}, start or lead outside"
            raise CalendarRangeError(what, self.first, self.last, rows)
        return answer.reshape(shape)

    @cached_property
    def _slots(self) -> list[Slots]:
        """Slots of every covered date, from the first."""
        week = [tuple(self.week.get(weekday, ())) for weekday in range(7)]
        ordinals = range(self.first.toordinal(), self.last.toordinal() + 1)
        slots = [week[(ordinal - 1) % 7] for ordinal in ordinals]  # ordinal 1 is a Monday
        for on, own in self.overrides.items():
            if self.first <= on <= self.last:
                slots[(on - self.first).days] = tuple(own)
        return slots

    @cached_property
    def _day_line(self) -> "_Line":
        worked = [bool(slots) for slots in self._slots]
        return _Line(np.array(worked), 1, self.first.toordinal() - _EPOCH, len(worked), whole=True)

    @cached_property
    def _minute_line(self) -> "_Line":
        # Time is cut into the longest grains that no slot edge divides: each is worked wholly or not at all.
        numbers = {slots: number for number, slots in enumerate(set(self._slots))}
        grain = math.gcd(_MINUTES_A_DAY, *(edge for slots in numbers for slot in slots for edge in slot))
        patterns = np.zeros((len(numbers), _MINUTES_A_DAY // grain), np.bool_)
        for slots, number in numbers.items():
            for begin, end in slots:
                patterns[number, begin // grain : end // grain] = True
        worked = patterns[[numbers[slots] for slots in self._slots]].ravel()
        covered = len(worked) * grain + int(worked[-1])  # 24:00 of the last date is covered as its closing time only
        return _Line(worked, grain, (self.first.toordinal() - _EPOCH) * _MINUTES_A_DAY, covered, whole=False)

    def _day(self, on: date) -> int:
        """Days from the first date covered."""
        day = _plain_date(on).toordinal() - self.first.toordinal()
        if not 0 <= day < len(self._slots):
            raise CalendarRangeError(f"{on} is outside", self.first, self.last)
        return day

    def _minute(self, at: datetime) -> tuple[int, int]:
        """Local minutes from the first date's midnight, and the microseconds beyond."""
        if at.utcoffset() is None:
            raise ValueError(f"{at} has no time zone: give it one, such as tzinfo=LOCAL_ZONE")
        local = at.astimezone(self.zone)
        minute = (local.toordinal() - self.first.toordinal()) * _MINUTES_A_DAY + local.hour * 60 + local.minute
        spare = local.second * 1_000_000 + local.microsecond
        if not 0 <= minute < self._minute_line.covered or (spare and local.date() > self.last):
            raise CalendarRangeError(f"{at} is outside", self.first, self.last)
        return minute, spare

    def _instant(self, minute: int, microseconds: int = 0) -> datetime:
        """Inverse of `_minute`."""
        return datetime.combine(self.first, time(), self.zone) + timedelta(0, minute * 60, microseconds)

    def _worked_microseconds(self, at: datetime) -> int:
        """Working time from the first date to the instant."""
        minute, spare = self._minute(at)
        elapsed, worked = self._minute_line.elapsed_at(minute)
        return elapsed * _MICROSECONDS_A_MINUTE + worked * spare


class _Line:
    """Worked minutes, or whole worked days, numbered from 0; arrays count from 1970, single values from the first date.

    Going forward, the answer lies at the end of a worked minute (edge 1), going back at its beginning (edge 0).
    Whole days leave the day of the start behind instead, and the answer is the day itself.
    """

    def __init__(self, worked: NDArray[np.bool_], grain: int, first: int, covered: int, *, whole: bool) -> None:
        worked = np.append(worked, False)  # what follows the last date
        until = np.cumsum(worked, dtype=np.int32) * np.int32(grain)
        self.grain, self.first, self.covered, self.whole = grain, first, covered, whole
        self.total = int(until[-1])
        self.reach = self.total + 1  # no answer lies as far away
        # Per grain, twice the working time before it, plus one when it is worked: one look-up for both.
        self.ticks: NDArray[np.int32] = 2 * (until - worked * np.int32(grain)) + worked
        self.begins = (np.flatnonzero(worked) * grain).astype(np.int32)
        self.tick, self.begin = self.ticks.data, self.begins.data  # read one by one faster than arrays

    def elapsed_at(self, at: int) -> tuple[int, int]:
        """Working time before `at`, and 1 when `at` is worked itself."""
        grain, rest = divmod(at, self.grain)
        tick = self.tick[grain]
        return (tick >> 1) + (tick & 1) * rest, tick & 1

    def begin_of(self, nth: int) -> int:
        """Where the n-th worked minute or day begins."""
        grain, rest = divmod(nth, self.grain)
        return int(self.begin[grain]) + rest

    def add(self, start: NDArray[Any], amount: NDArray[Any], answer: NDArray[Any]) -> NDArray[np.intp]:
        """Fill the answer; return the rows that start or lead outside."""
        if self.whole and start.nbytes == _PART and self.add_short(start, amount, answer):
            return _NO_ROWS
        at = start - self.first
        if _outside(at, self.covered) or amount.min() < -self.reach or amount.max() > self.reach:
            return self.lost(start, amount)
        nth, edge = self.nth_after(at.astype(np.int32, copy=False), amount.astype(np.int32, copy=False))
        if _outside(nth, self.total):
            return self.lost(start, amount)
        grain = nth // self.grain  # checked just above: "wrap" spares numpy's own, slower check, here and below
        begin = self.begins.take(grain, mode="wrap") + (nth - grain * self.grain)
        np.add(begin if self.whole else begin + edge, self.first, out=answer)
        return _NO_ROWS

    def add_short(self, start: NDArray[Any], days: NDArray[Any], answer: NDArray[Any]) -> bool:
        """Fill the answer with one look-up per row; False when the table does not know them all."""
        day = start - self.first
        if _outside(day, self.covered) or _outside(days, 1 << _SHORT_BITS):
            return False
        day <<= _SHORT_BITS
        day += days
        gap = self.short_gaps.take(day, mode="wrap")
        if np.maximum.reduce(gap) == _NO_GAP:
            return False
        np.add(start, gap, out=answer, casting="same_kind")
        return True

    @cached_property
    def short_gaps(self) -> NDArray[np.uint8]:
        """Calendar days from each date to the answer for each short limit."""
        day = np.arange(self.covered, dtype=np.int32)
        begins = np.append(self.begins, np.int32(self.covered + _NO_GAP))  # what leads outside is too far away
        gaps = np.empty((self.covered, 1 << _SHORT_BITS), np.uint8)
        for days in range(1 << _SHORT_BITS):
            gap = begins.take(self.nth_after(day, np.int32(days))[0], mode="clip") - day
            gaps[:, days] = np.minimum(gap, _NO_GAP)
        return gaps.ravel()

    def between(self, start: NDArray[Any], end: NDArray[Any], answer: NDArray[Any]) -> NDArray[np.intp]:
        """Fill the answer; return the rows that start or end outside."""
        begin, until = start - self.first, end - self.first
        if _outside(begin, self.covered) or _outside(until, self.covered):
            return np.flatnonzero((begin < 0) | (begin >= self.covered) | (until < 0) | (until >= self.covered))
        np.subtract(self.elapsed(until.astype(np.int32)), self.elapsed(begin.astype(np.int32)), out=answer)
        return _NO_ROWS

    def lost(self, start: NDArray[Any], amount: NDArray[Any]) -> NDArray[np.intp]:
        """Rows that start or lead outside."""
        at = start - self.first
        inside = (at >= 0) & (at < self.covered)
        nth, _ = self.nth_after(np.where(inside, at, 0), amount)  # a sum that overflows stays far outside
        return np.flatnonzero(~inside | (nth < 0) | (nth >= self.total))

    def nth_after(self, at: NDArray[Any], amount: Any) -> tuple[Any, Any]:
        """Number of the worked minute or day that each answer lies in, possibly none, and its edge there."""
        edge: Any = 1
        if amount.min() <= 0:
            edge = (amount > 0).astype(np.int32)
            if not self.whole:  # at the end of a slot, standing still is possible too
                still = np.flatnonzero(amount == 0)
                edge[still] = self.ticks.take((at[still] - 1) // self.grain, mode="wrap") & 1
        return self.elapsed(at + edge if self.whole else at) + amount - edge, edge

    def elapsed(self, at: NDArray[Any]) -> Any:
        """Working time before each `at`, here from the first date."""
        grain = at // self.grain
        tick = self.ticks.take(grain, mode="wrap")
        return (tick >> 1) + (tick & 1) * (at - grain * self.grain)


class DayStatus(StrEnum):
    """How sure a special day is."""

    CONFIRMED = "confirmed"  # an official notice names it
    PROVISIONAL = "provisional"  # expected, no notice yet


@dataclass(frozen=True, slots=True)
class DayNote:
    """Why a date is off or worked."""

    name: str  # as a citizen knows it, in Vietnamese
    basis: str  # the notice or law
    status: DayStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialCalendar:
    """The clock together with what explains its special days. Immutable."""

    clock: WorkingCalendar
    notes: Mapping[date, DayNote]  # per special day
    complete_years: frozenset[int]  # years whose official notice is in
    version: str  # of the rules it was made from
    _provisional: tuple[date, ...] = field(init=False, repr=False, compare=False)  # sorted, to be searched by bisection

    def __post_init__(self) -> None:
        provisional = sorted(on for on, note in self.notes.items() if note.status is DayStatus.PROVISIONAL)
        object.__setattr__(self, "notes", MappingProxyType(dict(self.notes)))
        object.__setattr__(self, "complete_years", frozenset(self.complete_years))
        object.__setattr__(self, "_provisional", tuple(provisional))

    def note_on(self, on: date) -> DayNote | None:
        """What is said of the date; None on an ordinary one."""
        return self.notes.get(on)

    def is_provisional(self, start_on: date, due_on: date) -> bool:
        """Whether (start, due] holds a provisional day or touches a year without its official notice."""
        if due_on <= start_on:
            return False
        if bisect_right(self._provisional, start_on) < bisect_right(self._provisional, due_on):
            return True
        return not self.complete_years.issuperset(range((start_on + timedelta(days=1)).year, due_on.year + 1))


def _plain_date(on: date) -> date:
    """Return the date as it is; a datetime is refused, since its date depends on the zone."""
    if isinstance(on, datetime) or not isinstance(on, date):
        raise TypeError(f"{on!r} where a date is wanted; of a datetime take .date(), once it is in the calendar's zone")
    return on


def _checked_slots(slots: Sequence[tuple[int, int]], whose: str) -> Slots:
    """Return the slots as tuples, or say what is wrong with them."""
    checked: list[tuple[int, int]] = []
    for slot in slots:
        try:
            begin, end = map(index, slot)
        except (TypeError, ValueError):
            raise SlotsError(f"{whose}: {slot!r} is not a slot; write (begin, end) in minutes of the day") from None
        if not 0 <= begin < end <= _MINUTES_A_DAY:
            raise SlotsError(f"{whose}: slot {slot!r} is empty or not within the minutes 0 to 1440 of one day")
        if checked and begin < checked[-1][1]:
            raise SlotsError(f"{whose}: slot {slot!r} overlaps {checked[-1]} or comes before it; list slots in order")
        checked.append((begin, end))
    return tuple(checked)


def _outside(values: NDArray[Any], count: int) -> bool:
    """Whether any value lies outside 0..count - 1, in one pass: seen as unsigned, a negative value is a huge one."""
    unsigned = np.uint32 if values.dtype == np.int32 else np.uint64
    return bool(np.maximum.reduce(values.view(unsigned)) >= count)
