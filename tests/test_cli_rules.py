"""`rules` and `calendar`: what the law says here is checked before it holds."""

from pathlib import Path

from monitor.cli.opening import store_of
from monitor.rules import rule_files
from monitor.site import Site, SiteKind
from tests.command import MONDAY_MORNING, ROOT, data, dunghen, site_in
from tests.running import with_own_people

ASKED = ("due", "--received", "2026-11-20 09:00", "--limit", "3 ngày làm việc")


def without_day(site: Site, day: str) -> None:
    calendar = site.rules / "calendar.csv"
    kept = [line for line in calendar.read_text(encoding="utf-8").splitlines() if not line.startswith(day)]
    calendar.write_text("\n".join(kept) + "\n", encoding="utf-8")


def with_a_storm(site: Site) -> None:
    with (site.rules / "calendar.csv").open("a", encoding="utf-8") as table:
        table.write("2026-11-25,off,,Nghỉ do bão,QĐ 1/QĐ-UBND,confirmed\n")


def test_the_two_days_on_which_the_library_errs_are_named():
    told = data("calendar", "check")
    assert [(one["on"], one["is_worked"]) for one in told["disagreements"]] == [
        ("2026-01-02", False),  # Fri, off
        ("2026-01-10", True),  # Sat, worked for it
    ]
    assert "2 ngày khác với thư viện holidays" in dunghen("calendar", "check").stdout


def test_the_special_days_of_a_year_are_shown_with_name_and_basis():
    told = data("calendar", "show", 2026)
    assert (told["year"], told["complete"]) == (2026, True)
    (culture_day,) = [day for day in told["days"] if day["on"] == "2026-11-24"]
    assert culture_day["name"] == "Ngày Văn hóa Việt Nam"
    assert (culture_day["is_worked"], culture_day["status"]) == (False, "confirmed")
    assert dunghen("calendar", "show", "nay").exit_code == 2


def test_a_year_beyond_the_calendar_shows_no_days_and_makes_a_due_date_unknown():
    for year in (2028, 2099, 2009, 0, 123456789):
        assert data("calendar", "show", year) == {"year": year, "complete": False, "due_dates": "unknown", "days": []}
        said = dunghen("calendar", "show", year).stdout
        assert said == f"Năm {year} nằm ngoài lịch (2010–2027): hạn trả rơi vào năm này là không xác định.\n"


def test_a_year_without_all_notices_makes_a_due_date_provisional_and_a_complete_one_does_not():
    assert [data("calendar", "show", year)["due_dates"] for year in (2010, 2018, 2026, 2027)] == [
        "provisional", "confirmed", "confirmed", "provisional",
    ]  # fmt: skip
    assert dunghen("calendar", "show", 2027).stdout.endswith("hạn trả đi qua năm này là tạm tính.\n")
    assert "hạn trả" not in dunghen("calendar", "show", 2026).stdout


def test_the_shipped_rules_have_no_problems_and_each_procedure_says_when_its_steps_fire():
    told = data("rules", "check")
    assert (told["problems"], told["warnings"]) == ([], [])
    assert {"code", "limit", "unit", "evidence", "steps"} <= set(told["procedures"][0])
    said = dunghen("rules", "check")
    assert said.exit_code == 0
    assert "no problems" in said.stdout


def test_all_problems_are_told_at_once_with_3_and_the_rules_in_force_stay(tmp_path: Path):
    site = site_in(tmp_path / "site")
    (site.rules / "hours.toml").write_text("[[work]\n", encoding="utf-8")
    (site.rules / "calendar.csv").write_text("date,kind\n", encoding="utf-8")
    problems = data("rules", "check", home=site.home, exit_code=3)["problems"]
    assert {problem["file"].removeprefix("rules/") for problem in problems} >= {"hours.toml", "calendar.csv"}
    said = dunghen("rules", "check", home=site.home)
    assert said.exit_code == 3
    assert f"{len(problems)} problems" in said.stderr
    refused = dunghen("rules", "accept", "--reason", "thử", home=site.home)
    assert refused.exit_code == 1
    assert "Traceback" not in refused.output
    assert data(*ASKED, home=site.home)["due_on"] == "2026-11-26"  # Thu


def test_accepted_rules_hold_and_accepting_them_again_says_so(tmp_path: Path):
    site = site_in(tmp_path / "site")
    with_a_storm(site)
    accepted = dunghen("rules", "accept", "--by", "Bế Nhật Quang", "--reason", "thử", home=site.home)
    assert accepted.exit_code == 0
    assert "is in force" in accepted.stdout
    assert data(*ASKED, home=site.home)["due_on"] == "2026-11-27"  # Fri
    assert "in force already" in dunghen("rules", "accept", "--reason", "thử", home=site.home).stdout


