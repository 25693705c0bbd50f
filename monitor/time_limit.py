"""Time limits as the law writes them: an amount in a unit, with its source, and the instant at which one ends."""

import calendar as months
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from unicodedata import normalize

from monitor.dossier import Channel, Moment
from monitor.errors import MonitorError
from monitor.working_time import WorkingCalendar

NOON = time(12, 0)


class Unit(StrEnum):
    """What a time limit counts. Working days and working hours are two units; neither is made of the other."""

    WORKING_DAY = "working_day"
    HALF_WORKING_DAY = "half_working_day"
    CALENDAR_DAY = "calendar_day"
    MONTH = "month"
    WORKING_HOUR = "working_hour"
    SAME_DAY = "same_day"


class Evidence(StrEnum):
    """How well a limit is known."""

    VERIFIED = "verified"  # read in the text
    SECONDARY = "secondary"  # read in a text that cites it
    UNVERIFIED = "unverified"
    UNKNOWN = "unknown"


class DayEnd(StrEnum):
    """The time of day at which a limit in days ends; systems differ, at the level of days they agree."""

    CLOSING_TIME = "closing_time"
    SAME_CLOCK_TIME = "same_clock_time"  # the time of day of receipt
    HALF_DAY = "half_day"  # received before noon: end of the morning; else closing time


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplementRule:
    """How often and until when papers may be asked for (practice B16); a sector row has rules of its own."""

    general: bool = True
    max_requests: int = 1
    request_within: int | None = 3  # working days from receipt
    close_after: int | None = 15  # calendar days without an answer
    restarts_on_repeat: bool = False
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a limit and who holds it."""

    name: str
    amount: int
    holder: str
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimit:
    """How long a procedure may take, by which text, and how well that is known."""

    amount: int | None  # None: no limit is known
    unit: Unit | None
    cut_off: time | None = None  # same_day only: received after it counts as the next working day
    basis: str = ""
    evidence: Evidence = Evidence.UNKNOWN
    supplement: SupplementRule = SupplementRule()
    pause_grounds: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether there is anything to count."""
        return self.unit is Unit.SAME_DAY or (self.amount is not None and self.unit is not None)

    @property
    def binds(self) -> bool:
        """Whether the limit is known well enough to stand beside a promise (decision 4)."""
        return self.is_known and self.evidence in (Evidence.VERIFIED, Evidence.SECONDARY)

    @property
    def counts_minutes(self) -> bool:
        """Whether lateness is decided by the instant and not by the date."""
        return self.unit in (Unit.WORKING_HOUR, Unit.HALF_WORKING_DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """A row of the catalogue: a procedure, case and channel with its limit, in force for receipts in a span of days."""

    code: str
    name: str
    limit: TimeLimit
    case: str | None = None  # None: any
    channel: Channel | None = None  # None: any
    aliases: tuple[str, ...] = ()
    field: str = ""
    division: str = ""
    officer: str = ""  # the id of the member of staff who handles it where nobody else is named
    valid_from: date | None = None  # None: any
    valid_to: date | None = None
    applies_to_running: bool = False
    basis: str = ""


NO_LIMIT = TimeLimit(amount=None, unit=None)


@dataclass(frozen=True, slots=True)
class LimitEnd:
    """The end of a limit: its date, its instant, and the date before rolling forward over days off."""

    on: date
    at: datetime
    unrolled_on: date


def limit_end(limit: TimeLimit, start: Moment, calendar: WorkingCalendar, day_end: DayEnd) -> LimitEnd:
    """The end of `limit` counted from `start`, of which the day itself is not counted.

    A limit in calendar days or months that ends on a day off ends with the next working day. Raises CalendarRangeError
    where the calendar does not reach.
    Legal basis: Bộ luật Dân sự 2015, Điều 147 (start), 148 (end), 148.5 (roll); Nghị định 118/2025/NĐ-CP, Điều 17.3.
    """
    amount = limit.amount or 0
    if limit.unit is Unit.WORKING_HOUR:
        at = calendar.add_working_minutes(start.at, amount * 60)
        return LimitEnd(at.date(), at, at.date())
    if limit.unit is Unit.HALF_WORKING_DAY:
        at = _add_half_days(start, amount, calendar)
        return LimitEnd(at.date(), at, at.date())
    unrolled = _last_day(limit, start, calendar)
    on = calendar.add_working_days(unrolled, 0)
    return LimitEnd(on, end_of_day(on, start, calendar, day_end), unrolled)


def _last_day(limit: TimeLimit, start: Moment, calendar: WorkingCalendar) -> date:
    amount = limit.amount or 0
    if limit.unit is Unit.WORKING_DAY:
        return calendar.add_working_days(start.on, amount)
    if limit.unit is Unit.CALENDAR_DAY:
        return start.on + timedelta(days=amount)
    if limit.unit is Unit.MONTH:
        return _add_months(start.on, amount)
    return _same_day(limit, start, calendar)


def _same_day(limit: TimeLimit, start: Moment, calendar: WorkingCalendar) -> date:
    """The day of receipt; the next working day after the procedure's cut-off, after closing time, or on a day off.

    Legal basis: the decisions that publish such procedures; the cut-off is the procedure's own.
    """
    closing = calendar.closing_of(start.on)
    if closing is None:
        return calendar.add_working_days(start.on, 0)
    missed = start.has_time and (start.at > closing or (limit.cut_off is not None and start.at.time() > limit.cut_off))
    return calendar.add_working_days(start.on, 1) if missed else start.on


def _add_months(start_on: date, count: int) -> date:
    """The same day of the month `count` months later; the last day of a shorter month.

    Legal basis: Bộ luật Dân sự 2015, Điều 148.3.
    """
    year, month = divmod(start_on.year * 12 + start_on.month - 1 + count, 12)
    return date(year, month + 1, min(start_on.day, months.monthrange(year, month + 1)[1]))


def _add_half_days(start: Moment, count: int, calendar: WorkingCalendar) -> datetime:
    """The end of the `count`-th half working day after the half of receipt.

    Received before noon of a working day, half a day ends with that day; received later, at noon of the next working
    day; received on a day off, like received after noon. Never "four hours".
    Legal basis: none national; counted as the provincial e-PAR software counts.
    """
    noon = datetime.combine(start.on, NOON, calendar.zone)
    before_noon = not start.has_time or start.at < noon
    ends = tuple(end for end in _half_ends(start.on, calendar) if before_noon and end > noon)
    day, left = start.on, count
    while left > len(ends):
        left -= len(ends)
        day = calendar.add_working_days(day, 1)
        ends = _half_ends(day, calendar)
    return ends[max(left, 1) - 1]


def _half_ends(on: date, calendar: WorkingCalendar) -> tuple[datetime, ...]:
    """When the morning and the afternoon of a day end: the last slot before noon, and closing time."""
    closing = calendar.closing_of(on)
    if closing is None:
        return ()
    noon_minute = NOON.hour * 60
    mornings = [min(end, noon_minute) for begin, end in calendar.slots_on(on) if begin < noon_minute]
    if not mornings:
        return (closing,)
    morning_end = datetime.combine(on, time(), calendar.zone) + timedelta(minutes=mornings[-1])
    return (morning_end,) if morning_end == closing else (morning_end, closing)


def end_of_day(on: date, start: Moment, calendar: WorkingCalendar, day_end: DayEnd) -> datetime:
    """The instant at which a limit in days ends on `on`; on a day off, at the hour of the working day before."""
    working_on = on if calendar.is_working_day(on) else calendar.add_working_days(on, -1)
    closing = calendar.closing_of(working_on)
    assert closing is not None, "a working day has a closing time"
    shift = on - working_on
    if day_end is DayEnd.SAME_CLOCK_TIME and start.has_time:
        return min(datetime.combine(on, start.at.timetz()), closing + shift)
    if day_end is DayEnd.HALF_DAY and start.has_time and start.at.time() < NOON:
        return _half_ends(working_on, calendar)[0] + shift
    return closing + shift


class LimitNotUnderstood(MonitorError):
    """A time limit written in a way that is not known."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"time limit {text!r} is not understood: write for example '3 ngày làm việc', '15 ngày', '1 tháng', "
            "'8 giờ làm việc', '1/2 ngày làm việc', 'trong ngày', or '3 working_day'"
        )


LONGEST = 10_000  # of any unit; more is a slip of the keyboard, and would leave every calendar
_UNIT_WORDS = {
    "ngày làm việc": Unit.WORKING_DAY,
    "working_day": Unit.WORKING_DAY,
    "working day": Unit.WORKING_DAY,
    "half_working_day": Unit.HALF_WORKING_DAY,
    "half working day": Unit.HALF_WORKING_DAY,
    "ngày": Unit.CALENDAR_DAY,
    "calendar_day": Unit.CALENDAR_DAY,
    "calendar day": Unit.CALENDAR_DAY,
    "tháng": Unit.MONTH,
    "month": Unit.MONTH,
    "giờ làm việc": Unit.WORKING_HOUR,
    "working_hour": Unit.WORKING_HOUR,
    "working hour": Unit.WORKING_HOUR,
}
_HALVED = (Unit.WORKING_DAY, Unit.CALENDAR_DAY)  # half a day of either kind is a half working day
_SAME_DAY = re.compile(r"(ngay )?trong ngày( làm việc)?|same[_ ]days?")
_HALF_DAY = re.compile(r"nửa ngày( làm việc)?")
_LIMIT = re.compile(r"(?P<amount>\d+\s*/\s*\d+|\d+(?:[.,]\d)?)\s*(?P<unit>\D+)")
# What surrounds amount and unit: "trong thời hạn không quá 03 (ba) ngày làm việc, kể từ ngày nhận đủ hồ sơ hợp lệ".
_BEFORE = re.compile(r"^(thời hạn giải quyết:?|trong thời hạn|trong vòng|trong(?! ngày)|không quá|tối đa)\s+")
# Nothing that holds a second number of days is passed over, nor an aside that may change the unit.
_AFTER = re.compile(r"\s*[,;.]*\s*\b(kể từ|tính từ|từ ngày|sau khi)\b((?!\d+\s*(ngày|giờ|tháng)).)*$")
_ASIDE = re.compile(r"(?<=\d)\s*\([^)\d]*\)|\((?=làm việc\))|(?<=làm việc)\)")


def parse_limit(text: str) -> TimeLimit:
    """A limit as a clerk or a source writes it: "03 ngày làm việc", "15 ngày", "1/2 ngày", "3 working_day".

    Only the amount and the unit are read; basis and evidence stay empty. Raises LimitNotUnderstood rather than guess,
    also for a number of hours that are not said to be working hours.
    """
    plain = _without_surroundings(normalize("NFC", text).casefold().replace("½", "1/2"))
    if _SAME_DAY.fullmatch(plain):
        return TimeLimit(amount=None, unit=Unit.SAME_DAY)
    if _HALF_DAY.fullmatch(plain):
        return TimeLimit(amount=1, unit=Unit.HALF_WORKING_DAY)
    match = _LIMIT.fullmatch(plain)
    unit = _UNIT_WORDS.get(_singular(match["unit"])) if match else None
    if match is None or unit is None:
        raise LimitNotUnderstood(text)
    return _counted(text, match["amount"], unit)


def _without_surroundings(text: str) -> str:
    plain = " ".join(_AFTER.sub("", _ASIDE.sub(" ", text)).split()).strip(" ,.;")
    while (shorter := _BEFORE.sub("", plain)) != plain:
        plain = shorter
    return plain


def _singular(word: str) -> str:
    return word.removesuffix("s") if word.isascii() else word


def _counted(text: str, written: str, unit: Unit) -> TimeLimit:
    """Half days become a unit of their own; any other fraction is refused rather than rounded."""
    try:
        amount = Fraction(written.replace(",", ".").replace(" ", ""))
    except ZeroDivisionError:
        raise LimitNotUnderstood(text) from None
    if unit in _HALVED and amount.denominator == 2:  # noqa: PLR2004 - halves
        amount, unit = amount * 2, Unit.HALF_WORKING_DAY
    if amount.denominator != 1 or not 0 < amount <= LONGEST:
        raise LimitNotUnderstood(text)
    return TimeLimit(amount=int(amount), unit=unit)
