"""What is dropped into the inbox is taken when complete, and put away under its own name."""

from pathlib import Path

import pytest

from monitor.intake.inbox import Inbox, StabilityWatch, safe_name

FILE = Path("inbox/danh-sach.xlsx")


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    (tmp_path / "inbox").mkdir()
    return Inbox(tmp_path / "inbox")


def test_a_file_is_stable_when_two_looks_far_enough_apart_agree():
    watch = StabilityWatch(seconds=10)
    assert not watch.observe(FILE, 100, 1, at_monotonic=50.0)
    assert not watch.observe(FILE, 100, 1, at_monotonic=59.9)
    assert watch.observe(FILE, 100, 1, at_monotonic=60.0)


@pytest.mark.parametrize(("size", "mtime_ns"), [(101, 1), (100, 2), (99, 1)])
def test_a_file_that_changed_begins_anew(size: int, mtime_ns: int):
    watch = StabilityWatch(seconds=10)
    watch.observe(FILE, 100, 1, at_monotonic=50.0)
    assert not watch.observe(FILE, size, mtime_ns, at_monotonic=60.0)
    assert not watch.observe(FILE, size, mtime_ns, at_monotonic=69.0)
    assert watch.observe(FILE, size, mtime_ns, at_monotonic=70.0)


def test_a_file_of_the_same_name_is_a_new_one_after_the_first_was_taken():
    watch = StabilityWatch(seconds=10)
    watch.observe(FILE, 100, 1, at_monotonic=50.0)
    watch.forget(FILE)
    assert not watch.observe(FILE, 100, 1, at_monotonic=60.0)


def test_only_what_may_be_an_export_is_a_candidate(inbox: Inbox):
    for name in [
        "a.xlsx",
        "b.csv",
        ".an.xlsx",
        "~$a.xlsx",
        "c.xlsx.part",
        "d.TMP",
        "e.crdownload",
        "a.xlsx.ly-do.txt",
    ]:
        (inbox.folder / name).write_text("x")
    inbox.done.mkdir()
    (inbox.folder / "lien-ket.csv").symlink_to(inbox.folder / "b.csv")
    assert sorted(path.name for path in inbox.candidates()) == ["a.xlsx", "b.csv"]


def test_an_inbox_that_is_away_is_empty(tmp_path: Path):
    assert list(Inbox(tmp_path / "share").candidates()) == []


def test_only_stable_candidates_are_handed_out(inbox: Inbox):
    watch = StabilityWatch(seconds=5)
    (inbox.folder / "a.csv").write_text("x")
    assert list(inbox.stable(watch, 0.0)) == []
    (inbox.folder / "b.csv").write_text("y")
    assert [path.name for path in inbox.stable(watch, 5.0)] == ["a.csv"]


def test_a_read_file_keeps_its_name_and_never_overwrites_another(inbox: Inbox):
    names = []
    for content in ["một", "hai", "ba"]:
        path = inbox.folder / "Theo dõi.csv"
        path.write_text(content)
        names.append(inbox.move_to_done(path).name)
    assert names == ["Theo dõi.csv", "Theo dõi (2).csv", "Theo dõi (3).csv"]
    assert [(inbox.done / name).read_text() for name in names] == ["một", "hai", "ba"]
    assert list(inbox.candidates()) == []


def test_a_held_file_has_its_reason_beside_it(inbox: Inbox):
    path = inbox.folder / "Theo dõi.csv"
    path.write_text("x")
    held = inbox.move_to_held(path, "thiếu cột mã hồ sơ")
    reason = held.with_name("Theo dõi.csv.ly-do.txt").read_text(encoding="utf-8-sig")
    assert held == inbox.held / "Theo dõi.csv"
    assert "Theo dõi.csv" in reason
    assert "thiếu cột mã hồ sơ" in reason


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\u200bb.xlsx", "ab.xlsx"),
        ("a\u202exslx.exe", "axslx.exe"),
        ("bảng\n kê.csv", "bảng kê.csv"),
        ("Hồ sơ".encode().decode() + ".csv", "Hồ sơ.csv"),
        ("C:\\x|y.csv", "C__x_y.csv"),
        (".bashrc", "bashrc"),
        ("\u200b", "tep"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str):
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_ending_and_fits_the_file_system(inbox: Inbox):
    path = inbox.folder / ("ồ" * 80 + ".xlsx")
    path.write_text("x")
    held = inbox.move_to_held(path, "lý do")
    assert held.suffix == ".xlsx"
    assert held.with_name(held.name + ".ly-do.txt").exists()
