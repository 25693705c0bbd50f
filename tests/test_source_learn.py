"""`dunghen source`: an example file becomes the proposal of a rule, without naming a citizen; and who sends what."""

import json
import tomllib
from pathlib import Path

import pytest
from command import PLANTED, SAMPLES, data, dunghen, listing, site_in
from intake_lists import FOLLOW_UP, book, dossier, portal, sheet, text

from monitor.rules import load_rules
from monitor.source import FileFormat, Layout, Scope

NAME, ADDRESS, PHONE = PLANTED


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return site_in(tmp_path / "site").home


def columns(learned: dict) -> dict[str, dict]:
    return {one["header"]: one for one in learned["columns"]}


class TestColumns:
    def test_each_is_shown_with_how_it_was_understood_and_how_full_it_is(self, tmp_path: Path):
        rows = [
            dossier(number, **{"Ngày kết thúc xử lý": "" if number % 4 else "24/11/2026"}) for number in range(1, 9)
        ]
        seen = columns(data("source", "learn", sheet(tmp_path / "theo-doi.xlsx", *rows)))
        assert list(seen) == FOLLOW_UP
        received = seen["Ngày nhận"]
        assert (received["field"], received["understanding"], received["filled"]) == ("received_at", "known", 1.0)
        assert received["examples"] == ["20/11/2026 09:00"]
        assert seen["Ngày kết thúc xử lý"]["filled"] == 0.25
        assert (seen["STT"]["field"], seen["STT"]["understanding"]) == (None, "unused")

    def test_what_is_not_known_is_guessed_from_its_cells_and_from_its_words(self, tmp_path: Path):
        header = ["Mã", "Được nộp", "Hẹn lấy kết quả", "Tiến độ", "Quy định", "Chuyên viên", "Ghi chú"]
        cells = ["20/11/2026 09:00", "26/11/2026 17:00", "Đang xử lý", "03 ngày làm việc", "Nguyễn Ngọc Hồng Ánh", NAME]
        rows = [[f"H37.12-261120-{number:04}", *cells] for number in range(1, 6)]
        learned = data("source", "learn", book(tmp_path / "la.xlsx", [["BÁO CÁO"], header, *rows]))
        understood = {head: (one["field"], one["understanding"]) for head, one in columns(learned).items()}
        assert understood == {
            "Mã": ("code", "guessed"),
            "Được nộp": (None, "unused"),  # a date, and nobody can say which
            "Hẹn lấy kết quả": ("appointment_at", "guessed"),
            "Tiến độ": ("status", "guessed"),
            "Quy định": ("stated_limit", "guessed"),
            "Chuyên viên": ("handling_officer", "guessed"),
            "Ghi chú": (None, "unused"),
        }
        assert learned["row_count"] == 5
        rule = tomllib.loads(learned["proposal"])
        assert rule["columns"]["Mã"] == "code"
        assert rule["columns"]["Hẹn lấy kết quả"] == "appointment_at"

    def test_units_and_persons_are_matched_against_the_organisation(self, tmp_path: Path):
        header = ["Mã hồ sơ", "Ngày nhận", "Đơn vị/cá nhân giải quyết quá hạn"]
        ours = ["P.ĐKKD", "Nguyễn Ngọc Hồng Ánh", "Ai Đó Nơi Khác", ""]
        rows = [[f"H37.12-261120-{number:04}", "20/11/2026", one] for number, one in enumerate(ours, 1)]
        holder = columns(data("source", "learn", sheet(tmp_path / "qua-han.xlsx", *rows, header=header)))[header[-1]]
        assert (holder["field"], holder["ours"], holder["filled"]) == ("unit_or_person", 0.6667, 0.75)

    def test_of_two_headers_for_one_field_the_second_is_shown_as_that(self, tmp_path: Path):
        header = ["Mã hồ sơ", "Ngày nhận", "Ngày tiếp nhận"]
        rows = [["H37.12-261120-0001", "20/11/2026", "21/11/2026"]]
        learned = data("source", "learn", sheet(tmp_path / "a.xlsx", *rows, header=header))
        assert columns(learned)["Ngày tiếp nhận"]["understanding"] == "rival"
        assert any("“Ngày nhận”" in finding and "“Ngày tiếp nhận”" in finding for finding in learned["findings"])

    def test_unknown_status_words_and_numbers_of_applicants_are_counted(self, tmp_path: Path):
        rows = [
            dossier(number, **{"Trạng thái": "Chờ ký số" if number > 2 else "Đang xử lý"}) for number in range(1, 6)
        ]
        learned = data("source", "learn", sheet(tmp_path / "a.xlsx", *rows))
        assert learned["unknown_statuses"] == {"Chờ ký số": 3}
        assert '# "Chờ ký số" = "…"  # 3 hồ sơ' in learned["proposal"]
        records = [{"MaHoSo": f"H37.12-261120-000{kind}", "LoaiDoiTuong": kind} for kind in (0, 1, 2)]
        learned = data("source", "learn", portal(tmp_path / "a.json", *records))
        assert learned["applicant_kinds"] == {"0": 1, "1": 1, "2": 1}
        assert '# "0" = "…"' in learned["proposal"]


