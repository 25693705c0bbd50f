"""What stands above the header and in the file's name: what the list covers, and how fresh it is."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Literal

from monitor.intake.refusals import ColumnRuleWrong
from monitor.intake.text import clean

_DAY = r"(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})"
_DAY_IN_WORDS = r"(\d{1,2})\s+tháng\s+(\d{1,2})\s+năm\s+(\d{4})"
_COVERED = re.compile(
    rf"từ\s+(?:ngày\s*)?:?\s*(?:{_DAY}|{_DAY_IN_WORDS})\s*(?:đến|tới|-|–)\s*(?:hết\s+)?(?:ngày\s*)?:?\s*"
    rf"(?:{_DAY}|{_DAY_IN_WORDS})"
)
_OTHER_DATE = re.compile(r"(?:hẹn|hạn) trả|đến hạn|quá hạn|ngày (?:trả|nộp|kết thúc)")
_MADE_AT = re.compile(
    r"(?:(?:ngày|thời điểm|thời gian|giờ)\s+(?:(?:kết|trích)\s+)?(?:xuất|in)\b(?:\s+(?:dữ liệu|báo cáo|tệp|file))?"
    r"|(?:số liệu|dữ liệu)\s+(?:được\s+)?(?:tính\s+|cập nhật\s+)?đến)(?P<rest>.{0,60})"
)
_CLOCK = re.compile(r"(?<!\d)(\d{1,2})\s*(?::|h|giờ)\s*(\d{2})(?:\s*:\s*(\d{2}))?(?!\d)")
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")

_NAME_CLOCK = r"(?:[ _T-]*(?P<H>[01]\d|2[0-3])[h:.-]?(?P<M>[0-5]\d)(?:[.:-]?[0-5]\d)?)?(?!\d)"
_NAME_PATTERNS = (
    re.compile(r"(?<!\d)(?P<y>20\d\d)[-_.]?(?P<m>0[1-9]|1[0-2])[-_.]?(?P<d>0[1-9]|[12]\d|3[01])" + _NAME_CLOCK),
    re.compile(r"(?<!\d)(?P<d>0[1-9]|[12]\d|3[01])[-_.]?(?P<m>0[1-9]|1[0-2])[-_.]?(?P<y>20\d\d)" + _NAME_CLOCK),
)


@dataclass(frozen=True, slots=True)
class Freshness:
    """The moment up to which the file knows its dossiers, and what says so."""

    at: datetime
    estimated: bool
    origin: Literal["title", "name", "time"]


@dataclass(frozen=True, slots=True)
class Covered:
    """The days that a title names; `of_receipt` unless it says that they are days of something else."""

    first: date
    last: date
    of_receipt: bool


def covered_days(titles: Sequence[str]) -> Covered | None:
    """The days that a title names, as "Từ ngày 01/11/2026 đến ngày 23/11/2026".

    "Ngày hẹn trả từ ngày … đến ngày …" are days of another date: whoever was received in them need not be in the list.
    """
    for title in titles:
        text = clean(title).casefold()
        found = _COVERED.search(text)
        if found is None:
            continue
        numbers = [int(number) for number in found.groups() if number is not None]
        first, last = _day(*numbers[:3]), _day(*numbers[3:])
        if first and last and first <= last:
            before = text[: found.start()]
            return Covered(first, last, of_receipt="nhận" in before or _OTHER_DATE.search(before) is None)
    return None


def freshness(
    titles: Sequence[str], file_name: str, modified_at: datetime, pattern: str | None, zone: tzinfo
) -> Freshness:
    """From a title, else from the file's name, else the time of the file, which is an estimate.

    A day without a time counts from its beginning: the export was made at some time of that day, so it surely knows
    what happened before; what happened during the day it may not know, and claiming more would confirm a lateness
    that the next export takes back. The time of the file cannot help: a copy is younger than what it copies.
    """
    in_title = _said_in(titles)
    said = in_title or _said_by_name(file_name, pattern)
    if said is None:
        return Freshness(modified_at.astimezone(zone).replace(microsecond=0), estimated=True, origin="time")
    on, clock = said
    origin: Literal["title", "name"] = "title" if in_title else "name"
    return Freshness(datetime.combine(on, clock or time(), zone), estimated=clock is None, origin=origin)


def _said_in(titles: Sequence[str]) -> tuple[date, time | None] | None:
    for title in titles:
        found = _MADE_AT.search(clean(title).casefold())
        if found is not None and (on := _find_day(found["rest"])):
            return on, _find_clock(found["rest"])
    return None


def _find_day(text: str) -> date | None:
    if found := _ISO_DAY.search(text):
        year, month, day = (int(number) for number in found.groups())
        return _day(day, month, year)
    found = re.search(_DAY, text) or re.search(_DAY_IN_WORDS, text)
    return _day(*(int(number) for number in found.groups())) if found else None


def _find_clock(text: str) -> time | None:
    found = _CLOCK.search(text)
    if found is None:
        return None
    try:
        return time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError:
        return None


def _said_by_name(file_name: str, pattern: str | None) -> tuple[date, time | None] | None:
    """The day in the name, if it names exactly one: of two different days nobody can say which is meant."""
    patterns = (own_pattern(pattern),) if pattern else _NAME_PATTERNS
    said: dict[date, time | None] = {}
    for found in _matches(file_name, patterns):
        parts = {"H": None, "M": None} | found.groupdict()
        on = _find_day(f"{parts['d']}/{parts['m']}/{parts['y']}")
        if on is not None:
            said[on] = _find_clock(f"{parts['H']}:{parts['M'] or '00'}")
    return next(iter(said.items())) if len(said) == 1 else None


def _matches(file_name: str, patterns: Sequence[re.Pattern[str]]) -> Iterator[re.Match[str]]:
    """From left to right, each sign in one match only: in 23-11-2026-0705 the year is not that of 2026-07-05."""
    place = 0
    while place < len(file_name):
        found = next((found for form in patterns if (found := form.match(file_name, place))), None)
        place = max(found.end(), place + 1) if found else place + 1
        if found:
            yield found


def own_pattern(pattern: str) -> re.Pattern[str]:
    """The source's own pattern of file names, which must have the groups y, m and d."""
    try:
        form = re.compile(pattern)
    except re.error:
        form = re.compile("")
    if not {"y", "m", "d"} <= form.groupindex.keys():
        raise ColumnRuleWrong(source="data_as_of_pattern", header=pattern, field="y, m, d")
    return form


def _day(day: int, month: int, year: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
