"""What of the dates wants a person's word: questions about a dossier, findings about a source."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from official import appointment, clock, day, deadline_of, dossier, limit, moment, official

from monitor.dossier import AppointmentCause, Dossier, Pause, SourceStatus, Supplement
from monitor.findings import (
    Question,
    QuestionKind,
    Slip,
    findings_of,
    questions_of,
    say_question,
    slip_of,
    without_found,
)
from monitor.organisation import Role
from monitor.time_limit import NO_LIMIT, Evidence, TimeLimit, Unit

FIVE_DAYS = limit(5)  # received Mon 2026-11-02: due Mon 2026-11-09
ANY = tuple(AppointmentCause)


def asked_of(one: Dossier, time_limit: TimeLimit = FIVE_DAYS) -> tuple[Question, ...]:
    return questions_of(one, deadline_of(one, time_limit))


def received(*promised: object, **others: object) -> Dossier:
    return dossier("Mon 2026-11-02 09:00", promised, **others)  # type: ignore[arg-type]


class TestQuestions:
    def test_a_changed_appointment_that_nobody_explained_is_asked_of_head_and_desk(self):
        changed = received("Mon 2026-11-09", appointment("Fri 2026-11-13", seen="Thu 2026-11-05 07:05"))
        (asked,) = asked_of(changed)
        assert (asked.kind, asked.asked, asked.answers) == (
            QuestionKind.APPOINTMENT_UNEXPLAINED, (Role.HEAD, Role.DESK), ANY,
        )  # fmt: skip
        assert (asked.old_on, asked.new_on) == (day("Mon 2026-11-09"), day("Fri 2026-11-13"))
        assert asked.since_on == day("Thu 2026-11-05")

    def test_the_day_on_which_it_was_seen_is_the_local_one(self):
        late = replace(appointment("Fri 2026-11-13"), seen_at=datetime(2026, 11, 5, 17, 30, tzinfo=UTC))  # 00:30 here
        assert asked_of(received("Mon 2026-11-09", late))[0].since_on == day("Fri 2026-11-06")

    @pytest.mark.parametrize("cause", list(AppointmentCause))
    def test_once_a_person_has_said_what_it_is_nothing_is_asked(self, cause: AppointmentCause):
        assert asked_of(received("Mon 2026-11-09", appointment("Fri 2026-11-13", cause=cause))) == ()

    def test_a_source_that_shows_the_old_date_again_takes_the_question_back(self):
        assert asked_of(received("Mon 2026-11-09", "Fri 2026-11-13", "Mon 2026-11-09")) == ()

    def test_a_change_to_a_date_far_beyond_the_limit_is_a_change_all_the_same(self):
        (asked,) = asked_of(received("Mon 2026-11-09", "Mon 2027-02-01"))
        assert (asked.kind, asked.old_on) == (QuestionKind.APPOINTMENT_UNEXPLAINED, day("Mon 2026-11-09"))

    @pytest.mark.parametrize("promised", ["Fri 2026-10-30", "Mon 2026-12-07"])  # before receipt; beyond 15 working days
    def test_a_slip_that_cannot_be_is_for_the_desk_to_correct_in_the_source(self, promised: str):
        (asked,) = asked_of(received(promised))
        assert (asked.kind, asked.asked, asked.answers) == (QuestionKind.SLIP_WRONG, (Role.DESK,), ())
        assert (asked.old_on, asked.new_on) == (day("Mon 2026-11-09"), day(promised))

    def test_the_last_day_within_three_times_the_limit_is_no_slip_of_the_pen(self):
        assert asked_of(received("Mon 2026-11-23")) == ()

    def test_another_date_than_the_letters_is_asked_with_both(self):
        shown = received(
            "Mon 2026-11-09",
            "Thu 2026-11-12",
            issued_new_date_on=day("Fri 2026-11-13"),
            letter_on=day("Fri 2026-11-06"),
        )
        (asked,) = asked_of(shown)
        assert (asked.kind, asked.asked) == (QuestionKind.LETTER_CONFLICT, (Role.HEAD, Role.DESK))
        assert (asked.letter_on, asked.new_on) == (day("Fri 2026-11-13"), day("Thu 2026-11-12"))
        assert say_question(asked) == (
            "văn bản xin lỗi hẹn lại thứ Sáu 13/11/2026, nguồn ghi thứ Năm 12/11/2026; vẫn tính theo thứ Hai "
            "09/11/2026. Ngày ở nguồn là đính chính, bổ sung, hẹn lại hay lý do khác?"
        )

    def test_a_letter_that_the_desk_has_not_entered_is_the_desks_to_enter_or_confirm(self):
        issued = received("Mon 2026-11-09", issued_new_date_on=day("Fri 2026-11-13"), letter_on=day("Fri 2026-11-06"))
        (asked,) = asked_of(issued)
        assert (asked.kind, asked.asked) == (QuestionKind.LETTER_NOT_ENTERED, (Role.DESK,))
        assert (asked.new_on, asked.since_on) == (day("Fri 2026-11-13"), day("Fri 2026-11-06"))
        assert asked.answers == (AppointmentCause.REAPPOINTMENT,)
        entered = replace(issued, appointments=(*issued.appointments, appointment("Fri 2026-11-13")))
        assert asked_of(entered) == ()

    @pytest.mark.parametrize(
        ("one", "is_asked"),
        [
            (received(), True),
            (Dossier(code="x", source_status=SourceStatus.PROCESSING), True),
            (Dossier(code="x", submitted=moment("Mon 2026-11-02 09:00")), False),  # not received
            (Dossier(code="x", source_status=SourceStatus.REGISTERED), False),
            (received("Mon 2026-11-09"), False),  # the promise alone is enough
            (received(supplements=(Supplement(moment("Tue 2026-11-03")),)), False),  # the papers are awaited first
        ],
    )
    def test_neither_appointment_nor_limit_is_work_for_the_desk(self, one: Dossier, is_asked: bool):
        kinds = [asked.kind for asked in asked_of(one, NO_LIMIT)]
        assert kinds == ([QuestionKind.NO_DATE] if is_asked else [])

    def test_nothing_is_asked_of_the_desk_that_only_a_calendar_can_answer(self):
        assert asked_of(dossier("Mon 2027-12-20 09:00"), limit(30)) == ()


def slip(number: int, received_on: str, promised: str, due: str, **others: object) -> Slip:
    """A slip under a limit in working days; what lies within its count comes from the trace."""
    one = replace(dossier(f"{received_on} 09:00", [promised]), code=f"H37.12-261101-{number:04}")
    amount = clock().working_days_between(day(received_on), day(due))
    found = slip_of(one, deadline_of(one, limit(amount)), str(others.get("source", "một cửa")), clock())
    assert found is not None
    assert found.law_due_on == day(due)
    return found


def slips(count: int, *told: str, start: int = 0, **others: object) -> list[Slip]:
    return [slip(start + number, *told, **others) for number in range(count)]  # type: ignore[arg-type]


# Received on Fri 2026-11-20 with three working days: Thu 26/11, and Wed 25/11 for who works on Tue 24/11.
UNAWARE = ("Fri 2026-11-20", "Wed 2026-11-25", "Thu 2026-11-26")


class TestFindings:
    def test_a_holiday_that_the_source_does_not_know_is_one_finding_and_is_named(self):
        (found,) = findings_of(slips(37, *UNAWARE), official())
        assert found.text == "hệ thống chưa khai báo nghỉ 24/11 (Ngày Văn hóa Việt Nam): 37 hồ sơ lệch −1 ngày"
        assert (found.source, found.working_days, len(found.codes)) == ("một cửa", -1, 37)
        assert [one.on for one in found.unknown] == [day("Tue 2026-11-24")]

    @pytest.mark.parametrize(("count", "findings"), [(4, 0), (5, 1)])
    def test_five_of_one_week_are_needed(self, count: int, findings: int):
        assert len(findings_of(slips(count, *UNAWARE), official())) == findings

    def test_four_in_each_of_two_weeks_are_none(self):
        later = slips(4, "Mon 2026-11-23", "Thu 2026-11-26", "Fri 2026-11-27", start=10)
        assert findings_of([*slips(4, *UNAWARE), *later], official()) == ()

    def test_what_has_the_same_cause_belongs_to_the_finding_whatever_its_week(self):
        later = slips(2, "Mon 2026-11-23", "Thu 2026-11-26", "Fri 2026-11-27", start=10)
        (found,) = findings_of([*slips(5, *UNAWARE), *later], official())
        assert (len(found.codes), found.last_on) == (7, day("Mon 2026-11-23"))

    def test_promised_for_the_holiday_itself_it_deviates_by_one_working_day_too(self):
        on_it = slips(5, "Fri 2026-11-20", "Tue 2026-11-24", "Wed 2026-11-25")
        assert findings_of(on_it, official())[0].working_days == -1

    def test_a_worked_saturday_that_the_source_does_not_know_makes_it_promise_too_late(self):
        # Sat 22/8 is worked for Mon 31/8, TB 9441/TB-BNV.
        (found,) = findings_of(slips(6, "Thu 2026-08-20", "Tue 2026-08-25", "Mon 2026-08-24"), official())
        assert found.text == "hệ thống chưa khai báo làm bù 22/8 (Làm bù cho thứ Hai 31/08/2026): 6 hồ sơ lệch +1 ngày"

    def test_several_days_of_one_holiday_are_all_named(self):
        (found,) = findings_of(slips(5, "Wed 2026-04-29", "Fri 2026-05-01", "Tue 2026-05-05"), official())
        assert found.text == (
            "hệ thống chưa khai báo nghỉ 30/4 (Ngày Chiến thắng 30/4), nghỉ 1/5 (Quốc tế Lao động 1/5): "
            "5 hồ sơ lệch −2 ngày"
        )

    def test_where_no_day_explains_it_none_is_named(self):
        (found,) = findings_of(slips(5, "Mon 2026-11-02", "Fri 2026-11-06", "Mon 2026-11-09"), official())
        assert found.text == (
            "ngày hẹn không khớp thời hạn quy định, chưa rõ nguyên do: 5 hồ sơ lệch −1 ngày, "
            "nhận từ 02/11 đến 02/11/2026"
        )

    def test_a_holiday_within_the_count_is_not_blamed_for_another_deviation(self):
        (found,) = findings_of(slips(5, "Fri 2026-11-20", "Mon 2026-11-23", "Thu 2026-11-26"), official())
        assert (found.working_days, found.unknown) == (-2, ())

    def test_each_source_answers_for_itself(self):
        other = slips(3, *UNAWARE, start=10, source="cổng quốc gia")
        assert findings_of([*slips(4, *UNAWARE), *other], official()) == ()

    def test_the_largest_comes_first(self):
        others = slips(6, "Mon 2026-11-02", "Fri 2026-11-06", "Mon 2026-11-09", start=10, source="a")
        found = findings_of([*others, *slips(7, *UNAWARE, source="b")], official())
        assert [(one.source, len(one.codes)) for one in found] == [("b", 7), ("a", 6)]

    def test_slips_that_agree_with_the_law_are_nobodys_finding(self):
        assert findings_of(slips(9, "Fri 2026-11-20", "Thu 2026-11-26", "Thu 2026-11-26"), official()) == ()

    def test_years_beyond_the_calendar_are_compared_with_nothing(self):
        far = [one._replace(promised_on=day("Mon 2062-11-27")) for one in slips(5, *UNAWARE)]
        assert findings_of(far, official()) == ()

    def test_a_dossier_within_a_finding_is_not_asked_about_its_own_slip(self):
        before_receipt = slips(5, "Fri 2026-11-20", "Thu 2026-11-19", "Thu 2026-11-26")
        found = findings_of(before_receipt, official())
        asked = [
            Question(code=one.code, kind=kind, asked=(Role.DESK,), old_on=None, new_on=None)
            for one in before_receipt
            for kind in (QuestionKind.SLIP_WRONG, QuestionKind.APPOINTMENT_UNEXPLAINED)
        ]
        assert {one.kind for one in without_found(asked, found)} == {QuestionKind.APPOINTMENT_UNEXPLAINED}
        assert len(without_found(asked, ())) == 10


class TestWhichSlipsCompare:
    @staticmethod
    def compared(one: Dossier, time_limit: TimeLimit = FIVE_DAYS) -> Slip | None:
        return slip_of(one, deadline_of(one, time_limit), "một cửa", clock())

    def test_a_slip_that_cannot_be_is_compared_too(self):
        assert self.compared(received("Fri 2026-10-30")).promised_on == day("Fri 2026-10-30")

    def test_the_first_appointment_counts_and_not_what_it_was_changed_to(self):
        assert self.compared(received("Mon 2026-11-09", "Fri 2026-11-13")).promised_on == day("Mon 2026-11-09")

    def test_after_a_supplement_the_new_slip_is_compared_with_the_new_count(self):
        papers = Supplement(moment("Tue 2026-11-03"), moment("Tue 2026-11-10"), moment("Mon 2026-11-16"))
        found = self.compared(received("Mon 2026-11-09", supplements=(papers,)))
        assert (found.counted_from_on, found.promised_on) == (day("Tue 2026-11-10"), day("Mon 2026-11-16"))
        assert found.law_due_on == day("Tue 2026-11-17")

    @pytest.mark.parametrize(
        ("one", "time_limit"),
        [
            (received(), FIVE_DAYS),  # no slip
            (received("Fri 2026-11-06"), NO_LIMIT),
            (received("Fri 2026-11-06"), limit(5, evidence=Evidence.UNVERIFIED)),  # it accuses nobody, no source either
            (
                received("Fri 2026-11-06", pauses=(Pause(moment("Tue 2026-11-03"), "g", moment("Wed 2026-11-04")),)),
                limit(5, pause_grounds=("g",)),
            ),
        ],
    )
    def test_without_two_dates_that_were_counted_alike_there_is_nothing_to_compare(
        self, one: Dossier, time_limit: TimeLimit
    ):
        assert self.compared(one, time_limit) is None

    def test_under_a_limit_in_calendar_days_only_the_holiday_on_which_it_ends_matters(self):
        one = dossier("Mon 2026-11-09 09:00", ["Tue 2026-11-24"])
        found = self.compared(one, limit(15, Unit.CALENDAR_DAY))
        assert [it.on for it in found.special] == [day("Tue 2026-11-24")]
        one = dossier("Fri 2026-11-20 09:00", ["Wed 2026-12-02"])
        assert self.compared(one, limit(12, Unit.CALENDAR_DAY)).special == ()
