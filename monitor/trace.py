"""Why a limit ends on its day: every day between receipt and end, whether it counts, and by which text it does not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from monitor.dossier import Pause
from monitor.time_limit import LimitEnd, TimeLimit, Unit
from monitor.working_time import DayNote, OfficialCalendar

ONE_DAY = timedelta(days=1)
SATURDAY = 5


class DayKind(StrEnum):
    """What a day is to the count."""

    RECEIPT = "receipt"  # day zero
    SUPPLEMENT = "supplement"  # day zero of a count begun again
    COUNTED = "counted"
    WEEKEND = "weekend"
    DAY_OFF = "day_off"
    PAUSED = "paused"
    LAST = "last"  # the working day to which a limit in days or months is rolled from a day off


@dataclass(frozen=True, slots=True)
class CountedDay:
    """A day of the trace; `number` is its place in the count, in the limit's unit, None when it does not count."""

    on: date
    kind: DayKind
    number: int | None = None
    note: DayNote | None = None


def count_days(
    limit: TimeLimit, start_on: date, end: LimitEnd, pauses: tuple[Pause, ...], calendar: OfficialCalendar
) -> tuple[CountedDay, ...]:
    """The days from receipt to the end of the limit, oldest first.

    Limits in months name only receipt, the day on which the months are full, and the days rolled over.
    """
    days = [CountedDay(start_on, DayKind.RECEIPT, note=calendar.note_on(start_on))]
    from_months = limit.unit is Unit.MONTH
    number = (limit.amount or 1) - 1 if from_months else 0
    for on in _days_after(end.unrolled_on - ONE_DAY if from_months else start_on, end.on):
        kind = _kind_of(on, limit, end, pauses, calendar)
        number += kind is DayKind.COUNTED
        days.append(CountedDay(on, kind, number if kind is DayKind.COUNTED else None, calendar.note_on(on)))
    return tuple(days)


def _days_after(start_on: date, last_on: date) -> Iterator[date]:
    for days in range((last_on - start_on).days):
        yield start_on + (days + 1) * ONE_DAY


def _kind_of(
    on: date, limit: TimeLimit, end: LimitEnd, pauses: tuple[Pause, ...], calendar: OfficialCalendar
) -> DayKind:
    is_worked = calendar.clock.is_working_day(on)
    counts_days_off = limit.unit in (Unit.CALENDAR_DAY, Unit.MONTH)
    if counts_days_off and is_worked and on > end.unrolled_on:
        return DayKind.LAST
    if not is_worked and (not counts_days_off or on > end.unrolled_on):
        is_weekend = on.weekday() >= SATURDAY and calendar.note_on(on) is None
        return DayKind.WEEKEND if is_weekend else DayKind.DAY_OFF
    is_paused = any(pause.began.on < on and (pause.ended is None or on <= pause.ended.on) for pause in pauses)
    return DayKind.PAUSED if is_paused else DayKind.COUNTED


WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def say_date(on: date) -> str:
    """A date as it is read aloud: "thứ Năm 26/11/2026"."""
    return f"{WEEKDAYS[on.weekday()]} {on:%d/%m/%Y}"


_KIND_WORDS = {
    DayKind.RECEIPT: "ngày tiếp nhận, không tính",
    DayKind.WEEKEND: "bỏ qua, nghỉ hằng tuần",
    DayKind.SUPPLEMENT: "ngày nhận giấy tờ bổ sung, thời hạn tính lại từ đầu",
    DayKind.DAY_OFF: "bỏ qua, ngày nghỉ",
    DayKind.PAUSED: "tạm dừng tính thời hạn",
    DayKind.LAST: "ngày làm việc tiếp theo, thời hạn kết thúc vào ngày này (Bộ luật Dân sự 2015, Điều 148.5)",
}
_RECEIPT_WORDS = {  # units that count within the day of receipt
    Unit.WORKING_HOUR: "ngày tiếp nhận, tính từ giờ tiếp nhận",
    Unit.HALF_WORKING_DAY: "ngày tiếp nhận, tính từ buổi tiếp nhận",
    Unit.SAME_DAY: "ngày tiếp nhận",
}
_COUNTED_WORDS = {
    Unit.CALENDAR_DAY: "ngày thứ {}",
    Unit.MONTH: "đủ {} tháng",
    Unit.WORKING_HOUR: "tính giờ làm việc trong ngày",
    Unit.HALF_WORKING_DAY: "tính buổi làm việc trong ngày",
    Unit.SAME_DAY: "ngày làm việc tiếp theo, trả kết quả trong ngày này",
}


def say_day(day: CountedDay, unit: Unit | None) -> str:
    """A line of the trace, as a clerk can read it to a citizen: what the day is to the count, and by which text."""
    if day.kind is DayKind.COUNTED:
        words = _COUNTED_WORDS.get(unit, "ngày làm việc thứ {}") if unit else "ngày làm việc thứ {}"
        text = words.format(day.number)
    elif day.kind is DayKind.RECEIPT and unit in _RECEIPT_WORDS:
        text = _RECEIPT_WORDS[unit]
    else:
        text = _KIND_WORDS[day.kind]
    explained = f", {day.note.name} ({day.note.basis})" if day.note else ""
    return f"{say_date(day.on)}: {text}{explained}"
