"""Several processes on one database, and processes that are killed: nothing twice, nothing half."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text
from stored import MONDAY, begin, bring_in, change, decision, due, message, notice, simple

from monitor.outbox import OutboxState
from monitor.store import Store, open_store

ROOT = Path(__file__).parent.parent
TESTS = Path(__file__).parent
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{TESTS}"}
MESSAGES = 120

CLAIMING = """
import sys
from datetime import timedelta
from monitor.outbox import Attempt, Outcome, OutboxState
from monitor.store import open_store
from stored import MONDAY
with open_store(sys.argv[1]) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    while (claimed := store.claim_message(sys.argv[2], now=MONDAY, lease=timedelta(hours=1))) is not None:
        assert store.finish_attempt(claimed, Attempt(outcome=Outcome.SENT), OutboxState.SENT, now=MONDAY)
        print(claimed.message.key, flush=True)
"""

DYING = """
import os, signal, sys
from sqlalchemy import event
from monitor.store import ToldNow, open_store
from stored import *
store = open_store(sys.argv[1])
statements = 0
def die(connection, cursor, statement, *rest):
    global statements
    statements += 1
    if statements == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
def watch():
    event.listen(store._database.engine, "after_cursor_execute", die)
    event.listen(store._database.engine, "commit", lambda connection: print("committing", flush=True))
"""

RECORDING = (
    DYING
    + """
decided = [decision(one, notices=(notice(),), propose_letter_for=on("Thu 2026-11-26 00:00")) for one in due(store)]
watch()
store.record(decided, now=MONDAY)
"""
)

QUEUEING = (
    DYING
    + """
(pending,) = store.notices_without_mail()
told = [ToldNow(dossier_id=pending.dossier_id, life=1, notice=notice("le-binh"))]
watch()
store.queue_message(message(), notice_ids=[pending.id], told_now=told, rules_version="r1", now=MONDAY)
"""
)


def test_eight_processes_claim_every_message_once_and_none_is_turned_away(database_url: str):
    with open_store(database_url) as store:
        for number in range(MESSAGES):
            assert store.queue_message(message(f"{number}"), rules_version="r1", now=MONDAY)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMING, database_url, f"w{number}"],
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:  # all start at once
        worker.stdin.write("go\n")
        worker.stdin.flush()
    claims = Counter()
    for worker in workers:
        out, errors = worker.communicate(timeout=120)
        assert (worker.returncode, errors) == (0, "")
        claims.update(out.split())
    assert claims == Counter({f"{number}": 1 for number in range(MESSAGES)})
    with open_store(database_url) as store:
        assert store.outbox_counts() == {OutboxState.SENT: MESSAGES}


@pytest.mark.parametrize("dies_after", range(1, 8))
def test_a_pass_that_is_killed_between_two_statements_has_decided_nothing(database_url: str, dies_after: int):
    with open_store(database_url) as store:
        bring_in(store, simple("A"), simple("B"))
        was_committed = run_and_kill(RECORDING, database_url, dies_after)
        assert len(due(store)) == (0 if was_committed else 2)
        assert len(store.notices_without_mail()) == (2 if was_committed else 0)
        assert len(store.letters()) == (2 if was_committed else 0)


@pytest.mark.parametrize("dies_after", range(1, 6))
def test_a_mail_that_is_killed_before_it_is_queued_leaves_its_notices(database_url: str, dies_after: int):
    with open_store(database_url) as store:
        bring_in(store, simple("A"))
        store.record([decision(one, notices=(notice(),)) for one in due(store)], now=MONDAY)
        was_committed = run_and_kill(QUEUEING, database_url, dies_after)
        assert len(store.messages()) == (1 if was_committed else 0)
        assert len(store.notices_without_mail()) == (0 if was_committed else 1)
        assert len(store.told_steps("le-binh")) == (1 if was_committed else 0)


def test_a_batch_of_an_import_that_fails_half_way_leaves_nothing(database_url: str):
    with open_store(database_url) as store:
        import_id = begin(store)
        changes = [change(store, simple(code), import_id) for code in ("A", "B")]
        broken = [
            *changes[:1],
            change(store, simple("C", reason="\ud800"), import_id),
        ]  # no database takes half a letter
        with pytest.raises(UnicodeEncodeError):
            store.write_batch(import_id, source="one-stop desk", data_as_of=MONDAY, changes=broken, now=MONDAY)
        assert rows_of(store, "dossier") == rows_of(store, "event") == rows_of(store, "person") == 0
        store.write_batch(import_id, source="one-stop desk", data_as_of=MONDAY, changes=changes, now=MONDAY)
        assert rows_of(store, "dossier") == 2


def run_and_kill(program: str, url: str, dies_after: int) -> bool:
    """Run a program that is killed after its n-th statement; whether it had come to its commit."""
    run = subprocess.run(
        [sys.executable, "-c", program, url, str(dies_after)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    was_committed = "committing" in run.stdout
    assert run.returncode == (0 if was_committed else -9), run.stderr
    return was_committed


def rows_of(store: Store, table: str) -> int:
    with store._database.read() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608  # our own names
