"""Real files, made as the provincial software makes them, become records; bad rows are named and the rest goes on."""

import csv
import json
import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar

import pytest
import xlsxwriter

from monitor.dossier import Channel, Moment, SourceStatus
from monitor.intake import Batch, FileHead, IntakeError, ReadRow, Rejection, file_digest, read_file
from monitor.intake.refusals import CodeColumnMissing, HeaderNotFound, OldEncoding, SourceUnknown, UnknownService
from monitor.record import ApplicantKind, Person, Record, Scope, SourceRule, SupplementRecord
from monitor.working_time import LOCAL_ZONE

NOW = datetime(2026, 11, 23, 8, tzinfo=LOCAL_ZONE)  # a Monday
COMMON_END = ["Ngày nhận", "Ngày hẹn trả", "Ngày kết thúc xử lý"]
FOLLOW_UP = [
    *["STT", "Đơn vị tiếp nhận", "Tên thủ tục hành chính", "Mã hồ sơ", "Trạng thái", "Địa chỉ", "Người nộp"],
    *["Chủ hồ sơ", "Ngày nộp hồ sơ", *COMMON_END],
]
OVERDUE = [
    *["STT", "Đơn vị tiếp nhận", "Lĩnh vực", "Tên TTHC", "Mã hồ sơ", "Trạng thái", "Địa chỉ", "Chủ hồ sơ"],
    *[*COMMON_END, "Đơn vị/cá nhân giải quyết quá hạn"],
]
LATE = ["Mã hồ sơ", "Tên nội dung", "Ngày nhận", "Ngày hẹn trả", "Người xử lý", "Lý do trễ hẹn", "Trạng thái"]
TITLE = [["DANH SÁCH THEO DÕI HỒ SƠ"], [], ["Ngày xuất: 23/11/2026 07:05"], []]


def dossier(number: int, **cells: object) -> list[object]:
    """A row of the follow-up list."""
    usual: dict[str, object] = {
        "STT": number,
        "Đơn vị tiếp nhận": "Bộ phận Một cửa",
        "Tên thủ tục hành chính": "Đăng ký thành lập hộ kinh doanh",
        "Mã hồ sơ": f"H37.12-261120-{number:04}",
        "Trạng thái": "Đang xử lý",
        "Địa chỉ": "Số 1 Trần Đăng Ninh",
        "Người nộp": "Nguyễn Văn An",
        "Chủ hồ sơ": "Công ty TNHH Hoa Hồi",
        "Ngày nộp hồ sơ": "20/11/2026 08:00",
        "Ngày nhận": "20/11/2026 09:00",
        "Ngày hẹn trả": "26/11/2026 17:00",
        "Ngày kết thúc xử lý": "",
    }
    return [(usual | cells)[header] for header in FOLLOW_UP]


@dataclass
class Outcome:
    head: FileHead
    rows: list[ReadRow] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    batches: int = 0

    @property
    def records(self) -> list[Record]:
        return [row.record for row in self.rows]


def read(
    path: Path, *sources: SourceRule, known: Mapping[str, bytes] | None = None, batch_size: int = 5_000
) -> Outcome:
    head, *batches = read_file(path, sources, now=NOW, known=known or {}, batch_size=batch_size)
    assert isinstance(head, FileHead)
    outcome = Outcome(head)
    for batch in batches:
        assert isinstance(batch, Batch)
        outcome.rows += batch.rows
        outcome.unchanged += batch.unchanged
        outcome.rejections += batch.rejections
        outcome.batches += 1
    return outcome


def book(path: Path, rows: Sequence[Sequence[object]], *, sheet: str = "Sheet1") -> Path:
    workbook = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "default_date_format": "dd/mm/yyyy hh:mm"})
    page = workbook.add_worksheet(sheet)
    for number, cells in enumerate(rows):
        page.write_row(number, 0, cells)
    workbook.close()
    return path


def sheet(path: Path, *dossiers: Sequence[object], header: Sequence[str] = FOLLOW_UP) -> Path:
    return book(path, [*TITLE, header, *dossiers])


def text(path: Path, rows: Sequence[Sequence[object]], *, encoding: str = "utf-8", separator: str = ",") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    return path


