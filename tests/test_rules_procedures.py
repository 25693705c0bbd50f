"""Which time limit a dossier has: by code or name, case, channel and the day of receipt."""

from datetime import date
from pathlib import Path

import pytest

from monitor.dossier import Channel
from monitor.rules import MatchReason, RuleBook, RulesRefused, load_rules, load_rules_from, rule_files
from monitor.time_limit import Evidence, SupplementRule, Unit

ROOT = Path(__file__).parent.parent
SMALL = Path(__file__).parent / "cases" / "rules" / "small"
HEADER = rule_files(SMALL)["procedures.csv"].decode().splitlines()[0].split(",")


@pytest.fixture(scope="module")
def rules() -> RuleBook:
    return load_rules(ROOT / "rules")


def on(written: str) -> date:
    day = date.fromisoformat(written[4:])
    assert f"{day:%a}" == written[:3], f"{day} is a {day:%a}"
    return day


MONDAY = on("Mon 2026-11-23")


def book(*rows: dict[str, str]) -> RuleBook:
    """The small rule book with a catalogue of these rows; a column left out is the same in all."""
    same = {
        "code": "1.000001", "name": "Thủ tục A", "unit": "working_day", "basis": "QĐ 1", "evidence": "verified",
        "supplement_rule": "sector", "supplement_basis": "QĐ 1", "division": "dkkd",
    }  # fmt: skip
    lines = [",".join((same | row).get(column, "") for column in HEADER) for row in rows]
    return load_rules_from(rule_files(SMALL) | {"procedures.csv": "\n".join([",".join(HEADER), *lines]).encode()})


def amount(rules: RuleBook, case: str | None, channel: Channel | None, received: date = MONDAY) -> int | str | None:
    """The limit that is found, else why none is."""
    match = rules.procedure_for("1.000001", None, case, channel, received)
    return match.procedure.limit.amount if match.procedure else match.reason.value


@pytest.mark.parametrize(
    ("code", "received", "limit", "unit", "evidence"),
    [
        ("2.001610", "Mon 2026-11-23", 3, Unit.WORKING_DAY, Evidence.VERIFIED),
        ("2.002029", "Wed 2026-07-22", 3, Unit.WORKING_DAY, Evidence.SECONDARY),
        ("2.002029", "Thu 2026-07-23", 1, Unit.WORKING_DAY, Evidence.SECONDARY),
        ("1.009729", "Sat 2026-02-28", 15, Unit.CALENDAR_DAY, Evidence.SECONDARY),
        ("1.009729", "Sun 2026-03-01", 10, Unit.WORKING_DAY, Evidence.SECONDARY),
        ("1.009731", "Sat 2026-02-28", 15, Unit.CALENDAR_DAY, Evidence.VERIFIED),
        ("1.009731", "Sun 2026-03-01", 15, Unit.CALENDAR_DAY, Evidence.UNVERIFIED),  # the law was replaced
        ("1.009645", "Mon 2026-11-23", 17, Unit.WORKING_DAY, Evidence.SECONDARY),
        ("2.002020", "Mon 2026-11-23", None, None, Evidence.UNKNOWN),
    ],
)
def test_the_limit_in_force_on_the_day_of_receipt(
    rules: RuleBook, code: str, received: str, *, limit: int | None, unit: Unit | None, evidence: Evidence
) -> None:
    match = rules.procedure_for(code, None, None, None, on(received))
    assert match.reason is MatchReason.EXACT
    assert match.procedure is not None
    found = match.procedure.limit
    assert (found.amount, found.unit, found.evidence) == (limit, unit, evidence)


def test_a_case_with_its_own_limit_leaves_the_limit_open_while_the_case_is_unknown(rules: RuleBook) -> None:
    def found(case: str | None) -> int | MatchReason:
        match = rules.procedure_for("1.009664", None, case, None, MONDAY)
        return match.procedure.limit.amount or 0 if match.procedure else match.reason

    assert found("Đã có chấp thuận chủ trương") == 5
    assert found("chưa có chấp thuận chủ trương") == 10
    assert found(None) is MatchReason.AMBIGUOUS


