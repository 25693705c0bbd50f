"""One message to one person: by SMTP, or into a folder; every attempt ends with a named outcome."""

import asyncio
import os
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Protocol, Self, cast

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from monitor.errors import MonitorError
from monitor.outbox import Attempt, Outcome

# How the detail of an attempt begins when the server turned down who we are or how we came: the same for every
# message, so the caller waits before it tries any other.
AUTH = "auth"
TLS = "tls"

_LINE_END_ALONE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_ADDRESS = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]+")
_ADDRESS_IN_ANSWER = re.compile(r"<[^<>]*>|\S*@\S*")
_LONGEST_DETAIL = 200

START_INPUT = 354
COMPLETED = 250
TOO_BIG = 552
LOGIN_WANTED = (530, 535)


class DeliveryRefused(MonitorError):
    """Settings with which no mail may be sent."""


class Security(StrEnum):
    """How the way to the server is kept private."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"  # a relay inside the office that asks for no password


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait in each phase; after the final dot a server may take its time (RFC 5321, 4.5.3.2)."""

    connect: float = 30
    command: float = 120
    content: float = 180
    answer: float = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """The server that takes our mail. The password is never shown and never sent unencrypted."""

    host: str
    port: int
    security: Security
    sender: str  # the plain address to which bounces go
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None  # the office's own authority, in place of the system's
    timeouts: Timeouts = Timeouts()

    def __post_init__(self) -> None:
        if self.security is Security.NONE and self.username:
            raise DeliveryRefused(
                "a password is never sent unencrypted: set security to starttls or tls, or remove username and password"
            )
        if not _ADDRESS.fullmatch(self.sender):
            raise DeliveryRefused(f"the sender has to be a plain address (dunghen@so.example), not {self.sender!r}")


class Carrier(Protocol):
    """What takes a message away; used as an asynchronous context."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...

    async def deliver(self, to_address: str, content: bytes, sender: str | None = None) -> Attempt:
        """One attempt; `content` travels unchanged."""
        ...


class FolderDelivery:
    """Mail that is written and not sent: a file a message, and the same message twice is one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def deliver(self, to_address: str, content: bytes, sender: str | None = None) -> Attempt:  # noqa: ARG002  # the headers name both
        """Writes the message beside its final name first, so that nobody ever opens half a mail."""
        target = self.path / eml_name(content)
        beside = target.with_suffix(f".{os.getpid()}.part")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target)
        except OSError as problem:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            return Attempt(outcome=Outcome.TEMPORARY, detail=f"folder: {problem.strerror}")
        return Attempt(outcome=Outcome.WRITTEN, detail=target.name)


def eml_name(content: bytes) -> str:
    """A file name that sorts by the message's date and names nobody: "20261123-0715-1f0c….eml"."""
    message = message_from_bytes(content, policy=policy.SMTP)
    dated = message["Date"].datetime if message["Date"] else None
    digest = sha256(str(message["Message-ID"] or "").encode() or content).hexdigest()[:16]
    return f"{dated:%Y%m%d-%H%M}-{digest}.eml" if dated else f"{digest}.eml"


