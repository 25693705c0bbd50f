"""By when a dossier is due: every unit, promise and law, supplements."""

from datetime import date, datetime, time

import pytest
from counted import REAL_CASES
from official import appointment, at, clock, day, deadline_of, dossier, limit, moment

from monitor.deadline import DeadlineNote, Options, apology_by
from monitor.dossier import Dossier, Moment, SourceStatus, Supplement
from monitor.time_limit import NO_LIMIT, DayEnd, Evidence, SupplementRule, Unit
from monitor.working_time import LOCAL_ZONE


@pytest.mark.parametrize("case", REAL_CASES, ids=[f"{case['received_at']} + {case['limit']}" for case in REAL_CASES])
def test_real_dossiers_are_due_on_the_day_that_their_source_says(case: dict[str, str]):
    received = Moment(datetime.fromisoformat(case["received_at"]).replace(tzinfo=LOCAL_ZONE))
    found = deadline_of(Dossier(code="x", received=received), limit(int(case["limit"]), Unit(case["unit"])))
    assert found.law_due_on == found.due_on == date.fromisoformat(case["due_on"])
    if case["apology_by_on"]:
        assert found.apology_by_on == date.fromisoformat(case["apology_by_on"])


def test_all_real_cases_are_read():
    assert len(REAL_CASES) == 16


