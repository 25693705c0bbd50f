"""The words of the interface for what the core calls by English names; one Vietnamese term each (docs/glossary.md)."""

from collections.abc import Mapping

from monitor.status import Status

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
