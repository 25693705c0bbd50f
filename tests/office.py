"""An office to play with: its follow-up lists as files, the rules as shipped, and days that pass."""

import csv
import json
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from official import at, rules

from monitor.dossier import Dossier
from monitor.importing import ImportReport, import_file
from monitor.rules import RuleBook
from monitor.store import Store

# Three working days by the verified row 2.001610: received on Fri 2026-11-20, due on Thu 2026-11-26, for Tue 24/11 is
# Vietnam Culture Day. The officer belongs to division dkkd, whose head is nt-bich-ngoc.
OFFICER, HEAD, DESK = "nn-hong-anh", "nt-bich-ngoc", ("mt-khanh-huyen", "ds-bao-chau")
CODE = "H37.12-261120-0001"
HEADERS = {
    "code": "Mã hồ sơ",
    "procedure_code": "Mã thủ tục",
    "procedure": "Tên TTHC",
    "status": "Trạng thái",
    "applicant": "Chủ hồ sơ",
    "submitter": "Người nộp",
    "submitted": "Ngày nộp",
    "received": "Ngày nhận",
    "appointment": "Ngày hẹn trả",
    "finished": "Ngày kết thúc xử lý",
    "officer": "Người xử lý",
}
Row = Mapping[str, str]


def row(code: str = CODE, **told: str) -> Row:
    """A dossier that is being worked on; "" for an empty cell."""
    usual = {
        "procedure_code": "2.001610",
        "procedure": "Đăng ký thành lập doanh nghiệp tư nhân",
        "status": "Đang xử lý",
        "applicant": "Công ty TNHH Hoa Đào",
        "received": "20/11/2026 09:00",
        "appointment": "26/11/2026 17:00",
        "officer": "Nguyễn Ngọc Hồng Ánh",
    }
    return {"code": code, **usual, **told}


def many(count: int, **told: str) -> list[Row]:
    return [row(f"H37.12-261120-{number:04}", **told) for number in range(1, count + 1)]


def write_list(
    folder: Path, exported: str, rows: Iterable[Row], *, headers: Mapping[str, str] = HEADERS, name: str | None = None
) -> Path:
    """The follow-up list as of a moment, "Mon 2026-11-23 07:05"."""
    text = StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow([f"Ngày xuất: {at(exported):%d/%m/%Y %H:%M}"])
    writer.writerow(headers.values())
    writer.writerows([one.get(field, "") for field in headers] for one in rows)
    return _written(folder / (name or f"theo-doi-{at(exported):%Y%m%d-%H%M}.csv"), text.getvalue().encode("utf-8-sig"))


def write_portal(folder: Path, exported: str, records: Iterable[Mapping[str, Any]], *, service: str) -> Path:
    """Records of the portal as of a moment: DongBoHoSoMC, or the step log CapNhatTienDoHoSoMC."""
    document = {"service": service, "data": list(records)}
    path = folder / f"{service}-{at(exported):%Y%m%d-%H%M}.json"
    return _written(path, json.dumps(document, ensure_ascii=False).encode())


def take(store: Store, path: Path, now: str, book: RuleBook | None = None, **how: Any) -> ImportReport:
    return import_file(path, store, book or rules(), now=at(now), **how)


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    """read, new, changed, unchanged, rejected"""
    one = report.tally
    return one.read, one.new, one.changed, one.unchanged, one.rejected


def dossier(store: Store, code: str = CODE) -> Dossier:
    found = store.dossier(code)
    assert found is not None
    return found.dossier()


def everything(store: Store) -> list[Any]:
    """All that is stored of dossiers, to compare two stores or two moments."""
    rows = [
        (one.code, one.life, one.is_open, one.source, one.data_as_of, one.missing_since, one.status, one.due_on)
        for one in store.list_dossiers()
    ]
    told = [one for line in rows if (one := store.dossier(line[0])) is not None]
    return [(line, one.record, list(map(_said, one.events))) for line, one in zip(rows, told, strict=True)]


def _said(event: Any) -> tuple[Any, ...]:
    return event.kind, event.happened_at, event.recorded_at, event.source, dict(event.facts)


def _written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
