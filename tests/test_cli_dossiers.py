"""`import`, `sweep`, `list`, `explain` and `letter`: from a file to a flag, a list and a paper."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import pytest
from pypdf import PdfReader

from monitor.cli.words import (
    EVENT_WORDS,
    EVIDENCE_WORDS,
    FLAG_WORDS,
    LETTER_WORDS,
    MESSAGE_WORDS,
    NOTE_WORDS,
    SITE_WORDS,
    STATUS_WORDS,
    STEP_WORDS,
)
from monitor.deadline import DeadlineNote
from monitor.dossier import EventKind
from monitor.ladder import Step
from monitor.letter import LetterState
from monitor.outbox import OutboxState
from monitor.site import SiteKind
from monitor.status import Flag, Status
from monitor.time_limit import Evidence
from tests.command import MONDAY_MORNING, PLANTED, SAMPLES, as_nobody, data, dunghen, listing, site_in, started

MONDAY_EIGHT = "2026-11-23T08:00"
ROWS = [
    "H37.12-261109-0001 | 09/11/2026 08:30 | 18/11/2026 17:00 | Đang xử lý",  # overdue since Wed 18/11
    "H37.12-261116-0002 | 16/11/2026 08:30 | 23/11/2026 17:00 | Đang xử lý",  # due today, Mon
    "H37.12-261120-0003 | 20/11/2026 09:00 | 10/12/2026 17:00 | Đang xử lý",  # on track
    "H37.12-261110-0004 | 10/11/2026 09:00 | 16/11/2026 17:00 | Đã trả kết quả | 13/11/2026 15:00",  # ended
]
KEYS = {
    *("code", "procedure_code", "received_at", "appointment_at", "law_due_on", "due_on", "apology_by_on", "status"),
    *("working_days_left", "flags", "division", "officer"),
}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A replay site that has read one export and was swept on Monday at eight."""
    home = tmp_path_factory.mktemp("imported") / "site"
    site_in(home)
    export = listing(home.parent / "theo-doi.csv", ROWS)
    assert dunghen("import", export, "--now", "2026-11-23T07:10", home=home).exit_code == 0
    assert dunghen("sweep", "--now", MONDAY_EIGHT, home=home).exit_code == 0
    return home


@pytest.fixture
def home(imported: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(imported, tmp_path / "site"))


def test_an_import_is_told_with_exactly_the_documented_keys(tmp_path: Path):
    site = site_in(tmp_path / "site")
    export = listing(tmp_path / "x.csv", [*ROWS, "H37.12-261120-0009 | 32/13/2026 | 26/11/2026 17:00 | Đang xử lý"])
    told = data("import", export, home=site.home)
    assert {key: told[key] for key in ("file", "data_as_of", "read", "new", "changed", "unchanged", "held")} == {
        "file": "x.csv",
        "data_as_of": "2026-11-23T07:05:00+07:00",
        "read": 5,
        "new": 4,
        "changed": 0,
        "unchanged": 0,
        "held": False,
    }
    (rejected,) = told["rejected"]
    assert set(rejected) == {"row", "column", "value", "cause"}
    assert (rejected["row"], rejected["column"], rejected["value"]) == (9, "Ngày nhận", "32/13/2026")


def test_the_same_file_and_a_renamed_copy_change_nothing(home: Path):
    told = data("import", listing(home / "copy.csv", ROWS), home=home)
    assert (told["new"], told["changed"], told["unchanged"]) == (0, 0, 4)


def test_of_several_files_each_that_cannot_be_read_is_one_line_and_the_others_are_taken(tmp_path: Path):
    site = site_in(tmp_path / "site")
    good = listing(tmp_path / "good.csv", ROWS[:1])
    later = listing(tmp_path / "later.csv", ROWS[1:2])
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 no workbook")
    said = dunghen("import", tmp_path / "none.csv", good, broken, later, "--json", home=site.home)
    told = [json.loads(line) for line in said.stdout.splitlines()]
    assert said.exit_code == 1
    assert [one["file"] for one in told] == ["none.csv", "good.csv", "broken.xlsx", "later.csv"]
    assert [one["read"] for one in told] == [0, 1, 0, 1]
    assert all(one.keys() == told[1].keys() for one in told)
    assert [one["cause"] for one in (told[1], told[3])] == [None, None]
    assert [f"dunghen: {one['cause']}" for one in (told[0], told[2])] == said.stderr.splitlines()


def test_a_file_that_is_not_there_is_refused_without_sending_anybody_to_the_inbox(home: Path):
    refused = dunghen("import", "nope.xlsx", home=home)
    assert refused.exit_code == 1
    assert "nope.xlsx: không mở được tệp" in refused.stderr
    assert "kiểm tra đường dẫn" in refused.stderr
    assert "hộp" not in refused.stderr


