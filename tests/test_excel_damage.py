"""What a spreadsheet did to a table is named, with what was probably meant; nothing is repaired."""

import re
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from monitor.rules import RulesRefused, load_rules_from, rule_files
from monitor.rules.forms import FORMS
from monitor.rules.proposal import propose, rows_of
from monitor.rules.workbook import FileRefused, read_workbook, write_workbook

SMALL = Path(__file__).parent / "cases" / "rules" / "small"
TYPED = {"date": "dd/mm/yyyy", "time": "hh:mm"}


def small() -> dict[str, bytes]:
    return rule_files(SMALL)


def as_saved(folder: Path, table: str, row: int, column: str, value: Any, *, above: int = 0) -> Path:
    """The table as a workbook in which one cell, of the row with this number, holds what Excel made of it."""
    form = FORMS[table]
    rows = [[*form.names], *([*one.values()] for one in rows_of(form, small()[form.file]))]
    path = folder / f"{table} (1).xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        workbook.add_worksheet("Ghi chú").write_string(0, 0, "bản nháp của phòng")
        sheet = workbook.add_worksheet("Trang tính2")
        formats = {kind: workbook.add_format({"num_format": shown}) for kind, shown in TYPED.items()}
        for line, cells in enumerate(rows, start=above):
            for place, cell in enumerate(cells):
                is_it = (line + 1, form.names[place]) == (row, column)
                _write(sheet, line, place, value if is_it else cell, formats)
    return path


def _write(sheet: Any, line: int, place: int, value: Any, formats: dict[str, Any]) -> None:
    if isinstance(value, date | datetime):
        sheet.write_datetime(line, place, value, formats["date"])
    elif isinstance(value, time):
        sheet.write_datetime(line, place, value, formats["time"])
    elif isinstance(value, str):
        sheet.write_string(line, place, value)
    else:
        sheet.write(line, place, value)


def refusal_of(path: Path) -> list[str]:
    with pytest.raises(RulesRefused) as refused:
        propose(small(), [path]).load()
    return [str(problem) for problem in refused.value.problems]


WHERE = "procedures (1).xlsx, trang “Trang tính2”:2: "


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        (
            "code",
            2.00161,
            "cột A: code '2.00161' has five digits after the dot: a spreadsheet removed one; did you mean "
            "'2.001610'? (Excel đã làm mất số 0 cuối; có phải 2.001610?)",
        ),
        (
            "limit",
            date(2026, 2, 1),
            "cột G: limit '2026-02-01' is a date: a spreadsheet made one of a fraction; did you mean '1/2', "
            "half a working day? (Excel đã đổi 1/2 thành ngày tháng; có phải 1/2 ngày làm việc?)",
        ),
        (
            "limit",
            46054,
            "cột G: limit '46054' is a date: a spreadsheet made one of a fraction; did you mean '1/2', half a"
            " working day? (Excel đã đổi 1/2 thành ngày tháng; có phải 1/2 ngày làm việc?)",
        ),
        (
            "limit",
            0.5,
            "cột G: limit '0.5' is no whole number: write '1/2' for half a working day (ghi 1/2 ngày làm việc)",
        ),
        (
            "valid_from",
            46054,
            "cột R: valid_from '46054' is a number that stands for a date in a spreadsheet; did you mean "
            "2026-02-01? (Excel đã đổi ngày thành số; có phải 01/02/2026?)",
        ),
        (
            "valid_from",
            "11/24/2026",
            "cột R: valid_from '11/24/2026' has the month before the day, as a spreadsheet set to American "
            "dates writes it: write YYYY-MM-DD or dd/MM/yyyy, and look at every date (Excel đã ghi tháng "
            "trước ngày; xem lại mọi ngày)",
        ),
        (
            "case",
            date(2026, 3, 2),
            "cột B: case '2026-03-02' is a date or a time to the spreadsheet, which made one of a text: type "
            "it again in a cell of format Text (Excel đã đổi chữ thành ngày, giờ; định dạng ô là Text rồi ghi"
            " lại)",
        ),
        (
            "case",
            1234567890123456789,
            "cột B: case '1234567890123457024' is a number of which a spreadsheet keeps 15 digits: type it "
            "again in a cell of format Text (Excel chỉ giữ 15 chữ số; định dạng ô là Text rồi ghi lại)",
        ),
        (
            "name",
            "Th\xc3\xa0nh l\xe1\xba\xadp",
            "cột D: name 'ThÃ\\xa0nh láº\\xadp' was read in a wrong encoding and saved again; did you mean "
            "'Thành lập'? (Excel đã mở sai bảng mã; có phải Thành lập?)",
        ),
        (
            "name",
            "Th?nh l?p doanh nghi?p",
            "cột D: name 'Th?nh l?p doanh nghi?p' has lost letters: save as 'CSV UTF-8' or .xlsx (Excel đã "
            "làm mất chữ có dấu; lưu lại dạng CSV UTF-8 hoặc .xlsx)",
        ),
    ],
)
def test_a_damaged_cell_is_named_with_sheet_row_and_column(tmp_path: Path, column: str, value: Any, told: str):
    assert refusal_of(as_saved(tmp_path, "procedures", 2, column, value)) == [WHERE + told]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (
            2053812345,
            "phone '2053812345' has lost the zero at its beginning: a spreadsheet removed it; did you mean "
            "'02053812345'? (Excel đã làm mất số 0 đầu; có phải 02053812345?)",
        ),
        (
            "912345678",
            "phone '912345678' has lost the zero at its beginning: a spreadsheet removed it; did you mean "
            "'0912345678'? (Excel đã làm mất số 0 đầu; có phải 0912345678?)",
        ),
        (
            "2.05381E+09",
            "phone '2.05381E+09' is a number that a spreadsheet shortened: type it again as text (Excel đã "
            "rút gọn dãy số; ghi lại dạng chữ)",
        ),
    ],
)
def test_a_telephone_number_that_became_a_number_is_named(tmp_path: Path, value: Any, told: str):
    found = refusal_of(as_saved(tmp_path, "staff", 3, "phone", value))
    assert found == [f"staff (1).xlsx, trang “Trang tính2”:3: cột G: {told}"]


