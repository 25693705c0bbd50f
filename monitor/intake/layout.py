"""Which column holds which field: the header row found by its content, and the kind of list that its columns make."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from monitor.intake.refusals import CodeColumnMissing, ColumnRuleWrong, HeaderNotFound, OldEncoding
from monitor.intake.text import clean, fold, old_font, written
from monitor.record import Person, Record

UNIT_OR_PERSON = "unit_or_person"  # a column that holds either; each value is told apart on its own

# The headers that provincial software and the portal write.
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "code": ("Mã hồ sơ", "MaHoSo", "dossierNo", "Số hồ sơ", "Mã số hồ sơ"),
    "procedure_code": ("MaTTHC", "serviceCode", "Mã TTHC", "Mã thủ tục"),
    "procedure_name": (
        "Tên thủ tục hành chính",
        "Tên TTHC",
        "TenTTHC",
        "Tên nội dung",
        "Tên thủ tục",
        "Thủ tục",
    ),
    "channel": ("KenhThucHien",),
    "field_name": ("Lĩnh vực", "TenLinhVuc"),
    "receipt_no": ("SoBienNhan", "Số biên nhận", "Mã biên nhận"),
    "stated_limit": ("Thời hạn giải quyết", "Thời gian giải quyết", "Thời hạn"),
    "submitted_at": ("Ngày nộp hồ sơ", "NgayNopHoSo", "submitDate", "Ngày nộp", "Ngày đăng ký"),
    "received_at": (
        "Ngày nhận",
        "NgayTiepNhan",
        "receiveDate",
        "ngayNhanHoSo",
        "Ngày tiếp nhận",
        "Ngày nhận hồ sơ",
        "Thời gian tiếp nhận",
    ),
    "appointment_at": (
        "Ngày hẹn trả",
        "NgayHenTra",
        "dueDate",
        "ngayHenTraKetQua",
        "Ngày hẹn",
        "Ngày hẹn trả kết quả",
        "Hạn trả",
    ),
    "finished_at": ("Ngày kết thúc xử lý", "NgayKetThucXuLy", "releaseDate", "Ngày có kết quả", "Ngày xử lý xong"),
    "returned_at": ("NgayTra", "finishDate", "ngayTraKetQua", "Ngày trả", "Ngày trả kết quả"),
    "refused_at": ("NgayTuChoi",),
    "step_due_at": ("Hạn xử lý",),
    "receiving_unit": ("Đơn vị tiếp nhận",),
    "receiving_officer": ("Người tiếp nhận", "Cán bộ tiếp nhận"),
    "handling_unit": ("DonViXuLy", "Đơn vị", "govAgencyName", "Cơ quan xử lý", "Cơ quan giải quyết", "Phòng xử lý"),
    "handling_officer": ("Người xử lý", "NguoiXuLy", "Cán bộ xử lý", "Cán bộ thụ lý", "Công chức thụ lý"),
    UNIT_OR_PERSON: ("Đơn vị/cá nhân giải quyết quá hạn",),
    "status": ("Trạng thái", "TrangThaiHoSo", "dossierStatus", "Tình trạng", "Tình trạng hồ sơ"),
    "reason": ("Lý do trễ hẹn", "Lý do chậm", "Nguyên nhân"),
    "applicant": ("Chủ hồ sơ", "ChuHoSo", "Tên tổ chức/cá nhân"),
    "applicant_kind": ("LoaiDoiTuong",),
    "submitter": ("Người nộp", "Người nộp hồ sơ"),
    "address": ("Địa chỉ",),
    "phone": ("Số điện thoại", "SoDienThoai", "Điện thoại"),
    "email": ("Email", "Thư điện tử"),
    "identity_no": ("SoGiayToChuHoSo",),
    "supplements": ("DanhSachHoSoBoSung",),
    "has_result_paper": ("DanhSachGiayToKetQua",),
}
_FIELD_OF: Mapping[str, str] = {fold(header): name for name, headers in _HEADERS.items() for header in headers}

DATE_FIELDS = frozenset(
    {
        "submitted_at",
        "received_at",
        "appointment_at",
        "finished_at",
        "returned_at",
        "refused_at",
        "step_due_at",
    }
)
PERSON_FIELDS = frozenset(Person.__slots__)
_FIELDS = (frozenset(Record.__slots__) | PERSON_FIELDS | {UNIT_OR_PERSON}) - {"person", "status_text"}

# Columns of the follow-up list. Most of them name it, so that a list that lost one or two is still compared with its
# former self, and the loss is noticed, instead of counting as a list of another kind.
_FOLLOW_UP = frozenset(
    {
        "procedure_name",
        "status",
        "applicant",
        "submitter",
        "submitted_at",
        "received_at",
        "appointment_at",
        "finished_at",
    }
)
_ENOUGH_OF_FOLLOW_UP = 6

_ROWS_SEARCHED = 60
_FEWEST_HEADERS = 2
_ROWS_SHOWN = 5
_TEXT_SHOWN = 120
_OLD_CODE_HEADERS: Mapping[str, str] = {"m· hå s¬": "TCVN3, phông .VnTime", "maõ hoà sô": "VNI"}


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """Where the header stands, and what it says column by column."""

    first: int  # index of its first row among the rows given
    last: int  # index of its last row: some headers are two rows high
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields of a file and the columns that hold them."""

    places: Mapping[str, int]  # field -> index of its column
    headers: Mapping[str, str]  # field -> header as written
    unused: tuple[str, ...]
    findings: tuple[str, ...]
    warnings: tuple[str, ...]  # flags that hold for every row of the file

    @property
    def signature(self) -> str:
        """Equal for files whose cells mean the same."""
        return "|".join(f"{name}={fold(header)}" for name, header in sorted(self.headers.items()))


