"""`list --known-at`: what the list showed on a day, asked for after everything that came later."""

from codecs import BOM_UTF8
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from office import many, row, write_list, write_portal
from official import at

from monitor.cli.opening import opened
from monitor.rules import load_rules_from
from tests.command import data, dunghen, site_in

LATE, MOVED, DONE, GONE, AGAIN, WAITING, ASKED, NEW = (f"H37.12-261116-900{number}" for number in range(8))
PROMISED = {"appointment": "26/11/2026 17:00"}  # received on Fri 2026-11-20, so due on Thu by law and promise
QUIET = many(24)
AS_FINISHED = {"status": "Đã xử lý xong", "finished": "24/11/2026 15:00"}
Listed = list[dict[str, Any]]


class Week:
    """A site in which things happen, with what the list showed after each of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = site_in(folder / "site").home
        self.shown: dict[str, Listed] = {}

    def comes(self, exported: str, *rows: Mapping[str, str], now: str, days: str = "") -> None:
        """A list comes in, with the quiet dossiers beside these; of these days of receipt only, if it says so."""
        path = write_list(self.folder, exported, [*QUIET, *rows])
        path.write_bytes(f"DANH SÁCH {days}\n".encode("utf-8-sig") + path.read_bytes().removeprefix(BOM_UTF8))
        self.takes(path, now)

    def tells(self, exported: str, service: str, *records: Mapping[str, str], now: str) -> None:
        """The portal's records, or a step log."""
        self.takes(write_portal(self.folder, exported, records, service=service), now)

    def takes(self, path: Path, now: str) -> None:
        self.does("import", path, "--accept", now=now)

    def does(self, *words: object, now: str) -> None:
        """A command of that moment, a pass after it, and the list then."""
        said = dunghen(*words, "--now", iso(now), home=self.home)
        assert said.exit_code == 0, said.output
        self.passes(now)

    def orders(self, limit: str, now: str) -> None:
        """Another limit for the procedure of all these dossiers is put in force."""
        with opened(self.home) as site:
            files = dict(site.store.rule_book_in_force().files)
            files["procedures.csv"] = files["procedures.csv"].replace(b",3,working_day", f",{limit}".encode(), 1)
            version = load_rules_from(files).version
            site.store.accept_rule_book(version, files, by="VP", reason="thử", now=at(now))
        self.passes(now)

    def passes(self, now: str) -> None:
        data("sweep", "--now", iso(now), home=self.home)
        self.shown[now] = data("list", "--now", iso(now), home=self.home)

    def known_at(self, moment: str, *words: object) -> Listed:
        return data("list", "--known-at", iso(moment), *words, home=self.home)


def iso(moment: str) -> str:
    return at(moment).isoformat()


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    """Eight dossiers of whom something is heard, from Mon 2026-11-23 to Tue 2026-12-01, in every way that there is."""
    one = Week(tmp_path_factory.mktemp("week"))
    late, moved, done, gone, again, waiting, asked, new = (
        row(code) for code in (LATE, MOVED, DONE, GONE, AGAIN, WAITING, ASKED, NEW)
    )
    all_but_new = (late, moved, done, gone, again, waiting, asked)
    one.comes("Mon 2026-11-23 07:05", *all_but_new, now="Mon 2026-11-23 07:20")
    one.passes("Mon 2026-11-23 18:00")
    one.orders("7,working_day", now="Tue 2026-11-24 08:00")
    ended = {**done, **AS_FINISHED}, {**again, **AS_FINISHED}
    in_time = {**moved, "appointment": "30/11/2026 17:00"}, {**asked, "status": "Yêu cầu bổ sung"}
    one.comes("Wed 2026-11-25 07:05", late, *ended, *in_time, gone, waiting, now="Wed 2026-11-25 07:10")
    step = {"MaHoSo": LATE, "NguoiXuLy": "Lương Viết Hoàng Long", "ThoiDiemXuLy": "20261125180000"}
    one.tells("Wed 2026-11-25 18:00", "CapNhatTienDoHoSoMC", step, now="Wed 2026-11-25 18:10")
    one.passes("Thu 2026-11-26 08:00")
    one.comes("Thu 2026-11-26 16:00", late, *ended, *in_time, waiting, now="Thu 2026-11-26 16:10")  # one is gone
    portal = {"MaHoSo": WAITING, "TrangThaiHoSo": "4", "NgayHenTra": "20261127170000"}
    one.tells("Fri 2026-11-27 08:00", "DongBoHoSoMC", portal, now="Fri 2026-11-27 08:05")
    classified = ("desk", "classify-appointment", MOVED, "--cause", "correction", "--by", "mt-khanh-huyen")
    one.does(*classified, "--reason", "ghi nhầm ngày", now="Fri 2026-11-27 09:00")
    one.passes("Fri 2026-11-27 18:00")
    unread = {**waiting, "received": "32/13/2026"}
    now_open = {**again, "status": "Đang xử lý"}
    one.comes("Mon 2026-11-30 07:05", late, ended[0], now_open, *in_time, unread, new, now="Mon 2026-11-30 07:10")
    one.comes("Fri 2026-11-27 07:05", late, {**gone, **AS_FINISHED}, now="Mon 2026-11-30 09:00")  # older, accepted
    answered = {**asked, "status": "Đang xử lý"}
    one.comes("Tue 2026-12-01 07:05", *all_but_new[:5], answered, waiting, new, now="Tue 2026-12-01 07:10")
    return one


