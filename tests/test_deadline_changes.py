"""What moves a deadline after the start, and why it is the day it is."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from counted import RECEIPTS, ROLLED, UNITS, WAITS, midnight
from hypothesis import assume, given
from hypothesis import strategies as st
from official import appointment, at, day, deadline_of, dossier, limit, moment, official
from slow_deadline import is_worked, slow_due

from monitor.deadline import DeadlineNote, Options, compute_deadline
from monitor.dossier import AppointmentCause, Dossier, Pause, Supplement
from monitor.promise import was_reappointed
from monitor.time_limit import NO_LIMIT, Unit
from monitor.trace import say_day


class TestPause:
    """Received Mon 2026-11-02 at 08:00."""

    GROUND = "nghĩa vụ tài chính"

    def paused(self, began: str, ended: str | None, amount: int = 5, unit: Unit = Unit.WORKING_DAY, **others: object):
        pause = Pause(moment(began), self.GROUND, moment(ended) if ended else None)
        one = dossier("Mon 2026-11-02 08:00", others.pop("promised", ()), pauses=(pause,))
        return deadline_of(one, limit(amount, unit, **{"pause_grounds": (self.GROUND,)} | others))

    @pytest.mark.parametrize(
        ("amount", "unit", "began", "ended", "due"),
        [
            (5, Unit.WORKING_DAY, "Wed 2026-11-04 10:00", "Tue 2026-11-10 09:00", "Fri 2026-11-13 17:00"),  # 4 days
            (5, Unit.WORKING_DAY, "Mon 2026-11-09 10:00", "Sun 2026-11-15 09:00", "Mon 2026-11-16 17:00"),
            (10, Unit.CALENDAR_DAY, "Wed 2026-11-04 10:00", "Tue 2026-11-10 09:00", "Wed 2026-11-18 17:00"),  # 6 days
            (1, Unit.MONTH, "Wed 2026-11-04 10:00", "Tue 2026-11-10 09:00", "Tue 2026-12-08 17:00"),
            (8, Unit.WORKING_HOUR, "Mon 2026-11-02 10:00", "Tue 2026-11-03 10:00", "Wed 2026-11-04 08:30"),  # 7 h 30
        ],
    )
    def test_the_end_moves_by_the_time_waited_in_the_limits_own_unit(
        self, amount: int, unit: Unit, began: str, ended: str, due: str
    ):
        assert self.paused(began, ended, amount, unit).due_at == at(due)

    def test_without_a_ground_of_the_procedures_nothing_moves(self):
        found = self.paused("Wed 2026-11-04", "Tue 2026-11-10", pause_grounds=())
        assert found.due_on == day("Mon 2026-11-09")
        assert not self.paused("Wed 2026-11-04", None, pause_grounds=()).waiting

    def test_while_it_lasts_the_clock_stands(self):
        found = self.paused("Wed 2026-11-04 10:00", None)
        assert found.waiting
        assert (found.waiting_since, found.due_on) == (moment("Wed 2026-11-04 10:00"), None)

    @pytest.mark.parametrize("ended", [None, "Fri 2026-11-13"])
    def test_begun_after_the_due_day_it_undoes_no_lateness(self, ended: str | None):
        found = self.paused("Tue 2026-11-10", ended)
        assert found.due_on == day("Mon 2026-11-09")
        assert not found.waiting

    def test_begun_after_the_hour_that_was_due_it_undoes_no_lateness(self):
        found = self.paused("Mon 2026-11-02 16:30", "Tue 2026-11-03 09:00", 6, Unit.WORKING_HOUR)
        assert found.due_at == at("Mon 2026-11-02 16:00")

    def test_it_does_not_move_what_was_promised(self):
        found = self.paused("Wed 2026-11-04", "Tue 2026-11-10", promised=["Mon 2026-11-09"])
        assert (found.due_on, found.law_due_on) == (day("Mon 2026-11-09"), day("Fri 2026-11-13"))

    def test_two_pauses_add_up(self):
        pauses = tuple(
            Pause(moment(began), self.GROUND, moment(ended))
            for began, ended in [("Tue 2026-11-03", "Wed 2026-11-04"), ("Thu 2026-11-05", "Mon 2026-11-09")]
        )
        one = dossier("Mon 2026-11-02 08:00", pauses=pauses)
        assert deadline_of(one, limit(5, pause_grounds=(self.GROUND,))).due_on == day("Thu 2026-11-12")

    @pytest.mark.parametrize(
        "spans",
        [
            [("Mon 2024-12-09", "Mon 2024-12-30")],
            [("Mon 2024-12-09", "Sat 2024-12-28"), ("Sat 2024-12-28", "Mon 2024-12-30")],
        ],
    )
    def test_two_without_a_day_between_them_are_one(self, spans: list[tuple[str, str]]):
        """One working day, used up on Mon 9/12; the limit ends with the day on which the clock runs again."""
        pauses = tuple(Pause(moment(began), self.GROUND, moment(ended)) for began, ended in spans)
        one = dossier("Fri 2024-12-06 08:00", pauses=pauses)
        assert deadline_of(one, limit(1, pause_grounds=(self.GROUND,))).due_on == day("Mon 2024-12-30")

    def test_one_that_ends_before_it_begins_is_a_mistake(self):
        assert self.paused("Thu 2026-11-05", "Tue 2026-11-03").due_on == day("Mon 2026-11-09")


class TestReappointment:
    """Received Mon 2026-11-02 with five working days, promised for the same day as the law: Mon 2026-11-09."""

    @staticmethod
    def changed_to(shown: str, cause: AppointmentCause | None = None, days: int = 5, letter: str | None = None):
        appointments = ["Mon 2026-11-09" if days == 5 else "Tue 2026-11-03", appointment(shown, cause=cause)]
        one = dossier("Mon 2026-11-02 09:00", appointments, issued_new_date_on=day(letter))
        return deadline_of(one, limit(days))

    def test_an_unexplained_change_moves_neither_the_due_day_nor_the_apology_day(self):
        found = self.changed_to("Fri 2026-11-13")
        assert (found.due_on, found.promised_on) == (day("Mon 2026-11-09"), day("Mon 2026-11-09"))
        assert found.apology_by_on == day("Fri 2026-11-06")
        assert found.notes == {DeadlineNote.APPOINTMENT_UNEXPLAINED}

    def test_a_letter_that_the_source_confirms_moves_the_due_day_beyond_the_law(self):
        found = self.changed_to("Fri 2026-11-13", letter="Fri 2026-11-13")
        assert (found.due_on, found.promised_on) == (day("Fri 2026-11-13"), day("Fri 2026-11-13"))
        assert (found.first_promised_on, found.law_due_on) == (day("Mon 2026-11-09"), day("Mon 2026-11-09"))
        assert found.notes == {DeadlineNote.REAPPOINTED}

    def test_until_the_desk_enters_it_the_old_date_counts(self):
        one = dossier("Mon 2026-11-02 09:00", ["Mon 2026-11-09"], issued_new_date_on=day("Fri 2026-11-13"))
        found = deadline_of(one, limit(5))
        assert found.due_on == day("Mon 2026-11-09")
        assert found.notes == {DeadlineNote.AWAITING_NEW_APPOINTMENT}

    def test_another_date_than_the_letters_is_a_conflict_with_both_shown(self):
        found = self.changed_to("Thu 2026-11-12", letter="Fri 2026-11-13")
        assert found.due_on == day("Mon 2026-11-09")
        assert found.notes == {DeadlineNote.APPOINTMENT_UNEXPLAINED, DeadlineNote.AWAITING_NEW_APPOINTMENT}

    @pytest.mark.parametrize(
        ("cause", "shown", "first", "due"),
        [
            (AppointmentCause.REAPPOINTMENT, "Fri 2026-11-13", "Mon 2026-11-09", "Fri 2026-11-13"),
            (AppointmentCause.SUPPLEMENT, "Fri 2026-11-13", "Fri 2026-11-13", "Fri 2026-11-13"),  # a new original
            (AppointmentCause.CORRECTION, "Fri 2026-11-06", "Mon 2026-11-09", "Fri 2026-11-06"),
            (AppointmentCause.CORRECTION, "Fri 2026-11-13", "Mon 2026-11-09", "Mon 2026-11-09"),  # the law remains
            (AppointmentCause.OTHER, "Fri 2026-11-13", "Mon 2026-11-09", "Mon 2026-11-09"),
        ],
    )
    def test_what_a_person_says_of_a_change_decides(self, cause: AppointmentCause, shown: str, first: str, due: str):
        found = self.changed_to(shown, cause)
        assert (found.first_promised_on, found.due_on) == (day(first), day(due))
        assert DeadlineNote.APPOINTMENT_UNEXPLAINED not in found.notes

    @pytest.mark.parametrize(
        ("cause", "apology_by", "law"),
        [
            (None, "Fri 2026-11-06", "Mon 2026-11-09"),
            (AppointmentCause.CORRECTION, "Fri 2026-11-06", "Mon 2026-11-09"),  # the law remains
            (AppointmentCause.SUPPLEMENT, "Thu 2026-11-12", None),  # counted anew from a day that nobody told
            (AppointmentCause.REAPPOINTMENT, "Thu 2026-11-12", "Mon 2026-11-09"),
            (AppointmentCause.OTHER, "Fri 2026-11-06", "Mon 2026-11-09"),
        ],
    )
    def test_the_apology_day_follows_the_due_day_and_the_law_is_what_is_known_of_it(
        self, cause: AppointmentCause | None, apology_by: str, law: str | None
    ):
        found = self.changed_to("Fri 2026-11-13", cause)
        assert (found.apology_by_on, found.law_due_on) == (day(apology_by), day(law))

    def test_by_a_persons_word_that_papers_came_the_count_began_again(self):
        found = self.changed_to("Fri 2026-11-13", AppointmentCause.SUPPLEMENT)
        assert (found.notes, found.trace) == ({DeadlineNote.RESTARTED}, ())

    @pytest.mark.parametrize("corrected", ["Thu 2026-11-12", "Mon 2026-11-16"])
    @pytest.mark.parametrize(
        ("cause", "note", "first"),
        [
            (AppointmentCause.REAPPOINTMENT, DeadlineNote.REAPPOINTED, "Mon 2026-11-09"),
            (AppointmentCause.SUPPLEMENT, DeadlineNote.RESTARTED, "Fri 2026-11-13"),
        ],
    )
    def test_a_later_correction_leaves_it_what_it_was(
        self, cause: AppointmentCause, note: DeadlineNote, first: str, corrected: str
    ):
        appointments = [
            "Mon 2026-11-09",
            appointment("Fri 2026-11-13", cause=cause),
            appointment(corrected, cause=AppointmentCause.CORRECTION),
        ]
        found = deadline_of(dossier("Mon 2026-11-02 09:00", appointments), limit(5))
        assert (found.due_on, found.first_promised_on, found.notes) == (day(corrected), day(first), {note})

    def test_papers_that_came_after_a_re_appointment_begin_the_count_again(self):
        appointments = [
            "Mon 2026-11-09",
            appointment("Fri 2026-11-13", cause=AppointmentCause.REAPPOINTMENT),
            appointment("Fri 2026-11-20", cause=AppointmentCause.SUPPLEMENT),
        ]
        found = deadline_of(dossier("Mon 2026-11-02 09:00", appointments), limit(5))
        assert (found.first_promised_on, found.notes) == (day("Fri 2026-11-20"), {DeadlineNote.RESTARTED})

    @pytest.mark.parametrize(
        ("shown", "cause", "letter", "is_used_up", "but_last"),
        [
            ("Fri 2026-11-13", None, None, False, False),
            ("Fri 2026-11-13", AppointmentCause.OTHER, None, False, False),
            ("Fri 2026-11-13", AppointmentCause.REAPPOINTMENT, None, True, False),
            ("Mon 2026-11-09", None, "Fri 2026-11-13", True, False),  # issued, if not entered
            ("Thu 2026-11-12", None, "Fri 2026-11-13", True, False),  # may be what the letter led to
            ("Fri 2026-11-13", None, "Fri 2026-11-13", True, False),
        ],
    )
    def test_one_re_appointment_is_allowed(
        self, shown: str, cause: AppointmentCause | None, letter: str | None, *, is_used_up: bool, but_last: bool
    ):
        changed = dossier(
            "Mon 2026-11-02 09:00",
            ["Mon 2026-11-09", appointment(shown, cause=cause)],
            issued_new_date_on=day(letter),
        )
        assert was_reappointed(changed) is is_used_up
        assert was_reappointed(changed, but_last=True) is but_last
        again = replace(changed, appointments=(*changed.appointments, appointment("Fri 2026-11-20")))
        used_before = cause is AppointmentCause.REAPPOINTMENT or (letter is not None and shown == letter)
        assert was_reappointed(again, but_last=True) is used_before

    def test_nothing_is_awaited_when_a_person_has_confirmed_a_date_later_than_the_letters(self):
        found = self.changed_to("Mon 2026-11-16", AppointmentCause.REAPPOINTMENT, letter="Fri 2026-11-13")
        assert found.due_on == day("Mon 2026-11-16")
        assert found.notes == {DeadlineNote.REAPPOINTED}

    def test_a_letter_may_promise_more_than_three_times_a_short_limit(self):
        found = self.changed_to("Tue 2026-11-10", days=1, letter="Tue 2026-11-10")
        assert found.due_on == day("Tue 2026-11-10")
        assert found.notes == {DeadlineNote.REAPPOINTED}


class TestWhatNobodyHasConfirmed:
    @pytest.mark.parametrize(
        ("received", "days", "is_provisional"),
        [
            ("Mon 2026-12-28 09:00", 3, False),  # Thu 2026-12-31
            ("Tue 2026-12-29 09:00", 3, True),  # Mon 2027-01-04: the notice for 2027 is not complete
            ("Mon 2027-04-12 09:00", 3, True),
        ],
    )
    def test_a_deadline_that_touches_an_incomplete_year_is_provisional(
        self, received: str, days: int, is_provisional: bool
    ):
        assert deadline_of(dossier(received), limit(days)).provisional is is_provisional

    @pytest.mark.parametrize("confirmed", [True, False])
    def test_hour_limits_are_provisional_until_the_office_hours_are_confirmed(self, confirmed: bool):
        one = dossier("Fri 2026-11-20 09:00")
        found = deadline_of(one, limit(8, Unit.WORKING_HOUR), Options(hours_confirmed=confirmed))
        assert found.provisional is not confirmed

    def test_beyond_the_calendar_nothing_is_guessed(self):
        found = deadline_of(dossier("Mon 2027-12-20 09:00"), limit(30))
        assert (found.due_on, found.law_due_on) == (None, None)
        assert found.notes == {DeadlineNote.BEYOND_CALENDAR}

    def test_a_promise_within_the_calendar_is_earlier_than_a_law_beyond_it(self):
        found = deadline_of(dossier("Mon 2027-12-20 09:00", ["Fri 2027-12-24"]), limit(30))
        assert found.due_on == day("Fri 2027-12-24")
        assert DeadlineNote.BEYOND_CALENDAR in found.notes

    def test_a_promise_beyond_the_calendar_with_no_limit_is_unknown(self):
        found = deadline_of(dossier("Fri 2026-11-20 09:00", ["Wed 2028-11-22"]), NO_LIMIT)
        assert (found.due_on, found.first_promised_on) == (None, day("Wed 2028-11-22"))
        assert found.notes == {DeadlineNote.BEYOND_CALENDAR}

    @pytest.mark.parametrize("unit", [Unit.WORKING_HOUR, Unit.HALF_WORKING_DAY, Unit.SAME_DAY, Unit.WORKING_DAY])
    def test_a_receipt_without_a_time_is_flagged_where_the_time_counts(self, unit: Unit):
        found = deadline_of(dossier("Fri 2026-11-20"), limit(1, unit))
        assert (DeadlineNote.RECEIPT_WITHOUT_TIME in found.notes) is (unit is not Unit.WORKING_DAY)


class TestTrace:
    @staticmethod
    def said(received: str, amount: int | None, unit: Unit = Unit.WORKING_DAY, **others: object) -> list[str]:
        found = deadline_of(dossier(received, **others), limit(amount, unit, pause_grounds=("g",)))
        return [say_day(one, found.unit) for one in found.trace]

    def test_each_day_says_whether_it_counts_and_by_which_text_it_does_not(self):
        assert self.said("Fri 2026-11-20 09:00", 2) == [
            "thứ Sáu 20/11/2026: ngày tiếp nhận, không tính",
            "thứ Bảy 21/11/2026: bỏ qua, nghỉ hằng tuần",
            "Chủ nhật 22/11/2026: bỏ qua, nghỉ hằng tuần",
            "thứ Hai 23/11/2026: ngày làm việc thứ 1",
            "thứ Ba 24/11/2026: bỏ qua, ngày nghỉ, Ngày Văn hóa Việt Nam (NQ 28/2026/QH16)",
            "thứ Tư 25/11/2026: ngày làm việc thứ 2",
        ]

    def test_a_worked_saturday_is_named(self):
        assert self.said("Fri 2026-01-09 09:00", 1)[1] == (
            "thứ Bảy 10/01/2026: ngày làm việc thứ 1, "
            "Làm bù cho thứ Sáu 02/01/2026 (CV 12729/VPCP-KGVX (hoán đổi 2/1 và 10/1))"
        )

    def test_a_limit_that_ends_on_a_day_off_says_why_it_rolls(self):
        assert self.said("Mon 2026-11-09 09:00", 15, Unit.CALENDAR_DAY)[-2:] == [
            "thứ Ba 24/11/2026: ngày thứ 15, Ngày Văn hóa Việt Nam (NQ 28/2026/QH16)",
            f"thứ Tư 25/11/2026: {ROLLED}",
        ]

    def test_months_name_only_the_day_on_which_they_are_full(self):
        assert self.said("Thu 2026-10-01 09:00", 1, Unit.MONTH) == [
            "thứ Năm 01/10/2026: ngày tiếp nhận, không tính",
            "Chủ nhật 01/11/2026: đủ 1 tháng",
            f"thứ Hai 02/11/2026: {ROLLED}",
        ]

    def test_days_of_a_pause_are_said_not_to_count(self):
        pauses = (Pause(moment("Mon 2026-11-16"), "g", moment("Tue 2026-11-17")),)
        assert self.said("Mon 2026-11-16 09:00", 1, pauses=pauses) == [
            "thứ Hai 16/11/2026: ngày tiếp nhận, không tính",
            "thứ Ba 17/11/2026: tạm dừng tính thời hạn",
            "thứ Tư 18/11/2026: ngày làm việc thứ 1",
        ]

    def test_a_count_begun_again_says_so(self):
        papers = (Supplement(moment("Mon 2026-11-16"), moment("Tue 2026-11-17")),)
        assert self.said("Mon 2026-11-16 09:00", 1, supplements=papers) == [
            "thứ Ba 17/11/2026: ngày nhận giấy tờ bổ sung, thời hạn tính lại từ đầu",
            "thứ Tư 18/11/2026: ngày làm việc thứ 1",
        ]

    def test_hours_are_counted_within_the_day_of_receipt(self):
        assert self.said("Fri 2026-11-20 15:00", 4, Unit.WORKING_HOUR)[0] == (
            "thứ Sáu 20/11/2026: ngày tiếp nhận, tính từ giờ tiếp nhận"
        )


class TestAgainstASlowWalker:
    @given(received=RECEIPTS, unit_and_most=UNITS, data=st.data())
    def test_days_and_months(self, received: date, unit_and_most: tuple[Unit, int], data: st.DataObject):
        unit, most = unit_and_most
        amount = data.draw(st.integers(1, most))
        found = deadline_of(Dossier(code="x", received=midnight(received)), limit(amount, unit))
        assert found.due_on == slow_due(unit, amount, received)
        assert len([one for one in found.trace if one.number is not None]) == (amount if unit is not Unit.MONTH else 1)
        assert found.apology_by_on is None or is_worked(found.apology_by_on)

    @given(
        received=RECEIPTS,
        unit_and_most=UNITS,
        waits=WAITS,
        data=st.data(),
    )
    def test_pauses(
        self, received: date, unit_and_most: tuple[Unit, int], waits: list[tuple[int, int]], data: st.DataObject
    ):
        unit, most = unit_and_most
        amount = data.draw(st.integers(1, min(most, 30)))
        pauses, on = [], received
        for gap, length in waits:
            began = on + timedelta(days=gap)
            on = began + timedelta(days=length)
            pauses.append((began, on))
        # Months are only compared for pauses inside them: the walker does not count their days.
        assume(unit is not Unit.MONTH or not pauses or pauses[-1][0] < received + timedelta(days=28))
        stopped = tuple(Pause(midnight(began), "g", midnight(ended)) for began, ended in pauses)
        one = Dossier(code="x", received=midnight(received), pauses=stopped)
        found = deadline_of(one, limit(amount, unit, pause_grounds=("g",)))
        assert found.due_on == slow_due(unit, amount, received, pauses)

    @given(received=RECEIPTS, days=st.integers(1, 30), asked_after=st.integers(0, 30), waited=st.integers(0, 40))
    def test_restarts(self, received: date, days: int, asked_after: int, waited: int):
        asked = received + timedelta(days=asked_after)
        answered = asked + timedelta(days=waited)
        papers = (Supplement(midnight(asked), midnight(answered)),)
        one = Dossier(code="x", received=midnight(received), supplements=papers)
        first_due = slow_due(Unit.WORKING_DAY, days, received)
        expected = slow_due(Unit.WORKING_DAY, days, answered) if asked <= first_due else first_due
        assert deadline_of(one, limit(days)).due_on == expected


@given(received=RECEIPTS, days=st.integers(1, 30), promised_after=st.integers(-5, 120))
def test_the_due_day_is_never_after_the_law_nor_before_the_receipt(received: date, days: int, promised_after: int):
    promised = midnight(received + timedelta(days=promised_after))
    one = replace(dossier(None, [appointment("Fri 2026-11-20")]), received=midnight(received))
    one = replace(one, appointments=(replace(one.appointments[0], at=promised),))
    found = compute_deadline(one, limit(days), official())
    assert received <= found.due_on <= found.law_due_on
