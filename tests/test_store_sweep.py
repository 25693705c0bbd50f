"""What is due, decided, queued and sent, each once."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from stored import FULL, MONDAY, PERSON, TUESDAY, at, bring_in, decision, due, message, notice, on, simple

from monitor.dossier import Event, EventKind
from monitor.ladder import Step
from monitor.letter import Letter, LetterState
from monitor.outbox import Attempt, OutboxState, Outcome
from monitor.status import Flag, Status
from monitor.store import (
    NextLookNotLater,
    Restatus,
    Store,
    ToldNow,
    ToldStep,
    open_store,
)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


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
