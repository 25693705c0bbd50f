"""The child process in which files are read and templates filled in: what it may cost, and what its end costs us."""

import gc
import linecache
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import confined_jobs
import pytest

from monitor.confinement import Broken, Cause, Confined, Limits

PLENTY = Limits(memory_bytes=512 << 20, processor_seconds=30, waiting_seconds=60)
LITTLE = Limits(memory_bytes=256 << 20, processor_seconds=1, waiting_seconds=60)
JOBS = "confined_jobs:do"


@pytest.fixture
def warm() -> Iterator[Confined]:
    """A child that stays between jobs."""
    child = Confined(JOBS, idle_seconds=600)
    yield child
    child.close()


def ask(child: Confined, name: str, argument: object = None, limits: Limits = PLENTY) -> list[tuple[object, ...]]:
    return list(child.answers((name, argument), limits))


def cause_of(child: Confined, name: str, argument: object = None, limits: Limits = LITTLE) -> Cause:
    with pytest.raises(Broken) as broken:
        ask(child, name, argument, limits)
    return broken.value.cause


def lives(pid: object) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_it_answers_in_plain_values_and_what_is_printed_spoils_none(warm: Confined):
    words = ["một", 2, 3.5, None, True, b"\0", ["a", {"b": ("c",)}]]
    assert ask(warm, "repeat", words) == [("word", word) for word in words]


def test_an_answer_that_is_no_plain_value_is_not_taken(warm: Confined):
    assert cause_of(warm, "answer_with_an_object") is Cause.DIED


def test_it_knows_nothing_of_our_surroundings(warm: Confined, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DUNGHEN_PASSWORD", "bí mật")
    [(_, environment)] = ask(warm, "surroundings")
    told = {"PYTHONPATH", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "MALLOC_ARENA_MAX"}
    assert set(environment) <= told | {"LC_CTYPE"}  # which Python itself adds


def test_a_child_does_one_job_unless_it_is_kept(warm: Confined):
    fresh = Confined(JOBS)
    assert ask(fresh, "who") != ask(fresh, "who")
    assert ask(warm, "who") == ask(warm, "who")


def test_each_job_has_the_memory_and_the_time_it_was_given(warm: Confined):
    for limits in (LITTLE, PLENTY, LITTLE):
        [(_, memory, seconds)] = ask(warm, "allowed", limits=limits)
        assert memory == limits.memory_bytes
        assert limits.processor_seconds - 0.5 < seconds <= limits.processor_seconds + 1


@pytest.mark.parametrize(
    ("name", "argument", "cause"),
    [
        ("take", 300, Cause.HUNGRY),
        ("spin", None, Cause.SPENT),
        ("die", signal.SIGKILL, Cause.DIED),
        ("die", signal.SIGSEGV, Cause.DIED),
        ("fail", "sai", Cause.FAILED),
    ],
)
def test_the_end_of_a_child_is_a_named_error_and_the_next_job_is_done(warm: Confined, name, argument, cause):
    [(_, before)] = ask(warm, "who")
    assert cause_of(warm, name, argument) is cause
    assert not lives(before)
    assert ask(warm, "repeat", ["lại"]) == [("word", "lại")]


def test_silence_is_waited_out(warm: Confined):
    assert cause_of(warm, "wait", limits=Limits(memory_bytes=256 << 20, processor_seconds=1, waiting_seconds=0.2)) is (
        Cause.LATE
    )


def test_an_error_of_our_own_code_is_told_with_where_it_was(warm: Confined):
    with pytest.raises(Broken) as broken:
        ask(warm, "fail", "tháng 13")
    assert broken.value.said_last == "ValueError: tháng 13"
    assert "confined_jobs.py" in broken.value.__notes__[0]


def test_code_that_asks_for_it_is_told_of_the_end_of_its_time_where_it_stands(warm: Confined):
    [(_, line)] = ask(warm, "spin_and_tell", limits=LITTLE)
    assert "while True" in linecache.getline(confined_jobs.__file__, line - 1) + linecache.getline(
        confined_jobs.__file__, line
    )


def test_what_was_said_before_the_end_counts(warm: Confined):
    answers = warm.answers(("die", signal.SIGKILL), PLENTY)
    assert next(answers) == ("begun",)
    with pytest.raises(Broken):
        next(answers)


def test_a_child_that_was_killed_between_two_jobs_is_replaced(warm: Confined):
    [(_, pid)] = ask(warm, "who")
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert ask(warm, "repeat", ["lại"]) == [("word", "lại")]


class TestNoChildIsLeft:
    def test_when_the_caller_loses_interest(self, warm: Confined):
        [(_, pid)] = ask(warm, "who")
        answers = warm.answers(("wait", None), PLENTY)
        next(answers)
        answers.close()
        assert not lives(pid)

    def test_when_nobody_holds_it_any_more(self):
        child = Confined(JOBS, idle_seconds=600)
        [(_, pid)] = ask(child, "who")
        del child
        gc.collect()
        assert not lives(pid)

    def test_when_it_has_been_idle(self):
        child = Confined(JOBS, idle_seconds=0.01)
        [(_, pid)] = ask(child, "who")
        child._leisure.join()
        assert not lives(pid)
