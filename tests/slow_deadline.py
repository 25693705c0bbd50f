"""Due dates one day at a time, from the calendar table and the articles alone: an independent second opinion.

Slow and simple: no look-up of the n-th working day, no arithmetic on ordinals.
"""

import calendar
import csv
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path

ONE_DAY = timedelta(days=1)
TABLE = Path(__file__).parent.parent / "rules" / "calendar.csv"


@cache
def special_days() -> dict[date, str]:
    with TABLE.open(encoding="utf-8", newline="") as table:
        return {date.fromisoformat(row["date"]): row["kind"] for row in csv.DictReader(table)}


def is_worked(on: date) -> bool:
    return special_days().get(on, "off" if on.weekday() >= 5 else "worked") == "worked"


def roll(on: date) -> date:
    while not is_worked(on):
        on += ONE_DAY
    return on


def slow_due(unit: str, amount: int, start: date, pauses: Sequence[tuple[date, date]] = ()) -> date:
    """The last day of a limit; a pause stops the count after its first day and the count goes on after its last."""
    if unit == "month":
        return roll(_months_later(start, amount) + sum((ended - began for began, ended in pauses), timedelta()))
    on, left, not_before = start, amount, start
    for began, ended in pauses:
        on, left = _walk(unit, on, left, until=began)
        if left == 0 and roll(on) < began:
            break
        on, not_before = ended, ended
    on, _ = _walk(unit, on, left, until=date.max)
    return roll(max(on, not_before))


def _walk(unit: str, on: date, left: int, until: date) -> tuple[date, int]:
    while left and on < until:
        on += ONE_DAY
        if unit == "calendar_day" or is_worked(on):
            left -= 1
    return on, left


def _months_later(start: date, months: int) -> date:
    year, month = start.year, start.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))