class TestPersonalData:
    @pytest.mark.parametrize("as_json", [True, False])
    def test_no_citizen_is_in_what_is_shown_whatever_the_column_is_called(self, tmp_path: Path, as_json: bool):
        header = [
            "Mã hồ sơ",
            "Ngày nhận",
            "Tên nội dung",
            "Lĩnh vực",
            "Đơn vị",
            "Lý do trễ hẹn",
            "Họ tên",
            "Nơi ở",
            "Di động",
        ]
        cells = ["20/11/2026", NAME, NAME, NAME, NAME, NAME, ADDRESS, PHONE]
        rows = [[f"H37.12-261120-{number:04}", *cells] for number in range(1, 9)]
        said = dunghen("source", "learn", sheet(tmp_path / "a.xlsx", *rows, header=header), *["--json"] * as_json)
        assert said.exit_code == 0, said.output
        for planted in (*PLANTED, "Kín", "Đáo", "987654"):
            assert planted not in said.output
        assert "Xxx Xxx Xxx Xxx" in said.output
        assert "9999999999" in said.output

    def test_a_member_of_staff_who_applies_is_a_citizen_too(self, tmp_path: Path):
        officer = "Nguyễn Ngọc Hồng Ánh"
        cells = {"Chủ hồ sơ": officer, "Người nộp": officer, "Địa chỉ": "Văn phòng Sở"}
        seen = columns(data("source", "learn", sheet(tmp_path / "a.xlsx", dossier(1, **cells))))
        assert seen["Người nộp"]["examples"] == seen["Chủ hồ sơ"]["examples"] == ["Xxxxxx Xxxx Xxxx Xxx"]
        assert seen["Địa chỉ"]["examples"] == ["Xxx xxxxx Xx"]

    def test_a_birthday_in_a_column_that_nothing_is_read_from_is_none_to_be_shown(self, tmp_path: Path):
        header = ["Mã hồ sơ", "Ngày nhận", "Ngày sinh"]
        path = sheet(tmp_path / "a.xlsx", ["H37.12-261120-0001", "20/11/2026", "01/02/1990"], header=header)
        assert columns(data("source", "learn", path))["Ngày sinh"]["examples"] == ["99/99/9999"]

    def test_nor_in_the_samples_or_in_what_cannot_be_read(self, tmp_path: Path):
        garbled = sheet(tmp_path / "a.xlsx", dossier(1, **{"Địa chỉ": "C«ng ty TNHH", "Ngày nhận": "sai"}))
        assert "C«ng" not in dunghen("source", "learn", garbled).output
        refused = dunghen("source", "learn", book(tmp_path / "b.xlsx", [[1, 2], [3, 4]]))
        assert (refused.exit_code, refused.stdout) == (1, "")


class TestWhatTheFileSays:
    @pytest.mark.parametrize(
        ("file", "form", "layout", "scope", "origin"),
        [
            ("theo-doi-ho-so-20261123-0705.xlsx", "sheet", "theo-doi", "received_between", "title"),
            ("ho-so-qua-han-20261120-1655.csv", "delimited", "qua-han", "partial", "title"),
            ("dong-bo-ho-so-20261120-1655.json", "portal", "dong-bo", "partial", "name"),
            ("tien-do-20261120-1655.json", "portal", "tien-do", "partial", "name"),
        ],
    )
    def test_format_layout_scope_and_freshness_are_proposed(
        self, file: str, form: str, layout: str, scope: str, origin: str
    ):
        learned = data("source", "learn", SAMPLES / file)
        said = (learned["format"], learned["layout"], learned["scope"], learned["data_as_of_origin"])
        assert said == (form, layout, scope, origin)

    def test_a_file_that_says_nowhere_how_fresh_it_is_is_told_so(self, tmp_path: Path):
        learned = data("source", "learn", text(tmp_path / "a.csv", [FOLLOW_UP, dossier(1)]))
        assert (learned["data_as_of_origin"], learned["data_as_of_estimated"]) == ("time", True)
        assert "# data_as_of_pattern = " in learned["proposal"]


