"""The reading process: opens one file that nobody has vouched for, with little memory and nothing to answer but values.

It imports as little as it can, since it starts anew for every file: no numpy, no database.
"""

import gc
import hashlib
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from monitor.intake.dates import read_date
from monitor.intake.head import describe, layout_of
from monitor.intake.layout import known_fields, map_columns
from monitor.intake.opening import load, open_table
from monitor.intake.portal import STEP_FIELDS
from monitor.intake.refusals import IntakeError
from monitor.intake.rows import row_reader
from monitor.intake.survey import survey
from monitor.intake.wire import Job, receive_job, send_answer
from monitor.record import SourceRule

_OWN_MEMORY = 256 << 20  # address space of Python, calamine, the known fingerprints and one batch
_MEMORY_PER_BYTE = 8  # of unpacked workbook; measured 2 to 5


def main() -> None:
    """Read a job from standard input and answer on standard output."""
    gc.disable()  # short-lived, and nothing here makes cycles: collecting costs a fifth of the time
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not spoil the answers
    job = receive_job(sys.stdin.buffer)
    try:
        for message in answer(job):
            send_answer(message, answers)
    except IntakeError as refusal:
        send_answer(("refused", type(refusal).__name__, refusal.facts, ""), answers)
    except MemoryError:
        send_answer(("refused", "ReaderStopped", {"reason": "hết bộ nhớ dành cho một tệp"}, ""), answers)
    except BaseException:  # noqa: BLE001 - a panic inside calamine is no Exception; the parent notes what it was
        facts = {"detail": "bộ đọc không hiểu tệp này"}
        send_answer(("refused", "DamagedFile", facts, traceback.format_exc()), answers)


def answer(job: Job) -> Iterator[tuple[object, ...]]:
    """The head, then blocks of rows, unchanged codes and rejections, then the end."""
    _limit(job.limits.memory_bytes, seconds=job.limits.waiting_seconds)
    data = load(Path(job.path), job.limits)
    rule, read = SourceRule(**job.rule), read_date(job.zone)
    fields = known_fields(rule.name, rule.columns)
    table = open_table(
        data,
        job.file_name,
        fields,
        read,
        unpacked_limit=job.limits.unpacked_bytes,
        limit_memory=lambda size: _limit(min(job.limits.memory_bytes, _OWN_MEMORY + _MEMORY_PER_BYTE * size)),
    )
    is_log = table.form == "steps"
    columns = map_columns(table.headers, STEP_FIELDS if is_log else fields, may_stand_in=not is_log)
    seen = survey(table, columns, f"{rule.name}/{layout_of(table, columns)}", job.known)
    rows = row_reader(columns, rule, read, doubts_dates=seen.doubts_dates)
    digest = hashlib.sha256(data).hexdigest()
    yield "head", describe(job, rule, table, columns, seen) | {"sha256": digest}, rows.fields
    for start in range(0, max(len(seen.unchanged), len(seen.rejected)), job.batch_size):
        end = start + job.batch_size
        yield "rows", [], seen.unchanged[start:end], seen.rejected[start:end]
    if seen.chosen:
        for accepted, rejected in rows.read(table, seen, job.batch_size):
            yield "rows", accepted, [], rejected
    yield ("end",)


def _limit(memory_bytes: int, seconds: float | None = None) -> None:
    """What this process may use; beyond it the allocation fails, or the kernel ends the process."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - only POSIX has it

    wanted = {resource.RLIMIT_AS: memory_bytes}
    if seconds is not None:
        wanted[resource.RLIMIT_CPU] = int(seconds) + 1  # ends it also when the parent is gone
    for kind, amount in wanted.items():
        _, most = resource.getrlimit(kind)
        resource.setrlimit(kind, (amount if most == resource.RLIM_INFINITY else min(amount, most), most))


if __name__ == "__main__":
    main()
