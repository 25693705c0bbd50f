"""Time limits as clerks and sources write them."""

from unicodedata import normalize

import pytest

from monitor.time_limit import NO_LIMIT, Evidence, LimitNotUnderstood, TimeLimit, Unit, parse_limit

UNDERSTOOD = [
    ("03 ngày làm việc", 3, Unit.WORKING_DAY),
    ("3 working_day", 3, Unit.WORKING_DAY),
    ("3 working days", 3, Unit.WORKING_DAY),
    ("15 NGÀY LÀM VIỆC", 15, Unit.WORKING_DAY),
    ("  10   ngày\u00a0làm việc. ", 10, Unit.WORKING_DAY),
    ("10 ngày (làm việc)", 10, Unit.WORKING_DAY),
    ("05 (năm) ngày làm việc, kể từ ngày nhận đủ hồ sơ hợp lệ", 5, Unit.WORKING_DAY),
    ("Trong thời hạn 05 ngày làm việc", 5, Unit.WORKING_DAY),
    ("Thời hạn giải quyết: không quá 07 ngày làm việc sau khi nhận hồ sơ", 7, Unit.WORKING_DAY),
    ("trong 3 ngày làm việc", 3, Unit.WORKING_DAY),
    ("15 ngày", 15, Unit.CALENDAR_DAY),
    ("Không quá 15 ngày kể từ ngày nhận đủ hồ sơ hợp lệ", 15, Unit.CALENDAR_DAY),
    ("15 calendar_day", 15, Unit.CALENDAR_DAY),
    ("1 tháng", 1, Unit.MONTH),
    ("02 tháng", 2, Unit.MONTH),
    ("2 months", 2, Unit.MONTH),
    ("8 giờ làm việc", 8, Unit.WORKING_HOUR),
    ("8 working_hours", 8, Unit.WORKING_HOUR),
    ("1/2 ngày làm việc", 1, Unit.HALF_WORKING_DAY),
    ("1 / 2 ngày", 1, Unit.HALF_WORKING_DAY),
    ("0,5 ngày làm việc", 1, Unit.HALF_WORKING_DAY),
    ("0.5 working_day", 1, Unit.HALF_WORKING_DAY),
    ("½ ngày làm việc", 1, Unit.HALF_WORKING_DAY),
    ("nửa ngày làm việc", 1, Unit.HALF_WORKING_DAY),
    ("1,5 ngày làm việc", 3, Unit.HALF_WORKING_DAY),
    ("3 half_working_day", 3, Unit.HALF_WORKING_DAY),
    ("trong ngày", None, Unit.SAME_DAY),
    ("Trong ngày làm việc", None, Unit.SAME_DAY),
    ("Ngay trong ngày, kể từ khi tiếp nhận", None, Unit.SAME_DAY),
    ("same_day", None, Unit.SAME_DAY),
]
REFUSED = [
    "",
    "ngày",
    "3",
    "không quy định",
    "0 ngày làm việc",
    "-3 ngày",
    "1/0 ngày",
    "1/3 ngày làm việc",
    "0,5 tháng",
    "1,5 giờ làm việc",
    "8 giờ",  # of work, or by the clock?
    "30 phút",
    "3-5 ngày làm việc",
    "1.000 ngày",
    "5 trong ngày",
    "5 ngày làm việc; 10 ngày làm việc nếu phức tạp",
    "5 ngày làm việc kể từ ngày nhận hồ sơ, 10 ngày làm việc nếu phức tạp",
    "5 ngày làm việc (10 ngày làm việc nếu phức tạp)",
    "15 ngày (không kể ngày nghỉ)",  # an aside that changes the unit
]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(("text", "amount", "unit"), UNDERSTOOD)
def test_it_reads_what_a_clerk_writes(text: str, amount: int | None, unit: Unit, form: str):
    assert parse_limit(normalize(form, text)) == TimeLimit(amount=amount, unit=unit)


@pytest.mark.parametrize("text", REFUSED)
def test_it_refuses_rather_than_guess(text: str):
    with pytest.raises(LimitNotUnderstood, match="is not understood: write for example"):
        parse_limit(text)


@pytest.mark.parametrize(
    ("evidence", "binds"),
    [(Evidence.VERIFIED, True), (Evidence.SECONDARY, True), (Evidence.UNVERIFIED, False), (Evidence.UNKNOWN, False)],
)
def test_only_a_limit_that_is_known_well_enough_overrules_a_promise(evidence: Evidence, binds: bool):
    assert TimeLimit(amount=3, unit=Unit.WORKING_DAY, evidence=evidence).binds is binds
    assert not TimeLimit(amount=None, unit=Unit.WORKING_DAY, evidence=evidence).binds


def test_same_day_needs_no_number_to_be_known():
    assert TimeLimit(amount=None, unit=Unit.SAME_DAY).is_known
    assert not NO_LIMIT.is_known
