"""calendar.csv and calendar_years.csv: the days that official notices take from the ordinary week, and for which years.

Legal basis: Bộ luật Lao động 2019, Điều 111–112, the yearly notices, Nghị quyết 28/2026/QH16; each row names its own.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from monitor.rules.cells import Slots, parse_count, parse_date, parse_flag, parse_slots
from monitor.rules.fixed_holidays import FILE as FIXED_HOLIDAYS
from monitor.rules.fixed_holidays import FixedHoliday, read_fixed_holidays, worked_holidays
from monitor.rules.holidays_package import package_days, package_version
from monitor.rules.hours import FIRST_DAY, OfficeHours
from monitor.rules.problems import Problems
from monitor.rules.tables import Row, read_table
from monitor.rules.versions import version_of
from monitor.working_time import DayNote, DayStatus, OfficialCalendar, WorkingCalendar

DAYS = "calendar.csv"
DAY_COLUMNS = ("date", "kind", "slots", "name", "basis", "status")
YEARS = "calendar_years.csv"
CLOSED_WORDS = "cơ quan đóng cửa, thời hạn vẫn tính"
SATURDAY = 5  # a make-up Saturday stays right in an office that works every Saturday
YEAR_COLUMNS = ("year", "complete", "basis")


class Kind(StrEnum):
    """What a day is instead of what its weekday is."""

    OFF = "off"
    WORKED = "worked"  # a make-up day, or a working day with hours of its own
    CLOSED = "closed"  # the office is shut (storm, power) and the time runs on; a closure that moves due dates is off


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A row of calendar.csv."""

    on: date
    kind: Kind | None  # None: not understood, and refused
    slots: Slots | None  # None: those of the ordinary week
    note: DayNote


@dataclass(frozen=True, slots=True)
class _DayTable:
    """What could be read of calendar.csv."""

    days: dict[date, SpecialDay]
    lines: dict[date, int]
    is_whole: bool  # whether the date of every row is known, so that a day which is not there is missing


def read_calendar(files: Mapping[str, bytes], hours: OfficeHours | None, problems: Problems) -> OfficialCalendar | None:
    """The official calendar; None when it cannot be counted with."""
    before = len(problems)
    years, are_known = _read_years(files, problems)
    listed = years if are_known else {}
    fixed = read_fixed_holidays(files, problems)
    table = _read_days(files, problems)
    _refuse_days_out_of_place(table, listed, hours, problems)
    if table.is_whole:
        _refuse_missing_days(table, listed, hours, fixed, problems)
    if hours is None or not years or len(problems) > before:
        return None
    return _calendar(hours, years, table.days)


def _read_years(files: Mapping[str, bytes], problems: Problems) -> tuple[dict[int, bool], bool]:
    """Each listed year and whether its notices are all in; and whether it is clear which years are listed."""
    before = len(problems)
    rows = list(read_table(files, YEARS, YEAR_COLUMNS, problems))
    are_known = len(problems) == before
    if not rows and are_known:
        problems.add(YEARS, 1, "lists no year: add a row for each year that calendar.csv covers")
    years: dict[int, bool] = {}
    for row in rows:
        year, complete = row.need("year", parse_count), row.need("complete", parse_flag)
        row.need_text("basis")
        is_next = year is not None and (year == max(years) + 1 if years else year >= FIRST_DAY.year)
        are_known = are_known and is_next
        if year is None:
            continue
        if not is_next:
            wanted = str(max(years) + 1) if years else f"{FIRST_DAY.year} or later"
            row.refuse(f"year is {year} where {wanted} is expected: list every year once, one after another")
        years[year] = complete or False
    return years, are_known


def _read_days(files: Mapping[str, bytes], problems: Problems) -> _DayTable:
    before = len(problems)
    rows = list(read_table(files, DAYS, DAY_COLUMNS, problems))
    is_whole = len(problems) == before
    days: dict[date, SpecialDay] = {}
    lines: dict[date, int] = {}
    for row in rows:
        day = _read_day(row)
        if day is None:
            is_whole = False
            continue
        if day.on in lines:
            row.refuse(f"date {day.on} stands there already, on line {lines[day.on]}: keep one of the two")
        lines.setdefault(day.on, row.line)
        days.setdefault(day.on, day)
    return _DayTable(days, lines, is_whole)


def _read_day(row: Row) -> SpecialDay | None:
    """The day of a row; None when its date is not understood."""
    on, kind = row.need("date", parse_date), row.need_choice("kind", Kind)
    status = row.need_choice("status", DayStatus)
    slots = row.read("slots", parse_slots)
    name, basis = row.need_text("name"), row.need_text("basis")
    if kind is Kind.OFF and slots:
        row.refuse("a day off has no slots: empty the cell, or write kind worked for a day with hours of its own")
    if kind is Kind.CLOSED:
        name = f"{name}; {CLOSED_WORDS}"
        if slots or status is DayStatus.PROVISIONAL:
            row.refuse(
                "kind closed moves no date: leave slots empty and write status confirmed; to move dates, kind off"
            )
    return SpecialDay(on, kind, slots, DayNote(name, basis, status or DayStatus.PROVISIONAL)) if on else None


