"""What the events of a dossier make of it, and what of it was known when."""

from datetime import datetime

import pytest
from official import at, day, moment

from monitor.dossier import AppointmentCause, Channel, Dossier, Event, EventKind, Fact, Pause, SourceStatus
from monitor.history import fold

K = EventKind


def event(kind: EventKind, happened: str | None = None, known: str = "Mon 2026-11-23 08:00", **facts: Fact) -> Event:
    return Event(
        kind=kind,
        happened_at=moment(happened) if happened else None,
        recorded_at=at(known),
        source="mot-cua",
        import_id=1,
        facts=facts,
    )


def dossier_after(*events: Event, known_at: datetime | None = None) -> Dossier:
    return fold("H37.12-261102-0001", events, known_at=known_at)


RECEIVED = event(K.RECEIVED, "Mon 2026-11-02 09:00", channel="online", source_status="processing", case="lần đầu")


def test_facts_become_the_dossiers_own():
    one = dossier_after(RECEIVED)
    assert (one.received, one.channel) == (moment("Mon 2026-11-02 09:00"), Channel.ONLINE)
    assert (one.source_status, one.case) == (SourceStatus.PROCESSING, "lần đầu")


def test_only_what_was_recorded_by_then_was_known_then():
    finished = event(K.FINISHED, "Fri 2026-11-06 16:00", known="Mon 2026-11-09 08:00")
    events = event(K.RECEIVED, "Mon 2026-11-02 09:00", known="Tue 2026-11-03 08:00"), finished
    assert dossier_after(*events, known_at=at("Mon 2026-11-09 07:59")).finished is None
    assert dossier_after(*events, known_at=at("Mon 2026-11-09 08:00")).finished == moment("Fri 2026-11-06 16:00")


def test_every_value_of_the_appointment_is_kept():
    seen = [event(K.APPOINTMENT_SEEN, said) for said in ("Mon 2026-11-09", "Fri 2026-11-13")]
    one = dossier_after(RECEIVED, *seen, event(K.APPOINTMENT_CLASSIFIED, cause="correction"))
    assert [(it.at.on, it.cause) for it in one.appointments] == [
        (day("Mon 2026-11-09"), None),
        (day("Fri 2026-11-13"), AppointmentCause.CORRECTION),
    ]


def test_a_classification_without_an_appointment_says_nothing():
    assert dossier_after(event(K.APPOINTMENT_CLASSIFIED, cause="other")) == dossier_after()


class TestSupplements:
    def test_an_answer_belongs_to_the_oldest_open_request(self):
        asked = event(K.SUPPLEMENT_ASKED, "Tue 2026-11-03"), event(K.SUPPLEMENT_ASKED, "Thu 2026-11-05")
        one = dossier_after(*asked, event(K.SUPPLEMENT_RECEIVED, "Fri 2026-11-06"))
        assert [it.is_open for it in one.supplements] == [False, True]

    def test_an_answer_goes_to_the_request_that_it_names(self):
        asked = (
            event(K.SUPPLEMENT_ASKED, "Tue 2026-11-03", request="1"),
            event(K.SUPPLEMENT_ASKED, "Thu 2026-11-05", request="2"),
        )
        one = dossier_after(*asked, event(K.SUPPLEMENT_RECEIVED, "Fri 2026-11-06", request="2"))
        assert [it.is_open for it in one.supplements] == [True, False]

    def test_a_corrected_date_takes_the_place_of_the_old_one(self):
        events = (
            event(K.SUPPLEMENT_ASKED, "Tue 2026-11-03", request="1"),
            event(K.SUPPLEMENT_RECEIVED, "Fri 2026-11-06", request="1", known="Fri 2026-11-06 17:00"),
            event(K.SUPPLEMENT_ASKED, "Wed 2026-11-04", request="1"),
            event(K.SUPPLEMENT_RECEIVED, "Thu 2026-11-05", request="1", known="Mon 2026-11-09 17:00"),
        )
        (only,) = dossier_after(*events).supplements
        assert (only.asked, only.answered) == (moment("Wed 2026-11-04"), moment("Thu 2026-11-05"))
        assert only.answer_seen_at == at("Fri 2026-11-06 17:00")

    def test_the_appointment_that_came_with_the_papers_is_kept_for_good(self):
        came = "2026-11-13T16:00:00+07:00", "2026-11-20T00:00:00+07:00"
        answers = [event(K.SUPPLEMENT_RECEIVED, "Fri 2026-11-06", request="1", new_appointment=it) for it in came]
        (only,) = dossier_after(event(K.SUPPLEMENT_ASKED, "Tue 2026-11-03", request="1"), *answers).supplements
        assert only.new_appointment == moment("Fri 2026-11-13 16:00")

    @pytest.mark.parametrize(
        ("known", "told", "count"),
        [
            ("Thu 2026-11-05", "Tue 2026-11-03", 1),  # inferred from the file of Thursday, the source says Tuesday
            ("Thu 2026-11-05", "Fri 2026-11-06", 2),  # a request after the inferred one is another one
        ],
    )
    def test_the_sources_own_record_takes_the_place_of_what_was_inferred(self, known: str, told: str, count: int):
        inferred = event(K.SUPPLEMENT_ASKED, known, inferred=True)
        one = dossier_after(inferred, event(K.SUPPLEMENT_ASKED, told, request="1"))
        assert len(one.supplements) == count
        assert one.supplements[-1].asked == moment(told)
        assert not one.supplements[-1].inferred

    @pytest.mark.parametrize(("told", "count"), [("Fri 2026-11-06", 1), ("Mon 2026-11-09", 2)])
    def test_what_a_person_entered_is_joined_with_the_same_fact_from_the_source(self, told: str, count: int):
        entered = event(K.SUPPLEMENT_ASKED, "Tue 2026-11-03")
        assert len(dossier_after(entered, event(K.SUPPLEMENT_ASKED, told, request="1")).supplements) == count

    def test_an_answer_to_a_request_that_nobody_recorded_is_marked_inferred(self):
        (only,) = dossier_after(event(K.SUPPLEMENT_RECEIVED, "Fri 2026-11-06")).supplements
        assert only.inferred
        assert not only.is_open

    def test_an_inferred_answer_to_no_request_says_nothing(self):
        assert dossier_after(event(K.SUPPLEMENT_RECEIVED, "Fri 2026-11-06", inferred=True)).supplements == ()


