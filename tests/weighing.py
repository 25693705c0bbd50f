"""What the reading process may still use once it has looked at a file; asked in it by tests/test_faults_files.py."""

import resource
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from monitor.intake.batch import ReadLimits
from monitor.intake.child import answer
from monitor.intake.job import Job


def allowed_for(job: tuple[str, ReadLimits]) -> Iterator[tuple[object, ...]]:
    path, limits = job
    asked = Job(
        path=path,
        file_name=Path(path).name,
        rule={"name": "mac-dinh"},
        zone=UTC,
        now=datetime(2026, 11, 23, 1, tzinfo=UTC),
        known={},
        batch_size=100,
        limits=limits,
    )
    assert [said[0] for said in answer(asked)] == ["head", "rows"]
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = resource.getrlimit(resource.RLIMIT_CPU)[0] - used.ru_utime - used.ru_stime
    yield resource.getrlimit(resource.RLIMIT_AS)[0], seconds