def test_true_dates_times_and_whole_numbers_in_their_columns_are_no_damage(tmp_path: Path):
    dated = propose(small(), [as_saved(tmp_path, "procedures", 2, "valid_from", datetime(2026, 12, 1))])  # noqa: DTZ001
    assert dated.load().procedures[0].valid_from == date(2026, 12, 1)
    counted = propose(small(), [as_saved(tmp_path, "procedures", 2, "limit", 5)])
    assert counted.load().procedures[0].limit.amount == 5


def test_titles_above_the_header_shift_the_rows_that_are_told(tmp_path: Path):
    path = as_saved(tmp_path, "procedures", 7, "code", 2.00161, above=5)
    assert refusal_of(path)[0].startswith("procedures (1).xlsx, trang “Trang tính2”:7: cột A: code '2.00161'")


def test_a_row_that_another_one_contradicts_is_named_as_the_spreadsheet_counts(tmp_path: Path):
    path = as_saved(tmp_path, "procedures", 7, "code", "2.001610", above=4)  # rows 6, 7 and 8; 6 has this code
    assert refusal_of(path) == [
        "procedures (1).xlsx, trang “Trang tính2”:7: cột A: code 2.001610 has the same case and channel as line 6 and "
        "both are in force at once: close one with valid_to, or tell them apart by case and channel"
    ]


def test_a_formula_that_failed_is_no_empty_cell(tmp_path: Path):
    path = tmp_path / "reasons.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("Lý do")
        for place, cell in enumerate(("id", "text", "basis")):
            sheet.write_string(0, place, cell)
        sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")
    with pytest.raises(FileRefused, match=r"^reasons.xlsx: ô B2 là lỗi công thức"):
        propose(small(), [path])


def test_what_stands_under_no_header_would_be_lost_and_is_told(tmp_path: Path):
    path = tmp_path / "reasons.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("Lý do")
        for line, cells in enumerate([("id", "text", "basis", ""), ("mot", "Chờ.", "D", "hỏi lại chị Lan")]):
            for place, cell in enumerate(cells):
                sheet.write_string(line, place, cell)
    assert refusal_of(path) == [
        "reasons.xlsx, trang “Lý do”:2: cột D: 'hỏi lại chị Lan' stands under no header: remove it, or give the column "
        "its name"
    ]


class TestWorkbooksOfOurs:
    @pytest.mark.parametrize("table", FORMS)
    def test_a_table_comes_back_as_it_went(self, tmp_path: Path, table: str):
        form, path = FORMS[table], tmp_path / "bang.xlsx"
        write_workbook(path, form, [[*row.values()] for row in rows_of(form, small()[form.file])])
        assert propose(small(), [path]).files == small()

    @pytest.mark.parametrize("table", FORMS)
    def test_each_column_is_explained_in_words_that_excel_can_show(self, tmp_path: Path, table: str):
        form, path = FORMS[table], tmp_path / "bang.xlsx"
        write_workbook(path, form, [])
        guide = next(sheet for sheet in read_workbook(path) if sheet.name == "Hướng dẫn")
        told = {line.cells[0].text: line.cells[1].text for line in guide.lines}
        for column in form.columns:
            assert told[column.name] == column.meaning
            assert len(column.meaning) <= 255  # of a cell's message, and of the words to choose from
            assert len(",".join(column.words)) <= 255

    def test_every_cell_is_text_the_header_stays_in_sight_and_words_are_offered(self, tmp_path: Path):
        form, path = FORMS["procedures"], tmp_path / "bang.xlsx"
        write_workbook(path, form, [[*row.values()] for row in rows_of(form, small()[form.file])])
        with zipfile.ZipFile(path) as archive:
            sheet, styles = (archive.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "styles"))
        formats = re.findall(r'<xf numFmtId="(\d+)"', styles[styles.index("<cellXfs") :])
        columns = re.findall(r'<col [^>]*style="(\d+)"', sheet)
        assert {formats[int(one)] for one in columns} == {"49"}  # 49 is Excel's own number for Text
        assert len(re.findall(r"<col ", sheet)) == len(columns)
        assert '<pane xSplit="1" ySplit="1"' in sheet
        assert '"working_day,half_working_day,calendar_day,month,working_hour,same_day"' in sheet


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04 broken", "không mở được như sổ tính .xlsx"),
        (b"id,text,basis\n", "không mở được như sổ tính .xlsx"),
    ],
)
def test_a_file_that_is_no_workbook_is_refused_with_words(tmp_path: Path, content: bytes, told: str):
    path = tmp_path / "reasons.xlsx"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=rf"^reasons.xlsx: {told}"):
        propose(small(), [path])


def test_a_table_that_was_accepted_before_this_was_seen_stays_in_force():
    files = small() | {"staff.csv": small()["staff.csv"].replace(b"0205 000 0011", b"2053812345")}
    with pytest.raises(RulesRefused, match="lost the zero"):
        load_rules_from(files)
    assert load_rules_from(files, is_accepted=True).organisation.staff
