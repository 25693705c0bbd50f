"""One file's way into the store: claimed, read, compared with what is known, recorded, reported."""

import gc
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from monitor.intake import Batch, FileHead, IntakeError, ReadRow, Rejection, file_digest, read_file
from monitor.record import Scope, Seen, events_between, merged
from monitor.rules import RuleBook
from monitor.store import AlreadyImported, DossierChange, Import, Known, RejectedRow, SourceState, Store, Tally
from monitor.working_time import LOCAL_ZONE

log = logging.getLogger(__name__)
LARGEST_DROP = 0.2  # a file with over a fifth fewer rows than the last one is held (formats.md 4)


@dataclass(slots=True)
class ImportReport:
    """What an import did, for whoever dropped the file."""

    file: str
    source: str | None = None
    data_as_of: datetime | None = None
    data_as_of_estimated: bool = False
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    held: bool = False
    cause: str | None = None  # why it is held, or that it was imported before; and what to do
    findings: list[str] = field(default_factory=list)
    already_imported: bool = False

    @property
    def tally(self) -> Tally:
        """The counts alone."""
        return Tally(
            read=self.read, new=self.new, changed=self.changed, unchanged=self.unchanged, rejected=len(self.rejected)
        )


def import_file(
    path: Path, store: Store, rules: RuleBook, *, now: datetime, accept: bool = False, dry_run: bool = False
) -> ImportReport:
    """Read a file into the store: good rows go on, bad rows are parked with their cause, a doubtful file is held.

    The same file, or a copy of it under another name, changes nothing. `accept` takes a file that was held; `dry_run`
    reports what would happen. Raises IntakeError when nothing in the file can be read.
    """
    digest = file_digest(path)
    items = read_file(path, rules.sources, now=now, known=_known_fingerprints(store))
    head = next(items)
    assert isinstance(head, FileHead), "a file's head comes first"
    report = ImportReport(
        file=path.name,
        source=head.source,
        data_as_of=head.data_as_of,
        data_as_of_estimated=head.data_as_of_estimated,
        findings=list(head.findings),
    )
    doubt = None if accept else doubt_about(head, store.source_state(head.source))
    if dry_run:
        return _rehearsed(report, head, items, store, doubt, now=now)
    begun = store.begin_import(
        file_name=path.name,
        sha256=digest,
        source=head.source,
        scope=head.scope,
        data_as_of=head.data_as_of,
        data_as_of_estimated=head.data_as_of_estimated,
        now=now,
    )
    if isinstance(begun, AlreadyImported):
        return _imported_before(report, begun, store)
    if doubt is not None:
        store.hold_import(begun.import_id, doubt, now=now)
        report.held, report.cause, report.read = True, doubt, head.row_count
        return report
    return _taken(report, head, items, begun.import_id, store, now=now)


def _known_fingerprints(store: Store) -> dict[str, bytes]:
    """Of every source: which one a file belongs to is known only once its header has been read."""
    known: dict[str, bytes] = {}
    for source in store.sources():
        known |= store.known_fingerprints(source.name)
    return known


def doubt_about(head: FileHead, last: SourceState | None) -> str | None:
    """Why a file should wait for a person, in their language; None when there is no doubt (practice A1 to A3)."""
    if last is None:
        return None
    if head.data_as_of < last.data_as_of:
        return (
            f"Số liệu của tệp này ({head.data_as_of:%H:%M %d/%m/%Y}) cũ hơn tệp đã nhận gần nhất "
            f"({last.data_as_of:%H:%M %d/%m/%Y}). Hãy xuất lại tệp mới; nếu vẫn muốn nhập, dùng --accept."
        )
    lost = sorted(last.columns[name] for name in set(last.columns) - set(head.columns))
    if lost:
        return (
            f"Tệp không còn cột {', '.join(f'“{header}”' for header in lost)}; các cột chưa dùng đến: "
            f"{', '.join(head.unused_headers) or 'không có'}. Nếu cột chỉ đổi tên, thêm tên mới vào "
            "rules/sources; nếu đúng là đã bỏ, dùng --accept."
        )
    if head.scope in (Scope.ALL, Scope.OPEN) and head.row_count < last.row_count * (1 - LARGEST_DROP):
        return (
            f"Tệp có {head.row_count} hồ sơ, lần trước {last.row_count}: giảm hơn 20 %. Hãy kiểm tra bộ lọc khi xuất; "
            "nếu số liệu đúng, dùng --accept."
        )
    return None