def portal(path: Path, *records: object, service: str | None = "DongBoHoSoMC") -> Path:
    document = {"session": "s", "madonvi": "H37.12", "service": service, "isUpdating": False, "data": list(records)}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def at(day: int, hour: int, minute: int = 0) -> Moment:
    """A moment of November 2026."""
    return Moment(datetime(2026, 11, day, hour, minute, tzinfo=LOCAL_ZONE))


class TestFollowUpList:
    def test_a_row_becomes_a_record(self, tmp_path: Path):
        outcome = read(sheet(tmp_path / "theo-doi.xlsx", dossier(1)))
        assert outcome.records == [
            Record(
                code="H37.12-261120-0001",
                procedure_name="Đăng ký thành lập hộ kinh doanh",
                submitted_at=at(20, 8),
                received_at=at(20, 9),  # Fri 2026-11-20
                appointment_at=at(26, 17),  # Thu 2026-11-26
                receiving_unit="Bộ phận Một cửa",
                status=SourceStatus.PROCESSING,
                person=Person(
                    applicant="Công ty TNHH Hoa Hồi", submitter="Nguyễn Văn An", address="Số 1 Trần Đăng Ninh"
                ),
            )
        ]
        assert outcome.rows[0].row == 6  # as Excel numbers it: title, blank rows and header come first
        assert outcome.rows[0].warnings == ()
        assert outcome.rejections == []

    def test_the_head_says_what_the_file_is(self, tmp_path: Path):
        path = sheet(tmp_path / "a.xlsx", dossier(1), dossier(2))
        head = read(path).head
        assert (head.file_name, head.sha256) == ("a.xlsx", file_digest(path))
        assert (head.source, head.layout, head.kind) == ("mac-dinh/theo-doi", "theo-doi", "dossiers")
        assert (head.data_as_of, head.data_as_of_estimated) == (at(23, 7, 5).at, False)
        assert (head.scope, head.row_count) == (Scope.ALL, 2)
        assert head.columns["received_at"] == "Ngày nhận"
        assert head.unused_headers == ("STT",)
        assert {"code", "finished_at", "applicant"} <= head.carried
        assert not {"returned_at", "phone", "handling_unit"} & head.carried

    def test_rows_come_in_batches(self, tmp_path: Path):
        outcome = read(sheet(tmp_path / "a.xlsx", *map(dossier, range(1, 8))), batch_size=3)
        assert [row.row for row in outcome.rows] == [6, 7, 8, 9, 10, 11, 12]
        assert outcome.batches >= 3

    def test_rows_seen_before_are_only_named(self, tmp_path: Path):
        first = read(sheet(tmp_path / "a.xlsx", dossier(1), dossier(2)))
        known = {row.record.code: row.fingerprint for row in first.rows}
        changed = dossier(2, **{"Trạng thái": "Đã trả kết quả"})
        again = read(sheet(tmp_path / "b.xlsx", dossier(1), changed, dossier(3)), known=known)
        assert again.unchanged == ["H37.12-261120-0001"]
        assert [record.code for record in again.records] == ["H37.12-261120-0002", "H37.12-261120-0003"]

    def test_equal_cells_under_another_source_are_not_the_same(self, tmp_path: Path):
        path = sheet(tmp_path / "a.xlsx", dossier(1))
        prints = {read(path, *sources).rows[0].fingerprint for sources in ((), (SourceRule(name="tinh"),))}
        assert len(prints) == 2
        assert {len(fingerprint) for fingerprint in prints} == {16}

    def test_real_dates_and_serials_are_read(self, tmp_path: Path):
        received = datetime(2026, 11, 20, 9)  # noqa: DTZ001 - a cell of Excel has no zone
        cells = {"Ngày nhận": received, "Ngày nộp hồ sơ": 46346, "Ngày hẹn trả": datetime(2026, 11, 26)}  # noqa: DTZ001
        [record] = read(sheet(tmp_path / "a.xlsx", dossier(1, **cells))).records
        assert record.received_at == at(20, 9)
        assert record.submitted_at == Moment(datetime(2026, 11, 20, tzinfo=LOCAL_ZONE), has_time=False)
        assert record.appointment_at == Moment(datetime(2026, 11, 26, tzinfo=LOCAL_ZONE), has_time=False)

    def test_a_bad_date_costs_its_row_only(self, tmp_path: Path):
        outcome = read(sheet(tmp_path / "a.xlsx", dossier(1, **{"Ngày nhận": "11/23/2026"}), dossier(2)))
        [rejection] = outcome.rejections
        assert (rejection.row, rejection.column, rejection.value) == (6, "Ngày nhận", "11/23/2026")
        assert "tháng trước ngày" in rejection.cause
        assert "dd/MM/yyyy" in rejection.cause
        assert [record.code for record in outcome.records] == ["H37.12-261120-0002"]
        assert outcome.head.row_count == 2

    def test_a_file_that_writes_the_month_first_lends_no_trust_to_its_other_dates(self, tmp_path: Path):
        rows = [
            dossier(n, **{"Ngày nhận": f"11/{12 + n}/2026", "Ngày nộp hồ sơ": "", "Ngày hẹn trả": ""})
            for n in (1, 2, 3)
        ]
        doubtful = dossier(4, **{"Ngày nhận": "11/05/2026", "Ngày nộp hồ sơ": "", "Ngày hẹn trả": ""})
        outcome = read(sheet(tmp_path / "a.xlsx", *rows, doubtful))
        assert outcome.rows == []
        assert [rejection.row for rejection in outcome.rejections] == [6, 7, 8, 9]

    def test_an_unknown_status_is_kept_as_written(self, tmp_path: Path):
        [record] = read(sheet(tmp_path / "a.xlsx", dossier(1, **{"Trạng thái": "Chờ  ký số"}))).records
        assert (record.status, record.status_text) == (None, "Chờ ký số")

    def test_a_source_teaches_its_own_words(self, tmp_path: Path):
        rule = SourceRule(name="tinh", statuses={"Chờ ký số": SourceStatus.PROCESSING})
        [record] = read(sheet(tmp_path / "a.xlsx", dossier(1, **{"Trạng thái": "CHỜ KÝ SỐ"})), rule).records
        assert (record.status, record.status_text) == (SourceStatus.PROCESSING, None)

    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("Chờ tiếp nhận", SourceStatus.REGISTERED),
            ("Đã tiếp nhận", SourceStatus.RECEIVED),
            ("ĐANG  GIẢI QUYẾT", SourceStatus.PROCESSING),
            ("Tạm dừng", SourceStatus.SUPPLEMENT_ASKED),
            ("Chờ trả kết quả", SourceStatus.FINISHED),
            ("Đã trả", SourceStatus.RETURNED),
            ("Trả lại", SourceStatus.NOT_ACCEPTED),
            ("Công dân rút", SourceStatus.WITHDRAWN),
            (6, SourceStatus.PAYMENT_ASKED),
            ("8", SourceStatus.STOPPED),
            (10, SourceStatus.RETURNED),
            (unicodedata.normalize("NFD", "Được tiếp nhận"), SourceStatus.RECEIVED),
        ],
    )
    def test_status_words_and_numbers(self, tmp_path: Path, word: object, status: SourceStatus):
        [record] = read(sheet(tmp_path / "a.xlsx", dossier(1, **{"Trạng thái": word}))).records
        assert (record.status, record.status_text) == (status, None)


