"""Every mistake in rules/ is refused with its file, its line and what to do; nothing is repaired or half taken."""

import os
import tomllib
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules import RulesRefused, claims, load_rules, load_rules_from, rule_files

CASES = Path(__file__).parent / "cases" / "rules"
SMALL = CASES / "small"
REFUSALS = tomllib.loads((CASES / "refusals.toml").read_text(encoding="utf-8"))["case"]


def small_book(file: str, written: str, instead: str) -> dict[str, bytes]:
    """The small rule book with one thing written otherwise."""
    files = rule_files(SMALL)
    text = files[file].decode()
    assert written in text
    return files | {file: text.replace(written, instead, 1).encode()}


def refusal_of(files: dict[str, bytes]) -> list[str]:
    with pytest.raises(RulesRefused) as refused:
        load_rules_from(files)
    return [str(problem) for problem in refused.value.problems]


def test_the_small_rule_book_itself_has_no_mistake() -> None:
    assert len(load_rules(SMALL).procedures) == 3


def test_all_mistakes_are_told_at_once_in_the_order_of_files_and_lines() -> None:
    files = small_book("procedures.csv", "2.002020", "2.00202") | {
        "reasons.csv": b"id,text,basis\nmot,,D\n",
        "hours.toml": b"[[work]]\n",
    }
    files["procedures.csv"] = files["procedures.csv"].replace(b"3,working_day", b"0,working_day")
    places = [message.split(" ")[0] for message in refusal_of(files)]
    assert places == [
        "rules/hours.toml:1:",
        "rules/hours.toml:1:",
        "rules/hours.toml:1:",
        "rules/procedures.csv:2:",
        "rules/procedures.csv:4:",
        "rules/reasons.csv:2:",
    ]


def test_each_wrong_cell_of_a_row_is_told_and_none_hides_another() -> None:
    files = small_book("procedures.csv", "Doanh nghiệp,3,working_day,", "Doanh nghiệp,ba,working_week,3 giờ chiều")
    files["procedures.csv"] = files["procedures.csv"].replace(b",verified,", b",certain,").replace(b"2.001610", b"x")
    assert refusal_of(files) == [
        "rules/procedures.csv:2: code 'x' is not digit-dot-six-digits such as 2.001610: correct it, or write "
        "odd_code = yes",
        "rules/procedures.csv:2: unit 'working_week' is unknown: write one of working_day, half_working_day, "
        "calendar_day, month, working_hour, same_day",
        "rules/procedures.csv:2: limit 'ba' is not a whole number of at most four digits",
        "rules/procedures.csv:2: cut_off '3 giờ chiều' is not a time of day: write for example 07:30",
        "rules/procedures.csv:2: evidence 'certain' is unknown: write one of verified, secondary, unverified, unknown",
    ]


def test_a_limit_and_its_unit_are_both_told_when_a_spreadsheet_has_damaged_them() -> None:
    files = small_book("procedures.csv", "Doanh nghiệp,3,working_day,", "Doanh nghiệp,02-Jan,ngày,")
    assert [message.split(":", 2)[2][:20] for message in refusal_of(files)] == [
        " unit 'ngày' is unkn",
        " limit '02-Jan' is a",
    ]


@pytest.mark.parametrize(
    ("file", "written", "instead", "told"),
    [
        (
            "calendar.csv",
            '2026-01-02,off,,Nghỉ hoán đổi,CV 12729/VPCP-KGVX,confirmed',
            '2026-01-03,off,07:60-11:30,,CV 12729/VPCP-KGVX,sure',
            ["status", "slots", "name", "2026-01-03"],
        ),
        ("calendar.csv", "2027-11-24,off", "2028-11-25,off", ["Wednesday", "year", "2028-11-25"]),
        ("calendar_years.csv", "2027,no,chưa có thông báo", "2029,maybe,", ["complete", "basis", "year"]),
        ("fixed_holidays.csv", "11,24,Ngày Văn hóa Việt Nam,no", "11,31,,maybe", ["month", "name", "make_up"]),
        ("staff.csv", "ngoc,Nông Thị Bích Ngọc,Trưởng phòng,head,dkkd,ngoc@stc.example", "ngoc,,,boss,dkk,ngoc@stc",
         ["name", "title", "role", "email", "division"]),
        ("reasons.csv", "cho-y-kien,Chờ ý kiến của cơ quan liên quan.,D", "cho-y-kien,,", ["text", "basis"]),
    ],
)  # fmt: skip
def test_all_that_is_wrong_with_a_row_is_told_at_once(file: str, written: str, instead: str, told: list[str]) -> None:
    assert [message.split(": ")[1].split(" ")[0] for message in refusal_of(small_book(file, written, instead))] == told


