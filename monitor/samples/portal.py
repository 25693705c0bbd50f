"""The national portal's records as JSON: dossiers (DongBoHoSoMC) and what was done on them (CapNhatTienDoHoSoMC)."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unicodedata import normalize

from monitor.dossier import Channel, Moment, SourceStatus
from monitor.record import ApplicantKind, Record, SupplementRecord
from monitor.samples.sample import DateStyle, Sample, Samples, Writing

AGENCY_CODE = "MẪU-H37.12"
PROVINCE = "H37"
CHANNELS = {Channel.IN_PERSON: "1", Channel.ONLINE: "2", Channel.POST: "3"}
STATUSES = {status: str(number) for number, status in enumerate(SourceStatus, 1)}
KINDS = {kind: str(number) for number, kind in enumerate(ApplicantKind, 1)}
DESK_STEP = ("Tiếp nhận hồ sơ và chuyển phòng chuyên môn", "2")
OFFICER_STEP = ("Thụ lý, thẩm định hồ sơ", "4")
LAST_STEP = ("Trình ký, chuyển kết quả cho Bộ phận Một cửa", "9")


def portal_dossiers(samples: Samples) -> bytes:
    """The dossiers as DongBoHoSoMC sends them."""
    return _message("DongBoHoSoMC", [_dossier(sample) for sample in samples.portal])


def step_log(samples: Samples) -> bytes:
    """Who did what on the portal's dossiers, as CapNhatTienDoHoSoMC sends it."""
    return _message("CapNhatTienDoHoSoMC", [step for sample in samples.portal for step in _steps(sample)])


def _message(service: str, data: list[dict[str, Any]]) -> bytes:
    message = {"session": "MAU", "madonvi": AGENCY_CODE, "service": service, "isUpdating": True, "data": data}
    return (json.dumps(message, ensure_ascii=False, indent=1) + "\n").encode()


def _dossier(sample: Sample) -> dict[str, Any]:
    record, writing = sample.record, sample.writing
    assert record is not None
    return {
        "MaHoSo": record.code,
        **_procedure(record, writing),
        "KenhThucHien": CHANNELS[record.channel] if record.channel else "",
        "SoBienNhan": record.receipt_no or "",
        **_applicant(record, writing),
        "TrichYeuHoSo": record.procedure_name or "",
        "NgayNopHoSo": _date(record.submitted_at, writing),
        "NgayTiepNhan": _date(record.received_at, writing),
        "NgayHenTra": _date(record.appointment_at, writing),
        "TrangThaiHoSo": STATUSES[record.status] if record.status else "",
        "NgayKetThucXuLy": _date(record.finished_at, writing),
        "NgayTra": _date(record.returned_at, writing),
        "ThongTinTra": "Trả tại Bộ phận Một cửa" if record.returned_at else "",
        "HinhThuc": "1" if record.channel is Channel.POST else "0",
        "NgayTuChoi": _date(record.refused_at, writing),
        "DonViXuLy": record.handling_unit or "",
        "GhiChu": "Dữ liệu mẫu, hư cấu",
        "NoiNopHoSo": "1" if record.channel is Channel.ONLINE else "2",
        "TaiLieuNop": [],
        "DanhSachLePhi": [],
        "DanhSachHoSoBoSung": [_supplement(one, record, writing) for one in record.supplements],
        "DanhSachGiayToKetQua": _papers(record),
    }


def _procedure(record: Record, writing: Writing) -> dict[str, str]:
    code = writing.cells.get("procedure_code", f"{record.procedure_code}.{PROVINCE}")
    return {
        "MaTTHC": code,
        "TenTTHC": _text(record.procedure_name, writing),
        "MaLinhVuc": "",
        "TenLinhVuc": record.field_name or "",
    }


def _applicant(record: Record, writing: Writing) -> dict[str, str]:
    person = record.person
    return {
        "ChuHoSo": _text(person.applicant, writing),
        "LoaiDoiTuong": KINDS[person.applicant_kind] if person.applicant_kind else "",
        "MaDoiTuong": "",
        "SoGiayToChuHoSo": person.identity_no or "",
        "Email": person.email or "",
        "SoDienThoai": person.phone or "",
        "Fax": "",
    }


def _supplement(supplement: SupplementRecord, record: Record, writing: Writing) -> dict[str, str]:
    answered = supplement.answered_at is not None
    return {
        "HoSoBoSungId": supplement.key,
        "NguoiYeuCauBoSung": record.receiving_officer or record.receiving_unit or "",
        "NoiDungBoSung": "Bổ sung giấy tờ theo phiếu yêu cầu (mẫu)",
        "NgayBoSung": _date(supplement.asked_at, writing),
        "NguoiTiepNhanBoSung": (record.receiving_unit or "") if answered else "",
        "ThongTinTiepNhan": "Đã nhận đủ giấy tờ" if answered else "",
        "NgayTiepNhanBoSung": _date(supplement.answered_at, writing),
        "TrangThaiBoSung": "1" if answered else "0",
        "NgayHenTraTruoc": _date(supplement.old_appointment_at, writing),
        "NgayHenTraMoi": _date(supplement.new_appointment_at, writing),
    }


def _papers(record: Record) -> list[dict[str, str]]:
    has_paper = record.has_result_paper or record.returned_at is not None
    return (
        [{"TenGiayTo": "Kết quả giải quyết (mẫu)", "MaThanhPhanHoSo": "", "DuongDanTepTinKetQua": ""}]
        if has_paper
        else []
    )


def _steps(sample: Sample) -> Iterator[dict[str, str]]:
    """The desk takes it in, an officer works on it, and when it is done the result goes to be signed."""
    record = sample.record
    assert record is not None
    received = record.received_at
    if received is None:
        return
    desk = record.receiving_officer or record.receiving_unit
    yield _step(sample, desk, record.receiving_unit, received, DESK_STEP)
    begun = Moment(received.at + timedelta(minutes=4))
    yield _step(sample, record.handling_officer, record.handling_unit, begun, OFFICER_STEP)
    if record.finished_at is not None and record.finished_at > begun:
        yield _step(sample, record.handling_officer, record.handling_unit, record.finished_at, LAST_STEP)


def _step(sample: Sample, person: str | None, unit: str | None, at: Moment, what: tuple[str, str]) -> dict[str, str]:
    record, writing = sample.record, sample.writing
    assert record is not None
    return {
        "MaHoSo": record.code,
        "NguoiXuLy": _text(person, writing),
        "ChucDanh": "Công chức Một cửa" if what is DESK_STEP else "Chuyên viên",
        "ThoiDiemXuLy": _date(at, writing),
        "PhongBanXuLy": unit or "",
        "NoiDungXuLy": what[0],
        "TrangThai": what[1],
        "NgayBatDau": _date(record.received_at, writing),
        "NgayKetThucTheoQuyDinh": _date(record.appointment_at, writing),
    }


def _text(text: str | None, writing: Writing) -> str:
    return normalize("NFD", text or "") if writing.is_decomposed else text or ""


def _date(moment: Moment | None, writing: Writing) -> str:
    if moment is None:
        return ""
    return f"{moment.at:%Y-%m-%d %H:%M:%S}" if writing.dates is DateStyle.CELL else f"{moment.at:%Y%m%d%H%M%S}"
