"""The national portal's records become ours."""

import json
from pathlib import Path
from typing import ClassVar

import pytest
from intake_lists import at, portal, read

from monitor.dossier import Channel, SourceStatus
from monitor.intake.refusals import HeaderNotFound, UnknownService
from monitor.record import ApplicantKind, Person, Record, SupplementRecord
from monitor.source import Scope, SourceRule


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
            Record(code="A-1", step_officer="Bình", step_unit="Phòng B", step_due_at=at(25, 17)),
            Record(code="A-2", step_officer="Chi", step_unit="Phòng A"),
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
