"""The words of the interface for what the core calls by English names; one Vietnamese term each (docs/glossary.md)."""

from collections.abc import Mapping

from monitor.deadline import DeadlineNote
from monitor.dossier import AppointmentCause, EventKind
from monitor.handling import Ground
from monitor.ladder import Step
from monitor.letter import LetterState
from monitor.outbox import OutboxState
from monitor.site import SiteKind
from monitor.status import Flag, Status
from monitor.time_limit import Evidence, Unit

STATUS_WORDS: Mapping[Status, str] = {
    Status.OVERDUE: "quá hạn",
    Status.DUE_PASSED_UNCONFIRMED: "quá hạn, chờ số liệu mới",
    Status.DUE_TODAY: "đến hạn hôm nay",
    Status.APOLOGY_DUE: "ngày cuối để xin lỗi",
    Status.NEAR_DUE: "sắp đến hạn",
    Status.ON_TRACK: "trong hạn",
    Status.NOT_STARTED: "chưa tiếp nhận",
    Status.WAITING: "chờ người nộp",
    Status.POSSIBLY_FINISHED: "có thể đã xong",
    Status.FINISHED_EARLY: "xong trước hạn",
    Status.FINISHED_ON_TIME: "xong đúng hạn",
    Status.FINISHED_LATE: "xong trễ hạn",
    Status.CLOSED: "đã kết thúc",
    Status.UNKNOWN: "không xác định",
    Status.MISSING_FROM_SOURCE: "mất khỏi nguồn",
}

# What should be known beside a date: of the dossier (flags) and of how its deadline came about (notes).
FLAG_WORDS: Mapping[Flag, str] = {
    Flag.APOLOGY_MISSED: "chưa xin lỗi trong hạn",
    Flag.PROVISIONAL: "tạm tính",
    Flag.LATE_AGAINST_PROMISE: "trễ hẹn",
    Flag.LATE_AGAINST_LAW: "quá thời hạn theo quy định",
    Flag.PAYMENT_ASKED: "chờ nghĩa vụ tài chính, vẫn tính thời hạn",
    Flag.STOPPED_IN_SOURCE: "dừng xử lý ở nguồn, vẫn tính thời hạn",
    Flag.FINISH_DATE_MISSING: "thiếu ngày kết thúc",
    Flag.SUPPLEMENT_WITHOUT_RECORD: "chờ bổ sung, không có phiếu",
    Flag.APPOINTMENT_BEFORE_RECEIPT: "ngày hẹn trước ngày nhận",
    Flag.FINISH_BEFORE_RECEIPT: "kết thúc trước ngày nhận",
    Flag.RECEIPT_IN_FUTURE: "ngày nhận ở tương lai",
    Flag.CODE_DATE_FAR: "ngày trong mã xa ngày nhận",
    Flag.APPOINTMENT_ON_DAY_OFF: "hẹn vào ngày nghỉ",
    Flag.RECEIVED_ON_DAY_OFF: "nhận vào ngày nghỉ",
    Flag.UNKNOWN_STATUS_WORD: "trạng thái lạ",
    Flag.DATE_BLANKED: "mất ngày ở nguồn",
    Flag.CONFLICT: "ngày nhập tại đây khác ngày ở nguồn",
    Flag.DECLARED_FINISHED: "công chức báo đã xong",
    Flag.END_UNCONFIRMED: "chờ xác nhận kết thúc: không còn trong danh sách đang giải quyết",
    Flag.BACKLOG: "tồn đọng trước khi theo dõi",
}
NOTE_WORDS: Mapping[DeadlineNote, str] = {
    DeadlineNote.LIMIT_UNKNOWN: "chưa đối chiếu được với quy định: không rõ thời hạn",
    DeadlineNote.LIMIT_UNVERIFIED: "chưa đối chiếu được với quy định: thời hạn chưa kiểm chứng",
    DeadlineNote.BEYOND_CALENDAR: "ngoài lịch chính thức: hạn không xác định",
    DeadlineNote.HOURS_UNCONFIRMED: "giờ làm việc chưa được văn bản chính thức xác nhận",
    DeadlineNote.RECEIPT_WITHOUT_TIME: "nhận không ghi giờ: coi như nhận đầu giờ làm việc của ngày đó",
    DeadlineNote.APPOINTMENT_UNUSABLE: (
        "ngày hẹn trả không dùng được (trước ngày nhận, hoặc xa hơn ba lần thời hạn): cần đính chính phiếu hẹn"
    ),
    DeadlineNote.APPOINTMENT_UNEXPLAINED: "đổi ngày hẹn, chưa rõ lý do: vẫn tính theo ngày hẹn trước",
    DeadlineNote.APPOINTMENT_AFTER_LAW: "hẹn muộn hơn quy định",
    DeadlineNote.AWAITING_NEW_APPOINTMENT: "chờ Một cửa điều chỉnh ngày hẹn",
    DeadlineNote.REAPPOINTED: "đã hẹn lại",
    DeadlineNote.RESTARTED: "tính lại từ đầu sau khi nhận bổ sung",
    DeadlineNote.REPEATED_SUPPLEMENT: "bổ sung lần hai: không đổi ngày nào",
    DeadlineNote.LATE_SUPPLEMENT: "bổ sung muộn, sau hạn trả: không đổi ngày nào",
    DeadlineNote.SUPPLEMENT_INFERRED: "bổ sung suy ra từ trạng thái ở nguồn",
}

