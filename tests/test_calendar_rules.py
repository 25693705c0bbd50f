"""The official calendar as rules/ gives it: which days, by which notice, for which years, and what it lacks."""

import csv
from datetime import date
from pathlib import Path

import pytest

from monitor.rules import (
    RuleBook,
    Urgency,
    calendar_disagreements,
    calendar_warning,
    holidays_not_listed,
    load_rules,
    load_rules_from,
    rule_files,
)
from monitor.rules.holidays_package import package_days
from monitor.working_time import CalendarRangeError, DayStatus

ROOT = Path(__file__).parent.parent
CASES = Path(__file__).parent / "cases" / "rules"


@pytest.fixture(scope="module")
def rules() -> RuleBook:
    return load_rules(ROOT / "rules")


def on(written: str) -> date:
    """A date with its weekday in sight: "Fri 2026-01-02"."""
    day = date.fromisoformat(written[4:])
    assert f"{day:%a}" == written[:3], f"{day} is a {day:%a}"
    return day


def changed(file: str, written: str, instead: str) -> RuleBook:
    files = rule_files(ROOT / "rules")
    text = files[file].decode()
    assert written in text
    return load_rules_from(files | {file: text.replace(written, instead, 1).encode()})


def test_every_day_of_the_official_calendar_is_there_and_no_other(rules: RuleBook) -> None:
    with (CASES / "official_calendar_2018_2027.csv").open(encoding="utf-8") as file:
        official = {on(f"{row['weekday']} {row['date']}"): (row["kind"], row["status"]) for row in csv.DictReader(file)}
    ours = {
        day: ("worked" if rules.calendar.clock.is_working_day(day) else "off", note.status.value)
        for day, note in rules.calendar.notes.items()
        if day.year >= 2018
    }
    assert ours == official
    assert len(official) == 121


@pytest.mark.parametrize(
    ("day", "name", "basis"),
    [
        ("Mon 2018-02-19", "Nghỉ bù Tết Nguyên đán", "Báo chí về lịch nghỉ Tết Nguyên đán 2018"),
        ("Mon 2018-12-31", "Nghỉ hoán đổi (làm bù thứ Bảy 05/01/2019)", "CV 6519/VPCP-KGVX (hoán đổi 31/12)"),
        ("Sat 2024-05-04", "Làm bù cho thứ Hai 29/04/2024", "TB 1570/TB-LĐTBXH (hoán đổi 29/4); "
         "CV 2450/VPCP-KGVX do thư viện holidays dẫn"),
        ("Tue 2023-05-02", "Nghỉ bù Giỗ Tổ Hùng Vương", "Bộ luật Lao động 2019, Điều 111.3; TB 5034/TB-LĐTBXH"),
        ("Fri 2026-01-02", "Nghỉ hoán đổi (làm bù thứ Bảy 10/01/2026)", "CV 12729/VPCP-KGVX (hoán đổi 2/1 và 10/1)"),
        ("Sat 2026-01-10", "Làm bù cho thứ Sáu 02/01/2026", "CV 12729/VPCP-KGVX (hoán đổi 2/1 và 10/1)"),
        ("Sat 2026-08-22", "Làm bù cho thứ Hai 31/08/2026", "TB 9441/TB-BNV"),
        ("Tue 2026-11-24", "Ngày Văn hóa Việt Nam", "NQ 28/2026/QH16"),
        ("Thu 2027-02-04", "Tết Nguyên đán", "CV 10065/VPCP-KGVX ngày 02/10/2026"),
    ],
)  # fmt: skip
def test_a_day_carries_its_name_and_the_notice_that_made_it(rules: RuleBook, day: str, name: str, basis: str) -> None:
    note = rules.calendar.note_on(on(day))
    assert note is not None
    assert (note.name, note.basis, note.status) == (name, basis, DayStatus.CONFIRMED)


def test_the_holidays_package_disagrees_on_the_swapped_days_of_january_2026_and_on_no_other(rules: RuleBook) -> None:
    found = calendar_disagreements(rules, 2018, 2027)
    assert [(one.on, one.is_worked) for one in found] == [(on("Fri 2026-01-02"), False), (on("Sat 2026-01-10"), True)]
    assert [one.theirs for one in found] == [None, None]
    assert found[0].ours == ("Nghỉ hoán đổi (làm bù thứ Bảy 10/01/2026) (CV 12729/VPCP-KGVX (hoán đổi 2/1 và 10/1))")


@pytest.mark.parametrize("year", range(2018, 2028))
def test_a_year_compared_alone_gives_the_same_as_all_years_together(rules: RuleBook, year: int) -> None:
    alone = [one.on for one in calendar_disagreements(rules, year, year)]
    assert alone == ([on("Fri 2026-01-02"), on("Sat 2026-01-10")] if year == 2026 else [])


