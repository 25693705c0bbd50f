"""The daemon: files in, mails out, through stops, jumps of the clock, poison and silence."""

import json
import logging
import re
import shutil
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from monitor.cli.running import LineFormatter
from monitor.daemon import Clock, confirm_clock, doubt_about_clock
from monitor.outbox import MessageKind
from monitor.rules import RuleBook
from monitor.site import Site, open_site
from monitor.working_time import LOCAL_ZONE
from tests.command import MONDAY_MORNING, PLANTED, ROOT, data, dunghen, listing, started, until
from tests.running import at_work, clock_at, in_loop, quick_site, soon
from tests.test_cli_rules import ASKED, with_a_storm

OVERDUE = "H37.12-261109-0001 | 09/11/2026 08:30 | 18/11/2026 17:00 | Đang xử lý"
DUE_TODAY = "H37.12-261116-0002 | 16/11/2026 08:30 | 23/11/2026 17:00 | Đang xử lý"
ON_TRACK = "H37.12-261120-0003 | 20/11/2026 09:00 | 10/12/2026 17:00 | Đang xử lý"
BOTH = {MessageKind.DIGEST, MessageKind.OVERDUE}
AT_WORK = datetime(2026, 11, 23, 8, tzinfo=LOCAL_ZONE)  # Mon


def texts(site: Site) -> list[str]:
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in site.mail_folder.glob("*.eml")]
    return [part.get_content() for mail in mails if (part := mail.get_body(("plain",))) is not None]


def messages(records: list[logging.LogRecord], action: str) -> list[logging.LogRecord]:
    return [record for record in records if getattr(record, "action", None) == action]


@in_loop
async def test_a_file_becomes_mail_to_those_who_hold_the_dossier(tmp_path: Path):
    site = quick_site(tmp_path / "site")
    listing(site.inbox_folder / "theo-doi.csv", [OVERDUE, DUE_TODAY])
    async with at_work(site, clock_at(AT_WORK)) as (_, store):
        await soon(lambda: {one.kind for one in store.messages()} == BOTH, "both kinds of mail")
        await soon(lambda: len(texts(site)) == len(store.messages()), "every mail is written")
    assert [path.name for path in site.inbox_folder.iterdir() if path.is_file()] == []
    assert (site.inbox_folder / "done" / "theo-doi.csv").is_file()
    assert any("H37.12-261109-0001" in text for text in texts(site))
    assert any("H37.12-261116-0002" in text for text in texts(site))  # the digest had waited for the file