def test_a_wrong_word_for_sample_hides_no_wrong_head_and_blames_nobody() -> None:
    files = small_book("organisation.toml", "sample = true", 'sample = "no"')
    files["organisation.toml"] = files["organisation.toml"].replace(b'head = "ngoc"', b'head = "ngocc"', 1)
    assert refusal_of(files) == [
        "rules/organisation.toml:1: sample is not true or false",
        "rules/organisation.toml:18: head 'ngocc' of [division.dkkd] is nobody: write an id that staff.csv has",
    ]


def test_a_mistake_in_the_hours_hides_neither_another_one_nor_a_day_that_is_out_of_place() -> None:
    files = small_book("hours.toml", '"closing_time"\nbasis = "D"', '"midnight"\nbase = "D"')
    files["calendar.csv"] = files["calendar.csv"].replace(b"2026-01-02,off", b"2026-01-03,off")
    assert [message.split(": ")[1][:30] for message in refusal_of(files)] == [
        "2026-01-03 is a Saturday and o",
        "basis in [options] is missing ",
        "day_end in [options]",
        "unknown key 'base' in [options",
    ]


def test_a_mistake_in_one_person_hides_no_wrong_head_and_no_wrong_division_of_a_procedure() -> None:
    files = small_book("staff.csv", "ngoc@stc.example", "ngoc@stc")
    files["organisation.toml"] = files["organisation.toml"].replace(b'signer = "vinh"', b'signer = "vinhh"', 1)
    files["procedures.csv"] = files["procedures.csv"].replace(b"unknown,dkkd", b"unknown,dkk")
    assert [message.split(" ")[0] for message in refusal_of(files)] == [
        "rules/organisation.toml:20:",
        "rules/procedures.csv:4:",
        "rules/staff.csv:3:",
    ]


def test_nobody_is_called_nobody_because_the_row_of_a_person_could_not_be_read() -> None:
    files = small_book("staff.csv", "ngoc@stc.example,,", "ngoc@stc.example,,,,")
    assert refusal_of(files) == ["rules/staff.csv:3: has 10 cells, the header has 8: quote texts with commas"]


REAL = {
    "organisation.toml": [("sample = true", "sample = false"), ("0205 000 0000", "0000 000 0000")],
    "staff.csv": [("stc.example", "so-tai-chinh.dunghen"), ("0205 000 0011", "0000 000 0011")],
}


def office_of_real_people(file: str = "staff.csv", written: str = "", instead: str = "") -> dict[str, bytes]:
    """The small rule book of an office whose people are said to be real, with one thing left as in the sample."""
    files = rule_files(SMALL)
    texts = {name: files[name].decode() for name in REAL}
    for name, changes in REAL.items():
        for before, after in changes:
            texts[name] = texts[name].replace(before, after)
    assert written in texts[file]
    texts[file] = texts[file].replace(written, instead, 1)
    return files | {name: text.encode() for name, text in texts.items()}


def test_an_office_of_real_people_is_accepted() -> None:
    assert not load_rules_from(office_of_real_people()).organisation.is_sample


@pytest.mark.parametrize(
    "domain",
    ["stc.example", "Example.COM", "mail.example.org", "example.net", "so.test", "so.invalid", "may-chu.localhost"],
)
def test_no_mail_is_meant_for_a_domain_kept_for_examples_where_people_are_real(domain: str) -> None:
    assert refusal_of(office_of_real_people("staff.csv", "ngoc@so-tai-chinh.dunghen", f"ngoc@{domain}")) == [
        f"rules/staff.csv:3: email 'ngoc@{domain}' holds an address of a domain kept for examples ({domain}) while "
        "organisation.toml says sample = false: write the real one"
    ]


@pytest.mark.parametrize("domain", ["example.vn", "so.contest", "so.example.vn", "vi-example.com", "langson.gov.vn"])
def test_a_domain_that_only_looks_like_one_for_examples_is_real(domain: str) -> None:
    files = office_of_real_people("staff.csv", "ngoc@so-tai-chinh.dunghen", f"ngoc@{domain}")
    assert load_rules_from(files).organisation.staff["ngoc"].email == f"ngoc@{domain}"


