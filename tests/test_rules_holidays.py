"""A holiday of the law that the calendar works: refused when the law names its date, warned of when the moon does."""

from datetime import date
from pathlib import Path

import pytest

from monitor.rules import RulesRefused, calendar_disagreements, holidays_not_listed, load_rules_from, rule_files

SHIPPED = rule_files(Path(__file__).parent.parent / "rules")


def on(written: str) -> date:
    """A date with its weekday in sight: "Fri 2026-01-02"."""
    day = date.fromisoformat(written[4:])
    assert f"{day:%a}" == written[:3], f"{day} is a {day:%a}"
    return day


def without(day: date) -> dict[str, bytes]:
    """The shipped rules with a calendar that lacks a day."""
    rows = SHIPPED["calendar.csv"].splitlines(keepends=True)
    kept = [row for row in rows if not row.startswith(str(day).encode())]
    assert len(kept) == len(rows) - 1
    return SHIPPED | {"calendar.csv": b"".join(kept)}


def refusal_without(day: date) -> list[str]:
    with pytest.raises(RulesRefused) as refused:
        load_rules_from(without(day))
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("day", "moved_to", "holiday"),
    [
        ("Tue 2026-02-17", "Sat 2026-02-21", "Tết Nguyên Đán"),
        ("Mon 2026-04-27", "Tue 2026-04-28", "Ngày Giỗ Tổ Hùng Vương (nghỉ bù)"),
        ("Fri 2027-04-16", "Thu 2027-04-15", "Ngày Giỗ Tổ Hùng Vương"),
    ],
)
def test_a_holiday_by_the_moon_that_was_moved_is_warned_of(day: str, moved_to: str, holiday: str) -> None:
    worked = ",off" if on(moved_to).weekday() < 5 else ",worked"
    calendar = SHIPPED["calendar.csv"].replace(f"{on(day)},off".encode(), f"{on(moved_to)}{worked}".encode())
    rules = load_rules_from(SHIPPED | {"calendar.csv": calendar})
    assert [(one.on, one.theirs) for one in holidays_not_listed(rules)] == [(on(day), holiday)]


def test_the_shipped_calendar_lacks_no_day_that_the_package_knows() -> None:
    assert holidays_not_listed(load_rules_from(SHIPPED)) == []


FIXED = {
    "1/1": "Tết Dương lịch",
    "30/4": "Ngày Chiến thắng 30/4",
    "1/5": "Quốc tế Lao động 1/5",
    "2/9": "Quốc khánh 2/9",
}
DECREED = {"24/11": "Ngày Văn hóa Việt Nam"}


@pytest.mark.parametrize(
    ("day", "holiday", "basis"),
    [
        ("Mon 2018-01-01", "1/1", "Bộ luật Lao động 2012, Điều 115"),
        ("Wed 2019-05-01", "1/5", "Bộ luật Lao động 2012, Điều 115"),
        ("Thu 2020-04-30", "30/4", "Bộ luật Lao động 2012, Điều 115"),
        ("Thu 2021-09-02", "2/9", "Bộ luật Lao động 2019, Điều 111.3, 112"),
        ("Thu 2026-04-30", "30/4", "Bộ luật Lao động 2019, Điều 111.3, 112"),
        ("Tue 2026-11-24", "24/11", "NQ 28/2026/QH16; chưa thấy văn bản nào cho nghỉ bù"),
        ("Thu 2027-09-02", "2/9", "Bộ luật Lao động 2019, Điều 111.3, 112"),  # also before its notice is in
    ],
)
def test_a_holiday_that_the_law_puts_on_a_date_cannot_be_missing(day: str, holiday: str, basis: str) -> None:
    assert refusal_without(on(day)) == [
        f"rules/calendar.csv: {on(day):%A} {on(day)} is worked: {(FIXED | DECREED)[holiday]} is a day off by law "
        f"({basis}): enter it as off, or close its row of fixed_holidays.csv with valid_to when the law has changed"
    ]


@pytest.mark.parametrize(
    ("day_off", "holiday", "weekend"),
    [
        ("Mon 2018-09-03", "2/9", "Sun 2018-09-02"),
        ("Mon 2021-05-03", "1/5", "Sat 2021-05-01"),
        ("Mon 2022-01-03", "1/1", "Sat 2022-01-01"),
        ("Mon 2022-05-02", "30/4", "Sat 2022-04-30"),
        ("Tue 2022-05-03", "1/5", "Sun 2022-05-01"),
        ("Tue 2023-05-02", "30/4", "Sun 2023-04-30"),  # Monday is 1/5 itself
        ("Mon 2027-05-03", "1/5", "Sat 2027-05-01"),
    ],
)
def test_the_next_working_day_makes_up_for_a_holiday_on_the_weekend(day_off: str, holiday: str, weekend: str) -> None:
    (told,) = refusal_without(on(day_off))
    assert told.startswith(
        f"rules/calendar.csv: {on(day_off):%A} {on(day_off)} is worked: it makes up by law for {FIXED[holiday]} "
        f"on {on(weekend):%A} {on(weekend)} ("
    )


def test_nothing_makes_up_for_a_culture_day_on_the_weekend() -> None:
    """24/11/2029 is a Saturday; the package invents a day off on Monday the 26th, which no text provides."""
    files = dict(SHIPPED)
    fixed_days = {
        2028: ["01-03", "05-01", "05-02", "09-04", "11-24"],  # 1/1 on Saturday, 30/4 on Sunday, 2/9 on Saturday
        2029: ["01-01", "04-30", "05-01", "09-03"],  # 2/9 on Sunday
    }
    for year, days in fixed_days.items():
        files["calendar_years.csv"] += f"{year},no,chưa có thông báo\n".encode()
        rows = (f"{year}-{day},off,,Ngày lễ,suy từ luật,provisional\n" for day in days)
        files["calendar.csv"] += "".join(rows).encode()
    calendar = load_rules_from(files).calendar
    assert calendar.clock.is_working_day(on("Mon 2029-11-26"))


def test_a_law_that_ends_is_closed_in_its_row_and_needs_no_other_change() -> None:
    files = without(on("Tue 2026-11-24"))
    files["fixed_holidays.csv"] = files["fixed_holidays.csv"].replace(b",2026-01-01,,NQ", b",2026-12-01,,NQ")
    assert load_rules_from(files).calendar.clock.is_working_day(on("Tue 2026-11-24"))


EVERY_SATURDAY = """
[[work]]
valid_from = 2026-06-01
days = ["mon", "tue", "wed", "thu", "fri", "sat"]
counts_as_working_day = true
slots = ["07:30-11:30", "13:30-17:00"]
basis = "QĐ 1/QĐ-UBND"

[[reception]]"""


def test_an_office_that_works_every_saturday_does_not_disagree_with_the_calendar() -> None:
    files = dict(SHIPPED)
    files["hours.toml"] = files["hours.toml"].replace(b"\n[[reception]]", EVERY_SATURDAY.encode())
    with pytest.raises(
        RulesRefused, match=r"^rules/calendar\.csv: Saturday 2027-05-01 is worked: Quốc tế Lao động 1/5"
    ):
        load_rules_from(files)
    files["calendar.csv"] += "2027-05-01,off,,Quốc tế Lao động 1/5,BLLĐ 2019,confirmed\n".encode()
    rules = load_rules_from(files)
    assert rules.calendar.clock.is_working_day(on("Sat 2026-11-21"))
    assert {one.on for one in calendar_disagreements(rules)} == {on("Fri 2026-01-02"), on("Sat 2026-01-10")}