def test_the_years_before_the_calendar_are_those_of_the_package(rules: RuleBook) -> None:
    assert calendar_disagreements(rules, 2010, 2017) == []
    assert calendar_disagreements(rules, 1990, 2009) == []


def test_a_day_missing_from_our_calendar_is_a_disagreement() -> None:
    rules = changed("calendar.csv", "2026-09-01,off,,Quốc khánh 2/9 (ngày liền kề),TB 9441/TB-BNV,confirmed\n", "")
    (missing,) = [one for one in calendar_disagreements(rules, 2026, 2026) if one.on.month == 9]
    assert (missing.on, missing.is_worked, missing.ours, missing.theirs) == (
        on("Tue 2026-09-01"), True, None, "Quốc khánh",
    )  # fmt: skip
    assert holidays_not_listed(rules) == [missing]


@pytest.mark.parametrize(
    ("start", "due", "is_provisional"),
    [
        ("Fri 2026-11-20", "Thu 2026-12-31", False),
        ("Thu 2026-12-31", "Fri 2027-01-01", True),  # 2027 has no complete notice
        ("Tue 2026-11-24", "Wed 2026-11-25", False),
        ("Mon 2017-06-05", "Tue 2017-06-06", True),  # years of the package
        ("Sun 2017-12-31", "Tue 2018-01-02", False),
    ],
)
def test_what_touches_an_incomplete_year_is_provisional(
    rules: RuleBook, start: str, due: str, *, is_provisional: bool
) -> None:
    assert rules.calendar.is_provisional(on(start), on(due)) is is_provisional


def test_years_before_2018_come_from_the_package_and_say_so(rules: RuleBook) -> None:
    note = rules.calendar.note_on(on("Tue 2017-05-02"))
    assert note is not None
    assert note.name == "Ngày Chiến thắng (nghỉ bù)"
    assert note.basis.startswith("thư viện holidays 0.")
    assert note.basis.endswith(", chưa đối chiếu văn bản")
    assert note.status is DayStatus.PROVISIONAL
    assert rules.calendar.clock.is_working_day(on("Sat 2014-12-27"))  # worked for Fri 2015-01-02
    assert not rules.calendar.clock.is_working_day(on("Fri 2015-01-02"))


def test_the_calendar_reaches_from_2010_to_the_last_listed_year_and_refuses_beyond(rules: RuleBook) -> None:
    clock = rules.calendar.clock
    assert (clock.first, clock.last) == (on("Fri 2010-01-01"), on("Fri 2027-12-31"))
    assert rules.calendar.complete_years == frozenset(range(2018, 2027))
    with pytest.raises(CalendarRangeError):
        clock.add_working_days(on("Fri 2027-12-31"), 1)


@pytest.mark.parametrize(
    ("today", "urgency"),
    [
        ("Wed 2026-09-30", None),
        ("Thu 2026-10-01", Urgency.NOTICE),
        ("Mon 2026-11-30", Urgency.NOTICE),
        ("Tue 2026-12-01", Urgency.DAILY),
        ("Fri 2027-01-01", Urgency.DAILY),  # the year has begun without its notice
        ("Fri 2027-12-31", Urgency.DAILY),
        ("Thu 2025-12-25", None),  # 2026 is complete
    ],
)
def test_an_incomplete_year_is_told_from_october_and_daily_from_december(
    rules: RuleBook, today: str, urgency: Urgency | None
) -> None:
    warning = calendar_warning(rules, today=on(today))
    assert (warning and warning.urgency) == urgency
    if warning:
        assert warning.year == 2027
        assert warning.text == (
            "Lịch nghỉ năm 2027 chưa đủ: còn 3 ngày tạm tính (16/4, 3/5, 24/11). "
            "Khi có thông báo chính thức, ghi vào rules/calendar.csv."
        )


def test_a_year_that_is_not_listed_is_told_as_missing() -> None:
    files = rule_files(ROOT / "rules")
    for name in ("calendar.csv", "calendar_years.csv"):
        files[name] = b"".join(row for row in files[name].splitlines(True) if not row.startswith(b"2027"))
    rules = load_rules_from(files)
    warning = calendar_warning(rules, today=on("Sat 2026-10-10"))
    assert warning is not None
    assert (warning.year, warning.urgency) == (2027, Urgency.NOTICE)
    assert warning.text == "Chưa có lịch nghỉ năm 2027: ghi các ngày theo thông báo chính thức vào rules/calendar.csv"


