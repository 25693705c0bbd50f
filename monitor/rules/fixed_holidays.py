"""fixed_holidays.csv: the holidays that the law puts on the same date each year; a calendar that works one is refused.

Legal basis: Bộ luật Lao động 2019, Điều 111.3, 112; before 2021 Bộ luật Lao động 2012, Điều 115; Nghị quyết
28/2026/QH16; each row names its own.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from monitor.rules.cells import parse_count, parse_flag
from monitor.rules.problems import Problems
from monitor.rules.tables import Row, read_table

FILE = "fixed_holidays.csv"
COLUMNS = ("month", "day", "name", "make_up", "valid_from", "valid_to", "basis")
COMMON_YEAR = 2001  # 29 February is no date of every year

IsDay = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class FixedHoliday:
    """A holiday on the same date each year."""

    month: int
    day: int
    name: str
    is_made_up: bool  # whether, when it falls on the weekly day off, the next working day is off instead
    valid_from: date
    valid_to: date
    basis: str

    def in_year(self, year: int) -> date | None:
        """Its date in a year; None when the law did not know it then."""
        on = date(year, self.month, self.day)
        return on if self.valid_from <= on <= self.valid_to else None


def read_fixed_holidays(files: Mapping[str, bytes], problems: Problems) -> tuple[FixedHoliday, ...]:
    """Every row that can be understood."""
    lines: dict[FixedHoliday, int] = {}
    for row in read_table(files, FILE, COLUMNS, problems):
        holiday = _holiday(row)
        if holiday is None:
            continue
        for other, line in lines.items():
            if _holds_twice(holiday, other):
                row.refuse(f"{other.day}/{other.month} is on line {line} for the same years: close one with valid_to")
        lines[holiday] = row.line
    return tuple(lines)


def _holiday(row: Row) -> FixedHoliday | None:
    """The holiday of a row; None when it is not understood when it is."""
    before = len(row.problems)
    month, day = row.need("month", parse_count), row.need("day", parse_count)
    valid_from, valid_to = row.span()
    if month is not None and day is not None:
        _refuse_no_date(row, month, day)
    is_dated = len(row.problems) == before
    name, basis = row.need_text("name"), row.need_text("basis")
    is_made_up = row.need("make_up", parse_flag) or False
    if not is_dated or month is None or day is None:
        return None
    return FixedHoliday(month, day, name, is_made_up, valid_from or date.min, valid_to or date.max, basis)


def _refuse_no_date(row: Row, month: int, day: int) -> None:
    try:
        date(COMMON_YEAR, month, day)
    except ValueError:
        row.refuse(f"month {month} has no day {day} in every year: correct one of the two")


def _holds_twice(holiday: FixedHoliday, other: FixedHoliday) -> bool:
    same_date = (holiday.month, holiday.day) == (other.month, other.day)
    return same_date and holiday.valid_from <= other.valid_to and other.valid_from <= holiday.valid_to


def worked_holidays(
    holidays: Collection[FixedHoliday], years: Collection[int], is_in_week: IsDay, is_off: IsDay
) -> Iterator[tuple[date, str]]:
    """Each day of these years that the law takes from the working week and the calendar leaves in it, and why.

    Legal basis: Bộ luật Lao động 2019, Điều 112 (the days), 111.3 (one on the weekly day off is made up for on the next
    working day).
    """
    fixed = [(on, holiday) for holiday in holidays for year in years if (on := holiday.in_year(year))]
    taken = {on for on, _ in fixed if is_in_week(on)}
    for on, holiday in sorted(fixed, key=lambda one: one[0]):
        day_off, what = on, f"{holiday.name} is a day off by law"
        if not is_in_week(on):
            if not holiday.is_made_up:
                continue
            day_off = _next_free_day(on, taken, is_in_week)
            what = f"it makes up by law for {holiday.name} on {on:%A} {on}"
            taken.add(day_off)
        if day_off.year in years and not is_off(day_off):
            yield day_off, f"{what} ({holiday.basis})"


def _next_free_day(on: date, taken: Collection[date], is_in_week: IsDay) -> date:
    """The next day of the working week that no other holiday takes: in 2022, 2/5 made up for 30/4 and 3/5 for 1/5."""
    while on in taken or not is_in_week(on):
        on += timedelta(days=1)
    return on
