"""Two years of a department: 700 daily exports, 60,000 dossiers, read into an empty store and swept as the daemon does.

Then what was known on some of those days is asked for, by the command itself (`list --known-at`).
python benchmarks/history.py [DAYS]       (700 without an argument; fewer days have fewer dossiers, the limit likewise)
"""

import csv
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent))

from monitor.cli.opening import opened
from monitor.cli.sites import make_site
from monitor.importing import import_file
from monitor.rules import RuleBook
from monitor.site import SiteKind
from monitor.store import Store
from monitor.sweep import recompute, sweep
from monitor.time_limit import Procedure, Unit
from monitor.working_time import LOCAL_ZONE

FIRST_DAY, DAYS, DOSSIERS = date(2025, 1, 3), 700, 60_000
BUILD_LIMIT_S, KNOWN_LIMIT_S, MEMORY_LIMIT_MB = 600.0, 2.0, 400.0
READ_AT, SWEPT_AT = time(7, 5), (time(7, 10), time(17, 5))  # the morning's file; the status changes at closing time
PARTS = (1, 2, 3, 4)  # quarters of the period, after which it is asked what was known
SHOWN_AFTER_FINISH = timedelta(days=30)
MINUTE = "%d/%m/%Y %H:%M"
HEADERS = (
    "STT", "Đơn vị tiếp nhận", "Tên thủ tục hành chính", "Mã hồ sơ", "Trạng thái", "Địa chỉ", "Người nộp", "Chủ hồ sơ",
    "Ngày nộp hồ sơ", "Ngày nhận", "Ngày hẹn trả", "Ngày kết thúc xử lý", "Cơ quan xử lý", "Người xử lý",
)  # fmt: skip
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One dossier from its receipt to its end, as it truly was."""

    code: str
    procedure: Procedure
    received: datetime
    promised: datetime
    moved_to: datetime | None  # a new appointment, after `moved_at`
    moved_at: datetime
    asked: datetime | None  # for a supplement
    answered: datetime
    officers: tuple[str, str]  # the second one from `handed_over` on
    handed_over: datetime
    finished: datetime
    returned: datetime

    def is_shown(self, at: datetime) -> bool:
        """The list holds what is open, and for a month what was finished."""
        return self.received < at < self.finished + SHOWN_AFTER_FINISH

    def row(self, at: datetime) -> tuple[str, ...]:
        """The dossier as the provincial system writes it at a moment."""
        promised = self.moved_to if self.moved_to and self.moved_at < at else self.promised
        number = int(self.code[-6:])
        return (
            "Trung tâm Phục vụ hành chính công tỉnh Lạng Sơn", self.procedure.name, self.code, self._status(at),
            f"Số {number % 400}, xã Đồi Hồi Mẫu, tỉnh Lạng Sơn", f"Nguyễn Thị Thu {number}",
            f"Công ty TNHH Mẫu {number}", f"{self.received:{MINUTE}}", f"{self.received:{MINUTE}}",
            f"{promised:{MINUTE}}", f"{self.finished:{MINUTE}}" if self.finished < at else "",
            self.procedure.division, self.officers[self.handed_over < at],
        )  # fmt: skip

    def _status(self, at: datetime) -> str:
        if self.finished < at:
            return "Đã trả kết quả" if self.returned < at else "Đã xử lý xong"
        is_waiting = self.asked is not None and self.asked < at < self.answered
        return "Yêu cầu bổ sung" if is_waiting else "Đang xử lý"


def lives(rules: RuleBook, days: int, count: int) -> Iterator[Life]:
    """Dossiers received on the working days of the period, in the order of their receipt."""
    chance = Random(20261123)
    clock = rules.calendar.clock
    received_on = [on for on in every_day(days) if clock.is_working_day(on)]
    procedures = [one for one in rules.procedures if one.limit.unit is Unit.WORKING_DAY and one.limit.amount]
    people = [one.name for one in rules.organisation.staff.values()]
    for number in range(count):
        on, procedure = received_on[number * len(received_on) // count], chance.choice(procedures)
        received = at(on, 8 * 60 + number % 200)
        due_on = clock.add_working_days(on, int(procedure.limit.amount or 0))
        taken = (due_on - on).days
        is_late, is_moved, is_asked = chance.random() < 0.05, chance.random() < 0.03, chance.random() < 0.06
        finished_on = (
            due_on + timedelta(days=chance.randint(1, 20))
            if is_late
            else on + timedelta(days=chance.randint(min(1, taken), taken))
        )
        finished = max(at(finished_on, 14 * 60 + number % 150), received + timedelta(hours=1))
        first, second = chance.choice(people), chance.choice(people)
        yield Life(
            code=f"H37.12-{on:%y%m%d}-{number:06d}",
            procedure=procedure,
            received=received,
            promised=at(due_on, 17 * 60),
            moved_to=at(due_on + timedelta(days=7), 17 * 60) if is_moved else None,
            moved_at=at(due_on, 9 * 60),
            asked=received + timedelta(days=1) if is_asked else None,
            answered=received + timedelta(days=2 + number % 4),
            officers=(first, second if chance.random() < 0.08 else first),
            handed_over=received + timedelta(days=1),
            finished=finished,
            returned=finished + timedelta(days=number % 4, hours=2),
        )


def every_day(days: int) -> Iterator[date]:
    """The days of the period."""
    return (FIRST_DAY + timedelta(days=number) for number in range(days))


def at(on: date, minutes: int) -> datetime:
    """A minute of a day."""
    return datetime.combine(on, time(), LOCAL_ZONE) + timedelta(minutes=minutes)


def write_list(path: Path, shown: list[Life], exported_at: datetime) -> None:
    """The follow-up list of a morning: titles, headers, rows. As CSV, which is read no faster than a workbook."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerows((["DANH SÁCH THEO DÕI HỒ SƠ"], [f"Ngày xuất: {exported_at:{MINUTE}}"], [], HEADERS))
        writer.writerows((number, *life.row(exported_at)) for number, life in enumerate(shown, start=1))


