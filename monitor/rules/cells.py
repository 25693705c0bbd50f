"""How one value may be written, in a cell or behind a key. Nothing is repaired: what is not understood is refused."""

import re
from datetime import date, time, timedelta
from itertools import pairwise

from monitor.errors import MonitorError

Slots = tuple[tuple[int, int], ...]  # begin and end, minutes of the day

ID_SHAPE = (
    "write a–z without diacritics, digits and single hyphens, dots or underscores between them, such as nt-bich-ngoc"
)

FIRST_YEAR, LAST_YEAR = 1990, 2199
MINUTES_OF_DAY = 24 * 60
MONTHS, DAYS_OF_MONTH = 12, 31
_SERIAL_DAY_ZERO = date(1899, 12, 30)

_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_VIETNAMESE_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_SERIAL = re.compile(r"[45][0-9]{4}")
_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2})")
_COUNT = re.compile(r"[0-9]{1,4}")
_ID = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")


class Unreadable(MonitorError):
    """A value that is not understood; says what it is and what to write."""


def parse_text(written: str) -> str:
    """A text without line breaks and characters that cannot be seen; they would end up in letters and mail headers."""
    if match := _INVISIBLE.search(written):
        raise Unreadable(f"{written!r} holds a line break or an invisible character (U+{ord(match[0]):04X}): remove it")
    return written


def parse_id(written: str) -> str:
    """What a person or a division is called in the rules, in the database and in logs."""
    if not _ID.fullmatch(written):
        raise Unreadable(f"{written!r} is no id: {ID_SHAPE}")
    return written


def parse_date(written: str) -> date:
    """A date as 2026-11-23 or 23/11/2026."""
    if match := _ISO_DATE.fullmatch(written):
        year, month, day = map(int, match.groups())
    elif match := _VIETNAMESE_DATE.fullmatch(written):
        day, month, year = map(int, match.groups())
    elif _SERIAL.fullmatch(written):
        meant = _SERIAL_DAY_ZERO + timedelta(days=int(written))
        raise Unreadable(
            f"{written!r} is a number that stands for a date in a spreadsheet; did you mean {meant}? "
            f"(Excel đã đổi ngày thành số; có phải {meant:%d/%m/%Y}?)"
        )
    else:
        raise Unreadable(f"{written!r} is not a date: write YYYY-MM-DD or dd/MM/yyyy")
    return checked_year(_existing(year, month, day, written))


def _existing(year: int, month: int, day: int, written: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        if "/" in written and day <= MONTHS < month <= DAYS_OF_MONTH:
            raise Unreadable(
                f"{written!r} has the month before the day, as a spreadsheet set to American dates writes it: write "
                "YYYY-MM-DD or dd/MM/yyyy, and look at every date (Excel đã ghi tháng trước ngày; xem lại mọi ngày)"
            ) from None
        raise Unreadable(f"{written!r} is a day that does not exist: write YYYY-MM-DD or dd/MM/yyyy") from None


def checked_year(on: date) -> date:
    """The date itself; far-off years stand for mistakes or for 'no end', which is written as an empty cell."""
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        raise Unreadable(f"{on} lies outside {FIRST_YEAR}–{LAST_YEAR}: leave the cell empty for 'no limit in time'")
    return on


def parse_count(written: str) -> int:
    """A whole number, written in digits."""
    if not _COUNT.fullmatch(written):
        raise Unreadable(f"{written!r} is not a whole number of at most four digits")
    return int(written)


def parse_positive(written: str) -> int:
    """A whole number from 1."""
    number = parse_count(written)
    if number == 0:
        raise Unreadable("0 is not more than zero")
    return number


def parse_flag(written: str) -> bool:
    """`yes` or `no`."""
    if written not in ("yes", "no"):
        raise Unreadable(f"{written!r} is neither 'yes' nor 'no'")
    return written == "yes"


def parse_clock(written: str) -> int:
    """A time of day such as 07:30, up to 24:00, as the minute of the day."""
    match = _CLOCK.fullmatch(written)
    minute = int(match[1]) * 60 + int(match[2]) if match else -1
    if match is None or int(match[2]) > 59 or minute > MINUTES_OF_DAY:  # noqa: PLR2004 - minutes of an hour
        raise Unreadable(f"{written!r} is not a time of day: write for example 07:30")
    return minute


def parse_time(written: str) -> time:
    """A time of day such as 15:00, up to 23:59."""
    minute = parse_clock(written)
    if minute == MINUTES_OF_DAY:
        raise Unreadable("'24:00' is the end of the day: write a time before it")
    return time(*divmod(minute, 60))


def parse_slot(written: str) -> tuple[int, int]:
    """A span of the day such as 07:30-11:30."""
    begin, dash, end = written.partition("-")
    if not dash:
        raise Unreadable(f"{written!r} is not a span of time: write for example 07:30-11:30")
    slot = parse_clock(begin), parse_clock(end)
    if slot[0] >= slot[1]:
        raise Unreadable(f"{written!r} ends before it begins")
    return slot


def parse_slots(written: str) -> Slots:
    """Spans of one day in their order, such as `07:30-11:30 13:30-17:00`."""
    slots = tuple(parse_slot(part) for part in written.split())
    for before, after in pairwise(slots):
        if after[0] < before[1]:
            raise Unreadable(f"{written!r} overlaps or is out of order: write the spans of the day one after another")
    return slots


def parse_email(written: str) -> str:
    """An e-mail address of one mailbox."""
    if not _EMAIL.fullmatch(written) or ".." in written:
        raise Unreadable(f"{written!r} is not an e-mail address: write for example name@stc.langson.example")
    return written
