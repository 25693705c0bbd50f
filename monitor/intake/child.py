"""What the reading process does: opens one file that nobody has vouched for, and says what is in it in plain values.

It imports as little as it can, since it starts anew for every file: no numpy, no database.
"""

import gc
import hashlib
from collections.abc import Iterator
from pathlib import Path

from monitor.confinement import limit_memory, limit_processor
from monitor.intake.dates import read_date
from monitor.intake.head import describe, layout_of
from monitor.intake.job import Job
from monitor.intake.layout import known_fields, map_columns
from monitor.intake.opening import load, open_table
from monitor.intake.portal import STEP_FIELDS
from monitor.intake.refusals import IntakeError
from monitor.intake.rows import row_reader
from monitor.intake.survey import survey
from monitor.source import SourceRule

_OWN_MEMORY = 256 << 20  # address space of Python, calamine, the known fingerprints and one batch
_MEMORY_PER_BYTE = 8  # of unpacked workbook; measured 2 to 5
_BYTES_A_SECOND = 1 << 20  # of unpacked workbook; measured 20 times as many


def answer(job: Job) -> Iterator[tuple[object, ...]]:
    """The head, then blocks of rows, unchanged codes and rejections; or the refusal of the file."""
    gc.disable()  # short-lived, and nothing here makes cycles: collecting costs a fifth of the time
    try:
        yield from _read(job)
    except IntakeError as refusal:
        yield "refused", type(refusal).__name__, refusal.facts


def _read(job: Job) -> Iterator[tuple[object, ...]]:
    data = load(Path(job.path), job.limits)
    rule, read = SourceRule(**job.rule), read_date(job.zone)
    fields = known_fields(rule.name, rule.columns)
    table = open_table(
        data,
        job.file_name,
        fields,
        read,
        unpacked_limit=job.limits.unpacked_bytes,
        expect=lambda size: narrow(job, size),
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


def narrow(job: Job, size: int) -> None:
    """Allow what an honest workbook of this unpacked size costs: one that lies about it is stopped early."""
    limit_memory(min(job.limits.memory_bytes, _OWN_MEMORY + _MEMORY_PER_BYTE * size))
    limit_processor(1 + size // _BYTES_A_SECOND)