@in_loop
async def test_what_cannot_be_taken_lies_in_held_with_its_reason_and_the_next_file_is_taken(tmp_path: Path):
    site = quick_site(tmp_path / "site")
    (site.inbox_folder / "a.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    listing(site.inbox_folder / "b.csv", [OVERDUE])
    listing(tmp_path / "c.csv", [OVERDUE, DUE_TODAY], exported="20/11/2026 16:55")
    held = site.inbox_folder / "held"
    async with at_work(site):
        await soon((site.inbox_folder / "done" / "b.csv").is_file, "the good file is done")
        shutil.copy(tmp_path / "c.csv", site.inbox_folder)
        await soon((held / "c.csv.ly-do.txt").is_file, "the older file is held")
    assert "a.xlsx" in (held / "a.xlsx.ly-do.txt").read_text(encoding="utf-8-sig")
    assert "--accept" in (held / "c.csv.ly-do.txt").read_text(encoding="utf-8-sig")


@in_loop
async def test_before_the_first_file_nobody_is_mailed_and_the_log_says_once_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    site = quick_site(tmp_path / "site")
    async with at_work(site, clock_at(AT_WORK)) as (daemon, store):
        await soon(lambda: messages(caplog.records, "no_data"), "it says that no data has come")
        await daemon.compose_digests()
        assert store.messages() == []
        assert len(messages(caplog.records, "no_data")) == 1
        listing(site.inbox_folder / "a.csv", [ON_TRACK])
        await soon(store.messages, "the digests are written once there is data")


@in_loop
async def test_the_log_names_the_file_and_the_cause_and_nothing_that_the_file_says(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    site = quick_site(tmp_path / "site")
    (site.inbox_folder / "a.csv").write_text(f"Chủ hồ sơ\n{PLANTED[0]}\n", encoding="utf-8")
    async with at_work(site):
        await soon((site.inbox_folder / "held" / "a.csv").is_file, "it is put aside")
        await soon(lambda: messages(caplog.records, "import"), "and told of")
    assert PLANTED[0] in (site.inbox_folder / "held" / "a.csv.ly-do.txt").read_text(encoding="utf-8-sig")
    (record,) = messages(caplog.records, "import")
    assert vars(record)["file"] == "a.csv"
    assert vars(record)["cause"].startswith("không thấy dòng tiêu đề")
    assert PLANTED[0] not in str(vars(record))


@in_loop
async def test_a_file_that_still_grows_is_left_alone(tmp_path: Path):
    site = quick_site(tmp_path / "site")
    (site.home / "dunghen.toml").write_text("[inbox]\npoll_seconds = 1\nstable_seconds = 3600\n", encoding="utf-8")
    listing(site.inbox_folder / "a.csv", [OVERDUE])
    async with at_work(open_site(site.home)) as (_, store):
        await soon(store.last_beat, "the daemon has looked")
        assert store.imports() == []
    assert (site.inbox_folder / "a.csv").is_file()


@in_loop
async def test_a_job_that_fails_is_told_of_and_stops_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    site = quick_site(tmp_path / "site")
    async with at_work(site) as (daemon, store):
        good = daemon.load_rules

        def poisoned() -> RuleBook:
            raise ZeroDivisionError

        daemon.load_rules = poisoned
        daemon.soon("sweep")
        await soon(lambda: messages(caplog.records, "sweep"), "the sweep has failed")
        before = store.last_beat()
        daemon.clock.ahead += timedelta(seconds=10)
        daemon.soon("beat")
        await soon(lambda: store.last_beat() != before, "the heart beats on")
        listing(site.inbox_folder / "b.csv", [OVERDUE])
        await soon((site.inbox_folder / "done" / "b.csv").is_file, "files are taken")
        daemon.load_rules = good
        daemon.soon("sweep")
        await soon(lambda: store.counts_by_status().get("overdue") == 1, "it works again")  # type: ignore[call-overload]


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=63_000)])
@in_loop
async def test_a_jump_of_the_clock_is_noticed_and_nothing_is_sent_twice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, jump: timedelta
):
    site = quick_site(tmp_path / "site")
    listing(site.inbox_folder / "a.csv", [OVERDUE])
    async with at_work(site, clock_at(AT_WORK)) as (daemon, store):
        await soon(lambda: {one.kind for one in store.messages()} == BOTH, "both kinds of mail")
        known = {one.message_id for one in store.messages()}
        daemon.clock.ahead += jump
        await soon(lambda: messages(caplog.records, "clock_jump"), "the jump is noticed")
        daemon.soon()
        daemon.clock.ahead -= jump
        await soon(lambda: len(messages(caplog.records, "clock_jump")) == 2, "the way back is noticed")
        overdue = [one for one in store.messages() if one.kind is MessageKind.OVERDUE]
        assert len({(one.person, one.key) for one in overdue}) == len(overdue)
        assert known <= {one.message_id for one in store.messages()}


