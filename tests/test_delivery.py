"""A mail is sent, will be sent, cannot be sent, or may have been sent: the office always knows which."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from monitor.delivery import (
    DeliveryRefused,
    FolderDelivery,
    Security,
    SmtpDelivery,
    SmtpSettings,
    Timeouts,
)
from monitor.outbox import Attempt, Outcome
from tests.smtp_server import DROP, HANG, SmtpServer

MAIL = (
    b"From: dunghen@stc.example\r\nTo: ngoc@stc.example\r\nDate: Mon, 23 Nov 2026 07:15:00 +0700\r\n"
    b"Message-ID: <5a1b@stc.example>\r\nSubject: [3]\r\n\r\n"
    b"Ba h=E1=BB=93 s=C6=A1.\r\n.\r\n..hai ch=E1=BA=A5m\r\n. cu=E1=BB=91i\r\n"
)
LONG_MAIL = MAIL + (b"h=E1=BB=93 s=C6=A1 " * 4 + b"\r\n") * 200_000
AT_ONCE = Timeouts(connect=0.2, command=0.2, content=0.2, answer=0.2)
PLAIN = SmtpSettings(host="127.0.0.1", port=0, security=Security.NONE, sender="dunghen@stc.example", timeouts=AT_ONCE)
LOGIN = replace(PLAIN, security=Security.STARTTLS, username="dunghen", password="mat-khau-bi-mat")  # noqa: S106  # invented


def deliver(server: SmtpServer, settings: SmtpSettings = PLAIN, *, mails: tuple[bytes, ...] = (MAIL,)) -> list[Attempt]:
    async def send() -> list[Attempt]:
        async with server, SmtpDelivery(replace(settings, port=server.port)) as delivery:
            return [await delivery.deliver("ngoc@stc.example", mail) for mail in mails]

    return asyncio.run(send())


def outcome(server: SmtpServer, settings: SmtpSettings = PLAIN, mail: bytes = MAIL) -> Outcome:
    [attempt] = deliver(server, settings, mails=(mail,))
    return attempt.outcome


class TestGoodDay:
    def test_what_arrives_is_byte_for_byte_what_was_recorded_also_where_lines_begin_with_dots(self):
        server = SmtpServer()
        assert outcome(server) is Outcome.SENT
        assert server.messages == [MAIL]

    def test_a_dot_at_the_very_beginning_is_kept(self):
        server = SmtpServer()
        deliver(server, mails=(b".A: b\r\n\r\nc\r\n",))
        assert server.messages == [b".A: b\r\n\r\nc\r\n"]

    def test_ten_mails_take_one_connection(self):
        server = SmtpServer()
        attempts = deliver(server, mails=(MAIL,) * 10)
        assert {attempt.outcome for attempt in attempts} == {Outcome.SENT}
        assert server.messages == [MAIL] * 10
        assert server.connections == 1
        assert server.commands[-1] == "QUIT"

    def test_each_mail_has_one_recipient_and_names_its_sender_and_size(self):
        server = SmtpServer()
        deliver(server)
        size = len(MAIL)
        said = [command for command in server.commands if command.startswith(("MAIL", "RCPT"))]
        assert said == [f"MAIL FROM:<dunghen@stc.example> SIZE={size}", "RCPT TO:<ngoc@stc.example>"]

    def test_a_server_that_closed_the_idle_connection_is_met_again(self):
        server = SmtpServer({"RSET": DROP})
        attempts = deliver(server, mails=(MAIL, MAIL))
        assert [attempt.outcome for attempt in attempts] == [Outcome.SENT, Outcome.SENT]
        assert server.connections == 2

    def test_a_server_that_wants_a_new_connection_after_some_mails_gets_one(self):
        server = SmtpServer({"RSET": "421 4.7.0 too many messages on this connection"})
        assert [attempt.outcome for attempt in deliver(server, mails=(MAIL, MAIL))] == [Outcome.SENT, Outcome.SENT]


class TestRefusals:
    @pytest.mark.parametrize(
        ("script", "ends"),
        [
            ({"banner": "421 4.3.2 busy"}, Outcome.TEMPORARY),
            ({"banner": "554 go away"}, Outcome.TEMPORARY),
            ({"RCPT": "451 4.7.1 greylisted, come back"}, Outcome.TEMPORARY),
            ({"RCPT": "550 5.1.1 unknown user"}, Outcome.PERMANENT),
            ({"RCPT": "421 4.3.2 closing"}, Outcome.TEMPORARY),
            ({"MAIL": "452 4.3.1 disk full"}, Outcome.TEMPORARY),
            ({"MAIL": "552 5.3.4 too big"}, Outcome.PERMANENT),
            ({"MAIL": "553 5.7.1 not your address"}, Outcome.TEMPORARY),  # our setting, not this mail
            ({"MAIL": "530 5.7.0 log in first"}, Outcome.TEMPORARY),
            ({"DATA": "451 4.3.0 later"}, Outcome.TEMPORARY),
            ({"DATA": "554 5.5.1 no"}, Outcome.PERMANENT),
            ({"dot": "451 4.3.0 later"}, Outcome.TEMPORARY),
            ({"dot": "421 4.3.2 closing"}, Outcome.TEMPORARY),
            ({"dot": "552 5.3.4 too big"}, Outcome.PERMANENT),
            ({"dot": "554 5.7.1 looks like spam"}, Outcome.PERMANENT),
            ({"dot": "299 what is this"}, Outcome.UNCERTAIN),
        ],
    )
    def test_the_answer_says_whether_to_try_again(self, script: dict[str, str], ends: Outcome):
        assert outcome(SmtpServer(script)) is ends

    def test_the_answer_is_kept_without_the_address_that_it_repeats(self):
        [attempt] = deliver(SmtpServer({"RCPT": "550 5.1.1 <ngoc@stc.example>: ngoc@stc.example is unknown"}))
        assert attempt == Attempt(outcome=Outcome.PERMANENT, detail="recipient: 550 5.1.1 …: … is unknown")

    def test_a_refused_recipient_does_not_keep_the_next_mail_from_its_own(self):
        server = SmtpServer({"RCPT": ["550 5.1.1 unknown", "250 ok"]})
        attempts = deliver(server, mails=(MAIL, MAIL))
        assert [attempt.outcome for attempt in attempts] == [Outcome.PERMANENT, Outcome.SENT]
        assert server.connections == 1

    @pytest.mark.parametrize(
        "address", ["ngoc", "a@b>\r\nDATA", "ngoc@stc.example\n", "ngọc@stc.example", "a b@c.d", ""]
    )
    def test_what_is_no_address_never_reaches_the_server(self, address: str):
        async def send() -> Attempt:
            async with SmtpServer() as server, SmtpDelivery(replace(PLAIN, port=server.port)) as delivery:
                attempt = await delivery.deliver(address, MAIL)
                assert server.connections == 0
                return attempt

        assert asyncio.run(send()).outcome is Outcome.PERMANENT

    @pytest.mark.parametrize(
        "mail", [b"A: b\n\nc\n", b"A: b\r\n\r\nc", b"A: b\r\n\r\nc\n.\nMAIL FROM:<x@y.z>\r\n", b""]
    )
    def test_lines_that_one_server_might_read_as_the_end_of_the_mail_are_not_sent(self, mail: bytes):
        server = SmtpServer()
        assert outcome(server, mail=mail) is Outcome.PERMANENT
        assert server.connections == 0


class TestLostConnections:
    @pytest.mark.parametrize("phase", ["banner", "MAIL", "RCPT", "DATA"])
    @pytest.mark.parametrize("fault", [DROP, HANG])
    def test_before_the_content_nothing_can_have_been_delivered(self, phase: str, fault: str):
        assert outcome(SmtpServer({phase: fault})) is Outcome.TEMPORARY

    @pytest.mark.parametrize("fault", [DROP, HANG])
    def test_half_a_mail_is_no_mail(self, fault: str):
        server = SmtpServer({"body": fault})
        assert outcome(server, mail=LONG_MAIL) is Outcome.TEMPORARY
        assert server.messages == []

    def test_a_short_mail_whose_last_bytes_were_already_on_their_way_is_not_claimed_to_be_undelivered(self):
        server = SmtpServer({"body": DROP})
        assert outcome(server, mail=MAIL + b"x" * 2000 + b"\r\n") is Outcome.UNCERTAIN

    @pytest.mark.parametrize("fault", [DROP, HANG])
    def test_after_the_final_dot_it_may_have_been_delivered(self, fault: str):
        server = SmtpServer({"dot": fault})
        assert outcome(server) is Outcome.UNCERTAIN
        assert server.messages == [MAIL]

    def test_a_retry_after_a_lost_answer_carries_the_same_bytes(self):
        server = SmtpServer({"dot": [DROP, "250 queued"]})
        attempts = deliver(server, mails=(MAIL, MAIL))
        assert [attempt.outcome for attempt in attempts] == [Outcome.UNCERTAIN, Outcome.SENT]
        assert server.messages == [MAIL, MAIL]

    def test_nobody_listens(self):
        async def send() -> Attempt:
            async with SmtpServer() as server:
                port = server.port
            async with SmtpDelivery(replace(PLAIN, port=port)) as delivery:
                return await delivery.deliver("ngoc@stc.example", MAIL)

        assert asyncio.run(send()) == Attempt(outcome=Outcome.TEMPORARY, detail="connect: SMTPConnectError")

    def test_a_host_that_nobody_knows(self):
        settings = replace(PLAIN, host="mail.invalid", port=25, timeouts=replace(AT_ONCE, connect=30))

        async def send() -> Attempt:
            async with SmtpDelivery(settings) as delivery:
                return await delivery.deliver("ngoc@stc.example", MAIL)

        assert asyncio.run(send()).outcome is Outcome.TEMPORARY

    def test_a_daemon_that_is_stopped_while_it_waits_leaves_no_connection_in_the_middle_of_a_mail(self):
        async def send() -> int:
            settings = replace(PLAIN, timeouts=Timeouts())
            async with SmtpServer({"dot": [HANG, "250 queued"]}) as server:
                async with SmtpDelivery(replace(settings, port=server.port)) as delivery:
                    with pytest.raises(TimeoutError):
                        await asyncio.wait_for(delivery.deliver("ngoc@stc.example", MAIL), 0.2)
                    server.released.set()
                    again = await delivery.deliver("ngoc@stc.example", MAIL)
                    assert again.outcome is Outcome.SENT
                return server.connections

        assert asyncio.run(send()) == 2


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA, tmp_path: Path) -> Callable[[SmtpSettings], SmtpSettings]:
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    patient = replace(AT_ONCE, connect=10, command=10, answer=10)
    return lambda settings: replace(settings, ca_file=ca_file, timeouts=patient)


def with_starttls(certificate: ssl.SSLContext, script: dict[str, str] | None = None) -> SmtpServer:
    return SmtpServer(script, certificate=certificate, extensions=("SIZE 10000000", "STARTTLS"))


class TestPrivacy:
    def test_login_after_starttls(self, certificate, trusting):
        server = with_starttls(certificate)
        assert outcome(server, trusting(LOGIN)) is Outcome.SENT
        assert server.messages == [MAIL]
        assert server.commands.index("STARTTLS") < [c.split()[0] for c in server.commands].index("AUTH")

    def test_login_where_everything_is_encrypted_from_the_start(self, certificate, trusting):
        server = SmtpServer(certificate=certificate, tls_from_the_start=True)
        assert outcome(server, trusting(replace(LOGIN, security=Security.TLS))) is Outcome.SENT

    def test_a_server_without_starttls_hears_neither_password_nor_mail(self, trusting):
        server = SmtpServer(extensions=("AUTH PLAIN LOGIN",))
        [attempt] = deliver(server, trusting(LOGIN))
        assert attempt == Attempt(outcome=Outcome.TEMPORARY, detail="tls: the server offers no STARTTLS")
        assert {command.split()[0] for command in server.commands} <= {"EHLO", "QUIT"}

    def test_a_server_that_refuses_starttls_hears_no_password(self, certificate, trusting):
        server = with_starttls(certificate, {"STARTTLS": "454 4.7.0 not now"})
        [attempt] = deliver(server, trusting(LOGIN))
        assert attempt == Attempt(outcome=Outcome.TEMPORARY, detail="tls: 454 4.7.0 not now")
        assert not [command for command in server.commands if command.startswith(("AUTH", "MAIL"))]

    @pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
    def test_a_certificate_that_nobody_vouches_for_is_not_accepted(self, certificate, security: Security):
        server = SmtpServer(
            certificate=certificate,
            extensions=("STARTTLS",),
            tls_from_the_start=security is Security.TLS,
        )
        settings = replace(LOGIN, security=security, timeouts=replace(AT_ONCE, connect=10, command=10))
        [attempt] = deliver(server, settings)
        assert attempt.outcome is Outcome.TEMPORARY
        assert attempt.detail == "tls: unable to get local issuer certificate"
        assert not [command for command in server.commands if command.startswith(("AUTH", "MAIL"))]

    def test_a_certificate_for_another_server_is_not_accepted(self, authority, trusting):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("mail.example").configure_cert(context)
        [attempt] = deliver(with_starttls(context), trusting(LOGIN))
        assert attempt.outcome is Outcome.TEMPORARY
        assert attempt.detail.startswith("tls: ")

    def test_a_wrong_password_is_tried_once_and_named_so_that_the_account_is_not_locked(self, certificate, trusting):
        server = with_starttls(certificate, {"AUTH": "535 5.7.8 wrong"})
        [attempt] = deliver(server, trusting(LOGIN))
        assert attempt == Attempt(outcome=Outcome.TEMPORARY, detail="auth: 535 5.7.8 wrong")
        assert len([command for command in server.commands if command.startswith("AUTH")]) == 1

    def test_a_directory_that_is_down_is_not_taken_for_a_wrong_password(self, certificate, trusting):
        [attempt] = deliver(with_starttls(certificate, {"AUTH": "454 4.7.0 try later"}), trusting(LOGIN))
        assert attempt == Attempt(outcome=Outcome.TEMPORARY, detail="connect: 454 4.7.0 try later")

    def test_settings_that_would_send_the_password_in_the_open_are_refused(self):
        with pytest.raises(DeliveryRefused, match="never sent unencrypted"):
            replace(LOGIN, security=Security.NONE)

    def test_the_password_shows_nowhere(self):
        assert "mat-khau-bi-mat" not in repr(LOGIN)

    def test_a_certificate_file_that_is_not_there_is_named(self, tmp_path: Path):
        with pytest.raises(DeliveryRefused, match=r"so-tai-chinh\.pem"):
            SmtpDelivery(replace(LOGIN, ca_file=tmp_path / "so-tai-chinh.pem"))


class TestFolder:
    def write(self, folder: Path, *mails: bytes) -> list[Attempt]:
        async def write() -> list[Attempt]:
            async with FolderDelivery(folder) as delivery:
                return [await delivery.deliver("ngoc@stc.example", mail) for mail in mails]

        return asyncio.run(write())

    def test_a_mail_written_is_not_a_mail_sent(self, tmp_path: Path):
        [attempt] = self.write(tmp_path / "mail", MAIL)
        assert attempt.outcome is Outcome.WRITTEN
        [file] = (tmp_path / "mail").iterdir()
        assert file.read_bytes() == MAIL

    def test_the_same_mail_twice_is_one_file_that_names_no_person(self, tmp_path: Path):
        self.write(tmp_path, MAIL, MAIL)
        assert [file.name for file in tmp_path.iterdir()] == ["20261123-0715-28c6dc120b6665a6.eml"]

    def test_two_mails_of_one_minute_are_two_files(self, tmp_path: Path):
        self.write(tmp_path, MAIL, MAIL.replace(b"<5a1b@", b"<77c0@"))
        assert len(list(tmp_path.glob("20261123-0715-*.eml"))) == 2

    def test_a_folder_that_cannot_be_written_is_tried_again_later(self, tmp_path: Path):
        (tmp_path / "mail").write_text("a file where the folder should be")
        [attempt] = self.write(tmp_path / "mail", MAIL)
        assert attempt.outcome is Outcome.TEMPORARY
        assert str(tmp_path) not in attempt.detail
