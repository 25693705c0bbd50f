"""The store alone, on SQLite: what a tick costs, what an import costs, what a full recompute has to read.

python benchmarks/store.py [DOSSIERS]       (200,000 without an argument)

What is promised to an office is measured by importing.py and sweep.py; these are the parts of it, without limits.
"""

import gc
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent))

from monitor.dossier import Channel, Event, EventKind, Moment, SourceStatus
from monitor.ladder import Step
from monitor.notice import Notice
from monitor.record import ApplicantKind, Person, Record
from monitor.source import Scope
from monitor.status import Flag, Status
from monitor.store import Begun, Decision, DossierChange, Store, Tally, ToLook, open_store
from monitor.store.bulk import in_parts
from monitor.store.record_json import record_from_json, record_to_json
from monitor.working_time import LOCAL_ZONE

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=LOCAL_ZONE)  # a Monday
IMPORTED = 100_000
DUE = 1_000
BATCH = 5_000
SOURCE = "one-stop desk"
Result = TypeVar("Result")


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    name: str
    milliseconds: float


def main() -> int:
    """Measure everything and print it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as directory:
        figures = [*measure_records(), *measure_import(Path(directory) / "import.db")]
        figures += measure_sweep(Path(directory) / "sweep.db", count)
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        print(f"{figure.name:<{width}} {figure.milliseconds:>11,.3f} ms")
    return 0


def measure_records() -> Iterator[Figure]:
    """The compact record, both ways."""
    records = [change.record for change in changes(0, IMPORTED)]
    gc.freeze()
    taken, texts = timed(lambda: [record_to_json(record) for record in records])
    yield Figure(f"{IMPORTED:,} records to JSON", taken)
    nobody = Person()
    taken, _ = timed(lambda: [record_from_json(text, code="a", person=nobody) for text in texts])
    yield Figure(f"{IMPORTED:,} records from JSON", taken)


def measure_import(file: Path) -> Iterator[Figure]:
    """A first file and the same again."""
    with open_store(f"sqlite:///{file}") as store:
        new = list(changes(0, IMPORTED))
        gc.freeze()  # what this benchmark keeps in memory is not the store's to walk through
        first = begin(store, "a" * 64)
        taken, _ = timed(lambda: write(store, first, new, ()))
        yield Figure(f"{IMPORTED:,} new dossiers in batches of {BATCH:,}", taken)
        taken, known = timed(lambda: store.known_fingerprints(SOURCE))
        yield Figure(f"{len(known):,} known fingerprints", taken)
        second = begin(store, "b" * 64)
        taken, _ = timed(lambda: write(store, second, (), list(known)))
        yield Figure(f"{len(known):,} unchanged dossiers", taken)
        taken, found = timed(lambda: [store.known(codes) for codes in in_parts(known, BATCH)])
        yield Figure(f"{sum(map(len, found)):,} known records read", taken)


def measure_sweep(file: Path, count: int) -> Iterator[Figure]:
    """Ticks over a full table."""
    with open_store(f"sqlite:///{file}") as store:
        taken, _ = timed(lambda: write(store, begin(store, "c" * 64), changes(0, count), ()))
        yield Figure(f"{count:,} new dossiers, with their making", taken)
        taken, _ = timed(lambda: decide_all(store, count))
        yield Figure(f"{count:,} due: read, decided trivially, written", taken)
        yield Figure("nothing due, statement", nothing_due(store))
        taken = median(timed(lambda: list(store.due_batches(NOW)))[0] for _ in range(7))
        yield Figure("nothing due, whole call", taken)
        yield Figure(f"{DUE:,} due: read, folded, written", due(store))
        taken = median(timed(lambda: sum(map(len, store.situations())))[0] for _ in range(3))
        yield Figure(f"{count:,} situations", taken)
        taken, _ = timed(lambda: sum(1 for _ in islice(store.list_dossiers(), 100_000)))
        yield Figure("100,000 rows of a list", taken)


def nothing_due(store: Store) -> float:
    """The statement itself, on a raw cursor."""
    with store._database.read() as connection:
        cursor = connection.connection.cursor()
        taken = []
        for _ in range(101):
            start = perf_counter()
            cursor.execute("SELECT id FROM dossier WHERE next_look_at <= ?", (int(NOW.timestamp()),))
            assert cursor.fetchall() == []
            taken.append((perf_counter() - start) * 1000)
    return median(taken)


def due(store: Store) -> float:
    """A thousand dossiers spread over the table, each with a notice."""
    taken = []
    for turn in range(5):
        later = NOW + timedelta(seconds=turn)
        store.wake(range(1 + turn, 400 * DUE, 400), now=later)
        taken.append(timed(lambda later=later: look(store, later))[0])
    return median(taken)


def look(store: Store, now: datetime) -> None:
    """One pass: every due dossier folded, decided trivially and written."""
    looked = 0
    for batch in store.due_batches(now):
        for one in batch:
            assert one.dossier.received is not None
        store.record([decision(one, now, told=True) for one in batch], now=now)
        looked += len(batch)
    assert looked > 0


def decide_all(store: Store, count: int) -> None:
    """The first pass after an import."""
    looked = 0
    for batch in store.due_batches(NOW, size=5_000):
        looked += store.record([decision(one, NOW, told=False) for one in batch], now=NOW).written
    assert looked == count


def decision(one: ToLook, now: datetime, *, told: bool) -> Decision:
    """The same decision for all."""
    due_on = date(2026, 11, 30)
    notice = Notice(step=Step.OVERDUE, due_on=due_on, occurrence=1 + len(one.told), person="tran-an")
    return Decision(
        id=one.id,
        revision=one.revision,
        life=one.life,
        status=Status.NEAR_DUE,
        flags=frozenset({Flag.PROVISIONAL}),
        procedure_code="2.001610",
        division="Phòng Đăng ký kinh doanh",
        officer="tran-an",
        law_due_on=due_on,
        first_promised_on=due_on,
        promised_on=due_on,
        due_on=due_on,
        due_at=datetime(2026, 11, 30, 17, 0, tzinfo=LOCAL_ZONE),
        apology_by_on=date(2026, 11, 27),
        situation="20261120T0900|3|working_day|20261130T1700|1|0|near_due",
        rules_version="0f1e2d3c4b5a",
        next_look_at=now + timedelta(days=1 + one.id % 20),
        notices=(notice,) if told else (),
    )


def write(store: Store, import_id: int, new: Iterator[DossierChange], unchanged: tuple[str, ...]) -> None:
    """Write a file in batches and accept it."""
    for part in in_parts(new, BATCH):
        store.write_batch(import_id, source=SOURCE, data_as_of=NOW, changes=part, now=NOW)
    for codes in in_parts(unchanged, BATCH):
        store.write_batch(import_id, source=SOURCE, data_as_of=NOW, changes=(), unchanged_codes=codes, now=NOW)
    tally = Tally(read=1, new=1, changed=0, unchanged=0, rejected=0)
    store.finish_import(import_id, tally, carried=frozenset({"code"}), columns={"Mã hồ sơ": "code"}, now=NOW)


def begin(store: Store, sha256: str) -> int:
    """Claim a file."""
    begun = store.begin_import(
        file_name="a.xlsx", sha256=sha256, source=SOURCE, scope=Scope.OPEN, data_as_of=NOW, now=NOW
    )
    assert isinstance(begun, Begun)
    return begun.import_id


def changes(first: int, count: int) -> Iterator[DossierChange]:
    """Invented dossiers with 2.6 events each."""
    for number in range(first, first + count):
        received = Moment(NOW - timedelta(minutes=number % 20_000))
        appointment = Moment(received.at + timedelta(days=7))
        yield DossierChange(
            code=f"H37.13-261120-{number:07d}",
            known_id=None,
            record=record(number, received, appointment),
            fingerprint=number.to_bytes(16, "big"),
            events=tuple(events(number, received, appointment)),
        )


def record(number: int, received: Moment, appointment: Moment) -> Record:
    """A record as rich as the office's follow-up list."""
    return Record(
        code=f"H37.13-261120-{number:07d}",
        procedure_code="2.001610",
        procedure_name="Đăng ký thành lập doanh nghiệp tư nhân",
        channel=Channel.ONLINE,
        field_name="Thành lập và hoạt động của doanh nghiệp",
        stated_limit="03 ngày làm việc",
        received_at=received,
        appointment_at=appointment,
        receiving_unit="Bộ phận Một cửa Sở Tài chính",
        receiving_officer="Nguyễn Thị Bình",
        handling_unit="Phòng Đăng ký kinh doanh",
        handling_officer="Trần Văn An",
        status=SourceStatus.PROCESSING,
        person=Person(
            applicant=f"Công ty TNHH Mẫu số {number}",
            applicant_kind=ApplicantKind.BUSINESS,
            address="Số 1 đường Mẫu, phường Mẫu",
            phone="0900000000",
        ),
    )


def events(number: int, received: Moment, appointment: Moment) -> Iterator[Event]:
    """Two or three events."""
    told = {"source": SOURCE, "recorded_at": NOW, "import_id": 1}
    facts = {
        "procedure_code": "2.001610",
        "procedure_name": "Đăng ký thành lập doanh nghiệp tư nhân",
        "channel": "online",
        "field_name": "Thành lập và hoạt động của doanh nghiệp",
        "stated_limit": "03 ngày làm việc",
        "receiving_unit": "Bộ phận Một cửa Sở Tài chính",
        "handling_unit": "Phòng Đăng ký kinh doanh",
        "handling_officer": "Trần Văn An",
        "source_status": "processing",
    }
    yield Event(kind=EventKind.RECEIVED, happened_at=received, facts=facts, **told)
    yield Event(kind=EventKind.APPOINTMENT_SEEN, happened_at=appointment, **told)
    if number % 5 < 3:
        yield Event(kind=EventKind.SUBMITTED, happened_at=Moment(received.at - timedelta(hours=1)), **told)


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Milliseconds, and what came of it."""
    start = perf_counter()
    result = work()
    return (perf_counter() - start) * 1000, result


if __name__ == "__main__":
    raise SystemExit(main())