def test_a_folder_in_place_of_a_file_is_an_operators_mistake(home: Path, tmp_path: Path):
    assert dunghen("import", tmp_path, home=home).exit_code == 2


def test_a_doubtful_file_is_held_with_3_until_a_person_accepts_it(home: Path, tmp_path: Path):
    older = listing(tmp_path / "older.csv", ROWS, exported="20/11/2026 16:55")
    held = data("import", older, home=home, exit_code=3)
    assert (held["held"], held["new"], held["changed"]) == (True, 0, 0)
    assert "--accept" in held["cause"]
    assert data("import", older, "--accept", home=home)["held"] is False


def test_a_dry_run_says_what_would_happen_and_changes_nothing(home: Path, tmp_path: Path):
    more = listing(
        tmp_path / "more.csv",
        [*ROWS, "H37.12-261123-0005 | 23/11/2026 07:00 | 27/11/2026 17:00 | Mới"],
        exported="23/11/2026 07:06",
    )
    assert data("import", more, "--dry-run", home=home)["new"] == 1
    assert len(data("list", home=home)) == 4
    assert data("import", more, home=home)["new"] == 1


def test_a_live_site_takes_no_other_time_than_the_clocks(tmp_path: Path):
    site = site_in(tmp_path / "site", SiteKind.LIVE)
    export = listing(tmp_path / "x.csv", ROWS)
    for words in (["sweep"], ["import", export], ["letter", "draft", "X", "--reason", "r", "--new-date", "2026-12-01"]):
        refused = dunghen(*words, "--now", MONDAY_EIGHT, home=site.home)
        assert refused.exit_code == 1
        assert "is a live site: --now would write what did not happen" in refused.stderr
        assert ("--dry-run" in refused.stderr) is (words[0] != "letter")  # which has none
        assert "dunghen init --replay" in refused.stderr
    assert data("sweep", "--now", MONDAY_EIGHT, "--dry-run", home=site.home)["dry_run"] is True


def test_a_sweep_tells_what_it_did(imported: Path, tmp_path: Path):
    home = Path(shutil.copytree(imported, tmp_path / "site"))
    told = data("sweep", "--now", "2026-11-25T08:00", home=home)
    assert told["now"] == "2026-11-25T08:00:00+07:00"  # Wed
    assert told["statuses"]["due_passed_unconfirmed"] == 1  # due on Mon, and the data end on Mon morning
    assert told["parked"] == []


def test_a_replay_may_go_back_in_time_and_the_list_shows_what_the_last_sweep_found(home: Path):
    assert data("sweep", "--now", "2026-12-14T08:00", home=home)["statuses"].get("on_track") is None
    assert {row["code"][-4:]: row["status"] for row in data("list", home=home)}["0002"] == "due_passed_unconfirmed"
    data("sweep", "--now", MONDAY_EIGHT, home=home)
    found = {row["code"][-4:]: (row["status"], row["working_days_left"]) for row in data("list", home=home)}
    assert found == {
        "0001": ("overdue", -3),
        "0002": ("due_today", 0),
        "0003": ("on_track", 12),
        "0004": ("finished_early", None),
    }


def test_a_replay_that_goes_back_says_so_in_one_line_beside_the_result(home: Path):
    said = dunghen("sweep", "--now", "2026-11-20T08:00", "--json", home=home)
    assert json.loads(said.stdout)["now"] == "2026-11-20T08:00:00+07:00"  # Fri
    assert said.stderr == (
        "dunghen: the clock of this site goes back, from 2026-11-23 08:00:00+07:00 to 2026-11-20 08:00:00+07:00: "
        "every open dossier is computed anew\n"
    )
    assert dunghen("sweep", "--now", MONDAY_EIGHT, home=home).stderr == ""


def test_a_live_sweep_tells_its_time_to_the_second(tmp_path: Path):
    home = site_in(tmp_path / "site", SiteKind.LIVE).home
    for words in ((), ("--dry-run",)):
        assert re.match(r"now: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+07:00\n", dunghen("sweep", *words, home=home).stdout)


def test_a_sweep_in_the_past_works_right_after_an_import_made_now(tmp_path: Path):
    site = site_in(tmp_path / "site")
    assert dunghen("import", listing(tmp_path / "x.csv", ROWS), home=site.home).exit_code == 0
    assert data("sweep", "--now", MONDAY_EIGHT, home=site.home)["looked_at"] == 4


def test_the_list_is_one_array_with_the_documented_keys(home: Path):
    rows = data("list", home=home)
    assert all(set(row) >= KEYS for row in rows)
    today = next(row for row in rows if row["status"] == "due_today")
    assert {key: today[key] for key in ("code", "received_at", "appointment_at", "due_on", "working_days_left")} == {
        "code": "H37.12-261116-0002",
        "received_at": "2026-11-16T08:30:00+07:00",
        "appointment_at": "2026-11-23T17:00:00+07:00",
        "due_on": "2026-11-23",
        "working_days_left": 0,
    }


