"""The rows of a file beside what is known of their dossiers: what changed, and what there is to say about it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitor.dossier import Channel, Moment
from monitor.doubts import guessed_moments
from monitor.intake import Batch, FileHead, ReadRow, Rejection
from monitor.record import Record, Seen, events_between, merged
from monitor.rules import RuleBook
from monitor.source import Scope
from monitor.store import DossierChange, Import, ImportState, Known, RejectedRow, Store, Tally

_WARNINGS: Mapping[str, str] = {
    "odd_code": "có mã lạ, không theo dạng của hệ thống một cửa",
    "odd_procedure_code": "có mã thủ tục lạ: kiểm tra ở hệ thống nguồn",
    "unknown_channel": "có hình thức tiếp nhận chưa hiểu được",
    "unknown_applicant_kind": "có loại đối tượng chưa hiểu được: khai báo trong rules/sources",
}
SAMPLE_MARK = "mẫu"  # in the code of every invented dossier
NO_PROCEDURE = "(không ghi thủ tục)"
COMMONEST = 10  # of the procedures that the catalogue does not know (practice A6)
_LONGEST_NAME = 200


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
    refused: bool = False  # nothing in it can be read
    cause: str | None = None  # why it is held, or that it was imported before; and what to do
    findings: list[str] = field(default_factory=list)
    matched: int = 0  # of the rows that were read anew, those whose procedure the catalogue knows
    unmatched: int = 0  # and those whose it does not
    unmatched_names: Counter[str] = field(default_factory=Counter)  # procedure as written -> rows
    slips: list[str] = field(default_factory=list)  # what many slips of the source have in common (practice B12)
    already_imported: bool = False
    import_id: int | None = None  # None: nothing was recorded

    @property
    def tally(self) -> Tally:
        """The counts alone."""
        return Tally(
            read=self.read, new=self.new, changed=self.changed, unchanged=self.unchanged, rejected=len(self.rejected)
        )

    @property
    def matched_share(self) -> float | None:
        """The share of the rows that were read anew whose procedure is known; None where none was."""
        looked_up = self.matched + self.unmatched
        return self.matched / looked_up if looked_up else None

    @property
    def commonest_unmatched(self) -> list[tuple[str, int]]:
        """The procedures that the catalogue knows least of, the commonest first."""
        return sorted(self.unmatched_names.items(), key=lambda one: (-one[1], one[0]))[:COMMONEST]

    def kept(self) -> dict[str, Any]:
        """What is kept of the report beside the counts and the rejected rows of its import; nobody is named in it."""
        return {
            "read": self.read,
            "findings": self.findings,
            "matched": self.matched,
            "unmatched": self.unmatched,
            "unmatched_names": self.commonest_unmatched,
        }


def report_of(file: Import, rejected: Sequence[RejectedRow]) -> ImportReport:
    """The report of an import as it was when the import ended."""
    kept = file.report or {}
    return ImportReport(
        file=file.file_name,
        source=file.source or None,
        data_as_of=file.data_as_of if file.state is not ImportState.REFUSED else None,
        data_as_of_estimated=file.data_as_of_estimated,
        read=kept.get("read", file.tally.read),
        new=file.tally.new,
        changed=file.tally.changed,
        unchanged=file.tally.unchanged,
        rejected=[Rejection(one.row, one.column, one.value, one.cause) for one in rejected],
        held=file.state is ImportState.HELD,
        refused=file.state is ImportState.REFUSED,
        cause=file.cause,
        findings=list(kept.get("findings", ())),
        matched=kept.get("matched", 0),
        unmatched=kept.get("unmatched", 0),
        unmatched_names=Counter(dict(kept.get("unmatched_names", ()))),
        slips=[text for _, text in kept.get("slips", ())],
        import_id=file.id,
    )


class Comparison:
    """The rows of one file beside what is known of their dossiers, counted into the report."""

    def __init__(  # noqa: PLR0917 - what a comparison is between
        self, file: str, head: FileHead, store: Store, rules: RuleBook, is_accepted: bool, now: datetime
    ) -> None:
        self.head, self.store, self.rules, self.now = head, store, rules, now
        self.guessed = {} if head.data_as_of_estimated else guessed_moments(store)
        newer = (one.carried for one in store.sources() if one.data_as_of > head.data_as_of)
        self.said_since = frozenset[str]().union(*newer)  # the fields that newer files have a column for
        self.is_accepted = is_accepted  # by a person, who takes even older words at their face value
        self.report = ImportReport(
            file=file,
            source=head.source,
            data_as_of=head.data_as_of,
            data_as_of_estimated=head.data_as_of_estimated,
            findings=list(head.findings),
        )
        self._warned: Counter[str] = Counter()
        # A file repeats its few procedures under its many receipts.
        self._known_procedures: dict[tuple[str | Channel | Moment | None, ...], bool] = {}

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
            if not self.rules.organisation.is_sample and SAMPLE_MARK in row.record.code.casefold():
                batch.rejections.append(_invented_dossier(row))
                continue
            changes.append(self._counted(self._change(row, last, seen), last))
            if row.warnings:
                self._warned.update(row.warnings)
            if head.kind == "dossiers":
                self._look_up(row.record)
        report.rejected.extend(batch.rejections)
        return changes

    def ended(self) -> ImportReport:
        """The report, once every row was seen."""
        self.report.rejected.sort(key=lambda one: one.row)
        told = ((count, _WARNINGS[name]) for name, count in sorted(self._warned.items()) if name in _WARNINGS)
        self.report.findings += [f"{count} hồ sơ {what}" for count, what in told]
        return self.report

    def _look_up(self, record: Record) -> None:
        """Whether the catalogue knows the procedure; without it there is a promise to watch and no limit."""
        name, code, received = record.procedure_name, record.procedure_code, record.received_at
        asked = (code, name, record.case, record.channel, received)
        if (is_known := self._known_procedures.get(asked)) is None:
            on = received.on if received else self.head.data_as_of.date()
            is_known = self.rules.procedure_for(*asked[:4], on).procedure is not None
            self._known_procedures[asked] = is_known
        if is_known:
            self.report.matched += 1
        else:
            self.report.unmatched += 1
            self.report.unmatched_names[(name or code or NO_PROCEDURE)[:_LONGEST_NAME]] += 1

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
        is_guess = last.data_as_of == self.guessed.get(last.source)
        is_older = self.head.data_as_of < last.data_as_of and not self.is_accepted and not is_guess
        # An older word only adds what nobody has said since: what is known, newer as it is, is laid over it.
        record = merged(row.record, last.record, self.said_since) if is_older else row.record
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


def _invented_dossier(row: ReadRow) -> Rejection:
    """Samples and real dossiers never mix (practice A10)."""
    cause = "Hồ sơ MẪU (hư cấu) không nhập vào nơi triển khai thật: bỏ dòng này, hoặc dùng nơi chạy thử riêng."
    return Rejection(row.row, "Mã hồ sơ", row.record.code, cause)


def _unknown_dossier(row: ReadRow) -> Rejection:
    cause = "Chưa có hồ sơ này; hãy nhập tệp đồng bộ hồ sơ trước, rồi nhập lại tệp tiến độ."
    return Rejection(row.row, "MaHoSo", row.record.code, cause)
