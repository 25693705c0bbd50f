"""`dunghen due`: the day a clerk may promise, from the words on the slip."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT, data, dunghen, site_in

CASES = ROOT / "tests" / "cases" / "deadlines_vietnam.csv"
FRIDAY = "2026-11-20 09:00"


def test_the_answer_has_exactly_the_documented_keys_and_formats():
    told = data("due", "--received", FRIDAY, "--limit", "3 ngày làm việc")
    trace = told.pop("trace")
    assert told == {
        "received_at": "2026-11-20T09:00:00+07:00",
        "limit": 3,
        "unit": "working_day",
        "law_due_on": "2026-11-26",  # Thursday; Tuesday 24/11 is Vietnam Culture Day
        "due_on": "2026-11-26",
        "due_at": "2026-11-26T17:00:00+07:00",
        "apology_by_on": "2026-11-25",
        "provisional": False,
        "notes": [],
    }
    assert [day["on"] for day in trace if day["kind"] == "counted"] == ["2026-11-23", "2026-11-25", "2026-11-26"]
    assert "Ngày Văn hóa Việt Nam (NQ 28/2026/QH16)" in next(day["text"] for day in trace if day["kind"] == "day_off")


@pytest.mark.parametrize(
    ("received", "limit", "more", "due_at"),
    [
        (FRIDAY, "3 working_day", (), "2026-11-26T17:00:00+07:00"),  # Thu
        ("20/11/2026 09:00", "15 ngày", (), "2026-12-07T17:00:00+07:00"),  # Sat 5/12 rolls to Mon
        ("2026-11-20 09:00", "8 giờ làm việc", (), "2026-11-23T09:30:00+07:00"),  # 7 h 30 a day: Fri 6 h, Mon 2 h
        ("2026-11-20 09:00", "nửa ngày làm việc", (), "2026-11-20T17:00:00+07:00"),  # Fri before noon: that day
        ("2026-11-20 14:00", "1/2 ngày", (), "2026-11-23T11:30:00+07:00"),  # Fri after noon: Mon noon
        ("2026-11-20 14:59", "trong ngày", ("--cut-off", "15:00"), "2026-11-20T17:00:00+07:00"),  # Fri
        ("2026-11-20 15:01", "trong ngày", ("--cut-off", "15:00"), "2026-11-23T17:00:00+07:00"),  # Mon
        ("2026-08-31 09:00", "1 tháng", (), "2026-09-30T17:00:00+07:00"),  # Mon 31/8 to Wed 30/9, the month's last day
        ("2026-01-09 09:00", "1 ngày làm việc", (), "2026-01-10T17:00:00+07:00"),  # Sat worked for Fri 2/1
    ],
)
def test_every_unit_is_counted_as_the_law_counts_it(received: str, limit: str, more: tuple[str, ...], due_at: str):
    assert data("due", "--received", received, "--limit", limit, *more)["due_at"] == due_at


def test_the_earlier_of_appointment_and_law_is_what_counts_and_both_are_told():
    told = data("due", "--received", FRIDAY, "--limit", "3 ngày làm việc", "--appointment", "2026-11-25 16:00")
    assert (told["due_on"], told["law_due_on"]) == ("2026-11-25", "2026-11-26")


def test_a_clerk_can_read_the_explanation_aloud():
    said = dunghen("due", "--received", FRIDAY, "--limit", "3 ngày làm việc").stdout.splitlines()
    assert "thứ Ba 24/11/2026: bỏ qua, ngày nghỉ, Ngày Văn hóa Việt Nam (NQ 28/2026/QH16)" in said[4]
    assert said[-2:] == [
        "Hạn trả kết quả: 17:00 thứ Năm 26/11/2026, theo thời hạn 3 ngày làm việc",
        "Nếu không kịp, xin lỗi chậm nhất: thứ Tư 25/11/2026",
    ]


THREE_DAYS = ("--received", FRIDAY, "--limit", "3 ngày làm việc", "--appointment")
SHORT = "Thời hạn quá ngắn: không còn ngày nào để xin lỗi trước hạn."
PROVISIONAL = "Tạm tính: có ngày hoặc giờ làm việc chưa được văn bản chính thức xác nhận."
BY_THURSDAY = "Hạn trả kết quả: 17:00 thứ Năm 26/11/2026, theo thời hạn 3 ngày làm việc"
SORRY_BY_WEDNESDAY = "Nếu không kịp, xin lỗi chậm nhất: thứ Tư 25/11/2026"
UNUSABLE = (
    "Lưu ý: ngày hẹn trả không dùng được (trước ngày nhận, hoặc xa hơn ba lần thời hạn): cần đính chính phiếu hẹn."
)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            (*THREE_DAYS, "2026-11-25 16:00"),  # Wed, a day before the limit ends
            [
                "Hạn trả kết quả: 17:00 thứ Tư 25/11/2026, theo Ngày hẹn trả",
                "Hạn theo quy định: 17:00 thứ Năm 26/11/2026",
                "Nếu không kịp, xin lỗi chậm nhất: thứ Hai 23/11/2026",
            ],
        ),
        (
            (*THREE_DAYS, "26/11/2026"),  # Thu
            [
                "Hạn trả kết quả: 17:00 thứ Năm 26/11/2026, theo Ngày hẹn trả và thời hạn 3 ngày làm việc",
                SORRY_BY_WEDNESDAY,
            ],
        ),
        (
            (*THREE_DAYS, "2026-11-30"),  # Mon
            [
                BY_THURSDAY,
                "Ngày hẹn trả: 17:00 thứ Hai 30/11/2026",
                SORRY_BY_WEDNESDAY,
                "Lưu ý: hẹn muộn hơn quy định.",
            ],
        ),
        ((*THREE_DAYS, "2026-11-10"), [BY_THURSDAY, SORRY_BY_WEDNESDAY, UNUSABLE]),  # before receipt
        ((*THREE_DAYS, "2027-11-30"), [BY_THURSDAY, SORRY_BY_WEDNESDAY, UNUSABLE]),  # the wrong year
        (
            ("--received", "2026-11-20", "--limit", "8 giờ làm việc", "--appointment", "2026-11-20 16:00"),
            [
                "Hạn trả kết quả: 16:00 thứ Sáu 20/11/2026, theo Ngày hẹn trả",
                "Hạn theo quy định: 08:00 thứ Hai 23/11/2026",
                SHORT,
                PROVISIONAL,
                "Lưu ý: giờ làm việc chưa được văn bản chính thức xác nhận.",
                "Lưu ý: nhận không ghi giờ: coi như nhận đầu giờ làm việc của ngày đó.",
            ],
        ),
        (
            ("--received", FRIDAY, "--limit", "1/2 ngày"),
            ["Hạn trả kết quả: 17:00 thứ Sáu 20/11/2026, theo thời hạn nửa ngày làm việc", SHORT],
        ),
        (
            ("--received", FRIDAY, "--limit", "1 month"),
            [
                "Hạn trả kết quả: 17:00 thứ Hai 21/12/2026, theo thời hạn 1 tháng",  # Sun 20/12 rolls to Mon
                "Nếu không kịp, xin lỗi chậm nhất: thứ Sáu 18/12/2026",
            ],
        ),
        (
            ("--received", FRIDAY, "--limit", "same_day"),
            ["Hạn trả kết quả: 17:00 thứ Sáu 20/11/2026, theo thời hạn trong ngày", SHORT],
        ),
    ],
)
def test_the_ground_of_the_date_and_every_note_are_said_in_words(words: tuple[str, ...], told: list[str]):
    lines = dunghen("due", *words).stdout.splitlines()
    assert [line for line in lines if not line.startswith("  ")] == told  # the days counted are indented


def test_every_case_from_vietnam_is_right_in_one_batch():
    told = [json.loads(line) for line in dunghen("due", "--batch", CASES, "--json").stdout.splitlines()]
    with CASES.open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    assert len(told) == len(expected) == 16
    assert [one["due_on"] for one in told] == [row["due_on"] for row in expected]
    stated = [(one["apology_by_on"], row["apology_by_on"]) for one, row in zip(told, expected, strict=True)]
    assert all(ours == theirs for ours, theirs in stated if theirs)


def test_a_bad_row_of_a_batch_says_its_line_in_its_place_and_the_end_is_1(tmp_path: Path):
    batch = tmp_path / "cases.csv"
    rows = ["note;Received_At;limit;unit", "x;20/11/2026 09:00;3;ngày làm việc", "x;không rõ;3;ngày", "x;2026-11-20"]
    rows += ["", "x;2026-11-20;99999999999999999999;ngày", "x;2099-01-01;1;ngày làm việc", "x;2026-11-20;1;tuần trăng"]
    rows += ["x;2026-11-20 09:00;1;tháng"]
    batch.write_text("\n".join(rows), encoding="utf-8-sig")
    said = dunghen("due", "--batch", batch, "--json")
    told = [json.loads(line) for line in said.stdout.splitlines()]
    assert said.exit_code == 1
    assert said.stderr == "dunghen: 5 of the rows could not be computed; each says why in its line\n"
    assert [one.get("row", one.get("due_on")) for one in told] == ["2026-11-26", 3, 4, 6, 7, 8, "2026-12-21"]
    assert all(set(one) == {"row", "error"} for one in told[1:6])
    assert "add the missing year's rows to rules/calendar.csv" in told[4]["error"]


def test_a_number_before_same_day_is_refused_with_what_to_write(tmp_path: Path):
    batch = tmp_path / "cases.csv"
    batch.write_text("received_at,limit,unit\n2026-11-20 09:00,0,same_day\n2026-11-20 09:00,,same_day\n")
    refused, told = (json.loads(line) for line in dunghen("due", "--batch", batch).stdout.splitlines())
    assert refused["error"].endswith("leave the column limit empty, or write same_day alone")
    assert told["due_on"] == "2026-11-20"
    assert "or write trong ngày alone" in dunghen("due", "--received", FRIDAY, "--limit", "0 trong ngày").stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no column limit, received_at"),
        (b"a,b\n1,2\n", "no column limit, received_at"),
        ("received_at,limit\n2026-11-20,3 ngày".encode("utf-16"), "is not UTF-8 text"),
        (b'received_at,limit\n"2026-11-20' + b"x" * 200_000, "not a table of text"),
    ],
)
def test_a_file_that_is_no_batch_is_refused_in_one_line(tmp_path: Path, content: bytes, said: str):
    (tmp_path / "cases.csv").write_bytes(content)
    refused = dunghen("due", "--batch", tmp_path / "cases.csv")
    assert refused.exit_code == 1
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (("--received", "2026-11-20"), 2, "give --received and --limit"),
        (("--received", "11/25/2026", "--limit", "3 ngày"), 1, "không đoán"),
        (("--received", FRIDAY, "--limit", "vài hôm"), 1, "is not understood"),
        (("--received", FRIDAY, "--limit", "500 ngày làm việc"), 1, "leaves the official calendar"),
        (("--received", FRIDAY, "--limit", "trong ngày", "--cut-off", "3 giờ chiều"), 1, "write for example 15:00"),
        (("--batch", "/nowhere.csv"), 2, "does not exist"),
    ],
)
def test_what_cannot_be_counted_is_said_in_one_line(words: tuple[str, ...], exit_code: int, said: str):
    refused = dunghen("due", *words)
    assert refused.exit_code == exit_code
    assert said in refused.stderr
    assert refused.stdout == ""


def test_in_a_site_the_rules_in_force_count_and_not_the_edited_ones(tmp_path: Path):
    site = site_in(tmp_path / "site")
    calendar = site.rules / "calendar.csv"
    with calendar.open("a", encoding="utf-8") as table:
        table.write("2026-11-25,off,,Nghỉ do bão,QĐ 1/QĐ-UBND,confirmed\n")
    asked = ("due", "--received", FRIDAY, "--limit", "3 ngày làm việc")
    assert data(*asked, home=site.home)["due_on"] == "2026-11-26"  # Thu
    assert data(*asked, "--rules", site.rules)["due_on"] == "2026-11-27"  # Fri, with a day off more


def test_a_folder_that_was_named_and_is_no_site_is_a_mistake(tmp_path: Path):
    refused = dunghen("due", "--received", FRIDAY, "--limit", "3 ngày", home=tmp_path)
    assert refused.exit_code == 1
    assert "is not a site" in refused.stderr


def test_outside_a_site_no_database_is_imported_so_that_the_answer_comes_at_once():
    asked = f"['due', '--received', '{FRIDAY}', '--limit', '3 working_day']"
    program = (
        "import sys; from monitor.cli import cli\n"
        f"cli({asked}, standalone_mode=False)\n"
        "print(sorted({'sqlmodel', 'sqlalchemy', 'alembic', 'apscheduler', 'typst'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ended.stdout.splitlines()[-1] == "[]"