class TestRowsThatAreNoDossiers:
    def test_blank_rows_totals_and_signatures_are_passed_over(self, tmp_path: Path):
        path = sheet(
            tmp_path / "a.xlsx",
            [f"({number})" for number in range(1, 13)],
            dossier(1),
            [],
            ["Lĩnh vực đầu tư"],
            FOLLOW_UP,
            dossier(2),
            ["Tổng cộng", "", "", "2"],
            ["Tổng số: 2 hồ sơ", "", "", "", "", "", "", "", "", 2, 2, 2],
            ["", "", "", "", "", "", "", "", "", "Lạng Sơn, ngày 23 tháng 11 năm 2026"],
            ["", "Người lập biểu", "", "", "", "", "", "", "", "Giám đốc"],
        )
        outcome = read(path)
        assert [row.row for row in outcome.rows] == [7, 11]
        assert outcome.rejections == []
        assert outcome.head.row_count == 2
        assert any("dòng 9, 12, 13, 14, 15" in finding for finding in outcome.head.findings)

    def test_a_dossier_without_a_code_is_rejected(self, tmp_path: Path):
        outcome = read(sheet(tmp_path / "a.xlsx", dossier(1, **{"Mã hồ sơ": " \u200b"}), dossier(2)))
        assert [(rejection.row, rejection.column) for rejection in outcome.rejections] == [(6, "Mã hồ sơ")]
        assert len(outcome.rows) == 1

    def test_the_same_dossier_with_different_values_is_rejected_in_both_places(self, tmp_path: Path):
        other = dossier(1, **{"Ngày hẹn trả": "27/11/2026 17:00"})
        outcome = read(sheet(tmp_path / "a.xlsx", dossier(1), dossier(2), other), batch_size=1)
        assert [(rejection.row, rejection.value) for rejection in outcome.rejections] == [
            (6, "H37.12-261120-0001"),
            (8, "H37.12-261120-0001"),
        ]
        assert "dòng 8" in outcome.rejections[0].cause
        assert "dòng 6" in outcome.rejections[1].cause
        assert [record.code for record in outcome.records] == ["H37.12-261120-0002"]
        assert outcome.head.row_count == 3

    def test_the_same_dossier_twice_with_the_same_values_is_kept_once(self, tmp_path: Path):
        outcome = read(sheet(tmp_path / "a.xlsx", dossier(1), dossier(1, STT=9)))
        assert [row.row for row in outcome.rows] == [6]
        assert outcome.rejections == []
        assert any("dòng 7" in finding for finding in outcome.head.findings)