@pytest.mark.parametrize(
    "phone", ["0205 000 0011", "0205.000.0011", "02050000011", "(0205) 000 0011", "+84 205 000 11"]
)
def test_a_telephone_number_of_the_sample_is_no_real_one(phone: str) -> None:
    assert refusal_of(office_of_real_people("staff.csv", "0000 000 0011", phone)) == [
        f"rules/staff.csv:2: phone {phone!r} holds a telephone number of the sample (0205 000 …) while "
        "organisation.toml says sample = false: write the real one"
    ]


def test_a_real_telephone_number_of_the_province_is_none_of_the_sample() -> None:
    assert load_rules_from(office_of_real_people("staff.csv", "0000 000 0011", "0205 300 0000"))


def test_everything_that_the_sample_left_in_a_real_office_is_told_at_once() -> None:
    files = office_of_real_people("staff.csv", "0000 000 0011", "0205 000 0011")
    changes = [
        ('address = "số 1"', 'address = "(ghi địa chỉ)"'),
        ('= "Văn phòng Sở"\n\n', '= "0205 000 0001, hoi@stc.example"\n\n'),
        ('["Phòng ĐKKD"]', '["Phòng ĐKKD", "(ghi tên khác)"]'),
    ]
    text = files["organisation.toml"].decode()
    for written, instead in changes:
        assert written in text
        text = text.replace(written, instead, 1)
    assert refusal_of(files | {"organisation.toml": text.encode()}) == [
        "rules/organisation.toml:8: address in [agency] '(ghi địa chỉ)' only says what to fill in while "
        "organisation.toml says sample = false: write the real one",
        "rules/organisation.toml:13: complaint_contact in [agency] '0205 000 0001, hoi@stc.example' holds an address "
        "of a domain kept for examples (stc.example) while organisation.toml says sample = false: write the real one",
        "rules/organisation.toml:13: complaint_contact in [agency] '0205 000 0001, hoi@stc.example' holds a telephone "
        "number of the sample (0205 000 …) while organisation.toml says sample = false: write the real one",
        "rules/organisation.toml:21: aliases in [division.dkkd] '(ghi tên khác)' only says what to fill in while "
        "organisation.toml says sample = false: write the real one",
        "rules/staff.csv:2: phone '0205 000 0011' holds a telephone number of the sample (0205 000 …) while "
        "organisation.toml says sample = false: write the real one",
    ]


def test_the_message_is_one_line_for_each_problem() -> None:
    files = small_book("procedures.csv", "2.001610", "2.00161")
    with pytest.raises(
        RulesRefused, match=r"^rules/procedures\.csv:2: code '2\.00161' has five digits after the dot: "
    ):
        load_rules_from(files)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["what"]) for case in REFUSALS])
def test_a_mistake_is_told_with_its_place_and_what_to_do(case: dict[str, Any]) -> None:
    assert refusal_of(small_book(case["file"], case["written"], case["instead"])) == case["told"]


def test_a_missing_file_is_told() -> None:
    files = rule_files(SMALL)
    del files["reasons.csv"]
    assert refusal_of(files) == [
        "rules/reasons.csv: is missing: copy it from the rules that the program was installed with"
    ]


def test_a_file_that_nothing_reads_is_told() -> None:
    (message,) = refusal_of(rule_files(SMALL) | {"procedure.csv": b"code\n"})
    begin, known = message.split(", known are ")
    assert begin == "rules/procedure.csv: is read by nothing: rename or remove it"
    assert known.split(", ")[:3] == ["calendar.csv", "calendar_years.csv", "fixed_holidays.csv"]
    assert known.endswith(", sources/*.toml")


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(RulesRefused, match="holds no rules: name a folder with "):
        load_rules(tmp_path)


def test_a_file_whose_name_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"calendar\xff.csv")).write_bytes(b"")
    (tmp_path / "~$staff.csv").write_bytes(b"left by a spreadsheet")
    with pytest.raises(
        RulesRefused, match=r"^rules/'calendar\\udcff\.csv': has a name that cannot be read: rename the file$"
    ):
        rule_files(tmp_path)


def test_a_file_that_cannot_be_read_as_utf_8_is_told_with_its_line() -> None:
    files = rule_files(SMALL) | {
        "hours.toml": b'[options]\nday_end = "\xff"\n',
        "reasons.csv": b"id,text,basis\nmot,Ch\xf6,D\n",
    }
    assert refusal_of(files) == [
        "rules/hours.toml:2: is not UTF-8: save the file as 'CSV UTF-8', or as UTF-8 text",
        "rules/reasons.csv:2: is not UTF-8: save the file as 'CSV UTF-8', or as UTF-8 text",
    ]