def _refuse_days_out_of_place(
    table: _DayTable, years: Mapping[int, bool], hours: OfficeHours | None, problems: Problems
) -> None:
    for on, day in table.days.items():
        line = table.lines[on]
        if years and on.year not in years:
            text = f"year {on.year} is not listed: add it to {YEARS}, complete = no until its notice is in"
            problems.add(DAYS, line, text)
        if hours is not None and on >= FIRST_DAY and (idle := _changes_nothing(day, hours.week_on(on).week)):
            problems.add(DAYS, line, idle)


def _changes_nothing(day: SpecialDay, week: Mapping[int, Slots]) -> str | None:
    """Such a row is a wrong date, or was written for another week than that of hours.toml."""
    is_worked_anyway = day.on.weekday() in week
    if day.kind in (Kind.OFF, Kind.CLOSED) and not is_worked_anyway:
        return f"{day.on} is a {day.on:%A} and off anyway: correct the date, or enter the make-up day off instead"
    if day.kind is Kind.WORKED and is_worked_anyway and day.on.weekday() < SATURDAY and day.slots is None:
        return f"{day.on} is a {day.on:%A} and worked anyway: correct the date, or give the slots that differ"
    return None


def _refuse_missing_days(
    table: _DayTable,
    years: Mapping[int, bool],
    hours: OfficeHours | None,
    fixed: Collection[FixedHoliday],
    problems: Problems,
) -> None:
    """A year without any day, and a day that is off by law and would be counted."""
    with_days = {on.year for on in table.days}
    for year in sorted(years.keys() - with_days):
        problems.add(YEARS, None, f"lists {year} and {DAYS} has no day of it: add its days, or remove the year")
    if hours is None:
        return
    worked = worked_holidays(
        fixed,
        years.keys() & with_days,
        is_in_week=lambda on: on.weekday() in hours.week_on(on).week,
        is_off=lambda on: on in table.days and table.days[on].kind in (Kind.OFF, None),
    )
    for on, why in sorted(worked):
        todo = f"enter it as off, or close its row of {FIXED_HOLIDAYS} with valid_to when the law has changed"
        problems.add(DAYS, table.lines.get(on), f"{on:%A} {on} is worked: {why}: {todo}")


def _calendar(hours: OfficeHours, years: Mapping[int, bool], days: dict[date, SpecialDay]) -> OfficialCalendar:
    """The clock from 2010 to the end of the last listed year, with what explains it."""
    special = dict(_package_days(min(years))) | days
    last = date(max(years), 12, 31)
    overrides = dict(_changed_weeks(hours, last)) | {on: _slots_of(day, hours) for on, day in special.items()}
    complete = frozenset(year for year, is_complete in years.items() if is_complete)
    week = hours.weeks[-1].week
    notes = {on: day.note for on, day in special.items()}
    version = version_of(week, sorted(overrides.items()), sorted(notes.items()), sorted(complete), last, hours.day_end)
    clock = WorkingCalendar(week, overrides, FIRST_DAY, last)
    return OfficialCalendar(clock=clock, notes=notes, complete_years=complete, version=version)


def _package_days(first_listed_year: int) -> Iterator[tuple[date, SpecialDay]]:
    """The years before our own calendar, as the `holidays` package has them: provisional."""
    if first_listed_year <= FIRST_DAY.year:
        return
    basis = f"thư viện holidays {package_version()}, chưa đối chiếu văn bản"
    for on, day in package_days(FIRST_DAY.year, first_listed_year - 1).items():
        kind = Kind.WORKED if day.is_worked else Kind.OFF
        yield on, SpecialDay(on, kind, None, DayNote(day.name, basis, DayStatus.PROVISIONAL))


def _changed_weeks(hours: OfficeHours, last: date) -> Iterator[tuple[date, Slots]]:
    """The dates on which an older week worked other slots than the latest one."""
    latest = hours.weeks[-1]
    on = FIRST_DAY
    while on < min(latest.valid_from, last + timedelta(days=1)):
        slots = hours.week_on(on).week.get(on.weekday(), ())
        if slots != latest.week.get(on.weekday(), ()):
            yield on, slots
        on += timedelta(days=1)


def _slots_of(day: SpecialDay, hours: OfficeHours) -> Slots:
    """A make-up day without slots of its own is worked like the first working day of its week."""
    if day.kind is Kind.OFF:
        return ()
    week = hours.week_on(day.on).week
    return day.slots or week.get(day.on.weekday()) or week[min(week)]