def test_beyond_the_calendar_due_dates_are_said_to_be_unknown(rules: RuleBook) -> None:
    warning = calendar_warning(rules, today=on("Sat 2028-01-01"))
    assert warning is not None
    assert (warning.year, warning.urgency) == (2028, Urgency.BEYOND)
    assert warning.text.endswith("hạn trả sau ngày 31/12/2027 là không xác định")


def test_reception_hours_are_kept_and_never_count(rules: RuleBook) -> None:
    more = changed(
        "hours.toml",
        '"thu", "fri"]\nslots = ["07:30-11:30", "13:30-17:00"]\nplace',
        '"thu", "fri", "sat"]\nslots = ["07:30-11:30"]\nplace',
    )
    assert set(more.reception[0].week) == {0, 1, 2, 3, 4, 5}
    assert not more.calendar.clock.is_working_day(on("Sat 2026-11-21"))
    assert more.clock_version == rules.clock_version


SUMMER = """[[work]]
valid_from = 2026-06-01
days = ["mon", "tue", "wed", "thu", "fri"]
slots = ["07:00-11:00", "13:00-16:30"]
confirmed = true
basis = "QĐ 1/QĐ-UBND"

[[work]]
valid_from = 2026-09-08
days = ["mon", "tue", "wed", "thu"]
slots = ["07:30-11:30", "13:30-17:00"]
confirmed = true
basis = "QĐ 2/QĐ-UBND"

[[work]]
valid_from = 2026-09-08
days = ["fri"]
slots = ["07:30-11:30"]
confirmed = true
basis = "QĐ 2/QĐ-UBND"

[[reception]]"""


@pytest.mark.parametrize(
    ("day", "slots"),
    [
        ("Fri 2026-05-29", ((450, 690), (810, 1020))),
        ("Mon 2026-06-01", ((420, 660), (780, 990))),
        ("Fri 2026-08-28", ((420, 660), (780, 990))),
        ("Sat 2026-08-22", ((420, 660), (780, 990))),  # a make-up day is worked like its week
        ("Mon 2026-08-31", ()),
        ("Mon 2026-09-07", ((420, 660), (780, 990))),
        ("Tue 2026-09-08", ((450, 690), (810, 1020))),
        ("Fri 2026-09-11", ((450, 690),)),
        ("Tue 2026-11-24", ()),
    ],
)
def test_hours_that_change_hold_from_their_day_on(day: str, slots: tuple[tuple[int, int], ...]) -> None:
    rules = changed("hours.toml", "\n[[reception]]", "\n" + SUMMER)
    assert rules.calendar.clock.slots_on(on(day)) == slots
    assert not rules.hours_confirmed  # the oldest week is not


def test_the_package_is_cut_to_the_years_asked_for_though_it_lists_worked_days_of_others() -> None:
    assert {day for day, known in package_days(2019, 2019).items() if known.is_worked} == {
        on("Sat 2019-01-05"),  # for Mon 2018-12-31
        on("Sat 2019-05-04"),
    }
    assert {day.year for day in package_days(2010, 2017)} == set(range(2010, 2018))


def test_a_day_whose_notice_has_come_changes_the_version_of_the_clock(rules: RuleBook) -> None:
    confirmed = changed("calendar.csv", 'suy từ luật, chưa có thông báo",provisional', 'TB 1/TB-BNV",confirmed')
    assert confirmed.clock_version != rules.clock_version
    assert confirmed.calendar.clock.slots_on(on("Fri 2027-04-16")) == ()


def test_a_working_day_may_have_hours_of_its_own() -> None:
    row = "2026-11-23,worked,07:30-11:30,Nghỉ chiều do mất điện,QĐ 3/QĐ-STC,confirmed\n2026-11-24,off"
    rules = changed("calendar.csv", "2026-11-24,off", row)
    assert rules.calendar.clock.slots_on(on("Mon 2026-11-23")) == ((450, 690),)


def test_a_changed_day_changes_the_version_of_the_clock_and_a_changed_e_mail_does_not(rules: RuleBook) -> None:
    other_day = changed("calendar.csv", "2026-09-01,off,,Quốc khánh 2/9 (ngày liền kề),TB 9441/TB-BNV,confirmed\n", "")
    other_mail = changed("staff.csv", "ht-thanh-son@", "thanh-son@")
    assert other_day.clock_version != rules.clock_version
    assert other_mail.clock_version == rules.clock_version
    assert other_mail.version != rules.version
    procedure = rules.procedures[0]
    assert other_day.deadline_version(procedure) != rules.deadline_version(procedure)
    assert other_mail.deadline_version(other_mail.procedures[0]) == rules.deadline_version(procedure)
