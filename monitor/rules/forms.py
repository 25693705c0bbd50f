"""What each table that people edit looks like: its columns, what they mean in Vietnamese, and the words they take."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitor.dossier import Channel
from monitor.organisation import Role
from monitor.rules import fixed_holidays, official_days, people, procedures, sources
from monitor.rules.official_days import Kind
from monitor.time_limit import Evidence, Unit
from monitor.working_time import DayStatus

YES_NO = ("yes", "no")


class Content(StrEnum):
    """What a cell of a column holds, so that what a spreadsheet made of it can be told from what was meant."""

    TEXT = "text"
    DATE = "date"
    COUNT = "count"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, and for a person what it means; `words` are all that may stand in it, none for any."""

    name: str
    meaning: str
    content: Content = Content.TEXT
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableForm:
    """A table of rules."""

    name: str  # on the command line
    file: str
    title: str  # of its sheet
    columns: tuple[Column, ...]
    keys: tuple[tuple[str, ...], ...]  # what names a row, the most exact first
    optional: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The headers in their order."""
        return tuple(column.name for column in self.columns)


_DATES = ("date", "valid_from", "valid_to")
_COUNTS = ("limit", "supplement_max", "supplement_request_within", "close_after", "year", "month", "day")
_CLOCKS = ("cut_off",)

_BASIS = "Căn cứ: số, ngày văn bản và điều khoản"
_VALID = {
    "valid_from": "Áp dụng cho hồ sơ nhận từ ngày này; để trống: không giới hạn. Ghi dd/MM/yyyy hoặc yyyy-MM-dd",
    "valid_to": "Áp dụng cho hồ sơ nhận đến hết ngày này; để trống: không giới hạn",
}
_PROCEDURES = _VALID | {
    "code": "Mã thủ tục, một chữ số, dấu chấm, sáu chữ số; giữ đủ số 0 cuối, ví dụ 2.001610",
    "case": "Trường hợp riêng của thủ tục; để trống: mọi trường hợp",
    "channel": "Kênh: in_person trực tiếp, online trực tuyến, post bưu chính; để trống: mọi kênh",
    "name": "Tên thủ tục đúng như công bố",
    "aliases": "Cách viết khác của tên thủ tục, cách nhau bằng dấu |",
    "field": "Lĩnh vực",
    "limit": "Thời hạn, số nguyên; 1/2 là nửa ngày làm việc; để trống với same_day hoặc khi chưa rõ",
    "unit": "Đơn vị: working_day ngày làm việc, half_working_day nửa ngày, calendar_day ngày, month tháng, "
    "working_hour giờ làm việc, same_day trong ngày",
    "cut_off": "Chỉ với same_day: nhận sau giờ này tính sang ngày làm việc sau, ví dụ 15:00",
    "supplement_rule": "Quy định về bổ sung: general theo NĐ 118/2025/NĐ-CP, sector theo luật chuyên ngành",
    "supplement_max": "Được yêu cầu bổ sung mấy lần",
    "supplement_request_within": "Yêu cầu bổ sung trong mấy ngày làm việc từ khi nhận",
    "close_after": "Quá mấy ngày (kể cả ngày nghỉ) không bổ sung thì dừng giải quyết",
    "on_repeat": "restart: bổ sung lần sau tính lại từ đầu; để trống: không đổi ngày nào",
    "supplement_basis": "Căn cứ của quy định về bổ sung",
    "pause_ground": "Lý do được tạm dừng tính thời hạn theo luật, cách nhau bằng dấu |",
    "stages": "Công đoạn: tên:số:nơi giữ:căn cứ, cách nhau bằng dấu |",
    "applies_to": "running: áp dụng cả cho hồ sơ đang giải quyết khi có hiệu lực; để trống: theo ngày nhận",
    "basis": f"{_BASIS}; bắt buộc khi có thời hạn",
    "evidence": "Mức kiểm chứng: verified đã đọc văn bản, secondary đọc qua văn bản dẫn lại, unverified chưa kiểm "
    "chứng, unknown chưa rõ",
    "division": "Phòng giải quyết: tên, mã hoặc cách viết khác có trong organisation.toml",
    "odd_code": "yes khi mã không theo mẫu một chữ số, dấu chấm, sáu chữ số",
    "officer": "Công chức phụ trách thủ tục, theo mã trong staff.csv; có thể để trống",
}
_CALENDAR = {
    "date": "Ngày, dd/MM/yyyy hoặc yyyy-MM-dd",
    "kind": "off ngày nghỉ, worked ngày làm bù hoặc làm việc theo giờ riêng, closed cơ quan đóng cửa nhưng thời hạn "
    "vẫn tính",
    "slots": "Giờ làm việc riêng của ngày worked, ví dụ 07:30-11:30 13:30-17:00; để trống: như ngày thường",
    "name": "Tên ngày nghỉ, ngày làm bù",
    "basis": _BASIS,
    "status": "confirmed đã có thông báo chính thức, provisional tạm tính",
}
_YEARS = {
    "year": "Năm; ghi lần lượt, không bỏ năm nào",
    "complete": "yes khi mọi thông báo nghỉ của năm đã có; no thì hạn trả đi qua năm này là tạm tính",
    "basis": _BASIS,
}
_STAFF = {
    "id": "Mã người, không dấu, không đổi về sau, ví dụ nt-bich-ngoc",
    "name": "Họ và tên",
    "title": "Chức vụ",
    "role": "Vai trò: director giám đốc, deputy phó giám đốc, head trưởng phòng, officer công chức, desk Một cửa, "
    "office Văn phòng, clerk văn thư, it quản trị",
    "division": "Mã phòng trong organisation.toml; giám đốc và phó giám đốc để trống",
    "email": "Địa chỉ thư",
    "phone": "Điện thoại, giữ số 0 đầu",
    "aliases": "Cách viết khác của tên ở hệ thống nguồn, cách nhau bằng dấu |",
}
_REASONS = {
    "id": "Mã lý do, không đổi về sau",
    "text": "Câu in trong văn bản xin lỗi",
    "basis": _BASIS,
}
_HOLIDAYS = _VALID | {
    "month": "Tháng",
    "day": "Ngày",
    "name": "Tên ngày lễ",
    "make_up": "yes khi trùng ngày nghỉ hằng tuần thì được nghỉ bù",
    "basis": _BASIS,
}


def _columns(
    names: Iterable[str], meanings: Mapping[str, str], words: Mapping[str, Iterable[str]]
) -> tuple[Column, ...]:
    return tuple(
        Column(name, meanings[name], _content_of(name), tuple(str(word) for word in words.get(name, ())))
        for name in names
    )


def _content_of(name: str) -> Content:
    for content, names in ((Content.DATE, _DATES), (Content.COUNT, _COUNTS), (Content.CLOCK, _CLOCKS)):
        if name in names:
            return content
    return Content.TEXT


_PROCEDURE_WORDS: dict[str, Iterable[str]] = {
    "channel": Channel,
    "unit": Unit,
    "supplement_rule": procedures.SupplementLaw,
    "on_repeat": procedures.OnRepeat,
    "applies_to": procedures.AppliesTo,
    "evidence": Evidence,
    "odd_code": YES_NO,
}

FORMS: Mapping[str, TableForm] = {
    form.name: form
    for form in (
        TableForm(
            name="procedures",
            file=procedures.FILE,
            title="Thủ tục",
            columns=_columns(procedures.COLUMNS, _PROCEDURES, _PROCEDURE_WORDS),
            keys=(("code", "case", "channel", "valid_from"), ("code", "case", "channel"), ("code",)),
            optional=procedures.OPTIONAL,
        ),
        TableForm(
            name="calendar",
            file=official_days.DAYS,
            title="Lịch nghỉ",
            columns=_columns(official_days.DAY_COLUMNS, _CALENDAR, {"kind": Kind, "status": DayStatus}),
            keys=(("date",),),
        ),
        TableForm(
            name="calendar_years",
            file=official_days.YEARS,
            title="Các năm của lịch",
            columns=_columns(official_days.YEAR_COLUMNS, _YEARS, {"complete": YES_NO}),
            keys=(("year",),),
        ),
        TableForm(
            name="staff",
            file=people.STAFF,
            title="Nhân sự",
            columns=_columns(people.STAFF_COLUMNS, _STAFF, {"role": Role}),
            keys=(("id",),),
        ),
        TableForm(
            name="reasons",
            file=sources.REASONS,
            title="Lý do chậm",
            columns=_columns(sources.REASON_COLUMNS, _REASONS, {}),
            keys=(("id",),),
        ),
        TableForm(
            name="fixed_holidays",
            file=fixed_holidays.FILE,
            title="Ngày lễ cố định",
            columns=_columns(fixed_holidays.COLUMNS, _HOLIDAYS, {"make_up": YES_NO}),
            keys=(("month", "day", "valid_from"), ("month", "day")),
        ),
    )
}
FORM_OF_FILE: Mapping[str, TableForm] = {form.file: form for form in FORMS.values()}
