"""One file's way into the store: claimed, read, compared with what is known, recorded, reported."""

import gc
import logging
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import cast

from monitor.intake import Batch, FileHead, IntakeError, ReadRow, Rejection, read_file
from monitor.record import Person, Record, Scope, Seen, events_between, merged
from monitor.rules import RuleBook
from monitor.store import AlreadyImported, Begun, DossierChange, Known, RejectedRow, SourceState, Store, Tally
from monitor.working_time import LOCAL_ZONE

log = logging.getLogger(__name__)
BATCH_SIZE = 5_000  # rows a transaction
_WARNINGS: Mapping[str, str] = {
    "odd_code": "có mã lạ, không theo dạng của hệ thống một cửa",
    "odd_procedure_code": "có mã thủ tục lạ: kiểm tra ở hệ thống nguồn",
    "unknown_channel": "có hình thức tiếp nhận chưa hiểu được",
    "unknown_applicant_kind": "có loại đối tượng chưa hiểu được: khai báo trong rules/sources",
}
_ALL_FIELDS = frozenset(one.name for kind in (Record, Person) for one in fields(kind))


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
        head = next(items)
        assert isinstance(head, FileHead), "a file's head comes first"
        comparison = _Comparison(path.name, head, store, accept, now)
        doubt = None if accept else doubt_about(head, store.source_state(head.source))
        if dry_run:
            return _rehearsed(comparison, items, doubt)
        begun = _claimed(path, head, store, is_doubtful=doubt is not None, now=now)
        if isinstance(begun, AlreadyImported):
            return _imported_before(comparison.report, begun, store)
        if doubt is not None:
            store.hold_import(begun.import_id, doubt, now=now)
            return _held(comparison.report, head, doubt)
        return _taken(comparison, items, begun.import_id)


def _known_fingerprints(store: Store) -> dict[str, bytes]:
    """Of every source: which one a file belongs to is known only once its header has been read."""
    known: dict[str, bytes] = {}
    for source in store.sources():
        known |= store.known_fingerprints(source.name)
    return known


def _claimed(path: Path, head: FileHead, store: Store, *, is_doubtful: bool, now: datetime) -> Begun | AlreadyImported:
    """A step log may be taken again when rows of it had no dossier yet: these may have come since."""
    return store.begin_import(
        file_name=path.name,
        sha256=head.sha256,
        source=head.source,
        scope=head.scope,
        data_as_of=head.data_as_of,
        data_as_of_estimated=head.data_as_of_estimated,
        retry_rejected=head.kind == "steps" and not is_doubtful,
        now=now,
    )


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
    if _has_shrunk(head, last):
        return (
            f"Tệp có {head.row_count} hồ sơ, lần trước {last.row_count}: giảm hơn 20 %. Hãy kiểm tra bộ lọc khi xuất; "
            "nếu số liệu đúng, dùng --accept."
        )
    return None


def _has_shrunk(head: FileHead, last: SourceState) -> bool:
    """Over a fifth fewer rows than the last file that claimed to hold as much.

    A file that has lost its title claims more than the one before, not less, so scopes need not be equal; only a list
    that declares itself narrower than the last one may be shorter.
    """
    is_narrower = head.scope is Scope.RECEIVED_BETWEEN and last.scope is not Scope.RECEIVED_BETWEEN
    if Scope.PARTIAL in (head.scope, last.scope) or is_narrower:
        return False
    return head.row_count * 5 < last.row_count * 4


def _held(report: ImportReport, head: FileHead, doubt: str) -> ImportReport:
    report.held, report.cause, report.read = True, doubt, head.row_count
    return report


def _imported_before(report: ImportReport, before: AlreadyImported, store: Store) -> ImportReport:
    """The report of a file that was taken before: every row is unchanged, and what was refused then still is."""
    tally = store.tally_of(before.import_id)
    report.already_imported = True
    report.read, report.unchanged = tally.read, tally.read - tally.rejected
    rejected = store.rejections(before.import_id)
    report.rejected = [Rejection(one.row, one.column, one.value, one.cause) for one in rejected]
    when = before.finished_at.astimezone(LOCAL_ZONE)
    report.cause = f"Tệp này đã nhập lúc {when:%H:%M %d/%m/%Y} với tên {before.file_name}: không có gì thay đổi."
    return report


def _taken(comparison: "_Comparison", items: Iterator[FileHead | Batch], import_id: int) -> ImportReport:
    head, store, now = comparison.head, comparison.store, comparison.now
    try:
        with _no_cycle_collector():
            for batch in items:
                assert isinstance(batch, Batch), "only the first item is a head"
                changes = comparison.changes(batch, import_id)  # which may add to the rejections
                store.write_batch(
                    import_id,
                    source=head.source,
                    data_as_of=head.data_as_of,
                    changes=changes,
                    unchanged_codes=batch.unchanged,
                    rejections=[_rejected_row(one) for one in batch.rejections],
                    now=now,
                )
    except IntakeError as error:
        store.refuse_import(import_id, str(error), now=now)
        raise
    return _finished(comparison, import_id)


