"""The daemon and its sources, with real files: reports beside them, mail to whoever is named, who waits meanwhile."""

import asyncio
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from monitor.cli.opening import store_of
from monitor.outbox import MessageKind, OutboxState
from monitor.rules import load_rules_from, rule_files
from monitor.site import Site
from monitor.store import Store
from monitor.working_time import LOCAL_ZONE
from tests.command import HEADERS, MONDAY_MORNING, PLANTED, data, dunghen, listing, started
from tests.province import SQL, put, running
from tests.running import at_work, clock_at, in_loop, quick_site, soon

OVERDUE = "H37.12-261109-0001 | 09/11/2026 08:30 | 18/11/2026 17:00 | Đang xử lý"
ON_TRACK = "H37.12-261120-0003 | 20/11/2026 09:00 | 10/12/2026 17:00 | Đang xử lý"
BAD = "H37.12-261120-0009 | 32/13/2026 | 26/11/2026 17:00 | Đang xử lý"
AT_WORK = datetime(2026, 11, 23, 8, tzinfo=LOCAL_ZONE)  # Mon
CLERK, OFFICE, HEAD, OFFICER = "mt-khanh-huyen", "bx-nhat-quang", "nt-bich-ngoc", "nn-hong-anh"


def with_source(site: Site, **said: str) -> Site:
    """The site with these lines in the rule of its one source, accepted."""
    rule = site.rules / "sources" / "mac-dinh.toml"
    rule.write_text(rule.read_text("utf-8") + "".join(f"\n{name} = {value}" for name, value in said.items()), "utf-8")
    return accepted(site)


def accepted(site: Site) -> Site:
    files = rule_files(site.rules)
    with store_of(site) as store:
        version = load_rules_from(files).version
        store.accept_rule_book(version, files, by="văn thư", reason="nguồn", now=MONDAY_MORNING)
    return site


def of_kind(store: Store, kind: MessageKind) -> list[tuple[str, OutboxState]]:
    return sorted((one.person, one.state) for one in store.messages(limit=1000) if one.kind is kind)


def summary(path: Path) -> dict[str, str]:
    book = CalamineWorkbook.from_path(path)
    return {str(line[0]): str(line[1]) for line in book.get_sheet_by_name("Tóm tắt").to_python()}


def without_appointment(path: Path, rows: list[str], exported: str) -> Path:
    """The list of a source that has given its appointments another name."""
    text = listing(path, rows, exported).read_text("utf-8-sig")
    assert HEADERS in text
    path.write_text(text.replace("Ngày hẹn trả", "Hẹn lấy kết quả"), "utf-8-sig")
    return path


@in_loop
async def test_a_report_stands_beside_each_file_and_whoever_is_named_gets_a_mail(tmp_path: Path):
    site = with_source(quick_site(tmp_path / "site"), told=f'["{CLERK}"]', layout='"theo-doi"')
    listing(site.inbox_folder / "a.csv", [OVERDUE, ON_TRACK, BAD])
    async with at_work(site, clock_at(AT_WORK)) as (_, store):
        await soon(lambda: of_kind(store, MessageKind.IMPORT_REPORT), "the refused row is told of")
        without_appointment(site.inbox_folder / "b.csv", [OVERDUE, ON_TRACK], "23/11/2026 08:00")
        await soon(lambda: len(of_kind(store, MessageKind.IMPORT_REPORT)) == 2, "the held file is told of")
        await soon(
            lambda: {state for _, state in of_kind(store, MessageKind.IMPORT_REPORT)} == {OutboxState.WRITTEN}, ""
        )
    done, held = site.inbox_folder / "done", site.inbox_folder / "held"
    assert sorted(path.name for path in done.iterdir()) == ["a.csv", "a.csv.ket-qua.xlsx"]
    assert sorted(path.name for path in held.iterdir()) == ["b.csv", "b.csv.ket-qua.xlsx", "b.csv.ly-do.txt"]
    assert summary(done / "a.csv.ket-qua.xlsx")["Dòng bị từ chối"] == "1"
    assert "“Ngày hẹn trả”" in summary(held / "b.csv.ket-qua.xlsx")["Vì sao, và việc cần làm"]
    for path in site.mail_folder.glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert not [word for word in PLANTED if word in str(mail["Subject"])]


