"""Columns are found by what their headers say, and a file says what it covers and how fresh it is."""

import os
import unicodedata
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar

import pytest
import xlsxwriter
from intake_lists import FOLLOW_UP, LATE, OVERDUE, at, book, dossier, read, sheet

from monitor.dossier import Moment
from monitor.intake import FileHead, IntakeError
from monitor.intake.refusals import CodeColumnMissing, FormatUnexpected, HeaderNotFound, SourceUnknown
from monitor.source import FileFormat, Scope, SourceRule
from monitor.working_time import LOCAL_ZONE


class TestHeaders:
    LAYOUTS: ClassVar[dict[str, list[str]]] = {
        "follow-up": FOLLOW_UP,
        "overdue": OVERDUE,
        "late": LATE,
        "upper case": [header.upper() for header in FOLLOW_UP],
        "decomposed": [unicodedata.normalize("NFD", header) for header in FOLLOW_UP],
        "starred and broken": [header.replace(" ", "\n", 1) + " (*)" for header in FOLLOW_UP],
        "another order": FOLLOW_UP[::-1],
        "portal names": ["MaHoSo", "MaTTHC", "TenTTHC", "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo", "ChuHoSo"],
        "english names": ["dossierNo", "serviceCode", "receiveDate", "dueDate", "releaseDate", "dossierStatus"],
        "other words": ["Số hồ sơ", "Thủ tục", "Ngày tiếp nhận", "Hạn trả", "Tình trạng", "Tên tổ chức/cá nhân"],
        "short words": ["STT", "Mã HS", "Tên TTHC", "Ngày nhận", "Ngày hẹn", "Trạng thái", "Chủ hồ sơ"],
        "eth for đ": ["Mã hồ sơ", "Ðịa chỉ", "Ngày nhận", "Ngày hẹn trả", "Chủ hồ sơ"],
    }

    @pytest.mark.parametrize("name", LAYOUTS)
    def test_many_layouts_are_understood(self, tmp_path: Path, name: str):
        header = self.LAYOUTS[name]
        cells = []
        for title in header:
            plain = unicodedata.normalize("NFC", title).casefold().replace("\n", " ")
            is_code = plain.startswith(("mã hồ", "mã hs", "mahoso", "dossierno", "số hồ"))
            is_date = "ngày" in plain or plain.startswith(("ngay", "hạn")) or plain.endswith("date")
            cells.append("H37.12-261120-0001" if is_code else "20/11/2026 09:00" if is_date else "Đang xử lý")
        outcome = read(sheet(tmp_path / "a.xlsx", cells, header=header))
        [record] = outcome.records
        assert record.code == "H37.12-261120-0001"
        assert record.received_at == at(20, 9)
        assert record.appointment_at == at(20, 9)
        assert outcome.head.unused_headers in ((), ("STT",), ("stt",), ("STT (*)",))

    @pytest.mark.parametrize(("header", "layout"), [(FOLLOW_UP, "theo-doi"), (OVERDUE, "qua-han"), (LATE, "tre-hen")])
    def test_the_kind_of_list_is_named(self, tmp_path: Path, header: list[str], layout: str):
        assert read(sheet(tmp_path / "a.xlsx", header=header)).head.layout == layout

    def test_the_follow_up_list_is_still_one_when_it_lost_a_column(self, tmp_path: Path):
        shorter = [header for header in FOLLOW_UP if header != "Ngày hẹn trả"]
        assert read(sheet(tmp_path / "a.xlsx", header=shorter)).head.layout == "theo-doi"

    def test_another_list_has_a_name_of_its_own_that_stays(self, tmp_path: Path):
        header = ["Mã hồ sơ", "Ngày nhận", "Thời hạn giải quyết"]
        names = [
            read(sheet(tmp_path / name, header=order)).head.layout
            for name, order in (("a.xlsx", header), ("b.xlsx", header[::-1]))
        ]
        assert names[0] == names[1]
        assert names[0].startswith("khac-")

    def test_of_two_headers_for_one_field_the_leftmost_wins_and_the_other_is_reported(self, tmp_path: Path):
        header = ["Mã hồ sơ", "Ngày nhận", "Ngày tiếp nhận"]
        path = sheet(tmp_path / "a.xlsx", ["H37.12-261120-0001", "20/11/2026", "21/11/2026"], header=header)
        outcome = read(path)
        assert outcome.records[0].received_at == Moment(datetime(2026, 11, 20, tzinfo=LOCAL_ZONE), has_time=False)
        assert outcome.head.unused_headers == ("Ngày tiếp nhận",)
        assert any("“Ngày nhận”" in finding and "“Ngày tiếp nhận”" in finding for finding in outcome.head.findings)

    def test_a_header_may_be_two_rows_high(self, tmp_path: Path):
        upper = ["Mã hồ sơ", "Thủ tục", "Thời gian", "", "Trạng thái"]
        lower = ["", "", "Ngày nhận", "Ngày hẹn trả", ""]
        row = ["H37.12-261120-0001", "Thành lập", "20/11/2026 09:00", "26/11/2026 17:00", "Đang xử lý"]
        [record] = read(book(tmp_path / "a.xlsx", [["BÁO CÁO"], upper, lower, row])).records
        assert (record.received_at, record.appointment_at) == (at(20, 9), at(26, 17))

    def test_a_title_that_looks_like_a_header_is_none(self, tmp_path: Path):
        rows = [["Đơn vị:", "Sở Tài chính"], ["STT", "Mã hồ sơ", "Ngày nhận"], [1, "H37.12-261120-0001", "20/11/2026"]]
        outcome = read(book(tmp_path / "a.xlsx", rows))
        assert "handling_unit" not in outcome.head.columns
        assert [row.row for row in outcome.rows] == [3]

    def test_empty_first_rows_and_columns_do_not_shift_row_numbers(self, tmp_path: Path):
        rows = [[], [], ["", "", "Mã hồ sơ", "Ngày nhận"], ["", "", "H37.12-261120-0001", "sai"]]
        [rejection] = read(book(tmp_path / "a.xlsx", rows)).rejections
        assert (rejection.row, rejection.column) == (4, "Ngày nhận")

    def test_a_source_maps_a_header_of_its_own(self, tmp_path: Path):
        rule = SourceRule(name="tinh", columns={"Ngày hẹn của dân": "appointment_at"})
        header = ["Mã hồ sơ", "Ngày nhận", "NGÀY HẸN CỦA DÂN"]
        path = sheet(tmp_path / "a.xlsx", ["H37.12-261120-0001", "", "26/11/2026 17:00"], header=header)
        assert read(path, rule).records[0].appointment_at == at(26, 17)

    def test_a_header_that_the_source_declares_wins_over_a_known_one_to_the_left_of_it(self, tmp_path: Path):
        rule = SourceRule(name="tinh", columns={"Hạn của dân": "appointment_at"})
        header = ["Mã hồ sơ", "Ngày hẹn trả", "Hạn của dân"]
        path = sheet(tmp_path / "a.xlsx", ["H37.12-261120-0001", "25/11/2026", "26/11/2026 17:00"], header=header)
        outcome = read(path, rule)
        assert outcome.records[0].appointment_at == at(26, 17)
        assert outcome.head.unused_headers == ("Ngày hẹn trả",)
        assert outcome.head.doubled == {}

    def test_the_share_of_filled_cells_is_told_of_every_column(self, tmp_path: Path):
        path = sheet(tmp_path / "a.xlsx", dossier(1), dossier(2, **{"Người nộp": ""}), ["Tổng cộng", "", "2"])
        filled = read(path).head.filled
        assert (filled["submitter"], filled["received_at"], filled["finished_at"]) == (0.5, 1.0, 0.0)

    def test_an_unread_column_in_an_old_font_or_with_lists_costs_nothing(self, tmp_path: Path):
        header = [*FOLLOW_UP, "Ghi chú"]
        assert len(read(sheet(tmp_path / "a.xlsx", [*dossier(1), "C«ng ty"], header=header)).rows) == 1

    @pytest.mark.parametrize(("form", "ok"), [(None, True), (FileFormat.SHEET, True), (FileFormat.DELIMITED, False)])
    def test_a_file_that_is_not_what_its_source_says_is_refused(
        self, tmp_path: Path, form: FileFormat | None, ok: bool
    ):
        path, rule = sheet(tmp_path / "a.xlsx", dossier(1)), SourceRule(name="tinh", format=form)
        if ok:
            assert len(read(path, rule).rows) == 1
        else:
            with pytest.raises(FormatUnexpected, match="“tinh” khai báo tệp dạng delimited, tệp này dạng sheet"):
                read(path, rule)

    def test_a_mapping_to_an_unknown_field_is_refused(self, tmp_path: Path):
        rule = SourceRule(name="tinh", columns={"Ngày hẹn": "appointment"})
        with pytest.raises(IntakeError, match=r"“appointment” không tồn tại"):
            read(sheet(tmp_path / "a.xlsx", dossier(1)), rule)

    def test_a_receipt_number_is_the_code_only_when_there_is_no_other(self, tmp_path: Path):
        both = ["Mã hồ sơ", "Số biên nhận", "Ngày nhận"]
        [row] = read(sheet(tmp_path / "a.xlsx", ["H37.12-261120-0001", "BN-1", ""], header=both)).rows
        assert (row.record.code, row.record.receipt_no) == ("H37.12-261120-0001", "BN-1")
        [row] = read(sheet(tmp_path / "b.xlsx", ["BN-1", "20/11/2026"], header=both[1:])).rows
        assert (row.record.code, row.record.receipt_no) == ("BN-1", None)
        assert "receipt_no_as_code" in row.warnings

    def test_the_date_of_a_step_is_an_appointment_only_when_there_is_no_other(self, tmp_path: Path):
        both = ["Mã hồ sơ", "Hạn xử lý", "Ngày hẹn trả"]
        cells = ["H37.12-261120-0001", "25/11/2026 11:30", "26/11/2026 17:00"]
        [row] = read(sheet(tmp_path / "a.xlsx", cells, header=both)).rows
        assert (row.record.step_due_at, row.record.appointment_at, row.warnings) == (at(25, 11, 30), at(26, 17), ())
        [row] = read(sheet(tmp_path / "b.xlsx", cells[:2], header=both[:2])).rows
        assert (row.record.step_due_at, row.record.appointment_at) == (None, at(25, 11, 30))
        assert row.warnings == ("step_due_as_appointment",)

    @pytest.mark.parametrize(
        ("name", "unit", "officer"),
        [
            ("Phòng Đăng ký kinh doanh", "Phòng Đăng ký kinh doanh", None),
            ("UBND xã Hữu Lũng", "UBND xã Hữu Lũng", None),
            ("TRUNG TÂM Phục vụ HCC", "TRUNG TÂM Phục vụ HCC", None),
            ("Nông Thị Sở", None, "Nông Thị Sở"),
            ("", None, None),
        ],
    )
    def test_a_column_of_units_and_persons_is_told_apart(self, tmp_path: Path, name: str, unit: str, officer: str):
        header = ["Mã hồ sơ", "Ngày nhận", "Đơn vị/cá nhân giải quyết quá hạn"]
        outcome = read(sheet(tmp_path / "a.xlsx", ["H37.12-261120-0001", "20/11/2026", name], header=header))
        assert (outcome.records[0].handling_unit, outcome.records[0].handling_officer) == (unit, officer)
        assert outcome.head.carried == {"code", "received_at"}

    def test_a_column_of_its_own_knows_better_than_one_of_units_and_persons(self, tmp_path: Path):
        header = ["Mã hồ sơ", "Người xử lý", "Đơn vị/cá nhân giải quyết quá hạn"]
        cells = ["H37.12-261120-0001", "Lê Văn Chính", "Hoàng Thị Bình"]
        [record] = read(sheet(tmp_path / "a.xlsx", cells, header=header)).records
        assert (record.handling_officer, record.handling_unit) == ("Lê Văn Chính", None)

    def test_no_header_is_said_with_what_was_looked_for_and_seen(self, tmp_path: Path):
        with pytest.raises(HeaderNotFound) as refused:
            read(book(tmp_path / "a.xlsx", [["Bảng lương", "tháng 11"], ["Họ tên", "Lương"], ["An", 5]]))
        assert str(refused.value).startswith("a.xlsx: ")
        assert "“Mã hồ sơ”" in str(refused.value)
        assert "Họ tên | Lương" in str(refused.value)

    def test_a_header_without_codes_is_said_with_its_row(self, tmp_path: Path):
        with pytest.raises(CodeColumnMissing, match=r"dòng 2 .* Ngày nhận, Ngày hẹn trả"):
            read(book(tmp_path / "a.xlsx", [["Danh sách"], ["Ngày nhận", "Ngày hẹn trả"], ["20/11/2026", ""]]))

    def test_the_sheet_with_the_header_is_found_among_others(self, tmp_path: Path):
        workbook = xlsxwriter.Workbook(tmp_path / "a.xlsx")
        workbook.add_worksheet("Bìa").write(0, 0, "Báo cáo")
        page = workbook.add_worksheet("Dữ liệu")
        page.write_row(0, 0, ["Mã hồ sơ", "Ngày nhận"])
        page.write_row(1, 0, ["H37.12-261120-0001", "20/11/2026"])
        workbook.close()
        outcome = read(tmp_path / "a.xlsx")
        assert len(outcome.rows) == 1
        assert any("“Dữ liệu”" in finding and "Bìa" in finding for finding in outcome.head.findings)

    def test_an_old_excel_workbook_is_read(self):
        outcome = read(Path(__file__).parent / "cases" / "intake" / "theo-doi-2026-11-23.xls")
        [record] = outcome.records
        assert (record.code, record.received_at) == ("H37.12-261120-0001", at(20, 9))


