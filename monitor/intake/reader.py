"""Reading a file in a process of its own, whose death or hunger costs the caller nothing but an error."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any

from monitor.confinement import Broken, Cause, Confined, Limits
from monitor.intake import refusals
from monitor.intake.assembly import record_maker
from monitor.intake.batch import Batch, FileHead, ReadLimits, Rejection
from monitor.intake.job import Job
from monitor.intake.refusals import DamagedFile, FileMissing, IntakeError, ReaderStopped, SourceUnknown
from monitor.source import Scope, SourceRule

DEFAULT_SOURCE = SourceRule(name="mac-dinh")
DEFAULT_LIMITS = ReadLimits()

_NOTHING_KNOWN: Mapping[str, bytes] = MappingProxyType({})
_CHILD = "monitor.intake.child:answer"


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
        rule=plain(rule),
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


def plain(rule: SourceRule) -> dict[str, Any]:
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
    seconds = job.limits.waiting_seconds
    limits = Limits(memory_bytes=job.limits.memory_bytes, processor_seconds=math.ceil(seconds), waiting_seconds=seconds)
    try:
        for answer in Confined(_CHILD).answers(job, limits):
            if answer[0] == "refused":
                raise refusals.rebuild(*answer[1:])
            yield answer
    except Broken as broken:
        raise refusal_of(broken, seconds) from broken


def refusal_of(broken: Broken, seconds: float) -> IntakeError:
    """What a reading process that broke says about its file; the traceback is for the log, not for the clerk."""
    if broken.cause is Cause.FAILED:
        return DamagedFile(detail="bộ đọc không hiểu tệp này")
    reasons = {
        Cause.LATE: f"quá {seconds:g} giây",
        Cause.SPENT: "tính toán quá lâu so với cỡ tệp",
        Cause.HUNGRY: "hết bộ nhớ dành cho một tệp",
    }
    return ReaderStopped(reason=reasons.get(broken.cause, "hết bộ nhớ hoặc tệp hỏng"))
