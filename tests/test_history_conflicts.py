"""What people tell here beside what the source says: joined when it is the same fact, else shown with both dates."""

import pytest
from official import at, day, moment

from monitor.dossier import AppointmentCause, Conflict, Dossier, Event, EventKind, Fact, Moment
from monitor.history import fold

K = EventKind
RECEIVED = "Mon 2026-11-02 09:00"


def source(kind: EventKind, happened: str | None = None, known: str = "Mon 2026-11-16 08:00", **facts: Fact) -> Event:
    return Event(kind, moment(happened) if happened else None, at(known), "theo-doi", 7, facts)


def here(kind: EventKind, happened: str | None = None, known: str = "Mon 2026-11-16 09:00", **facts: Fact) -> Event:
    return Event(kind, moment(happened) if happened else None, at(known), "nt-bich-ngoc", None, facts)


def settled(fact: str, keep: str) -> Event:
    return here(K.CONFLICT_SETTLED, known="Wed 2026-11-18 08:00", fact=fact, keep=keep, reason="đã đối chiếu sổ")


def after(*events: Event) -> Dossier:
    return fold("H37.12-261102-0001", [source(K.RECEIVED, RECEIVED, "Mon 2026-11-02 17:00"), *events])


OURS = here(K.FINISHED, "Mon 2026-11-09")
THEIRS = source(K.FINISHED, "Mon 2026-11-16 10:00", "Tue 2026-11-17 08:00")  # a week later than ours


class TestAFinishToldHere:
    def test_it_holds_while_the_source_says_nothing(self):
        one = after(OURS, source(K.HANDED_OVER, handling_officer="Vi Văn Nam"))
        assert (one.finished, one.entries[0].by, one.conflicts) == (moment("Mon 2026-11-09"), "nt-bich-ngoc", ())

    @pytest.mark.parametrize("told", ["Thu 2026-11-05 10:00", "Mon 2026-11-09 10:00", "Fri 2026-11-13 10:00"])
    def test_within_two_working_days_it_is_the_same_fact_and_the_sources_date_counts(self, told: str):
        """Two working days, over a weekend four days."""
        one = after(OURS, source(K.FINISHED, told))
        assert (one.finished, one.conflicts) == (moment(told), ())
        assert after(source(K.FINISHED, told), OURS).finished == moment(told), "in whatever order they became known"

    @pytest.mark.parametrize("told", ["Wed 2026-11-04 10:00", "Sat 2026-11-14 10:00"])
    def test_further_apart_it_is_a_conflict_with_both_dates_and_what_was_told_here_stands(self, told: str):
        for events in ((OURS, source(K.FINISHED, told)), (source(K.FINISHED, told), OURS)):
            one = after(*events)
            assert one.finished == moment("Mon 2026-11-09")
            (conflict,) = one.conflicts
            assert (conflict.fact, conflict.ours, conflict.theirs) == ("finished", one.finished, moment(told))

    def test_the_conflict_is_gone_when_the_source_comes_to_say_the_same(self):
        one = after(OURS, THEIRS, source(K.FINISHED, "Tue 2026-11-10", "Wed 2026-11-18 08:00"))
        assert (one.finished, one.conflicts) == (moment("Tue 2026-11-10"), ())

    def test_a_later_word_of_the_source_takes_the_place_of_its_earlier_one(self):
        one = after(OURS, THEIRS, source(K.FINISHED, "Wed 2026-11-18", "Thu 2026-11-19 08:00"))
        assert one.conflicts == (
            Conflict("finished", moment("Mon 2026-11-09"), moment("Wed 2026-11-18"), at("Thu 2026-11-19 08:00")),
        )

    @pytest.mark.parametrize(("keep", "counts"), [("ours", "Mon 2026-11-09"), ("source", "Mon 2026-11-16 10:00")])
    def test_a_person_says_which_date_counts(self, keep: str, counts: str):
        one = after(OURS, THEIRS, settled("finished", keep))
        assert (one.finished, one.conflicts) == (moment(counts), ())

    def test_what_was_settled_is_not_asked_again_but_a_third_date_is(self):
        kept = OURS, THEIRS, settled("finished", "ours")
        assert after(*kept, THEIRS).conflicts == ()
        third = after(*kept, source(K.FINISHED, "Wed 2026-11-25"))
        assert (third.finished, len(third.conflicts)) == (moment("Mon 2026-11-09"), 1)

    def test_after_the_sources_date_was_kept_it_may_be_corrected_there(self):
        one = after(OURS, THEIRS, settled("finished", "source"), source(K.FINISHED, "Wed 2026-11-25"))
        assert (one.finished, one.conflicts) == (moment("Wed 2026-11-25"), ())

    def test_the_person_may_correct_it(self):
        one = after(OURS, THEIRS, here(K.FINISHED, "Fri 2026-11-13"))
        assert (one.finished, one.conflicts) == (moment("Mon 2026-11-16 10:00"), ()), "joined with the source's"

    def test_a_dossier_that_is_opened_again_takes_neither_into_its_new_life(self):
        one = after(OURS, THEIRS, source(K.REOPENED))
        assert (one.finished, one.entries, one.conflicts) == (None, (), ())

    def test_a_decision_about_a_conflict_that_is_gone_changes_nothing(self):
        assert after(OURS, settled("finished", "source")) == after(OURS)

    def test_the_return_is_a_fact_of_its_own(self):
        one = after(OURS, here(K.RETURNED, "Tue 2026-11-10"), source(K.RETURNED, "Mon 2026-11-23"))
        assert (one.finished, one.returned) == (moment("Mon 2026-11-09"), moment("Tue 2026-11-10"))
        assert [it.fact for it in one.conflicts] == ["returned"]