class TestText:
    @pytest.mark.parametrize("name", ['=cmd|"/c calc"!A1', "+84912345678", "-1+1", "@SUM(A1)"])
    def test_a_formula_in_a_name_stays_literal(self, tmp_path: Path, name: str):
        [record] = read(sheet(tmp_path / "a.xlsx", dossier(1, **{"Chủ hồ sơ": name}))).records
        assert record.person.applicant == name

    def test_names_are_composed_trimmed_and_without_invisible_signs(self, tmp_path: Path):
        written = "  " + unicodedata.normalize("NFD", "Nguyễn Thị") + "\u200b \u00a0\n Hòa\u200e "
        [record] = read(sheet(tmp_path / "a.xlsx", dossier(1, **{"Chủ hồ sơ": written}))).records
        assert record.person.applicant == "Nguyễn Thị Hòa"

    def test_an_endless_value_is_rejected(self, tmp_path: Path):
        outcome = read(sheet(tmp_path / "a.xlsx", dossier(1, **{"Địa chỉ": "x" * 4_001}), dossier(2)))
        assert [(rejection.row, rejection.column) for rejection in outcome.rejections] == [(6, "Địa chỉ")]
        assert len(outcome.rejections[0].value or "") <= 200

    @pytest.mark.parametrize("garbled", ["C«ng ty TNHH", "NguyÔn ThÞ H¬ng", "Coâng ty Hoa", "Nguyeãn Vaên A"])
    def test_a_name_in_an_old_font_is_rejected_not_printed(self, tmp_path: Path, garbled: str):
        [rejection] = read(sheet(tmp_path / "a.xlsx", dossier(1, **{"Chủ hồ sơ": garbled}))).rejections
        assert "Unicode" in rejection.cause

    @pytest.mark.parametrize("name", ["Günther Müller", "Château Việt", "España S.A.", "Công ty «Hoa»", "ABC® ½ m²"])
    def test_foreign_names_are_no_old_font(self, tmp_path: Path, name: str):
        [record] = read(sheet(tmp_path / "a.xlsx", dossier(1, **{"Chủ hồ sơ": name}))).records
        assert record.person.applicant == name

    @pytest.mark.parametrize(
        ("code", "warnings"),
        [
            ("H37.12-260720-0001", ()),
            ("000.00.12.H62-201105-0004", ()),
            ("MẪU-H37.12-261120-0001", ()),
            ("HS-17/2026", ("odd_code",)),
            (20261120, ("odd_code",)),
        ],
    )
    def test_an_odd_dossier_code_is_kept_and_flagged(self, tmp_path: Path, code: object, warnings: tuple[str, ...]):
        [row] = read(sheet(tmp_path / "a.xlsx", dossier(1, **{"Mã hồ sơ": code}))).rows
        assert (row.record.code, row.warnings) == (str(code), warnings)


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
        "eth for đ": ["Mã hồ sơ", "Ðịa chỉ", "Ngày nhận", "Ngày hẹn trả", "Chủ hồ sơ"],
    }

    @pytest.mark.parametrize("name", LAYOUTS)
    def test_ten_layouts_are_understood(self, tmp_path: Path, name: str):
        header = self.LAYOUTS[name]
        cells = []
        for title in header:
            plain = unicodedata.normalize("NFC", title).casefold().replace("\n", " ")
            is_code = plain.startswith(("mã hồ", "mahoso", "dossierno", "số hồ"))
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


