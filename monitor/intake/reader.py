"""Reading a file in a process of its own, whose death or hunger costs the caller nothing but an error."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, tzinfo
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Event, Timer
from types import MappingProxyType
from typing import Any

from monitor.intake import refusals
from monitor.intake.assembly import record_maker
from monitor.intake.batch import Batch, FileHead, ReadLimits, Rejection
from monitor.intake.refusals import FileMissing, IntakeError, ReaderStopped, SourceUnknown
from monitor.intake.wire import Job, receive_answer, send_job
from monitor.record import Scope, SourceRule

DEFAULT_SOURCE = SourceRule(name="mac-dinh")
DEFAULT_LIMITS = ReadLimits()

_NOTHING_KNOWN: Mapping[str, bytes] = MappingProxyType({})
_CHILD = "monitor.intake.child"


def file_digest(path: Path) -> str:
    """The SHA-256 of the file, in hexadecimal."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileMissing(file=path.name, reason=error.strerror or type(error).__name__) from error


def read_file(
    path: Path,
    sources: Sequence[SourceRule],
    *,
    now: datetime,
    known: Mapping[str, bytes] = _NOTHING_KNOWN,
    batch_size: int = 5_000,
    limits: ReadLimits = DEFAULT_LIMITS,
) -> Iterator[FileHead | Batch]:
    """The file's head, then its rows in batches; parsing goes on in another process while the caller works.

    `known` holds the fingerprints by code that earlier files of the same source left; rows equal to theirs are only
    named. Whatever is wrong with the file as a whole is an IntakeError, at the latest before the first batch.
    """
    # The reading process imports this package too, and must not wait for numpy.
    from monitor.working_time import LOCAL_ZONE  # noqa: PLC0415

    rule = find_source(path.name, sources)
    job = Job(
        path=str(path),
        file_name=path.name,
        rule=_plain(rule),
        zone=LOCAL_ZONE,
        now=now,
        known=dict(known),
        batch_size=batch_size,
        limits=limits,
    )
    try:
        yield from _assembled(_answers(job), job, LOCAL_ZONE)
    except IntakeError as refusal:
        raise refusal.in_file(path.name) from refusal.__cause__


def find_source(file_name: str, sources: Sequence[SourceRule]) -> SourceRule:
    """The first source that claims the name; without any source declared, the default one."""
    name = file_name.casefold()
    for source in sources:
        if any(fnmatchcase(name, pattern.casefold()) for pattern in source.files):
            return source
    if sources:
        raise SourceUnknown(file=file_name, sources=", ".join(source.name for source in sources))
    return DEFAULT_SOURCE


def _plain(rule: SourceRule) -> dict[str, Any]:
    """The rule's fields; read-only mappings cannot be pickled."""
    values = {name: getattr(rule, name) for name in SourceRule.__slots__}
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}


def _assembled(answers: Iterator[tuple[Any, ...]], job: Job, zone: tzinfo) -> Iterator[FileHead | Batch]:
    _, head, fields = next(answers)
    yield _head(job, head)
    make = record_maker(fields, zone)
    for _, rows, unchanged, rejected in answers:
        yield Batch(list(map(make, rows)), unchanged, [Rejection(*reasons) for reasons in rejected])


def _head(job: Job, said: Mapping[str, Any]) -> FileHead:
    dates = {name: date.fromisoformat(said[name]) if said[name] else None for name in ("received_from", "received_to")}
    exact = {
        "file_name": job.file_name,
        "source": f"{job.rule['name']}/{said['layout']}",
        "data_as_of": datetime.fromisoformat(said["data_as_of"]).astimezone(job.zone),
        "scope": Scope(said["scope"]),
        "carried": frozenset(said["carried"]),
    }
    return FileHead(**{**said, **dates, **exact})


def _answers(job: Job) -> Iterator[tuple[Any, ...]]:
    """What the reading process says; it does not outlive the caller's interest."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-P", "-m", _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},  # no secrets for whoever reads hostile files
    ) as process:
        try:
            assert process.stdin is not None
            with suppress(BrokenPipeError):  # it died already; the silence that follows says so
                send_job(job, process.stdin)
            while (answer := _receive(process, job.limits.waiting_seconds))[0] != "end":
                yield answer
        finally:
            process.kill()


def _receive(process: subprocess.Popen[bytes], seconds: float) -> tuple[Any, ...]:
    is_late = Event()

    def stop() -> None:
        is_late.set()
        process.kill()

    timer = Timer(seconds, stop)
    timer.start()
    try:
        assert process.stdout is not None
        answer = receive_answer(process.stdout)
    finally:
        timer.cancel()
    if answer is None:
        raise ReaderStopped(reason=f"quá {seconds:g} giây" if is_late.is_set() else "hết bộ nhớ hoặc tệp hỏng")
    if answer[0] == "refused":
        raise refusals.rebuild(*answer[1:])
    return answer