class TestADateThatTheSourceLost:
    FINISHED = source(K.FINISHED, "Mon 2026-11-09 10:00")
    LOST = source(K.BLANKED, known="Tue 2026-11-17 08:00", date="finished_at")

    def test_it_stays_and_is_a_conflict_without_a_date_of_theirs(self):
        one = after(self.FINISHED, self.LOST)
        assert one.finished == moment("Mon 2026-11-09 10:00")
        assert one.conflicts == (Conflict("finished", one.finished, None, at("Tue 2026-11-17 08:00")),)

    @pytest.mark.parametrize("found", ["Mon 2026-11-09 10:00", "Tue 2026-11-17 10:00"])
    def test_the_source_settles_it_when_it_gives_a_date_again(self, found: str):
        one = after(self.FINISHED, self.LOST, source(K.FINISHED, found))
        assert (one.finished, one.conflicts) == (moment(found), ())

    @pytest.mark.parametrize(("keep", "finished"), [("ours", "Mon 2026-11-09 10:00"), ("source", None)])
    def test_a_person_says_whether_it_ever_was(self, keep: str, finished: str | None):
        one = after(self.FINISHED, self.LOST, settled("finished", keep))
        assert (one.finished, one.conflicts) == (moment(finished) if finished else None, ())

    def test_where_a_person_told_it_too_that_word_remains_and_nothing_is_in_dispute(self):
        one = after(self.FINISHED, OURS, self.LOST)
        assert (one.finished, one.conflicts) == (moment("Mon 2026-11-09"), ())

    def test_a_lost_appointment_stays_promised_whatever_is_said(self):
        seen = source(K.APPOINTMENT_SEEN, "Mon 2026-11-16 17:00")
        lost = source(K.BLANKED, date="appointment_at")
        assert [it.fact for it in after(seen, lost).conflicts] == ["appointment"]
        for keep in ("ours", "source"):
            one = after(seen, lost, settled("appointment", keep))
            assert ([it.at for it in one.appointments], one.conflicts) == ([moment("Mon 2026-11-16 17:00")], ())
        again = after(seen, lost, seen)
        assert (len(again.appointments), again.conflicts) == (1, ())