class SmtpDelivery:
    """Mail by SMTP: one recipient a message, one connection for many, each attempt's end told by its phase.

    aiosmtplib raises the same for a connection lost before and after the final dot, so DATA is spoken here: what ends
    before the dot was written cannot have been delivered, what ends after it may have been.
    """

    def __init__(self, settings: SmtpSettings) -> None:
        self.settings = settings
        self._client: SMTP | None = None
        self._one_at_a_time = asyncio.Lock()
        self._context = _trust(settings) if settings.security is not Security.NONE else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        with suppress(SMTPException, OSError):
            await client.quit(timeout=self.settings.timeouts.connect)
        client.close()

    async def deliver(self, to_address: str, content: bytes, sender: str | None = None) -> Attempt:
        """One attempt to hand over a message whose lines end in CRLF, byte for byte."""
        sender = sender or self.settings.sender
        cause = _why_not(to_address, sender, content)
        if cause:
            return Attempt(outcome=Outcome.PERMANENT, detail=cause)
        async with self._one_at_a_time:
            try:
                return await self._attempt(to_address, content, sender)
            except asyncio.CancelledError:
                self._hang_up()
                raise

    async def _attempt(self, to_address: str, content: bytes, sender: str) -> Attempt:
        try:
            client = await self._ready_client()
        except _NotReady as problem:
            return problem.attempt
        try:
            refusal = await self._announce(client, to_address, content, sender)
            if refusal is not None:
                return refusal
            await self._write_content(client, content)
        except SMTPResponseException as answer:
            self._hang_up()
            return Attempt(outcome=Outcome.TEMPORARY, detail=_say("content", answer.code, answer.message))
        except (SMTPException, OSError) as lost:
            self._hang_up()
            return Attempt(outcome=Outcome.TEMPORARY, detail=f"content: {_name(lost)}")
        return await self._hear_answer(client)

    async def _announce(self, client: SMTP, to_address: str, content: bytes, sender: str) -> Attempt | None:
        """Sender, recipient and DATA; the refusal, when one of them is refused."""
        size = [f"SIZE={len(content)}"] if client.supports_extension("size") else []
        try:
            await client.mail(sender, options=size)
            await client.rcpt(to_address)
        except SMTPSenderRefused as refused:
            return _sender_refused(refused.code, refused.message)
        except SMTPRecipientRefused as refused:
            return _by_code("recipient", refused.code, refused.message)
        start = await client.execute_command(b"DATA")
        return None if start.code == START_INPUT else _by_code("content", start.code, start.message)

    async def _write_content(self, client: SMTP, content: bytes) -> None:
        """All bytes and at last the dot; whatever is raised here was raised before the dot."""
        protocol, transport = client.protocol, cast(asyncio.WriteTransport, client.transport)
        if protocol is None or transport is None:
            raise SMTPServerDisconnected("Connection lost")
        stuffed = content.replace(b"\r\n.", b"\r\n..")
        protocol.write(b"." + stuffed if stuffed.startswith(b".") else stuffed)
        async with asyncio.timeout(self.settings.timeouts.content):
            # The dot leaves only when the rest has: a server that stalls half-way then cannot have the whole message.
            while transport.get_write_buffer_size():
                await asyncio.sleep(0.01)
        protocol.write(b".\r\n")

    async def _hear_answer(self, client: SMTP) -> Attempt:
        """The answer to the final dot; silence or a lost connection may be a delivered message."""
        assert client.protocol is not None  # nothing was awaited since the dot was written
        try:
            answer = await client.protocol.read_response(timeout=self.settings.timeouts.answer)
        except (SMTPException, OSError) as lost:
            self._hang_up()
            return Attempt(outcome=Outcome.UNCERTAIN, detail=f"answer: {_name(lost)} after the final dot")
        if answer.code == COMPLETED:
            return Attempt(outcome=Outcome.SENT, detail=_say("answer", answer.code, answer.message))
        return _by_code("answer", answer.code, answer.message)

    async def _ready_client(self) -> SMTP:
        """The open connection when the server still knows it, else a new one."""
        if self._client is not None:
            try:
                await self._client.rset()  # also forgets a refused recipient
                return self._client
            except (SMTPException, OSError):
                self._hang_up()
        try:
            self._client = await self._connect()
        except _NotReady:
            self._hang_up()
            raise
        return self._client

    async def _connect(self) -> SMTP:
        settings, wait = self.settings, self.settings.timeouts
        client = self._client = SMTP(
            hostname=settings.host,
            port=settings.port,
            # The sender's domain, so that no name server is asked for our own name.
            local_hostname=settings.sender.rpartition("@")[2],
            timeout=wait.command,
            use_tls=settings.security is Security.TLS,
            start_tls=False,  # spoken below, where a refusal has its own name
            tls_context=self._context,
        )
        try:
            await client.connect(timeout=wait.connect)
            if settings.security is Security.STARTTLS:
                await self._start_tls(client)
            if settings.username:
                await self._log_in(client, settings.username, settings.password or "")
            else:
                await client.ehlo()
        except SMTPResponseException as answer:
            raise _NotReady(_say("connect", answer.code, answer.message)) from answer
        except ssl.SSLError as problem:
            raise _NotReady(f"{TLS}: {_why_no_trust(problem)}") from problem
        except (SMTPException, OSError) as problem:
            if isinstance(problem.__cause__, ssl.SSLError):
                raise _NotReady(f"{TLS}: {_why_no_trust(problem.__cause__)}") from problem
            raise _NotReady(f"connect: {_name(problem)}") from problem
        return client

    async def _start_tls(self, client: SMTP) -> None:
        """Encryption, or nothing at all: what somebody on the way removed from the greeting is not done without."""
        await client.ehlo()
        if not client.supports_extension("starttls"):
            raise _NotReady(f"{TLS}: the server offers no STARTTLS")
        try:
            await client.starttls(timeout=self.settings.timeouts.connect)
        except SMTPResponseException as answer:
            raise _NotReady(_say(TLS, answer.code, answer.message)) from answer

    async def _log_in(self, client: SMTP, username: str, password: str) -> None:
        """One try by one method: aiosmtplib's own login tries all, and three wrong answers may lock the account."""
        await client.ehlo()
        methods = {"plain": client.auth_plain, "login": client.auth_login, "cram-md5": client.auth_crammd5}
        method = next((methods[name] for name in methods if name in client.server_auth_methods), None)
        if method is None:
            raise _NotReady(f"{AUTH}: the server offers no way to log in that we know")
        try:
            await method(username, password)
        except SMTPAuthenticationError as answer:
            phase = AUTH if answer.code >= 500 else "connect"  # noqa: PLR2004  # SMTP: 5 is for good, 4 for now
            raise _NotReady(_say(phase, answer.code, answer.message)) from answer

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


