"""Where dossiers come from: what a source's files are called, how they are understood, and who is told about them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.dossier import SourceStatus
from monitor.record import ApplicantKind

if TYPE_CHECKING:  # the reading process imports this module too, and must not wait for numpy
    from monitor.working_time import WorkingCalendar


class Scope(StrEnum):
    """What a file claims to cover; only a dossier inside it can be missing (practice A2)."""

    ALL = "all"  # every dossier of the source
    OPEN = "open"  # every unfinished dossier
    RECEIVED_BETWEEN = "received_between"  # every dossier received in the days that the title names
    PARTIAL = "partial"  # a list that says nothing about absence


class FileFormat(StrEnum):
    """What a source's files are; without one it is read from the file."""

    SHEET = "sheet"  # an Excel workbook
    DELIMITED = "delimited"  # CSV, or text with semicolons or tabs
    PORTAL = "portal"  # JSON of the national portal, dossiers or steps


class Layout(StrEnum):
    """The kind of list that a sheet is, by which the files of one source are told apart."""

    FOLLOW_UP = "theo-doi"
    OVERDUE = "qua-han"  # late ones only: says nothing about absence
    LATE = "tre-hen"  # likewise


Mark = int | str | date | datetime  # how far a database was read: a number, a text or a moment


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRule:
    """How a source is read from a database: what changed since a mark, by one statement that only reads.

    The statement names its columns as an export would, orders its rows by `mark`, and asks for `mark >= :mark`: what
    has the same mark is read twice, and what has not changed makes no event.
    """

    url_file: str  # of the site; its first line is the SQLAlchemy URL with the password
    sql: str
    mark: str  # the column of the result that only ever grows
    first_mark: Mark  # where to begin
    overlap_minutes: int = 10  # so far before a mark in time reading begins again: transactions end out of order
    every_minutes: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRule:
    """What one source's files are called and how they are to be understood (rules/sources/*.toml)."""

    name: str
    files: tuple[str, ...] = ("*",)  # glob patterns of file names, compared without case
    format: FileFormat | None = None  # None: read from the file; a file that is something else is refused
    layout: Layout | None = None  # None: by the columns; said, a list that lost columns is still compared with itself
    scope: Scope | None = None  # None: by the layout of the file, see intake
    columns: Mapping[str, str] = field(default_factory=dict)  # header as written -> field, before the known headers
    statuses: Mapping[str, SourceStatus] = field(default_factory=dict)  # word -> status, beside the known words
    applicant_kinds: Mapping[str, ApplicantKind] = field(default_factory=dict)  # number as written -> kind
    data_as_of_pattern: str | None = None  # regular expression on the file name with groups y, m, d and, if any, H, M
    query: QueryRule | None = None  # None: it sends files
    told: tuple[str, ...] = ()  # ids of staff who answer for its files: told when one is held or does not come
    expected_by: time | None = None  # local time by which a file comes on each working day (practice A1)


OFFICE_HEARS_AT = time(14)  # of a working day without data (practice A1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateSource:
    """A source whose data of the day have not come by the time that its rule names."""

    rule: SourceRule
    last_as_of: datetime | None  # aware; None: none ever came
    is_for_office: bool  # Văn phòng Sở hears of it, too


def late_sources(
    rules: Iterable[SourceRule], newest: Mapping[str, datetime], calendar: "WorkingCalendar", *, now: datetime
) -> tuple[LateSource, ...]:
    """The sources of which no data of the day have come in time, on a working day until its closing.

    `newest` holds under the name of a rule how fresh its newest file is, an aware instant, held or not; `now` is an
    aware instant. A source without an expected time is never late. Raises CalendarRangeError beyond the calendar.
    Legal basis: none; practice A1.
    """
    local = now.astimezone(calendar.zone)
    closing = calendar.closing_of(local.date())
    if closing is None or local > closing:
        return ()
    return tuple(
        LateSource(rule=rule, last_as_of=newest.get(rule.name), is_for_office=local.time() >= OFFICE_HEARS_AT)
        for rule in rules
        if rule.expected_by is not None
        and local.time() >= rule.expected_by
        and not _is_of_today(newest.get(rule.name), local)
    )


def _is_of_today(as_of: datetime | None, local: datetime) -> bool:
    return as_of is not None and as_of.astimezone(local.tzinfo).date() >= local.date()


def rule_of(source: str) -> str:
    """The name of the rule by which a list was read: a list is its rule and its layout, "Mặc định/theo-doi"."""
    return source.rpartition("/")[0]
