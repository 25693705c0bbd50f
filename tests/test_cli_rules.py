"""`rules` and `calendar`: what the law says here is checked before it holds."""

from pathlib import Path

from monitor.site import Site, SiteKind
from tests.command import ROOT, data, dunghen, site_in

ASKED = ("due", "--received", "2026-11-20 09:00", "--limit", "3 ngày làm việc")


def without_culture_day(site: Site) -> None:
    calendar = site.rules / "calendar.csv"
    kept = [line for line in calendar.read_text(encoding="utf-8").splitlines() if not line.startswith("2026-11-24")]
    calendar.write_text("\n".join(kept) + "\n", encoding="utf-8")


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
    assert "tạm tính" in dunghen("calendar", "show", 2027).stdout
    assert dunghen("calendar", "show", "nay").exit_code == 2


def test_a_year_beyond_the_calendar_or_beyond_time_shows_no_days():
    for year in (2099, 0, 123456789):
        assert data("calendar", "show", year) == {"year": year, "complete": False, "days": []}


def test_the_shipped_rules_have_no_problems_and_each_procedure_says_when_its_steps_fire():
    told = data("rules", "check")
    assert told["problems"] == []
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
    without_culture_day(site)
    accepted = dunghen("rules", "accept", "--by", "Bế Nhật Quang", "--reason", "thử", home=site.home)
    assert accepted.exit_code == 0
    assert "is in force" in accepted.stdout
    assert data(*ASKED, home=site.home)["due_on"] == "2026-11-25"  # Wed
    assert "in force already" in dunghen("rules", "accept", "--reason", "thử", home=site.home).stdout


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
