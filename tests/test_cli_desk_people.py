"""`dunghen desk assign` and `dunghen desk absence` as a head at the terminal meets them."""

from pathlib import Path
from typing import Any

import pytest
from command import data, dunghen, site_in
from office import CODE, HEAD, OFFICER, row, take, write_list
from official import at, rules

from monitor.cli.desk.people import begin_of, end_of
from monitor.cli.opening import store_of
from monitor.sweep import sweep

LONG, OFFICE = "lv-hoang-long", "bx-nhat-quang"
NOW = "Mon 2026-11-23 09:00"


class TestCommands:
    def test_an_absence_is_entered_listed_and_withdrawn(self, tmp_path: Path):
        home = site_in(tmp_path).home
        enter = ("desk", "absence", "enter", "--person", OFFICER, "--from", "2026-11-23 chiều", "--to", "25/11/2026")
        said = dunghen(*enter, "--substitute", LONG, "--by", HEAD, home=home)
        assert said.exit_code == 0, said.output
        assert said.output.splitlines() == [
            "Số 1: nn-hong-anh vắng từ chiều thứ Hai 23/11/2026 đến hết thứ Tư 25/11/2026.",
            "lv-hoang-long nhận thay; việc cần báo cũng gửi trưởng phòng.",
            "Khi trở lại, thư buổi sáng có đủ các hồ sơ đang cần lưu ý.",
        ]
        (listed,) = data("desk", "absence", "list", home=home)
        assert (listed["begins_at"], listed["ends_at"]) == ("2026-11-23T12:00:00+07:00", "2026-11-26T00:00:00+07:00")
        shown = dunghen("desk", "absence", "list", home=home).output
        assert "Nguyễn Ngọc Hồng Ánh (nn-hong-anh): từ chiều thứ Hai 23/11/2026" in shown
        withdrawn = dunghen("desk", "absence", "withdraw", 1, "--by", HEAD, home=home)
        assert withdrawn.output == "Số 1: không còn hiệu lực từ bây giờ.\n"
        assert dunghen("desk", "absence", "list", home=home).output == "Không có ai vắng.\n"
        assert "; rút " in dunghen("desk", "absence", "list", "--all", home=home).output
        again = dunghen("desk", "absence", "withdraw", 1, "--by", HEAD, home=home)
        assert (again.exit_code, again.stderr.strip()) == (1, "dunghen: absence 1 was withdrawn before")

    def test_a_head_without_a_substitute_is_represented_by_the_deputy(self, tmp_path: Path):
        home = site_in(tmp_path).home
        enter = ("desk", "absence", "enter", "--person", HEAD, "--from", "2026-11-23", "--by", OFFICE)
        said = dunghen(*enter, home=home).output
        assert "từ sáng thứ Hai 23/11/2026, chưa rõ ngày trở lại." in said
        assert "Chưa có người nhận thay: việc cần báo gửi Phó Giám đốc phụ trách." in said

    def test_who_may_not_is_told_so_without_a_traceback(self, tmp_path: Path):
        home = site_in(tmp_path).home
        enter = ("desk", "absence", "enter", "--person", OFFICER, "--from", "2026-11-23", "--by", LONG)
        said = dunghen(*enter, home=home)
        assert said.exit_code == 1
        assert said.stderr.strip() == (
            "dunghen: lv-hoang-long may not enter an absence of nn-hong-anh: the head of the division, nt-bich-ngoc, "
            "or Văn phòng Sở may"
        )

    def site(self, folder: Path, *rows: Any) -> Path:
        site = site_in(folder / "site")
        with store_of(site) as store:
            take(store, write_list(folder, "Mon 2026-11-23 07:05", rows), NOW)
            sweep(store, rules(), now=at(NOW))
        return site.home

    def test_an_assignment_is_answered_with_what_it_changes(self, tmp_path: Path):
        home = self.site(tmp_path, row(officer=""))
        waiting = dunghen("desk", "assign", home=home).output.splitlines()
        assert waiting == [
            f"{CODE}  dkkd  trưởng phòng nt-bich-ngoc: chưa rõ người thụ lý",
            "1 hồ sơ chờ trưởng phòng giao.",
        ]
        said = dunghen("desk", "assign", CODE, LONG, "--by", HEAD, home=home)
        assert said.output.splitlines() == [
            f"{CODE}: giao lv-hoang-long thụ lý.",
            "Người thụ lý: lv-hoang-long; trưởng phòng: nt-bich-ngoc (trưởng phòng đã giao)",
            "Khi nguồn ghi tên công chức xử lý thì theo nguồn.",
        ]
        assert dunghen("desk", "assign", home=home).output == "Mọi hồ sơ đang mở đều có công chức thụ lý.\n"
        assert data("desk", "assign", CODE, "--nobody", "--by", HEAD, home=home)["ground"] == "head"

    def test_an_assignment_beside_the_sources_officer_says_that_it_does_not_count(self, tmp_path: Path):
        home = self.site(tmp_path, row())
        said = dunghen("desk", "assign", CODE, LONG, "--by", HEAD, home=home).output
        assert "Vẫn nhắc nn-hong-anh (theo nguồn): phân công chỉ có hiệu lực khi nguồn và nhật ký không ghi ai." in said
        assert data("desk", "assign", CODE, LONG, "--by", HEAD, home=home)["counts"] is False

    @pytest.mark.parametrize(
        "words", [(CODE,), (CODE, LONG), (CODE, LONG, "--nobody", "--by", HEAD), (CODE, "--nobody")]
    )
    def test_an_assignment_without_who_or_by_whom_is_a_wrong_call(self, tmp_path: Path, words: tuple[str, ...]):
        assert dunghen("desk", "assign", *words, home=tmp_path).exit_code == 2

    def test_explain_shows_the_ground_the_unknown_names_and_who_is_away(self, tmp_path: Path):
        home = self.site(tmp_path, row(officer="Tô Lan Hương"))
        dunghen("desk", "assign", CODE, LONG, "--by", HEAD, home=home)
        dunghen("desk", "absence", "enter", "--person", LONG, "--from", "2026-11-20", "--by", HEAD, home=home)
        shown = dunghen("explain", CODE, home=home).output
        assert "Người thụ lý: lv-hoang-long; trưởng phòng: nt-bich-ngoc (trưởng phòng đã giao)" in shown
        assert "Tên chưa có trong danh sách cán bộ: Tô Lan Hương" in shown
        assert "Đang vắng: lv-hoang-long; chưa có người nhận thay" in shown
        assert "Đã qua tay:\n    từ 20/11/2026: nt-bich-ngoc (dkkd)\n    từ 23/11/2026: lv-hoang-long (dkkd)" in shown


