"""A file's or a database's way into the store: claimed, read, compared with what is known, recorded, reported."""

import logging
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import cast

from monitor.comparison import Comparison, ImportReport, report_of
from monitor.doubts import doubt_about
from monitor.garbage import no_cycle_collector
from monitor.intake import Batch, FileHead, IntakeError, Rejection, file_digest, read_file
from monitor.intake.query import LAYOUT as QUERY_LAYOUT
from monitor.intake.query import Part, decode_mark, encode_mark, read_query
from monitor.intake.reader import find_source
from monitor.intake.refusals import FileMissing, SourceUnknown
from monitor.rules import RuleBook
from monitor.source import Scope, SourceRule
from monitor.store import AlreadyImported, Begun, RejectedRow, Store
from monitor.working_time import LOCAL_ZONE

log = logging.getLogger(__name__)
BATCH_SIZE = 10_000  # rows a transaction
# A step log does not say what is finished: it makes no dossier fresher, which could confirm a lateness.
NO_FRESHER = datetime(1970, 1, 1, tzinfo=UTC)


def import_file(
    path: Path,
    store: Store,
    rules: RuleBook,
    *,
    now: datetime,
    accept: bool = False,
    dry_run: bool = False,
    batch_size: int = BATCH_SIZE,
) -> ImportReport:
    """Read a file into the store: good rows go on, bad rows are parked with their cause, a doubtful file is held.

    The same file, or a copy of it under another name, changes nothing. `accept` takes a file that was held; `dry_run`
    reports what would happen. Raises IntakeError when nothing in the file can be read.
    """
    reading = read_file(path, rules.sources, now=now, known=_known_fingerprints(store), batch_size=batch_size)
    with closing(cast(Generator[FileHead | Batch, None, None], reading)) as items:  # its process ends with our interest
        try:
            head = next(items)
        except IntakeError as error:
            if not dry_run:
                _record_refusal(path, error, store, rules, now=now)
            raise
        assert isinstance(head, FileHead), "a file's head comes first"
        comparison = Comparison(path.name, head, store, rules, accept, now)
        doubt = None if accept else doubt_about(head, store.source_state(head.source))
        if dry_run:
            return _rehearsed(comparison, items, doubt)
        begun = _claimed(head, store, is_doubtful=doubt is not None, now=now)
        if isinstance(begun, AlreadyImported):
            return _imported_before(comparison.report, begun, store)
        if doubt is not None:
            return _held(comparison, begun.import_id, doubt)
        return _taken(comparison, items, begun.import_id)


def import_query(source: SourceRule, url: str, store: Store, rules: RuleBook, *, now: datetime) -> ImportReport:
    """Ask a source's database what has changed since the mark that was reached, and take it as a file is taken.

    Where nothing has changed no import is recorded; that the source was asked makes its dossiers fresh all the same.
    Raises IntakeError when the database cannot be read; what was taken before that stays.
    """
    assert source.query is not None, "asked only of sources with a query"
    known, mark = _known_fingerprints(store), store.get_meta(_mark_of(f"{source.name}/{QUERY_LAYOUT}"))
    since = None if mark is None else decode_mark(mark)
    reading = read_query(source, source.query, url, known=known, since=since, now=now)
    with closing(cast(Generator[FileHead | Part, None, None], reading)) as items:
        head = next(items)
        assert isinstance(head, FileHead), "the head comes first"
        comparison = Comparison(head.file_name, head, store, rules, False, now)
        doubt = doubt_about(head, store.source_state(head.source))
        news = next((one for one in items if isinstance(one, Part) and (one.batch.rows or one.batch.rejections)), None)
        if news is None and doubt is None:
            store.confirm_fresh(head.source, head.data_as_of, now=now)
            return comparison.ended()
        begun = _claimed(head, store, is_doubtful=doubt is not None, now=now)
        assert isinstance(begun, Begun), "no two answers bear the same moment"
        if doubt is not None:
            return _held(comparison, begun.import_id, doubt)
        report = _taken(comparison, chain([cast(Part, news)], items), begun.import_id)
    store.confirm_fresh(head.source, head.data_as_of, now=now)
    return report


def _mark_of(source: str) -> str:
    """Under which name it is remembered how far a source was read."""
    return f"mark of {source}"


def _known_fingerprints(store: Store) -> dict[str, bytes]:
    """Of every source: which one a file belongs to is known only once its header has been read."""
    known: dict[str, bytes] = {}
    for source in store.sources():
        known |= store.known_fingerprints(source.name)
    return known


def _claimed(head: FileHead, store: Store, *, is_doubtful: bool, now: datetime) -> Begun | AlreadyImported:
    """A step log may be taken again when rows of it had no dossier yet: these may have come since."""
    return store.begin_import(
        file_name=head.file_name,
        sha256=head.sha256,
        source=head.source,
        scope=head.scope,
        received_from=head.received_from,
        received_to=head.received_to,
        data_as_of=head.data_as_of,
        data_as_of_estimated=head.data_as_of_estimated,
        retry_rejected=head.kind == "steps" and not is_doubtful,
        now=now,
    )


