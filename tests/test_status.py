"""Where a dossier stands: by the date for limits in days, by the instant for hours, and never without fresh data."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from official import appointment, assessed, at, clock, day, deadline_of, dossier, ladder, limit, moment, official

from monitor.deadline import Deadline, Options, compute_deadline
from monitor.dossier import AppointmentCause, Conflict, Dossier, Moment, SourceStatus, Supplement
from monitor.status import Flag, Status, assess, code_date, near_due_from, quality_flags
from monitor.time_limit import NO_LIMIT, DayEnd, Evidence, Unit
from monitor.working_time import LOCAL_ZONE

TEN_DAYS = dossier("Mon 2026-11-02 09:00")  # with ten working days due Mon 2026-11-16, apology by Fri 2026-11-13
OVERDUE_NOW = "Wed 2026-11-18 08:00"


class TestOpenStatuses:
    @pytest.mark.parametrize(
        ("now", "status", "left"),
        [
            ("Mon 2026-11-02 10:00", Status.ON_TRACK, 10),
            ("Wed 2026-11-11 23:59", Status.ON_TRACK, 3),
            ("Thu 2026-11-12 00:00", Status.NEAR_DUE, 2),  # a fifth of ten days
            ("Fri 2026-11-13 00:00", Status.APOLOGY_DUE, 1),  # the last working day before the due day
            ("Sun 2026-11-15 12:00", Status.APOLOGY_DUE, 1),
            ("Mon 2026-11-16 00:00", Status.DUE_TODAY, 0),
            ("Mon 2026-11-16 17:00", Status.DUE_TODAY, 0),  # a limit ends at the end of its last day
            ("Mon 2026-11-16 17:01", Status.DUE_PASSED_UNCONFIRMED, 0),
            ("Mon 2026-11-16 23:59", Status.DUE_PASSED_UNCONFIRMED, 0),
            ("Tue 2026-11-17 00:00", Status.OVERDUE, -1),
            ("Wed 2026-11-25 00:00", Status.OVERDUE, -6),  # 24/11 is off
        ],
    )
    def test_the_first_that_fits_wins(self, now: str, status: Status, left: int):
        found = assessed(TEN_DAYS, limit(10), now)
        assert (found.status, found.working_days_left) == (status, left)

    @pytest.mark.parametrize(
        ("data", "status"),
        [
            ("Mon 2026-11-16 16:55", Status.DUE_PASSED_UNCONFIRMED),
            ("Mon 2026-11-16 17:00", Status.DUE_PASSED_UNCONFIRMED),
            ("Mon 2026-11-16 17:01", Status.OVERDUE),
        ],
    )
    def test_overdue_needs_data_of_after_the_close_of_the_due_day(self, data: str, status: Status):
        assert assessed(TEN_DAYS, limit(10), OVERDUE_NOW, data).status is status

    @pytest.mark.parametrize(
        ("now", "status"),
        [
            ("Fri 2026-11-20 16:00", Status.DUE_TODAY),
            ("Fri 2026-11-20 16:01", Status.OVERDUE),  # due 16:00: hour limits compare instants
        ],
    )
    def test_hour_limits_are_overdue_after_the_instant(self, now: str, status: Status):
        assert assessed(dossier("Fri 2026-11-20 08:00"), limit(6, Unit.WORKING_HOUR), now).status is status

    def test_hour_limits_too_need_fresh_data(self):
        found = assessed(
            dossier("Fri 2026-11-20 08:00"), limit(6, Unit.WORKING_HOUR), "Mon 2026-11-23 08:00", "Fri 2026-11-20 15:59"
        )
        assert found.status is Status.DUE_PASSED_UNCONFIRMED

    @pytest.mark.parametrize(
        ("now", "status"),
        [
            ("Fri 2026-11-20 16:00", Status.DUE_PASSED_UNCONFIRMED),  # due 15:30 if received at opening
            ("Mon 2026-11-23 15:30", Status.DUE_PASSED_UNCONFIRMED),
            ("Mon 2026-11-23 15:31", Status.OVERDUE),
        ],
    )
    def test_a_receipt_without_a_time_leaves_a_lateness_of_less_than_a_working_day_unconfirmed(
        self, now: str, status: Status
    ):
        assert assessed(dossier("Fri 2026-11-20"), limit(6, Unit.WORKING_HOUR), now).status is status

    @pytest.mark.parametrize(
        ("now", "status"),
        [
            ("Fri 2026-11-20 10:00", Status.ON_TRACK),
            ("Sun 2026-11-22 10:00", Status.ON_TRACK),
            ("Mon 2026-11-23 08:00", Status.DUE_TODAY),
        ],
    )
    def test_a_limit_of_one_day_is_never_near_due_on_the_day_of_receipt(self, now: str, status: Status):
        one_day = dossier("Fri 2026-11-20 09:00")
        without_apology = replace(deadline_of(one_day, limit(1)), apology_by_on=None)
        found = assess(one_day, without_apology, clock(), ladder(), now=at(now), data_as_of=at(now))
        assert found.status is status

    @pytest.mark.parametrize(
        ("received", "days", "near"),
        [
            ("Mon 2026-11-02 09:00", 3, "Wed 2026-11-04"),  # one day left of three
            ("Mon 2026-11-02 09:00", 10, "Thu 2026-11-12"),  # two of ten
            ("Mon 2026-11-02 09:00", 15, "Wed 2026-11-18"),  # three of fifteen
            ("Mon 2026-11-02 09:00", 17, "Fri 2026-11-20"),  # and never more than three; 24/11 is off
            ("Mon 2026-11-23 09:00", 1, "Wed 2026-11-25"),
        ],
    )
    def test_near_due_scales_with_the_limit(self, received: str, days: int, near: str):
        assert near_due_from(deadline_of(dossier(received), limit(days)), clock(), ladder()) == day(near)

    def test_promised_for_a_sunday_near_due_counts_the_working_days_that_are_left(self):
        promised = deadline_of(dossier("Mon 2026-11-02 09:00", ["Sun 2026-11-15"]), limit(10))
        assert near_due_from(promised, clock(), ladder()) == day("Wed 2026-11-11")  # Thu and Fri are left

    def test_closing_at_midnight_is_still_the_due_day(self):
        due = Deadline(start=moment("Mon 2026-11-16"), due_on=day("Fri 2026-11-20"), due_at=at("Sat 2026-11-21 00:00"))
        now = at("Sat 2026-11-21 00:00")
        assert assess(TEN_DAYS, due, clock(), ladder(), now=now, data_as_of=now).status is Status.DUE_TODAY


class TestEnds:
    @pytest.mark.parametrize(
        ("finished", "status"),
        [
            ("Fri 2026-11-13 16:00", Status.FINISHED_EARLY),
            ("Mon 2026-11-16 07:00", Status.FINISHED_ON_TIME),
            ("Mon 2026-11-16 23:59", Status.FINISHED_ON_TIME),  # a later date is late, not a later hour
            ("Mon 2026-11-16", Status.FINISHED_ON_TIME),
            ("Tue 2026-11-17 00:00", Status.FINISHED_LATE),
        ],
    )
    def test_day_limits_are_judged_by_the_date_of_finish(self, finished: str, status: Status):
        assert assessed(replace(TEN_DAYS, finished=moment(finished)), limit(10), OVERDUE_NOW).status is status

    def test_the_finish_counts_and_not_the_day_on_which_the_applicant_collects(self):
        collected = replace(TEN_DAYS, finished=moment("Mon 2026-11-16 16:00"), returned=moment("Fri 2026-11-20 09:00"))
        found = assessed(collected, limit(10), "Mon 2026-11-23 08:00")
        assert (found.status, found.flags) == (Status.FINISHED_ON_TIME, frozenset())

    @pytest.mark.parametrize(
        ("finished", "status"),
        [
            ("Fri 2026-11-20 16:00", Status.FINISHED_ON_TIME),
            ("Fri 2026-11-20 16:01", Status.FINISHED_LATE),
            ("Fri 2026-11-20", Status.FINISHED_ON_TIME),  # without a time the date decides
            ("Mon 2026-11-23", Status.FINISHED_LATE),
        ],
    )
    def test_hour_limits_are_judged_by_the_instant_of_finish(self, finished: str, status: Status):
        one = replace(dossier("Fri 2026-11-20 08:00"), finished=moment(finished))
        assert assessed(one, limit(6, Unit.WORKING_HOUR), "Wed 2026-11-25 08:00").status is status

    @pytest.mark.parametrize("end", ["is_refused", "is_withdrawn"])
    def test_refused_or_withdrawn_is_closed(self, end: str):
        assert assessed(replace(TEN_DAYS, **{end: True}), limit(10), OVERDUE_NOW).status is Status.CLOSED

    def test_a_refusal_too_must_come_within_the_limit(self):
        late = replace(TEN_DAYS, is_refused=True, refused=moment("Tue 2026-11-17 09:00"))
        assert assessed(late, limit(10), OVERDUE_NOW).flags == {Flag.LATE_AGAINST_LAW}

    def test_nothing_happens_after_the_end(self):
        assert assessed(replace(TEN_DAYS, is_refused=True), limit(10), OVERDUE_NOW).next_change_at is None

    def test_only_ended_statuses_are_not_open(self):
        ended = {status for status in Status if not status.is_open}
        assert ended == {Status.FINISHED_EARLY, Status.FINISHED_ON_TIME, Status.FINISHED_LATE, Status.CLOSED}


class TestWhatTheSourceSays:
    @pytest.mark.parametrize(
        ("facts", "now", "status", "flag"),
        [
            ({"source_status": SourceStatus.PAYMENT_ASKED}, "Tue 2026-11-03 08:00", Status.WAITING, Flag.PAYMENT_ASKED),
            ({"source_status": SourceStatus.PAYMENT_ASKED}, OVERDUE_NOW, Status.OVERDUE, Flag.PAYMENT_ASKED),
            ({"source_status": SourceStatus.STOPPED}, "Tue 2026-11-03 08:00", Status.WAITING, Flag.STOPPED_IN_SOURCE),
            ({"source_status": SourceStatus.STOPPED}, "Thu 2026-11-12 08:00", Status.NEAR_DUE, Flag.STOPPED_IN_SOURCE),
            ({"source_status": SourceStatus.FINISHED}, OVERDUE_NOW, Status.POSSIBLY_FINISHED, Flag.FINISH_DATE_MISSING),
            ({"source_status": SourceStatus.RETURNED}, OVERDUE_NOW, Status.POSSIBLY_FINISHED, Flag.FINISH_DATE_MISSING),
            ({"returned": moment("Fri 2026-11-13")}, OVERDUE_NOW, Status.POSSIBLY_FINISHED, Flag.FINISH_DATE_MISSING),
            ({"has_result_paper": True}, OVERDUE_NOW, Status.POSSIBLY_FINISHED, Flag.FINISH_DATE_MISSING),
            ({"missing_since": at("Tue 2026-11-17 08:00")}, OVERDUE_NOW, Status.MISSING_FROM_SOURCE, None),
            ({"source_status": SourceStatus.REGISTERED}, OVERDUE_NOW, Status.NOT_STARTED, None),
        ],
    )
    def test_it_goes_before_the_clock_or_beside_it(
        self, facts: dict[str, object], now: str, status: Status, flag: Flag | None
    ):
        found = assessed(replace(TEN_DAYS, **facts), limit(10), now)
        assert found.status is status
        assert flag is None or flag in found.flags

    def test_what_may_be_finished_is_not_called_late(self):
        found = assessed(replace(TEN_DAYS, source_status=SourceStatus.FINISHED), limit(10), OVERDUE_NOW)
        assert found.flags == {Flag.FINISH_DATE_MISSING}

    @pytest.mark.parametrize(
        ("one", "status"),
        [
            (Dossier(code="x", submitted=moment("Mon 2026-11-02 09:00")), Status.NOT_STARTED),
            (Dossier(code="x", source_status=SourceStatus.REGISTERED), Status.NOT_STARTED),
            (Dossier(code="x", source_status=SourceStatus.PROCESSING), Status.UNKNOWN),
            (TEN_DAYS, Status.UNKNOWN),  # neither appointment nor limit
            (dossier(None, ["Mon 2026-11-16"], source_status=SourceStatus.PROCESSING), Status.OVERDUE),
        ],
    )
    def test_without_a_limit(self, one: Dossier, status: Status):
        assert assessed(one, NO_LIMIT, OVERDUE_NOW).status is status

    def test_waiting_for_papers_no_date_runs(self):
        asked = replace(TEN_DAYS, supplements=(Supplement(moment("Tue 2026-11-03")),))
        found = assessed(asked, limit(10), OVERDUE_NOW)
        assert (found.status, found.next_change_at) == (Status.WAITING, None)

    def test_beyond_the_calendar_it_is_unknown(self):
        assert assessed(dossier("Mon 2027-12-20 09:00"), limit(30), "Tue 2027-12-21 08:00").status is Status.UNKNOWN

    def test_the_last_day_of_the_calendar_is_still_told(self):
        last = dossier("Thu 2027-12-30 09:00", ["Fri 2027-12-31"])
        assert assessed(last, NO_LIMIT, "Fri 2027-12-31 08:00").status is Status.DUE_TODAY

    def test_provisional_deadlines_say_so(self):
        found = assessed(dossier("Tue 2026-12-29 09:00"), limit(3), "Tue 2026-12-29 10:00")
        assert Flag.PROVISIONAL in found.flags


LOST = Conflict("finished", moment("Fri 2026-11-06"), None, at("Mon 2026-11-09 08:00"))


class TestQualityOfTheData:
    @pytest.mark.parametrize(
        ("one", "flags"),
        [
            (dossier("Mon 2026-11-02 09:00", ["Mon 2026-11-16"]), set()),
            (dossier("Mon 2026-11-02 09:00", ["Fri 2026-10-30"]), {Flag.APPOINTMENT_BEFORE_RECEIPT}),
            (dossier("Mon 2026-11-02 09:00", ["Tue 2026-11-24"]), {Flag.APPOINTMENT_ON_DAY_OFF}),
            (dossier("Sun 2026-11-01 09:00"), {Flag.RECEIVED_ON_DAY_OFF}),
            (dossier("Wed 2026-11-25 09:00"), {Flag.RECEIPT_IN_FUTURE}),
            (dossier("Mon 2026-09-14 09:00"), {Flag.CODE_DATE_FAR}),
            (dossier("Mon 2026-11-02 09:00", finished=moment("Fri 2026-10-30")), {Flag.FINISH_BEFORE_RECEIPT}),
            (dossier("Mon 2026-11-02 09:00", status_text="Đang họp"), {Flag.UNKNOWN_STATUS_WORD}),
            (dossier("Mon 2026-11-02 09:00", conflicts=(LOST,)), {Flag.DATE_BLANKED}),
            (dossier("Mon 2026-11-02 09:00", conflicts=(replace(LOST, theirs=LOST.ours),)), {Flag.CONFLICT}),
            (
                dossier("Mon 2026-11-02 09:00", supplements=(Supplement(moment("Tue 2026-11-03"), inferred=True),)),
                {Flag.SUPPLEMENT_WITHOUT_RECORD},
            ),
            (dossier("Mon 2062-11-06 09:00"), {Flag.RECEIPT_IN_FUTURE, Flag.CODE_DATE_FAR}),  # outside the calendar
        ],
    )
    def test_what_is_odd_is_flagged(self, one: Dossier, flags: set[Flag]):
        now = at("Mon 2026-11-23 08:00")
        assert quality_flags(one, deadline_of(one, limit(10)), clock(), now=now) == flags

    @pytest.mark.parametrize(
        ("code", "made_on"),
        [
            ("000.00.12.H62-201105-0004", "Thu 2020-11-05"),
            ("H37.12-260720-0001", "Mon 2026-07-20"),
            ("H37.12-269920-0001", None),
            ("12345", None),
        ],
    )
    def test_a_code_tells_the_day_on_which_it_was_made(self, code: str, made_on: str | None):
        assert code_date(code) == day(made_on)


UNITS = st.sampled_from(list(Unit))
MOMENTS = st.builds(datetime.combine, st.dates(date(2026, 1, 1), date(2026, 8, 31)), st.times(), st.just(LOCAL_ZONE))
STATUSES = st.sampled_from([None, SourceStatus.PROCESSING, SourceStatus.PAYMENT_ASKED, SourceStatus.FINISHED])


@st.composite
def situations(draw: st.DrawFn) -> tuple[Dossier, Deadline]:
    """A dossier received in 2026 with one or two appointments, or none, and its deadline."""
    received = Moment(draw(MOMENTS), draw(st.booleans()))
    promised = draw(st.lists(st.integers(-3, 40), max_size=2))
    causes = st.sampled_from([None, *AppointmentCause])
    appointments = tuple(
        appointment("Fri 2026-11-20", cause=draw(causes) if place else None) for place in range(len(promised))
    )
    one = Dossier(
        code="x",
        received=received,
        appointments=tuple(
            replace(old, at=Moment(received.at + timedelta(days=days, hours=draw(st.integers(0, 8)))))
            for old, days in zip(appointments, promised, strict=True)
        ),
        source_status=draw(STATUSES),
        issued_new_date_on=draw(st.none() | st.just(received.on + timedelta(days=12))),
    )
    time_limit = limit(draw(st.integers(1, 20)), draw(UNITS), evidence=draw(st.sampled_from(Evidence)))
    options = Options(day_end=draw(st.sampled_from(DayEnd)))
    return one, compute_deadline(one, time_limit, official(), options)


class TestNextChange:
    @given(situation=situations(), after=st.integers(-10, 60 * 24 * 60), data_age=st.integers(0, 5000), data=st.data())
    def test_until_then_neither_status_nor_flags_change(
        self, situation: tuple[Dossier, Deadline], after: int, data_age: int, data: st.DataObject
    ):
        one, deadline = situation
        now = one.received.at + timedelta(minutes=after)
        data_as_of = now - timedelta(minutes=data_age)

        def at_moment(moment: datetime):
            return assess(one, deadline, clock(), ladder(), now=moment, data_as_of=data_as_of)

        found = at_moment(now)
        until = found.next_change_at or now + timedelta(days=100)
        assert until > now
        assert found.next_change_at is None or found.next_change_at.microsecond == 0
        span = int((until - now).total_seconds()) - 1  # the store keeps whole seconds
        for seconds in (span, *data.draw(st.lists(st.integers(0, max(span, 0)), max_size=5))):
            if seconds > 0:
                later = at_moment(now + timedelta(seconds=seconds))
                assert (later.status, later.flags) == (found.status, found.flags), now + timedelta(seconds=seconds)

    @pytest.mark.parametrize(
        ("now", "then"),
        [
            ("Mon 2026-11-02 10:00", "Thu 2026-11-12 00:00"),  # near due
            ("Thu 2026-11-12 00:00", "Fri 2026-11-13 00:00"),  # apology due
            ("Fri 2026-11-13 09:00", "Sat 2026-11-14 00:00"),  # apology missed
            ("Sat 2026-11-14 00:00", "Mon 2026-11-16 00:00"),  # due today
            ("Mon 2026-11-16 00:00", "Mon 2026-11-16 17:00:01"),
            ("Mon 2026-11-16 17:00:01", "Tue 2026-11-17 00:00"),
        ],
    )
    def test_it_is_the_next_step_of_the_clock(self, now: str, then: str):
        assert assessed(TEN_DAYS, limit(10), now).next_change_at == at(then)

    def test_after_the_last_step_only_new_data_change_anything(self):
        assert assessed(TEN_DAYS, limit(10), "Tue 2026-11-17 00:00").next_change_at is None


@given(received=st.dates(date(2018, 1, 1), date(2026, 10, 1)), days=st.integers(1, 30), later=st.integers(0, 60))
def test_with_fresh_data_a_day_limit_is_overdue_exactly_when_its_date_has_passed(received: date, days: int, later: int):
    one = Dossier(code="x", received=Moment(datetime.combine(received, time(9), LOCAL_ZONE)))
    due_on = deadline_of(one, limit(days)).due_on
    now = datetime.combine(received + timedelta(days=later), time(8), LOCAL_ZONE)
    assert (assessed(one, limit(days), now).status is Status.OVERDUE) is (now.date() > due_on)