class TestPauses:
    def test_a_pause_ends_with_its_resumption(self):
        one = dossier_after(event(K.PAUSED, "Tue 2026-11-03", ground="g"), event(K.RESUMED, "Fri 2026-11-06"))
        assert one.pauses == (Pause(moment("Tue 2026-11-03"), "g", moment("Fri 2026-11-06")),)

    def test_a_new_pause_ends_the_one_that_lasts(self):
        one = dossier_after(
            event(K.PAUSED, "Tue 2026-11-03", ground="g"), event(K.PAUSED, "Thu 2026-11-05", ground="h")
        )
        assert [(it.began, it.ended) for it in one.pauses] == [
            (moment("Tue 2026-11-03"), moment("Thu 2026-11-05")),
            (moment("Thu 2026-11-05"), None),
        ]

    @pytest.mark.parametrize("kind", [K.PAUSED, K.RESUMED])
    def test_without_a_date_or_a_pause_nothing_is_stopped(self, kind: EventKind):
        assert dossier_after(event(kind)).pauses == ()


class TestLives:
    def test_a_reopened_dossier_lives_again_and_keeps_what_was_received_and_promised(self):
        first_life = (
            RECEIVED,
            event(K.APPOINTMENT_SEEN, "Mon 2026-11-09"),
            event(K.REFUSED, "Thu 2026-11-05"),
            event(K.LETTER_ISSUED, new_date_on="2026-11-13"),
            event(K.SAID_LATE, reason="chờ ý kiến", new_date_on="2026-11-13"),
        )
        one = dossier_after(*first_life, event(K.REOPENED))
        assert (one.life, one.is_refused, one.refused) == (2, False, None)
        assert (one.late_answer, one.issued_new_date_on) == (None, None)
        assert one.received == moment("Mon 2026-11-02 09:00")
        assert len(one.appointments) == 1

    @pytest.mark.parametrize("superseding", [event(K.REOPENED), event(K.LETTER_ISSUED, new_date_on="2026-11-20")])
    def test_what_a_letter_had_moved_stays_moved_when_that_letter_is_superseded(self, superseding: Event):
        moved = (
            event(K.APPOINTMENT_SEEN, "Mon 2026-11-09"),
            event(K.LETTER_ISSUED, new_date_on="2026-11-13"),
            event(K.APPOINTMENT_SEEN, "Fri 2026-11-13"),
        )
        assert dossier_after(*moved, superseding).appointments[-1].cause is AppointmentCause.REAPPOINTMENT

    def test_a_refusal_without_a_date_does_not_lose_the_date_that_was_known(self):
        one = dossier_after(event(K.REFUSED, "Thu 2026-11-05"), event(K.REFUSED))
        assert (one.is_refused, one.refused) == (True, moment("Thu 2026-11-05"))

    def test_a_withdrawal_needs_no_date(self):
        assert dossier_after(event(K.WITHDRAWN)).is_withdrawn

    def test_vanished_and_back_again(self):
        vanished = event(K.VANISHED, known="Mon 2026-11-16 08:00")
        assert dossier_after(vanished).missing_since == at("Mon 2026-11-16 08:00")
        assert dossier_after(vanished, event(K.APPEARED)).missing_since is None


def test_a_date_that_the_source_lost_is_noted_once_and_kept():
    lost = event(K.BLANKED, date="received_at")
    one = dossier_after(RECEIVED, lost, lost)
    assert (one.received, [it.fact for it in one.conflicts]) == (moment("Mon 2026-11-02 09:00"), ["received"])


def test_what_the_officer_said_is_kept_with_its_new_date():
    one = dossier_after(event(K.SAID_LATE, reason="chờ ý kiến", new_date_on="2026-11-13"))
    assert (one.late_answer.reason, one.late_answer.new_date_on) == ("chờ ý kiến", day("Fri 2026-11-13"))


@pytest.mark.parametrize("kind", [K.COMPLAINT, K.LETTER_DRAFTED])
def test_other_events_leave_the_dossier_as_it_is(kind: EventKind):
    assert dossier_after(event(kind)) == dossier_after()