@dataclass(slots=True)
class Took:
    """Seconds of the parts of the work."""

    importing: float = 0.0
    sweeping: float = 0.0
    rows: int = 0
    files: int = 0
    held: int = 0


def build(store: Store, rules: RuleBook, folder: Path, days: int, count: int) -> Took:
    """The file of each next morning, and the passes of that day; writing the files is not counted."""
    took, shown = Took(), list[Life]()
    coming = lives(rules, days, count)
    following = next(coming, None)
    for on in every_day(days):
        morning = on + timedelta(days=1)
        now = datetime.combine(morning, READ_AT, LOCAL_ZONE)
        while following is not None and following.received < now:
            shown.append(following)
            following = next(coming, None)
        shown = [one for one in shown if one.is_shown(now)]
        path = folder / f"theo-doi-{morning:%Y%m%d}-0705.csv"
        write_list(path, shown, now)
        seconds, report = timed(lambda path=path, now=now: import_file(path, store, rules, now=now))
        path.unlink()
        took.importing += seconds
        took.files, took.rows, took.held = took.files + 1, took.rows + report.read, took.held + report.held
        took.sweeping += timed(lambda morning=morning: passes(store, rules, morning))[0]
    return took


def passes(store: Store, rules: RuleBook, on: date) -> None:
    """What the daemon does on a day beside reading: all anew once, then a pass after the file and one at closing."""
    recompute(store, rules, now=datetime.combine(on, SWEPT_AT[0], LOCAL_ZONE))
    for clock in SWEPT_AT:
        sweep(store, rules, now=datetime.combine(on, clock, LOCAL_ZONE))


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds, and what came of it."""
    started = perf_counter()
    result = work()
    return perf_counter() - started, result


def known_at(home: Path, moment: datetime, out: Path) -> float:
    """Seconds of the command in a process of its own, with its start, its answer in a file."""
    command = [sys.executable, "-m", "monitor", "--home", home, "list", "--known-at", moment.isoformat(), "--json"]
    with out.open("wb") as file:
        return timed(
            lambda: subprocess.run(list(map(str, command)), stdout=file, stderr=subprocess.DEVNULL, check=True)
        )[0]


def megabytes(who: int) -> float:
    """The largest memory that this process, or one of its children, has had."""
    return resource.getrusage(who).ru_maxrss / 1024


def main() -> int:
    """Measure, print, and say by the exit code whether the limits were met."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else DAYS
    count, limit = DOSSIERS * days // DAYS, BUILD_LIMIT_S * days / DAYS
    with tempfile.TemporaryDirectory() as folder:
        home, answer = Path(folder) / "site", Path(folder) / "answer.json"
        make_site(home, SiteKind.REPLAY, now=datetime.combine(FIRST_DAY, time(6), LOCAL_ZONE))
        with opened(home) as site:
            took = build(site.store, site.rules, Path(folder), days, count)
            total = sum(site.store.counts_by_status().values())
        size = (home / "data" / "monitor.db").stat().st_size / 2**20
        start = known_at(home, datetime.combine(FIRST_DAY, time(), LOCAL_ZONE), answer)
        asked = [datetime.combine(FIRST_DAY, time(8), LOCAL_ZONE) + timedelta(days=days * part // 4) for part in PARTS]
        answered = {moment: known_at(home, moment, answer) for moment in asked}
    memory = max(megabytes(resource.RUSAGE_SELF), megabytes(resource.RUSAGE_CHILDREN))
    built = took.importing + took.sweeping
    print(f"{took.files} files of {took.rows / took.files:,.0f} rows, {total:,} dossiers, {size:,.0f} MB on disk")
    print(f"the site is built           {built:7.1f} s   limit {limit:.0f} s ({took.held} files held)")
    print(f"  of it the files           {took.importing:7.1f} s   {took.importing / took.files * 1000:.0f} ms each")
    print(f"  of it the passes          {took.sweeping:7.1f} s   {took.sweeping / took.files * 1000:.0f} ms a day")
    for moment, seconds in answered.items():
        print(f"known at {moment:%Y-%m-%d %H:%M}   {seconds:7.2f} s   limit {KNOWN_LIMIT_S:.0f} s")
    print(f"  of each the start         {start:7.2f} s   (the same command when nothing was known)")
    print(
        f"memory                      {memory:7.0f} MB  limit {MEMORY_LIMIT_MB:.0f} MB (the largest of all processes)"
    )
    is_complete = took.held == 0 and total == count
    is_fast = built <= limit and max(answered.values()) <= KNOWN_LIMIT_S
    return 0 if is_complete and is_fast and memory <= MEMORY_LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
