"""Is the calendar right, and does it reach far enough? Compared with the `holidays` package, and with today."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from monitor.rules.book import RuleBook
from monitor.rules.holidays_package import PackageDay, package_days
from monitor.working_time import DayStatus, OfficialCalendar

WARN_FROM_MONTH = 10  # notices for the next year come in autumn
WARN_DAILY_FROM_MONTH = 12
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A day that is worked for one of the two and off for the other."""

    on: date
    is_worked: bool  # in our calendar
    ours: str | None  # our name and basis of the day; None: an ordinary one
    theirs: str | None  # the package's name of the day; None: an ordinary one


def calendar_disagreements(rules: RuleBook, first_year: int = 2018, last_year: int | None = None) -> list[Disagreement]:
    """Every day of these years, as far as the calendar reaches, on which it and the `holidays` package disagree."""
    first = max(date(first_year, 1, 1), rules.calendar.clock.first)
    last = rules.calendar.clock.last
    if last_year is not None:
        last = min(date(last_year, 12, 31), last)
    if first > last:
        return []
    theirs = package_days(first.year, last.year)
    candidates = sorted(on for on in theirs.keys() | rules.calendar.notes.keys() if first <= on <= last)
    compared = (_compared(rules.calendar, on, theirs.get(on)) for on in candidates)
    return [disagreement for disagreement in compared if disagreement]


def holidays_not_listed(rules: RuleBook) -> list[Disagreement]:
    """The days that the package has off and our calendar works: a row of Tết or of Giỗ Tổ that was forgotten or moved.

    A warning and no mistake, since our file decides: the package also invents days (docs/legislation.md).
    """
    return [one for one in calendar_disagreements(rules) if one.is_worked and one.theirs]


def _compared(calendar: OfficialCalendar, on: date, theirs: PackageDay | None) -> Disagreement | None:
    note = calendar.note_on(on)
    ours_worked = calendar.clock.is_working_day(on)
    theirs_worked = theirs.is_worked if theirs else on.weekday() < SATURDAY
    if ours_worked == theirs_worked:
        return None
    ours = f"{note.name} ({note.basis})" if note else None
    return Disagreement(on, ours_worked, ours, theirs.name if theirs else None)


class Urgency(StrEnum):
    """How loudly a gap in the calendar is told."""

    NOTICE = "notice"  # from 1 October: the notice for the next year is due
    DAILY = "daily"  # from 1 December, and while the current year itself is incomplete
    BEYOND = "beyond"  # today lies beyond the calendar: due dates are unknown


@dataclass(frozen=True, slots=True)
class CalendarWarning:
    """What the calendar lacks, in words for the people who enter it."""

    year: int
    urgency: Urgency
    text: str


def calendar_warning(rules: RuleBook, *, today: date) -> CalendarWarning | None:
    """What to say today about this year and the next; None while nothing is missing or it is too early to ask."""
    calendar = rules.calendar
    if today > calendar.clock.last:
        text = f"{_missing(today.year)}; hạn trả sau ngày {calendar.clock.last:%d/%m/%Y} là không xác định"
        return CalendarWarning(today.year, Urgency.BEYOND, text)
    if today.year not in calendar.complete_years:
        return CalendarWarning(today.year, Urgency.DAILY, _lack(calendar, today.year))
    next_year = today.year + 1
    if next_year in calendar.complete_years or today.month < WARN_FROM_MONTH:
        return None
    urgency = Urgency.DAILY if today.month >= WARN_DAILY_FROM_MONTH else Urgency.NOTICE
    return CalendarWarning(next_year, urgency, _lack(calendar, next_year))


def _lack(calendar: OfficialCalendar, year: int) -> str:
    if year > calendar.clock.last.year:
        return _missing(year)
    notes = calendar.notes.items()
    days = sorted(on for on, note in notes if on.year == year and note.status is DayStatus.PROVISIONAL)
    lack = "chưa có đủ thông báo chính thức"
    if days:
        lack = f"còn {len(days)} ngày tạm tính ({', '.join(f'{on.day}/{on.month}' for on in days)})"
    return f"Lịch nghỉ năm {year} chưa đủ: {lack}. Khi có thông báo chính thức, ghi vào rules/calendar.csv."


def _missing(year: int) -> str:
    return f"Chưa có lịch nghỉ năm {year}: ghi các ngày theo thông báo chính thức vào rules/calendar.csv"
