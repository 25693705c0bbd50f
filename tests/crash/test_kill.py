"""Killed at any moment and started again: nothing is lost, and nothing is said twice."""

import asyncio
import multiprocessing
import random
import sqlite3
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from multiprocessing.context import ForkServerContext
from pathlib import Path
from shutil import copy

import pytest

from monitor.cli.opening import store_of
from monitor.cli.running import daemon_of
from monitor.site import Site, open_site
from monitor.working_time import LOCAL_ZONE
from tests.command import SAMPLES, until
from tests.running import clock_at, quick_site

AT_WORK = datetime(2026, 11, 23, 8, tzinfo=LOCAL_ZONE)  # Mon
FILES = ("dong-bo-ho-so-20261120-1655.json", "ho-so-qua-han-20261120-1655.csv", "theo-doi-ho-so-20261123-0705.xlsx")
KILLS = 12
HEARTBEAT = "SELECT value FROM meta WHERE key = 'heartbeat'"
SEED = 20261123


def work(home: str, moment: datetime) -> None:
    """The daemon in a process of its own, by a clock that begins where it is told to."""
    found = open_site(Path(home))
    site = replace(found, inbox=replace(found.inbox, poll_seconds=0.1))  # so that a kill meets work and not a pause
    with store_of(site) as store:
        asyncio.run(daemon_of(site, store, clock=clock_at(moment)).run())


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Processes that have imported everything already, so that a kill meets work and not a start."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "tests.crash.test_kill"])
    return context


def prepared(folder: Path) -> Site:
    site = quick_site(folder)
    for name in FILES:
        copy(SAMPLES / name, site.inbox_folder)
    return site


def rows(site: Site, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{site.data / 'monitor.db'}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def is_at_rest(site: Site) -> bool:
    """Every file is read, every dossier looked at, everybody's digest composed, and no message waits."""
    if any(path.is_file() for path in site.inbox_folder.iterdir()):
        return False
    waiting = "SELECT count(*) FROM outbox WHERE state IN ('pending', 'claimed')"
    unseen = "SELECT count(*) FROM dossier WHERE status IS NULL"
    untold = "SELECT count(*) FROM notice WHERE outbox_id IS NULL"
    composed = "SELECT 1 - count(*) FROM meta WHERE key = 'digests_of'"
    return all(rows(site, query) == [(0,)] for query in (waiting, unseen, untold, composed))


def finish(processes: ForkServerContext, site: Site, moment: datetime) -> None:
    beats = rows(site, HEARTBEAT)
    daemon = processes.Process(target=work, args=(str(site.home), moment))
    daemon.start()
    try:
        until(lambda: rows(site, HEARTBEAT) != beats, "the daemon is at work")
        until(lambda: is_at_rest(site), "all the work is done")
        daemon.terminate()
        daemon.join()
        assert daemon.exitcode == 0
    finally:
        daemon.kill()
        daemon.join()
        daemon.close()


def written(site: Site) -> Counter[str]:
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in site.mail_folder.glob("*.eml")]
    return Counter(mail["Message-ID"] for mail in mails)


def picture(site: Site) -> dict[str, list[tuple[object, ...]]]:
    """Everything that must be the same however often the daemon was killed."""
    told = "FROM notice JOIN dossier ON dossier.id = notice.dossier_id ORDER BY 1, 2, 3, 4, 5"
    happened = "FROM event JOIN dossier ON dossier.id = event.dossier_id"
    return {
        "dossiers": rows(site, "SELECT code, status, due_on, revision > 0 FROM dossier ORDER BY code"),
        "events": rows(
            site,
            f"SELECT code, kind, count(*) {happened} GROUP BY 1, 2 ORDER BY 1, 2",
        ),
        "told": rows(site, f"SELECT code, step, notice.due_on, occurrence, person {told}"),
        "digests": rows(
            site, "SELECT person, key, subject, message_id FROM outbox WHERE kind = 'digest' ORDER BY 1, 2"
        ),
    }


def test_after_a_dozen_kills_everything_is_as_after_none(processes: ForkServerContext, tmp_path: Path):
    calm, rough = prepared(tmp_path / "calm"), prepared(tmp_path / "rough")
    finish(processes, calm, AT_WORK)
    chance = random.Random(SEED)  # noqa: S311  # moments for kills are no secrets
    for kill in range(KILLS):
        beats = rows(rough, HEARTBEAT)
        daemon = processes.Process(target=work, args=(str(rough.home), AT_WORK + timedelta(seconds=kill)))
        daemon.start()
        until(lambda beats=beats: rows(rough, HEARTBEAT) != beats, "the daemon is at work")
        daemon.join(chance.uniform(0, 0.4))
        daemon.kill()
        daemon.join()
        daemon.close()
    # Beyond the lease of a message that was in somebody's hands when he was killed.
    finish(processes, rough, AT_WORK.replace(minute=10))

    assert picture(rough) == picture(calm)
    assert rows(rough, "SELECT count(*) FROM notice WHERE outbox_id IS NULL") == [(0,)]
    recorded = [message_id for (message_id,) in rows(rough, "SELECT message_id FROM outbox")]
    assert written(rough) == Counter(recorded)  # each recorded message is one file, and no file is anything else
    assert set(Counter(recorded).values()) == {1}
