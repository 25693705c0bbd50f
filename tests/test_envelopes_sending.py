"""From the outbox to the server: sent once, tried again with the same bytes, and given up only for a reason."""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import trustme
from office import row, take, write_list
from official import at, rules
from smtp_server import DROP, HANG, SmtpServer

from monitor.delivery import FolderDelivery, Security, SmtpDelivery, SmtpSettings, Timeouts
from monitor.documents import Documents
from monitor.envelopes import Postmark, compose_overdue
from monitor.outbox import Attempt, OutboxMessage, OutboxState, Outcome
from monitor.sending import LEASE, deliver_due
from monitor.store import Claimed, Store, open_store
from monitor.sweep import sweep

DOCUMENTS = Documents(Path(__file__).parent.parent / "templates")
POSTMARK = Postmark(sender="dung-hen@stc.example")
AT_WORK = "Mon 2026-11-23 07:30"
QUICK = Timeouts(connect=5, command=5, content=5, answer=60)


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    """Four people are to be told of an overdue dossier, from 07:30 on."""
    with open_store(database_url) as opened:
        late = row(received="16/11/2026 09:00", appointment="19/11/2026 17:00")
        take(opened, write_list(tmp_path, "Mon 2026-11-23 07:05", [late]), "Mon 2026-11-23 07:15")
        sweep(opened, rules(), now=at("Mon 2026-11-23 07:15"))
        assert compose_overdue(opened, rules(), DOCUMENTS, POSTMARK, now=at("Mon 2026-11-23 07:15")) == 4
        yield opened


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def smtp(server: SmtpServer, **how: object) -> SmtpDelivery:
    settings = {"security": Security.NONE, "sender": "dung-hen@stc.example", "timeouts": QUICK} | how
    return SmtpDelivery(SmtpSettings(host="127.0.0.1", port=server.port, **settings))


def stands(said: str) -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: at(said)


def send(store: Store, server: SmtpServer, now: str = AT_WORK, **how: object) -> list[OutboxMessage]:
    async def go() -> list[OutboxMessage]:
        async with server:
            return await deliver_due(store, smtp(server, **how), POSTMARK.sender, worker="w", clock=stands(now))

    return asyncio.run(go())


def test_nothing_leaves_before_its_moment(store: Store):
    server = SmtpServer()
    assert send(store, server, "Mon 2026-11-23 07:29") == []
    assert server.connections == 0


def test_each_message_is_sent_once(store: Store):
    server = SmtpServer()
    assert [one.state for one in send(store, server)] == [OutboxState.SENT] * 4
    assert send(store, server, "Mon 2026-11-23 09:00") == []
    assert (len(server.messages), len(set(server.messages))) == (4, 4)
    assert store.outbox_counts() == {OutboxState.SENT: 4}


def test_whoever_is_asked_to_stop_begins_no_further_message(store: Store, tmp_path: Path):
    folder = FolderDelivery(tmp_path / "mail")
    asked = iter([False, True])
    sent = asyncio.run(
        deliver_due(store, folder, POSTMARK.sender, worker="w", clock=stands(AT_WORK), stopping=lambda: next(asked))
    )
    assert len(sent) == 1
    assert store.outbox_counts() == {OutboxState.WRITTEN: 1, OutboxState.PENDING: 3}