@pytest.mark.parametrize(
    ("code", "name", "reason"),
    [
        ("1.009645.H37", None, MatchReason.EXACT),  # a portal's province suffix
        (" 1.009645 ", "anything", MatchReason.EXACT),
        ("1.999999", "Thủ tục góp vốn, mua cổ phần, mua phần vốn góp", MatchReason.NOT_FOUND),  # a code is believed
        (None, "Thủ tục góp vốn, mua cổ phần, mua phần vốn góp", MatchReason.BY_NAME),
        (None, "GÓP VỐN,  mua cổ phần, mua phần vốn góp.", MatchReason.BY_NAME),
        (None, "Đăng ký thành lập công ty trách nhiệm hữu hạn một thành viên", MatchReason.BY_NAME),  # an alias
        (None, "chấp thuận nhà đầu tư thuộc thẩm quyền của Chủ tịch Ủy ban nhân dân cấp tỉnh", MatchReason.BY_NAME),
        (None, "Thủ tục cấp Giấy chứng nhận đăng ký đầu tư", MatchReason.AMBIGUOUS),
        (None, "Thủ tục cấp Giấy khai sinh", MatchReason.NOT_FOUND),
        (None, None, MatchReason.NOT_FOUND),
        ("", "", MatchReason.NOT_FOUND),
    ],
)  # fmt: skip
def test_a_procedure_is_found_by_code_and_without_one_by_name_or_alias(
    rules: RuleBook, code: str | None, name: str | None, reason: MatchReason
) -> None:
    assert rules.procedure_for(code, name, None, None, MONDAY).reason is reason


def test_an_exact_row_beats_any() -> None:
    rules = book({"limit": "10"}, {"case": "A", "limit": "5"}, {"case": "A", "channel": "online", "limit": "3"})
    assert amount(rules, "a", Channel.ONLINE) == 3
    assert amount(rules, "A", Channel.POST) == 5
    assert amount(rules, "B", Channel.ONLINE) == 10


def test_without_case_or_channel_a_limit_is_used_only_when_all_rows_agree() -> None:
    differ = book({"channel": "online", "limit": "2"}, {"channel": "post", "limit": "3"})
    agree = book({"channel": "online", "limit": "3"}, {"channel": "post", "limit": "3", "basis": "QĐ 2"})
    assert amount(differ, None, None) == "ambiguous"
    assert amount(differ, None, Channel.POST) == 3
    assert amount(agree, None, None) == 3
    assert agree.procedure_for("1.000001", None, None, None, MONDAY).reason is MatchReason.ALL_AGREE


@pytest.mark.parametrize(
    "other",
    [
        {"limit": "3", "evidence": "unverified"},
        {"limit": "3", "unit": "calendar_day"},
        {"limit": "3", "pause_ground": "chờ nộp thuế"},
        {"limit": "3", "supplement_max": "2"},
    ],
)
def test_rows_that_differ_in_more_than_words_do_not_agree(other: dict[str, str]) -> None:
    rules = book({"channel": "online", "limit": "3"}, {"channel": "post"} | other)
    assert amount(rules, None, None) == "ambiguous"


def test_a_case_or_channel_without_a_row_has_no_limit() -> None:
    rules = book({"channel": "online", "limit": "2"})
    assert amount(rules, None, Channel.POST) == "not_this_case"
    assert rules.procedure_for("1.000001", None, None, Channel.POST, MONDAY).candidates == rules.procedures


def test_a_day_of_receipt_that_no_row_covers_has_no_limit() -> None:
    rules = book({"limit": "2", "valid_from": "2026-03-01"})
    assert amount(rules, None, None, on("Sat 2026-02-28")) == "not_in_force"
    assert amount(rules, None, None, on("Sun 2026-03-01")) == 2


def test_a_dated_row_beats_one_without_date() -> None:
    rules = book({"limit": "5"}, {"limit": "2", "valid_from": "2026-03-01", "valid_to": "2026-03-31"})
    received = ("Sat 2026-02-28", "Sun 2026-03-01", "Tue 2026-03-31", "Wed 2026-04-01")
    assert [amount(rules, None, None, on(day)) for day in received] == [5, 2, 2, 5]


@pytest.mark.parametrize(
    ("running_until", "limit"),
    [("Sat 2026-02-28", 5), ("Sun 2026-03-01", 2), ("Tue 2026-06-30", 2), ("Wed 2026-07-01", 7), ("Mon 2026-11-23", 7)],
)
def test_a_row_for_running_dossiers_holds_for_those_it_met_unfinished(running_until: str, limit: int) -> None:
    rules = book(
        {"limit": "5", "valid_from": "2026-01-01", "valid_to": "2026-02-28"},
        {"limit": "2", "valid_from": "2026-03-01", "valid_to": "2026-06-30", "applies_to": "running"},
        {"limit": "7", "valid_from": "2026-07-01", "applies_to": "running"},
    )
    received = on("Thu 2026-02-26")
    match = rules.procedure_for("1.000001", None, None, None, received, running_on=on(running_until))
    assert match.procedure is not None
    assert match.procedure.limit.amount == limit