class _NotReady(Exception):
    """No connection over which to begin; always worth another attempt, for the message is not at fault."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.attempt = Attempt(outcome=Outcome.TEMPORARY, detail=detail)


def _trust(settings: SmtpSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as problem:
        raise DeliveryRefused(f"{settings.ca_file}: no certificates in it ({problem.strerror or problem})") from problem


def _why_not(to_address: str, sender: str, content: bytes) -> str | None:
    """What makes a message unfit to be sent at all."""
    if not _ADDRESS.fullmatch(to_address):
        return "recipient: not an address that SMTP can carry"
    if not _ADDRESS.fullmatch(sender):
        return "sender: not an address that SMTP can carry"
    if not content.endswith(b"\r\n") or _LINE_END_ALONE.search(content):
        return "content: a line does not end in CRLF"
    return None


def _by_code(phase: str, code: int, message: str) -> Attempt:
    """4xx is for now, 5xx for good; an answer that says neither counts as no answer."""
    if code in LOGIN_WANTED:
        return Attempt(outcome=Outcome.TEMPORARY, detail=_say(AUTH, code, message))
    outcome = {4: Outcome.TEMPORARY, 5: Outcome.PERMANENT}.get(code // 100)
    lost = Outcome.UNCERTAIN if phase == "answer" else Outcome.TEMPORARY
    return Attempt(outcome=outcome or lost, detail=_say(phase, code, message))


def _sender_refused(code: int, message: str) -> Attempt:
    """A refused sender is our setting's fault, the same for every message: none is given up for it, unless too big."""
    if code == TOO_BIG or code in LOGIN_WANTED:
        return _by_code("sender", code, message)
    return Attempt(outcome=Outcome.TEMPORARY, detail=_say("sender", code, message))


def _say(phase: str, code: int, message: str) -> str:
    """The server's answer without addresses: servers like to repeat the recipient."""
    words = " ".join(_ADDRESS_IN_ANSWER.sub("…", message).split())
    return f"{phase}: {code} {words}"[:_LONGEST_DETAIL].rstrip()


def _name(problem: BaseException) -> str:
    return "no answer in time" if isinstance(problem, TimeoutError) else type(problem).__name__


def _why_no_trust(problem: ssl.SSLError) -> str:
    return getattr(problem, "verify_message", "") or problem.reason or _name(problem)