def _held(comparison: Comparison, import_id: int, doubt: str) -> ImportReport:
    report = comparison.report
    report.held, report.cause, report.read, report.import_id = True, doubt, comparison.head.row_count, import_id
    comparison.store.hold_import(import_id, doubt, report=report.kept(), now=comparison.now)
    return report


def _record_refusal(path: Path, error: IntakeError, store: Store, rules: RuleBook, *, now: datetime) -> None:
    """That a file came and cannot be read: whoever answers for its source is told, and it stands among the imports."""
    try:
        sha256 = file_digest(path)
    except FileMissing:
        return
    try:
        source = f"{find_source(path.name, rules.sources).name}/"
    except SourceUnknown:
        source = ""
    begun = store.begin_import(
        file_name=path.name,
        sha256=sha256,
        source=source,
        scope=Scope.PARTIAL,
        data_as_of=now,
        data_as_of_estimated=True,
        now=now,
    )
    if isinstance(begun, Begun):
        _refused(begun.import_id, error, store, ImportReport(file=path.name), now=now)


def _refused(import_id: int, error: IntakeError, store: Store, report: ImportReport, *, now: datetime) -> None:
    """The cause is kept twice: as whoever dropped the file reads it, and without what the file itself says."""
    kept = report.kept() | {"cause": error.loggable}
    store.refuse_import(import_id, str(error), report=kept, now=now)


def _imported_before(report: ImportReport, before: AlreadyImported, store: Store) -> ImportReport:
    """The report of a file that was taken before: every row is unchanged, and what was refused then still is."""
    file = store.import_of(before.import_id)
    assert file is not None, "what was imported before is on file"
    earlier = report_of(file, store.rejections(before.import_id))
    report.already_imported, report.import_id = True, before.import_id
    report.read, report.unchanged = earlier.read, earlier.read - len(earlier.rejected)
    report.rejected, report.findings, report.slips = earlier.rejected, earlier.findings, earlier.slips
    report.matched, report.unmatched = earlier.matched, earlier.unmatched
    report.unmatched_names = earlier.unmatched_names
    when = before.finished_at.astimezone(LOCAL_ZONE)
    report.cause = f"Tệp này đã nhập lúc {when:%H:%M %d/%m/%Y} với tên {before.file_name}: không có gì thay đổi."
    return report


def _taken(comparison: Comparison, items: Iterator[FileHead | Batch | Part], import_id: int) -> ImportReport:
    head, store, now = comparison.head, comparison.store, comparison.now
    try:
        with no_cycle_collector():
            for item in items:
                assert not isinstance(item, FileHead), "only the first item is a head"
                batch = item.batch if isinstance(item, Part) else item
                changes = comparison.changes(batch, import_id)  # which may add to the rejections
                store.write_batch(
                    import_id,
                    source=head.source,
                    data_as_of=head.data_as_of if head.kind == "dossiers" else NO_FRESHER,
                    changes=changes,
                    unchanged_codes=batch.unchanged,
                    unread_codes=[one.code for one in batch.rejections if one.code],
                    rejections=[_rejected_row(one) for one in batch.rejections],
                    now=now,
                )
                if isinstance(item, Part):  # after its rows: what is read twice is only found unchanged
                    store.set_meta(_mark_of(head.source), encode_mark(item.mark), now=now)
    except IntakeError as error:
        _refused(import_id, error, store, comparison.ended(), now=now)
        raise
    return _finished(comparison, import_id)


def _rejected_row(one: Rejection) -> RejectedRow:
    return RejectedRow(row=one.row, column=one.column, value=one.value, cause=one.cause, code=one.code)


def _finished(comparison: Comparison, import_id: int) -> ImportReport:
    """The whole file has been seen: what is missing from it is known, and the file is accepted."""
    head, store, now, report = comparison.head, comparison.store, comparison.now, comparison.ended()
    report.import_id = import_id
    if head.kind == "dossiers":
        days = {"received_from": head.received_from, "received_to": head.received_to}
        store.vanish(import_id, source=head.source, scope=head.scope, **days, now=now)
    store.finish_import(
        import_id,
        report.tally,
        carried=head.carried,
        columns=head.columns,
        filled=head.filled,
        doubled=head.doubled,
        report=report.kept(),
        now=now,
    )
    log.info(
        "file imported",
        extra={"action": "import", "file": report.file, "new": report.new, "changed": report.changed},
    )
    return report


def _rehearsed(comparison: Comparison, items: Iterator[FileHead | Batch], doubt: str | None) -> ImportReport:
    """What an import would report; nothing is written."""
    for batch in items:
        assert isinstance(batch, Batch), "only the first item is a head"
        comparison.changes(batch, None)
    report = comparison.ended()
    report.held, report.cause = doubt is not None, doubt
    return report
