"""What a file turns into: its head, then batches of rows and rejections."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from monitor.record import Record
from monitor.source import Scope

FileKind = Literal["dossiers", "steps"]


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How much a file may cost before it is refused."""

    file_bytes: int = 128 * 2**20
    unpacked_bytes: int = 256 * 2**20  # as declared by the zip directory of a workbook
    memory_bytes: int = 1 << 30  # of the reading process
    waiting_seconds: float = 120.0  # for the reading process, the caller's own work not counted


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not taken, and why."""

    row: int  # as Excel numbers it; in JSON the place in `data`, from 1
    column: str | None  # the header as written
    value: str | None
    cause: str  # one Vietnamese sentence: what is wrong and what to do
    code: str | None = None  # of the dossier, where it could be read: it is in the file, and not missing from it


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHead:
    """What a file says of itself, before its rows."""

    file_name: str
    sha256: str
    source: str  # name of the source's rule and the layout, "mac-dinh/theo-doi"
    layout: str
    kind: FileKind
    data_as_of: datetime  # aware, local
    data_as_of_estimated: bool
    scope: Scope
    received_from: date | None
    received_to: date | None
    carried: frozenset[str]  # fields of Record and Person that have a column: None there is an empty cell
    columns: Mapping[str, str]  # field -> header as written
    unused_headers: tuple[str, ...]
    row_count: int  # rows that hold a dossier or a step, rejected ones included
    findings: tuple[str, ...] = ()  # Vietnamese notes for whoever looks at the import
    filled: Mapping[str, float] = field(default_factory=dict)  # field -> share of its cells that say something
    doubled: Mapping[str, Mapping[str, int]] = field(
        default_factory=dict
    )  # field -> further header -> rows that differ
    likely: Mapping[str, str] = field(default_factory=dict)  # header that nothing is read from -> field it may be


@dataclass(slots=True)  # not frozen: a hundred thousand of these are made for a file
class ReadRow:
    """One dossier of the file; equal cells under the same columns and source have an equal fingerprint."""

    row: int
    fingerprint: bytes
    record: Record
    warnings: tuple[str, ...] = ()  # flags that the record cannot carry, as "odd_code"


@dataclass(slots=True)
class Batch:
    """Some rows of the file, in its order."""

    rows: list[ReadRow] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)  # codes whose fingerprint is the known one, not read again
    rejections: list[Rejection] = field(default_factory=list)
