"""Where dossiers come from: what a source's files are called, how they are understood, and who is told about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

from monitor.dossier import SourceStatus
from monitor.record import ApplicantKind


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