class TestUnits:
    @pytest.mark.parametrize(
        ("received", "days", "due"),
        [
            ("Fri 2026-11-20 09:00", 3, "Thu 2026-11-26"),  # Tue 24/11 is Vietnam Culture Day, NQ 28/2026/QH16
            ("Fri 2026-01-09 09:00", 1, "Sat 2026-01-10"),  # worked for Fri 2/1, CV 12729/VPCP-KGVX
            ("Sun 2026-05-10 10:00", 15, "Fri 2026-05-29"),  # received on a day off: that day is day zero
            ("Tue 2026-11-24 10:00", 1, "Wed 2026-11-25"),  # received on a holiday
            ("Fri 2026-11-20 23:59", 1, "Mon 2026-11-23"),  # the time of day is nothing to a limit in days
            ("Fri 2026-08-21", 1, "Sat 2026-08-22"),  # worked for Mon 31/8; received without a time
        ],
    )
    def test_working_days_are_counted_from_the_day_after_receipt(self, received: str, days: int, due: str):
        assert deadline_of(dossier(received), limit(days)).due_on == day(due)

    @pytest.mark.parametrize(
        ("received", "days", "due"),
        [
            ("Mon 2026-11-09 09:00", 15, "Wed 2026-11-25"),  # ends on Tue 24/11, rolls to the next working day
            ("Fri 2026-08-07 09:00", 15, "Sat 2026-08-22"),  # ends on a worked Saturday: no roll
            ("Mon 2026-02-02 09:00", 15, "Mon 2026-02-23"),  # ends in Tết
            ("Sun 2026-11-15 09:00", 5, "Fri 2026-11-20"),  # weekends count
        ],
    )
    def test_calendar_days_count_every_day_and_roll_off_days_off(self, received: str, days: int, due: str):
        assert deadline_of(dossier(received), limit(days, Unit.CALENDAR_DAY)).due_on == day(due)

    @pytest.mark.parametrize(
        ("received", "months", "due"),
        [
            ("Thu 2026-10-01 09:00", 1, "Mon 2026-11-02"),  # 1/11 is a Sunday
            ("Wed 2024-01-31 09:00", 1, "Thu 2024-02-29"),  # the last day of a shorter month
            ("Sat 2026-01-31 09:00", 1, "Mon 2026-03-02"),  # 28/2 is a Saturday
            ("Sun 2025-11-30 09:00", 3, "Mon 2026-03-02"),
            ("Wed 2026-07-22 09:00", 1, "Sat 2026-08-22"),  # ends on a worked Saturday
            ("Sat 2026-10-24 09:00", 1, "Wed 2026-11-25"),  # 24/11 is a day off
            ("Thu 2025-12-25 09:00", 12, "Fri 2026-12-25"),
            ("Sat 2025-05-31 09:00", 2, "Thu 2025-07-31"),
        ],
    )
    def test_months_end_on_the_same_day_of_the_month(self, received: str, months: int, due: str):
        assert deadline_of(dossier(received), limit(months, Unit.MONTH)).due_on == day(due)

    @pytest.mark.parametrize(
        ("received", "hours", "due"),
        [
            ("Fri 2026-11-20 09:00", 8, "Mon 2026-11-23 09:30"),  # 6 h on Friday; the day has 7 h 30
            ("Fri 2026-11-20 09:00", 6, "Fri 2026-11-20 17:00"),  # closing time, never 07:30 of the next day
            ("Fri 2026-11-20 07:30", 4, "Fri 2026-11-20 11:30"),  # the end of the morning, never 13:30
            ("Fri 2026-11-20 18:00", 8, "Wed 2026-11-25 08:00"),  # from Monday's opening; 24/11 off
            ("Sat 2026-11-21 09:00", 4, "Mon 2026-11-23 11:30"),
            ("Fri 2026-11-20", 8, "Mon 2026-11-23 08:00"),  # without a time: from the opening of that day
        ],
    )
    def test_working_hours_run_inside_office_hours(self, received: str, hours: int, due: str):
        found = deadline_of(dossier(received), limit(hours, Unit.WORKING_HOUR))
        assert found.due_at == at(due)
        assert found.due_on == at(due).date()
        assert found.by_instant

    @pytest.mark.parametrize(
        ("received", "halves", "due"),
        [
            ("Fri 2026-11-20 08:30", 1, "Fri 2026-11-20 17:00"),  # before noon: the end of that day
            ("Fri 2026-11-20 11:59", 1, "Fri 2026-11-20 17:00"),
            ("Fri 2026-11-20 12:00", 1, "Mon 2026-11-23 11:30"),  # after noon: noon of the next working day
            ("Mon 2026-11-23 14:00", 1, "Wed 2026-11-25 11:30"),
            ("Sun 2026-11-22 08:00", 1, "Mon 2026-11-23 11:30"),  # on a day off, as after noon
            ("Fri 2026-11-20", 1, "Fri 2026-11-20 17:00"),  # without a time: from the opening
            ("Fri 2026-11-20 08:30", 2, "Mon 2026-11-23 11:30"),
            ("Fri 2026-11-20 14:00", 3, "Wed 2026-11-25 11:30"),
            ("Fri 2026-08-21 14:00", 1, "Sat 2026-08-22 11:30"),  # a worked Saturday has halves too
        ],
    )
    def test_half_working_days_are_buckets_and_never_four_hours(self, received: str, halves: int, due: str):
        assert deadline_of(dossier(received), limit(halves, Unit.HALF_WORKING_DAY)).due_at == at(due)

    @pytest.mark.parametrize(
        ("received", "cut_off", "due"),
        [
            ("Fri 2026-11-20 14:59", time(15), "Fri 2026-11-20"),
            ("Fri 2026-11-20 15:00", time(15), "Fri 2026-11-20"),
            ("Fri 2026-11-20 15:01", time(15), "Mon 2026-11-23"),
            ("Mon 2026-11-23 15:30", time(15), "Wed 2026-11-25"),
            ("Fri 2026-11-20 16:30", None, "Fri 2026-11-20"),  # the cut-off belongs to a procedure, never to all
            ("Fri 2026-11-20 17:01", None, "Mon 2026-11-23"),  # the office was closed
            ("Sat 2026-11-21 09:00", None, "Mon 2026-11-23"),
            ("Sat 2026-08-22 09:00", None, "Sat 2026-08-22"),
        ],
    )
    def test_same_day_is_the_day_of_receipt_up_to_the_cut_off(self, received: str, cut_off: time | None, due: str):
        assert deadline_of(dossier(received), limit(None, Unit.SAME_DAY, cut_off=cut_off)).due_on == day(due)

    @pytest.mark.parametrize(
        ("day_end", "received", "due_at"),
        [
            (DayEnd.CLOSING_TIME, "Fri 2026-11-20 09:00", "Thu 2026-11-26 17:00"),
            (DayEnd.SAME_CLOCK_TIME, "Fri 2026-11-20 09:00", "Thu 2026-11-26 09:00"),
            (DayEnd.SAME_CLOCK_TIME, "Fri 2026-11-20 19:00", "Thu 2026-11-26 17:00"),
            (DayEnd.SAME_CLOCK_TIME, "Fri 2026-11-20", "Thu 2026-11-26 17:00"),
            (DayEnd.HALF_DAY, "Fri 2026-11-20 09:00", "Thu 2026-11-26 11:30"),
            (DayEnd.HALF_DAY, "Fri 2026-11-20 14:00", "Thu 2026-11-26 17:00"),
        ],
    )
    def test_systems_differ_in_the_hour_at_which_a_day_ends_and_agree_on_the_day(
        self, day_end: DayEnd, received: str, due_at: str
    ):
        found = deadline_of(dossier(received), limit(3), Options(day_end=day_end))
        assert found.due_at == at(due_at)
        assert found.due_on == day("Thu 2026-11-26")


