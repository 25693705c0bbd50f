"""Ten million due dates: the clock against numpy.busday_offset in the same run, with pandas and holidays beside it.

`numpy.busdaycalendar` cannot open a single Saturday: the equivalent calendar that is correct opens all of them and
lists those that are not worked as holidays. Exits with 1 when a required ratio is missed.
"""

import csv
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import holidays
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.working_time import WorkingCalendar

DOSSIERS = 10_000_000
ROUNDS = 7
FIRST, LAST = date(2010, 1, 1), date(2031, 12, 31)  # starts end in 2030, answers some months later
OFFICE = ((450, 690), (810, 1020))  # 07:30-11:30, 13:30-17:00
RULES = Path(__file__).resolve().parent.parent / "rules" / "calendar.csv"
REQUIRED = {"days": (40, 100), "minutes": (8, 20)}  # times busday_offset: required, goal


def main() -> int:
    """Measure, compare the answers, print the table."""
    special = read_special_days()
    overrides = {on: OFFICE if worked else () for on, worked in special.items()}
    clock = WorkingCalendar(dict.fromkeys(range(5), OFFICE), overrides, FIRST, LAST)
    random = np.random.default_rng(20261123)
    start = random.integers(epoch_day(date(2018, 1, 1)), epoch_day(date(2030, 12, 31)), DOSSIERS, endpoint=True)
    start_on, start_at = start.astype(np.int32), start * 1440 + random.integers(0, 1440, DOSSIERS)
    days = random.integers(0, 60, DOSSIERS, np.int32, endpoint=True)
    minutes = random.integers(1, 20_000, DOSSIERS, endpoint=True)

    peer = BusdayOffset(special, start_on, days)
    seconds = medians(
        {
            "busday": peer.add,
            "days": lambda: clock.add_working_days_array(start_on, days),
            "minutes": lambda: clock.add_working_minutes_array(start_at, minutes),
            "between": lambda: clock.working_minutes_between_array(start_at, start_at[::-1]),
            "copy days": lambda: np.copy(start_on),
            "copy minutes": lambda: np.copy(start_at),
        }
    )
    check_against(peer, clock, start_on, days)
    ratios = report(seconds)
    report_beside(clock, special, start_on, days)
    return 0 if all(ratio >= REQUIRED[metric][0] for metric, ratio in ratios.items()) else 1


def read_special_days() -> dict[date, bool]:
    """Dates off (False) or worked (True) by notice; years without rows have none."""
    with RULES.open(encoding="utf-8", newline="") as rows:
        return {date.fromisoformat(row["date"]): row["kind"] == "worked" for row in csv.DictReader(rows)}


class BusdayOffset:
    """What a user of numpy would write; its columns are converted before the clock starts."""

    def __init__(self, special: dict[date, bool], start_on: NDArray[np.int32], days: NDArray[np.int32]) -> None:
        dates = [FIRST + timedelta(days=day) for day in range((LAST - FIRST).days + 1)]
        off = [on for on in dates if not special.get(on, on.weekday() < 5) and on.weekday() < 6]
        self.calendar = np.busdaycalendar("1111110", np.array(off, "datetime64[D]"))
        self.start_on, self.days = start_on.astype("datetime64[D]"), days.astype(np.int64)

    def add(self) -> NDArray[np.datetime64]:
        """Right for every limit but 0, which needs another roll: a second call that is not held against it."""
        return np.busday_offset(self.start_on, self.days, roll="backward", busdaycal=self.calendar)

    def add_with_zero(self) -> NDArray[np.datetime64]:
        """Right for every limit."""
        due, zero = self.add(), self.days == 0
        due[zero] = np.busday_offset(self.start_on[zero], 0, roll="forward", busdaycal=self.calendar)
        return due


def check_against(
    peer: BusdayOffset, clock: WorkingCalendar, start_on: NDArray[np.int32], days: NDArray[np.int32]
) -> None:
    """Every one of the answers, in the same run."""
    if not np.array_equal(clock.add_working_days_array(start_on, days), peer.add_with_zero().astype(np.int32)):
        sys.exit("the clock and numpy.busday_offset disagree")


def medians(tasks: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of each task, the tasks taking turns so that a busy machine slows all of them."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()  # tables are made at the first call
    for _ in range(ROUNDS):
        for name, task in tasks.items():
            begin = time.perf_counter()
            task()
            times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(taken) for name, taken in times.items()}


def report(seconds: dict[str, float]) -> dict[str, float]:
    """Print the table; return the ratios."""
    ratios = {metric: seconds["busday"] / seconds[metric] for metric in REQUIRED}
    rate = {name: DOSSIERS / taken / 1e6 for name, taken in seconds.items()}
    print(f"{DOSSIERS:,} dossiers, one thread, all checks, medians of {ROUNDS} turns; M rows/s")
    print(f"{'metric':<24}{'ours':>8}{'busday_offset':>15}{'ratio':>7}{'required':>10}{'goal':>6}{'of copying':>12}")
    for metric, (required, goal) in REQUIRED.items():
        share = rate[metric] / rate[f"copy {metric}"]
        verdict = "" if ratios[metric] >= required else "  MISSED"
        print(
            f"{'add working ' + metric:<24}{rate[metric]:>8.0f}{rate['busday']:>15.2f}{ratios[metric]:>7.0f}"
            f"{required:>10}{goal:>6}{share:>12.0%}{verdict}"
        )
    print(f"{'working minutes between':<24}{rate['between']:>8.0f}")
    print(f"copying a column: {rate['copy days']:.0f} days, {rate['copy minutes']:.0f} minutes")
    return ratios


def report_beside(
    clock: WorkingCalendar, special: dict[date, bool], start_on: NDArray[np.int32], days: NDArray[np.int32]
) -> None:
    """Print what else a user would pick, and the clock one value at a time, on the first few rows; not all are right.

    CustomBusinessDay knows no worked Saturday, and the package makes up its own for years without a notice.
    """
    off = [on for on, worked in special.items() if not worked]
    offsets = [pd.offsets.CustomBusinessDay(n, holidays=off) for n in range(61)]
    vietnam = holidays.country_holidays("VN", years=range(2018, 2032))
    sample = list(zip(start_on[:20_000].astype("datetime64[D]").tolist(), days[:20_000].tolist(), strict=True))
    stamps = [(pd.Timestamp(on), offsets[n]) for on, n in sample]
    for name, ask in {
        "one value at a time: ours": lambda: [clock.add_working_days(on, n) for on, n in sample],
        "pandas CustomBusinessDay": lambda: [stamp + offset for stamp, offset in stamps[:4_000]],
        "holidays": lambda: [vietnam.get_nth_working_day(on, n) for on, n in sample[:2_000]],
    }.items():
        begin = time.perf_counter()
        rows = len(ask())
        print(f"{name:<28}{rows / (time.perf_counter() - begin) / 1e6:>6.3f}")


def epoch_day(on: date) -> int:
    """Days since 1970-01-01."""
    return on.toordinal() - date(1970, 1, 1).toordinal()


if __name__ == "__main__":
    sys.exit(main())
