"""Which files wait for a person, what they are told, and what stays unsaid while a file waits."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from office import CODE, HEADERS, Row, dossier, many, row, take, write_list, write_portal
from official import at, rules

from monitor.dossier import EventKind
from monitor.doubts import doubt_about, held_sources
from monitor.handling import holders_of
from monitor.intake import FileHead
from monitor.rules import RuleBook
from monitor.source import Layout, Scope, SourceRule
from monitor.store import SourceState, Store, open_store

FRIDAY, MONDAY = "Fri 2026-11-20 16:55", "Mon 2026-11-23 07:05"
NOW = "Mon 2026-11-23 07:10"
FOLLOW_UP = "Mặc định/theo-doi"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def with_source(**rule: object) -> RuleBook:
    """The shipped rules, but for one source that claims every file."""
    return replace(rules(), sources=(SourceRule(name="tinh", **rule),))


def undated(folder: Path, modified: str, rows: list[Row], name: str = "danh-sach.csv") -> Path:
    """A list that says nowhere how fresh it is; its file was written at a moment."""
    path = write_list(folder, MONDAY, rows, name=name)
    path.write_text(path.read_text("utf-8-sig").partition("\n")[2], "utf-8-sig")
    os.utime(path, (at(modified).timestamp(),) * 2)
    return path


class TestFreshness:
    def test_an_undated_file_does_not_make_a_later_export_that_says_its_moment_older(
        self, store: Store, tmp_path: Path
    ):
        take(store, undated(tmp_path, "Mon 2026-11-23 10:00", many(3)), "Mon 2026-11-23 10:05")
        renewed = many(3, appointment="27/11/2026 17:00")
        report = take(store, write_list(tmp_path, MONDAY, renewed), "Mon 2026-11-23 10:10")
        assert (report.held, report.changed) == (False, 3)
        assert len(dossier(store).appointments) == 2
        state = store.source_state(FOLLOW_UP)
        assert (state.data_as_of, state.data_as_of_estimated) == (at(MONDAY), False)

    def test_nor_does_it_let_an_export_pass_that_is_older_than_one_that_said_its_moment(
        self, store: Store, tmp_path: Path
    ):
        take(store, write_list(tmp_path, MONDAY, many(3)), NOW)
        take(store, undated(tmp_path, "Mon 2026-11-23 10:00", many(3, status="Đã tiếp nhận")), "Mon 2026-11-23 10:05")
        assert store.source_state(FOLLOW_UP).stated_as_of == at(MONDAY)
        report = take(store, write_list(tmp_path, FRIDAY, many(3)), "Mon 2026-11-23 10:10")
        assert report.held
        assert "(16:55 20/11/2026) cũ hơn tệp đã nhận gần nhất (07:05 23/11/2026)" in report.cause

    def test_an_undated_file_written_before_the_last_export_is_held(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, MONDAY, many(3)), NOW)
        report = take(store, undated(tmp_path, FRIDAY, many(3)), NOW)
        assert report.held
        assert "(16:55 20/11/2026, ước tính) cũ hơn" in report.cause


class TestColumnsThatAreGone:
    def test_the_field_its_old_header_the_likely_new_one_and_the_line_to_add_are_named(
        self, store: Store, tmp_path: Path
    ):
        take(store, write_list(tmp_path, FRIDAY, many(3)), NOW)
        renamed = HEADERS | {"appointment": "Hẹn lấy kết quả"}
        report = take(store, write_list(tmp_path, MONDAY, many(3), headers=renamed), NOW)
        assert report.cause == (
            "Tệp không còn cột “Ngày hẹn trả” (ngày hẹn trả); các cột chưa dùng đến: Hẹn lấy kết quả. "
            '“Hẹn lấy kết quả” có lẽ là ngày hẹn trả: thêm "Hẹn lấy kết quả" = "appointment_at" vào [columns] của '
            "nguồn “Mặc định” trong rules/sources. Nếu đúng là đã bỏ cột, dùng --accept."
        )
        line = {"Hẹn lấy kết quả": "appointment_at"}
        mended = replace(rules(), sources=(SourceRule(name="Mặc định", columns=line),))
        assert not take(store, write_list(tmp_path, MONDAY, many(3), headers=renamed), NOW, mended).held

    def test_without_a_likely_one_no_header_is_guessed(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(3)), NOW)
        renamed = HEADERS | {"appointment": "Ghi chú"}
        report = take(store, write_list(tmp_path, MONDAY, many(3, appointment="chờ"), headers=renamed), NOW)
        assert (
            "Nếu cột chỉ đổi tên, thêm tên mới vào [columns] của nguồn “Mặc định” trong rules/sources." in report.cause
        )

    def test_a_list_whose_layout_is_declared_is_held_however_much_it_has_lost(self, store: Store, tmp_path: Path):
        book = with_source(layout=Layout.FOLLOW_UP)
        assert take(store, write_list(tmp_path, FRIDAY, many(3)), NOW, book).source == "tinh/theo-doi"
        few = {field: HEADERS[field] for field in ("code", "received", "officer")}
        report = take(store, write_list(tmp_path, MONDAY, many(3), headers=few), NOW, book)
        assert (report.held, report.source) == (True, "tinh/theo-doi")


class TestColumnsThatEmpty:
    def test_a_column_that_was_full_and_is_empty_holds_the_file(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(40)), NOW)
        report = take(store, write_list(tmp_path, MONDAY, [*many(1), *many(40, officer="")[1:]]), NOW)
        assert report.held
        assert report.cause.startswith(
            "Cột gần như trống: “Người xử lý” (người thụ lý: lần trước 100% ô có nội dung, lần này 2%). "
        )
        assert dossier(store, "H37.12-261120-0002").handling_officer == "Nguyễn Ngọc Hồng Ánh"

    def test_two_of_forty_are_five_percent_and_no_doubt(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(40)), NOW)
        assert not take(store, write_list(tmp_path, MONDAY, [*many(2), *many(40, officer="")[2:]]), NOW).held

    def test_a_short_list_says_nothing_about_its_columns(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(19)), NOW)
        assert not take(store, write_list(tmp_path, MONDAY, many(19, officer="")), NOW).held

    def test_what_a_person_has_accepted_is_not_asked_again(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(20)), NOW)
        emptied = write_list(tmp_path, MONDAY, many(20, officer=""))
        assert take(store, emptied, NOW).held
        take(store, emptied, NOW, accept=True)
        assert not take(store, write_list(tmp_path, "Mon 2026-11-23 09:00", many(20, officer="")), NOW).held

    @pytest.mark.parametrize(
        ("title", "held"), [("", True), ("Hồ sơ nhận từ ngày 20/11/2026 đến ngày 20/11/2026\n", False)]
    )
    def test_a_list_of_other_days_may_have_other_ends(self, store: Store, tmp_path: Path, title: str, held: bool):
        done = many(20, finished="20/11/2026 15:00", status="Đã xử lý xong")
        for path in (write_list(tmp_path, FRIDAY, done), write_list(tmp_path, MONDAY, many(20))):
            path.write_text(title + path.read_text("utf-8-sig"), "utf-8-sig")
            last = take(store, path, NOW)
        assert last.held is held


class TestTwoHeadersForOneField:
    TWICE: Mapping[str, str] = HEADERS | {"again": "Ngày tiếp nhận"}
    DECLARED: Mapping[str, str] = {"Ngày tiếp nhận": "received_at"}

    def test_a_first_file_is_held_when_they_contradict_each_other(self, store: Store, tmp_path: Path):
        rows = [*many(3, again="20/11/2026 09:00"), row("H37.12-261120-0009", again="19/11/2026 15:00")]
        report = take(store, write_list(tmp_path, FRIDAY, rows, headers=self.TWICE), NOW)
        assert report.cause == (
            "Tệp có hai cột cho một trường ngày tiếp nhận: “Ngày nhận” và “Ngày tiếp nhận”, khác nhau ở 1 dòng. "
            'Cho biết cột nào đúng: trong [columns] của nguồn “Mặc định” (rules/sources) thêm "Ngày nhận" = '
            '"received_at" hoặc "Ngày tiếp nhận" = "received_at". Nếu lấy “Ngày nhận” là đúng, dùng --accept.'
        )
        assert list(store.list_dossiers()) == []

    @pytest.mark.parametrize("again", ["20/11/2026 09:00", ""])
    def test_a_first_file_is_taken_and_the_second_column_reported_when_they_do_not(
        self, store: Store, tmp_path: Path, again: str
    ):
        report = take(store, write_list(tmp_path, FRIDAY, many(3, again=again), headers=self.TWICE), NOW)
        assert not report.held
        assert "hai cột cho một trường: lấy “Ngày nhận”, bỏ “Ngày tiếp nhận”" in report.findings

    def test_what_agreed_is_held_as_soon_as_it_does_not(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(3, again="20/11/2026 09:00"), headers=self.TWICE), NOW)
        assert take(store, write_list(tmp_path, MONDAY, many(3, again="19/11/2026"), headers=self.TWICE), NOW).held

    def test_a_second_column_that_is_new_holds_the_file_even_when_they_agree(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(3)), NOW)
        agreeing = many(3, again="20/11/2026 09:00")
        assert take(store, write_list(tmp_path, MONDAY, agreeing, headers=self.TWICE), NOW).held

    def test_what_a_person_has_accepted_is_not_asked_again(self, store: Store, tmp_path: Path):
        first = write_list(tmp_path, FRIDAY, many(3, again="19/11/2026"), headers=self.TWICE)
        assert take(store, first, NOW).held
        take(store, first, NOW, accept=True)
        agreeing = write_list(tmp_path, MONDAY, many(3, again="20/11/2026 09:00"), headers=self.TWICE)
        assert not take(store, agreeing, NOW).held
        later = write_list(tmp_path, "Mon 2026-11-23 09:00", many(3, again="18/11/2026"), headers=self.TWICE)
        assert not take(store, later, "Mon 2026-11-23 09:05").held

    def test_a_source_that_declares_its_column_is_in_no_doubt_and_has_that_column_read(
        self, store: Store, tmp_path: Path
    ):
        rows = many(3, again="19/11/2026 15:00")
        report = take(
            store, write_list(tmp_path, FRIDAY, rows, headers=self.TWICE), NOW, with_source(columns=self.DECLARED)
        )
        assert not report.held
        assert dossier(store).received.at == at("Thu 2026-11-19 15:00")


class TestScope:
    def test_a_list_of_days_of_appointment_misses_nobody(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(5)), NOW)
        due = write_list(tmp_path, MONDAY, many(1))
        due.write_text(
            "Hồ sơ hẹn trả từ ngày 20/11/2026 đến ngày 30/11/2026\n" + due.read_text("utf-8-sig"), "utf-8-sig"
        )
        report = take(store, due, NOW)
        assert not report.held
        assert any("không phải ngày nhận" in finding for finding in report.findings)
        assert dossier(store, "H37.12-261120-0005").missing_since is None

    @pytest.mark.parametrize(
        ("before", "after", "held"),
        [
            (Scope.RECEIVED_BETWEEN, Scope.RECEIVED_BETWEEN, True),  # the same title over fewer rows
            (Scope.RECEIVED_BETWEEN, Scope.ALL, True),  # the title is gone, and the file now claims to hold everything
            (Scope.ALL, Scope.RECEIVED_BETWEEN, False),  # declared narrower
            (Scope.ALL, Scope.PARTIAL, False),  # says nothing about absence
        ],
    )
    def test_a_shrunken_list_is_held_unless_it_declares_itself_narrower(self, before: Scope, after: Scope, held: bool):
        common = {"data_as_of": at(MONDAY), "carried": frozenset(), "columns": {}}
        last = SourceState(name="a", last_import_id=1, scope=before, row_count=256, **common)
        head = FileHead(
            file_name="a.xlsx",
            sha256="0",
            source="a",
            layout="theo-doi",
            kind="dossiers",
            data_as_of_estimated=False,
            scope=after,
            received_from=None,
            received_to=None,
            unused_headers=(),
            row_count=180,
            **common,
        )
        assert (doubt_about(head, last) is not None) is held


class TestHeldSources:
    def test_a_source_is_held_up_until_its_file_is_accepted(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(10)), NOW)
        assert held_sources(store) == frozenset()
        short = write_list(tmp_path, MONDAY, many(3))
        take(store, short, NOW)
        assert held_sources(store) == {FOLLOW_UP}
        take(store, short, "Mon 2026-11-23 08:00", accept=True)
        assert held_sources(store) == frozenset()

    def test_or_until_a_better_one_follows(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(10)), NOW)
        take(store, write_list(tmp_path, MONDAY, many(3)), NOW)
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:30", many(10)), "Mon 2026-11-23 07:35")
        assert held_sources(store) == frozenset()

    def test_other_sources_go_on(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(10)), NOW)
        portal = {"MaHoSo": CODE, "TrangThaiHoSo": "4", "NgayTiepNhan": "20261120090000"}
        take(store, write_portal(tmp_path, MONDAY, [portal], service="DongBoHoSoMC"), NOW)
        take(store, write_list(tmp_path, MONDAY, many(3)), NOW)
        assert held_sources(store) == {FOLLOW_UP}

    def test_a_file_that_waits_only_for_being_old_casts_no_doubt_on_newer_data(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, MONDAY, many(10)), NOW)
        assert take(store, write_list(tmp_path, FRIDAY, many(10)), NOW).held
        assert held_sources(store) == frozenset()

    def test_a_first_file_that_waits_holds_up_its_source_too(self, store: Store, tmp_path: Path):
        twice = HEADERS | {"again": "Ngày tiếp nhận"}
        take(store, write_list(tmp_path, FRIDAY, many(3, again="19/11/2026"), headers=twice), NOW)
        assert held_sources(store) == {FOLLOW_UP}


class TestWhoHandles:
    def test_the_step_log_says_who_has_it_in_hand_beside_whom_the_source_names(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, [row()]), NOW)
        step = {"MaHoSo": CODE, "NguoiXuLy": "Lương Viết Hoàng Long", "ThoiDiemXuLy": "20261123063000"}
        take(store, write_portal(tmp_path, MONDAY, [step], service="CapNhatTienDoHoSoMC"), NOW)
        one = dossier(store)
        assert (one.handling_officer, one.step_officer) == ("Nguyễn Ngọc Hồng Ánh", "Lương Viết Hoàng Long")
        assert store.dossier(CODE).events[-1].kind is EventKind.HANDED_OVER

    @pytest.mark.parametrize(
        ("written", "officer", "division"),
        [
            ("Phòng Đăng ký kinh doanh", None, "dkkd"),
            ("P.ĐKKD", None, "dkkd"),  # an alias that does not begin as units do
            ("Nguyễn Ngọc Hồng Ánh", "nn-hong-anh", "dkkd"),
            ("Nông Thị Sở", None, None),
        ],
    )
    def test_a_column_of_units_and_persons_is_matched_against_the_organisation(
        self, store: Store, tmp_path: Path, written: str, officer: str | None, division: str | None
    ):
        headers = {"code": "Mã hồ sơ", "received": "Ngày nhận", "holder": "Đơn vị/cá nhân giải quyết quá hạn"}
        take(store, write_list(tmp_path, FRIDAY, [row(holder=written)], headers=headers), NOW)
        held_by = holders_of(dossier(store), None, rules().organisation)
        assert (held_by.officer, held_by.division) == (officer, division)
