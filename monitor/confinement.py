"""Our own code where it can do no harm: in a child process, with little memory and time, that answers in plain values.

Files that nobody has vouched for are read there, and templates that an office edits are filled in there.
"""

import math
import os
import pickle
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from io import BytesIO
from threading import Event, Lock, Timer
from typing import IO, Any, NoReturn
from weakref import finalize, ref

from monitor.errors import MonitorError

_LENGTH_BYTES = 8
_SAID, _ENDED, _BROKE = "said", "ended", "broke"
_PROCESSOR_TIME_IS_UP: int | None = getattr(signal, "SIGXCPU", None)  # only POSIX has it
# No secrets for whoever reads hostile files; and numpy, typst and malloc set no address space aside for threads.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may cost."""

    memory_bytes: int  # of address space
    processor_seconds: int  # between this and one more, since the kernel counts whole seconds
    waiting_seconds: float  # for one answer, however little the child works


class Cause(StrEnum):
    """Why a job was not done."""

    LATE = "late"  # nothing was heard in time
    SPENT = "spent"  # the time of the processor is used up
    HUNGRY = "hungry"  # memory was asked for that it may not have
    DIED = "died"  # it ended without a word
    FAILED = "failed"  # an error that our own code there does not explain


class Broken(MonitorError):
    """A job that was not done; its caller says what that means for the file or template."""

    def __init__(self, cause: Cause, trace: str = "") -> None:
        super().__init__(f"a confined job was not done ({cause})")
        self.cause = cause
        self.said_last = trace.strip().rpartition("\n")[2]  # "ValueError: …"
        if trace:
            self.add_note(trace)


class OutOfTime(Exception):
    """The processor's time is used up, said where the code can still tell at which line it is."""


class Confined:
    """A child process for the jobs of one function, "package.module:name", started when the first one comes.

    The function takes a job and yields tuples of plain values. The child is ended after a job that broke, and
    `idle_seconds` after one that did not; the next job starts another.
    """

    def __init__(self, function: str, *, idle_seconds: float = 0.0) -> None:
        self._function = function
        self._idle_seconds = idle_seconds
        self._using = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: finalize[..., Any] | None = None
        self._leisure: Timer | None = None

    def answers(self, job: object, limits: Limits) -> Iterator[tuple[Any, ...]]:
        """What the function says to a job, as it says it. Raises Broken when it does not come to its end."""
        with self._using:
            process = self._started()
            is_done = False
            try:
                assert process.stdin is not None
                with suppress(BrokenPipeError):  # it died already; the silence that follows says so
                    cost = (limits.memory_bytes, limits.processor_seconds)
                    pickle.dump((cost, job), process.stdin, protocol=5)
                    process.stdin.flush()
                while (answer := _receive(process, limits.waiting_seconds)) is not None:
                    yield answer
                is_done = True
            finally:
                self._rest() if is_done else self._stop()

    def close(self) -> None:
        """End the child, if there is one."""
        with self._using:
            self._stop()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._leisure is not None:
            self._leisure.cancel()
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", __name__, self._function],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **_ONE_THREAD},
        )
        self._end = finalize(self, _end, self._process)
        return self._process

    def _rest(self) -> None:
        if not self._idle_seconds:
            self._stop()
            return
        self._leisure = Timer(self._idle_seconds, _close, [ref(self)])  # which must not keep us from being forgotten
        self._leisure.daemon = True
        self._leisure.start()

    def _stop(self) -> None:
        if self._leisure is not None:
            self._leisure.cancel()
        if self._end is not None:
            self._end()
        self._process = self._end = self._leisure = None


def _close(idle: ref[Confined]) -> None:
    if (confined := idle()) is not None:
        confined.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    with suppress(BrokenPipeError), process:  # closes the pipes, one of which may hold what was never read
        pass