class TestApologyDay:
    @pytest.mark.parametrize(
        ("due", "received", "by"),
        [
            ("Thu 2026-11-26", "Fri 2026-11-20", "Wed 2026-11-25"),
            ("Wed 2026-11-25", "Fri 2026-11-20", "Mon 2026-11-23"),  # 24/11 is off
            ("Mon 2026-01-12", "Thu 2026-01-08", "Sat 2026-01-10"),  # a worked Saturday
            ("Fri 2026-11-20", "Thu 2026-11-19", "Thu 2026-11-19"),  # the day of receipt itself
            ("Fri 2026-11-20", "Fri 2026-11-20", None),  # there is no such day
            ("Sun 2026-11-22", "Wed 2026-11-18", "Fri 2026-11-20"),  # promised for a Sunday
        ],
    )
    def test_it_is_the_last_working_day_before_the_due_day(self, due: str, received: str, by: str | None):
        assert apology_by(day(due), day(received), clock()) == day(by)


class TestTheEarlierOfPromiseAndLaw:
    """Received Fri 2026-11-20 with three working days: the law says Thu 2026-11-26."""

    @pytest.mark.parametrize(
        ("evidence", "promised", "due"),
        [
            (Evidence.VERIFIED, "Wed 2026-11-25", "Wed 2026-11-25"),
            (Evidence.VERIFIED, "Fri 2026-11-27", "Thu 2026-11-26"),
            (Evidence.SECONDARY, "Fri 2026-11-27", "Thu 2026-11-26"),
            (Evidence.UNVERIFIED, "Fri 2026-11-27", "Fri 2026-11-27"),  # not known well enough to overrule a slip
            (Evidence.UNVERIFIED, "Wed 2026-11-25", "Wed 2026-11-25"),
            (Evidence.UNVERIFIED, None, "Thu 2026-11-26"),
            (Evidence.VERIFIED, None, "Thu 2026-11-26"),
        ],
    )
    def test_it_drives_everything(self, evidence: Evidence, promised: str | None, due: str):
        found = deadline_of(
            dossier("Fri 2026-11-20 09:00", [promised] if promised else []), limit(3, evidence=evidence)
        )
        assert found.due_on == day(due)
        assert found.law_due_on == day("Thu 2026-11-26")
        assert found.promised_on == found.first_promised_on == day(promised)

    def test_a_slip_later_than_the_law_is_noted(self):
        found = deadline_of(dossier("Fri 2026-11-20 09:00", ["Fri 2026-11-27"]), limit(3))
        assert DeadlineNote.APPOINTMENT_AFTER_LAW in found.notes

    def test_the_promise_alone_is_enough(self):
        found = deadline_of(dossier("Fri 2026-11-20 09:00", ["Fri 2026-11-27 16:00"]), NO_LIMIT)
        assert (found.due_on, found.law_due_on) == (day("Fri 2026-11-27"), None)
        assert found.due_at == at("Fri 2026-11-27 17:00")
        assert found.notes == {DeadlineNote.LIMIT_UNKNOWN}

    def test_a_receipt_that_nobody_dated_leaves_the_promise_to_be_watched(self):
        one = dossier(None, ["Wed 2026-11-25"], source_status=SourceStatus.PROCESSING)
        found = deadline_of(one, limit(3))
        assert (found.due_on, found.apology_by_on) == (day("Wed 2026-11-25"), day("Mon 2026-11-23"))
        assert found.law_due_on is None

    def test_with_neither_there_is_no_date(self):
        found = deadline_of(dossier("Fri 2026-11-20 09:00"), NO_LIMIT)
        assert (found.due_on, found.due_at, found.apology_by_on) == (None, None, None)

    def test_before_receipt_nothing_is_due(self):
        assert deadline_of(Dossier(code="x", submitted=moment("Fri 2026-11-20 09:00")), limit(3)).due_on is None

    @pytest.mark.parametrize(
        ("promised", "is_used"),
        [
            ("Thu 2026-11-19", False),  # before receipt
            ("Fri 2026-11-20", True),
            ("Fri 2026-12-04", True),  # nine working days, three times the limit
            ("Mon 2026-12-07", False),
            ("Mon 2062-11-27", False),  # beyond every calendar
        ],
    )
    def test_an_impossible_appointment_is_not_used_and_the_slip_wants_correcting(self, promised: str, is_used: bool):
        found = deadline_of(dossier("Fri 2026-11-20 09:00", [promised]), limit(3, evidence=Evidence.UNVERIFIED))
        assert found.due_on == (day(promised) if is_used else day("Thu 2026-11-26"))
        assert (DeadlineNote.APPOINTMENT_UNUSABLE in found.notes) is not is_used

    def test_a_slip_of_the_pen_is_known_for_one_where_three_times_the_limit_leads_beyond_the_calendar(self):
        found = deadline_of(dossier("Mon 2027-10-04 09:00", ["Mon 2062-11-27"]), limit(30))
        assert found.due_on == day("Mon 2027-11-15")

    def test_a_slip_that_was_put_right_is_no_longer_asked_about(self):
        found = deadline_of(dossier("Fri 2026-11-20 09:00", ["Mon 2062-11-27", "Thu 2026-11-26"]), limit(3))
        assert found.first_promised_on == day("Thu 2026-11-26")
        assert found.notes == frozenset()

    @pytest.mark.parametrize(
        ("promised", "due"),
        [("Fri 2026-11-20 16:00", "Fri 2026-11-20 16:00"), ("Fri 2026-11-20 17:00", "Fri 2026-11-20 16:30")],
    )
    def test_hour_limits_end_at_the_earlier_instant(self, promised: str, due: str):
        found = deadline_of(dossier("Fri 2026-11-20 14:30", [promised]), limit(2, Unit.WORKING_HOUR))
        assert found.due_at == at(due)


