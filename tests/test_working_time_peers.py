"""What other working-time engines expect of themselves; each row of cases/working_time_peers.jsonl names its source."""

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.working_time import LOCAL_ZONE, WorkingCalendar

CASES = [
    json.loads(line) for line in (Path(__file__).parent / "cases" / "working_time_peers.jsonl").read_text().splitlines()
]
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

Case = dict[str, Any]


def test_all_151_cases_are_read():
    assert len(CASES) == 151


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}-{case['source'].split('/')[0]}")
def test_it_agrees_with_the_tests_of_other_engines(case: Case):
    assert ANSWERS[case["kind"]](calendar_of(case), case) == case["expected"]


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case["kind"].startswith("add")],
    ids=lambda case: f"{case['kind']}-{case['source'].split('/')[0]}",
)
def test_columns_agree_with_them_too(case: Case):
    calendar, unit = calendar_of(case), "D" if case["kind"] == "add_working_days" else "m"
    add = calendar.add_working_days_array if unit == "D" else calendar.add_working_minutes_array
    start = np.array([case["start"]], f"datetime64[{unit}]").astype(np.int64)
    assert add(start, np.array([case["amount"]])).astype(f"datetime64[{unit}]") == np.datetime64(case["expected"], unit)


def calendar_of(case: Case) -> WorkingCalendar:
    week = {WEEKDAYS.index(day): slots_of(slots) for day, slots in case["weekly_hours"].items()}
    special = {date.fromisoformat(on): slots_of(slots) for on, slots in case["special_hours"].items()}
    days_off = {date.fromisoformat(on): () for on in case["holidays"]}
    year = int(case["start"][:4])
    return WorkingCalendar(week, days_off | special, date(year - 1, 1, 1), date(year + 1, 12, 31))


def slots_of(slots: list[list[str]]) -> list[tuple[int, int]]:
    return [(minute_of(begin), minute_of(end)) for begin, end in slots]


def minute_of(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL_ZONE)


def local_text(instant: datetime) -> str:
    return instant.replace(tzinfo=None).isoformat()


ANSWERS: dict[str, Callable[[WorkingCalendar, Case], object]] = {
    "add_working_days": lambda calendar, case: calendar.add_working_days(
        date.fromisoformat(case["start"]), case["amount"]
    ).isoformat(),
    "add_working_minutes": lambda calendar, case: local_text(
        calendar.add_working_minutes(at(case["start"]), case["amount"])
    ),
    "working_days_between": lambda calendar, case: calendar.working_days_between(
        date.fromisoformat(case["start"]), date.fromisoformat(case["end"])
    ),
    "working_minutes_between": lambda calendar, case: calendar.working_minutes_between(
        at(case["start"]), at(case["end"])
    ),
}