def _receive(process: subprocess.Popen[bytes], seconds: float) -> tuple[Any, ...] | None:
    """The next answer, or None after the last one."""
    is_late = Event()

    def stop() -> None:
        is_late.set()
        process.kill()

    timer = Timer(seconds, stop)
    timer.start()
    try:
        assert process.stdout is not None
        kind, *said = _receive_message(process.stdout) or (_BROKE, Cause.DIED, "")
    finally:
        timer.cancel()
    if kind == _SAID:
        return tuple(said)
    if kind == _ENDED:
        return None
    cause, trace = Cause(said[0]), said[1]
    raise Broken(_cause_of_death(process, is_late=is_late.is_set()) if cause is Cause.DIED else cause, trace)


def _cause_of_death(process: subprocess.Popen[bytes], *, is_late: bool) -> Cause:
    if is_late:
        return Cause.LATE
    process.kill()  # it may have closed its mouth and live on
    is_spent = _PROCESSOR_TIME_IS_UP is not None and process.wait() == -_PROCESSOR_TIME_IS_UP
    return Cause.SPENT if is_spent else Cause.DIED


class _PlainValues(pickle.Unpickler):
    """Numbers, text and lists: whatever hostile input makes of the child, it cannot name a class here."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"{module}.{name} is no plain value")


def _receive_message(stream: IO[bytes]) -> tuple[Any, ...] | None:
    """One message, or None when the other side fell silent or speaks no plain values."""
    length = int.from_bytes(stream.read(_LENGTH_BYTES), "big")
    pickled = stream.read(length)
    if not length or len(pickled) < length:
        return None
    try:
        message = _PlainValues(BytesIO(pickled)).load()
    except (pickle.UnpicklingError, EOFError, ValueError):
        return None
    return message if isinstance(message, tuple) else None


def _send_message(stream: IO[bytes], *message: object) -> None:
    """One message, its length before it."""
    pickled = pickle.dumps(message, protocol=5)
    stream.write(len(pickled).to_bytes(_LENGTH_BYTES, "big"))
    stream.write(pickled)
    stream.flush()


def limit_memory(memory_bytes: int) -> None:
    """Let this process have so much address space; beyond it an allocation fails."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - only POSIX has it

        _limit(resource.RLIMIT_AS, memory_bytes)


def limit_processor(seconds: int) -> None:
    """Let this process work so long from now on, or a second more; then the kernel ends it, also without a parent."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - only POSIX has it

        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + seconds)


def _limit(kind: int, amount: int) -> None:
    import resource  # noqa: PLC0415 - only POSIX has it

    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (amount if most == resource.RLIM_INFINITY else min(amount, most), most))


@contextmanager
def time_told() -> Iterator[None]:
    """Within, the end of the processor's time is raised as OutOfTime first; a second later it ends the process."""
    if _PROCESSOR_TIME_IS_UP is None:
        yield
        return
    number = _PROCESSOR_TIME_IS_UP

    def raise_once(*_: object) -> NoReturn:
        signal.signal(number, signal.SIG_DFL)
        raise OutOfTime

    before = signal.signal(number, raise_once)
    try:
        yield
    finally:
        signal.signal(number, before)


def main() -> None:
    """Read jobs from standard input until it ends, and answer on standard output."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not spoil the answers
    module, name = sys.argv[1].split(":")
    function = getattr(import_module(module), name)
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            # The parent is trusted; the other direction is not.
            (memory_bytes, processor_seconds), job = pickle.load(sys.stdin.buffer)  # noqa: S301
            limit_memory(memory_bytes)
            limit_processor(processor_seconds)
            _do(function, job, answers)


def _do(function: Any, job: object, answers: IO[bytes]) -> None:
    try:
        for said in function(job):
            _send_message(answers, _SAID, *said)
    except MemoryError:
        _send_message(answers, _BROKE, Cause.HUNGRY.value, "")
    except BaseException:  # noqa: BLE001 - a panic inside a library is no Exception; the parent notes what it was
        _send_message(answers, _BROKE, Cause.FAILED.value, traceback.format_exc())
    else:
        _send_message(answers, _ENDED)


if __name__ == "__main__":
    main()
