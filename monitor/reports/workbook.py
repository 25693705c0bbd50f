"""The report of an import as a workbook beside its file: what a clerk goes through cell by cell."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from monitor.comparison import ImportReport
from monitor.errors import MonitorError
from monitor.reports.import_report import say_freshness, say_matched

Rows = Iterable[Sequence[str]]

_LONGEST_CELL = 32_000  # Excel has 32,767 signs in a cell


class ReportNotWritten(MonitorError):
    """A report that has no place to stand; the import itself is done."""

    def __init__(self, path: Path, cause: str) -> None:
        super().__init__(f"{path}: the report could not be written ({cause}): see that there is room and you may write")


def write_import_workbook(path: Path, report: ImportReport) -> None:
    """Write the report to `path`, whole or not at all. Every cell is text: what begins with = stays what it is.

    Raises ReportNotWritten.
    """
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with xlsxwriter.Workbook(unfinished) as workbook:
            _sheet(workbook, "Tóm tắt", ("Mục", "Nội dung"), (28, 90), _summary(report))
            _sheet(
                workbook,
                "Dòng bị từ chối",
                ("Dòng", "Cột", "Giá trị trong tệp", "Vì sao, và cách sửa"),
                (8, 24, 32, 80),
                ((str(one.row), one.column or "", one.value or "", one.cause) for one in report.rejected),
            )
            _sheet(
                workbook,
                "Thủ tục chưa đối chiếu",
                ("Số dòng", "Tên thủ tục như ghi trong tệp"),
                (10, 90),
                ((str(count), name) for name, count in report.commonest_unmatched),
            )
            notes = (*report.slips, *report.findings)
            _sheet(workbook, "Lưu ý về nguồn", ("Lưu ý",), (110,), ((text,) for text in notes))
        unfinished.replace(path)
    except (OSError, XlsxWriterException) as error:
        raise ReportNotWritten(path, str(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _summary(report: ImportReport) -> Rows:
    yield "Tệp", report.file
    yield "Nguồn", report.source or "–"
    yield "Số liệu", say_freshness(report)
    yield "Kết quả", _result(report)
    if report.cause:
        yield "Vì sao, và việc cần làm", report.cause
    yield "Số dòng đọc được", str(report.read)
    if not report.held:
        yield "Hồ sơ mới", str(report.new)
        yield "Hồ sơ thay đổi", str(report.changed)
        yield "Hồ sơ không đổi", str(report.unchanged)
        yield "Dòng bị từ chối", str(len(report.rejected))
        yield "Thủ tục", say_matched(report) or "không có dòng mới để đối chiếu"


def _result(report: ImportReport) -> str:
    if report.held:
        return "GIỮ LẠI, chưa nhập dòng nào"
    if report.refused:
        return "KHÔNG ĐỌC ĐƯỢC"
    return "đã nhập trước đây, không có gì thay đổi" if report.already_imported else "đã nhập"


def _sheet(workbook: xlsxwriter.Workbook, name: str, headers: Sequence[str], widths: Sequence[int], rows: Rows) -> None:
    bold = workbook.add_format({"bold": True, "bottom": 1, "valign": "top"})
    text = workbook.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    sheet = workbook.add_worksheet(name)
    for place, (header, width) in enumerate(zip(headers, widths, strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, header, bold)
    sheet.freeze_panes(1, 0)
    for line, cells in enumerate(rows, start=1):
        for place, cell in enumerate(cells):
            sheet.write_string(line, place, _storable(cell), text)


def _storable(cell: str) -> str:
    """What a sheet can hold: no halves of letters, and not more than fits."""
    return cell.encode("utf-8", "replace").decode("utf-8")[:_LONGEST_CELL]
