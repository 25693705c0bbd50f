"""What the two processes say to each other: a job one way, plain values the other."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from io import BytesIO
from typing import IO, Any, NoReturn

from monitor.intake.batch import ReadLimits

_LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What the reading process is asked for."""

    path: str
    file_name: str
    rule: Mapping[str, Any]  # the fields of a SourceRule, in mappings that can be pickled
    zone: tzinfo
    now: datetime
    known: Mapping[str, bytes]
    batch_size: int
    limits: ReadLimits


class _PlainValues(pickle.Unpickler):
    """Numbers, text and lists: whatever a hostile file makes of the reading process, it cannot name a class here."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"{module}.{name} is no plain value")


def send_job(job: Job, stream: IO[bytes]) -> None:
    """Ask, and say that nothing more will come."""
    pickle.dump(job, stream, protocol=5)
    stream.close()


def receive_job(stream: IO[bytes]) -> Job:
    """The job, from our own parent."""
    job = pickle.load(stream)  # noqa: S301 - the parent is trusted; the other direction is not
    assert isinstance(job, Job)
    return job


def send_answer(answer: tuple[object, ...], stream: IO[bytes]) -> None:
    """One answer, its length before it."""
    pickled = pickle.dumps(answer, protocol=5)
    stream.write(len(pickled).to_bytes(_LENGTH_BYTES, "big"))
    stream.write(pickled)
    stream.flush()


def receive_answer(stream: IO[bytes]) -> tuple[Any, ...] | None:
    """The next answer, or None when the other side fell silent."""
    length = int.from_bytes(stream.read(_LENGTH_BYTES), "big")
    pickled = stream.read(length)
    if not length or len(pickled) < length:
        return None
    answer = _PlainValues(BytesIO(pickled)).load()
    assert isinstance(answer, tuple)
    return answer
