"""Portal records as JSON: dossiers (DongBoHoSoMC), steps (CapNhatTienDoHoSoMC), or a bare list of records."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from monitor.intake.layout import find_header
from monitor.intake.refusals import DamagedFile, EmptyFile, UnknownFormat, UnknownService, UnsafeFile
from monitor.intake.table import NumberedRows, Table, refuse_wide
from monitor.intake.text import BadCell, clean, fold, read_text, written
from monitor.source import FileFormat

DOSSIERS_SERVICE = "DongBoHoSoMC"
STEPS_SERVICE = "CapNhatTienDoHoSoMC"

# The step log names its columns in its own way: the end of a step is never an appointment, and who has the step in
# hand is not whom the source calls the handling officer (practice A5).
STEP_FIELDS: Mapping[str, str] = {
    fold("MaHoSo"): "code",
    fold("NguoiXuLy"): "step_officer",
    fold("PhongBanXuLy"): "step_unit",
    fold("NgayKetThucTheoQuyDinh"): "step_due_at",
}
_LISTS = frozenset({"DanhSachHoSoBoSung", "DanhSachGiayToKetQua"})
_STEP_AT = "ThoiDiemXuLy"

# Entries of DanhSachHoSoBoSung, in the order in which SupplementRecord takes them.
_SUPPLEMENT_DATES = ("NgayBoSung", "NgayTiepNhanBoSung", "NgayHenTraTruoc", "NgayHenTraMoi")

ReadDate = Callable[[object], str | None]
Supplement = tuple[str | None, ...]  # its key, then the dates


def open_portal(data: bytes, fields: Mapping[str, str], read_date: ReadDate) -> Table:
    """The records as rows, their names as the header."""
    document = _parse(data)
    if isinstance(document, dict):
        service = document.get("service")
        records = document.get("data")
    else:
        service, records = None, document
    if service not in (None, "", DOSSIERS_SERVICE, STEPS_SERVICE):
        raise UnknownService(service=written(service)[:100])
    if not isinstance(records, list):
        raise UnknownFormat(seen="JSON không có danh sách hồ sơ “data”")
    if service == STEPS_SERVICE:
        return _steps(records, read_date)
    if not records and service is None:
        raise EmptyFile
    return _table(records, fields, is_portal=service == DOSSIERS_SERVICE)


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise UnsafeFile(detail="JSON lồng quá sâu") from error
    except UnicodeDecodeError as error:
        raise DamagedFile(detail="chữ không phải UTF-8") from error
    except ValueError as error:
        raise DamagedFile(detail=f"JSON: {error}"[:100]) from error


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _table(records: Sequence[object], fields: Mapping[str, str], *, is_portal: bool) -> Table:
    kept = [(row, record) for row, record in enumerate(records, 1) if isinstance(record, dict)]
    names = list(dict.fromkeys(name for _, record in kept for name in record))
    refuse_wide(len(names))
    if not is_portal or not any(fields.get(fold(name)) == "code" for name in names):
        find_header([names] if names else [], fields)  # says what is missing
    return Table(
        form="portal" if is_portal else "sheet",
        format=FileFormat.PORTAL,
        headers=tuple(names),
        rows=lambda: _cells(kept, names),
        partly_carried=frozenset(name for name in names if any(name not in record for _, record in kept)),
        rejected=_not_records(records),
    )


def _cells(records: Sequence[tuple[int, Mapping[str, object]]], names: Sequence[str]) -> NumberedRows:
    for row, record in records:
        yield row, [_flat(name, record.get(name)) for name in names]


def _flat(name: str, value: object) -> object:
    """Lists stay lists only where one belongs; elsewhere they are text that some reader will refuse."""
    is_misplaced = isinstance(value, (list, dict)) and name not in _LISTS
    return json.dumps(value, ensure_ascii=False) if is_misplaced else value


def _not_records(records: Sequence[object]) -> tuple[tuple[int, str, str, str], ...]:
    cause = "phần tử của “data” không phải một bản ghi: kiểm tra chương trình kết xuất"
    return tuple(
        (row, "", written(record)[:100], cause) for row, record in enumerate(records, 1) if not isinstance(record, dict)
    )


def _steps(records: Sequence[object], read_date: ReadDate) -> Table:
    """One row for each dossier: its latest step. Without the time of a step nobody knows which one is the latest."""
    latest: dict[str, tuple[str, int, Mapping[str, object]]] = {}
    unclear: dict[str, tuple[int, str, str, str]] = {}
    without_code: list[tuple[int, Mapping[str, object]]] = []
    for row, record in enumerate(records, 1):
        if not isinstance(record, dict):
            continue
        code = clean(written(record.get("MaHoSo")))
        if not code:
            without_code.append((row, record))
            continue
        try:
            at = read_date(record.get(_STEP_AT)) or ""
        except BadCell as bad:
            unclear[code] = (row, _STEP_AT, written(record.get(_STEP_AT))[:100], bad.cause)
            continue
        if code not in latest or at >= latest[code][0]:
            latest[code] = (at, row, record)
    kept = [(row, record) for code, (_, row, record) in latest.items() if code not in unclear]
    names = ("MaHoSo", "NguoiXuLy", "PhongBanXuLy", "NgayKetThucTheoQuyDinh")
    return Table(
        form="steps",
        format=FileFormat.PORTAL,
        headers=names,
        rows=lambda: _cells(sorted(kept + without_code, key=lambda numbered: numbered[0]), names),
        rejected=(*_not_records(records), *unclear.values()),
    )


def read_supplements(read_date: ReadDate) -> Callable[[object], tuple[Supplement, ...]]:
    """A reader of DanhSachHoSoBoSung."""

    def read(cell: object) -> tuple[Supplement, ...]:
        if cell is None or cell == "":
            return ()
        if not isinstance(cell, list) or not all(isinstance(entry, dict) for entry in cell):
            raise BadCell("danh sách yêu cầu bổ sung không đúng dạng: kiểm tra chương trình kết xuất")
        return tuple(_supplement(entry, place, read_date) for place, entry in enumerate(cell, 1))

    return read


def _supplement(entry: Mapping[str, object], place: int, read_date: ReadDate) -> Supplement:
    key = read_text(entry.get("HoSoBoSungId")) or str(place)
    return (key, *(read_date(entry.get(name)) for name in _SUPPLEMENT_DATES))


def has_entries(cell: object) -> bool:
    """Whether a list, as DanhSachGiayToKetQua, holds anything."""
    return bool(cell) and isinstance(cell, list)
