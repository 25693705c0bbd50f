"""Lists as the provincial system writes them, for the tests of intake."""

import csv
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import xlsxwriter

from monitor.dossier import Moment
from monitor.intake import Batch, FileHead, ReadRow, Rejection, read_file
from monitor.record import Record
from monitor.source import SourceRule
from monitor.working_time import LOCAL_ZONE

NOW = datetime(2026, 11, 23, 8, tzinfo=LOCAL_ZONE)  # a Monday


COMMON_END = ["Ngày nhận", "Ngày hẹn trả", "Ngày kết thúc xử lý"]


FOLLOW_UP = [
    *["STT", "Đơn vị tiếp nhận", "Tên thủ tục hành chính", "Mã hồ sơ", "Trạng thái", "Địa chỉ", "Người nộp"],
    *["Chủ hồ sơ", "Ngày nộp hồ sơ", *COMMON_END],
]


OVERDUE = [
    *["STT", "Đơn vị tiếp nhận", "Lĩnh vực", "Tên TTHC", "Mã hồ sơ", "Trạng thái", "Địa chỉ", "Chủ hồ sơ"],
    *[*COMMON_END, "Đơn vị/cá nhân giải quyết quá hạn"],
]


LATE = ["Mã hồ sơ", "Tên nội dung", "Ngày nhận", "Ngày hẹn trả", "Người xử lý", "Lý do trễ hẹn", "Trạng thái"]


TITLE = [["DANH SÁCH THEO DÕI HỒ SƠ"], [], ["Ngày xuất: 23/11/2026 07:05"], []]


def dossier(number: int, **cells: object) -> list[object]:
    """A row of the follow-up list."""
    usual: dict[str, object] = {
        "STT": number,
        "Đơn vị tiếp nhận": "Bộ phận Một cửa",
        "Tên thủ tục hành chính": "Đăng ký thành lập hộ kinh doanh",
        "Mã hồ sơ": f"H37.12-261120-{number:04}",
        "Trạng thái": "Đang xử lý",
        "Địa chỉ": "Số 1 Trần Đăng Ninh",
        "Người nộp": "Nguyễn Văn An",
        "Chủ hồ sơ": "Công ty TNHH Hoa Hồi",
        "Ngày nộp hồ sơ": "20/11/2026 08:00",
        "Ngày nhận": "20/11/2026 09:00",
        "Ngày hẹn trả": "26/11/2026 17:00",
        "Ngày kết thúc xử lý": "",
    }
    return [(usual | cells)[header] for header in FOLLOW_UP]


@dataclass
class Outcome:
    head: FileHead
    rows: list[ReadRow] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    batches: int = 0

    @property
    def records(self) -> list[Record]:
        return [row.record for row in self.rows]


def read(
    path: Path, *sources: SourceRule, known: Mapping[str, bytes] | None = None, batch_size: int = 5_000
) -> Outcome:
    head, *batches = read_file(path, sources, now=NOW, known=known or {}, batch_size=batch_size)
    assert isinstance(head, FileHead)
    outcome = Outcome(head)
    for batch in batches:
        assert isinstance(batch, Batch)
        outcome.rows += batch.rows
        outcome.unchanged += batch.unchanged
        outcome.rejections += batch.rejections
        outcome.batches += 1
    return outcome


def book(path: Path, rows: Sequence[Sequence[object]], *, sheet: str = "Sheet1") -> Path:
    workbook = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "default_date_format": "dd/mm/yyyy hh:mm"})
    page = workbook.add_worksheet(sheet)
    for number, cells in enumerate(rows):
        page.write_row(number, 0, cells)
    workbook.close()
    return path


def sheet(path: Path, *dossiers: Sequence[object], header: Sequence[str] = FOLLOW_UP) -> Path:
    return book(path, [*TITLE, header, *dossiers])


def text(path: Path, rows: Sequence[Sequence[object]], *, encoding: str = "utf-8", separator: str = ",") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    return path


def portal(path: Path, *records: object, service: str | None = "DongBoHoSoMC") -> Path:
    document = {"session": "s", "madonvi": "H37.12", "service": service, "isUpdating": False, "data": list(records)}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def at(day: int, hour: int, minute: int = 0) -> Moment:
    """A moment of November 2026."""
    return Moment(datetime(2026, 11, day, hour, minute, tzinfo=LOCAL_ZONE))


def _windows_1258(composed: str) -> bytes:
    """As Windows writes Vietnamese: the letter with its hat or horn, the tone behind it."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    written = ""
    for letter in composed:
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(part for part in parts if part in tones)
        written += unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones)) + tone
    return written.encode("cp1258")
