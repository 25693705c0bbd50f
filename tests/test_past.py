"""How fresh the data were at a moment, told from the files that had come by then."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from stored import DESK, MONDAY, at, bring_in, on, simple

from monitor.dossier import Event, EventKind
from monitor.past import Freshness, standing
from monitor.rules import load_rules
from monitor.source import Scope
from monitor.store import FileTaken, Store, open_store
from tests.command import ROOT

NOON, EVENING = at("Mon 2026-11-23 12:00"), at("Mon 2026-11-23 18:00")
LATER = 99  # an import that had not come by then


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def file(number: int, as_of: datetime, source: str = DESK, scope: Scope = Scope.ALL, **told: object) -> FileTaken:
    days = told.get("days", (None, None))
    return FileTaken(number, source, scope, *days, as_of, as_of, frozenset(told.get("unread", ())))


def freshness(store: Store, *files: FileTaken, seen: int = LATER, source: str = DESK, **events: datetime) -> datetime:
    """Of a dossier that file 1 told of on Monday morning, received on Fri 2026-11-20, to which this happened since."""
    bring_in(store, simple("A"))
    row, known = next(iter(store.with_events()))
    since = tuple(Event(EventKind(kind), None, when, source, LATER) for kind, when in events.items())
    first = file(1, MONDAY, source)
    dossier = store.dossier("A").dossier()
    return Freshness([first, *files]).of(row._replace(seen_import_id=seen, source=source), dossier, known + since)


def test_a_file_that_claims_to_hold_a_dossier_makes_it_fresh(store: Store):
    assert freshness(store, file(2, NOON)) == NOON


@pytest.mark.parametrize(
    "other",
    [
        file(2, NOON, scope=Scope.PARTIAL),
        file(2, NOON, source="another"),
        file(2, NOON, unread=["A"]),
        file(2, NOON, scope=Scope.RECEIVED_BETWEEN),
        file(2, NOON, scope=Scope.RECEIVED_BETWEEN, days=(on("Sat 2026-11-21 00:00"), None)),
        file(2, NOON, source="Mặc định/tien-do", scope=Scope.PARTIAL),
    ],
    ids=["a list that claims nothing", "another source", "unread", "no days", "other days", "a step log"],
)
def test_what_may_not_have_held_it_does_not(store: Store, other: FileTaken):
    assert freshness(store, other) == MONDAY


def test_while_it_was_missing_nothing_was_heard_of_it(store: Store):
    assert freshness(store, file(2, NOON), file(3, EVENING), vanished=NOON) == MONDAY


def test_back_again_it_is_as_fresh_as_the_files_that_came_since(store: Store):
    assert freshness(store, file(2, NOON), file(3, EVENING), vanished=NOON, appeared=EVENING) == EVENING


def test_a_database_that_was_asked_speaks_of_all_its_dossiers(store: Store):
    asked = "Cổng tỉnh/csdl"
    assert freshness(store, file(2, NOON, asked, Scope.PARTIAL), source=asked) == NOON


def test_a_file_that_held_it_last_says_it_itself_and_never_more_than_had_come(store: Store):
    assert freshness(store, file(2, EVENING), seen=1) == MONDAY


def test_one_dossier_of_which_nothing_can_be_made_does_not_take_the_others_with_it(store: Store):
    bring_in(store, simple("A"), simple("B"))
    poison = Event(EventKind.LETTER_ISSUED, None, MONDAY, "van-thu", None, {"new_date_on": "mai"})
    store.append_events("A", [poison], now=MONDAY)
    stood = {one.row.code: one.row for one in standing(store, load_rules(ROOT / "rules"), now=MONDAY)}
    assert stood["A"].parked is not None
    assert stood["B"].parked is None
