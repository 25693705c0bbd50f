"""Absences as the database keeps them: numbered, withdrawn and never deleted."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from official import at

from monitor.absence import Absence, Absences
from monitor.store import AbsenceEnteredAlready, Store, UnknownAbsence, open_store

NOW = at("Mon 2026-11-23 09:00")
WANTED = Absence(
    number=0,
    person="nn-hong-anh",
    substitute="lv-hoang-long",
    begins_at=at("Mon 2026-11-23 12:00"),
    ends_at=at("Thu 2026-11-26 00:00"),
    entered_by="nt-bich-ngoc",
    entered_at=NOW,
)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def test_what_was_entered_is_read_as_it_was_written(store: Store):
    entered = store.enter_absence(WANTED, now=NOW)
    assert entered == replace(WANTED, number=1)
    assert store.absences() == Absences((entered,))
    assert store.absence(1) == entered
    assert store.newest_recorded_at() == NOW


def test_what_overlaps_for_the_same_person_is_refused_with_its_number(store: Store):
    store.enter_absence(WANTED, now=NOW)
    wednesday = replace(WANTED, begins_at=at("Wed 2026-11-25 00:00"), ends_at=None, substitute=None)
    with pytest.raises(AbsenceEnteredAlready, match=r"from 2026-11-23 12:00 to 2026-11-26 00:00 already \(number 1\)"):
        store.enter_absence(wednesday, now=NOW)
    store.enter_absence(replace(wednesday, begins_at=at("Thu 2026-11-26 00:00")), now=NOW)  # the day after
    store.enter_absence(replace(wednesday, person="lv-hoang-long"), now=NOW)  # somebody else
    assert [one.number for one in store.absences().entries] == [1, 2, 3]


def test_what_is_withdrawn_stays_and_makes_room(store: Store):
    store.enter_absence(WANTED, now=NOW)
    back = at("Tue 2026-11-24 08:00")
    assert store.withdraw_absence(1, by="nt-bich-ngoc", now=back)
    assert not store.withdraw_absence(1, by="bx-nhat-quang", now=at("Tue 2026-11-24 09:00"))
    (kept,) = store.absences().entries
    assert (kept.withdrawn_at, kept.withdrawn_by) == (back, "nt-bich-ngoc")
    assert store.enter_absence(replace(WANTED, begins_at=at("Wed 2026-11-25 00:00")), now=back).number == 2


def test_only_what_holds_or_may_hold_later_is_read_for_a_pass(store: Store):
    store.enter_absence(WANTED, now=NOW)
    assert len(store.absences(from_at=at("Wed 2026-11-25 23:59")).entries) == 1
    assert store.absences(from_at=at("Thu 2026-11-26 00:00")) == Absences()
    store.withdraw_absence(1, by="nt-bich-ngoc", now=at("Tue 2026-11-24 08:00"))
    assert store.absences(from_at=at("Tue 2026-11-24 08:00")) == Absences()
    assert len(store.absences(from_at=at("Mon 2026-11-23 15:00")).entries) == 1  # what held then


def test_an_unknown_number_is_said(store: Store):
    with pytest.raises(UnknownAbsence, match="no absence 7"):
        store.absence(7)
    assert not store.withdraw_absence(7, by="nt-bich-ngoc", now=NOW)