@pytest.mark.parametrize("written", ["x = " + "[" * 5000, "x = " + "9" * 5000])
def test_toml_beyond_the_limits_of_python_is_refused_and_raises_nothing_else(written: str) -> None:
    (message,) = refusal_of(rule_files(SMALL) | {"notices.toml": written.encode()})
    assert message.startswith("rules/notices.toml: is not TOML: ")


@pytest.mark.parametrize(
    "rewrite",
    [
        pytest.param(lambda text: "\ufeff" + text, id="BOM"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda text: text.replace(",", ";"), id="semicolons"),
        pytest.param(lambda text: text.replace("2026-01-02", "02/01/2026"), id="dd/MM/yyyy"),
        pytest.param(lambda text: text + ",,,,,\n", id="an empty row of a spreadsheet"),
    ],
)
def test_what_a_spreadsheet_may_do_to_a_table_changes_nothing_in_it(rewrite) -> None:
    files = rule_files(SMALL)
    text = files["calendar.csv"].decode().replace('"', "").replace("2019, Điều", "2019 Điều")
    text = text.replace("QH16, chưa", "QH16 chưa")
    plain = load_rules_from(files | {"calendar.csv": text.encode()})
    rewritten = load_rules_from(files | {"calendar.csv": rewrite(text).encode()})
    assert rewritten.calendar.notes == plain.calendar.notes
    assert rewritten.clock_version == plain.clock_version
    assert rewritten.version != plain.version


def test_decomposed_letters_are_the_same_text() -> None:
    files = rule_files(SMALL)
    decomposed = files | {"staff.csv": normalize("NFD", files["staff.csv"].decode()).encode()}
    assert load_rules_from(decomposed).organisation.staff == load_rules_from(files).organisation.staff


NAMES = ["".join(signs) for length in range(6) for signs in product("abc", repeat=length)]


class TestClaimsOfSources:
    """Of two sources that claim one file name the narrower claim wins; where neither is narrower, a person is asked."""

    @given(st.text("ab*?", max_size=5), st.text("ab*?", max_size=5))
    def test_claims_are_compared_by_the_names_that_fit_them(self, one: str, other: str) -> None:
        fitting = [{name for name in NAMES if fnmatchcase(name, claim)} for claim in (one, other)]
        assert claims.overlap(one, other) or not fitting[0] & fitting[1]
        assert not claims.covers(one, other) or fitting[1] <= fitting[0]

    @pytest.mark.parametrize(
        ("claimed", "order"),
        [
            (["HoSo_*.xlsx"], ["b", "Mặc định"]),
            (["hoso_*", "HOSO_QuaHan_*"], ["c", "b", "Mặc định"]),
            (["tinh-????.csv", "tinh-*.csv"], ["b", "c", "Mặc định"]),
            (["*.json", "*.xlsx"], ["b", "c", "Mặc định"]),
        ],
    )
    def test_the_narrower_claim_comes_first(self, claimed: list[str], order: list[str]) -> None:
        sources = load_rules_from(rule_files(SMALL) | _claiming(*([one] for one in claimed))).sources
        assert [source.name for source in sources] == order

    @pytest.mark.parametrize(
        "claimed",
        [
            (["tinh-*"], ["*-tinh.xlsx"]),  # tinh-tinh.xlsx
            (["Tinh*"], ["tinh*"]),
            (["a?"], ["?b"]),
            (["a*", "*b.x"], ["ab*", "*.x"]),  # each is the narrower one once
        ],
    )
    def test_claims_that_cannot_be_ordered_are_refused(self, claimed: tuple[list[str], list[str]]) -> None:
        [told] = refusal_of(rule_files(SMALL) | _claiming(*claimed))
        assert told.startswith("rules/sources/c.toml:2: files ")
        assert "of sources/b.toml claim the same file names, and neither is the narrower: write the patterns" in told

    def test_two_sources_for_every_file_are_refused(self) -> None:
        [told] = refusal_of(rule_files(SMALL) | _claiming(["*"]))
        assert told.startswith("rules/sources/mac-dinh.toml:11: files '*' and '*' of sources/b.toml")


def _claiming(*claims: list[str]) -> dict[str, bytes]:
    texts = (f"name = {name!r}\nfiles = {files!r}\n" for name, files in zip("bc", claims, strict=False))
    return {f"sources/{name}.toml": text.encode() for name, text in zip("bc", texts, strict=False)}
