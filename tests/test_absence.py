"""Who is away, and who stands in."""

import pytest
from official import at

from monitor.absence import NOBODY_AWAY, Absence, Absences

ANH, LONG, THAO = "nn-hong-anh", "lv-hoang-long", "tt-phuong-thao"


def absence(person: str, begins: str, ends: str | None, substitute: str | None = None, number: int = 1) -> Absence:
    return Absence(
        number=number,
        person=person,
        substitute=substitute,
        begins_at=at(begins),
        ends_at=at(ends) if ends else None,
        entered_by="nt-bich-ngoc",
        entered_at=at("Mon 2026-11-23 08:00"),
    )


AFTERNOON = absence(ANH, "Mon 2026-11-23 12:00", "Thu 2026-11-26 00:00", LONG)


def away(now: str, *entries: Absence) -> dict[str, str | None]:
    return dict(Absences(entries).away_at(at(now)))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("Mon 2026-11-23 11:59", {}),
        ("Mon 2026-11-23 12:00", {ANH: LONG}),
        ("Wed 2026-11-25 23:59", {ANH: LONG}),
        ("Thu 2026-11-26 00:00", {}),
    ],
)
def test_an_absence_holds_from_its_half_day_until_its_end(now: str, expected: dict):
    assert away(now, AFTERNOON) == expected


def test_without_an_end_it_holds_until_it_is_withdrawn():
    ill = absence(ANH, "Mon 2026-11-23 00:00", None)
    back = Absence(
        **{name: getattr(ill, name) for name in ill.__slots__} | {"withdrawn_at": at("Fri 2026-11-27 07:40")}
    )
    assert away("Mon 2027-01-04 08:00", ill) == {ANH: None}
    assert away("Fri 2026-11-27 07:39", back) == {ANH: None}
    assert away("Fri 2026-11-27 07:40", back) == {}


def test_of_two_entries_for_one_time_the_later_counts():
    assert away("Tue 2026-11-24 08:00", AFTERNOON, absence(ANH, "Tue 2026-11-24 00:00", None, THAO)) == {ANH: THAO}


class TestSubstitutesWhoAreAwayToo:
    def test_a_chain_is_followed_to_whoever_is_there(self):
        long_away = absence(LONG, "Tue 2026-11-24 00:00", "Wed 2026-11-25 00:00", THAO)
        assert away("Mon 2026-11-23 14:00", AFTERNOON, long_away) == {ANH: LONG}
        assert away("Tue 2026-11-24 08:00", AFTERNOON, long_away) == {ANH: THAO, LONG: THAO}

    def test_a_chain_that_ends_with_nobody_leaves_nobody(self):
        assert away("Tue 2026-11-24 08:00", AFTERNOON, absence(LONG, "Tue 2026-11-24 00:00", None))[ANH] is None

    def test_a_circle_leaves_nobody(self):
        circle = (
            AFTERNOON,
            absence(LONG, "Tue 2026-11-24 00:00", None, THAO),
            absence(THAO, "Tue 2026-11-24 00:00", None, ANH),
        )
        assert away("Tue 2026-11-24 08:00", *circle) == {ANH: None, LONG: None, THAO: None}

    def test_somebody_who_stands_in_for_themselves_does_not(self):
        assert away("Tue 2026-11-24 08:00", absence(ANH, "Tue 2026-11-24 00:00", None, ANH)) == {ANH: None}

    def test_a_circle_further_on_leaves_nobody(self):
        others = (
            absence(LONG, "Tue 2026-11-24 00:00", None, THAO),
            absence(THAO, "Tue 2026-11-24 00:00", None, LONG),
        )
        assert away("Tue 2026-11-24 08:00", AFTERNOON, *others) == {ANH: None, LONG: None, THAO: None}


def test_one_person_may_be_asked_for():
    absences = Absences((AFTERNOON,))
    assert absences.substitute_for(ANH, at("Tue 2026-11-24 08:00")) == LONG
    assert absences.substitute_for(LONG, at("Tue 2026-11-24 08:00")) is None
    assert Absences().away_at(at("Tue 2026-11-24 08:00")) is NOBODY_AWAY


@pytest.mark.parametrize(
    ("begins", "ends", "meet"),
    [
        ("Thu 2026-11-26 00:00", None, False),  # the day after
        ("Wed 2026-11-25 12:00", None, True),
        ("Mon 2026-11-23 00:00", "Mon 2026-11-23 12:00", False),  # the morning before
        ("Mon 2026-11-23 00:00", "Mon 2026-11-23 12:01", True),
        ("Tue 2026-11-24 00:00", "Tue 2026-11-24 12:00", True),  # within
        ("Fri 2026-11-20 00:00", None, True),  # around
    ],
)
def test_two_absences_meet_when_they_have_a_moment_in_common(begins: str, ends: str | None, meet: bool):
    other = absence(LONG, begins, ends, number=2)
    assert AFTERNOON.meets(other) is other.meets(AFTERNOON) is meet
    assert Absences((AFTERNOON, other)).met_by(other) == ((AFTERNOON,) if meet else ())


def test_what_was_withdrawn_before_it_began_meets_nothing():
    fields = {name: getattr(AFTERNOON, name) for name in AFTERNOON.__slots__}
    void = Absence(**fields | {"withdrawn_at": at("Mon 2026-11-23 09:00"), "number": 2})
    assert not void.meets(AFTERNOON)
    assert not AFTERNOON.meets(void)
