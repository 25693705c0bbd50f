"""What tests/test_confinement.py has a child process do."""

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

from monitor.confinement import OutOfTime, time_told


def do(job: tuple[str, object]) -> Iterator[tuple[object, ...]]:
    """One of the functions below by its name, with its argument."""
    name, argument = job
    yield from globals()[name](argument)


def repeat(words: list[object]) -> Iterator[tuple[object, ...]]:
    for word in words:
        print("not an answer")  # noqa: T201  # as a library might
        yield ("word", word)


def who(_: object) -> Iterator[tuple[object, ...]]:
    yield ("pid", os.getpid())


def surroundings(_: object) -> Iterator[tuple[object, ...]]:
    yield ("environment", dict(os.environ))


def allowed(_: object) -> Iterator[tuple[object, ...]]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = resource.getrlimit(resource.RLIMIT_CPU)[0] - used.ru_utime - used.ru_stime
    yield ("allowed", resource.getrlimit(resource.RLIMIT_AS)[0], seconds)


def take(megabytes: int) -> Iterator[tuple[object, ...]]:
    yield ("length", len(bytearray(megabytes << 20)))


def spin(_: object) -> Iterator[tuple[object, ...]]:
    yield ("begun",)
    while True:
        pass


def wait(_: object) -> Iterator[tuple[object, ...]]:
    yield ("begun",)
    signal.pause()


def die(number: int) -> Iterator[tuple[object, ...]]:
    yield ("begun",)
    os.kill(os.getpid(), number)


def spin_and_tell(_: object) -> Iterator[tuple[object, ...]]:
    try:
        with time_told():
            while True:
                pass
    except OutOfTime as problem:
        yield ("line", problem.__traceback__.tb_lineno)


def fail(words: str) -> Iterator[tuple[object, ...]]:
    yield ("begun",)
    raise ValueError(words)


def answer_with_an_object(_: object) -> Iterator[tuple[object, ...]]:
    yield ("path", Path("/etc"))
