"""What a sample is: an invented dossier, what its row means, and how the row is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from monitor.record import Record


class Sheet(StrEnum):
    """Which export a dossier stands in."""

    FOLLOW_UP = "follow_up"  # danh sách theo dõi hồ sơ, XLSX
    OVERDUE = "overdue"  # danh sách hồ sơ quá hạn, CSV
    PORTAL = "portal"  # DongBoHoSoMC, JSON


class DateStyle(StrEnum):
    """How the dates of a row are written."""

    TEXT = "text"  # dd/MM/yyyy HH:mm; on the portal yyyyMMddHHmmss
    CELL = "cell"  # a real date cell; on the portal yyyy-MM-dd HH:mm:ss
    DAY = "day"  # dd/MM/yyyy: nobody knows the time of day


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """How a row looks, which is not what it means."""

    dates: DateStyle = DateStyle.TEXT
    is_decomposed: bool = False  # Unicode NFD, as some keyboards and Macs write
    status: str = ""  # the word used for the status
    cells: Mapping[str, str] = field(default_factory=dict)  # field of the record -> text that stands there instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One invented dossier.

    `record` is what the row of this morning means, None when the dossier is gone from the list; `earlier` is the same
    for the follow-up list of the afternoon before. The officer of a dossier on the portal stands in the step log.
    """

    scenario: str
    sheet: Sheet
    record: Record | None
    earlier: Record | None = None
    writing: Writing = Writing()
    is_new: bool = False  # not in the list of the afternoon before, whatever its dates say
    is_readable: bool = True  # False: the row is broken and has to be refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """All invented dossiers of one morning, each list in the order of its rows."""

    as_of: date
    exported_at: datetime  # of this morning's follow-up list
    earlier_at: datetime  # of everything exported the afternoon before
    agency: str
    follow_up: tuple[Sample, ...]
    overdue: tuple[Sample, ...]
    portal: tuple[Sample, ...]

    @property
    def all(self) -> tuple[Sample, ...]:
        """Every sample, list by list."""
        return self.follow_up + self.overdue + self.portal
