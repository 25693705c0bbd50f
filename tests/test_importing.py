"""A file's way into the store: what is new, what changed, what waits for a person, and what may never be lost."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from office import CODE, HEADERS, counts, dossier, everything, many, row, take, write_list, write_portal
from official import at, rules

from monitor.dossier import EventKind
from monitor.errors import MonitorError
from monitor.status import Status
from monitor.store import ImportState, Store, open_store
from monitor.sweep import sweep

FRIDAY, MONDAY = "Fri 2026-11-20 16:55", "Mon 2026-11-23 07:05"
NOW = "Mon 2026-11-23 07:10"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def kinds(store: Store, code: str = CODE) -> list[EventKind]:
    return [event.kind for event in store.dossier(code).events]


def test_the_rows_of_a_file_are_new_changed_unchanged_or_rejected(store: Store, tmp_path: Path):
    a, b, c = many(3)
    assert counts(take(store, write_list(tmp_path, FRIDAY, [a, b, c]), NOW)) == (3, 3, 0, 0, 0)
    second = [a, {**b, "appointment": "30/11/2026 17:00"}, row("H37.12-261120-0009"), {**c, "received": "35/11/2026"}]
    report = take(store, write_list(tmp_path, MONDAY, second), NOW)
    assert counts(report) == (4, 1, 1, 1, 1)
    (rejected,) = report.rejected
    assert (rejected.row, rejected.column, rejected.value) == (6, "Ngày nhận", "35/11/2026")
    assert (report.source, report.data_as_of, report.held) == ("Mặc định/theo-doi", at(MONDAY), False)


def test_the_same_file_or_a_renamed_copy_changes_nothing(store: Store, tmp_path: Path):
    first = write_list(tmp_path, FRIDAY, [*many(3), row("H37.12-261120-0009", received="sai")])
    take(store, first, NOW)
    before = everything(store)
    copy = tmp_path / "ban-sao.csv"
    copy.write_bytes(first.read_bytes())
    for path in (first, copy):
        report = take(store, path, "Mon 2026-11-23 09:00")
        assert report.already_imported
        assert counts(report) == (4, 0, 0, 3, 1)
        assert report.cause == (
            "Tệp này đã nhập lúc 07:10 23/11/2026 với tên theo-doi-20261120-1655.csv: không có gì thay đổi."
        )
    assert everything(store) == before


def test_a_file_older_than_the_last_accepted_one_of_its_source_is_held(store: Store, tmp_path: Path):
    take(store, write_list(tmp_path, MONDAY, many(3)), NOW)
    before = everything(store)
    older = write_list(tmp_path, FRIDAY, many(3, status="Đã xử lý xong", finished="20/11/2026 10:00"))
    report = take(store, older, NOW)
    assert (report.held, report.read, report.new) == (True, 3, 0)
    assert report.cause.startswith("Số liệu của tệp này (16:55 20/11/2026) cũ hơn tệp đã nhận")
    assert "gần nhất (07:05 23/11/2026)" in report.cause
    assert everything(store) == before
    assert store.imports()[0].state is ImportState.HELD


def test_over_a_fifth_fewer_rows_are_held_and_a_fifth_is_not(store: Store, tmp_path: Path):
    take(store, write_list(tmp_path, FRIDAY, many(10)), NOW)
    assert not take(store, write_list(tmp_path, "Fri 2026-11-20 17:00", many(8)), NOW).held
    report = take(store, write_list(tmp_path, MONDAY, many(6)), NOW)
    assert report.held
    assert report.cause.startswith("Tệp có 6 hồ sơ, lần trước 8: giảm hơn 20 %")
    assert dossier(store, "H37.12-261120-0007").missing_since is None


@pytest.mark.parametrize(("has_days", "held"), [((False, True), False), ((True, False), True)])
def test_a_list_of_some_days_may_be_shorter_than_the_whole_list_and_the_whole_not_than_one_of_some_days(
    store: Store, tmp_path: Path, has_days: tuple[bool, bool], held: bool
):
    files = [write_list(tmp_path, exported, many(count)) for exported, count in ((FRIDAY, 10), (MONDAY, 2))]
    for path, is_for_days in zip(files, has_days, strict=True):
        if is_for_days:
            title = "Hồ sơ nhận từ ngày 20/11/2026 đến ngày 20/11/2026\n"
            path.write_text(title + path.read_text("utf-8-sig"), "utf-8-sig")
    assert not take(store, files[0], NOW).held
    assert take(store, files[1], NOW).held is held


def test_a_mapped_column_that_is_gone_holds_the_file_and_is_named(store: Store, tmp_path: Path):
    take(store, write_list(tmp_path, FRIDAY, many(3)), NOW)
    renamed = HEADERS | {"appointment": "Hẹn lấy kết quả"}
    report = take(store, write_list(tmp_path, MONDAY, many(3), headers=renamed), NOW)
    assert report.held
    assert report.cause.startswith("Tệp không còn cột “Ngày hẹn trả” (ngày hẹn trả); các cột chưa dùng đến: Hẹn lấy")


def test_a_held_file_is_taken_when_a_person_accepts_it(store: Store, tmp_path: Path):
    take(store, write_list(tmp_path, FRIDAY, many(10)), NOW)
    short = write_list(tmp_path, MONDAY, many(3))
    assert take(store, short, NOW).held
    assert take(store, short, NOW).held  # and dropped again it waits again
    report = take(store, short, NOW, accept=True)
    assert (report.held, counts(report)) == (False, (3, 0, 0, 3, 0))
    assert take(store, short, NOW, accept=True).already_imported
    assert dossier(store, "H37.12-261120-0007").missing_since == at(NOW)


@pytest.mark.parametrize("accept", [True, False])
def test_a_dry_run_reports_and_writes_nothing_at_all(store: Store, tmp_path: Path, accept: bool):
    take(store, write_list(tmp_path, FRIDAY, many(10)), "Fri 2026-11-20 17:00")
    before = everything(store), store.imports(), store.sources(), store.newest_recorded_at()
    news = [row("H37.12-261120-0011"), row("H37.12-261120-0012", received="sai")]
    path = write_list(tmp_path, MONDAY, [*many(2), *news])
    report = take(store, path, NOW, dry_run=True, accept=accept)
    assert (counts(report), report.held) == ((4, 1, 0, 2, 1), not accept)
    assert (everything(store), store.imports(), store.sources(), store.newest_recorded_at()) == before


def test_a_killed_import_started_again_ends_like_one_that_was_not(database_url: str, tmp_path: Path):
    """The kill comes between two batches: the process stops itself there as SIGKILL would."""
    rows = [*many(20), row("H37.12-261120-0099", received="sai")]
    first = write_list(tmp_path, FRIDAY, many(25))
    second = write_list(tmp_path, MONDAY, [{**one, "appointment": "27/11/2026 17:00"} for one in rows])
    with open_store(database_url) as store:
        take(store, first, NOW)
    killed = textwrap.dedent(
        f"""
        import os, signal, sys
        sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parent.parent)]!r}
        from pathlib import Path
        from office import take
        from monitor.store import Store, open_store
        class Mortal(Store):
            batches = 0
            def write_batch(self, *args, **how):
                if self.batches == 3:
                    os.kill(os.getpid(), signal.SIGKILL)
                Mortal.batches += 1
                super().write_batch(*args, **how)
        with open_store({database_url!r}) as store:
            take(Mortal(store._database), Path({str(second)!r}), {NOW!r}, batch_size=5)
        """
    )
    ended = subprocess.run([sys.executable, "-c", killed], check=False, env=os.environ)
    assert ended.returncode == -signal.SIGKILL
    with open_store(database_url) as store, open_store(f"sqlite:///{tmp_path}/whole.db") as whole:
        assert store.imports()[0].state is ImportState.READING
        assert len({dossier(store, one["code"]).appointments for one in many(20)}) == 2, "some rows came, some did not"
        report = take(store, second, NOW, batch_size=5)
        for path in (first, second):
            expected = take(whole, path, NOW)
        assert everything(store) == everything(whole)
        assert store.sources() == whole.sources()
        assert report.rejected == expected.rejected
        assert store.rejections(store.imports()[0].id) == whole.rejections(whole.imports()[0].id)


def test_a_blank_erases_neither_receipt_nor_appointment_nor_finish(store: Store, tmp_path: Path):
    take(store, write_list(tmp_path, FRIDAY, [row(finished="20/11/2026 15:00", status="Đã xử lý xong")]), NOW)
    blank = row(received="", appointment="", finished="", status="Đã xử lý xong")
    take(store, write_list(tmp_path, MONDAY, [blank]), NOW)
    one = dossier(store)
    assert (one.received.at, one.finished.at) == (at("Fri 2026-11-20 09:00"), at("Fri 2026-11-20 15:00"))
    assert [seen.at.at for seen in one.appointments] == [at("Thu 2026-11-26 17:00")]
    assert {it.fact for it in one.conflicts if it.theirs is None} == {"received", "appointment", "finished"}


def test_a_dossier_that_is_open_again_begins_a_new_life(store: Store, tmp_path: Path):
    take(store, write_list(tmp_path, FRIDAY, [row(finished="20/11/2026 15:00", status="Đã xử lý xong")]), NOW)
    take(store, write_list(tmp_path, MONDAY, [row()]), NOW)
    assert (dossier(store).life, dossier(store).finished) == (2, None)
    assert EventKind.REOPENED in kinds(store)


def test_an_open_dossier_that_vanished_is_missing_until_it_is_back(store: Store, tmp_path: Path):
    take(store, write_list(tmp_path, "Thu 2026-11-19 16:55", many(6)), NOW)
    take(store, write_list(tmp_path, FRIDAY, many(5)), NOW)
    sweep(store, rules(), now=at(NOW))
    assert store.dossier("H37.12-261120-0006").row.status is Status.MISSING_FROM_SOURCE
    take(store, write_list(tmp_path, MONDAY, many(6)), "Mon 2026-11-23 08:00")
    sweep(store, rules(), now=at("Mon 2026-11-23 08:00"))
    assert store.dossier("H37.12-261120-0006").row.status is Status.ON_TRACK
    assert kinds(store, "H37.12-261120-0006")[-2:] == [EventKind.VANISHED, EventKind.APPEARED]


PORTAL = {"MaHoSo": CODE, "TrangThaiHoSo": "4", "NgayTiepNhan": "20261120090000", "NgayHenTra": "20261126170000"}


class TestTwoSourcesThatTellOfTheSameDossier:
    def test_a_list_that_says_nothing_about_absence_does_not_take_it_over(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(6)), NOW)
        take(store, write_portal(tmp_path, MONDAY, [PORTAL], service="DongBoHoSoMC"), NOW)
        take(store, write_list(tmp_path, "Mon 2026-11-23 09:00", many(6)[1:]), "Mon 2026-11-23 09:05")
        assert dossier(store).missing_since == at("Mon 2026-11-23 09:05")

    def test_an_older_word_adds_what_nobody_said_and_contradicts_nothing(self, store: Store, tmp_path: Path):
        finished = row(finished="23/11/2026 07:00", status="Đã xử lý xong", applicant="")
        take(store, write_list(tmp_path, MONDAY, [finished]), NOW)
        older = PORTAL | {"ChuHoSo": "Công ty TNHH Hoa Đào", "NgayHenTra": "20261125170000"}
        take(store, write_portal(tmp_path, FRIDAY, [older], service="DongBoHoSoMC"), NOW)
        one = store.dossier(CODE)
        assert (dossier(store).life, dossier(store).finished.at) == (1, at("Mon 2026-11-23 07:00"))
        assert len(dossier(store).appointments) == 1
        assert one.person.applicant == "Công ty TNHH Hoa Đào"

    def test_what_was_older_once_counts_when_its_source_says_it_again(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, "Thu 2026-11-19 16:55", [row()]), NOW)
        take(store, write_portal(tmp_path, MONDAY, [PORTAL], service="DongBoHoSoMC"), NOW)
        corrected = [row(received="19/11/2026 09:00")]
        take(store, write_list(tmp_path, FRIDAY, corrected), NOW)
        assert dossier(store).received.at == at("Fri 2026-11-20 09:00")
        take(store, write_list(tmp_path, "Mon 2026-11-23 09:00", corrected), "Mon 2026-11-23 09:05")
        assert dossier(store).received.at == at("Thu 2026-11-19 09:00")

    def test_an_older_word_counts_where_the_newer_one_had_no_column_for_it(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, "Thu 2026-11-19 16:55", [row()]), NOW)
        take(store, write_portal(tmp_path, MONDAY, [PORTAL], service="DongBoHoSoMC"), NOW)
        take(
            store,
            write_list(tmp_path, FRIDAY, [row(officer="Lương Viết Hoàng Long", received="19/11/2026 09:00")]),
            NOW,
        )
        one = dossier(store)
        assert (one.handling_officer, one.received.at) == ("Lương Viết Hoàng Long", at("Fri 2026-11-20 09:00"))

    def test_a_step_log_makes_no_dossier_fresher_and_no_list_older(self, store: Store, tmp_path: Path):
        """It does not say what is finished, so it can confirm no lateness."""
        take(store, write_list(tmp_path, FRIDAY, [row()]), NOW)
        step = {"MaHoSo": CODE, "NguoiXuLy": "Lương Viết Hoàng Long", "ThoiDiemXuLy": "20261123090000"}
        take(store, write_portal(tmp_path, "Mon 2026-11-23 12:00", [step], service="CapNhatTienDoHoSoMC"), NOW)
        assert store.dossier(CODE).row.data_as_of == at(FRIDAY)
        finished = row(finished="20/11/2026 15:00", status="Đã xử lý xong")
        take(store, write_list(tmp_path, MONDAY, [finished]), "Mon 2026-11-23 12:10")
        assert (dossier(store).finished.at, store.dossier(CODE).row.data_as_of) == (
            at("Fri 2026-11-20 15:00"),
            at(MONDAY),
        )

    def test_they_do_not_pull_it_to_and_fro(self, store: Store, tmp_path: Path):
        """A source that only repeats itself has no news."""
        portal = [PORTAL | {"NgayHenTra": "20261127170000"}]
        for hour in (8, 9, 10):
            take(store, write_list(tmp_path, f"Mon 2026-11-23 {hour:02}:00", [row()]), NOW)
            take(store, write_portal(tmp_path, f"Mon 2026-11-23 {hour:02}:30", portal, service="DongBoHoSoMC"), NOW)
        assert kinds(store).count(EventKind.APPOINTMENT_SEEN) == 2


def test_steps_of_unknown_dossiers_are_rejected_and_taken_once_the_dossiers_came(store: Store, tmp_path: Path):
    step = {"MaHoSo": CODE, "NguoiXuLy": "Lương Viết Hoàng Long", "ThoiDiemXuLy": "20261120150000", "TrangThai": "4"}
    steps = write_portal(tmp_path, FRIDAY, [step], service="CapNhatTienDoHoSoMC")
    report = take(store, steps, NOW)
    assert counts(report) == (1, 0, 0, 0, 1)
    assert (report.rejected[0].value, report.rejected[0].column) == (CODE, "MaHoSo")
    take(store, write_portal(tmp_path, FRIDAY, [PORTAL], service="DongBoHoSoMC"), NOW)
    again = take(store, steps, "Mon 2026-11-23 08:00")
    assert (counts(again), again.already_imported) == ((1, 0, 1, 0, 0), False)
    assert dossier(store).step_officer == "Lương Viết Hoàng Long"
    assert take(store, steps, "Mon 2026-11-23 09:00").already_imported


def test_newer_data_confirm_a_lateness_although_the_row_is_the_same(store: Store, tmp_path: Path):
    """Due on Mon 2026-11-23 at 17:00; the file of 16:55 cannot know, that of 17:05 does."""
    due = row(received="18/11/2026 09:00", appointment="23/11/2026 17:00")
    take(store, write_list(tmp_path, "Mon 2026-11-23 16:55", [due]), "Mon 2026-11-23 17:00")
    evening = at("Tue 2026-11-24 00:30")
    sweep(store, rules(), now=evening)
    assert store.dossier(CODE).row.status is Status.DUE_PASSED_UNCONFIRMED
    report = take(store, write_list(tmp_path, "Mon 2026-11-23 17:05", [due]), "Tue 2026-11-24 00:40")
    assert counts(report) == (1, 0, 0, 1, 0)
    assert store.dossier(CODE).row.data_as_of == at("Mon 2026-11-23 17:05")
    assert sweep(store, rules(), now=at("Tue 2026-11-24 00:40")).looked_at == 1
    assert store.dossier(CODE).row.status is Status.OVERDUE


@pytest.mark.parametrize("dry_run", [True, False])
def test_rejections_stand_in_the_order_of_the_sheet(store: Store, tmp_path: Path, dry_run: bool):
    bad = [row(f"H37.12-261120-{n:04}", received="sai") for n in (1, 2)]
    clash = [row("H37.12-261120-0003"), row("H37.12-261120-0003", applicant="Khác")]
    report = take(store, write_list(tmp_path, MONDAY, [bad[0], *clash, bad[1]]), NOW, dry_run=dry_run)
    assert [one.row for one in report.rejected] == [3, 4, 5, 6]


def test_what_is_odd_about_rows_is_told_with_its_count(store: Store, tmp_path: Path):
    odd = [row(code) for code in ("la-1", "la-2", "la-3")]
    cut = row("H37.12-261120-0002", procedure_code="2.00161")
    report = take(store, write_list(tmp_path, MONDAY, [row(), *odd, cut]), NOW)
    assert [one for one in report.findings if "hồ sơ có" in one] == [
        "3 hồ sơ có mã lạ, không theo dạng của hệ thống một cửa",
        "1 hồ sơ có mã thủ tục lạ: kiểm tra ở hệ thống nguồn",
    ]


HOSTILE = {
    "nul.json": json.dumps([PORTAL | {"MaHoSo": "A\u0000B", "ChuHoSo": "x\u0000y"}]).encode(),
    "surrogate.json": json.dumps([PORTAL | {"ChuHoSo": "\ud800", "TenTTHC": "\udfff"}]).encode(),
    "far.json": json.dumps([PORTAL | {"NgayTiepNhan": "00010101000000", "NgayHenTra": "99991231235959"}]).encode(),
    "deep.json": b"[" * 200_000,
    "empty.csv": b"",
    "noise.xlsx": bytes(range(256)) * 40,
    "long.json": json.dumps([PORTAL | {"ChuHoSo": "x" * 100_000, "MaHoSo": "y" * 10_000}]).encode(),
    "numbers.json": json.dumps([PORTAL | {"NgayTiepNhan": 10**400, "ChuHoSo": {"a": [1]}}]).encode(),
    "half.csv": "Mã hồ sơ;Ngày nhận;Ngày hẹn trả\nH37.12-261120-0001;20/11/2026;26/1".encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_file_lets_out_an_error_that_an_operator_cannot_read(store: Store, tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    try:
        report = take(store, path, NOW)
    except MonitorError:
        assert list(store.list_dossiers()) == []
    else:
        assert report.read == report.new + report.unchanged + len(report.rejected)
    sweep(store, rules(), now=at(NOW))
    good = take(store, write_list(tmp_path, MONDAY, [row("H37.12-261120-0002")]), NOW)
    assert good.new == 1
