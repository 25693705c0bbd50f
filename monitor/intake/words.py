"""What the words and numbers in a cell stand for: statuses, channels, kinds of applicant, codes, units."""

import re
from collections.abc import Callable, Mapping

from monitor.dossier import Channel, SourceStatus
from monitor.intake.text import fold, read_text
from monitor.record import ApplicantKind

# TrangThaiHoSo 1 to 10, and the words that provincial software uses for them, as `fold` gives them.
STATUSES: Mapping[str, SourceStatus] = {
    "1": SourceStatus.REGISTERED,
    "mới đăng ký": SourceStatus.REGISTERED,
    "chờ tiếp nhận": SourceStatus.REGISTERED,
    "2": SourceStatus.RECEIVED,
    "được tiếp nhận": SourceStatus.RECEIVED,
    "đã tiếp nhận": SourceStatus.RECEIVED,
    "3": SourceStatus.NOT_ACCEPTED,
    "không được tiếp nhận": SourceStatus.NOT_ACCEPTED,
    "từ chối": SourceStatus.NOT_ACCEPTED,
    "trả lại": SourceStatus.NOT_ACCEPTED,
    "4": SourceStatus.PROCESSING,
    "đang xử lý": SourceStatus.PROCESSING,
    "đang giải quyết": SourceStatus.PROCESSING,
    "5": SourceStatus.SUPPLEMENT_ASKED,
    "yêu cầu bổ sung": SourceStatus.SUPPLEMENT_ASKED,
    "yêu cầu bổ sung giấy tờ": SourceStatus.SUPPLEMENT_ASKED,
    "chờ bổ sung": SourceStatus.SUPPLEMENT_ASKED,
    "tạm dừng": SourceStatus.SUPPLEMENT_ASKED,
    "6": SourceStatus.PAYMENT_ASKED,
    "yêu cầu thực hiện nghĩa vụ tài chính": SourceStatus.PAYMENT_ASKED,
    "7": SourceStatus.WITHDRAWN,
    "công dân yêu cầu rút hồ sơ": SourceStatus.WITHDRAWN,
    "rút hồ sơ": SourceStatus.WITHDRAWN,
    "công dân rút": SourceStatus.WITHDRAWN,
    "8": SourceStatus.STOPPED,
    "dừng xử lý": SourceStatus.STOPPED,
    "9": SourceStatus.FINISHED,
    "đã xử lý xong": SourceStatus.FINISHED,
    "đã có kết quả": SourceStatus.FINISHED,
    "chờ trả kết quả": SourceStatus.FINISHED,
    "10": SourceStatus.RETURNED,
    "đã trả kết quả": SourceStatus.RETURNED,
    "đã trả": SourceStatus.RETURNED,
}

# KenhThucHien
CHANNELS: Mapping[str, Channel] = {
    "1": Channel.IN_PERSON,
    "trực tiếp": Channel.IN_PERSON,
    "2": Channel.ONLINE,
    "trực tuyến": Channel.ONLINE,
    "3": Channel.POST,
    "bưu chính công ích": Channel.POST,
}

# LoaiDoiTuong; another interface numbers them differently, which its source must then say.
APPLICANT_KINDS: Mapping[str, ApplicantKind] = {
    "1": ApplicantKind.CITIZEN,
    "2": ApplicantKind.BUSINESS,
    "3": ApplicantKind.STATE_AGENCY,
    "4": ApplicantKind.OTHER,
}

_DOSSIER_CODE = re.compile(r"(?:MẪU[-.])?(?:\d{3}\.\d{2}\.\d{2}\.)?[A-Z]\d{2}(?:\.\d{1,3})*-\d{6}-\d{4,}")
_PROCEDURE_CODE = re.compile(r"\d\.\d{6}")
_PROVINCE_SUFFIX = re.compile(r"\.[A-Z]\d{2}$")
_UNIT = re.compile(
    r"(?:phòng|sở|trung tâm|văn phòng|ubnd|ủy ban|uỷ ban|chi cục|cục|tổng cục|ban quản lý|ban|bộ phận|bộ|thanh tra"
    r"|chi nhánh|kho bạc|thuế|công an|hđnd|vp|tt|hội đồng|bảo hiểm xã hội|tòa án|toà án|viện|xã|phường|tổ|đội)(?: |$)"
)


def looks_like_dossier_code(code: str) -> bool:
    """Whether the code has the common form, as H37.12-260720-0001; it is opaque text all the same."""
    return _DOSSIER_CODE.fullmatch(code) is not None


def looks_like_procedure_code(code: str) -> bool:
    """Whether the code is a digit, a dot and six digits."""
    return _PROCEDURE_CODE.fullmatch(code) is not None


def looks_like_unit(name: str) -> bool:
    """Whether the name begins as units do (Phòng, Sở, Trung tâm, …) and not as persons."""
    return _UNIT.match(fold(name)) is not None


def read_procedure_code(cell: object) -> str | None:
    """The code without the province suffix of portals and without spaces: `1.009645.H38` is `1.009645`."""
    text = read_text(cell)
    return without_province(text) if text else None


def without_province(code: str) -> str:
    """The procedure's code as the national list has it."""
    return _PROVINCE_SUFFIX.sub("", code.replace(" ", ""))


def read_word(words: Mapping[str, str]) -> Callable[[object], str | None]:
    """A reader that gives the value of a known word, and None for an unknown one."""

    def read(cell: object) -> str | None:
        text = read_text(cell)
        value = words.get(fold(text)) if text else None
        return str(value) if value is not None else None  # plain text: it crosses from process to process

    return read


def read_unknown_word(words: Mapping[str, str]) -> Callable[[object], str | None]:
    """A reader that gives the word as written, only when it is not known."""

    def read(cell: object) -> str | None:
        text = read_text(cell)
        return text if text and fold(text) not in words else None

    return read


def read_unit(cell: object) -> str | None:
    """The name in a column of units and persons, if it is a unit."""
    text = read_text(cell)
    return text if text and looks_like_unit(text) else None


def read_officer(cell: object) -> str | None:
    """The name in a column of units and persons, if it is a person."""
    text = read_text(cell)
    return None if not text or looks_like_unit(text) else text
