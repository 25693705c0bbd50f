"""What a file leaves in the store: records, events, what is missing, which rules hold."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, datetime
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stored import DESK, FULL, MONDAY, PERSON, TUESDAY, at, begin, bring_in, change, decision, due, finish, on, simple

from monitor.dossier import Channel, Dossier, Event, EventKind, Moment, SourceStatus
from monitor.history import fold
from monitor.letter import Letter, LetterState
from monitor.record import Person, Record
from monitor.source import Scope
from monitor.status import Status
from monitor.store import (
    AlreadyImported,
    Begun,
    DossierKnownAlready,
    FileTaken,
    Filter,
    ImportState,
    RejectedRow,
    Store,
    UnknownDossier,
    open_store,
    record_json,
)
from monitor.store.record_json import record_from_json, record_to_json
from monitor.store.types import AT_ONCE, from_epoch
from monitor.working_time import LOCAL_ZONE


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


class TestRecord:
    def test_it_is_the_same_after_it_was_written_and_read(self):
        assert record_from_json(record_to_json(FULL), code=FULL.code, person=PERSON) == FULL

    def test_every_field_is_written(self):
        elsewhere = {"code", "person", "has_result_paper", "supplements", "lost"}
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
            received_at=st.none() | st.integers(631_152_000, 2_840_140_800).map(from_epoch).map(Moment),
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


class TestStanding:
    def standing(self, store: Store, known_at: datetime | None = None) -> dict[str, list[EventKind] | None]:
        found = store.standing(known_at=known_at)
        return {row.code: None if events is None else [one.kind for one in events] for row, events in found}

    def test_what_was_recorded_by_then_is_told_and_what_was_not_known_is_left_out(self, store: Store):
        bring_in(store, simple("A"))
        bring_in(store, simple("A", finished_at=Moment(MONDAY)), simple("B"), now=TUESDAY, sha256="b" * 64)
        assert self.standing(store, at("Mon 2026-11-23 07:59")) == {}
        assert self.standing(store, MONDAY) == {"A": [EventKind.RECEIVED]}
        everything = {"A": [EventKind.RECEIVED, EventKind.FINISHED], "B": [EventKind.RECEIVED]}
        assert self.standing(store, TUESDAY) == self.standing(store) == everything

    def test_of_what_was_settled_by_then_the_row_says_it_all(self, store: Store):
        bring_in(store, simple("A"), simple("B"))
        ended = {"status": Status.FINISHED_EARLY, "next_look_at": None}
        store.record([decision(one, **ended) for one in due(store)], now=MONDAY)
        store.append_events("B", [Event(EventKind.COMPLAINT, None, TUESDAY, "van-phong")], now=TUESDAY)
        store.record([decision(one, **ended) for one in due(store, TUESDAY)], now=TUESDAY)
        assert self.standing(store, MONDAY) == {"A": None, "B": [EventKind.RECEIVED]}
        assert self.standing(store) == {"A": None, "B": None}

    def test_a_file_that_was_taken_is_remembered_with_what_it_claimed_and_could_not_say(self, store: Store):
        days = {"received_from": on("Mon 2026-11-02 00:00"), "received_to": on("Mon 2026-11-30 00:00")}
        told = {"file_name": "a.csv", "source": DESK, "scope": Scope.RECEIVED_BETWEEN, "data_as_of": MONDAY}
        begun = store.begin_import(sha256="a" * 64, **told, **days, now=TUESDAY)
        unread = [RejectedRow(row=7, column="Ngày nhận", value="sai", cause="no day", code="B")]
        store.write_batch(begun.import_id, source=DESK, data_as_of=MONDAY, changes=(), rejections=unread, now=TUESDAY)
        assert store.files_taken(by=TUESDAY) == [], "not accepted yet"
        finish(store, begun.import_id, now=TUESDAY)
        assert store.rejections(begun.import_id) == unread
        assert store.files_taken(by=MONDAY) == []
        assert store.files_taken(by=TUESDAY) == [
            FileTaken(begun.import_id, DESK, Scope.RECEIVED_BETWEEN, *days.values(), MONDAY, TUESDAY, frozenset({"B"}))
        ]


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
