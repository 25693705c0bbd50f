"""The fields of a dossier: what clerks call each, and the headers that provincial software writes over it."""

from collections.abc import Mapping
from typing import NamedTuple

UNIT_OR_PERSON = "unit_or_person"  # a column that holds either; the organisation says which one a value is


class Field(NamedTuple):
    """A field as a clerk calls it, and the headers known for it; the first one is the usual one."""

    vietnamese: str
    headers: tuple[str, ...]


FIELDS: Mapping[str, Field] = {
    "code": Field("mã hồ sơ", ("Mã hồ sơ", "MaHoSo", "dossierNo", "Số hồ sơ", "Mã số hồ sơ", "Mã HS")),
    "procedure_code": Field("mã thủ tục", ("MaTTHC", "serviceCode", "Mã TTHC", "Mã thủ tục")),
    "procedure_name": Field(
        "tên thủ tục",
        ("Tên thủ tục hành chính", "Tên TTHC", "TenTTHC", "Tên nội dung", "Tên thủ tục", "Thủ tục"),
    ),
    "case": Field("trường hợp của thủ tục", ()),
    "channel": Field("hình thức tiếp nhận", ("KenhThucHien",)),
    "field_name": Field("lĩnh vực", ("Lĩnh vực", "TenLinhVuc")),
    "receipt_no": Field("số biên nhận", ("SoBienNhan", "Số biên nhận", "Mã biên nhận")),
    "stated_limit": Field("thời hạn giải quyết", ("Thời hạn giải quyết", "Thời gian giải quyết", "Thời hạn")),
    "submitted_at": Field("ngày nộp", ("Ngày nộp hồ sơ", "NgayNopHoSo", "submitDate", "Ngày nộp", "Ngày đăng ký")),
    "received_at": Field(
        "ngày tiếp nhận",
        (
            *("Ngày nhận", "NgayTiepNhan", "receiveDate", "ngayNhanHoSo"),
            *("Ngày tiếp nhận", "Ngày nhận hồ sơ", "Thời gian tiếp nhận"),
        ),
    ),
    "appointment_at": Field(
        "ngày hẹn trả",
        (
            *("Ngày hẹn trả", "NgayHenTra", "dueDate", "ngayHenTraKetQua"),
            *("Ngày hẹn", "Ngày hẹn trả kết quả", "Hạn trả"),
        ),
    ),
    "finished_at": Field(
        "ngày kết thúc xử lý",
        ("Ngày kết thúc xử lý", "NgayKetThucXuLy", "releaseDate", "Ngày có kết quả", "Ngày xử lý xong"),
    ),
    "returned_at": Field(
        "ngày trả kết quả", ("NgayTra", "finishDate", "ngayTraKetQua", "Ngày trả", "Ngày trả kết quả")
    ),
    "refused_at": Field("ngày từ chối", ("NgayTuChoi",)),
    "step_due_at": Field("hạn của bước xử lý", ("Hạn xử lý",)),
    "receiving_unit": Field("đơn vị tiếp nhận", ("Đơn vị tiếp nhận",)),
    "receiving_officer": Field("người tiếp nhận", ("Người tiếp nhận", "Cán bộ tiếp nhận")),
    "handling_unit": Field(
        "đơn vị xử lý",
        ("DonViXuLy", "Đơn vị", "govAgencyName", "Cơ quan xử lý", "Cơ quan giải quyết", "Phòng xử lý"),
    ),
    "handling_officer": Field(
        "người thụ lý", ("Người xử lý", "NguoiXuLy", "Cán bộ xử lý", "Cán bộ thụ lý", "Công chức thụ lý")
    ),
    "step_unit": Field("đơn vị giữ bước xử lý", ()),
    "step_officer": Field("người giữ bước xử lý", ()),
    UNIT_OR_PERSON: Field("đơn vị hoặc cá nhân giải quyết", ("Đơn vị/cá nhân giải quyết quá hạn",)),
    "status": Field("trạng thái", ("Trạng thái", "TrangThaiHoSo", "dossierStatus", "Tình trạng", "Tình trạng hồ sơ")),
    "reason": Field("lý do trễ hẹn", ("Lý do trễ hẹn", "Lý do chậm", "Nguyên nhân")),
    "applicant": Field("chủ hồ sơ", ("Chủ hồ sơ", "ChuHoSo", "Tên tổ chức/cá nhân")),
    "applicant_kind": Field("loại đối tượng", ("LoaiDoiTuong",)),
    "submitter": Field("người nộp", ("Người nộp", "Người nộp hồ sơ")),
    "address": Field("địa chỉ", ("Địa chỉ",)),
    "phone": Field("số điện thoại", ("Số điện thoại", "SoDienThoai", "Điện thoại")),
    "email": Field("thư điện tử", ("Email", "Thư điện tử")),
    "identity_no": Field("số giấy tờ của chủ hồ sơ", ("SoGiayToChuHoSo",)),
    "supplements": Field("các lần yêu cầu bổ sung", ("DanhSachHoSoBoSung",)),
    "has_result_paper": Field("giấy tờ kết quả", ("DanhSachGiayToKetQua",)),
}
DATE_FIELDS = frozenset(name for name in FIELDS if name.endswith("_at"))


def say_field(name: str) -> str:
    """The field as a clerk calls it."""
    return FIELDS[name].vietnamese if name in FIELDS else name
