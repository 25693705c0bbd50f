"""What a tick costs with a million open dossiers under the real rules: nothing due, 1,000 due, all computed anew.

python benchmarks/sweep.py [DOSSIERS]       (1,000,000 without an argument)
"""

import gc
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent))

from monitor.dossier import Event, EventKind, Moment
from monitor.record import Record
from monitor.rules import RuleBook, load_rules
from monitor.source import Scope
from monitor.store import Begun, Decision, DossierChange, Store, Tally, ToLook, open_store
from monitor.store.bulk import in_parts
from monitor.sweep import decide, recompute, sweep
from monitor.working_time import LOCAL_ZONE

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=LOCAL_ZONE)  # a Monday
FIRST_DAY, DAYS = date(2026, 9, 24), 60  # of receipt
SOURCE = "mac-dinh/theo-doi"
DUE, BATCH = 1_000, 5_000
NOTHING_LIMIT_MS, DUE_LIMIT_MS, RECOMPUTE_LIMIT_S = 0.1, 150.0, 6.0
Result = TypeVar("Result")


def main() -> int:
    """Measure, print, and say by the exit code whether the limits were met."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rules = load_rules(Path(__file__).parent.parent / "rules")
    with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/monitor.db") as store:
        made, _ = timed(lambda: fill(store, rules, count))
        gc.collect()
        gc.freeze()
        nothing = nothing_due(store)
        thousand = median(a_thousand_due(store, rules, turn) for turn in range(5))
        sweep(store, rules, now=NOW + timedelta(minutes=9))
        taken = [timed(lambda: recompute(store, rules, now=NOW + timedelta(minutes=10))) for _ in range(3)]
    anew, woken = median(seconds for seconds, _ in taken), taken[0][1]
    print(f"{count:,} open dossiers, made in {made:.0f} s")
    print(f"nothing due, in the database   {nothing * 1000:8.3f} ms  limit {NOTHING_LIMIT_MS} ms")
    print(f"{DUE:,} due, decided and written {thousand * 1000:8.1f} ms  limit {DUE_LIMIT_MS:.0f} ms")
    print(f"everything computed anew       {anew:8.2f} s   limit {RECOMPUTE_LIMIT_S:.0f} s ({woken:,} differed)")
    limit_s = RECOMPUTE_LIMIT_S * max(count / 1_000_000, 0.1)
    met = nothing * 1000 <= NOTHING_LIMIT_MS and thousand * 1000 <= DUE_LIMIT_MS and anew <= limit_s
    return 0 if met else 1


def fill(store: Store, rules: RuleBook, count: int) -> None:
    """A department's open dossiers, imported and looked at once; equal situations share one decision here."""
    begun = store.begin_import(
        file_name="a.xlsx", sha256="a" * 64, source=SOURCE, scope=Scope.OPEN, data_as_of=NOW, now=NOW
    )
    assert isinstance(begun, Begun)
    for part in in_parts(changes(rules, count), BATCH):
        store.write_batch(begun.import_id, source=SOURCE, data_as_of=NOW, changes=part, now=NOW)
    tally = Tally(read=count, new=count, changed=0, unchanged=0, rejected=0)
    store.finish_import(begun.import_id, tally, carried=frozenset({"code"}), columns={}, now=NOW)
    shared: dict[tuple[object, ...], Decision] = {}
    for batch in store.due_batches(NOW, size=BATCH):
        store.record([decided(one, rules, shared) for one in batch], now=NOW)


def decided(one: ToLook, rules: RuleBook, shared: dict[tuple[object, ...], Decision]) -> Decision:
    """The real decision, computed once for equal dossiers, without its notices."""
    dossier = one.dossier
    assert dossier.received is not None
    key = (dossier.procedure_code, dossier.received.on, dossier.appointments[0].at.on)
    if key not in shared:
        shared[key] = replace(decide(one, rules, now=NOW), notices=())
    return replace(shared[key], id=one.id, revision=one.revision)


def changes(rules: RuleBook, count: int) -> Iterator[DossierChange]:
    """Invented dossiers received over sixty days, each promised three to forty days later."""
    codes = sorted({one.code for one in rules.procedures})
    for number in range(count):
        minute = 450 + number % 500
        received_at = datetime.combine(FIRST_DAY + timedelta(days=number % DAYS), datetime.min.time(), LOCAL_ZONE)
        received = Moment(received_at + timedelta(minutes=minute))
        promised = Moment(received_at.replace(hour=17) + timedelta(days=3 + number % 37))
        code, procedure = f"H37.12-{received_at:%y%m%d}-{number:07d}", codes[number % len(codes)]
        told = {"source": SOURCE, "recorded_at": NOW, "import_id": 1}
        facts = {"procedure_code": procedure, "handling_officer": "Trần Văn An", "source_status": "processing"}
        yield DossierChange(
            code=code,
            known_id=None,
            record=Record(code=code, procedure_code=procedure, received_at=received, appointment_at=promised),
            fingerprint=number.to_bytes(16, "big"),
            events=(
                Event(kind=EventKind.RECEIVED, happened_at=received, facts=facts, **told),
                Event(kind=EventKind.APPOINTMENT_SEEN, happened_at=promised, **told),
            ),
        )


def nothing_due(store: Store) -> float:
    """Seconds of the statement itself, on a raw cursor."""
    with store._database.read() as connection:
        cursor = connection.connection.cursor()
        taken = []
        for _ in range(101):
            seconds, _rows = timed(
                lambda: cursor.execute(
                    "SELECT id FROM dossier WHERE next_look_at <= ?", (int(NOW.timestamp()),)
                ).fetchall()
            )
            taken.append(seconds)
    return median(taken)


def a_thousand_due(store: Store, rules: RuleBook, turn: int) -> float:
    """Seconds of one real pass over a thousand dossiers spread over the table."""
    now = NOW + timedelta(minutes=turn)
    store.wake(range(1 + turn, 1 + 400 * DUE, 400), now=now)
    store.tidy()  # as the daemon does between its ticks
    seconds, report = timed(lambda: sweep(store, rules, now=now))
    assert report.looked_at > 0
    return seconds


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds, and what came of it."""
    started = perf_counter()
    result = work()
    return perf_counter() - started, result


if __name__ == "__main__":
    sys.exit(main())
