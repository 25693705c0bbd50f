"""Two dossiers in the same situation have the same deadline and status at every moment."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from official import appointment, at, clock, dossier, ladder, limit, moment, official

from monitor.deadline import Options, compute_deadline
from monitor.dossier import Appointment, AppointmentCause, Declaration, Dossier, Moment, Pause, SourceStatus, Supplement
from monitor.situation import dossier_in, situation_of
from monitor.status import assess
from monitor.time_limit import NO_LIMIT, DayEnd, Evidence, SupplementRule, TimeLimit, Unit
from monitor.working_time import LOCAL_ZONE

DAYS = st.dates(date(2026, 1, 1), date(2026, 10, 1))
CLOCK_TIMES = st.times().map(lambda it: it.replace(microsecond=0))
INSTANTS = st.builds(datetime.combine, DAYS, CLOCK_TIMES, st.just(LOCAL_ZONE))
DAYS_ONLY = DAYS.map(lambda on: Moment(datetime.combine(on, time(), LOCAL_ZONE), has_time=False))
MOMENTS = st.one_of(INSTANTS.map(Moment), DAYS_ONLY)
MAYBE = st.none() | MOMENTS

DOSSIERS = st.builds(
    Dossier,
    code=st.just("H37.12-260105-0001"),
    received=MAYBE,
    appointments=st.lists(
        st.builds(Appointment, MOMENTS, INSTANTS, st.none() | st.sampled_from(AppointmentCause)), max_size=3
    ).map(lambda seen: tuple(sorted(seen, key=lambda one: one.seen_at))),
    supplements=st.lists(
        st.builds(Supplement, MAYBE, MAYBE, MAYBE, st.none() | INSTANTS, st.booleans()), max_size=2
    ).map(tuple),
    pauses=st.lists(st.builds(Pause, MOMENTS, st.sampled_from(["g", "h"]), MAYBE), max_size=2).map(tuple),
    finished=MAYBE,
    returned=MAYBE,
    refused=MAYBE,
    is_refused=st.booleans(),
    has_result_paper=st.booleans(),
    source_status=st.none() | st.sampled_from(SourceStatus),
    missing_since=st.none() | INSTANTS,
    awaits_end=st.booleans(),
    declaration=st.none() | st.builds(Declaration, st.just("an"), INSTANTS, st.just("12"), DAYS),
    issued_new_date_on=st.none() | DAYS,
)
LIMITS = st.builds(
    TimeLimit,
    amount=st.integers(1, 15),
    unit=st.sampled_from(Unit),
    cut_off=st.none() | st.just(time(15)),
    evidence=st.sampled_from(Evidence),
    supplement=st.builds(SupplementRule, restarts_on_repeat=st.booleans()),
    pause_grounds=st.just(("g",)),
) | st.just(NO_LIMIT)


@given(one=DOSSIERS, time_limit=LIMITS, day_end=st.sampled_from(DayEnd), now=INSTANTS, age=st.integers(0, 100))
def test_a_situation_keeps_all_that_the_clock_depends_on(
    one: Dossier, time_limit: TimeLimit, day_end: DayEnd, now: datetime, age: int
):
    options = Options(day_end=day_end)
    twin = dossier_in(situation_of(one, time_limit, day_end))
    expected, found = (compute_deadline(it, time_limit, official(), options) for it in (one, twin))
    exact = ("law_due_on", "law_due_at", "first_promised_on", "promised_on", "due_on", "due_at", "apology_by_on")
    exact += ("waiting", "provisional", "by_instant", "limit_working_days", "notes", "trace")
    for name in exact:
        assert getattr(found, name) == getattr(expected, name), name
    data_as_of = now - timedelta(hours=age)
    stands, twin_stands = (
        assess(it, deadline, clock(), ladder(), now=now, data_as_of=data_as_of)
        for it, deadline in ((one, expected), (twin, found))
    )
    assert (twin_stands.status, twin_stands.flags) == (stands.status, stands.flags)
    assert twin_stands.working_days_left == stands.working_days_left


@given(one=DOSSIERS, time_limit=LIMITS, day_end=st.sampled_from(DayEnd))
def test_the_situation_of_its_dossier_is_the_same_situation(one: Dossier, time_limit: TimeLimit, day_end: DayEnd):
    situation = situation_of(one, time_limit, day_end)
    assert situation_of(dossier_in(situation), time_limit, day_end) == situation


ONE = dossier("Mon 2026-11-02 09:00", ["Mon 2026-11-16 17:00"])


@pytest.mark.parametrize(
    "other",
    [
        replace(ONE, code="H37.12-261102-9999", handling_officer="Lương Thị Hoa"),
        replace(ONE, received=moment("Mon 2026-11-02 16:45")),
        replace(ONE, appointments=(appointment("Mon 2026-11-16 11:00", seen="Tue 2026-11-03 08:00"),)),
    ],
)
def test_dossiers_of_one_day_share_a_situation_under_a_limit_in_days(other: Dossier):
    assert situation_of(other, limit(10), DayEnd.CLOSING_TIME) == situation_of(ONE, limit(10), DayEnd.CLOSING_TIME)


@pytest.mark.parametrize(
    ("time_limit", "day_end"),
    [
        (limit(8, Unit.WORKING_HOUR), DayEnd.CLOSING_TIME),
        (limit(1, Unit.HALF_WORKING_DAY), DayEnd.CLOSING_TIME),
        (limit(None, Unit.SAME_DAY), DayEnd.CLOSING_TIME),
        (limit(10), DayEnd.SAME_CLOCK_TIME),
    ],
)
def test_where_the_time_of_day_counts_it_is_kept(time_limit: TimeLimit, day_end: DayEnd):
    later = replace(ONE, received=moment("Mon 2026-11-02 16:45"))
    assert situation_of(later, time_limit, day_end) != situation_of(ONE, time_limit, day_end)


def test_no_name_and_no_code_is_in_it():
    named = replace(ONE, handling_officer="Lương Thị Hoa", missing_since=at("Mon 2026-11-16 08:00"))
    situation = situation_of(named, limit(10), DayEnd.CLOSING_TIME)
    assert "Hoa" not in situation
    assert ONE.code not in situation
