"""Dates as sources write them, read without ever guessing which number is the month.

A date that was read is a line of ISO text in local time: `2026-11-23T08:30:00`, or `2026-11-23` when the source gave no
time of day. It crosses from the reading process as text and becomes a `Moment` on this side.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TypeGuard

from monitor.dossier import Moment
from monitor.intake.text import BadCell, Remembered, clean, written

FIRST_YEAR = 1990
LAST_YEAR = 2100

_EXCEL_DAY_ZERO = date(1899, 12, 30)
_FIRST_SERIAL = (date(FIRST_YEAR, 1, 1) - _EXCEL_DAY_ZERO).days
_AFTER_LAST_SERIAL = (date(LAST_YEAR + 1, 1, 1) - _EXCEL_DAY_ZERO).days
_MIDNIGHT = time()
_DAY_LENGTH = len("2026-11-23")
_YEAR_LENGTH = 4
_SEPARATORS = ("/", "-")
_REMEDY = "ghi ngày dạng dd/MM/yyyy HH:mm, ví dụ 23/11/2026 08:30"


def read_date(zone: tzinfo) -> Callable[[object], str | None]:
    """A reader of date cells; `zone` is where a source without an offset lives.

    A hundred thousand rows have a few hundred days and times of day between them, so both are remembered.
    """
    days: dict[str, str] = {}
    clocks: dict[str, str] = {}

    def read(cell: object) -> str | None:
        if type(cell) is not str:
            return _from_value(cell, zone)
        try:
            return days[cell[:_DAY_LENGTH]] + clocks[cell[_DAY_LENGTH:]]
        except KeyError:
            iso = _from_text(cell, zone)
        if iso is not None and _is_slashed(cell):  # day and time of day stand apart in this form only
            days[cell[:_DAY_LENGTH]], clocks[cell[_DAY_LENGTH:]] = iso[:_DAY_LENGTH], iso[_DAY_LENGTH:]
        return iso

    return read


def _from_value(cell: object, zone: tzinfo) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, datetime):
        return _rounded(cell.astimezone(zone).replace(tzinfo=None) if cell.tzinfo else cell)
    if isinstance(cell, date):
        return _checked(cell).isoformat()
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _from_number(cell)
    raise BadCell(f"“{written(cell)}” không phải ngày: {_REMEDY}")


def to_moment(zone: tzinfo) -> Callable[[str | None], Moment | None]:
    """What turns the ISO text of `read_date` into a Moment in `zone`; the same text gives the same object."""

    def moment(iso: object) -> Moment | None:
        if iso is None:
            return None
        text = str(iso)
        return Moment(datetime.fromisoformat(text).replace(tzinfo=zone), len(text) > _DAY_LENGTH)

    return Remembered(moment).__getitem__


def is_month_first(cell: object) -> bool:
    """Whether the cell can only be MM/dd/yyyy, as 11/23/2026."""
    return _is_slashed(cell) and "12" < cell[3:5] <= "31" and "01" <= cell[:2] <= "12"


def is_day_first(cell: object) -> bool:
    """Whether the cell can only be dd/MM/yyyy, as 23/11/2026."""
    return _is_slashed(cell) and "12" < cell[:2] <= "31" and "01" <= cell[3:5] <= "12"


def is_ambiguous(cell: object) -> bool:
    """Whether the cell could be dd/MM as well as MM/dd, as 05/11/2026."""
    return _is_slashed(cell) and "01" <= cell[:2] <= "12" and "01" <= cell[3:5] <= "12"


def _is_slashed(cell: object) -> TypeGuard[str]:
    return isinstance(cell, str) and cell[2:3] in _SEPARATORS and cell[:2].isdigit() and cell[3:5].isdigit()


def _from_text(text: str, zone: tzinfo) -> str | None:
    text = clean(text).lstrip("'")
    if not text:
        return None
    if text[0].isdigit() and text.isascii():  # "²" is a digit to Python, and no number
        if text[2:3] in _SEPARATORS and text[5:6] == text[2]:
            return _day_first(text)
        if text[4:5] in _SEPARATORS and text[7:8] == text[4]:
            return _year_first(text, zone)
        if text.isdigit() and len(text) in (8, 12, 14):
            return _compact(text)
        if text[2:3] == ":" and " " in text:
            clock, day = text.split(" ", 1)
            return _day_first(f"{day} {clock}")
        if text.replace(".", "", 1).isdigit() and text[5:6] in ("", "."):
            return _from_number(float(text))
    raise BadCell(f"không hiểu ngày “{text[:40]}”: {_REMEDY}")


def _day_first(text: str) -> str:
    """dd/MM/yyyy or dd-MM-yyyy, with or without HH:mm[:ss] behind."""
    day, month, year = text[:2], text[3:5], text[6:10]
    if not (day.isdigit() and month.isdigit() and len(year) == _YEAR_LENGTH and year.isdigit()) or text[10:11] not in (
        "",
        " ",
    ):
        raise BadCell(f"không hiểu ngày “{text[:40]}”: {_REMEDY}")
    if is_month_first(text):
        raise BadCell(f"“{text[:40]}” ghi tháng trước ngày: không đoán, {_REMEDY}")
    return _joined(text, year, month, day, text[11:])


def _year_first(text: str, zone: tzinfo) -> str:
    """yyyy-MM-dd, alone, with a time behind a space or a T, or with an offset as well."""
    rest = text[11:]
    if text[10:11] not in ("", " ", "T", "t"):
        raise BadCell(f"không hiểu ngày “{text[:40]}”: {_REMEDY}")
    if rest and (rest[-1] in "Zz" or "+" in rest or "-" in rest):
        return _with_offset(text, zone)
    return _joined(text, text[:4], text[5:7], text[8:10], rest.partition(".")[0])


def _with_offset(text: str, zone: tzinfo) -> str:
    try:
        at = datetime.fromisoformat(text.upper().replace("/", "-"))
    except ValueError:
        raise BadCell(f"không hiểu ngày “{text[:40]}”: {_REMEDY}") from None
    # An offset belongs to an instant, so even midnight is a time of day here.
    local = at.astimezone(zone).replace(tzinfo=None, microsecond=0)
    _checked(local.date())
    return local.isoformat()


def _compact(text: str) -> str:
    """yyyyMMddHHmmss, yyyyMMddHHmm or yyyyMMdd, as the national portal writes."""
    clock = ":".join(part for part in (text[8:10], text[10:12], text[12:14]) if part)
    return _joined(text, text[:4], text[4:6], text[6:8], clock)


def _joined(text: str, year: str, month: str, day: str, clock: str) -> str:
    """Checked and put together; a clock at exactly midnight is how systems fill in a time that they do not have."""
    try:
        on = _checked(date.fromisoformat(f"{year}-{month}-{day}"))
        if not clock:
            return on.isoformat()
        if len(clock) not in (5, 8) or clock[2] != ":":
            raise ValueError(clock)
        at = time.fromisoformat(clock)
    except ValueError:
        raise BadCell(f"không có ngày giờ “{text[:40]}”: {_REMEDY}") from None
    return f"{on.isoformat()}T{at.isoformat()}" if at != _MIDNIGHT else on.isoformat()


def _rounded(local: datetime) -> str:
    whole = (local + timedelta(microseconds=500_000)).replace(microsecond=0)  # Excel's fractions of a day are not exact
    _checked(whole.date())
    return whole.isoformat() if whole.time() != _MIDNIGHT else whole.date().isoformat()


def _from_number(number: float) -> str:
    """An Excel serial, or yyyyMMdd that lost its text type."""
    if _FIRST_SERIAL <= number < _AFTER_LAST_SERIAL:
        return _rounded(datetime.combine(_EXCEL_DAY_ZERO, _MIDNIGHT) + timedelta(days=number))
    digits = written(float(number))
    if digits.isdigit() and len(digits) in (8, 12, 14):
        return _compact(digits)
    raise BadCell(f"số {digits[:40]} không phải ngày: {_REMEDY}")


def _checked(on: date) -> date:
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        raise BadCell(f"năm {on.year} ngoài khoảng {FIRST_YEAR}–{LAST_YEAR}: sửa ngày ở hệ thống nguồn")
    return on
