"""The two lists of the provincial software: the follow-up list as XLSX and the overdue list as CSV."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, StringIO
from unicodedata import normalize

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from monitor.dossier import Moment
from monitor.record import Record
from monitor.samples.sample import DateStyle, Sample, Samples, Writing

Cell = str | int | datetime | None

NOTE = "DỮ LIỆU MẪU – mọi tên người, doanh nghiệp và địa chỉ đều là hư cấu"
MINUTE = "%d/%m/%Y %H:%M"
TITLES_IN_BOLD = 2  # the agency and the name of the list
COLUMNS_IN_SIGHT = 4  # up to the code
A3 = 8


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, the field of the record that it shows, and its width in characters."""

    header: str
    field: str
    width: float = 16


FOLLOW_UP_COLUMNS = (
    Column("STT", "", 6),
    Column("Đơn vị tiếp nhận", "receiving_unit", 28),
    Column("Tên thủ tục hành chính", "procedure_name", 52),
    Column("Mã hồ sơ", "code", 25),
    Column("Trạng thái", "status", 17),
    Column("Địa chỉ", "address", 38),
    Column("Người nộp", "submitter", 26),
    Column("Chủ hồ sơ", "applicant", 42),
    Column("Ngày nộp hồ sơ", "submitted_at", 17),
    Column("Ngày nhận", "received_at", 17),
    Column("Ngày hẹn trả", "appointment_at", 17),
    Column("Ngày kết thúc xử lý", "finished_at", 17),
    Column("Cơ quan xử lý", "handling_unit", 28),
    Column("Người xử lý", "handling_officer", 28),
)
OVERDUE_COLUMNS = (
    Column("STT", ""),
    Column("Đơn vị tiếp nhận", "receiving_unit"),
    Column("Lĩnh vực", "field_name"),
    Column("Tên TTHC", "procedure_name"),
    Column("Mã hồ sơ", "code"),
    Column("Trạng thái", "status"),
    Column("Địa chỉ", "address"),
    Column("Chủ hồ sơ", "applicant"),
    Column("Ngày nhận", "received_at"),
    Column("Ngày hẹn trả", "appointment_at"),
    Column("Ngày kết thúc xử lý", "finished_at"),
    Column("Đơn vị/cá nhân giải quyết quá hạn", "holder"),
)


def follow_up_list(samples: Samples, *, made_at: datetime) -> bytes:
    """The follow-up list as it was at a moment: this morning's, or that of the afternoon before."""
    is_earlier = made_at == samples.earlier_at
    told = [(sample.earlier if is_earlier else sample.record, sample.writing) for sample in samples.follow_up]
    rows = [_cells(record, writing, FOLLOW_UP_COLUMNS) for record, writing in told if record is not None]
    titles = _titles(samples.agency, "DANH SÁCH THEO DÕI HỒ SƠ", _span(samples.follow_up, made_at), made_at)
    return _workbook(titles, rows, made_at)


def overdue_list(samples: Samples) -> bytes:
    """The overdue list: UTF-8 with a byte order mark, semicolons, its title above the header."""
    text, made_at = StringIO(newline=""), samples.earlier_at
    lines = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for title in _titles(
        samples.agency, "DANH SÁCH HỒ SƠ GIẢI QUYẾT QUÁ HẠN", _span(samples.overdue, made_at), made_at
    ):
        lines.writerow([title])
    lines.writerow([])
    lines.writerow([column.header for column in OVERDUE_COLUMNS])
    for number, sample in enumerate(samples.overdue, 1):
        assert sample.record is not None
        cells = _cells(sample.record, sample.writing, OVERDUE_COLUMNS)
        lines.writerow([number, *(_as_text(cell) for cell in cells)])
    lines.writerow([f"Tổng số hồ sơ: {len(samples.overdue)}"])
    return text.getvalue().encode("utf-8-sig")


def _span(samples: Sequence[Sample], made_at: datetime) -> str:
    """The days of receipt that a list covers."""
    records = [sample.record or sample.earlier for sample in samples]
    first = min(record.received_at.on for record in records if record and record.received_at)
    return f"Hồ sơ tiếp nhận từ ngày {first:%d/%m/%Y} đến ngày {made_at:%d/%m/%Y}"


