"""What may be finished is asked as one list and confirmed by who may; contradictions wait for a person's word."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from office import CODE, DESK, HEAD, OFFICER, dossier, many, row, take, write_list
from official import at, day, rules
from python_calamine import CalamineWorkbook

from monitor.desk.conflicts import settle
from monitor.desk.endings import (
    CODE as CODE_HEADER,
)
from monitor.desk.endings import (
    COLUMNS,
    DONE,
    RESULT_NO,
    RESULT_ON,
    Confirmation,
    confirm_finished,
    declare_finished,
    possibly_finished,
    write_possibly_finished,
)
from monitor.desk.people import ActRefused, NoSuchStaff
from monitor.desk.sheets import write_sheet
from monitor.dossier import EventKind
from monitor.intake import IntakeError
from monitor.questions import contradictions
from monitor.status import Flag, Status
from monitor.store import Store, open_store
from monitor.sweep import sweep
from tests.command import data, dunghen, site_in

OFFICE, OTHER_HEAD, DIRECTOR = "bx-nhat-quang", "lc-trung-kien", "ht-thanh-son"
EXPORTED, NOW = "Mon 2026-11-23 07:05", "Mon 2026-11-23 09:00"
LATE = {"received": "16/11/2026 09:00", "appointment": "19/11/2026 17:00"}
DONE_UNDATED = LATE | {"status": "Đã xử lý xong"}
SECOND = "H37.12-261120-0002"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def bring(store: Store, folder: Path, *rows: Mapping[str, str], exported: str = EXPORTED, now: str = NOW) -> None:
    take(store, write_list(folder, exported, rows), now)
    sweep(store, rules(), now=at(now))


def status(store: Store, code: str = CODE) -> Status | None:
    sweep(store, rules(), now=at(NOW))
    return store.dossier(code).row.status


def flags(store: Store, code: str = CODE) -> frozenset[Flag]:
    sweep(store, rules(), now=at(NOW))
    return store.dossier(code).row.flags


def declare(store: Store, by: str = OFFICER, no: str = "15/GCN-STC", on: str = "Fri 2026-11-20", code: str = CODE):
    return declare_finished(store, rules(), code, result_no=no, result_on=day(on), by=by, now=at(NOW))


def waiting(store: Store, **how: object) -> list:
    return list(possibly_finished(store, rules(), now=at(NOW), **how))


def answered(folder: Path, *answers: tuple[str, str, str, str], name: str = "tra-loi.xlsx") -> Path:
    """The list as it came back: code, mark, number and date of the result."""
    path = folder / name
    rows = [(code, "", "", "", "", "", mark, no, on) for code, mark, no, on in answers]
    write_sheet(path, "DANH SÁCH", COLUMNS, rows)
    return path


def confirm(store: Store, path: Path, by: str = HEAD, **how: object) -> Confirmation:
    return confirm_finished(store, rules(), path, by=by, now=at(NOW), **how)


class TestDeclaring:
    def test_what_the_officer_declares_may_be_finished_and_is_not_overdue(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**LATE))
        assert status(store) is Status.OVERDUE
        assert declare(store)
        assert (status(store), flags(store)) == (Status.POSSIBLY_FINISHED, {Flag.DECLARED_FINISHED})
        assert dossier(store).finished is None, "declared is not finished"

    def test_the_same_words_again_write_nothing(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**LATE))
        assert (declare(store), declare(store), declare(store, no="16/GCN-STC")) == (True, False, True)

    @pytest.mark.parametrize(
        ("how", "cause"),
        [
            ({"by": OTHER_HEAD}, "not handled by"),
            ({"no": " "}, "thiếu số kết quả"),
            ({"on": "Tue 2026-11-24"}, "ở tương lai"),
            ({"on": "Fri 2026-11-13"}, "trước ngày nhận"),
        ],
    )
    def test_it_is_refused_from_others_and_without_a_result(
        self, store: Store, tmp_path: Path, how: dict[str, str], cause: str
    ):
        bring(store, tmp_path, row(**LATE))
        with pytest.raises(ActRefused, match=cause):
            declare(store, **how)

    def test_who_is_nobody_says_nothing(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**LATE))
        with pytest.raises(NoSuchStaff):
            declare(store, by="nobody")

    def test_an_ended_dossier_has_nothing_to_declare(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(finished="20/11/2026 15:00", status="Đã xử lý xong"))
        with pytest.raises(ActRefused, match="has ended already"):
            declare(store)


class TestTheList:
    def test_it_holds_each_with_its_sign_and_nothing_else(self, store: Store, tmp_path: Path):
        third = "H37.12-261120-0003"
        bring(store, tmp_path, row(**DONE_UNDATED), row(SECOND, **LATE), row(third, **LATE))
        declare(store, code=SECOND)
        assert {one.code: one.signs for one in waiting(store)} == {
            CODE: {Flag.FINISH_DATE_MISSING},
            SECOND: {Flag.DECLARED_FINISHED},
        }
        assert waiting(store, divisions=["qldt"]) == []

    def test_vanished_from_a_list_of_open_dossiers_it_awaits_confirmation_of_its_end(
        self, store: Store, tmp_path: Path
    ):
        """Practice A2: nothing is closed by absence; from a list of all it is missing instead."""
        for name, expected in (
            ("ho-so-dang-giai-quyet", Status.POSSIBLY_FINISHED),
            ("tat-ca", Status.MISSING_FROM_SOURCE),
        ):
            code = CODE if expected is Status.POSSIBLY_FINISHED else SECOND
            kinds = {Status.POSSIBLY_FINISHED: "open", Status.MISSING_FROM_SOURCE: "all"}
            book = scoped(kinds[expected], name)
            others = [row(f"H37.12-26110{number}-{kinds[expected]}") for number in range(1, 9)]
            take(
                store,
                write_list(tmp_path, "Fri 2026-11-20 17:05", [row(code), *others], name=f"{name}-1.csv"),
                NOW,
                book,
            )
            take(store, write_list(tmp_path, EXPORTED, others, name=f"{name}-2.csv"), NOW, book)
            assert status(store, code) is expected
        assert flags(store, CODE) == {Flag.END_UNCONFIRMED}
        assert [one.code for one in waiting(store)] == [CODE]

    def test_the_file_names_no_citizen_and_only_the_answers_can_be_typed(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**DONE_UNDATED), row(SECOND, **LATE))
        declare(store, code=SECOND)
        path = tmp_path / "co-the-da-xong.xlsx"
        write_possibly_finished(path, waiting(store), rules())
        _title, header, first, second = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        assert header[6:] == [DONE, RESULT_NO, RESULT_ON]
        assert first[0] == CODE
        assert first[2:5] == ["19/11/2026", "nguồn cho thấy đã xong, thiếu ngày kết thúc", "Phòng Đăng ký kinh doanh"]
        assert first[6:] == ["", "", ""]
        assert second[6:] == ["", "15/GCN-STC", "20/11/2026"], "what was declared only wants an x"
        assert "Hoa Đào" not in str([first, second])


def scoped(scope: str, name: str):
    """The shipped rules, for files of this name that cover so much."""
    from dataclasses import replace

    from monitor.source import Scope, SourceRule

    source = SourceRule(name=name, files=(f"{name}-*",), scope=Scope(scope))
    return replace(rules(), sources=(source, *rules().sources))


class TestConfirming:
    def test_what_is_marked_is_finished_on_the_day_of_its_result_with_who_and_by_what(
        self, store: Store, tmp_path: Path
    ):
        bring(store, tmp_path, row(**DONE_UNDATED), row(SECOND, **DONE_UNDATED))
        done = confirm(store, answered(tmp_path, (CODE, "x", "15/GCN-STC", "19/11/2026"), (SECOND, "", "", "")))
        assert (done.confirmed, done.unanswered, done.rejected) == ([CODE], 1, [])
        (event,) = [one for one in store.dossier(CODE).events if one.kind is EventKind.FINISHED]
        assert (event.source, event.import_id, event.happened_at.on) == (HEAD, None, day("Thu 2026-11-19"))
        assert event.facts == {"result_no": "15/GCN-STC", "ground": "xác nhận theo tệp tra-loi.xlsx, dòng 3"}
        assert (status(store), status(store, SECOND)) == (Status.FINISHED_ON_TIME, Status.POSSIBLY_FINISHED)

    def test_twice_is_harmless_and_a_rehearsal_writes_nothing(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**DONE_UNDATED))
        path = answered(tmp_path, (CODE, "X", "15", "19/11/2026"))
        assert confirm(store, path, dry_run=True).confirmed == [CODE]
        assert dossier(store).finished is None
        assert confirm(store, path).confirmed == [CODE]
        before = store.dossier(CODE).events
        again = confirm(store, path)
        assert (again.confirmed, again.said_before) == ([], [CODE])
        assert store.dossier(CODE).events == before

    def test_a_hundred_are_confirmed_at_once(self, store: Store, tmp_path: Path):
        rows = many(100, **DONE_UNDATED)
        bring(store, tmp_path, *rows)
        path = answered(tmp_path, *[(one["code"], "x", f"{n}/GCN", "19/11/2026") for n, one in enumerate(rows, 1)])
        assert len(confirm(store, path, by=OFFICE).confirmed) == 100
        assert waiting(store) == []

    def test_a_row_that_cannot_be_taken_is_named_with_its_cell_and_the_others_go_on(self, store: Store, tmp_path: Path):
        undated = many(8, **DONE_UNDATED)
        late, good = row("H37.12-261121-0001", **LATE), row("H37.12-261121-0002", **DONE_UNDATED)
        bring(store, tmp_path, *undated, late, good)
        a, b, c, d, e, f, g, _ = (one["code"] for one in undated)
        faults = {
            (a, "?", "15", "19/11/2026"): (DONE, "ghi x nếu đã xong"),
            (b, "x", "", "19/11/2026"): (RESULT_NO, "thiếu số kết quả"),
            (c, "x", "15", ""): (RESULT_ON, "thiếu ngày kết quả"),
            (d, "x", "15", "11/23/2026"): (RESULT_ON, "ghi tháng trước ngày"),
            (e, "x", "15", "24/11/2026"): (RESULT_ON, "ở tương lai"),
            (f, "x", "15", "13/11/2026"): (RESULT_ON, "trước ngày nhận"),
            (g, "không", "", ""): (DONE, "sửa trạng thái ở hệ thống nguồn"),
            ("H37.12-261120-9999", "x", "15", "19/11/2026"): (CODE_HEADER, "không có hồ sơ này"),
            (late["code"], "x", "15", "19/11/2026"): (CODE_HEADER, "không còn dấu hiệu đã xong"),
        }
        done = confirm(store, answered(tmp_path, *faults, (good["code"], "x", "16", "20/11/2026")))
        assert [(one.row, one.column) for one in done.rejected] == [
            (number, column) for number, (column, _) in enumerate(faults.values(), start=3)
        ]
        for rejected, (_, cause) in zip(done.rejected, faults.values(), strict=True):
            assert cause in rejected.cause
        assert done.confirmed == [good["code"]]

    def test_a_code_that_stands_there_twice_is_taken_once(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**DONE_UNDATED))
        done = confirm(store, answered(tmp_path, (CODE, "x", "15", "19/11/2026"), (CODE, "x", "16", "20/11/2026")))
        assert (done.confirmed, [one.row for one in done.rejected]) == ([CODE], [4])

    def test_only_the_head_of_the_division_or_the_office_may(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**DONE_UNDATED))
        path = answered(tmp_path, (CODE, "x", "15", "19/11/2026"))
        for nobody in (OFFICER, DESK[0]):
            with pytest.raises(ActRefused, match="heads no division"):
                confirm(store, path, by=nobody)
        assert "phòng khác" in confirm(store, path, by=OTHER_HEAD).rejected[0].cause
        assert confirm(store, path, by=OFFICE).confirmed == [CODE]

    def test_the_head_may_say_that_it_is_not_done_and_it_counts_again(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**LATE))
        declare(store)
        path = answered(tmp_path, (CODE, "không", "", ""))
        assert confirm(store, path).not_finished == [CODE]
        assert status(store) is Status.OVERDUE
        assert confirm(store, path).said_before == [CODE]

    def test_a_finish_that_the_source_came_to_show_is_joined_or_refused(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**DONE_UNDATED))
        later = LATE | {"status": "Đã xử lý xong", "finished": "18/11/2026 15:00"}
        bring(store, tmp_path, row(**later), exported="Mon 2026-11-23 08:05")
        done = confirm(store, answered(tmp_path, (CODE, "x", "15", "19/11/2026")))
        assert (done.said_before, done.confirmed) == ([CODE], [])
        far = confirm(store, answered(tmp_path, (CODE, "x", "15", "23/11/2026"), name="khac.xlsx"))
        assert "đã ghi kết thúc ngày 18/11/2026" in far.rejected[0].cause

    def test_another_workbook_is_refused_as_a_whole(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**DONE_UNDATED))
        other = tmp_path / "khac.xlsx"
        write_sheet(other, "KHÁC", COLUMNS[:3], [("a", "b", "c")])
        (tmp_path / "chu.xlsx").write_text("không phải Excel")
        for path in (other, tmp_path / "chu.xlsx"):
            with pytest.raises(IntakeError):
                confirm(store, path)


class TestConflicts:
    """Confirmed here for Thu 19/11; the source says Wed 11/11 later."""

    def contradict(self, store: Store, folder: Path) -> None:
        early = LATE | {"received": "02/11/2026 09:00"}
        bring(store, folder, row(**early, status="Đã xử lý xong"))
        confirm(store, answered(folder, (CODE, "x", "15", "19/11/2026")))
        theirs = early | {"status": "Đã xử lý xong", "finished": "11/11/2026 15:00"}
        bring(store, folder, row(**theirs), exported="Mon 2026-11-23 08:05")

    def test_no_import_overwrites_what_was_told_here_and_both_are_listed(self, store: Store, tmp_path: Path):
        self.contradict(store, tmp_path)
        assert dossier(store).finished.on == day("Thu 2026-11-19")
        assert Flag.CONFLICT in flags(store)
        (one,) = contradictions(store, now=at(NOW))
        assert (one.code, one.conflict.fact, one.told_by) == (CODE, "finished", HEAD)
        assert (one.conflict.ours.on, one.conflict.theirs.on) == (day("Thu 2026-11-19"), day("Wed 2026-11-11"))

    @pytest.mark.parametrize(("keep", "on"), [("ours", "Thu 2026-11-19"), ("source", "Wed 2026-11-11")])
    def test_a_person_settles_it_with_a_reason(self, store: Store, tmp_path: Path, keep: str, on: str):
        self.contradict(store, tmp_path)
        settle(store, rules(), CODE, "finished", keep=keep, by=HEAD, reason="đối chiếu sổ", now=at(NOW))
        assert dossier(store).finished.on == day(on)
        assert list(contradictions(store, now=at(NOW))) == []
        assert Flag.CONFLICT not in flags(store)
        event = store.dossier(CODE).events[-1]
        assert (event.source, event.facts["reason"]) == (HEAD, "đối chiếu sổ")

    @pytest.mark.parametrize(
        ("how", "cause"),
        [
            ({"by": OFFICER}, "says which date counts, not"),
            ({"by": DESK[0]}, "says which date counts, not"),
            ({"reason": " "}, "say why"),
            ({"fact": "received"}, "has no conflict about 'received': it has finished"),
        ],
    )
    def test_it_is_refused_from_others_and_without_a_reason(
        self, store: Store, tmp_path: Path, how: dict[str, str], cause: str
    ):
        self.contradict(store, tmp_path)
        words = {"fact": "finished", "by": HEAD, "reason": "đối chiếu sổ"} | how
        with pytest.raises(ActRefused, match=cause):
            settle(
                store, rules(), CODE, words["fact"], keep="ours", by=words["by"], reason=words["reason"], now=at(NOW)
            )

    def test_a_receipt_is_not_undone_because_the_source_lost_it(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row())
        bring(store, tmp_path, row(received=""), exported="Mon 2026-11-23 08:05")
        assert Flag.DATE_BLANKED in flags(store)
        with pytest.raises(ActRefused, match="keep ours"):
            settle(store, rules(), CODE, "received", keep="source", by=HEAD, reason="…", now=at(NOW))
        settle(store, rules(), CODE, "received", keep="ours", by=DESK[0], reason="có trên phiếu hẹn", now=at(NOW))
        assert Flag.DATE_BLANKED not in flags(store)

    def test_the_source_settles_a_lost_date_by_giving_it_again(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row())
        bring(store, tmp_path, row(received=""), exported="Mon 2026-11-23 08:05")
        bring(store, tmp_path, row(), exported="Mon 2026-11-23 08:35")
        assert list(contradictions(store, now=at(NOW))) == []


def test_the_commands_take_a_dossier_from_declared_to_finished(tmp_path: Path):
    home = site_in(tmp_path / "site").home
    path = write_list(tmp_path, EXPORTED, [row(**LATE)])
    moment = ("--now", "2026-11-23T09:00")
    assert dunghen("import", path, *moment, home=home).exit_code == 0
    declared = ("declare-finished", CODE, "--result-no", "15/GCN", "--result-on", "20/11/2026", "--by", OFFICER)
    assert data("desk", *declared, *moment, home=home) == {"code": CODE, "new": True}
    out = tmp_path / "danh-sach.xlsx"
    assert dunghen("desk", "possibly-finished", "--out", out, *moment, home=home).exit_code == 0
    again = dunghen("desk", "possibly-finished", "--out", out, *moment, home=home)
    assert (again.exit_code, "may have been filled in" in again.stderr) == (1, True)
    assert data("desk", "confirm-finished", out, "--by", HEAD, *moment, home=home)["unanswered"] == 1
    answers = answered(tmp_path, (CODE, "x", "15/GCN", "20/11/2026"), (SECOND, "x", "16", "20/11/2026"))
    done = data("desk", "confirm-finished", answers, "--by", HEAD, *moment, home=home, exit_code=3)
    assert (done["confirmed"], done["rejected"][0]["row"]) == ([CODE], 4)
    assert data("desk", "conflicts", *moment, home=home) == []
    (listed,) = data("list", *moment, home=home)
    assert listed["status"] == "finished_late"
    told = dunghen(
        "desk", "settle", CODE, "--fact", "finished", "--keep", "ours", "--by", HEAD, "--reason", "x", home=home
    )
    assert (told.exit_code, "has no conflict" in told.stderr) == (1, True)