def test_the_list_may_be_narrowed(home: Path):
    assert [row["code"][-4:] for row in data("list", "--open", home=home)] == ["0001", "0002", "0003"]
    assert [row["code"][-4:] for row in data("list", "--status", "overdue", home=home)] == ["0001"]
    wrong = dunghen("list", "--status", "late", home=home)
    assert wrong.exit_code == 2
    assert "due_passed_unconfirmed" in wrong.stderr


def test_the_list_for_the_eye_puts_the_most_urgent_first(home: Path):
    lines = dunghen("list", home=home).stdout.splitlines()
    assert "quá hạn" in lines[1]
    assert "đến hạn hôm nay" in lines[2]
    assert lines[-1] == "4 hồ sơ"


def test_a_dossier_is_explained_as_data_and_in_words(home: Path):
    told = data("explain", "H37.12-261109-0001", home=home)
    assert (told["status"], told["due_on"], told["data_as_of"]) == (
        "overdue",
        "2026-11-18",
        "2026-11-23T07:05:00+07:00",
    )
    assert {"limit", "trace", "events", "letter", "told", "flags", "apology_by_on", "rules_version"} <= set(told)
    said = dunghen("explain", "H37.12-261109-0001", home=home).stdout
    assert said.startswith("H37.12-261109-0001: quá hạn\n")


def test_a_dossier_is_explained_to_the_staff_in_their_own_words(home: Path):
    asked = ("--reason", "chờ ý kiến thẩm định", "--new-date", "2026-12-02", "--by", "văn phòng")
    assert dunghen("letter", "draft", "H37.12-261109-0001", *asked, home=home).exit_code == 0
    lines = dunghen("explain", "H37.12-261109-0001", home=home).stdout.splitlines()
    assert "Ghi chú: chưa xin lỗi trong hạn; trễ hẹn; chưa đối chiếu được với quy định: không rõ thời hạn" in lines
    assert "Người thụ lý: nn-hong-anh; trưởng phòng: nt-bich-ngoc (theo nguồn)" in lines
    assert "Văn bản xin lỗi: dự thảo, cho ngày thứ Tư 18/11/2026" in lines
    assert any(re.fullmatch(r"Đã nhắc: quá hạn lần \d, nn-hong-anh", line) for line in lines)
    assert "    09/11/2026 08:30  tiếp nhận  (nguồn: Mặc định/theo-doi)" in lines
    assert any(line.endswith("  trả lời Không kịp  (nguồn: văn phòng)") for line in lines)
    assert not re.findall(r"\b[a-z]+_[a-z_]+\b|received|drafted|overdue|secondary|source", "\n".join(lines))


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (STATUS_WORDS, Status),
        (FLAG_WORDS, Flag),
        (NOTE_WORDS, DeadlineNote),
        (EVENT_WORDS, EventKind),
        (STEP_WORDS, Step),
        (LETTER_WORDS, LetterState),
        (MESSAGE_WORDS, OutboxState),
        (EVIDENCE_WORDS, Evidence),
        (SITE_WORDS, SiteKind),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_whatever_the_core_names_the_staff_read_in_vietnamese(words: Mapping[str, str], names: type[StrEnum]):
    assert set(words) == set(names)
    assert len(set(words.values())) == len(words)


def test_an_unknown_code_is_one_line(home: Path):
    refused = dunghen("explain", "H37.12-1", home=home)
    assert refused.exit_code == 1
    assert refused.stderr.startswith("dunghen: no dossier H37.12-1")
    assert refused.stderr.count("\n") == 1


def test_no_output_names_the_citizen(home: Path, tmp_path: Path):
    export = listing(tmp_path / "again.csv", [*ROWS, "|20/11/2026 09:00|26/11/2026 17:00|Mới"], "23/11/2026 07:07")
    commands: list[tuple[object, ...]] = [("import", export), ("sweep", "--all"), ("list",), ("doctor",)]
    commands += [("explain", row.split(" | ")[0]) for row in ROWS]
    said = "".join(dunghen(*words, *more, home=home).output for words in commands for more in ((), ("--json",)))
    assert "H37.12-261109-0001" in said
    assert not [part for part in PLANTED if part in said]


def test_a_cell_cannot_speak_to_the_terminal(tmp_path: Path):
    site = site_in(tmp_path / "site")
    export = listing(tmp_path / "x.csv", ["H37.12-261120-0009 | \x1b[2Jhôm qua | 26/11/2026 17:00 | Mới"])
    assert "\x1b" not in dunghen("import", export, home=site.home).output