def known_fields(source: str, columns: Mapping[str, str]) -> Mapping[str, str]:
    """Folded header -> field: the known headers and those that the source's rule adds."""
    for header, name in columns.items():
        if name not in _FIELDS:
            raise ColumnRuleWrong(source=source, header=header, field=name)
    return {**_FIELD_OF, **{fold(header): name for header, name in columns.items()}}


def find_header(rows: Sequence[Sequence[object]], fields: Mapping[str, str]) -> HeaderRow:
    """The row that names most fields, joined with the row below it where a merged header is two rows high."""
    if not rows:
        raise HeaderNotFound(wanted=_wanted(), seen="không có dòng nào")
    counts = [len(_named(row, fields)) for row in rows[:_ROWS_SEARCHED]]
    best = max(range(len(counts)), key=lambda index: (counts[index], -index))
    if counts[best] < _FEWEST_HEADERS:
        _refuse_old_encoding(rows)
        raise HeaderNotFound(wanted=_wanted(), seen=_shown(rows))
    first, last = _with_neighbour(rows, best, fields)
    headers = _joined(rows[first], rows[last] if last > first else (), fields)
    named = {fields.get(fold(header)) for header in headers}
    if not named & {"code", "receipt_no"}:
        _refuse_old_encoding(rows)
        raise CodeColumnMissing(row=best + 1, seen=", ".join(header for header in headers if header)[:400])
    return HeaderRow(first, last, headers)


def map_columns(headers: Sequence[str], fields: Mapping[str, str], *, may_stand_in: bool = True) -> Columns:
    """Each field's column; of several headers for one field the leftmost wins, the others are reported.

    In a list of dossiers a column may stand in for a missing one; in a log of steps it means what it says.
    """
    places: dict[str, int] = {}
    unused: list[str] = []
    findings: list[str] = []
    for index, header in enumerate(headers):
        name = fields.get(fold(header))
        if name is None or name in places:
            if header:
                unused.append(header)
            if name is not None:
                findings.append(f"hai cột cho một trường: lấy “{headers[places[name]]}”, bỏ “{header}”")
        else:
            places[name] = index
    warnings = _stand_ins(places, headers, findings) if may_stand_in else ()
    return Columns(
        places, {name: headers[place] for name, place in places.items()}, tuple(unused), tuple(findings), warnings
    )