@in_loop
async def test_beyond_the_calendar_nothing_is_sent_until_a_person_confirms(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    site = quick_site(tmp_path / "site")
    clock = clock_at(datetime(2099, 11, 23, 8, tzinfo=LOCAL_ZONE))
    listing(site.inbox_folder / "a.csv", [OVERDUE])
    async with at_work(site, clock) as (daemon, store):
        await soon((site.inbox_folder / "done" / "a.csv").is_file, "the work goes on")
        assert "beyond the official calendar" in messages(caplog.records, "hold")[0].getMessage()
        assert store.messages() == []
        confirm_clock(store, now=clock.now())
        daemon.soon()
        await soon(lambda: messages(caplog.records, "release"), "sending goes on")


@in_loop
async def test_a_clock_before_the_newest_record_holds_all_mail_and_the_confirmation_outlives_a_restart(tmp_path: Path):
    site = quick_site(tmp_path / "site")
    listing(site.inbox_folder / "a.csv", [OVERDUE])
    earlier = clock_at(AT_WORK)
    async with at_work(site, clock_at(AT_WORK + timedelta(days=2))) as (_, store):
        await soon(store.last_beat, "Wednesday is recorded")
        await soon((site.inbox_folder / "done" / "a.csv").is_file, "and the file is taken")
    before = {path.name for path in site.mail_folder.iterdir()}
    async with at_work(site, earlier) as (daemon, store):
        await soon(lambda: store.last_beat() and store.last_beat() < AT_WORK + timedelta(days=1), "it beats on Monday")
        assert doubt_about_clock(store, daemon.rules, now=earlier.now()) is not None
        assert {path.name for path in site.mail_folder.iterdir()} == before
        confirm_clock(store, now=earlier.now())
    async with at_work(site, earlier) as (_, store):
        await soon(lambda: any(one.day == AT_WORK.date() for one in store.messages()), "Monday's digests are composed")


@in_loop
async def test_after_a_silence_the_next_digest_says_so_even_when_it_restarted_again_before(tmp_path: Path):
    site = quick_site(tmp_path / "site")
    listing(site.inbox_folder / "a.csv", [ON_TRACK], exported="25/11/2026 17:30")
    evening = datetime(2026, 11, 25, 18, tzinfo=LOCAL_ZONE)  # Wed
    for begun in (evening, evening + timedelta(hours=3), evening + timedelta(hours=3, minutes=5)):
        async with at_work(site, clock_at(begun)) as (_, store):
            await soon(lambda store=store, begun=begun: (store.last_beat() or MONDAY_MORNING) >= begun, "it beats")
            await soon((site.inbox_folder / "done" / "a.csv").is_file, "there is data")
    async with at_work(site, clock_at(AT_WORK + timedelta(days=3))) as (_, store):  # Thu 26/11, eight o'clock
        await soon(lambda: len(texts(site)) == len(store.messages()) > 0, "the digests are written")
    assert all("18:00" in text and "25/11" in text for text in texts(site))


@in_loop
async def test_rules_accepted_meanwhile_are_used_without_a_restart(tmp_path: Path):
    site = quick_site(tmp_path / "site")
    async with at_work(site) as (daemon, _):
        before = daemon.rules.version
        with_a_storm(site)
        assert dunghen("rules", "accept", "--reason", "thử", home=site.home).exit_code == 0
        daemon.soon("sweep")
        await soon(lambda: daemon.rules.version != before, "the new rules are in use")
    assert data(*ASKED, home=site.home)["due_on"] == "2026-11-27"  # Fri


@in_loop
async def test_asked_to_stop_it_finishes_what_it_has_begun_and_begins_nothing_more(tmp_path: Path):
    site = quick_site(tmp_path / "site")
    shutil.copy(ROOT / "data" / "samples" / "theo-doi-ho-so-20261120-1655.xlsx", site.inbox_folder)
    async with at_work(site) as (daemon, store):
        await soon(store.imports, "the file is being read")
        daemon.stop()
    done = site.inbox_folder / "done" / "theo-doi-ho-so-20261120-1655.xlsx"
    assert done.is_file()


def test_sigterm_ends_it_with_0_and_the_log_is_one_json_line_an_outcome_without_names(tmp_path: Path):
    site = quick_site(tmp_path / "site")
    listing(site.inbox_folder / "x\x1b[2J.csv", [OVERDUE, DUE_TODAY])
    with started("run", home=site.home) as daemon:
        assert daemon.stderr is not None
        logged = ""
        for line in daemon.stderr:
            logged += line
            if '"action": "sweep"' in line:
                daemon.send_signal(signal.SIGTERM)
    assert daemon.returncode == 0
    lines = [json.loads(line) for line in logged.splitlines()]
    actions = [line["action"] for line in lines]
    assert {"start", "import", "sweep"} <= set(actions)
    assert actions[-1] == "stop"
    assert all(datetime.fromisoformat(line["at"]).tzinfo for line in lines)
    assert not [part for part in PLANTED if part in logged]
    assert "\x1b" not in logged


def test_the_text_log_is_as_full_as_the_other_and_names_what_is_wrong_in_rules_that_are_not_used(tmp_path: Path):
    site = quick_site(tmp_path / "site")
    (site.rules / "hours.toml").write_text("[[work\n", encoding="utf-8")
    (site.inbox_folder / "một tệp.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    with started("run", "--log", "text", home=site.home) as daemon:
        assert daemon.stderr is not None
        until((site.inbox_folder / "held" / "một tệp.xlsx").is_file, "the file is put aside")
        daemon.send_signal(signal.SIGTERM)
        lines = daemon.stderr.read().splitlines()
    assert daemon.returncode == 0
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00 [A-Z]+ ", line) for line in lines)
    (broken,) = [line for line in lines if "action=rules" in line]
    assert "WARNING" in broken
    assert "stays in force" in broken
    assert 'problems="rules/hours.toml:1: is not TOML' in broken
    (refused,) = [line for line in lines if "file refused" in line]
    assert ' file="một tệp.xlsx" cause="tệp hỏng hoặc chưa chép xong' in refused


def test_of_rules_without_mistakes_nothing_is_said(tmp_path: Path):
    site = quick_site(tmp_path / "site")
    with started("run", home=site.home) as daemon:
        assert daemon.stderr is not None
        first = json.loads(daemon.stderr.readline())
        daemon.send_signal(signal.SIGTERM)
    assert first["action"] == "start"


def test_in_the_text_log_an_error_with_its_place_is_one_line(caplog: pytest.LogCaptureFixture):
    formatter = LineFormatter()
    try:
        raise ValueError("hai\ndòng")
    except ValueError:
        logging.getLogger("monitor").exception("job failed", extra={"action": "sweep"})
    (line,) = formatter.format(caplog.records[0]).splitlines()
    assert line.startswith(f"{datetime.fromtimestamp(caplog.records[0].created, LOCAL_ZONE):%Y-%m-%dT%H:%M:%S}+07:00")
    assert ' ERROR job failed action=sweep error="Traceback' in line
    assert "test_daemon.py" in line
    assert "ValueError: hai; dòng" in line


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path):
    site = quick_site(tmp_path / "site")
    listing(site.inbox_folder / "x.csv", [OVERDUE])
    with Path("/dev/full").open("w") as full, started("run", home=site.home, stderr=full) as daemon:
        until((site.inbox_folder / "done" / "x.csv").is_file, "the file is done")
        daemon.send_signal(signal.SIGTERM)
    assert daemon.returncode == 0


def test_the_demonstration_tells_its_story_and_ends_cleanly(tmp_path: Path):
    folder = tmp_path / "show"
    with started("demo", "--as-of", "2026-11-23", "--dir", folder) as show:
        assert show.stdout is not None
        told = []
        for line in show.stdout:
            told.append(line)
            if "Stop it with Ctrl+C" in line:
                show.send_signal(signal.SIGINT)
        assert show.stderr is not None
        assert show.stderr.read() == ""
    assert show.returncode == 0
    story = "".join(told)
    assert "it is 07:14 on Monday 2026-11-23" in story
    assert "10  quá hạn  (overdue)" in story
    assert "13 mails written to" in story
    assert "wait for 07:30" in story
    assert story.endswith("Stopped.\n")
    suggested = next(line for line in told if " list --open " in line).partition("  where")[0]
    looked = subprocess.run(suggested, shell=True, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S602
    assert "quá hạn" in looked.stdout
    assert len(list((folder / "data" / "mail").glob("*.eml"))) == 13
    (letter,) = (folder / "data" / "letters").glob("*.pdf")
    assert letter.read_bytes().startswith(b"%PDF")
    assert len(data("list", "--status", "due_today", home=folder)) == 10  # by the demonstration's clock


def test_the_demonstration_replaces_only_an_earlier_one(tmp_path: Path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "real.xlsx").write_bytes(b"x")
    quick_site(tmp_path / "site")
    for folder in ("files", "site"):
        refused = dunghen("demo", "--once", "--dir", tmp_path / folder)
        assert refused.exit_code == 1
        assert "is not an earlier demonstration" in refused.stderr
    assert (tmp_path / "files" / "real.xlsx").exists()


def test_a_clock_may_be_set_and_the_steady_one_only_goes_on():
    clock = Clock()
    before = clock.steady()
    clock.set(MONDAY_MORNING)
    assert timedelta() <= clock.now() - MONDAY_MORNING < timedelta(minutes=1)
    assert clock.steady() >= before


def test_the_program_is_started_by_its_package_too():
    ended = subprocess.run(
        [sys.executable, "-m", "monitor", "--version"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ended.stdout == "dunghen, version 0.1.0\n"