def _titles(agency: str, name: str, span: str, made_at: datetime) -> tuple[str, ...]:
    return agency.upper(), name, span, f"Ngày xuất: {made_at:{MINUTE}}", NOTE


def _cells(record: Record, writing: Writing, columns: Sequence[Column]) -> list[Cell]:
    """The cells of a row behind its number."""
    return [_cell(column.field, record, writing) for column in columns[1:]]


def _cell(field: str, record: Record, writing: Writing) -> Cell:
    if field in writing.cells:
        return writing.cells[field]
    if field == "status":
        return writing.status
    if field == "holder":
        return record.handling_officer or record.handling_unit
    value = getattr(record if field in Record.__slots__ else record.person, field)
    if isinstance(value, Moment):
        return _date_cell(value, writing.dates)
    return normalize("NFD", value) if value and writing.is_decomposed else value


def _date_cell(moment: Moment, style: DateStyle) -> Cell:
    if style is DateStyle.CELL:
        return moment.at.replace(tzinfo=None)
    return f"{moment.at:%d/%m/%Y}" if style is DateStyle.DAY else f"{moment.at:{MINUTE}}"


def _as_text(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%d/%m/%Y %H:%M:%S}"
    return "" if cell is None else str(cell)


def _workbook(titles: Sequence[str], rows: Sequence[Sequence[Cell]], made_at: datetime) -> bytes:
    """A workbook as the software makes it: merged titles, a blank row, the header, the dossiers, a total."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    # Else the workbook carries the time of its making, and no two runs are equal.
    book.set_properties({"title": "Danh sách theo dõi hồ sơ (mẫu)", "created": made_at.replace(tzinfo=None)})
    sheet, styles = book.add_worksheet("Theo dõi hồ sơ"), _styles(book)
    header_at, last = len(titles) + 1, len(FOLLOW_UP_COLUMNS) - 1
    total_at = header_at + len(rows) + 2
    for place, title in enumerate(titles):
        sheet.merge_range(place, 0, place, last, title, styles["title" if place < TITLES_IN_BOLD else "line"])
    for place, column in enumerate(FOLLOW_UP_COLUMNS):
        sheet.set_column(place, place, column.width)
        sheet.write_string(header_at, place, column.header, styles["header"])
    for row, place, value, style in _placed(rows, header_at + 1):
        sheet.write(row, place, value, styles[style])
    sheet.merge_range(total_at, 0, total_at, last, f"Tổng số hồ sơ: {len(rows)}", styles["total"])
    _set_page(sheet, header_at, header_at + len(rows))
    book.close()
    return buffer.getvalue()


def _styles(book: xlsxwriter.Workbook) -> dict[str, Format]:
    font = {"font_name": "Times New Roman", "font_size": 11, "valign": "vcenter"}
    cell = {**font, "border": 1, "text_wrap": True}
    styles = {
        "title": {**font, "bold": True, "font_size": 14, "align": "center"},
        "line": {**font, "italic": True, "align": "center"},
        "header": {**cell, "bold": True, "align": "center", "bg_color": "#DDEBF7"},
        "text": cell,
        "number": {**cell, "align": "center"},
        "date": {**cell, "num_format": "dd/mm/yyyy hh:mm", "align": "center"},
        "total": {**font, "bold": True},
    }
    return {name: book.add_format(style) for name, style in styles.items()}


def _set_page(sheet: Worksheet, header_at: int, end_at: int) -> None:
    """Header in sight while scrolling and on every page; all columns on one sheet of A3."""
    sheet.freeze_panes(header_at + 1, COLUMNS_IN_SIGHT)
    sheet.autofilter(header_at, 0, end_at, len(FOLLOW_UP_COLUMNS) - 1)
    sheet.repeat_rows(header_at)
    sheet.set_landscape()
    sheet.set_paper(A3)
    sheet.fit_to_pages(1, 0)


def _placed(rows: Sequence[Sequence[Cell]], first_at: int) -> Iterator[tuple[int, int, Cell, str]]:
    """Every cell with its place and style."""
    for number, cells in enumerate(rows, 1):
        row = first_at + number - 1
        yield row, 0, number, "number"
        for place, (cell, column) in enumerate(zip(cells, FOLLOW_UP_COLUMNS[1:], strict=True), 1):
            yield row, place, cell, "date" if column.field.endswith("_at") else "text"