def test_a_calendar_that_works_a_holiday_of_the_law_is_not_accepted(tmp_path: Path):
    site = site_in(tmp_path / "site")
    without_day(site, "2026-11-24")
    checked = dunghen("rules", "check", home=site.home)
    accepted = dunghen("rules", "accept", "--reason", "thử", home=site.home)
    assert (checked.exit_code, accepted.exit_code) == (3, 1)
    for said in (checked.stderr, accepted.stderr):
        assert "Tuesday 2026-11-24 is worked: Ngày Văn hóa Việt Nam is a day off by law (NQ 28/2026/QH16" in said
    assert data(*ASKED, home=site.home)["due_on"] == "2026-11-26"  # Thu


def test_a_calendar_without_a_day_of_tet_is_warned_of_and_may_be_accepted(tmp_path: Path):
    site = site_in(tmp_path / "site")
    without_day(site, "2026-02-18")
    warning = (
        "rules/calendar.csv: Wednesday 2026-02-18 is worked, and the holidays package has a day off "
        "(Mùng hai Tết Nguyên Đán): was a row forgotten or moved? Compare with the notice of the year"
    )
    assert data("rules", "check", home=site.home)["warnings"] == [warning]
    for words in (("rules", "check"), ("rules", "accept", "--reason", "thử")):
        said = dunghen(*words, home=site.home)
        assert said.exit_code == 0
        assert said.stderr == f"Warning: {warning}\n"


def test_invented_people_are_not_made_real_by_a_word(tmp_path: Path):
    site = site_in(tmp_path / "site", SiteKind.LIVE)
    organisation = site.rules / "organisation.toml"
    text = organisation.read_text(encoding="utf-8").replace("\nsample = true", "\nsample = false")
    organisation.write_text(text, encoding="utf-8")
    checked = dunghen("rules", "check", home=site.home)
    accepted = dunghen("rules", "accept", "--reason", "thử", home=site.home)
    assert (checked.exit_code, accepted.exit_code) == (3, 1)
    for said in (checked.stderr, accepted.stderr):
        assert "rules/staff.csv:2: email 'ht-thanh-son@stc.example' holds an address of a domain kept for" in said
        assert "rules/staff.csv:21: phone '0205 000 0061' holds a telephone number of the sample" in said
        assert "address in [agency] '(ghi địa chỉ trụ sở Sở)' only says what to fill in" in said


def test_invented_people_accepted_as_real_by_an_earlier_version_get_no_mail_and_real_ones_replace_them(tmp_path: Path):
    site = site_in(tmp_path / "site", SiteKind.LIVE)
    organisation = site.rules / "organisation.toml"
    text = organisation.read_text(encoding="utf-8").replace("\nsample = true", "\nsample = false")
    organisation.write_text(text, encoding="utf-8")
    with store_of(site) as store:
        files = rule_files(site.rules)
        store.accept_rule_book("of an earlier version", files, by="A", reason="thử", now=MONDAY_MORNING)
    for words in (("run",), ("sweep",)):
        refused = dunghen(*words, home=site.home)
        assert refused.exit_code == 1
        assert "kept for examples" in refused.stderr
        assert "Traceback" not in refused.output
    with_own_people(site, host="mail")
    assert data(*ASKED, home=site.home)["due_on"] == "2026-11-26"  # Thu


def test_invented_people_are_written_to_by_nobody(tmp_path: Path):
    site = site_in(tmp_path / "site", SiteKind.LIVE)
    configuration = site.home / "dunghen.toml"
    text = configuration.read_text(encoding="utf-8").replace('delivery = "folder"', 'delivery = "smtp"\nhost = "mail"')
    configuration.write_text(text, encoding="utf-8")
    for words in (("rules", "accept", "--reason", "thử"), ("run",)):
        refused = dunghen(*words, home=site.home)
        assert refused.exit_code == 1
        assert "sample = true" in refused.stderr


def test_a_folder_of_rules_may_be_named(tmp_path: Path):
    assert dunghen("rules", "check", "--rules", ROOT / "rules").exit_code == 0
    assert dunghen("rules", "check", "--rules", tmp_path).exit_code == 3
    assert dunghen("rules", "check", "--rules", tmp_path / "none").exit_code == 2
