"""The report of an import: what a clerk can act on, on the terminal, as data, as a workbook and kept with the file."""

import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from office import many, row, take, write_list
from official import at
from python_calamine import CalamineWorkbook

from monitor.comparison import ImportReport, report_of
from monitor.intake import Inbox, IntakeError, Rejection
from monitor.intake.inbox import REPORT_ENDING
from monitor.reports import ReportNotWritten, as_data, import_lines, write_import_workbook
from monitor.store import ImportState, Store, open_store
from tests.command import data, dunghen, listing, site_in

FRIDAY, MONDAY = "Fri 2026-11-20 16:55", "Mon 2026-11-23 07:05"
NOW = "Mon 2026-11-23 07:10"
STRANGE = {"procedure_code": "", "procedure": "Việc lạ"}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def kept(store: Store, import_id: int | None) -> ImportReport:
    assert import_id is not None
    file = store.import_of(import_id)
    assert file is not None
    return report_of(file, store.rejections(import_id))


def sheets(path: Path) -> dict[str, list[list[str]]]:
    book = CalamineWorkbook.from_path(path)
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def with_unknown_procedures(*names: str) -> list[dict[str, str]]:
    return [
        dict(row(f"H37.12-261119-{number:04}", **(STRANGE | {"procedure": name})))
        for number, name in enumerate(names, 1)
    ]


class TestMatchedShare:
    def test_it_counts_the_rows_that_were_read_anew(self, store: Store, tmp_path: Path):
        strange = with_unknown_procedures("Việc lạ", "Việc lạ", "Việc khác")
        report = take(store, write_list(tmp_path, FRIDAY, [*many(9), *strange]), NOW)
        assert (report.matched, report.unmatched) == (9, 3)
        assert "  Thủ tục: đối chiếu được 75 % (9/12 dòng mới đọc)" in import_lines(report)
        again = take(store, write_list(tmp_path, MONDAY, [*many(9), *strange, row("H37.12-261120-0099")]), NOW)
        assert (again.matched, again.unmatched) == (1, 0), "the other rows are as they were, and not looked up again"

    def test_it_is_never_rounded_up(self):
        report = ImportReport(file="a.xlsx", matched=999, unmatched=1)
        assert "  Thủ tục: đối chiếu được 99 % (999/1000 dòng mới đọc)" in import_lines(report)

    def test_a_file_without_news_has_none(self):
        report = ImportReport(file="a.xlsx")
        assert report.matched_share is None
        assert not any("đối chiếu" in line for line in import_lines(report))

    def test_the_ten_commonest_unknown_names_stand_with_their_counts(self, store: Store, tmp_path: Path):
        names = [name for number in range(1, 13) for name in [f"Việc lạ {number:02}"] * number]
        report = take(store, write_list(tmp_path, FRIDAY, [*many(1), *with_unknown_procedures(*names)]), NOW)
        assert report.commonest_unmatched == [(f"Việc lạ {number:02}", number) for number in range(12, 2, -1)]
        assert as_data(report)["unmatched_names"][0] == {"name": "Việc lạ 12", "rows": 12}
        assert "      12  Việc lạ 12" in import_lines(report)

    def test_a_row_without_procedure_is_counted_under_its_own_words(self, store: Store, tmp_path: Path):
        nameless = row(procedure_code="", procedure="")
        report = take(store, write_list(tmp_path, FRIDAY, [nameless, row("H37.12-261120-0002")]), NOW)
        assert report.unmatched_names == Counter({"(không ghi thủ tục)": 1})


