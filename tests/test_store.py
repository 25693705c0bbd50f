"""What the store promises to the sweep, the intake and the desk, on both databases."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.dossier import Channel, Dossier, Event, EventKind, Moment, SourceStatus, fold
from monitor.ladder import Step
from monitor.letter import Letter, LetterState
from monitor.notice import Notice
from monitor.outbox import Attempt, MessageKind, OutboxMessage, OutboxState, Outcome
from monitor.record import ApplicantKind, Person, Record, Scope, Seen, SupplementRecord, events_between
from monitor.status import Flag, Status
from monitor.store import (
    AlreadyImported,
    Begun,
    Decision,
    DossierChange,
    DossierKnownAlready,
    Filter,
    ImportState,
    NextLookNotLater,
    RejectedRow,
    Restatus,
    Store,
    Tally,
    ToldNow,
    ToldStep,
    ToLook,
    UnknownDossier,
    open_store,
    record_json,
)
from monitor.store.record_json import record_from_json, record_to_json
from monitor.store.types import AT_ONCE, from_epoch
from monitor.working_time import LOCAL_ZONE

DESK = "one-stop desk"


def at(text: str) -> datetime:
    """ "Mon 2026-11-23 08:00": the weekday is for the reader, and checked."""
    weekday, moment = text.split(" ", 1)
    parsed = datetime.fromisoformat(moment).replace(tzinfo=LOCAL_ZONE)
    assert parsed.strftime("%a") == weekday
    return parsed


def on(text: str) -> date:
    return at(text).date()


MONDAY = at("Mon 2026-11-23 08:00")
TUESDAY = at("Tue 2026-11-24 08:00")
PERSON = Person(
    applicant="Công ty TNHH Mẫu & Con", applicant_kind=ApplicantKind.BUSINESS, phone="0900000000", address="Số 1"
)
FULL = Record(
    code="H37.13-261120-0001",
    procedure_code="2.001610",
    procedure_name="Đăng ký thành lập doanh nghiệp",
    channel=Channel.ONLINE,
    receipt_no="17",
    stated_limit="03 ngày làm việc",
    submitted_at=Moment(at("Thu 2026-11-19 21:05")),
    received_at=Moment(at("Fri 2026-11-20 09:00")),
    appointment_at=Moment(at("Thu 2026-11-26 00:00"), has_time=False),
    handling_unit="Phòng Đăng ký kinh doanh",
    handling_officer="Trần Văn An",
    status=SourceStatus.PROCESSING,
    has_result_paper=True,
    supplements=(
        SupplementRecord(key="1", asked_at=None, new_appointment_at=Moment(at("Thu 2026-11-26 00:00"), has_time=False)),
    ),
    person=PERSON,
)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def simple(code: str, **told) -> Record:
    received = Moment(at("Fri 2026-11-20 09:00"))
    return Record(code=code, received_at=received, status=SourceStatus.PROCESSING, person=PERSON, **told)


def change(store: Store, record: Record, import_id: int, now: datetime = MONDAY) -> DossierChange:
    """What intake makes of a record: the difference to what is known."""
    known = store.known([record.code]).get(record.code)
    seen = Seen(source=DESK, recorded_at=now, data_as_of=now, import_id=import_id)
    carried = frozenset(field.name for field in fields(Record)) | frozenset(field.name for field in fields(Person))
    return DossierChange(
        code=record.code,
        known_id=known.id if known else None,
        record=record,
        fingerprint=str(hash(record)).encode(),
        events=events_between(known.record if known else None, record, carried=carried, seen=seen),
    )


def begin(store: Store, sha256: str = "a" * 64, now: datetime = MONDAY) -> int:
    begun = store.begin_import(
        file_name="theo-doi.xlsx", sha256=sha256, source=DESK, scope=Scope.OPEN, data_as_of=now, now=now
    )
    assert isinstance(begun, Begun)
    return begun.import_id


def finish(store: Store, import_id: int, rows: int = 1, now: datetime = MONDAY) -> None:
    tally = Tally(read=rows, new=rows, changed=0, unchanged=0, rejected=0)
    store.finish_import(import_id, tally, carried=frozenset({"code"}), columns={"Mã hồ sơ": "code"}, now=now)


def bring_in(store: Store, *records: Record, now: datetime = MONDAY, sha256: str = "a" * 64) -> int:
    import_id = begin(store, sha256, now)
    changes = [change(store, record, import_id, now) for record in records]
    store.write_batch(import_id, source=DESK, data_as_of=now, changes=changes, now=now)
    finish(store, import_id, len(records), now)
    return import_id


def due(store: Store, now: datetime = MONDAY) -> list[ToLook]:
    return [one for batch in store.due_batches(now) for one in batch]


def decision(one: ToLook, **decided) -> Decision:
    due_on = on("Thu 2026-11-26 00:00")
    standing = Decision(
        id=one.id,
        revision=one.revision,
        life=one.life,
        status=Status.NEAR_DUE,
        flags=frozenset({Flag.PROVISIONAL, Flag.APOLOGY_MISSED}),
        procedure_code="2.001610",
        division="dkkd",
        officer="tran-an",
        law_due_on=due_on,
        first_promised_on=due_on,
        promised_on=due_on,
        due_on=due_on,
        due_at=at("Thu 2026-11-26 17:00"),
        apology_by_on=on("Wed 2026-11-25 00:00"),
        situation="s1",
        rules_version="r1",
        next_look_at=TUESDAY,
    )
    return replace(standing, **decided)


def notice(person: str = "tran-an", occurrence: int = 1, step: Step = Step.OVERDUE) -> Notice:
    return Notice(step=step, due_on=on("Thu 2026-11-26 00:00"), occurrence=occurrence, person=person)


def message(key: str = "Mon", person: str = "tran-an", kind: MessageKind = MessageKind.DIGEST) -> OutboxMessage:
    return OutboxMessage(
        kind=kind,
        person=person,
        key=key,
        day=on("Mon 2026-11-23 00:00"),
        to_address="an@example.vn",
        subject="Hồ sơ đến hạn",
        message_id=f"<{kind}.{person}.{key}@dunghen>",
        dated_at=MONDAY,
        content="Kính gửi ông An".encode(),
    )


class TestRecord:
    def test_it_is_the_same_after_it_was_written_and_read(self):
        assert record_from_json(record_to_json(FULL), code=FULL.code, person=PERSON) == FULL

    def test_every_field_is_written(self):
        elsewhere = {"code", "person", "has_result_paper", "supplements"}
        assert {field.name for field in fields(Record)} == {*record_json.TEXTS, *record_json.MOMENTS} | elsewhere

    def test_no_personal_data_are_in_it(self):
        text = record_to_json(FULL)
        assert "Mẫu" not in text
        assert "0900000000" not in text

    @given(
        st.builds(
            Record,
            code=st.just("a"),
            procedure_name=st.none() | st.text(),
            reason=st.none() | st.text(),
            channel=st.none() | st.sampled_from(Channel),
            status=st.none() | st.sampled_from(SourceStatus),
            received_at=st.none()
            | st.builds(
                Moment,
                st.integers(631_152_000, 2_840_140_800).map(from_epoch),
            ),
            finished_at=st.none()
            | st.dates(date(1990, 1, 1), date(2060, 1, 1)).map(
                lambda day: Moment(datetime(day.year, day.month, day.day, tzinfo=LOCAL_ZONE), has_time=False)
            ),
            has_result_paper=st.booleans(),
            supplements=st.just(()),
            person=st.just(Person()),
        )
    )
    def test_any_record_is_the_same_after_it_was_written_and_read(self, record: Record):
        assert record_from_json(record_to_json(record), code="a", person=Person()) == record


class TestImports:
    def test_the_same_bytes_under_another_name_are_known(self, store: Store):
        first = bring_in(store, simple("A"))
        again = store.begin_import(
            file_name="ban-sao.xlsx", sha256="a" * 64, source=DESK, scope=Scope.OPEN, data_as_of=TUESDAY, now=TUESDAY
        )
        assert again == AlreadyImported(import_id=first, file_name="theo-doi.xlsx", finished_at=MONDAY)

    def test_a_file_that_was_left_half_read_is_taken_up_again(self, store: Store):
        first = begin(store)
        rejected = RejectedRow(row=7, column="Ngày nhận", value="31/02/2026", cause="there is no such day")
        store.write_batch(first, source=DESK, data_as_of=MONDAY, changes=(), rejections=[rejected], now=MONDAY)
        assert store.rejections(first) == [rejected]
        again = store.begin_import(
            file_name="theo-doi.xlsx", sha256="a" * 64, source=DESK, scope=Scope.OPEN, data_as_of=MONDAY, now=TUESDAY
        )
        assert again == Begun(import_id=first, resumed=True)
        assert store.rejections(first) == []

    def test_a_held_file_says_why_and_may_be_read_again(self, store: Store):
        held = begin(store)
        store.hold_import(held, "30 % fewer rows than the day before", now=MONDAY)
        (listed,) = store.imports()
        assert (listed.state, listed.cause) == (ImportState.HELD, "30 % fewer rows than the day before")
        assert begin(store) == held

    def test_the_source_is_remembered_as_its_freshest_file_shows_it(self, store: Store):
        fresh = begin(store, "b" * 64, TUESDAY)
        finish(store, fresh, 20, TUESDAY)
        late = begin(store, "a" * 64, MONDAY)
        finish(store, late, 3, TUESDAY)
        state = store.source_state(DESK)
        assert state is not None
        assert (state.row_count, state.data_as_of, state.last_import_id) == (20, TUESDAY, fresh)
        assert (state.carried, state.columns, state.scope) == (frozenset({"code"}), {"Mã hồ sơ": "code"}, Scope.OPEN)
        assert store.source_state("another") is None

    def test_what_was_written_is_known_with_its_person(self, store: Store):
        bring_in(store, FULL)
        known = store.known([FULL.code, "unknown"])
        assert list(known) == [FULL.code]
        assert known[FULL.code].record == FULL
        assert store.known_fingerprints(DESK) == {FULL.code: known[FULL.code].fingerprint}

    def test_a_record_without_a_person_needs_no_row_for_one(self, store: Store):
        bring_in(store, replace(FULL, person=Person()))
        assert store.known([FULL.code])[FULL.code].record.person == Person()

    def test_the_folded_dossier_is_what_the_events_tell(self, store: Store):
        import_id = begin(store)
        one = change(store, FULL, import_id)
        store.write_batch(import_id, source=DESK, data_as_of=MONDAY, changes=[one], now=MONDAY)
        loaded = store.dossier(FULL.code)
        assert loaded is not None
        assert loaded.dossier() == fold(FULL.code, one.events)
        assert loaded.events == one.events
        assert due(store)[0].dossier == loaded.dossier()

    def test_a_changed_record_adds_events_and_erases_the_situation(self, store: Store):
        bring_in(store, simple("A"))
        store.record([decision(one) for one in due(store)], now=MONDAY)
        finished = Moment(at("Mon 2026-11-23 15:00"))
        bring_in(store, simple("A", finished_at=finished), now=TUESDAY, sha256="b" * 64)
        loaded = store.dossier("A")
        assert loaded is not None
        assert [event.kind for event in loaded.events] == [EventKind.RECEIVED, EventKind.FINISHED]
        assert loaded.dossier().finished == finished
        assert loaded.record == simple("A", finished_at=finished)
        assert (loaded.row.situation, loaded.row.next_look_at, loaded.row.data_as_of) == (None, AT_ONCE, TUESDAY)

    def test_a_reopened_dossier_lives_again(self, store: Store):
        ended = replace(simple("A"), finished_at=Moment(at("Mon 2026-11-23 07:40")), status=SourceStatus.FINISHED)
        bring_in(store, ended)
        bring_in(store, simple("A"), now=TUESDAY, sha256="b" * 64)
        loaded = store.dossier("A")
        assert loaded is not None
        assert (loaded.row.life, loaded.dossier().life, loaded.dossier().finished) == (2, 2, None)

    def test_unchanged_dossiers_become_fresher_and_never_older(self, store: Store):
        bring_in(store, simple("A"), simple("B"))
        revision = store.dossier("A").row.revision
        second = begin(store, "b" * 64, TUESDAY)
        store.write_batch(second, source=DESK, data_as_of=TUESDAY, changes=(), unchanged_codes=["A"], now=TUESDAY)
        third = begin(store, "c" * 64, MONDAY)
        store.write_batch(third, source=DESK, data_as_of=MONDAY, changes=(), unchanged_codes=["A", "B"], now=TUESDAY)
        assert [row.data_as_of for row in store.list_dossiers()] == [TUESDAY, MONDAY]
        assert store.dossier("A").row.revision == revision

    def test_a_dossier_that_another_import_wrote_first_fails_the_batch_whole(self, store: Store):
        import_id = begin(store)
        stale = [change(store, simple(code), import_id) for code in ("B", "A")]
        bring_in(store, simple("A"), sha256="b" * 64)
        with pytest.raises(DossierKnownAlready, match="import the file again"):
            store.write_batch(import_id, source=DESK, data_as_of=MONDAY, changes=stale, now=MONDAY)
        assert [row.code for row in store.list_dossiers()] == ["A"]

    def test_fresher_data_wake_what_could_not_be_confirmed(self, store: Store):
        bring_in(store, simple("A"))
        due_at = at("Mon 2026-11-23 17:00")
        unconfirmed = {"status": Status.DUE_PASSED_UNCONFIRMED, "due_at": due_at, "next_look_at": None}
        evening = at("Mon 2026-11-23 18:00")
        store.record([decision(one, **unconfirmed) for one in due(store)], now=evening)
        assert due(store, TUESDAY) == []
        second = begin(store, "b" * 64, TUESDAY)
        store.write_batch(second, source=DESK, data_as_of=TUESDAY, changes=(), unchanged_codes=["A"], now=TUESDAY)
        finish(store, second, now=TUESDAY)
        assert [one.code for one in due(store, TUESDAY)] == ["A"]

    def test_an_import_of_no_row_changes_nothing(self, store: Store):
        bring_in(store)
        assert list(store.list_dossiers()) == []
        assert store.known([]) == {}


class TestAbsence:
    def vanish(self, store: Store, seen: list[str], **claim):
        import_id = begin(store, "f" * 64, TUESDAY)
        store.write_batch(import_id, source=DESK, data_as_of=TUESDAY, changes=(), unchanged_codes=seen, now=TUESDAY)
        return store.vanish(import_id, source=DESK, now=TUESDAY, **claim)

    def test_an_open_dossier_that_a_whole_file_does_not_hold_has_vanished(self, store: Store):
        bring_in(store, simple("A"), simple("B"))
        absences = self.vanish(store, ["A"], scope=Scope.OPEN)
        assert (absences.gone, absences.back) == (1, 0)
        gone = store.dossier("B")
        assert gone.events[-1].kind is EventKind.VANISHED
        assert gone.dossier().missing_since == gone.row.missing_since == TUESDAY
        assert gone.row.next_look_at == AT_ONCE
        assert store.dossier("A").dossier().missing_since is None

    def test_it_is_back_when_a_file_holds_it_again(self, store: Store):
        bring_in(store, simple("A"), simple("B"))
        self.vanish(store, ["A"], scope=Scope.OPEN)
        evening = at("Tue 2026-11-24 18:00")
        last = begin(store, "e" * 64, evening)
        store.write_batch(last, source=DESK, data_as_of=evening, changes=(), unchanged_codes=["A", "B"], now=evening)
        absences = store.vanish(last, source=DESK, scope=Scope.PARTIAL, now=evening)
        assert (absences.gone, absences.back) == (0, 1)
        back = store.dossier("B")
        assert [event.kind for event in back.events[-2:]] == [EventKind.VANISHED, EventKind.APPEARED]
        assert back.dossier().missing_since is back.row.missing_since is None

    def test_a_list_that_says_nothing_about_absence_loses_nothing(self, store: Store):
        bring_in(store, simple("A"), simple("B"))
        assert self.vanish(store, ["A"], scope=Scope.PARTIAL).gone == 0

    @pytest.mark.parametrize(
        ("received_to", "gone"), [("Thu 2026-11-19 00:00", 0), ("Fri 2026-11-20 00:00", 1), ("Sat 2026-11-21 00:00", 1)]
    )
    def test_only_what_was_received_within_the_titles_days_can_be_missing(self, store: Store, received_to, gone):
        bring_in(store, simple("A"), simple("B"))
        claim = {"received_from": on("Mon 2026-11-02 00:00"), "received_to": on(received_to)}
        assert self.vanish(store, ["A"], scope=Scope.RECEIVED_BETWEEN, **claim).gone == gone

    def test_an_ended_dossier_is_not_missed(self, store: Store):
        bring_in(store, simple("A"))
        ended = {"status": Status.FINISHED_EARLY, "next_look_at": None}
        store.record([decision(one, **ended) for one in due(store)], now=MONDAY)
        assert self.vanish(store, [], scope=Scope.ALL).gone == 0


class TestSweep:
    def test_what_was_decided_is_stored_and_is_due_again_at_its_moment(self, store: Store):
        bring_in(store, simple("A"))
        recorded = store.record([decision(one) for one in due(store)], now=MONDAY)
        assert (recorded.written, recorded.conflicts) == (1, 0)
        assert due(store, MONDAY) == []
        assert [one.code for one in due(store, TUESDAY)] == ["A"]
        row = store.dossier("A").row
        assert (row.status, row.flags) == (Status.NEAR_DUE, frozenset({Flag.PROVISIONAL, Flag.APOLOGY_MISSED}))
        assert (row.law_due_on, row.apology_by_on) == (on("Thu 2026-11-26 00:00"), on("Wed 2026-11-25 00:00"))
        assert (row.due_at, row.situation, row.officer) == (at("Thu 2026-11-26 17:00"), "s1", "tran-an")

    def test_what_is_new_is_due_at_whatever_day_is_replayed(self, store: Store):
        bring_in(store, simple("A"), now=TUESDAY)
        assert [one.code for one in due(store, at("Fri 2026-11-20 09:30"))] == ["A"]

    def test_every_due_dossier_comes_once_in_a_pass_even_if_it_stays_due(self, store: Store):
        codes = [f"A{number:02}" for number in range(23)]
        bring_in(store, *(simple(code) for code in codes))
        seen = []
        for batch in store.due_batches(MONDAY, size=5):
            seen += [one.code for one in batch]
            store.wake([one.id for one in batch], now=MONDAY)
        assert seen == codes

    def test_a_dossier_that_was_changed_since_it_was_read_stays_due(self, store: Store):
        bring_in(store, simple("A"), simple("B"))
        read = due(store)
        said = Event(
            kind=EventKind.SAID_LATE, happened_at=None, recorded_at=MONDAY, source="tran-an", facts={"reason": "x"}
        )
        store.append_events("A", [said], now=MONDAY)
        recorded = store.record([decision(one) for one in read], now=MONDAY)
        assert (recorded.written, recorded.conflicts) == (1, 1)
        (again,) = due(store)
        assert (again.code, again.dossier.late_answer.reason) == ("A", "x")

    def test_a_decision_is_written_once(self, store: Store):
        bring_in(store, simple("A"))
        decided = [decision(one, notices=(notice(),)) for one in due(store)]
        assert store.record(decided, now=MONDAY).notices == 1
        assert store.record(decided, now=MONDAY).conflicts == 1
        assert len(store.notices_without_mail()) == 1

    @pytest.mark.parametrize("next_look_at", [MONDAY, MONDAY - timedelta(days=1), MONDAY + timedelta(milliseconds=900)])
    def test_a_next_look_that_is_not_later_is_refused(self, store: Store, next_look_at: datetime):
        bring_in(store, simple("A"))
        with pytest.raises(NextLookNotLater, match="must be later"):
            store.record([decision(one, next_look_at=next_look_at) for one in due(store)], now=MONDAY)
        assert len(due(store)) == 1

    def test_a_step_is_told_to_a_person_once_whatever_the_rules_version(self, store: Store):
        bring_in(store, simple("A"))
        store.record([decision(one, notices=(notice(),)) for one in due(store)], now=MONDAY)
        later = [
            decision(one, notices=(notice(), notice(occurrence=2)), rules_version="r2", next_look_at=None)
            for one in due(store, TUESDAY)
        ]
        assert later[0].notices[0] in due(store, TUESDAY)[0].told
        assert store.record(later, now=TUESDAY).notices == 1
        assert store.dossier("A").told == (notice(), notice(occurrence=2))

    def test_a_letter_is_proposed_once_and_closes_itself_when_the_dossier_ends(self, store: Store):
        bring_in(store, simple("A"))
        missed = on("Thu 2026-11-26 00:00")
        first = [decision(one, propose_letter_for=missed) for one in due(store)]
        assert store.record(first, now=MONDAY).letters == 1
        (looked,) = due(store, TUESDAY)
        assert looked.letter == Letter(dossier_code="A", life=1, promised_on=missed, state=LetterState.PROPOSED)
        ended = decision(looked, propose_letter_for=missed, status=Status.FINISHED_LATE, next_look_at=None)
        assert store.record([ended], now=TUESDAY).letters == 0
        assert store.letter_of("A").state is LetterState.VOIDED

    def test_a_failing_dossier_is_parked_as_unknown_for_an_hour(self, store: Store):
        bring_in(store, simple("A"))
        (one,) = due(store)
        in_an_hour = at("Mon 2026-11-23 09:00")
        assert store.park(one.id, one.revision, "beyond the calendar", until=in_an_hour, now=MONDAY)
        assert not store.park(one.id, one.revision, "again", until=in_an_hour, now=MONDAY)
        row = store.dossier("A").row
        assert (row.status, row.parked) == (Status.UNKNOWN, "beyond the calendar")
        (again,) = due(store, in_an_hour)
        store.record([decision(again)], now=in_an_hour)
        assert store.dossier("A").row.parked is None

    def test_situations_are_plain_values_on_both_databases(self, store: Store):
        bring_in(store, simple("A"), simple("B"), simple("C"))
        a, b, _ = due(store)
        store.record([decision(a), decision(b, status=Status.CLOSED, next_look_at=None)], now=MONDAY)
        assert [row for batch in store.situations(batch=1) for row in batch] == [
            (a.id, 1, "s1", 1795395600, "near_due", "2026-11-26", 1795482000, "r1"),
            (b.id + 1, 0, None, 1795395600, None, None, 0, None),
        ]

    def test_a_status_is_restated_only_for_what_was_not_changed(self, store: Store):
        bring_in(store, simple("A"), simple("B"))
        a, b = due(store)
        store.wake([b.id], now=MONDAY)
        restated = [
            Restatus(
                id=one.id,
                revision=one.revision,
                status=Status.OVERDUE,
                flags=frozenset(),
                rules_version="r2",
                next_look_at=TUESDAY,
            )
            for one in (a, b)
        ]
        assert store.restatus(restated, now=MONDAY) == 1
        assert store.counts_by_status() == {Status.OVERDUE: 1, None: 1}


class TestRuleBooks:
    FILES: ClassVar = {"hours.toml": b"[work]\n", "calendar.csv": "ngày,loại\n".encode()}

    def test_an_accepted_rule_book_has_every_open_dossier_looked_at(self, store: Store):
        bring_in(store, simple("A"), simple("B"))
        a, b = due(store)
        store.record([decision(a), decision(b, status=Status.CLOSED, next_look_at=None)], now=MONDAY)
        assert store.rule_book_in_force() is None
        assert store.accept_rule_book("h1", self.FILES, by="admin", reason="first", now=MONDAY)
        assert [one.code for one in due(store)] == ["A"]
        book = store.rule_book_in_force()
        assert (book.hash, book.files, book.accepted_at, book.accepted_by) == ("h1", self.FILES, MONDAY, "admin")

    def test_the_same_rule_book_again_changes_nothing(self, store: Store):
        store.accept_rule_book("h1", self.FILES, by="admin", reason="first", now=MONDAY)
        assert not store.accept_rule_book("h1", self.FILES, by="other", reason="again", now=TUESDAY)
        assert store.rule_book_in_force().accepted_by == "admin"

    def test_an_older_rule_book_may_be_put_in_force_again(self, store: Store):
        for book_hash in ("h1", "h2", "h1"):
            assert store.accept_rule_book(book_hash, self.FILES, by="admin", reason=book_hash, now=MONDAY)
        assert store.rule_book_in_force().hash == "h1"


class TestMail:
    def told(self, store: Store) -> None:
        bring_in(store, simple("A"))
        store.record([decision(one, notices=(notice(),), status=Status.OVERDUE) for one in due(store)], now=MONDAY)

    def test_a_message_carries_its_notices_once(self, store: Store):
        self.told(store)
        (pending,) = store.notices_without_mail()
        assert (pending.dossier_code, pending.life, pending.notice) == ("A", 1, notice())
        assert store.queue_message(message("n1"), notice_ids=[pending.id], rules_version="r1", now=MONDAY)
        assert store.notices_without_mail() == []
        assert not store.queue_message(message("n1"), notice_ids=[pending.id], rules_version="r1", now=MONDAY)
        assert store.outbox_counts() == {OutboxState.PENDING: 1}

    def test_a_digest_leaves_behind_what_it_told(self, store: Store):
        self.told(store)
        (row,) = store.dossiers_for_digest([Status.OVERDUE, Status.NEAR_DUE])
        assert (row.code, row.status, row.division, row.person) == ("A", Status.OVERDUE, "dkkd", PERSON)
        near = notice(step=Step.NEAR_DUE)
        told_now = [ToldNow(dossier_id=row.id, life=row.life, notice=near)]
        assert store.queue_message(message(), told_now=told_now, rules_version="r1", now=MONDAY)
        steps = {
            ToldStep(dossier_id=row.id, life=1, step=step, due_on=on("Thu 2026-11-26 00:00"))
            for step in (Step.OVERDUE, Step.NEAR_DUE)
        }
        assert store.told_steps("tran-an") == steps
        assert store.told_steps("le-binh") == frozenset()
        assert [pending.notice for pending in store.notices_without_mail()] == [notice()]

    def test_the_name_of_the_procedure_comes_from_the_record(self, store: Store):
        bring_in(store, FULL)
        store.record([decision(one) for one in due(store)], now=MONDAY)
        (row,) = store.dossiers_for_digest([Status.NEAR_DUE])
        assert row.procedure_name == "Đăng ký thành lập doanh nghiệp"
        assert store.dossiers_for_digest([Status.OVERDUE]) == []


class TestOutbox:
    LEASE = timedelta(minutes=2)

    def queued(self, store: Store, *keys: str) -> None:
        for key in keys:
            assert store.queue_message(message(key), rules_version="r1", now=MONDAY)

    def test_a_message_is_claimed_by_one_worker_and_sent_with_the_same_bytes(self, store: Store):
        self.queued(store, "one")
        claimed = store.claim_message("w1", now=MONDAY, lease=self.LEASE)
        assert claimed.message.content == "Kính gửi ông An".encode()
        assert (claimed.message.message_id, claimed.message.dated_at) == ("<digest.tran-an.one@dunghen>", MONDAY)
        assert store.claim_message("w2", now=MONDAY, lease=self.LEASE) is None

    def test_content_goes_when_it_was_sent(self, store: Store):
        self.queued(store, "one")
        claimed = store.claim_message("w1", now=MONDAY, lease=self.LEASE)
        sent = Attempt(outcome=Outcome.SENT, detail="250 ok")
        assert store.finish_attempt(claimed, sent, OutboxState.SENT, now=MONDAY)
        (after,) = store.messages([OutboxState.SENT])
        assert (after.content, after.attempts, after.uncertain, after.last_detail) == (b"", 1, 0, "250 ok")
        assert store.claim_message("w1", now=TUESDAY, lease=self.LEASE) is None

    def test_a_lost_lease_writes_nothing(self, store: Store):
        self.queued(store, "one")
        first = store.claim_message("w1", now=MONDAY, lease=self.LEASE)
        later = MONDAY + self.LEASE
        second = store.claim_message("w2", now=later, lease=self.LEASE)
        assert second.message.content == first.message.content
        assert (second.message.attempts, second.message.uncertain) == (1, 1)
        sent = Attempt(outcome=Outcome.SENT)
        assert not store.finish_attempt(first, sent, OutboxState.SENT, now=later)
        assert store.outbox_counts() == {OutboxState.CLAIMED: 1}
        assert store.finish_attempt(second, sent, OutboxState.SENT, now=later)

    def test_a_failed_attempt_waits_for_its_next_moment(self, store: Store):
        self.queued(store, "one")
        claimed = store.claim_message("w1", now=MONDAY, lease=self.LEASE)
        in_a_minute = MONDAY + timedelta(minutes=1)
        lost = Attempt(outcome=Outcome.UNCERTAIN, detail="disconnected")
        store.finish_attempt(claimed, lost, OutboxState.PENDING, next_attempt_at=in_a_minute, now=MONDAY)
        assert store.claim_message("w1", now=MONDAY, lease=self.LEASE) is None
        again = store.claim_message("w1", now=in_a_minute, lease=self.LEASE)
        assert (again.message.attempts, again.message.uncertain) == (1, 1)

    def test_messages_are_withdrawn_unless_they_are_being_sent(self, store: Store):
        self.queued(store, "one", "two")
        claimed = store.claim_message("w1", now=MONDAY, lease=self.LEASE)
        ids = [one.id for one in store.messages()]
        assert store.end_messages(ids, OutboxState.WITHDRAWN, "finished meanwhile", now=MONDAY) == 1
        assert [one.id for one in store.messages([OutboxState.CLAIMED])] == [claimed.message.id]

    def test_the_longest_waiting_are_claimed_first(self, store: Store):
        self.queued(store, "one", "two", "three")
        claims = store.claim_messages("w1", now=MONDAY, lease=self.LEASE, limit=2)
        assert [claim.message.key for claim in claims] == ["one", "two"]


class TestDesk:
    def test_a_letter_is_drafted_with_its_event_and_again_with_a_better_reason(self, store: Store):
        bring_in(store, simple("A"))
        letter = Letter(
            dossier_code="A",
            life=1,
            promised_on=on("Thu 2026-11-26 00:00"),
            state=LetterState.DRAFTED,
            reason="hệ thống lỗi",
            new_date_on=on("Fri 2026-11-27 00:00"),
        )
        drafted = Event(kind=EventKind.LETTER_DRAFTED, happened_at=Moment(MONDAY), recorded_at=MONDAY, source="tran-an")
        store.draft_letter(letter, by="tran-an", events=[drafted], now=MONDAY)
        store.draft_letter(replace(letter, reason="thiếu người"), by="tran-an", now=TUESDAY)
        assert store.letters(LetterState.DRAFTED) == [replace(letter, reason="thiếu người", prints=2)]
        assert store.letters(LetterState.PROPOSED) == []
        assert store.dossier("A").events[-1] == drafted

    def test_an_unknown_code_is_refused(self, store: Store):
        with pytest.raises(UnknownDossier, match="no dossier X"):
            store.append_events("X", [], now=MONDAY)
        assert store.dossier("X") is None


class TestReading:
    def test_a_list_shows_moments_as_the_source_wrote_them(self, store: Store):
        bring_in(store, FULL, simple("B"))
        first, second = store.list_dossiers()
        assert first.received == FULL.received_at
        assert first.appointment == FULL.appointment_at
        assert (second.appointment, second.status, second.flags) == (None, None, frozenset())

    def test_a_list_is_filtered_in_the_database(self, store: Store):
        bring_in(store, simple("A"), simple("B"), simple("C"))
        a, b, _ = due(store)
        store.record([decision(a), decision(b, status=Status.CLOSED, next_look_at=None)], now=MONDAY)

        def codes(**which) -> list[str]:
            return [row.code for row in store.list_dossiers(Filter(**which))]

        assert codes() == ["A", "B", "C"]
        assert codes(is_open=True) == ["A", "C"]
        assert codes(is_open=False) == ["B"]
        assert codes(statuses=[Status.NEAR_DUE, Status.OVERDUE]) == ["A"]
        assert codes(divisions=["dkkd"], codes=["B", "C"]) == ["B"]
        assert codes(officers=["le-binh"]) == []

    def test_a_dossier_is_told_as_it_was_known_then(self, store: Store):
        bring_in(store, simple("A"))
        bring_in(store, simple("A", finished_at=Moment(at("Mon 2026-11-23 15:00"))), now=TUESDAY, sha256="b" * 64)
        loaded = store.dossier("A")
        assert isinstance(loaded.dossier(), Dossier)
        assert loaded.dossier(known_at=MONDAY).finished is None
        assert loaded.dossier(known_at=TUESDAY).finished is not None


class TestWatch:
    def test_the_heartbeat_and_the_newest_moment_are_remembered(self, store: Store):
        assert (store.last_beat(), store.newest_recorded_at()) == (None, None)
        store.beat(now=TUESDAY)
        store.beat(now=MONDAY)
        assert (store.last_beat(), store.newest_recorded_at()) == (MONDAY, TUESDAY)

    def test_small_facts_are_kept(self, store: Store):
        assert store.get_meta("held") is None
        store.set_meta("held", "clock", now=MONDAY)
        store.set_meta("held", "no", now=MONDAY)
        assert store.get_meta("held") == "no"