class TestDelimited:
    ROWS: ClassVar[list[list[object]]] = [*TITLE, FOLLOW_UP, dossier(1), dossier(2, **{"Chủ hồ sơ": "Công ty A, B; C"})]

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    def test_every_encoding_and_separator(self, tmp_path: Path, encoding: str, separator: str):
        outcome = read(text(tmp_path / "a.csv", self.ROWS, encoding=encoding, separator=separator))
        assert [row.row for row in outcome.rows] == [6, 7]
        assert outcome.records[1].person.applicant == "Công ty A, B; C"
        assert outcome.records[0].received_at == at(20, 9)

    def test_the_same_rows_are_the_same_records_as_in_excel(self, tmp_path: Path):
        as_book = read(book(tmp_path / "a.xlsx", self.ROWS))
        assert read(text(tmp_path / "a.csv", self.ROWS)).records == as_book.records

    def test_windows_1258_is_decoded(self, tmp_path: Path):
        path = tmp_path / "a.csv"
        decomposed = "Mã hồ sơ,Ngày nhận,Ngày hẹn trả,Chủ hồ sơ\r\nH37.12-261120-0001,20/11/2026,,Nguyễn Thị Hạnh\r\n"
        path.write_bytes(_windows_1258(decomposed))
        assert read(path).records[0].person.applicant == "Nguyễn Thị Hạnh"

    @pytest.mark.parametrize(
        "data",
        [
            "M· hå s¬,Ngµy nhËn\r\nH37.12-261120-0001,20/11/2026\r\n".encode("latin-1"),  # TCVN3
            "Maõ hoà sô,Ngaøy nhaän\r\nH37.12-261120-0001,20/11/2026\r\n".encode("latin-1"),  # VNI
            "M· hå s¬,Ngµy nhËn\r\nH37.12-261120-0001,20/11/2026\r\n".encode(),
            "MaHoSo,NgayTiepNhan,ChuHoSo\r\nH37.12-261120-0001,20/11/2026,C«ng ty\r\n".encode("latin-1"),
            "Mã hồ sơ,Ngày nhận\r\nH37.12-261120-0001,20/11/2026\r\n".encode().decode("cp1252", "replace").encode(),
        ],
    )
    def test_text_from_before_unicode_is_refused_with_clear_words(self, tmp_path: Path, data: bytes):
        path = tmp_path / "a.csv"
        path.write_bytes(data)
        with pytest.raises(OldEncoding, match="Unicode"):
            read(path)

    def test_a_row_with_too_many_cells_is_rejected(self, tmp_path: Path):
        lines = [
            "Mã hồ sơ,Địa chỉ,Ngày nhận",
            "H37.12-261120-0001,Số 1, Lạng Sơn,20/11/2026",
            "H37.12-261120-0002,x,20/11/2026",
        ]
        (tmp_path / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        outcome = read(tmp_path / "a.csv")
        assert [(rejection.row, "ngoặc kép" in rejection.cause) for rejection in outcome.rejections] == [(2, True)]
        assert [row.row for row in outcome.rows] == [3]

    def test_the_last_row_without_an_end_is_not_trusted(self, tmp_path: Path):
        whole = "Mã hồ sơ,Ngày nhận\nH37.12-261120-0001,20/11/2026 08:30\nH37.12-261120-0002,20/11/2026 08:30"
        (tmp_path / "a.csv").write_text(whole, encoding="utf-8")
        outcome = read(tmp_path / "a.csv")
        assert [row.row for row in outcome.rows] == [2]
        assert [(rejection.row, "xuống dòng" in rejection.cause) for rejection in outcome.rejections] == [(3, True)]


class TestPortal:
    RECORD: ClassVar[dict[str, object]] = {
        "MaHoSo": "000.00.12.H37-261120-0001",
        "MaTTHC": " 1.009645.H38",
        "TenTTHC": "Chấp thuận chủ trương đầu tư",
        "TenLinhVuc": "Đầu tư",
        "KenhThucHien": "2",
        "SoBienNhan": "BN-7",
        "ChuHoSo": "Công ty Hoa Hồi",
        "LoaiDoiTuong": "2",
        "SoGiayToChuHoSo": "4900123456",
        "Email": "hoahoi@example.vn",
        "SoDienThoai": "0912345678",
        "NgayNopHoSo": "20261120080000",
        "NgayTiepNhan": "20261120090000",
        "NgayHenTra": "2026-11-26 17:00:00",
        "TrangThaiHoSo": "5",
        "NgayKetThucXuLy": "",
        "NgayTra": "",
        "NgayTuChoi": "",
        "DonViXuLy": "Phòng Đăng ký kinh doanh",
        "DanhSachHoSoBoSung": [
            {
                "HoSoBoSungId": "17",
                "NgayBoSung": "20261123083000",
                "NgayTiepNhanBoSung": "",
                "NgayHenTraTruoc": "20261126170000",
                "NgayHenTraMoi": "",
            },
            {"NgayBoSung": "20261123090000", "NgayTiepNhanBoSung": "20261123100000", "NgayHenTraMoi": "20261130170000"},
        ],
        "DanhSachGiayToKetQua": [{"TenGiayTo": "Quyết định"}],
    }

    def test_a_dossier_of_the_portal_is_read_whole(self, tmp_path: Path):
        outcome = read(portal(tmp_path / "a.json", self.RECORD))
        assert outcome.records == [
            Record(
                code="000.00.12.H37-261120-0001",
                procedure_code="1.009645",
                procedure_name="Chấp thuận chủ trương đầu tư",
                channel=Channel.ONLINE,
                field_name="Đầu tư",
                receipt_no="BN-7",
                submitted_at=at(20, 8),
                received_at=at(20, 9),
                appointment_at=at(26, 17),
                handling_unit="Phòng Đăng ký kinh doanh",
                status=SourceStatus.SUPPLEMENT_ASKED,
                has_result_paper=True,
                supplements=(
                    SupplementRecord(key="17", asked_at=at(23, 8, 30), old_appointment_at=at(26, 17)),
                    SupplementRecord(
                        key="2", asked_at=at(23, 9), answered_at=at(23, 10), new_appointment_at=at(30, 17)
                    ),
                ),
                person=Person(
                    applicant="Công ty Hoa Hồi",
                    applicant_kind=ApplicantKind.BUSINESS,
                    phone="0912345678",
                    email="hoahoi@example.vn",
                    identity_no="4900123456",
                ),
            )
        ]
        assert outcome.rows[0].warnings == ()
        head = outcome.head
        assert (head.source, head.kind, head.scope) == ("mac-dinh/dong-bo", "dossiers", Scope.PARTIAL)

    def test_a_field_that_only_some_records_have_says_nothing_by_its_absence(self, tmp_path: Path):
        other = {"MaHoSo": "000.00.12.H37-261120-0002", "NgayTiepNhan": "20261120090000"}
        carried = read(portal(tmp_path / "a.json", self.RECORD, other)).head.carried
        assert {"code", "received_at"} <= carried
        assert "finished_at" not in carried

    def test_another_interface_numbers_applicants_differently(self, tmp_path: Path):
        rule = SourceRule(name="bo", applicant_kinds={"0": ApplicantKind.CITIZEN, "1": ApplicantKind.BUSINESS})
        record = self.RECORD | {"LoaiDoiTuong": 1}
        assert (
            read(portal(tmp_path / "a.json", record), rule).records[0].person.applicant_kind is ApplicantKind.BUSINESS
        )
        [row] = read(portal(tmp_path / "b.json", self.RECORD), rule).rows  # 2 has no meaning there
        assert (row.record.person.applicant_kind, row.warnings) == (None, ("unknown_applicant_kind",))

    def test_an_odd_procedure_code_is_kept_and_flagged(self, tmp_path: Path):
        [row] = read(portal(tmp_path / "a.json", self.RECORD | {"MaTTHC": "1.0133611"})).rows
        assert (row.record.procedure_code, row.warnings) == ("1.0133611", ("odd_procedure_code",))

    @pytest.mark.parametrize(
        ("changed", "column"),
        [
            ({"NgayTiepNhan": "20261320090000"}, "NgayTiepNhan"),
            ({"NgayHenTra": "11/23/2026"}, "NgayHenTra"),
            ({"DanhSachHoSoBoSung": [{"NgayBoSung": "hôm qua"}]}, "DanhSachHoSoBoSung"),
            ({"DanhSachHoSoBoSung": "không"}, "DanhSachHoSoBoSung"),
            ({"NgayTra": ["20261120090000"]}, "NgayTra"),
        ],
    )
    def test_a_bad_record_costs_itself_only(self, tmp_path: Path, changed: dict[str, object], column: str):
        good = self.RECORD | {"MaHoSo": "000.00.12.H37-261120-0002"}
        outcome = read(portal(tmp_path / "a.json", self.RECORD | changed, good, "?"))
        assert {(rejection.row, rejection.column) for rejection in outcome.rejections} == {(1, column), (3, None)}
        assert [row.row for row in outcome.rows] == [2]

    def test_the_latest_step_says_who_has_the_dossier_and_until_when(self, tmp_path: Path):
        steps = [
            {
                "MaHoSo": "A-1",
                "NguoiXuLy": "Bình",
                "PhongBanXuLy": "Phòng B",
                "ThoiDiemXuLy": "20261123080000",
                "NgayKetThucTheoQuyDinh": "20261125170000",
            },
            {
                "MaHoSo": "A-1",
                "NguoiXuLy": "An",
                "PhongBanXuLy": "Phòng A",
                "ThoiDiemXuLy": "20261120080000",
                "NgayKetThucTheoQuyDinh": "20261124170000",
            },
            {
                "MaHoSo": "A-2",
                "NguoiXuLy": "Chi",
                "PhongBanXuLy": "Phòng A",
                "ThoiDiemXuLy": "",
                "NgayKetThucTheoQuyDinh": "",
            },
        ]
        outcome = read(portal(tmp_path / "a.json", *steps, service="CapNhatTienDoHoSoMC"))
        assert outcome.records == [
            Record(code="A-1", handling_officer="Bình", handling_unit="Phòng B", step_due_at=at(25, 17)),
            Record(code="A-2", handling_officer="Chi", handling_unit="Phòng A"),
        ]
        assert (outcome.head.kind, outcome.head.source) == ("steps", "mac-dinh/tien-do")
        assert outcome.head.scope is Scope.PARTIAL

    def test_without_the_time_of_a_step_nobody_knows_which_is_the_latest(self, tmp_path: Path):
        steps = [
            {"MaHoSo": "A-1", "NguoiXuLy": "An", "ThoiDiemXuLy": "20261120080000"},
            {"MaHoSo": " A-1", "NguoiXuLy": "Bình", "ThoiDiemXuLy": "11/23/2026"},
        ]
        outcome = read(portal(tmp_path / "a.json", *steps, service="CapNhatTienDoHoSoMC"))
        assert outcome.rows == []
        assert [(rejection.row, rejection.column) for rejection in outcome.rejections] == [(2, "ThoiDiemXuLy")]

    @pytest.mark.parametrize("bare", [True, False])
    def test_a_bare_list_is_accepted_when_its_fields_fit(self, tmp_path: Path, bare: bool):
        document = [self.RECORD] if bare else {"data": [self.RECORD]}
        (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")
        assert [record.code for record in read(tmp_path / "a.json").records] == ["000.00.12.H37-261120-0001"]

    def test_a_bare_list_of_something_else_is_refused(self, tmp_path: Path):
        (tmp_path / "a.json").write_text('[{"ten": "An", "luong": 5}]', encoding="utf-8")
        with pytest.raises(HeaderNotFound):
            read(tmp_path / "a.json")

    def test_another_service_is_refused_by_name(self, tmp_path: Path):
        with pytest.raises(UnknownService, match="DongBoDanhMuc"):
            read(portal(tmp_path / "a.json", self.RECORD, service="DongBoDanhMuc"))


def _windows_1258(composed: str) -> bytes:
    """As Windows writes Vietnamese: the letter with its hat or horn, the tone behind it."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    written = ""
    for letter in composed:
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(part for part in parts if part in tones)
        written += unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones)) + tone
    return written.encode("cp1258")