class TestScopeAndFreshness:
    RANGE = "Từ ngày 01/11/2026 đến ngày 23/11/2026"

    def head(
        self,
        tmp_path: Path,
        *titles: str,
        header: list[str] = FOLLOW_UP,
        name: str = "a.xlsx",
        rule: SourceRule | None = None,
    ) -> FileHead:
        path = book(tmp_path / name, [*([title] for title in titles), header, ["1"] * 3])
        os.utime(path, (1_795_487_400, 1_795_487_400))  # Tue 2026-11-24 09:30 in Vietnam
        return read(path, *([rule] if rule else [])).head

    def test_days_of_receipt_in_the_title_are_what_the_list_covers(self, tmp_path: Path):
        head = self.head(tmp_path, "DANH SÁCH", f"({self.RANGE})")
        assert head.scope is Scope.RECEIVED_BETWEEN
        assert (head.received_from, head.received_to) == (date(2026, 11, 1), date(2026, 11, 23))

    @pytest.mark.parametrize(
        ("title", "scope"),
        [
            ("HỒ SƠ TIẾP NHẬN TỪ 01/11/2026 ĐẾN 23/11/2026", Scope.RECEIVED_BETWEEN),
            ("Từ ngày 01 tháng 11 năm 2026 đến ngày 23 tháng 11 năm 2026", Scope.RECEIVED_BETWEEN),
            ("(Ngày nhận: từ 1/11/2026 - 23/11/2026)", Scope.RECEIVED_BETWEEN),
            ("Hồ sơ có ngày hẹn trả từ ngày 01/11/2026 đến ngày 23/11/2026", Scope.PARTIAL),
            ("Hồ sơ đến hạn từ 01/11/2026 đến 23/11/2026", Scope.PARTIAL),
            ("Ngày nộp từ 01/11/2026 đến 23/11/2026", Scope.PARTIAL),
        ],
    )
    def test_days_of_anything_but_receipt_say_nothing_about_absence(self, tmp_path: Path, title: str, scope: Scope):
        assert self.head(tmp_path, title).scope is scope

    @pytest.mark.parametrize("header", [OVERDUE, LATE])
    def test_a_list_of_late_ones_says_nothing_about_absence_whatever_its_title(self, tmp_path: Path, header: list[str]):
        assert self.head(tmp_path, self.RANGE, header=header).scope is Scope.PARTIAL

    @pytest.mark.parametrize(
        ("declared", "title", "scope"),
        [
            (Scope.OPEN, "DANH SÁCH", Scope.OPEN),
            (Scope.PARTIAL, RANGE, Scope.PARTIAL),
            (Scope.ALL, RANGE, Scope.RECEIVED_BETWEEN),
            (Scope.RECEIVED_BETWEEN, "DANH SÁCH", Scope.PARTIAL),
        ],
    )
    def test_a_declared_scope_is_never_wider_than_the_title(self, tmp_path, declared: Scope, title: str, scope: Scope):
        assert self.head(tmp_path, title, rule=SourceRule(name="tinh", scope=declared)).scope is scope

    @pytest.mark.parametrize(
        ("title", "as_of", "estimated"),
        [
            ("Ngày xuất: 23/11/2026 07:05", at(23, 7, 5), False),
            (
                "Thời điểm kết xuất 07:05:30 ngày 23/11/2026",
                Moment(datetime(2026, 11, 23, 7, 5, 30, tzinfo=LOCAL_ZONE)),
                False,
            ),
            ("(Số liệu đến 16 giờ 55 ngày 20 tháng 11 năm 2026)", at(20, 16, 55), False),
            ("Số liệu tính đến ngày 23/11/2026", at(23, 0), True),
        ],
    )
    def test_a_title_says_how_fresh_the_data_are(self, tmp_path: Path, title: str, as_of: Moment, estimated: bool):
        head = self.head(tmp_path, self.RANGE, title, name="2026-01-01.xlsx")
        assert (head.data_as_of, head.data_as_of_estimated) == (as_of.at, estimated)

    @pytest.mark.parametrize(
        ("name", "as_of", "estimated"),
        [
            ("theo-doi-20261123-0705.xlsx", at(23, 7, 5), False),
            ("theo-doi_2026-11-23_07h05.xlsx", at(23, 7, 5), False),
            ("20261123070512.xlsx", at(23, 7, 5), False),
            ("23-11-2026-0705.xlsx", at(23, 7, 5), False),
            ("DS 23.11.2026.xlsx", at(23, 0), True),
            ("2026-11-23.xlsx", at(23, 0), True),
            ("tu 01-11-2026 den 23-11-2026.xlsx", at(24, 9, 30), True),
            ("danh-sach.xlsx", at(24, 9, 30), True),
        ],
    )
    def test_else_the_name_or_the_time_of_the_file(self, tmp_path: Path, name: str, as_of: Moment, estimated: bool):
        head = self.head(tmp_path, "DANH SÁCH", name=name)
        assert (head.data_as_of, head.data_as_of_estimated) == (as_of.at, estimated)

    def test_a_source_knows_its_own_file_names(self, tmp_path: Path):
        rule = SourceRule(name="tinh", data_as_of_pattern=r"D(?P<d>\d\d)M(?P<m>\d\d)Y(?P<y>\d{4})H(?P<H>\d\d)")
        assert self.head(tmp_path, "X", name="D23M11Y2026H07.xlsx", rule=rule).data_as_of == at(23, 7).at

    def test_data_from_the_future_are_reported(self, tmp_path: Path):
        head = self.head(tmp_path, "Ngày xuất: 23/11/2026 08:01")
        assert any("sau thời điểm nhập" in finding for finding in head.findings)

    def test_the_source_is_chosen_by_the_name_of_the_file(self, tmp_path: Path):
        sources = [SourceRule(name="qua-han", files=("qua-han*",)), SourceRule(name="tinh", files=("*.XLSX",))]
        assert read(sheet(tmp_path / "Theo dõi.xlsx"), *sources).head.source == "tinh/theo-doi"
        with pytest.raises(SourceUnknown, match="qua-han"):
            read(sheet(tmp_path / "Theo dõi.xlsx"), sources[0])
