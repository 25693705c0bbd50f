"""What follows from two records of a dossier: events for what changed, none for what a file does not say."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from official import at, moment

from monitor.dossier import Event, EventKind, SourceStatus
from monitor.history import fold
from monitor.record import Person, Record, Seen, SupplementRecord, events_between, merged

K = EventKind
ALL = frozenset(Record.__dataclass_fields__) | frozenset(Person.__dataclass_fields__)
RECORD = Record(
    code="H37.12-261102-0001",
    procedure_code="2.001610",
    received_at=moment("Mon 2026-11-02 09:00"),
    appointment_at=moment("Mon 2026-11-09 17:00"),
    handling_officer="Lương Thị Hoa",
    status=SourceStatus.PROCESSING,
    person=Person(applicant="Nguyễn Văn An", phone="0900000000"),
)
SEEN = Seen(
    source="mot-cua", recorded_at=at("Tue 2026-11-10 08:00"), data_as_of=at("Mon 2026-11-09 16:55"), import_id=7
)


def events(new: Record, last: Record | None = RECORD, carried: frozenset[str] = ALL, seen: Seen = SEEN) -> list[Event]:
    return list(events_between(last, new, carried=carried, seen=seen))


def kinds(new: Record, last: Record | None = RECORD, carried: frozenset[str] = ALL) -> list[EventKind]:
    return [event.kind for event in events(new, last, carried)]


class TestFirstRecord:
    def test_it_tells_all_that_it_knows(self):
        received, seen = events(RECORD, None)
        assert (received.kind, received.happened_at) == (K.RECEIVED, moment("Mon 2026-11-02 09:00"))
        assert received.facts == {
            "procedure_code": "2.001610",
            "handling_officer": "Lương Thị Hoa",
            "source_status": "processing",
        }
        assert (seen.kind, seen.happened_at) == (K.APPOINTMENT_SEEN, moment("Mon 2026-11-09 17:00"))
        assert (seen.recorded_at, seen.source, seen.import_id) == (at("Tue 2026-11-10 08:00"), "mot-cua", 7)

    @pytest.mark.parametrize("submitted", ["Mon 2026-11-02 09:00", None])
    def test_what_is_only_registered_is_submitted_and_not_received(self, submitted: str | None):
        new = Record(code="x", status=SourceStatus.REGISTERED, submitted_at=moment(submitted) if submitted else None)
        assert kinds(new, None) == [K.SUBMITTED]

    def test_the_appointments_around_supplements_are_told_in_their_order(self):
        papers = SupplementRecord(
            key="1",
            asked_at=moment("Wed 2026-11-04"),
            answered_at=moment("Fri 2026-11-06"),
            old_appointment_at=moment("Thu 2026-11-05"),
            new_appointment_at=moment("Mon 2026-11-09"),
        )
        told = events(replace(RECORD, supplements=(papers,), appointment_at=moment("Fri 2026-11-13")), None)
        seen = [event.happened_at for event in told if event.kind is K.APPOINTMENT_SEEN]
        assert seen == [moment("Thu 2026-11-05"), moment("Mon 2026-11-09"), moment("Fri 2026-11-13")]
        answer = told[-1]
        assert (answer.kind, answer.facts["request"]) == (K.SUPPLEMENT_RECEIVED, "1")

    @pytest.mark.parametrize(
        ("status", "kind"), [(SourceStatus.NOT_ACCEPTED, K.REFUSED), (SourceStatus.WITHDRAWN, K.WITHDRAWN)]
    )
    def test_a_status_that_ends_it_is_an_end_without_a_date(self, status: SourceStatus, kind: EventKind):
        last = events(replace(RECORD, status=status), None)[-1]
        assert (last.kind, last.happened_at) == (kind, None)


class TestChanges:
    def test_the_same_record_twice_is_no_event(self):
        assert events(RECORD) == []

    @pytest.mark.parametrize(
        ("changed", "kind"),
        [
            ({"appointment_at": moment("Fri 2026-11-13")}, K.APPOINTMENT_SEEN),
            ({"received_at": moment("Tue 2026-11-03")}, K.RECEIVED),
            ({"handling_officer": "Vi Văn Nam"}, K.HANDED_OVER),
            ({"step_officer": "Vi Văn Nam", "step_unit": "Phòng Đăng ký kinh doanh"}, K.HANDED_OVER),
            ({"status": SourceStatus.PAYMENT_ASKED}, K.STATUS_SEEN),
            ({"procedure_code": "2.001583"}, K.CORRECTED),
            ({"finished_at": moment("Fri 2026-11-06")}, K.FINISHED),
            ({"returned_at": moment("Fri 2026-11-06")}, K.RETURNED),
            ({"refused_at": moment("Fri 2026-11-06")}, K.REFUSED),
        ],
    )
    def test_each_change_is_an_event_of_its_kind(self, changed: dict[str, object], kind: EventKind):
        assert kinds(replace(RECORD, **changed)) == [kind]

    def test_another_applicant_is_no_event_and_no_event_holds_personal_data(self):
        assert events(replace(RECORD, person=Person(applicant="Trần Thị Bình", phone="0911111111"))) == []
        assert "Nguyễn" not in str(events(RECORD, None))

    @pytest.mark.parametrize("date", ["received_at", "appointment_at", "finished_at"])
    def test_a_blank_never_erases_a_date_and_is_a_conflict(self, date: str):
        last = replace(RECORD, finished_at=moment("Fri 2026-11-06"), status=SourceStatus.FINISHED)
        blank = replace(last, **{date: None})
        (lost,) = events(blank, last)
        assert (lost.kind, lost.facts) == (K.BLANKED, {"date": date})
        known = merged(last, blank, ALL)
        assert known == replace(last, lost=(date,))
        assert events(replace(blank, handling_officer="Vi Văn Nam"), known)[0].kind is K.HANDED_OVER, "it is said once"
        (found,) = events(last, known)
        assert found.happened_at == getattr(last, date), "the source has found again what it had lost"
        assert merged(known, last, ALL) == last

    def test_a_column_that_the_file_does_not_have_says_nothing(self):
        narrow = Record(code=RECORD.code, status=SourceStatus.PAYMENT_ASKED)
        carried = frozenset({"status"})
        assert kinds(narrow, carried=carried) == [K.STATUS_SEEN]
        assert merged(RECORD, narrow, carried) == replace(RECORD, status=SourceStatus.PAYMENT_ASKED)

    def test_an_empty_cell_leaves_the_officer_the_procedure_and_the_person(self):
        empty = replace(RECORD, handling_officer=None, procedure_code=None, person=Person())
        assert events(empty) == []
        assert merged(RECORD, empty, ALL) == RECORD

    def test_a_word_that_is_not_understood_stands_beside_the_last_status_that_was(self):
        odd = replace(RECORD, status=None, status_text="Đang họp")
        carried = ALL - {"status_text"}  # no column of its own: it comes with the status
        (event,) = events(odd, carried=carried)
        assert (event.kind, event.facts) == (K.STATUS_SEEN, {"status_text": "Đang họp"})
        known = merged(RECORD, odd, carried)
        assert (known.status, known.status_text) == (SourceStatus.PROCESSING, "Đang họp")
        assert merged(known, RECORD, carried) == RECORD


class TestReopened:
    FINISHED = replace(RECORD, finished_at=moment("Fri 2026-11-06"), status=SourceStatus.FINISHED)

    def test_finished_and_running_again_is_a_new_life_once(self):
        assert kinds(RECORD, self.FINISHED) == [K.REOPENED, K.STATUS_SEEN]
        again = merged(self.FINISHED, RECORD, ALL)
        assert again.finished_at is None
        assert events(RECORD, again) == []

    @pytest.mark.parametrize("status", [SourceStatus.NOT_ACCEPTED, SourceStatus.WITHDRAWN])
    def test_refused_or_withdrawn_and_running_again_is_watched_again(self, status: SourceStatus):
        closed = replace(RECORD, status=status)
        assert kinds(RECORD, closed) == [K.REOPENED, K.STATUS_SEEN]
        assert events(RECORD, merged(closed, RECORD, ALL)) == []

    def test_a_file_without_the_column_of_finish_reopens_nothing(self):
        assert kinds(RECORD, self.FINISHED, ALL - {"finished_at"}) == [K.STATUS_SEEN]


class TestSupplements:
    WAITING = replace(RECORD, status=SourceStatus.SUPPLEMENT_ASKED)

    def test_the_status_alone_infers_a_request_dated_by_the_file(self):
        (_, asked) = events(self.WAITING)
        assert (asked.kind, asked.facts) == (K.SUPPLEMENT_ASKED, {"inferred": True})
        assert asked.happened_at == moment("Mon 2026-11-09 16:55")

    def test_a_first_record_that_waits_does_not_say_since_when(self):
        asked = events(self.WAITING, None)[-1]
        assert (asked.kind, asked.happened_at) == (K.SUPPLEMENT_ASKED, None)

    @pytest.mark.parametrize(
        ("status", "came"),
        [
            (SourceStatus.PROCESSING, True),
            (SourceStatus.PAYMENT_ASKED, True),
            (SourceStatus.RETURNED, True),
            (SourceStatus.NOT_ACCEPTED, False),
            (SourceStatus.STOPPED, False),
        ],
    )
    def test_the_papers_have_come_when_the_office_works_on(self, status: SourceStatus, came: bool):
        assert (K.SUPPLEMENT_RECEIVED in kinds(replace(RECORD, status=status), self.WAITING)) is came

    def test_papers_of_a_dossier_finished_meanwhile_came_no_later_than_its_end(self):
        done = replace(RECORD, status=SourceStatus.FINISHED, finished_at=moment("Fri 2026-11-06 16:00"))
        (came,) = (event for event in events(done, self.WAITING) if event.kind is K.SUPPLEMENT_RECEIVED)
        assert came.happened_at == moment("Fri 2026-11-06 16:00")

    def test_a_recorded_request_needs_no_inference(self):
        request = SupplementRecord(key="1", asked_at=moment("Wed 2026-11-04"))
        asked = [event for event in events(replace(self.WAITING, supplements=(request,))) if event.facts.get("request")]
        assert [(event.kind, event.happened_at) for event in asked] == [(K.SUPPLEMENT_ASKED, moment("Wed 2026-11-04"))]
        assert len(events(replace(self.WAITING, supplements=(request,)))) == 2  # the other one is the status

    def test_only_new_or_corrected_entries_are_events(self):
        request = SupplementRecord(key="1", asked_at=moment("Wed 2026-11-04"), answered_at=moment("Fri 2026-11-06"))
        last = replace(RECORD, supplements=(request,))
        assert events(last, last) == []
        corrected = replace(request, answered_at=moment("Thu 2026-11-05"))
        (event,) = events(replace(last, supplements=(corrected,)), last)
        assert (event.kind, event.happened_at) == (K.SUPPLEMENT_RECEIVED, moment("Thu 2026-11-05"))

    def test_a_blank_status_between_two_files_does_not_lose_the_answer(self):
        between = merged(self.WAITING, replace(RECORD, status=None), ALL)
        assert kinds(RECORD, between) == [K.STATUS_SEEN, K.SUPPLEMENT_RECEIVED]

    def test_asked_inferred_and_then_recorded_is_one_request(self):
        recorded = SupplementRecord(key="1", asked_at=moment("Wed 2026-11-04"))
        known = [*events(RECORD, None), *events(self.WAITING)]
        known += events(replace(self.WAITING, supplements=(recorded,)), self.WAITING)
        (only,) = fold("x", known).supplements
        assert (only.asked, only.inferred) == (moment("Wed 2026-11-04"), False)

    def test_an_open_entry_of_a_running_dossier_was_answered_some_time(self):
        request = SupplementRecord(key="1", asked_at=moment("Wed 2026-11-04"))
        (only,) = fold("x", events(replace(RECORD, supplements=(request,)), None)).supplements
        assert only.inferred
        assert not only.is_open


MOMENTS = st.none() | st.sampled_from(
    [moment("Mon 2026-11-02"), moment("Fri 2026-11-06 16:00"), moment("Mon 2026-11-09")]
)
RECORDS = st.builds(
    Record,
    code=st.just("x"),
    received_at=MOMENTS,
    appointment_at=MOMENTS,
    finished_at=MOMENTS,
    refused_at=MOMENTS,
    status=st.none() | st.sampled_from(SourceStatus),
    handling_officer=st.sampled_from([None, "Lương Thị Hoa", "Vi Văn Nam"]),
    supplements=st.sampled_from(
        [
            (),
            (SupplementRecord(key="1", asked_at=moment("Tue 2026-11-03")),),
            (SupplementRecord(key="1", asked_at=moment("Tue 2026-11-03"), answered_at=moment("Fri 2026-11-06")),),
        ]
    ),
)
COLUMNS = st.frozensets(st.sampled_from(sorted(Record.__dataclass_fields__)))


@given(last=st.none() | RECORDS, new=RECORDS, carried=COLUMNS)
def test_the_same_file_again_says_nothing_new(last: Record | None, new: Record, carried: frozenset[str]):
    known = merged(last, new, carried)
    assert merged(known, new, carried) == known
    assert events(new, known, carried) == []


@given(last=RECORDS, new=RECORDS, carried=COLUMNS)
def test_no_date_of_receipt_or_promise_is_ever_lost(last: Record, new: Record, carried: frozenset[str]):
    known = merged(last, new, carried)
    assert known.received_at is not None or last.received_at is None
    assert known.appointment_at is not None or last.appointment_at is None