class TestSupplement:
    """Received Mon 2026-11-02 with three working days: due Thu 2026-11-05."""

    @staticmethod
    def due_after(*supplements: Supplement, promised: tuple[str, ...] = (), **rule: bool):
        one = dossier("Mon 2026-11-02 09:00", promised, supplements=supplements)
        return deadline_of(one, limit(3, supplement=SupplementRule(**rule)))

    @staticmethod
    def supplement(asked: str, answered: str | None = None, **others: object) -> Supplement:
        seen = moment(answered).at if answered else None
        return Supplement(moment(asked), moment(answered) if answered else None, answer_seen_at=seen, **others)

    @pytest.mark.parametrize("asked", ["Tue 2026-11-03", "Thu 2026-11-05"])
    def test_the_first_request_up_to_the_due_day_counts_the_limit_again_from_zero(self, asked: str):
        found = self.due_after(self.supplement(asked, "Tue 2026-11-10 14:00"))
        assert found.due_on == found.law_due_on == day("Fri 2026-11-13")
        assert found.start == moment("Tue 2026-11-10 14:00")
        assert DeadlineNote.RESTARTED in found.notes

    def test_while_the_papers_are_awaited_the_clock_stands(self):
        found = self.due_after(self.supplement("Tue 2026-11-03"), promised=("Thu 2026-11-05",))
        assert found.waiting
        assert found.waiting_since == moment("Tue 2026-11-03")
        assert (found.due_on, found.first_promised_on) == (None, day("Thu 2026-11-05"))

    @pytest.mark.parametrize("answered", [None, "Tue 2026-11-10"])
    def test_a_request_after_the_due_day_moves_nothing(self, answered: str | None):
        found = self.due_after(self.supplement("Fri 2026-11-06", answered))
        assert found.due_on == day("Thu 2026-11-05")
        assert not found.waiting
        assert DeadlineNote.LATE_SUPPLEMENT in found.notes

    def test_a_request_after_an_earlier_promise_is_late_too(self):
        found = self.due_after(self.supplement("Thu 2026-11-05", "Tue 2026-11-10"), promised=("Wed 2026-11-04",))
        assert found.due_on == day("Wed 2026-11-04")

    @pytest.mark.parametrize(
        ("answered", "restarts", "due"),
        [
            ("Mon 2026-11-16", False, "Fri 2026-11-13"),
            (None, False, "Fri 2026-11-13"),
            ("Mon 2026-11-16", True, "Thu 2026-11-19"),  # the procedure's own rule says so
        ],
    )
    def test_a_second_request_moves_nothing_unless_the_rule_says_so(
        self, answered: str | None, restarts: bool, due: str
    ):
        requests = self.supplement("Wed 2026-11-04", "Tue 2026-11-10"), self.supplement("Thu 2026-11-12", answered)
        found = self.due_after(*requests, restarts_on_repeat=restarts)
        assert found.due_on == day(due)
        assert (DeadlineNote.REPEATED_SUPPLEMENT in found.notes) is not restarts

    def test_papers_that_came_before_receipt_are_part_of_it(self):
        at_intake = self.supplement("Thu 2026-10-29", "Fri 2026-10-30")
        assert self.due_after(at_intake).due_on == day("Thu 2026-11-05")
        later = self.supplement("Wed 2026-11-04", "Tue 2026-11-10")
        assert self.due_after(at_intake, later).due_on == day("Fri 2026-11-13")

    @pytest.mark.parametrize(
        ("came", "due"), [("Thu 2026-11-12", "Thu 2026-11-12"), ("Mon 2026-11-16", "Fri 2026-11-13")]
    )
    def test_the_appointment_that_comes_with_the_papers_is_the_new_original(self, came: str, due: str):
        papers = self.supplement("Wed 2026-11-04", "Tue 2026-11-10", new_appointment=moment(came))
        found = self.due_after(papers, promised=("Thu 2026-11-05",))
        assert found.first_promised_on == found.promised_on == day(came)
        assert found.due_on == day(due)

    def test_an_appointment_changed_again_after_the_papers_is_unexplained(self):
        papers = self.supplement("Wed 2026-11-04", "Tue 2026-11-10", new_appointment=moment("Thu 2026-11-12"))
        appointments = ["Thu 2026-11-05", appointment("Fri 2026-11-13", seen="Wed 2026-11-11 08:00")]
        found = deadline_of(dossier("Mon 2026-11-02 09:00", appointments, supplements=(papers,)), limit(3))
        assert found.due_on == found.first_promised_on == day("Thu 2026-11-12")
        assert DeadlineNote.APPOINTMENT_UNEXPLAINED in found.notes

    def test_an_appointment_first_seen_after_the_papers_is_the_new_original(self):
        papers = self.supplement("Wed 2026-11-04", "Tue 2026-11-10")
        appointments = ["Thu 2026-11-05", appointment("Thu 2026-11-12", seen="Wed 2026-11-11 08:00")]
        found = deadline_of(dossier("Mon 2026-11-02 09:00", appointments, supplements=(papers,)), limit(3))
        assert found.first_promised_on == found.due_on == day("Thu 2026-11-12")

    @pytest.mark.parametrize(
        ("inferred", "promised", "due"), [(True, "Thu 2026-11-12", "Thu 2026-11-12"), (False, None, "Fri 2026-11-13")]
    )
    def test_when_the_arrival_is_only_inferred_the_appointment_in_the_source_decides(
        self, inferred: bool, promised: str | None, due: str
    ):
        one = dossier(
            "Mon 2026-11-02 09:00",
            ["Thu 2026-11-12"],
            supplements=(self.supplement("Wed 2026-11-04", "Tue 2026-11-10", inferred=inferred),),
        )
        found = deadline_of(one, limit(3))
        assert (found.promised_on, found.due_on) == (day(promised), day(due))
        assert (DeadlineNote.SUPPLEMENT_INFERRED in found.notes) is inferred

    def test_what_was_due_when_papers_were_asked_is_the_first_appointment_if_all_was_learned_at_once(self):
        learned = "Tue 2026-11-10 00:00"
        appointments = [appointment(said, seen=learned) for said in ("Wed 2026-11-04", "Thu 2026-11-12")]
        asked_late = self.supplement("Thu 2026-11-05", "Tue 2026-11-10")
        found = deadline_of(dossier("Mon 2026-11-02 09:00", appointments, supplements=(asked_late,)), limit(3))
        assert found.due_on == day("Wed 2026-11-04")

    def test_papers_whose_arrival_nobody_dated_came_when_it_was_learned(self):
        undated = Supplement(moment("Wed 2026-11-04"), None, answer_seen_at=at("Tue 2026-11-10 08:00"))
        assert self.due_after(undated).due_on == day("Fri 2026-11-13")
