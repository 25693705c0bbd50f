"""The rules that travel with the program: complete, cited, sample people marked as such."""

import csv
import re
from datetime import time
from pathlib import Path
from unicodedata import is_normalized

import pytest

from monitor.ladder import Delivery, Step
from monitor.organisation import Role
from monitor.rules import RuleBook, RulesRefused, content_hash, load_rules, load_rules_from, rule_files
from monitor.source import SourceRule
from monitor.time_limit import DayEnd, Stage
from tests.running import as_if_real

RULES = Path(__file__).parent.parent / "rules"
CASES = Path(__file__).parent / "cases" / "rules"


@pytest.fixture(scope="module")
def rules() -> RuleBook:
    return load_rules(RULES)


def test_every_procedure_of_the_catalogue_is_there_with_its_name_field_and_evidence(rules: RuleBook) -> None:
    with (CASES / "procedures_as_found.csv").open(encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert {row["code"] for row in found} == {procedure.code for procedure in rules.procedures}
    for row in found:
        latest = [one for one in rules.procedures if one.code == row["code"] and not one.case][-1]
        limit = latest.limit
        assert (latest.name, latest.field) == (row["name"], row["field"])
        assert (str(limit.amount or ""), limit.unit or "") == (row["limit"], row["unit"])
        assert limit.evidence == ("unverified" if row["code"] in ("1.009731", "1.009736") else row["evidence"])
        assert rules.organisation.divisions[latest.division].name == row["division"]


def test_a_limit_names_its_basis_and_a_sector_row_says_that_it_was_not_verified(rules: RuleBook) -> None:
    for procedure in rules.procedures:
        assert procedure.basis or not procedure.limit.is_known
        enterprise = procedure.field == "Thành lập và hoạt động của doanh nghiệp"
        assert procedure.limit.supplement.general is not enterprise


def test_the_approval_of_an_investment_policy_has_a_stage_here_and_one_at_the_province(rules: RuleBook) -> None:
    (procedure,) = [one for one in rules.procedures if one.code == "1.009645"]
    assert procedure.limit.stages == (
        Stage("Báo cáo thẩm định", 14, "Phòng Quản lý đầu tư ngoài ngân sách", "NĐ 96/2026/NĐ-CP"),
        Stage("Quyết định", 3, "UBND tỉnh", "NĐ 96/2026/NĐ-CP"),
    )


def test_office_hours_are_those_of_an_office_and_not_yet_confirmed(rules: RuleBook) -> None:
    assert rules.calendar.clock.week == dict.fromkeys(range(5), ((450, 690), (810, 1020)))
    assert not rules.hours_confirmed
    assert rules.day_end is DayEnd.CLOSING_TIME
    assert rules.reception[0].place == "Trung tâm Phục vụ hành chính công tỉnh Lạng Sơn"


def test_the_people_are_invented_and_said_to_be(rules: RuleBook) -> None:
    organisation = rules.organisation
    assert organisation.is_sample
    assert all(person.email.endswith("@stc.example") for person in organisation.staff.values())
    assert len(organisation.people_named("Nguyễn Thị Thu Hương")) == 2
    assert {person.role for person in organisation.staff.values()} == set(Role)
    assert len(organisation.with_role(Role.DIRECTOR)) == 1
    assert len(organisation.with_role(Role.DEPUTY)) == 2


def test_real_addresses_are_welcome_once_the_people_are_said_to_be_real() -> None:
    files = rule_files(RULES)
    real = files | {name: as_if_real(files[name]) for name in ("organisation.toml", "staff.csv")}
    assert not load_rules_from(real).organisation.is_sample


def test_the_shipped_people_are_refused_one_and_all_when_only_the_word_sample_is_changed() -> None:
    files = rule_files(RULES)
    files["organisation.toml"] = files["organisation.toml"].replace(b"\nsample = true", b"\nsample = false")
    with pytest.raises(RulesRefused) as refused:
        load_rules_from(files)
    told = [(problem.file, problem.line, problem.text.split(" ")[0]) for problem in refused.value.problems]
    people = [("rules/staff.csv", line, cell) for line in range(2, 22) for cell in ("email", "phone")]
    organisation = [(12, "address"), (14, "desk_address"), (16, "phone"), (17, "complaint_contact")]
    assert told == [("rules/organisation.toml", line, key) for line, key in organisation] + people


@pytest.mark.parametrize(
    ("written", "division"),
    [
        ("Phòng Đăng ký kinh doanh", "dkkd"),
        ("Phòng Quản lý đầu tư ngoài ngân sách", "qldt"),
        ("Văn phòng Sở", "vps"),
        ("Bộ phận Một cửa", "mot-cua"),
        ("Trung tâm Xúc tiến đầu tư", "xtdt"),
    ],
)
def test_each_division_has_a_head_of_its_own_rank_and_a_signer(rules: RuleBook, written: str, division: str) -> None:
    found = rules.organisation.division_named(written)
    assert found is not None
    assert found.id == division
    assert rules.organisation.staff[found.head].role is Role.HEAD
    assert rules.organisation.staff[found.deputy_in_charge].role is Role.DEPUTY
    assert rules.organisation.staff[found.signer].role in (Role.DEPUTY, Role.HEAD)
    assert found.signing_lead_working_days == 1


@pytest.mark.parametrize(
    ("step", "to", "delivery"),
    [
        (Step.NEAR_DUE, (Role.OFFICER,), Delivery.DIGEST),
        (Step.QUESTION, (Role.OFFICER,), Delivery.DIGEST),
        (Step.EXPECTED_LATE, (Role.HEAD, Role.DESK, Role.DEPUTY), Delivery.IMMEDIATE),
        (Step.DUE_TODAY, (Role.OFFICER,), Delivery.DIGEST),
        (Step.DUE_UNCONFIRMED, (Role.OFFICER,), Delivery.DIGEST),
        (Step.OVERDUE, (Role.OFFICER, Role.HEAD, Role.DESK), Delivery.IMMEDIATE),
        (Step.LONG_OVERDUE, (Role.DIRECTOR, Role.OFFICE), Delivery.WEEKLY),
    ],
)
def test_each_step_of_the_ladder_tells_its_people(
    rules: RuleBook, step: Step, to: tuple[Role, ...], delivery: Delivery
) -> None:
    rule = rules.ladder.steps[step]
    assert (rule.to, rule.delivery) == (to, delivery)
    assert rule.basis


def test_the_numbers_of_the_ladder(rules: RuleBook) -> None:
    steps, ladder = rules.ladder.steps, rules.ladder
    assert (ladder.near_due_max_working_days, ladder.near_due_percent, ladder.digest_minutes_before_work) == (3, 20, 15)
    assert steps[Step.NEAR_DUE].min_limit_working_days == 2
    assert steps[Step.EXPECTED_LATE].min_limit_working_days == 5
    assert steps[Step.EXPECTED_LATE].at == time(15, 0)
    assert steps[Step.DUE_TODAY].head_from_count == 2
    assert (steps[Step.OVERDUE].after_working_days, steps[Step.OVERDUE].repeat_every_working_days) == (1, 2)
    assert steps[Step.LONG_OVERDUE].after_working_days == 5


def test_every_file_has_a_source_and_the_letter_has_reasons(rules: RuleBook) -> None:
    assert rules.sources == (SourceRule(name="Mặc định", files=("*",)),)
    assert {reason.id for reason in rules.reasons} >= {"cho-y-kien", "su-co-he-thong"}


def test_a_source_of_its_own_comes_before_the_one_for_every_file() -> None:
    portal = b'name = "Portal"\nfiles = ["*.json"]\nscope = "open"\n[columns]\n"Ng\xc3\xa0y" = "received_at"\n'
    sources = load_rules_from(rule_files(RULES) | {"sources/portal.toml": portal}).sources
    assert [source.name for source in sources] == ["Portal", "Mặc định"]
    assert (sources[0].scope, sources[0].columns) == ("open", {"Ngày": "received_at"})


def test_the_texts_are_vietnamese_in_nfc_and_name_no_year_of_the_old_department() -> None:
    for name, data in rule_files(RULES).items():
        text = data.decode("utf-8")
        assert is_normalized("NFC", text), name
        assert not re.search(r"Kế hoạch và Đầu tư", text), name


def test_a_rule_book_kept_as_bytes_is_the_same_book(rules: RuleBook) -> None:
    files = rule_files(RULES)
    again = load_rules_from(dict(reversed(files.items())))
    assert again.version == rules.version == content_hash(files)
    assert again.procedures == rules.procedures
    assert again.organisation == rules.organisation
    assert again.calendar.notes == rules.calendar.notes


def test_the_hash_tells_names_and_contents_apart() -> None:
    hashes = {
        content_hash(files) for files in ({"a": b"bc"}, {"ab": b"c"}, {"a": b"", "b": b"c"}, {"a": b"b", "c": b""})
    }
    assert len(hashes) == 4
    assert content_hash({"a": b"1", "b": b"2"}) == content_hash({"b": b"2", "a": b"1"})