def test_a_letter_is_drafted_as_a_pdf_under_the_dossiers_code(home: Path, tmp_path: Path):
    asked = ("letter", "draft", "H37.12-261109-0001", "--reason", "chờ ý kiến thẩm định", "--new-date", "2026-12-02")
    said = dunghen(*asked, "--out", tmp_path / "thu", "--by", "Bế Nhật Quang", home=home)
    assert said.exit_code == 0, said.stderr
    (pdf,) = (tmp_path / "thu").iterdir()
    assert pdf.name == "H37.12-261109-0001-xin-loi-20261118.pdf"
    assert "chờ ý kiến thẩm định" in " ".join(PdfReader(pdf).pages[0].extract_text().split())
    assert data("explain", "H37.12-261109-0001", home=home)["letter"] == {
        "state": "drafted",
        "promised_on": "2026-11-18",
    }
    assert "BẢN IN LẠI" in dunghen(*asked, "--out", tmp_path / "thu", home=home).stdout


def test_a_later_draft_leaves_the_earlier_paper_as_it_is_and_the_same_paper_is_the_same_file(home: Path):
    def drafted(reason: str) -> str:
        asked = ("--reason", reason, "--new-date", "2026-12-02", "--now", MONDAY_EIGHT)
        return Path(data("letter", "draft", "H37.12-261109-0001", *asked, home=home)["file"]).name

    first, second = "H37.12-261109-0001-xin-loi-20261118.pdf", "H37.12-261109-0001-xin-loi-20261118-2.pdf"
    papers = home / "data" / "letters"
    assert drafted("chờ ý kiến thẩm định") == first
    before = (papers / first).read_bytes()
    assert drafted("thiếu chữ ký của đơn vị phối hợp") == second
    assert (papers / first).read_bytes() == before
    assert "thiếu chữ ký" in " ".join(PdfReader(papers / second).pages[0].extract_text().split())
    assert drafted("chờ ý kiến thẩm định") == first  # other words than the last draft: no reprint, the same paper
    assert {path.name for path in papers.iterdir()} == {first, second}


@pytest.mark.parametrize(
    ("code", "new_date", "exit_code", "said"),
    [
        ("H37.12-261109-0001", "2026-11-24", 1, "24"),  # Tue, Vietnam Culture Day
        ("H37.12-261109-0001", "mai", 2, "is not a date: write for example 2026-12-02"),
        ("H37.12-261110-0004", "2026-12-02", 1, "has ended"),
        ("H37.12-9", "2026-12-02", 1, "no dossier H37.12-9"),
    ],
)
def test_a_letter_that_may_not_be_written_is_refused_in_one_line(
    home: Path, code: str, new_date: str, exit_code: int, said: str
):
    refused = dunghen("letter", "draft", code, "--reason", "chờ ý kiến", "--new-date", new_date, home=home)
    assert refused.exit_code == exit_code
    assert said in refused.stderr
    assert not list((home / "data" / "letters").iterdir())


def test_output_is_utf_8_in_an_ascii_world_and_a_broken_pipe_is_quiet(home: Path):
    environment = os.environ | {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    listing_it = started("list", "--json", home=home, env=environment)
    told, _ = listing_it.communicate()
    assert json.loads(told)[0]["flags"] is not None
    with started("explain", "H37.12-261109-0001", home=home, env=environment) as explaining:
        assert explaining.stdout is not None
        assert explaining.stderr is not None
        explaining.stdout.close()  # like `| head -0`
        assert explaining.stderr.read() == ""


def test_a_database_that_may_not_be_written_is_one_line_without_a_traceback(home: Path):
    for folder, _, files in os.walk(home):
        for name in files:
            (Path(folder) / name).chmod(0o444)
        Path(folder).chmod(0o555)
    for parent in home.parents[:3]:
        parent.chmod(0o755)
    command = as_nobody([sys.executable, "-m", "monitor", "--home", str(home), "sweep", "--now", MONDAY_EIGHT])
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr
    assert re.fullmatch(r"dunghen: .+\n", ended.stderr), ended.stderr


def test_every_sample_is_taken_and_every_status_is_seen(tmp_path: Path):
    home = site_in(tmp_path / "site").home
    files = [path for path in SAMPLES.iterdir() if path.suffix != ".md"]
    files.sort(key=lambda path: ("1123" in path.name, path.suffix != ".json", path.name))
    assert dunghen("import", *files, "--now", "2026-11-23T07:10", home=home).exit_code == 0
    statuses = data("sweep", "--now", MONDAY_EIGHT, home=home)["statuses"]
    assert (statuses["overdue"], statuses["due_today"], statuses["apology_due"], statuses["near_due"]) == (
        10,
        10,
        13,
        12,
    )
    assert datetime.fromisoformat(data("list", home=home)[0]["received_at"]) < MONDAY_MORNING