class TestWriting:
    FILE = SAMPLES / "theo-doi-ho-so-20261123-0705.xlsx"

    def test_the_proposal_is_a_rule_that_holds_once_a_person_accepts_it(self, home: Path):
        said = dunghen("source", "learn", self.FILE, "--name", "Một cửa tỉnh", "--write", home=home)
        assert "rules accept" in said.output
        path = home / "rules" / "sources" / "mot-cua-tinh.toml"
        source, default = load_rules(home / "rules").sources
        assert (source.name, source.files, default.name) == ("Một cửa tỉnh", ("theo-doi-ho-so-*.xlsx",), "Mặc định")
        assert (source.format, source.layout) == (FileFormat.SHEET, Layout.FOLLOW_UP)
        assert source.scope is Scope.RECEIVED_BETWEEN
        taken = data("import", self.FILE, "--dry-run", home=home)
        assert taken["source"] == "Mặc định/theo-doi"  # written, and not in force
        assert dunghen("rules", "accept", "--by", "nb", "--reason", "QĐ 1", home=home).exit_code == 0
        assert data("import", self.FILE, "--dry-run", home=home)["source"] == "Một cửa tỉnh/theo-doi"
        assert path.read_text("utf-8").startswith("# Đề xuất từ tệp theo-doi-ho-so-20261123-0705.xlsx")

    def test_nothing_is_overwritten(self, home: Path):
        assert dunghen("source", "learn", self.FILE, "--write", home=home).exit_code == 0
        path = home / "rules" / "sources" / "theo-doi-ho-so.toml"
        path.write_text(path.read_text("utf-8") + "# sửa tay\n", "utf-8")
        said = dunghen("source", "learn", self.FILE, "--write", home=home)
        assert (said.exit_code, said.stdout) == (1, "")
        assert "theo-doi-ho-so.toml is there already and is not overwritten" in said.stderr
        assert path.read_text("utf-8").endswith("# sửa tay\n")

    def test_a_claim_that_another_source_has_is_refused_and_nothing_is_written(self, home: Path):
        assert dunghen("source", "learn", self.FILE, "--write", home=home).exit_code == 0
        said = dunghen("source", "learn", self.FILE, "--name", "khác", "--write", home=home)
        assert said.exit_code == 1
        assert "claim the same file names" in said.stderr
        assert not (home / "rules" / "sources" / "khac.toml").exists()

    def test_it_needs_a_site(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(tmp_path)
        said = dunghen("source", "learn", self.FILE, "--write")
        assert said.exit_code == 1
        assert "--write needs a site" in said.stderr

    def test_headers_made_to_break_a_rule_file_do_not(self, tmp_path: Path, home: Path):
        header = ["Mã hồ sơ", "Ngày nhận", 'Hẹn "lấy" kết quả', 'a" = 1\n[statuses]\n"x', "[đỏ]\\"]
        path = sheet(tmp_path / "a.xlsx", ["H37.12-261120-0001", "20/11/2026", "26/11/2026", "", ""], header=header)
        learned = data("source", "learn", path, "--write", home=home)
        rule = tomllib.loads(learned["proposal"])
        assert rule["columns"] == {'Hẹn "lấy" kết quả': "appointment_at"}
        assert "statuses" not in rule
        assert dunghen("source", "learn", path).exit_code == 0


class TestList:
    def test_each_source_is_shown_with_its_last_file_and_who_is_told(self, tmp_path: Path, home: Path):
        rule = 'name = "Một cửa tỉnh"\nfiles = ["tinh-*"]\ntold = ["nt-bich-ngoc"]\nexpected_by = "08:30"\n'
        (home / "rules" / "sources" / "tinh.toml").write_text(rule, "utf-8")
        assert dunghen("rules", "accept", "--by", "nb", "--reason", "QĐ 1", home=home).exit_code == 0
        row = "H37.12-261120-{:04} | 20/11/2026 09:00 | 26/11/2026 17:00 | Đang xử lý"
        whole = listing(tmp_path / "tinh-1.csv", [row.format(number) for number in range(1, 7)])
        short = listing(tmp_path / "tinh-2.csv", [row.format(1)], exported="23/11/2026 07:10")
        now = ("--now", "2026-11-23T07:20")
        assert dunghen("import", whole, *now, home=home).exit_code == 0
        assert dunghen("import", short, *now, home=home).exit_code == 3
        province, default = data("source", "list", home=home)
        assert (province["name"], province["told"], province["expected_by"]) == (
            "Một cửa tỉnh",
            ["nt-bich-ngoc"],
            "08:30",
        )
        [follow_up] = province["lists"]
        assert (follow_up["rows"], follow_up["last_file"], follow_up["held"]) == (6, "tinh-2.csv", True)
        assert follow_up["data_as_of"] == "2026-11-23T07:05:00+07:00"
        assert (default["name"], default["lists"]) == ("Mặc định", [])
        said = dunghen("source", "list", home=home).output
        assert "Một cửa tỉnh: tệp tinh-*, phải có trước 08:30, báo cho nt-bich-ngoc" in said
        assert "ĐANG GIỮ LẠI: Tệp có 1 hồ sơ, lần trước 6" in said
        json.dumps(province)