def _rejected_row(one: Rejection) -> RejectedRow:
    return RejectedRow(row=one.row, column=one.column, value=one.value, cause=one.cause)


def _finished(comparison: "_Comparison", import_id: int) -> ImportReport:
    """The whole file has been seen: what is missing from it is known, and the file is accepted."""
    head, store, now, report = comparison.head, comparison.store, comparison.now, comparison.ended()
    if head.kind == "dossiers":
        days = {"received_from": head.received_from, "received_to": head.received_to}
        store.vanish(import_id, source=head.source, scope=head.scope, **days, now=now)
    store.finish_import(import_id, report.tally, carried=head.carried, columns=head.columns, now=now)
    log.info(
        "file imported",
        extra={"action": "import", "file": report.file, "new": report.new, "changed": report.changed},
    )
    return report


@contextmanager
def _no_cycle_collector() -> Iterator[None]:
    """Rows make no cycles, and the walks of Python's cycle collector are a third of an import's time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _rehearsed(comparison: "_Comparison", items: Iterator[FileHead | Batch], doubt: str | None) -> ImportReport:
    """What an import would report; nothing is written."""
    for batch in items:
        assert isinstance(batch, Batch), "only the first item is a head"
        comparison.changes(batch, None)
    report = comparison.ended()
    report.held, report.cause = doubt is not None, doubt
    return report


class _Comparison:
    """The rows of one file beside what is known of their dossiers, counted into the report."""

    def __init__(self, file: str, head: FileHead, store: Store, is_accepted: bool, now: datetime) -> None:
        self.head, self.store, self.now = head, store, now
        self.is_accepted = is_accepted  # by a person, who takes even older words at their face value
        self.report = ImportReport(
            file=file,
            source=head.source,
            data_as_of=head.data_as_of,
            data_as_of_estimated=head.data_as_of_estimated,
            findings=list(head.findings),
        )
        self._warned: Counter[str] = Counter()

    def changes(self, batch: Batch, import_id: int | None) -> list[DossierChange]:
        """What the rows of a batch change; a step of a dossier that nobody has heard of joins the rejections."""
        report, head = self.report, self.head
        report.read += len(batch.rows) + len(batch.unchanged) + len(batch.rejections)
        report.unchanged += len(batch.unchanged)
        seen = Seen(source=head.source, recorded_at=self.now, data_as_of=head.data_as_of, import_id=import_id)
        known = self.store.known([row.record.code for row in batch.rows])
        changes = []
        for row in batch.rows:
            last = known.get(row.record.code)
            if last is None and head.kind == "steps":
                batch.rejections.append(_unknown_dossier(row))
                continue
            changes.append(self._counted(self._change(row, last, seen), last))
            self._warned.update(row.warnings)
        report.rejected.extend(batch.rejections)
        return changes

    def ended(self) -> ImportReport:
        """The report, once every row was seen."""
        self.report.rejected.sort(key=lambda one: one.row)
        told = ((count, _WARNINGS[name]) for name, count in sorted(self._warned.items()) if name in _WARNINGS)
        self.report.findings += [f"{count} hồ sơ {what}" for count, what in told]
        return self.report

    def _counted(self, change: DossierChange, last: Known | None) -> DossierChange:
        if last is None:
            self.report.new += 1
        elif change.events or change.record != last.record:
            self.report.changed += 1
        else:
            self.report.unchanged += 1
        return change

    def _change(self, row: ReadRow, last: Known | None, seen: Seen) -> DossierChange:
        carried = self.head.carried
        if last is None:
            events = events_between(None, row.record, carried=carried, seen=seen)
            return DossierChange(
                code=row.record.code, known_id=None, record=row.record, fingerprint=row.fingerprint, events=events
            )
        is_older = self.head.data_as_of < last.data_as_of and not self.is_accepted
        # An older word only adds what nobody has said: what is known, newer as it is, is laid over it.
        record = merged(row.record, last.record, _ALL_FIELDS) if is_older else row.record
        # A list that says nothing about absence, or an older one, adds to a dossier without taking it over.
        is_guest = last.source != self.head.source and (is_older or self.head.scope is Scope.PARTIAL)
        return DossierChange(
            code=row.record.code,
            known_id=last.id,
            record=merged(last.record, record, carried),
            fingerprint=last.fingerprint if is_guest or is_older else row.fingerprint,
            source=last.source if is_guest else None,
            events=events_between(last.record, record, carried=carried, seen=seen),
        )


def _unknown_dossier(row: ReadRow) -> Rejection:
    cause = "Chưa có hồ sơ này; hãy nhập tệp đồng bộ hồ sơ trước, rồi nhập lại tệp tiến độ."
    return Rejection(row.row, "MaHoSo", row.record.code, cause)
