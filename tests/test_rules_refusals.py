"""Every mistake in rules/ is refused with its file, its line and what to do; nothing is repaired or half taken."""

import os
import tomllib
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from monitor.rules import RulesRefused, load_rules, load_rules_from, rule_files

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
    assert refusal_of(rule_files(SMALL) | {"procedure.csv": b"code\n"}) == [
        "rules/procedure.csv: is read by nothing: rename or remove it, known are calendar.csv, calendar_years.csv, "
        "procedures.csv, staff.csv, reasons.csv, hours.toml, organisation.toml, notices.toml, sources/*.toml"
    ]


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
