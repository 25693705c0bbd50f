"""Lateness is stated against the promise and against the law, and what had happened is never erased."""

from dataclasses import replace

import pytest
from official import appointment, assessed, day, dossier, limit, moment

from monitor.dossier import AppointmentCause, Supplement
from monitor.status import Flag, Status
from monitor.time_limit import Evidence, Unit

TEN_DAYS = dossier("Mon 2026-11-02 09:00")  # with ten working days due Mon 2026-11-16, apology by Fri 2026-11-13
OVERDUE_NOW = "Wed 2026-11-18 08:00"


class TestLatenessAgainstEachDate:
    """Ten working days from Mon 2026-11-02; the law says Mon 2026-11-16."""

    @pytest.mark.parametrize(
        ("promised", "finished", "status", "flags"),
        [
            ("Thu 2026-11-12", "Fri 2026-11-13", Status.FINISHED_LATE, {Flag.LATE_AGAINST_PROMISE}),
            ("Thu 2026-11-19", "Wed 2026-11-18", Status.FINISHED_LATE, {Flag.LATE_AGAINST_LAW}),  # kept the promise
            (
                "Mon 2026-11-16",
                "Tue 2026-11-17",
                Status.FINISHED_LATE,
                {Flag.LATE_AGAINST_LAW, Flag.LATE_AGAINST_PROMISE},
            ),
            ("Mon 2026-11-16", "Mon 2026-11-16", Status.FINISHED_ON_TIME, set()),
        ],
    )
    def test_neither_hides_the_other(self, promised: str, finished: str, status: Status, flags: set[Flag]):
        one = replace(dossier("Mon 2026-11-02 09:00", [promised]), finished=moment(finished))
        found = assessed(one, limit(10), "Mon 2026-11-23 08:00")
        assert (found.status, found.flags) == (status, flags)

    def test_a_limit_that_nobody_verified_accuses_nobody(self):
        one = replace(dossier("Mon 2026-11-02 09:00", ["Thu 2026-11-19"]), finished=moment("Wed 2026-11-18"))
        found = assessed(one, limit(10, evidence=Evidence.UNVERIFIED), "Mon 2026-11-23 08:00")
        assert (found.status, found.flags) == (Status.FINISHED_EARLY, frozenset())

    def test_a_reappointment_does_not_erase_the_lateness_that_had_happened(self):
        moved = ["Mon 2026-11-16", appointment("Wed 2026-11-25", cause=AppointmentCause.REAPPOINTMENT)]
        late = dossier("Mon 2026-11-02 09:00", moved, issued_new_date_on=day("Wed 2026-11-25"))
        still_open = assessed(late, limit(10), "Thu 2026-11-19 08:00")
        assert still_open.status is Status.ON_TRACK
        assert still_open.flags == {Flag.LATE_AGAINST_LAW, Flag.LATE_AGAINST_PROMISE}
        done = assessed(replace(late, finished=moment("Wed 2026-11-25 09:00")), limit(10), "Thu 2026-11-26 08:00")
        assert done.status is Status.FINISHED_ON_TIME
        assert done.flags == {Flag.LATE_AGAINST_LAW, Flag.LATE_AGAINST_PROMISE}

    @pytest.mark.parametrize(
        ("cause", "status", "flags"),
        [
            (None, Status.OVERDUE, {Flag.LATE_AGAINST_LAW, Flag.LATE_AGAINST_PROMISE}),
            (AppointmentCause.OTHER, Status.OVERDUE, {Flag.LATE_AGAINST_LAW, Flag.LATE_AGAINST_PROMISE}),
            (AppointmentCause.REAPPOINTMENT, Status.ON_TRACK, {Flag.LATE_AGAINST_LAW, Flag.LATE_AGAINST_PROMISE}),
            (AppointmentCause.SUPPLEMENT, Status.ON_TRACK, set()),  # counted anew: the law's end is not known any more
        ],
    )
    def test_what_a_person_says_of_a_change_decides_whether_it_is_late(
        self, cause: AppointmentCause | None, status: Status, flags: set[Flag]
    ):
        changed = dossier("Mon 2026-11-02 09:00", ["Mon 2026-11-16", appointment("Wed 2026-11-25", cause=cause)])
        found = assessed(changed, limit(10), "Thu 2026-11-19 08:00")
        assert found.status is status
        assert found.flags - {Flag.APOLOGY_MISSED} == flags

    def test_a_supplement_asked_too_late_leaves_it_overdue(self):
        asked = replace(TEN_DAYS, supplements=(Supplement(moment("Tue 2026-11-17")),))
        assert assessed(asked, limit(10), OVERDUE_NOW).status is Status.OVERDUE

    def test_old_data_say_nothing_of_lateness(self):
        found = assessed(TEN_DAYS, limit(10), OVERDUE_NOW, "Mon 2026-11-16 16:55")
        assert not found.flags & {Flag.LATE_AGAINST_LAW, Flag.LATE_AGAINST_PROMISE}


class TestApologyMissed:
    @pytest.mark.parametrize(
        ("now", "issued", "is_missed"),
        [
            ("Fri 2026-11-13 23:59", None, False),
            ("Sat 2026-11-14 00:00", None, True),
            ("Sat 2026-11-14 00:00", "Fri 2026-11-20", False),
            (OVERDUE_NOW, None, True),
        ],
    )
    def test_it_is_a_flag_from_the_day_after_the_last_one(self, now: str, issued: str | None, is_missed: bool):
        found = assessed(replace(TEN_DAYS, issued_new_date_on=day(issued)), limit(10), now)
        assert (Flag.APOLOGY_MISSED in found.flags) is is_missed

    def test_where_no_such_day_exists_none_is_missed(self):
        found = assessed(dossier("Fri 2026-11-20 09:00"), limit(None, Unit.SAME_DAY), "Mon 2026-11-23 08:00")
        assert found.status is Status.OVERDUE
        assert Flag.APOLOGY_MISSED not in found.flags