def _stand_ins(places: dict[str, int], headers: Sequence[str], findings: list[str]) -> tuple[str, ...]:
    """Columns that stand for a missing one: the receipt number for the code, the step's date for the appointment."""
    warnings = []
    if "code" not in places and "receipt_no" in places:
        places["code"] = places.pop("receipt_no")
        warnings.append("receipt_no_as_code")
        findings.append(f"không có cột mã hồ sơ: dùng “{headers[places['code']]}” làm mã")
    if "appointment_at" not in places and "step_due_at" in places:
        places["appointment_at"] = places.pop("step_due_at")
        warnings.append("step_due_as_appointment")
        findings.append(f"không có cột ngày hẹn trả: dùng “{headers[places['appointment_at']]}” làm ngày hẹn")
    return tuple(warnings)


def name_layout(fields: frozenset[str]) -> str:
    """The kind of list: follow-up, overdue, late, or another one named by its set of fields."""
    if UNIT_OR_PERSON in fields:
        return "qua-han"
    if "reason" in fields:
        return "tre-hen"
    if len(fields & _FOLLOW_UP) >= _ENOUGH_OF_FOLLOW_UP:
        return "theo-doi"
    return "khac-" + blake2b(",".join(sorted(fields)).encode(), digest_size=3).hexdigest()


def is_column_numbers(cells: Sequence[object]) -> bool:
    """Whether the row only numbers the columns, as (1) (2) (3), which many reports print under the header."""
    marks = [written(cell).strip(" ()") for cell in cells if written(cell).strip()]
    numbers = [int(mark) for mark in marks if mark.isdecimal()]
    letters = [mark for mark in marks if not mark.isdecimal()]
    return (
        len(numbers) >= _FEWEST_HEADERS
        and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        and all(len(mark) == 1 for mark in letters)
    )


def _named(row: Sequence[object], fields: Mapping[str, str]) -> set[str]:
    return {name for cell in row if isinstance(cell, str) and (name := fields.get(fold(cell)))}


def _with_neighbour(rows: Sequence[Sequence[object]], best: int, fields: Mapping[str, str]) -> tuple[int, int]:
    """The first and last row of the header: merged headers are two rows high, and each row names some fields."""
    if best + 1 < len(rows) and _completes(rows[best + 1], rows[best], fields, is_above=False):
        return best, best + 1
    if best > 0 and _completes(rows[best - 1], rows[best], fields, is_above=True):
        return best - 1, best
    return best, best


def _completes(row: Sequence[object], best: Sequence[object], fields: Mapping[str, str], *, is_above: bool) -> bool:
    """Whether the row names fields where the best row names none; above, over blanks only: titles stand there, too."""
    if any(sign.isdigit() for cell in row for sign in written(cell)):
        return False
    named = [index for index, cell in enumerate(row) if fold(written(cell)) in fields]
    beside = [fold(written(best[index])) if index < len(best) else "" for index in named]
    return bool(named) and all(text == "" if is_above else text not in fields for text in beside)


def _joined(upper: Sequence[object], lower: Sequence[object], fields: Mapping[str, str]) -> tuple[str, ...]:
    """The header of each column; of two rows the one that names a field, else the lower one."""

    def choose() -> Iterator[str]:
        for index in range(max(len(upper), len(lower))):
            above = clean(written(upper[index])) if index < len(upper) else ""
            below = clean(written(lower[index])) if index < len(lower) else ""
            yield above if fold(above) in fields and fold(below) not in fields else below or above

    return tuple(choose())


def _refuse_old_encoding(rows: Sequence[Sequence[object]]) -> None:
    """Say so when the header is there, but in the letters of an old font."""
    for row in rows[:_ROWS_SEARCHED]:
        for cell in row:
            if not isinstance(cell, str):
                continue
            encoding = _OLD_CODE_HEADERS.get(clean(cell).casefold()) or old_font(cell)
            if encoding:
                raise OldEncoding(encoding=encoding)


def _wanted() -> str:
    return ", ".join(f"“{_HEADERS[name][0]}”" for name in ("code", "received_at", "appointment_at", "status"))


def _shown(rows: Sequence[Sequence[object]]) -> str:
    lines = (" | ".join(clean(written(cell)) for cell in row if written(cell).strip()) for row in rows)
    return "; ".join(f"“{line[:_TEXT_SHOWN]}”" for line in [line for line in lines if line][:_ROWS_SHOWN]) or "trống"
