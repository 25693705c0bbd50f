"""Mails about a source as the templates see them: the report of an import, and that no file has come."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from monitor.documents.mail import WouldTellView, say_instant, view_of_would_tell
from monitor.documents.writing import COLUMNS
from monitor.go_live import WouldTell
from monitor.organisation import Agency
from monitor.trace import say_date

IMPORT_REPORT, SOURCE_LATE = "import-report", "source-late"
SHOWN_ROWS = 30
_SHORT_FILE = 48
_QUOTED = re.compile("“.*”")  # from the first to the last: what a cell says may hold such a mark itself


class Outcome(StrEnum):
    """Why a report is mailed; the words of the templates go by it."""

    HELD = "held"
    REFUSED = "refused"
    REJECTIONS = "rejections"
    FINDINGS = "findings"


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedCell:
    """A row that was not taken; what stands in the cell may be a citizen's name, and is not mailed."""

    row: int
    column: str | None
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportMail:
    """What whoever answers for a source is told of one import."""

    day: date
    file: str
    source: str | None  # None: no source claims the file
    outcome: Outcome
    taken_at: datetime
    data_as_of: datetime | None
    is_estimated: bool
    cause: str | None  # why it is held or refused, and the one thing to do
    read: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    rejections: tuple[RejectedCell, ...]  # the first ones
    matched: int
    looked_up: int  # rows that were read anew
    unmatched: tuple[tuple[str, int], ...]  # procedure as written, rows; the commonest first
    findings: tuple[str, ...]
    is_sample: bool
    would_tell: tuple[WouldTell, ...] | None = None  # in a trial: who is not mailed; None: no trial


@dataclass(frozen=True, slots=True, kw_only=True)
class LateMail:
    """That a source's file of the day has not come."""

    day: date
    source: str
    expected_by: time
    last_as_of: datetime | None  # None: no file of it ever came
    is_database: bool
    is_for_office: bool  # those named for the source were told before
    is_sample: bool
    would_tell: tuple[WouldTell, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """What both mails show in the frame that all mails share."""

    agency: str
    short_day: str
    is_sample: bool
    is_trial: bool
    would_tell: tuple[WouldTellView, ...]
    data_as_of: str | None
    count: int = 1  # of lines, by which it is known how long it may take to write
    down_from: str | None = None
    down_to: str | None = None
    tiles: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    line: str = "-" * COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedView:
    """A procedure that the catalogue does not know."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportView(SourceView):
    """The report of an import as the templates see it."""

    file: str
    short_file: str
    source: str | None
    outcome: str
    taken_at: str
    is_estimated: bool
    cause: str | None
    read: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    rejections: tuple[RejectedCell, ...]
    more_rejections: int
    matched: int
    looked_up: int
    percent: int  # never rounded up
    unmatched: tuple[UnmatchedView, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LateView(SourceView):
    """A file that has not come, as the templates see it."""

    source: str
    day: str
    expected_by: str
    is_database: bool
    is_for_office: bool


def view_of_import(mail: ImportMail, agency: Agency) -> ImportView:
    """The report of an import as the templates see it."""
    shown = mail.rejections[:SHOWN_ROWS]
    return ImportView(
        agency=agency.name,
        short_day=f"{mail.day:%d/%m}",
        is_sample=mail.is_sample,
        is_trial=mail.would_tell is not None,
        would_tell=tuple(map(view_of_would_tell, mail.would_tell or ())),
        data_as_of=say_instant(mail.data_as_of),
        count=len(shown) + len(mail.unmatched) + len(mail.findings),
        file=mail.file,
        short_file=short_file(mail.file),
        source=mail.source,
        outcome=mail.outcome.value,
        taken_at=say_instant(mail.taken_at) or "",
        is_estimated=mail.is_estimated,
        cause=mail.cause,
        read=mail.read,
        new=mail.new,
        changed=mail.changed,
        unchanged=mail.unchanged,
        rejected=mail.rejected,
        rejections=tuple(map(_without_value, shown)),
        more_rejections=mail.rejected - len(shown),
        matched=mail.matched,
        looked_up=mail.looked_up,
        percent=100 * mail.matched // mail.looked_up if mail.looked_up else 0,
        unmatched=tuple(UnmatchedView(name=name, rows=rows) for name, rows in mail.unmatched),
        findings=mail.findings,
    )


def view_of_late(mail: LateMail, agency: Agency) -> LateView:
    """A file that has not come, as the templates see it."""
    return LateView(
        agency=agency.name,
        short_day=f"{mail.day:%d/%m}",
        is_sample=mail.is_sample,
        is_trial=mail.would_tell is not None,
        would_tell=tuple(map(view_of_would_tell, mail.would_tell or ())),
        data_as_of=say_instant(mail.last_as_of),
        source=mail.source,
        day=say_date(mail.day),
        expected_by=f"{mail.expected_by:%H:%M}",
        is_database=mail.is_database,
        is_for_office=mail.is_for_office,
    )


def short_file(name: str) -> str:
    """A file name for a subject: of a long one the beginning and the ending."""
    if len(name) <= _SHORT_FILE:
        return name
    head, _, ending = name.rpartition(".")
    ending = f".{ending}" if head and len(ending) <= 5 else ""  # noqa: PLR2004 - .xlsx and its like
    return f"{(head or name)[: _SHORT_FILE - len(ending) - 1]}…{ending}"


def _without_value(one: RejectedCell) -> RejectedCell:
    """A cause quotes the cell that it speaks of."""
    return RejectedCell(row=one.row, column=one.column, cause=_QUOTED.sub("“…”", one.cause))