class TestKept:
    def test_the_report_of_an_accepted_file_is_as_it_was(self, store: Store, tmp_path: Path):
        strange = with_unknown_procedures("Việc lạ", "Việc lạ")
        bad = row("H37.12-261120-0009", received="35/11/2026")
        report = take(store, write_list(tmp_path, FRIDAY, [*many(3), *strange, bad, row("la-1")]), NOW)
        assert report.findings, "an odd code is one"
        again = kept(store, report.import_id)
        assert as_data(again) == as_data(report)

    def test_so_is_that_of_a_held_one_with_its_cause(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(10)), NOW)
        report = take(store, write_list(tmp_path, MONDAY, many(3)), NOW)
        again = kept(store, report.import_id)
        assert (again.held, again.read, again.cause) == (True, 3, report.cause)
        assert as_data(again) == as_data(report)

    def test_the_same_file_again_shows_what_was_found_the_first_time(self, store: Store, tmp_path: Path):
        path = write_list(tmp_path, FRIDAY, [*many(1), *with_unknown_procedures("Việc lạ"), row("la-1")])
        first = take(store, path, NOW)
        again = take(store, path, "Mon 2026-11-23 09:00")
        assert again.already_imported
        assert (again.findings, again.matched, again.unmatched_names) == (
            first.findings,
            2,
            Counter({"Việc lạ": 1}),
        )

    def test_a_file_that_cannot_be_read_stands_among_the_imports_with_its_cause(self, store: Store, tmp_path: Path):
        path = tmp_path / "hong.xlsx"
        path.write_bytes(b"PK\x03\x04 no workbook")
        for _ in range(2):
            with pytest.raises(IntakeError):
                take(store, path, NOW)
        (file,) = store.imports()
        assert (file.state, file.file_name, file.source) == (ImportState.REFUSED, "hong.xlsx", "Mặc định/")
        assert "hong.xlsx: tệp hỏng" in (file.cause or "")
        assert kept(store, file.id).refused
        assert store.sources() == []

    def test_a_rehearsal_and_a_file_that_is_not_there_leave_nothing(self, store: Store, tmp_path: Path):
        broken = tmp_path / "hong.xlsx"
        broken.write_bytes(b"PK\x03\x04 no workbook")
        with pytest.raises(IntakeError):
            take(store, broken, NOW, dry_run=True)
        with pytest.raises(IntakeError):
            take(store, tmp_path / "khong-co.xlsx", NOW)
        assert store.imports() == []

    def test_what_a_file_says_of_people_is_not_in_it(self, store: Store, tmp_path: Path):
        secret = row("H37.12-261120-0009", received="Chử Thị Kín Tên")
        report = take(store, write_list(tmp_path, FRIDAY, [*many(1), secret]), NOW)
        assert "Kín Tên" in report.rejected[0].cause, "else the test would prove nothing"
        file = store.import_of(report.import_id or 0)
        assert file is not None
        assert "Kín" not in str(file.report)


REPORT = ImportReport(
    file="theo-doi.xlsx",
    source="Mặc định/theo-doi",
    data_as_of=at(MONDAY),
    read=5,
    new=3,
    rejected=[
        Rejection(6, "Ngày nhận", "=cmd|'/c calc'!A1", "không hiểu ngày"),
        Rejection(7, "Mã hồ sơ", None, "thiếu mã hồ sơ"),
    ],
    matched=2,
    unmatched=1,
    unmatched_names=Counter({"+84 việc lạ": 1}),
    findings=["- hai cột trùng tên", "@lưu ý"],
)


class TestWorkbook:
    def test_it_has_a_page_for_each_thing_to_look_at(self, tmp_path: Path):
        write_import_workbook(tmp_path / "kq.xlsx", REPORT)
        found = sheets(tmp_path / "kq.xlsx")
        assert list(found) == ["Tóm tắt", "Dòng bị từ chối", "Thủ tục chưa đối chiếu", "Lưu ý về nguồn"]
        assert ["Số dòng đọc được", "5"] in found["Tóm tắt"]
        assert ["Thủ tục", "đối chiếu được 66 % (2/3 dòng mới đọc)"] in found["Tóm tắt"]
        assert found["Dòng bị từ chối"][1:] == [
            ["6", "Ngày nhận", "=cmd|'/c calc'!A1", "không hiểu ngày"],
            ["7", "Mã hồ sơ", "", "thiếu mã hồ sơ"],
        ]
        assert found["Thủ tục chưa đối chiếu"][1:] == [["1", "+84 việc lạ"]]
        assert found["Lưu ý về nguồn"][1:] == [["- hai cột trùng tên"], ["@lưu ý"]]

    def test_of_a_held_file_it_says_the_cause_and_that_nothing_was_taken(self, tmp_path: Path):
        held = replace(REPORT, held=True, cause="Tệp có 6 hồ sơ, lần trước 8.", new=0, rejected=[])
        write_import_workbook(tmp_path / "kq.xlsx", held)
        page = sheets(tmp_path / "kq.xlsx")["Tóm tắt"]
        assert ["Kết quả", "GIỮ LẠI, chưa nhập dòng nào"] in page
        assert ["Vì sao, và việc cần làm", "Tệp có 6 hồ sơ, lần trước 8."] in page
        assert "Hồ sơ mới" not in [line[0] for line in page]

    @pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "0123456789", "2.001610", "1/2"])
    def test_whatever_a_cell_begins_with_it_stays_text(self, tmp_path: Path, value: str):
        """Row 56 of the list of faults: no formula, no number and no date comes out of a citizen's cell."""
        report = replace(REPORT, rejected=[Rejection(6, value, value, value)], findings=[value])
        write_import_workbook(tmp_path / "kq.xlsx", report)
        found = sheets(tmp_path / "kq.xlsx")
        assert found["Dòng bị từ chối"][1] == ["6", value, value, value]
        with zipfile.ZipFile(tmp_path / "kq.xlsx") as book:
            pages = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")]
            assert "@" in book.read("xl/styles.xml").decode()
        assert not any("<f>" in page for page in pages)
        assert all(page.count("<c ") == page.count('t="s"') for page in pages), "every cell is a text"

    @pytest.mark.parametrize("value", ["\ud800 nửa chữ", "\x00\x07 chuông", "dài " * 20_000])
    def test_what_no_sheet_can_hold_is_mended_and_does_not_keep_the_rest_away(self, tmp_path: Path, value: str):
        write_import_workbook(tmp_path / "kq.xlsx", replace(REPORT, rejected=[Rejection(6, "x", value, "vì sao")]))
        assert sheets(tmp_path / "kq.xlsx")["Dòng bị từ chối"][1][3] == "vì sao"

    def test_it_is_there_whole_or_not_at_all(self, tmp_path: Path):
        (tmp_path / "kq.xlsx").mkdir()
        with pytest.raises(ReportNotWritten, match=r"kq\.xlsx: the report could not be written"):
            write_import_workbook(tmp_path / "kq.xlsx", REPORT)
        assert [path.name for path in tmp_path.iterdir()] == ["kq.xlsx"]

    def test_it_is_no_export_itself_should_somebody_drop_it_into_the_inbox(self, tmp_path: Path):
        write_import_workbook(tmp_path / f"a.xlsx{REPORT_ENDING}", REPORT)
        (tmp_path / "a.xlsx").write_bytes(b"x")
        assert [path.name for path in Inbox(tmp_path).candidates()] == ["a.xlsx"]