@pytest.mark.parametrize(
    ("written", "begins", "ends"),
    [
        ("2026-11-23", "Mon 2026-11-23 00:00", "Tue 2026-11-24 00:00"),
        ("23/11/2026 sáng", "Mon 2026-11-23 00:00", "Mon 2026-11-23 12:00"),
        ("2026-11-23  SÁNG ", "Mon 2026-11-23 00:00", "Mon 2026-11-23 12:00"),
        ("2026-11-23 sa\u0301ng", "Mon 2026-11-23 00:00", "Mon 2026-11-23 12:00"),  # NFD
        ("2026-11-23 chiều", "Mon 2026-11-23 12:00", "Tue 2026-11-24 00:00"),
        ("2026-11-23 chieu", "Mon 2026-11-23 12:00", "Tue 2026-11-24 00:00"),
        ("2026-11-23 13:30", "Mon 2026-11-23 13:30", "Mon 2026-11-23 13:30"),
    ],
)
def test_a_half_day_is_written_as_an_office_writes_it(written: str, begins: str, ends: str):
    assert (begin_of(written), end_of(written)) == (at(begins), at(ends))


@pytest.mark.parametrize("written", ["", "mai", "2026-11-23 tối", "2026-13-23 sáng", "2026-11-23 25:00"])
def test_what_is_no_half_day_is_refused_with_an_example(tmp_path: Path, written: str):
    said = dunghen("desk", "absence", "enter", "--person", OFFICER, "--from", written, "--by", HEAD, home=tmp_path)
    assert said.exit_code == 2
    assert "write for example" in said.stderr