@in_loop
async def test_while_a_file_is_held_the_officer_alone_is_mailed_until_a_person_accepts_it(tmp_path: Path):
    """Due on Wed 18/11; the file of Friday shows it unfinished, the one of Monday has lost its appointments."""
    site = with_source(quick_site(tmp_path / "site"), layout='"theo-doi"')
    friday = listing(tmp_path / "a.csv", [OVERDUE, ON_TRACK], "20/11/2026 16:55")
    monday = without_appointment(tmp_path / "b.csv", [OVERDUE, ON_TRACK], "23/11/2026 07:00")
    for path, code in ((friday, 0), (monday, 3)):
        assert dunghen("import", path, "--now", "2026-11-23T07:05", home=site.home).exit_code == code
    async with at_work(site, clock_at(AT_WORK)) as (daemon, store):
        await soon(lambda: of_kind(store, MessageKind.OVERDUE), "the officer's mail")
        await soon(lambda: of_kind(store, MessageKind.DIGEST), "the digests")
        await daemon.sweep()
        assert [person for person, _ in of_kind(store, MessageKind.OVERDUE)] == [OFFICER]
        accepting = started("import", monday, "--accept", "--now", "2026-11-23T08:05", home=site.home)
        _, complaint = await asyncio.to_thread(accepting.communicate)
        assert accepting.returncode == 0, complaint
        daemon.clock.ahead += timedelta(minutes=10)
        daemon.soon("sweep")
        await soon(lambda: HEAD in dict(of_kind(store, MessageKind.OVERDUE)), "the head's mail, once it is accepted")


@pytest.mark.parametrize("comes", [False, True])
@in_loop
async def test_a_file_that_is_late_is_told_of_at_nine_and_at_two(tmp_path: Path, comes: bool):
    site = with_source(quick_site(tmp_path / "site"), told=f'["{CLERK}"]', expected_by='"09:00"')
    listing(site.inbox_folder / "a.csv", [ON_TRACK], "20/11/2026 16:55")
    async with at_work(site, clock_at(AT_WORK)) as (daemon, store):
        await soon(lambda: of_kind(store, MessageKind.DIGEST), "the morning mail")
        await daemon.sweep()
        assert of_kind(store, MessageKind.SOURCE_LATE) == []
        daemon.clock.ahead += timedelta(hours=1, minutes=1)
        daemon.soon("sweep")
        await soon(lambda: of_kind(store, MessageKind.SOURCE_LATE), "nine has struck")
        if comes:
            listing(site.inbox_folder / "b.csv", [ON_TRACK], "23/11/2026 09:30")
            await soon((site.inbox_folder / "done" / "b.csv").is_file, "the file is taken")
        daemon.clock.ahead += timedelta(hours=5)
        await daemon.sweep()
        told = [person for person, _ in of_kind(store, MessageKind.SOURCE_LATE)]
        assert told == ([CLERK] if comes else [OFFICE, CLERK])


DATABASE = f"""
name = "Tỉnh"
files = []

[query]
url_file = "tinh.secret"
mark = "cap_nhat"
first_mark = 2026-11-01T00:00:00
sql = '''{SQL}'''
"""


def test_a_database_is_asked_by_a_command_and_told_of_like_a_file(tmp_path: Path, postgres_url: str):
    site = quick_site(tmp_path / "site")
    (site.rules / "sources" / "tinh.toml").write_text(DATABASE, "utf-8")
    (site.home / "tinh.secret").write_text(postgres_url, "utf-8")
    accepted(site)
    with running(postgres_url) as province:
        put(province, ("H37.12-261120-0001", "Công ty TNHH Hoa Đào", "2026-11-20 09:05"))
        told = data("source", "read", "Tỉnh", home=site.home)
        assert (told["source"], told["read"], told["new"], told["held"]) == ("Tỉnh/csdl", 1, 1, False)
        again = data("source", "read", "Tỉnh", home=site.home)
        assert (again["new"], again["changed"], again["import_id"]) == (0, 0, None)
    unknown = dunghen("source", "read", "Mặc định", home=site.home)
    assert (unknown.exit_code, "'Mặc định' in the rules in force: Tỉnh" in unknown.stderr) == (1, True)