EVENT_WORDS: Mapping[EventKind, str] = {
    EventKind.SUBMITTED: "nộp hồ sơ",
    EventKind.RECEIVED: "tiếp nhận",
    EventKind.APPOINTMENT_SEEN: "ngày hẹn trả",  # stands beside the date that was promised
    EventKind.APPOINTMENT_CLASSIFIED: "nói rõ lý do đổi ngày hẹn",
    EventKind.STATUS_SEEN: "đổi trạng thái",
    EventKind.SUPPLEMENT_ASKED: "yêu cầu bổ sung",
    EventKind.SUPPLEMENT_RECEIVED: "nhận bổ sung",
    EventKind.PAUSED: "tạm dừng, có căn cứ",
    EventKind.RESUMED: "tiếp tục",
    EventKind.HANDED_OVER: "chuyển xử lý",
    EventKind.FINISHED: "xử lý xong",
    EventKind.RETURNED: "trả kết quả",
    EventKind.REFUSED: "từ chối",
    EventKind.WITHDRAWN: "rút hồ sơ",
    EventKind.REOPENED: "mở lại",
    EventKind.CORRECTED: "đính chính ở nguồn",
    EventKind.BLANKED: "mất ngày ở nguồn",
    EventKind.VANISHED: "mất khỏi nguồn",
    EventKind.APPEARED: "có lại ở nguồn",
    EventKind.COMPLAINT: "phản ánh, kiến nghị",
    EventKind.SAID_LATE: "trả lời Không kịp",
    EventKind.LETTER_DRAFTED: "dự thảo văn bản xin lỗi",
    EventKind.LETTER_ISSUED: "phát hành văn bản xin lỗi",
    EventKind.ASSIGNED: "phân công thụ lý",
    EventKind.FINISH_DECLARED: "báo đã xong",
    EventKind.CONFLICT_SETTLED: "chọn một trong hai ngày khác nhau",
    EventKind.TAKEN_UP: "Văn phòng Sở nhận theo dõi",
}

CAUSE_WORDS: Mapping[AppointmentCause, str] = {
    AppointmentCause.CORRECTION: "đính chính",
    AppointmentCause.SUPPLEMENT: "bổ sung",
    AppointmentCause.REAPPOINTMENT: "hẹn lại",
    AppointmentCause.OTHER: "khác",
}

STEP_WORDS: Mapping[Step, str] = {
    Step.NEAR_DUE: "sắp đến hạn",
    Step.QUESTION: "Kịp / Không kịp?",
    Step.EXPECTED_LATE: "dự kiến trễ",
    Step.DUE_TODAY: "đến hạn hôm nay",
    Step.DUE_UNCONFIRMED: "chờ xác nhận",
    Step.OVERDUE: "quá hạn",
    Step.LONG_OVERDUE: "quá hạn kéo dài",
}

LETTER_WORDS: Mapping[LetterState, str] = {
    LetterState.PROPOSED: "đề xuất",
    LetterState.DRAFTED: "dự thảo",
    LetterState.APPROVED: "đã duyệt",
    LetterState.SIGNED: "đã ký",
    LetterState.NUMBERED: "đã cấp số",
    LetterState.ISSUED: "đã phát hành",
    LetterState.TOLD: "đã báo người nộp",
    LetterState.VOIDED: "đã hủy",
    LetterState.EXEMPT: "miễn xin lỗi",
}

MESSAGE_WORDS: Mapping[OutboxState, str] = {
    OutboxState.PENDING: "chờ gửi",
    OutboxState.CLAIMED: "đang gửi",
    OutboxState.SENT: "đã gửi",
    OutboxState.WRITTEN: "đã ghi ra thư mục, chưa gửi",
    OutboxState.FAILED: "không gửi được",
    OutboxState.WITHDRAWN: "đã rút, không còn đúng",
    OutboxState.SUPERSEDED: "đã có thư mới thay",
}

# Why these people answer for a dossier, by `Holders.ground`.
GROUND_WORDS: Mapping[Ground, str] = {
    Ground.SOURCE: "theo nguồn",
    Ground.STEP_LOG: "theo nhật ký xử lý",
    Ground.ASSIGNED: "trưởng phòng đã giao",
    Ground.PROCEDURE: "công chức phụ trách thủ tục",
    Ground.HOMONYMS: "trùng tên người thụ lý",
    Ground.HEAD: "chưa rõ người thụ lý",
}

SITE_WORDS: Mapping[SiteKind, str] = {
    SiteKind.LIVE: "nơi triển khai thật",
    SiteKind.REPLAY: "nơi chạy lại ngày cũ",
    SiteKind.DEMO: "nơi trình diễn",
}

EVIDENCE_WORDS: Mapping[Evidence, str] = {
    Evidence.VERIFIED: "đã đọc văn bản",
    Evidence.SECONDARY: "đọc qua văn bản dẫn lại",
    Evidence.UNVERIFIED: "chưa kiểm chứng",
    Evidence.UNKNOWN: "chưa rõ",
}

_UNIT_WORDS: Mapping[Unit, str] = {
    Unit.WORKING_DAY: "ngày làm việc",
    Unit.CALENDAR_DAY: "ngày",
    Unit.MONTH: "tháng",
    Unit.WORKING_HOUR: "giờ làm việc",
}


def say_limit(amount: int | None, unit: Unit) -> str:
    """A time limit as a clerk says it: "3 ngày làm việc", "nửa ngày làm việc", "trong ngày"."""
    if unit is Unit.SAME_DAY:
        return "trong ngày"
    if unit is Unit.HALF_WORKING_DAY:
        return "nửa ngày làm việc" if amount == 1 else f"{amount}/2 ngày làm việc"
    return f"{amount} {_UNIT_WORDS[unit]}"