def test_every_list_of_the_week_can_be_asked_for_afterwards(week: Week):
    for now, shown in week.shown.items():
        assert differing(shown, week.known_at(now)) == {}, now


def test_what_is_narrowed_and_what_is_told_in_words_is_of_then_as_well(week: Week):
    evening = "Fri 2026-11-27 18:00"
    assert [row["code"] for row in week.known_at(evening, "--status", "missing_from_source")] == [GONE]
    assert [row["code"] for row in week.known_at(evening, "--status", "finished_early")] == [DONE, AGAIN]
    said = dunghen("list", "--known-at", "2026-11-27 18:00", "--open", home=week.home)
    heading, *lines, count, by_what = said.stdout.splitlines()
    assert heading.split() == ["Mã", "hồ", "sơ", "Trạng", "thái", "Hạn", "trả", "Còn", "Phòng", "Công", "chức"]
    assert lines[-1].startswith(f"{GONE}  mất khỏi nguồn")
    assert (len(lines), count) == (29, "29 hồ sơ")
    assert by_what.startswith("Đã biết đến 18:00 27/11/2026; theo bộ quy tắc có hiệu lực lúc đó, ")


def test_before_the_first_file_nothing_was_known(week: Week):
    said = dunghen("list", "--known-at", "2026-11-23 07:00", "--json", home=week.home)
    assert said.stdout == "[]\n"
    assert "lúc đó chưa có bộ nào" in said.stderr


def test_a_day_may_be_looked_at_with_what_was_known_before_it(week: Week):
    """On Mon 2026-11-23 nobody knew that one of them would be finished the day after."""
    known = {row["code"]: row for row in data("list", "--known-at", iso("Mon 2026-11-23 07:20"), home=week.home)}
    later = ("--now", iso("Fri 2026-11-27 08:00"))
    then = {row["code"]: row for row in week.known_at("Mon 2026-11-23 07:20", *later)}
    assert (known[DONE]["status"], then[DONE]["status"]) == ("on_track", "due_passed_unconfirmed")


def test_a_list_of_some_days_makes_only_those_fresh_that_were_received_then(tmp_path: Path):
    one = Week(tmp_path)
    early, later = row(LATE, received="19/11/2026 09:00", appointment="25/11/2026 17:00"), row(DONE)
    whole, half = "Từ ngày 01/11/2026 đến ngày 30/11/2026", "Từ ngày 20/11/2026 đến ngày 30/11/2026"
    one.comes("Mon 2026-11-23 07:05", early, later, now="Mon 2026-11-23 07:20", days=whole)
    one.comes("Fri 2026-11-27 07:05", later, now="Fri 2026-11-27 07:10", days=half)
    one.comes("Fri 2026-11-27 16:55", early, later, now="Fri 2026-11-27 17:00", days=whole)
    then = one.known_at("Fri 2026-11-27 07:10")
    assert then == one.shown["Fri 2026-11-27 07:10"]
    statuses = {row["code"]: row["status"] for row in then}
    assert (statuses[LATE], statuses[DONE]) == ("due_passed_unconfirmed", "overdue")


def differing(one: Listed, other: Listed) -> dict[tuple[str, str], tuple[Any, Any]]:
    assert [row["code"] for row in one] == [row["code"] for row in other]
    pairs = ((a["code"], name, a[name], b[name]) for a, b in zip(one, other, strict=True) for name in a)
    return {(code, name): (ours, theirs) for code, name, ours, theirs in pairs if ours != theirs}
