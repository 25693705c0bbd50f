"""A workbook that we made and people filled in: its rows under the headers it was given, as Excel shows them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from monitor.confinement import Broken, Confined, Limits
from monitor.intake.batch import ReadLimits
from monitor.intake.dates import read_date
from monitor.intake.opening import OLE_MARK, ZIP_MARK, load
from monitor.intake.refusals import DamagedFile, HeaderNotFound, IntakeError, ReaderStopped, UnknownFormat, rebuild
from monitor.intake.text import clean, fold, written

ROWS_SEARCHED = 20
LIMITS = ReadLimits(file_bytes=8 << 20, unpacked_bytes=128 << 20, memory_bytes=1 << 30, waiting_seconds=30)
_CHILD = "monitor.intake.sheet:answer"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that says something; `number` as Excel counts, an empty cell is ""."""

    number: int
    cells: Mapping[str, str]  # under the wanted headers


@dataclass(frozen=True, slots=True)
class SheetJob:
    """A workbook to be read."""

    path: Path
    headers: tuple[str, ...]
    limits: ReadLimits


def read_sheet(path: Path, headers: Sequence[str], *, limits: ReadLimits = LIMITS) -> list[SheetRow]:
    """The rows of the first sheet that has all these headers, read in a process of its own. Raises IntakeError."""
    job = SheetJob(path, tuple(headers), limits)
    seconds = limits.waiting_seconds
    may_cost = Limits(memory_bytes=limits.memory_bytes, processor_seconds=math.ceil(seconds), waiting_seconds=seconds)
    rows: list[SheetRow] = []
    try:
        for answer in Confined(_CHILD).answers(job, may_cost):
            if answer[0] == "refused":
                raise rebuild(*answer[1:]).in_file(path.name)
            rows.append(SheetRow(answer[1], dict(zip(headers, answer[2], strict=True))))
    except Broken as broken:
        raise ReaderStopped(file=path.name, reason=str(broken.cause)) from broken
    return rows


def read_typed_day(cell: str) -> date | None:
    """The local day that a person typed, None when nothing is typed. Raises BadCell."""
    from monitor.working_time import LOCAL_ZONE  # noqa: PLC0415 - the reading process must not wait for numpy

    iso = read_date(LOCAL_ZONE)(cell)
    return datetime.fromisoformat(iso).date() if iso else None


def answer(job: SheetJob) -> Iterator[tuple[Any, ...]]:
    """In the child: each row, or the refusal of the file."""
    try:
        yield from _rows(load(job.path, job.limits), job)
    except IntakeError as refusal:
        yield "refused", type(refusal).__name__, refusal.facts


def _rows(data: bytes, job: SheetJob) -> Iterator[tuple[Any, ...]]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - the parent needs none of it

    from monitor.intake.workbook import unpacked_size  # noqa: PLC0415

    if not data.startswith((ZIP_MARK, OLE_MARK)):
        raise UnknownFormat(seen="không phải sổ tính Excel")
    unpacked_size(data, job.limits.unpacked_bytes)
    wanted = [fold(header) for header in job.headers]
    seen: list[str] = []
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        for name in workbook.sheet_names:
            rows = [[clean(written(cell)) for cell in row] for row in workbook.get_sheet_by_name(name).iter_rows()]
            for place, row in enumerate(rows[:ROWS_SEARCHED]):
                headers = [fold(cell) for cell in row]
                if set(wanted) <= set(headers):
                    columns = [headers.index(header) for header in wanted]
                    yield from _below(rows, place, columns)
                    return
            seen += [" | ".join(filter(None, row)) for row in rows[:3]]
    except CalamineError as error:
        raise DamagedFile(detail=str(error)[:100]) from error
    raise HeaderNotFound(wanted=", ".join(job.headers), seen="; ".join(seen)[:300])


def _below(rows: Sequence[Sequence[str]], header: int, columns: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(rows[header + 1 :], start=header + 2):
        cells = tuple(row[column] for column in columns)
        if any(cells):
            yield "row", number, cells
