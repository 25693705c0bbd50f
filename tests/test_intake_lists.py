"""Spreadsheets and text files become records, and rows that are none say why."""

import unicodedata
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pytest
from intake_lists import FOLLOW_UP, TITLE, _windows_1258, at, book, dossier, read, sheet, text

from monitor.dossier import Moment, SourceStatus
from monitor.intake import file_digest
from monitor.intake.refusals import OldEncoding
from monitor.record import Person, Record
from monitor.source import Scope, SourceRule
from monitor.working_time import LOCAL_ZONE


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