ROWS = ["H37.12-261120-0003 | 20/11/2026 09:00 | 10/12/2026 17:00 | Đang xử lý"]
BAD = "H37.12-261120-0009 | 32/13/2026 | 26/11/2026 17:00 | Đang xử lý"


class TestCommands:
    def test_the_report_of_one_file_is_written_where_it_is_asked_for(self, tmp_path: Path):
        home = site_in(tmp_path / "site").home
        export = listing(tmp_path / "a.csv", [*ROWS, BAD])
        book = tmp_path / "kq.xlsx"
        assert dunghen("import", export, "--report", book, home=home).exit_code == 0
        assert sheets(book)["Dòng bị từ chối"][1][2] == "32/13/2026"
        again = dunghen("import", export, "--report", book, home=home)
        assert again.exit_code == 1
        assert "is there already" in again.stderr
        two = dunghen("import", export, export, "--report", tmp_path / "b.xlsx", home=home)
        assert (two.exit_code, "one file" in two.stderr) == (1, True)

    def test_without_being_asked_for_nothing_stands_beside_the_file(self, tmp_path: Path):
        home = site_in(tmp_path / "site").home
        (tmp_path / "in").mkdir()
        assert dunghen("import", listing(tmp_path / "in" / "a.csv", ROWS), home=home).exit_code == 0
        assert [path.name for path in (tmp_path / "in").iterdir()] == ["a.csv"]

    def test_the_last_imports_are_listed_with_what_became_of_them(self, tmp_path: Path):
        home = site_in(tmp_path / "site").home
        assert "Chưa nhập tệp nào." in dunghen("imports", home=home).stdout
        dunghen("import", listing(tmp_path / "a.csv", [*ROWS, BAD]), home=home)
        older = listing(tmp_path / "b.csv", ROWS, exported="20/11/2026 16:55")
        broken = tmp_path / "c.xlsx"
        broken.write_bytes(b"PK\x03\x04 no workbook")
        dunghen("import", older, broken, home=home)
        told = data("imports", home=home)
        assert [(one["file"], one["state"], one["rejected"]) for one in told] == [
            ("c.xlsx", "refused", 0),
            ("b.csv", "held", 0),
            ("a.csv", "accepted", 1),
        ]
        said = dunghen("imports", home=home).stdout
        assert "b.csv  ĐANG GIỮ LẠI: Số liệu của tệp này (16:55 20/11/2026) cũ hơn" in said
        assert "a.csv  đã nhập · 2 dòng, 1 mới, 0 thay đổi, 1 không nhận" in said

    def test_one_of_them_is_shown_as_it_was_reported(self, tmp_path: Path):
        home = site_in(tmp_path / "site").home
        first = data("import", listing(tmp_path / "a.csv", [*ROWS, BAD]), home=home)
        assert data("imports", str(first["import_id"]), home=home) == first
        unknown = dunghen("imports", "99", home=home)
        assert (unknown.exit_code, "there is no import 99" in unknown.stderr) == (1, True)
