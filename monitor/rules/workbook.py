"""Tables as Excel workbooks: written so that Excel can damage nothing, read so that what it damaged is seen.

A workbook comes from anywhere and is opened in a process of its own, like every file that nobody has vouched for.
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from monitor.confinement import Broken, Confined, Limits
from monitor.errors import MonitorError
from monitor.rules.forms import Column, TableForm

MOST_BYTES = 8 << 20
LIMITS = Limits(memory_bytes=1 << 30, processor_seconds=20, waiting_seconds=30)
MOST_EXACT = 10**15  # a spreadsheet keeps 15 digits of a number
SPARE_ROWS = 2_000  # below the last row, for what is added
_CHILD = "monitor.rules.workbook:answer"
_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml")
_ERROR_CELL = re.compile(rb'<c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]+[0-9]+)"')
_GUIDE = "Hướng dẫn"
_TEXT_FORMAT = 49  # Excel's own number for "@"


class FileRefused(MonitorError):
    """A file that holds no table of rules, or not as it has to."""


class Kind(StrEnum):
    """What a cell is to the spreadsheet."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    TRUTH = "truth"


class Cell(NamedTuple):
    """What stands in a cell; dates as YYYY-MM-DD and times as HH:MM, whatever the spreadsheet shows."""

    kind: str
    text: str


class Line(NamedTuple):
    """A row that says something; `number` as the spreadsheet or an editor counts."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook; a CSV file is one without a name."""

    name: str
    lines: tuple[Line, ...]


def read_workbook(path: Path) -> tuple[Sheet, ...]:
    """All sheets of an XLSX file. Raises FileRefused."""
    if path.stat().st_size > MOST_BYTES:
        raise FileRefused(f"{path.name}: quá lớn cho một bảng quy tắc (hơn {MOST_BYTES >> 20} MB)")
    sheets: dict[str, list[Line]] = {}
    try:
        for said in Confined(_CHILD).answers(str(path), LIMITS):
            if said[0] == "refused":
                raise FileRefused(f"{path.name}: {said[1]}")
            _, name, number, cells = said
            sheets.setdefault(name, []).append(Line(number, tuple(Cell(*cell) for cell in cells)))
    except Broken as broken:
        raise FileRefused(f"{path.name}: việc đọc bị dừng ({broken.cause}): lưu lại dạng .xlsx rồi thử lại") from broken
    return tuple(Sheet(name, tuple(lines)) for name, lines in sheets.items())


def answer(path: str) -> Iterator[tuple[Any, ...]]:
    """In the child: each row of each sheet in plain values, or why the file is refused."""
    try:
        if found := _error_cells(path):
            yield "refused", f"ô {', '.join(found[:5])} là lỗi công thức (#REF!, #N/A, …): sửa rồi lưu lại"
            return
        workbook = CalamineWorkbook.from_path(path)
        for name in workbook.sheet_names:
            for number, row in enumerate(workbook.get_sheet_by_name(name).iter_rows(), start=1):
                cells = [_plain(value) for value in row]
                if any(text for _, text in cells):
                    yield "row", name, number, cells
    except (CalamineError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError):
        yield "refused", "không mở được như sổ tính .xlsx: mở bằng Excel, bỏ mật khẩu nếu có, lưu lại dạng .xlsx"


def _error_cells(path: str) -> list[str]:
    """The cells whose formula failed; read as a table they would be empty, which means something else."""
    found: list[str] = []
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if _SHEET_PART.fullmatch(name):
                found += [place.decode() for place in _ERROR_CELL.findall(archive.read(name))]
    return found


def _plain(value: object) -> tuple[str, str]:
    if isinstance(value, bool):
        return Kind.TRUTH.value, str(value).upper()
    if isinstance(value, int | float):
        return Kind.NUMBER.value, str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, date | datetime):
        return Kind.DATE.value, str(value)
    if isinstance(value, time):
        return Kind.TIME.value, value.isoformat("auto" if value.second or value.microsecond else "minutes")
    if isinstance(value, timedelta):
        return Kind.TIME.value, str(value)
    return Kind.TEXT.value, str(value).strip()


def write_workbook(path: Path, form: TableForm, rows: Sequence[Sequence[str]]) -> None:
    """The table with its header, every cell typed as text, and a second sheet that explains the columns.

    Protected by nothing: the table is checked when it comes back.
    """
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet(form.title)
        header = workbook.add_format({"bold": True, "num_format": _TEXT_FORMAT, "bottom": 1, "bg_color": "#FFF8DC"})
        text = workbook.add_format({"num_format": _TEXT_FORMAT, "valign": "top"})
        for place, column in enumerate(form.columns):
            sheet.set_column(place, place, _width(column, [row[place] for row in rows]), text)
            sheet.write_string(0, place, column.name, header)
            sheet.data_validation(1, place, len(rows) + SPARE_ROWS, place, _validation(column))
        for line, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                if cell:
                    sheet.write_string(line, place, cell, text)
        sheet.freeze_panes(1, 1)
        _explain(workbook, form)


def _width(column: Column, cells: Sequence[str]) -> int:
    return min(50, max(len(text) for text in (column.name, *cells)) + 2)


def _validation(column: Column) -> dict[str, Any]:
    """What Excel shows beside a cell of the column, and, where only certain words may stand in it, these to choose."""
    shown = {"input_title": column.name, "input_message": column.meaning}
    if not column.words:
        return {"validate": "any", **shown}
    error = f"Chỉ ghi một trong: {', '.join(column.words)}"
    return {"validate": "list", "source": list(column.words), "error_message": error, **shown}


def _explain(workbook: Any, form: TableForm) -> None:
    guide = workbook.add_worksheet(_GUIDE)
    bold = workbook.add_format({"bold": True})
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    guide.set_column(0, 0, 28, wrapped)
    guide.set_column(1, 2, 70, wrapped)
    guide.write_string(0, 0, f"Sửa ở trang “{form.title}”, lưu lại dạng .xlsx, rồi: dunghen rules apply TỆP", bold)
    guide.write_string(1, 0, "Giữ nguyên dòng tiêu đề; mọi ô ghi dạng chữ (Text).", bold)
    for place, title in enumerate(("Cột", "Ý nghĩa", "Chỉ được ghi")):
        guide.write_string(3, place, title, bold)
    for line, column in enumerate(form.columns, start=4):
        for place, said in enumerate((column.name, column.meaning, " | ".join(column.words))):
            guide.write_string(line, place, said, wrapped)
