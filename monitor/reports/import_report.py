"""The report of an import in words for a terminal, and as data for a program."""

from collections.abc import Iterator
from typing import Any

from monitor.comparison import ImportReport
from monitor.intake import Rejection
from monitor.working_time import LOCAL_ZONE

SHOWN_REJECTIONS = 10


def as_data(report: ImportReport) -> dict[str, Any]:
    """An import's report as data."""
    return {
        "import_id": report.import_id,
        "file": report.file,
        "source": report.source,
        "data_as_of": report.data_as_of,
        "data_as_of_estimated": report.data_as_of_estimated,
        "read": report.read,
        "new": report.new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "rejected": [
            {"row": one.row, "column": one.column, "value": one.value, "cause": one.cause} for one in report.rejected
        ],
        "held": report.held,
        "refused": report.refused,
        "cause": report.cause,
        "findings": [*report.slips, *report.findings],
        "matched": report.matched,
        "unmatched": report.unmatched,
        "unmatched_names": [{"name": name, "rows": count} for name, count in report.commonest_unmatched],
    }


def import_lines(report: ImportReport, *, dry_run: bool = False) -> Iterator[str]:
    """An import as a clerk reads it, one page."""
    yield f"{report.file}: {say_freshness(report)}" + (" – chạy thử, không ghi" if dry_run else "")
    if report.cause:
        yield f"  {_STATE_OF_CAUSE[report.held, report.refused]}{report.cause}"
    if not report.refused:
        yield f"  {say_counts(report)}"
    yield from (f"    {say_place(one)}: {one.cause}" for one in report.rejected[:SHOWN_REJECTIONS])
    if len(report.rejected) > SHOWN_REJECTIONS:
        yield f"    … và {len(report.rejected) - SHOWN_REJECTIONS} dòng khác; xem đủ bằng --json hoặc --report"
    if matched := say_matched(report):
        yield f"  Thủ tục: {matched}"
    if report.unmatched_names:
        yield "  Chưa đối chiếu được, nhiều dòng nhất:"
        yield from (f"    {count:4}  {name}" for name, count in report.commonest_unmatched)
    yield from (f"  Về nguồn: {text}" for text in report.slips)
    yield from (f"  Lưu ý: {finding}" for finding in report.findings)


_STATE_OF_CAUSE = {(False, False): "", (True, False): "GIỮ LẠI: ", (False, True): "KHÔNG ĐỌC ĐƯỢC: "}


def say_freshness(report: ImportReport) -> str:
    """ "số liệu đến 07:05 23/11/2026"."""
    if report.data_as_of is None:
        return "không rõ số liệu đến lúc nào"
    estimated = " (ước tính)" if report.data_as_of_estimated else ""
    return f"số liệu đến {report.data_as_of.astimezone(LOCAL_ZONE):%H:%M %d/%m/%Y}{estimated}"


def say_counts(report: ImportReport) -> str:
    """How many rows were read and what became of them, or in a rehearsal would become."""
    if report.held and not (report.new or report.changed or report.unchanged or report.rejected):
        return f"{report.read} dòng, chưa nhập dòng nào"
    return (
        f"{report.read} dòng · {report.new} mới · {report.changed} thay đổi · {report.unchanged} không đổi · "
        f"{len(report.rejected)} không nhận"
    )


def say_matched(report: ImportReport) -> str | None:
    """ "đối chiếu được 92 % (230/249 dòng mới đọc)"; never rounded up; None where no row was read anew."""
    if report.matched_share is None:
        return None
    share = f"{int(100 * report.matched_share)} %"
    return f"đối chiếu được {share} ({report.matched}/{report.matched + report.unmatched} dòng mới đọc)"


def say_place(one: Rejection) -> str:
    """ "dòng 106, cột “Ngày hẹn trả”"."""
    return f"dòng {one.row}" + (f", cột “{one.column}”" if one.column else "")
