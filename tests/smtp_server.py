"""An SMTP server that behaves as its script says: real sockets, real TLS, and every way to misbehave."""

import asyncio
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Self

DROP = "drop"  # the connection ends without a word
HANG = "hang"  # the connection stays, and nothing is said until the test sets `released`
PERFECT = {
    "banner": "220 mail.example ESMTP",
    "STARTTLS": "220 2.0.0 go on",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 end with a dot",
    "body": "",  # DROP or HANG after the first thousand bytes
    "dot": "250 2.0.0 queued",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


class SmtpServer:
    """Answers from `script`, verb by verb; a list is used up one answer a time, its last answer stays."""

    def __init__(
        self,
        script: Mapping[str, str | list[str]] | None = None,
        *,
        extensions: tuple[str, ...] = ("SIZE 10000000",),
        extensions_in_tls: tuple[str, ...] = ("AUTH PLAIN LOGIN CRAM-MD5",),
        certificate: ssl.SSLContext | None = None,
        tls_from_the_start: bool = False,
    ) -> None:
        self.script = {verb: [said] if isinstance(said, str) else list(said) for verb, said in PERFECT.items()}
        self.script |= {verb: [said] if isinstance(said, str) else list(said) for verb, said in (script or {}).items()}
        self.extensions = extensions
        self.extensions_in_tls = extensions_in_tls
        self.certificate = certificate
        self.tls_from_the_start = tls_from_the_start
        self.port = 0
        self.connections = 0
        self.commands: list[str] = []
        self.messages: list[bytes] = []  # as they travelled, without dot-stuffing and final dot
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self.released = asyncio.Event()
        context = self.certificate if self.tls_from_the_start else None
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        self._talks.clear()  # a server may be used again, in another event loop

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        self.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError, _Dropped, asyncio.CancelledError):
            await self._talk(reader, writer)
        writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._answer("banner", writer)
        in_tls = self.tls_from_the_start
        while line := await reader.readline():
            command = line.decode().rstrip("\r\n")
            verb = command.split(" ")[0].upper()
            self.commands.append(command)
            if verb == "EHLO":
                offered = self.extensions + (self.extensions_in_tls if in_tls else ())
                lines = ["mail.example", *offered]
                said = "".join(f"250{' ' if one is lines[-1] else '-'}{one}\r\n" for one in lines)
                writer.write(said.encode())
                continue
            answer = await self._answer(verb, writer)
            if verb == "STARTTLS" and answer.startswith("220"):
                await writer.start_tls(self.certificate)
                in_tls = True
            if verb == "DATA" and answer.startswith("354"):
                await self._take(reader, writer)
            if verb == "QUIT":
                return

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.script["body"][0]:
            await reader.readexactly(1000)
            writer.transport.pause_reading()
            await self._answer("body", writer)
        text = await reader.readuntil(b"\r\n.\r\n")
        body = text.removesuffix(b".\r\n")
        self.messages.append(re.sub(rb"(?m)^\.", b"", body))
        await self._answer("dot", writer)

    async def _answer(self, verb: str, writer: asyncio.StreamWriter) -> str:
        answers = self.script.get(verb, ["502 5.5.1 unknown"])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer == HANG:
            await self.released.wait()
            answer = PERFECT[verb]
        if answer == DROP:
            raise _Dropped
        writer.write(f"{answer}\r\n".encode())
        await writer.drain()
        return answer


class _Dropped(Exception):
    """The script hangs up here."""