class TestAfterTheLetter:
    """Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.6; practice B14."""

    SLIP = source(K.APPOINTMENT_SEEN, "Mon 2026-11-16 17:00", "Mon 2026-11-02 17:00")
    LETTER = here(K.LETTER_ISSUED, "Fri 2026-11-13", "Fri 2026-11-13 15:00", new_date_on="2026-11-20")
    OTHER = source(K.APPOINTMENT_SEEN, "Wed 2026-11-25 17:00", "Mon 2026-11-16 08:00")

    def test_another_date_in_the_source_is_a_conflict_shown_with_both(self):
        (conflict,) = after(self.SLIP, self.LETTER, self.OTHER).conflicts
        assert (conflict.fact, conflict.ours.on, conflict.theirs.on) == (
            "appointment",
            day("Fri 2026-11-20"),
            day("Wed 2026-11-25"),
        )

    def test_the_date_of_the_letter_in_the_source_is_none(self):
        one = after(self.SLIP, self.LETTER, self.OTHER, source(K.APPOINTMENT_SEEN, "Fri 2026-11-20 17:00"))
        assert one.conflicts == ()

    def test_what_came_with_papers_that_came_since_is_none(self):
        papers = source(K.SUPPLEMENT_RECEIVED, "Mon 2026-11-16", "Mon 2026-11-16 08:00")
        assert after(self.SLIP, self.LETTER, papers, self.OTHER).conflicts == ()

    def test_keeping_ours_puts_the_letters_date_in_force(self):
        one = after(self.SLIP, self.LETTER, self.OTHER, settled("appointment", "ours"))
        last = one.appointments[-1]
        assert (last.at.on, last.cause) == (day("Fri 2026-11-20"), AppointmentCause.REAPPOINTMENT)
        assert one.conflicts == ()

    def test_keeping_the_sources_makes_its_date_the_one_that_the_letter_moved_to(self):
        one = after(self.SLIP, self.LETTER, self.OTHER, settled("appointment", "source"))
        assert (one.issued_new_date_on, one.conflicts) == (day("Wed 2026-11-25"), ())

    def test_saying_what_the_new_date_is_settles_it(self):
        said = here(K.APPOINTMENT_CLASSIFIED, cause="correction")
        assert after(self.SLIP, self.LETTER, self.OTHER, said).conflicts == ()


class TestALetterOfBeforeTheMonitor:
    LETTER = here(
        K.LETTER_ISSUED, "Fri 2026-11-06", "Mon 2026-11-23 09:00", old_date_on="2026-11-09", new_date_on="2026-11-20"
    )

    def test_the_date_that_it_moved_is_the_first_promise_also_when_nobody_saw_it_here(self):
        seen = source(K.APPOINTMENT_SEEN, "Fri 2026-11-20 17:00", "Mon 2026-11-16 08:00")
        one = after(seen, self.LETTER)
        assert [it.at.on for it in one.appointments] == [day("Mon 2026-11-09"), day("Fri 2026-11-20")]
        assert (one.issued_new_date_on, one.letter_on) == (day("Fri 2026-11-20"), day("Fri 2026-11-06"))
        assert one.conflicts == ()

    def test_a_slip_that_was_seen_is_not_told_twice(self):
        seen = source(K.APPOINTMENT_SEEN, "Mon 2026-11-09 17:00")
        assert after(seen, self.LETTER).appointments == after(seen).appointments

    def test_a_third_date_in_the_source_is_a_conflict(self):
        seen = source(K.APPOINTMENT_SEEN, "Wed 2026-11-25 17:00")
        (conflict,) = after(seen, self.LETTER).conflicts
        assert (conflict.ours.on, conflict.theirs.on) == (day("Fri 2026-11-20"), day("Wed 2026-11-25"))


class TestDeclaredOrVanished:
    DECLARED = here(K.FINISH_DECLARED, result_no="15/GCN", result_on="2026-11-13")

    def test_the_officers_word_is_kept_until_the_head_says_no(self):
        one = after(self.DECLARED)
        assert (one.declaration.result_no, one.declaration.result_on) == ("15/GCN", day("Fri 2026-11-13"))
        assert one.finished is None
        assert after(self.DECLARED, here(K.FINISH_DECLARED)).declaration is None

    @pytest.mark.parametrize(("scope", "awaits"), [("open", True), ("all", False), ("received_between", False)])
    def test_only_from_a_list_of_open_dossiers_it_may_have_ended(self, scope: str, awaits: bool):
        vanished = source(K.VANISHED, scope=scope)
        assert (after(vanished).awaits_end, after(vanished).finished) == (awaits, None)
        assert not after(vanished, source(K.APPEARED)).awaits_end


def test_a_moment_told_here_without_a_time_keeps_none():
    assert after(OURS).finished == Moment(at("Mon 2026-11-09 00:00"), has_time=False)