def test_a_row_that_is_not_for_running_dossiers_leaves_them_alone() -> None:
    rules = book({"limit": "5", "valid_to": "2026-02-28"}, {"limit": "2", "valid_from": "2026-03-01"})
    match = rules.procedure_for("1.000001", None, None, None, on("Thu 2026-02-26"), running_on=MONDAY)
    assert match.procedure is not None
    assert match.procedure.limit.amount == 5


@pytest.mark.parametrize(
    ("row", "other"),
    [
        ({"valid_to": "2026-03-01"}, {"valid_to": "2026-06-30"}),
        ({"valid_from": "2026-01-01", "valid_to": "2026-03-01"}, {"valid_from": "2026-03-01"}),  # one day in common
        ({"valid_from": "2026-01-01"}, {"valid_from": "2026-03-01"}),
        ({"case": "A"}, {"channel": "online"}),  # a dossier may have both
        ({"case": "A"}, {"case": "a "}),
    ],
)
def test_two_rows_that_may_hold_for_one_dossier_are_refused(row: dict[str, str], other: dict[str, str]) -> None:
    with pytest.raises(
        RulesRefused, match=r"^rules/procedures\.csv:3: code 1\.000001 has .* as line 2 and both are in force"
    ):
        book({"limit": "3"} | row, {"limit": "3"} | other)


@pytest.mark.parametrize(
    ("row", "other"),
    [
        ({"valid_to": "2026-02-28"}, {"valid_from": "2026-03-01"}),
        ({"case": "A"}, {"case": "B"}),
        ({"channel": "online"}, {"channel": "post"}),
        ({"case": "A", "channel": "online"}, {"case": "A"}),
        ({"case": "A", "valid_to": "2026-02-28"}, {"channel": "online", "valid_from": "2026-03-01"}),
    ],
)
def test_two_rows_that_never_meet_or_of_which_one_is_more_exact_stand_together(
    row: dict[str, str], other: dict[str, str]
) -> None:
    assert len(book({"limit": "3"} | row, {"limit": "5"} | other).procedures) == 2


def test_two_procedures_with_one_name_are_found_by_name_only_when_they_agree() -> None:
    agree = book({"limit": "3"}, {"code": "1.000002", "limit": "3"})
    differ = book({"limit": "3"}, {"code": "1.000002", "limit": "5"})
    assert agree.procedure_for(None, "Thủ tục A", None, None, MONDAY).reason is MatchReason.ALL_AGREE
    assert differ.procedure_for(None, "Thủ tục A", None, None, MONDAY).reason is MatchReason.AMBIGUOUS


@pytest.mark.parametrize(
    ("limit", "unit", "found"),
    [
        ("1/2", "working_day", (1, Unit.HALF_WORKING_DAY)),
        ("1", "half_working_day", (1, Unit.HALF_WORKING_DAY)),
        ("8", "working_hour", (8, Unit.WORKING_HOUR)),
        ("1", "month", (1, Unit.MONTH)),
        ("", "same_day", (None, Unit.SAME_DAY)),
    ],
)
def test_every_unit_is_read(limit: str, unit: str, found: tuple[int | None, Unit]) -> None:
    read = book({"limit": limit, "unit": unit}).procedures[0].limit
    assert (read.amount, read.unit) == found


def test_the_deadline_version_covers_the_row_and_nothing_of_the_others() -> None:
    before = book({"limit": "3"}, {"code": "1.000002", "limit": "5"})
    after = book({"limit": "3"}, {"code": "1.000002", "limit": "6"})
    assert before.deadline_version(before.procedures[0]) == after.deadline_version(after.procedures[0])
    assert before.deadline_version(before.procedures[1]) != after.deadline_version(after.procedures[1])
    assert before.deadline_version(None) == after.deadline_version(None)
    assert len(before.deadline_version(before.procedures[0])) == 16


def test_supplements_live_by_the_general_rule_or_by_the_law_of_the_field(rules: RuleBook) -> None:
    investment = rules.procedure_for("1.009729", None, None, None, MONDAY).procedure
    enterprise = rules.procedure_for("2.001610", None, None, None, MONDAY).procedure
    assert investment is not None
    assert enterprise is not None
    assert investment.limit.supplement == SupplementRule(
        general=True, max_requests=1, request_within=3, close_after=15, restarts_on_repeat=False,
        basis="NĐ 118/2025/NĐ-CP, Điều 11.2.c, 16.3, 19.5",
    )  # fmt: skip
    assert not enterprise.limit.supplement.general
    assert "chưa đối chiếu" in enterprise.limit.supplement.basis