def test_the_outcome_of_each_attempt_is_logged_without_a_name(store: Store, caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO"):
        send(store, SmtpServer())
    assert [record.outcome for record in caplog.records if record.getMessage() == "message attempted"] == ["sent"] * 4
    assert all("@stc.example>" not in str(vars(record).get("detail")) for record in caplog.records)


def test_into_the_folder_is_written_and_not_sent(store: Store, tmp_path: Path):
    folder = FolderDelivery(tmp_path / "mail")
    ended = asyncio.run(deliver_due(store, folder, POSTMARK.sender, worker="w", clock=stands(AT_WORK)))
    assert [one.state for one in ended] == [OutboxState.WRITTEN] * 4
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 4


def test_a_temporary_refusal_is_tried_again_with_identical_bytes(store: Store):
    recorded = {one.content for one in store.messages()}
    busy = SmtpServer({"dot": "451 4.3.0 try later"})
    assert {one.state for one in send(store, busy)} == {OutboxState.PENDING}
    assert send(store, busy, "Mon 2026-11-23 07:30") == []
    assert {one.next_attempt_at for one in store.messages()} == {at("Mon 2026-11-23 07:31")}
    well = SmtpServer()
    assert {one.state for one in send(store, well, "Mon 2026-11-23 07:31")} == {OutboxState.SENT}
    assert set(busy.messages) == set(well.messages) == recorded


def test_a_permanent_refusal_of_one_person_fails_that_message_alone(store: Store):
    server = SmtpServer({"RCPT": ["250 ok", "550 5.1.1 no such user", "250 ok"]})
    states = [one.state for one in send(store, server)]
    assert states == [OutboxState.SENT, OutboxState.FAILED, OutboxState.SENT, OutboxState.SENT]
    (failed,) = store.messages([OutboxState.FAILED])
    assert failed.last_detail == "recipient: 550 5.1.1 no such user"
    assert send(store, SmtpServer(), "Wed 2026-11-25 07:30") == []


def test_one_that_may_have_been_delivered_is_counted_and_sent_again_unchanged(store: Store):
    server = SmtpServer({"dot": [DROP, "250 ok"]})
    states = [one.state for one in send(store, server)]
    assert states == [OutboxState.PENDING, OutboxState.SENT, OutboxState.SENT, OutboxState.SENT]
    (lost,) = store.messages([OutboxState.PENDING])
    assert (lost.uncertain, lost.attempts) == (1, 1)
    send(store, server, "Mon 2026-11-23 07:31")
    assert (len(server.messages), len(set(server.messages))) == (5, 4)
    assert server.messages[4] == server.messages[0]


def test_a_server_that_cannot_be_reached_is_met_once_a_pass_and_costs_no_message(store: Store):
    server = SmtpServer({"banner": "421 4.3.2 closing down"})
    assert len(send(store, server)) == 1
    assert server.connections == 1
    assert {one.state for one in send(store, SmtpServer(), "Mon 2026-11-23 07:31")} == {OutboxState.SENT}
    assert store.outbox_counts() == {OutboxState.SENT: 4}


def test_a_message_that_nobody_takes_for_five_days_has_failed(store: Store):
    send(store, SmtpServer({"dot": "451 4.3.0 try later"}), "Mon 2026-11-30 07:30")
    assert store.outbox_counts() == {OutboxState.FAILED: 4}


class TestRefusedPassword:
    LOGIN = {"security": Security.STARTTLS, "username": "dunghen", "password": "sai"}  # noqa: RUF012 - invented

    def server(self, authority: trustme.CA, script: dict[str, str]) -> SmtpServer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        return SmtpServer(script, extensions=("STARTTLS",), certificate=context)

    @pytest.fixture
    def login(self, authority: trustme.CA, tmp_path: Path) -> dict[str, object]:
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        return {**self.LOGIN, "ca_file": tmp_path / "ca.pem"}

    def test_it_stops_everything_for_a_quarter_of_an_hour_also_over_a_restart(
        self, database_url: str, store: Store, authority: trustme.CA, login: dict[str, object]
    ):
        server = self.server(authority, {"AUTH": "535 5.7.8 wrong password"})
        assert [one.state for one in send(store, server, **login)] == [OutboxState.PENDING]
        with open_store(database_url) as restarted:
            assert send(restarted, server, "Mon 2026-11-23 07:44", **login) == []
            assert server.connections == 1
            well = self.server(authority, {})
            assert len(send(restarted, well, "Mon 2026-11-23 07:45", **login)) == 4
        assert store.outbox_counts() == {OutboxState.SENT: 4}

    def test_a_server_that_cannot_be_trusted_is_left_alone_as_well(self, store: Store):
        server = self.server(trustme.CA(), {})
        assert len(send(store, server, **self.LOGIN)) == 1
        assert send(store, server, "Mon 2026-11-23 07:44", **self.LOGIN) == []
        assert server.connections == 1


class TestLease:
    SHORT = timedelta(milliseconds=200)  # of which a quarter passes between two extensions

    def test_it_is_kept_alive_while_a_slow_server_answers(self, store: Store):
        """The clock runs a minute each time it is asked: soon far beyond the first lease."""
        minutes = iter(range(10_000))
        stolen: list[Claimed] = []

        class Watched(Store):
            extensions = 0

            def extend_lease(self, claimed: Claimed, lease_until: datetime, *, now: datetime) -> bool:
                assert lease_until > now
                kept = super().extend_lease(claimed, now + LEASE, now=now)
                others = self.claim_messages("other", now=now, lease=LEASE, limit=9)
                stolen.extend(one for one in others if one.message.id == claimed.message.id)
                Watched.extensions += 1
                if Watched.extensions == 3:
                    server.released.set()
                return kept

        server = SmtpServer({"dot": [HANG, "250 ok"]})

        async def go() -> list[OutboxMessage]:
            def clock() -> datetime:
                return at(AT_WORK) + timedelta(minutes=next(minutes))

            async with server:
                watched = Watched(store._database)
                return await deliver_due(
                    watched, smtp(server), POSTMARK.sender, worker="w", clock=clock, lease=self.SHORT
                )

        assert asyncio.run(go())[0].state is OutboxState.SENT
        assert (Watched.extensions >= 3, stolen) == (True, [])

    def test_who_has_lost_it_writes_nothing(self, store: Store):
        """While the server is slow, another daemon claims the messages and sends them."""
        first = store.claim_message("w", now=at("Mon 2026-11-23 07:30"), lease=LEASE)
        later = at("Mon 2026-11-23 07:40")

        class Slow(FolderDelivery):
            async def deliver(self, to_address: str, content: bytes, sender: str | None = None) -> Attempt:
                for one in store.claim_messages("other", now=later, lease=LEASE, limit=9):
                    store.finish_attempt(one, Attempt(outcome=Outcome.SENT), OutboxState.SENT, now=later)
                assert to_address.endswith(".example")
                assert (content, sender) > (b"", "")
                return Attempt(outcome=Outcome.TEMPORARY, detail="content: lost")

        asyncio.run(deliver_due(store, Slow(Path()), POSTMARK.sender, worker="w", clock=stands("Mon 2026-11-23 07:33")))
        assert store.outbox_counts() == {OutboxState.SENT: 4}
        assert not store.extend_lease(first, later, now=later)