def _imported_before(report: ImportReport, before: AlreadyImported, store: Store) -> ImportReport:
    """The report of a file that was taken before: every row is unchanged, and what was refused then still is."""
    earlier = next((one for one in store.imports(limit=10_000) if one.id == before.import_id), None)
    tally = earlier.tally if isinstance(earlier, Import) else Tally(read=0, new=0, changed=0, unchanged=0, rejected=0)
    report.already_imported = True
    report.read, report.unchanged = tally.read, tally.read - tally.rejected
    report.rejected = [Rejection(one.row, one.column, one.value, one.cause) for one in store.rejections(before.import_id)]
    when = before.finished_at.astimezone(LOCAL_ZONE)
    report.cause = f"Tệp này đã nhập lúc {when:%H:%M %d/%m/%Y} với tên {before.file_name}: không có gì thay đổi."
    return report


def _taken(
    report: ImportReport, head: FileHead, items: Iterator[FileHead | Batch], import_id: int, store: Store, *, now: datetime
) -> ImportReport:
    seen = Seen(source=head.source, recorded_at=now, data_as_of=head.data_as_of, import_id=import_id)
    try:
        for batch in _uncollected(items):
            assert isinstance(batch, Batch), "only the first item is a head"
            changes = _compared(batch, head, store, seen, report)
            store.write_batch(
                import_id,
                source=head.source,
                data_as_of=head.data_as_of,
                changes=changes,
                unchanged_codes=batch.unchanged,
                rejections=[RejectedRow(row=o.row, column=o.column, value=o.value, cause=o.cause) for o in batch.rejections],
                now=now,
            )
    except IntakeError as error:
        store.refuse_import(import_id, str(error), now=now)
        raise
    report.rejected.sort(key=lambda one: one.row)
    if head.kind == "dossiers":
        store.vanish(
            import_id,
            source=head.source,
            scope=head.scope,
            received_from=head.received_from,
            received_to=head.received_to,
            now=now,
        )
    store.finish_import(import_id, report.tally, carried=head.carried, columns=head.columns, now=now)
    log.info(
        "file imported",
        extra={"action": "import", "file": report.file, "new": report.new, "changed": report.changed},
    )
    return report


def _uncollected(items: Iterator[FileHead | Batch]) -> Iterator[FileHead | Batch]:
    """The items, without Python's cycle collector: rows make no cycles, and its walks are a third of an import's time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield from items
    finally:
        if was_enabled:
            gc.enable()


def _rehearsed(
    report: ImportReport,
    head: FileHead,
    items: Iterator[FileHead | Batch],
    store: Store,
    doubt: str | None,
    *,
    now: datetime,
) -> ImportReport:
    seen = Seen(source=head.source, recorded_at=now, data_as_of=head.data_as_of)
    for batch in items:
        assert isinstance(batch, Batch), "only the first item is a head"
        _compared(batch, head, store, seen, report)
    report.held, report.cause = doubt is not None, doubt
    return report


def _compared(batch: Batch, head: FileHead, store: Store, seen: Seen, report: ImportReport) -> list[DossierChange]:
    """What the rows of a batch change, counted into the report."""
    report.read += len(batch.rows) + len(batch.unchanged) + len(batch.rejections)
    known = store.known([row.record.code for row in batch.rows])
    changes = []
    for row in batch.rows:
        last = known.get(row.record.code)
        if last is None and head.kind == "steps":
            batch.rejections.append(_unknown_dossier(row))
            continue
        change = _change(row, last, head, seen)
        if last is None:
            report.new += 1
        elif change.events or change.record != last.record:
            report.changed += 1
        else:
            report.unchanged += 1
        changes.append(change)
    report.unchanged += len(batch.unchanged)
    report.rejected.extend(batch.rejections)
    return changes


def _unknown_dossier(row: ReadRow) -> Rejection:
    return Rejection(
        row.row, "MaHoSo", row.record.code, "Chưa có hồ sơ này; hãy nhập tệp đồng bộ hồ sơ trước, rồi nhập lại tệp tiến độ."
    )


def _change(row: ReadRow, last: Known | None, head: FileHead, seen: Seen) -> DossierChange:
    record = row.record
    events = events_between(last.record if last else None, record, carried=head.carried, seen=seen)
    return DossierChange(
        code=record.code,
        known_id=last.id if last else None,
        record=merged(last.record, record, head.carried) if last else record,
        fingerprint=row.fingerprint,
        events=events,
    )
