"""What may be finished and is not marked so: declared by the officer, confirmed by the head or Văn phòng Sở."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from monitor.conflict import SAME_FACT, whole_day
from monitor.desk.letters import loaded
from monitor.desk.people import ActRefused, NoSuchStaff
from monitor.desk.sheets import CannotTake, SheetColumn, write_sheet
from monitor.dossier import Declaration, Dossier, Event, EventKind
from monitor.handling import Holders
from monitor.history import fold
from monitor.intake import Rejection
from monitor.intake.sheet import SheetRow, read_sheet, read_typed_day
from monitor.intake.text import BadCell
from monitor.organisation import Staff
from monitor.rules import RuleBook
from monitor.status import Flag, Status, signs_of_completion
from monitor.store import Filter, Store
from monitor.sweep import Looked, look

CODE, DONE, RESULT_NO, RESULT_ON = "Mã hồ sơ", "Đã xong? (x)", "Số kết quả", "Ngày kết quả"
COLUMNS = (
    SheetColumn(CODE, 26),
    SheetColumn("Thủ tục", 48),
    SheetColumn("Hạn trả", 12),
    SheetColumn("Dấu hiệu", 34),
    SheetColumn("Phòng", 28),
    SheetColumn("Công chức thụ lý", 24),
    SheetColumn(DONE, 12, is_asked=True),
    SheetColumn(RESULT_NO, 18, is_asked=True),
    SheetColumn(RESULT_ON, 14, is_asked=True),
)
TITLE = "HỒ SƠ CÓ THỂ ĐÃ XONG: ghi x và số, ngày kết quả nếu đã xong; ghi “không” nếu công chức đã báo mà chưa xong"
SIGN_WORDS = {
    Flag.DECLARED_FINISHED: "công chức báo đã xong",
    Flag.END_UNCONFIRMED: "không còn trong danh sách đang giải quyết",
    Flag.FINISH_DATE_MISSING: "nguồn cho thấy đã xong, thiếu ngày kết thúc",
}
_YES, _NO = frozenset({"x", "có", "v", "✓", "xong", "đã xong"}), frozenset({"không", "chưa", "chưa xong"})


def staff_member(rules: RuleBook, id_: str) -> Staff:
    """Who speaks. Raises NoSuchStaff."""
    person = rules.organisation.staff.get(id_)
    if person is None:
        raise NoSuchStaff(id_)
    return person


def may_decide(by: Staff, holders: Holders, store: Store, rules: RuleBook, *, now: datetime) -> bool:
    """Whether somebody is the dossier's head, stands in for the absent head, or is of Văn phòng Sở."""
    head = holders.head or holders.deputy or ""
    return rules.organisation.is_office(by) or by.id in {head, store.absences(from_at=now).substitute_for(head, now)}


def declare_finished(
    store: Store, rules: RuleBook, code: str, *, result_no: str, result_on: date, by: str, now: datetime
) -> bool:
    """The officer says that a dossier is done, with number and date of the result; False when that was said before.

    It then may be finished until the source or the head says so, and nobody is mailed of it as overdue. Somebody of the
    division that handles it may, and Văn phòng Sở. Raises NoSuchDossier, NoSuchStaff, ActRefused.
    """
    found, speaker = loaded(store, code), staff_member(rules, by)
    dossier = found.dossier()
    looked = look(dossier, rules, now=now, data_as_of=found.row.data_as_of)
    holders = looked.holders
    is_of_division = holders.division is not None and speaker.division == holders.division
    if speaker.id != holders.officer and not is_of_division and not rules.organisation.is_office(speaker):
        raise ActRefused(f"{code} is not handled by {by} or their division: its officer or Văn phòng Sở may say so")
    if not looked.assessment.status.is_open:
        raise ActRefused(f"{code} has ended already ({looked.assessment.status}): nothing is left to declare")
    fault = _fault_of_result(dossier, result_no.strip(), result_on, rules, now=now)
    if fault is not None:
        raise ActRefused(f"{code}: {fault[1]}")
    said = dossier.declaration
    if said is not None and (said.result_no, said.result_on) == (result_no.strip(), result_on):
        return False
    facts = {"result_no": result_no.strip(), "result_on": result_on.isoformat()}
    store.append_events(code, [Event(EventKind.FINISH_DECLARED, None, now, by, facts=facts)], now=now)
    return True


def _fault_of_result(
    dossier: Dossier, result_no: str, result_on: date | None, rules: RuleBook, *, now: datetime
) -> tuple[str, str] | None:
    """The column and what is wrong in it, in the words of whoever filled it in."""
    if not result_no:
        return RESULT_NO, "thiếu số kết quả: ghi số của văn bản, giấy phép đã ban hành"
    if result_on is None:
        return RESULT_ON, "thiếu ngày kết quả: ghi ngày dạng dd/MM/yyyy"
    if result_on > now.astimezone(rules.calendar.clock.zone).date():
        return RESULT_ON, f"ngày kết quả {result_on:%d/%m/%Y} ở tương lai: ghi ngày đã ban hành"
    if dossier.received is not None and result_on < dossier.received.on:
        return RESULT_ON, f"ngày kết quả {result_on:%d/%m/%Y} trước ngày nhận {dossier.received.on:%d/%m/%Y}"
    return None


@dataclass(frozen=True, slots=True)
class MayBeFinished:
    """A dossier that waits for somebody to say whether it is finished."""

    code: str
    procedure: str
    due_on: date | None
    signs: frozenset[Flag]
    division: str | None
    officer: str | None
    declaration: Declaration | None


def possibly_finished(
    store: Store, rules: RuleBook, *, divisions: Collection[str] = (), now: datetime
) -> Iterator[MayBeFinished]:
    """The dossiers that may be finished as things stand at `now`, of all divisions or of these ids."""
    for row, events in store.with_events(Filter(is_open=True)):
        dossier = fold(row.code, events)
        signs = signs_of_completion(dossier)
        if dossier.finished is not None or not signs:
            continue
        looked = look(dossier, rules, now=now, data_as_of=row.data_as_of)
        holders = looked.holders
        if looked.assessment.status is Status.POSSIBLY_FINISHED and (not divisions or holders.division in divisions):
            name = looked.procedure.name if looked.procedure else dossier.procedure_name
            due_on = looked.deadline.due_on
            yield MayBeFinished(
                row.code, name or "", due_on, signs, holders.division, holders.officer, dossier.declaration
            )


def write_possibly_finished(path: Path, waiting: Sequence[MayBeFinished], rules: RuleBook) -> None:
    """The list for officer and head: no citizen is named; what the officer declared stands there to be confirmed."""
    write_sheet(path, TITLE, COLUMNS, [_cells(one, rules) for one in waiting])


def _cells(one: MayBeFinished, rules: RuleBook) -> tuple[str, ...]:
    division = rules.organisation.divisions.get(one.division or "")
    officer = rules.organisation.staff.get(one.officer or "")
    declared = one.declaration
    return (
        one.code,
        one.procedure,
        f"{one.due_on:%d/%m/%Y}" if one.due_on else "",
        "; ".join(words for sign, words in SIGN_WORDS.items() if sign in one.signs),
        division.name if division else "",
        officer.name if officer else "",
        "",
        declared.result_no if declared else "",
        f"{declared.result_on:%d/%m/%Y}" if declared else "",
    )


@dataclass(slots=True)
class Confirmation:
    """What came of a list that was handed back."""

    confirmed: list[str] = field(default_factory=list)  # codes
    not_finished: list[str] = field(default_factory=list)  # of which the declaration no longer holds
    said_before: list[str] = field(default_factory=list)
    unanswered: int = 0
    rejected: list[Rejection] = field(default_factory=list)


def confirm_finished(
    store: Store, rules: RuleBook, file: Path, *, by: str, now: datetime, dry_run: bool = False
) -> Confirmation:
    """Take the list back: what is marked is finished as of the day of its result, each with who said so and by what.

    The head of the dossier's division or Văn phòng Sở may. What cannot be taken is named with its cell and the cause,
    and the rest goes on; the same list once more changes nothing. Raises IntakeError, NoSuchStaff, ActRefused.
    """
    speaker = staff_member(rules, by)
    if not rules.organisation.is_office(speaker) and not _heads_something(speaker, store, rules, now=now):
        raise ActRefused(f"{by} heads no division: only a head of division or Văn phòng Sở confirms what is finished")
    done, events, rows = Confirmation(), dict[str, list[Event]](), dict[str, int]()
    for row in read_sheet(file, (CODE, DONE, RESULT_NO, RESULT_ON)):
        code = row.cells[CODE]
        if code in rows:
            done.rejected.append(Rejection(row.number, CODE, code, f"mã này đã có ở dòng {rows[code]}: giữ một dòng"))
            continue
        rows[code] = row.number
        event = _Answer(row, speaker, file.name, store, rules, now).taken(done)
        if event is not None:
            events[code] = [event]
    if events and not dry_run:
        store.append_events_of(events, now=now)
    return done


def _heads_something(by: Staff, store: Store, rules: RuleBook, *, now: datetime) -> bool:
    absences = store.absences(from_at=now)
    heads = {division.head for division in rules.organisation.divisions.values()}
    return by.id in heads | {absences.substitute_for(head, now) for head in heads}


@dataclass(frozen=True, slots=True)
class _Answer:
    """One row that was handed back, and all that decides whether it can be taken."""

    row: SheetRow
    by: Staff
    file: str
    store: Store
    rules: RuleBook
    now: datetime

    def taken(self, done: Confirmation) -> Event | None:
        """The event that the row makes, counted where it belongs; without one, nothing is to be written."""
        try:
            return self._taken(done)
        except CannotTake as problem:
            done.rejected.append(problem.of(self.row))
            return None

    def _taken(self, done: Confirmation) -> Event | None:
        code, mark = self.row.cells[CODE], self.row.cells[DONE].casefold()
        if not mark:
            done.unanswered += 1
            return None
        if mark not in _YES | _NO:
            raise CannotTake(DONE, "ghi x nếu đã xong, “không” nếu chưa xong, hoặc để trống")
        found = self.store.dossier(code)
        if found is None:
            raise CannotTake(CODE, "không có hồ sơ này: giữ nguyên mã như trong danh sách đã xuất")
        dossier = found.dossier()
        looked = look(dossier, self.rules, now=self.now, data_as_of=found.row.data_as_of)
        if not may_decide(self.by, looked.holders, self.store, self.rules, now=self.now):
            raise CannotTake(CODE, "hồ sơ của phòng khác: trưởng phòng đó hoặc Văn phòng Sở xác nhận")
        return self._confirmed(dossier, looked, done) if mark in _YES else self._denied(dossier, done)

    def _confirmed(self, dossier: Dossier, looked: Looked, done: Confirmation) -> Event | None:
        result_no, result_on = self.row.cells[RESULT_NO], self._result_on()
        fault = _fault_of_result(dossier, result_no, result_on, self.rules, now=self.now)
        if fault is not None:
            raise CannotTake(*fault)
        assert result_on is not None, "its absence is a fault"
        if dossier.finished is not None:
            self._refuse_another_day(dossier.finished.on, result_on)
            done.said_before.append(dossier.code)
            return None
        if looked.assessment.status is not Status.POSSIBLY_FINISHED:
            raise CannotTake(CODE, "nay không còn dấu hiệu đã xong: công chức báo đã xong trước, rồi xác nhận")
        done.confirmed.append(dossier.code)
        facts = {"result_no": result_no, "ground": f"xác nhận theo tệp {self.file}, dòng {self.row.number}"}
        return Event(EventKind.FINISHED, whole_day(result_on), self.now, self.by.id, facts=facts)

    def _result_on(self) -> date | None:
        try:
            return read_typed_day(self.row.cells[RESULT_ON])
        except BadCell as problem:
            raise CannotTake(RESULT_ON, problem.cause) from None

    def _refuse_another_day(self, finished_on: date, result_on: date) -> None:
        if abs(finished_on - result_on) > SAME_FACT:
            cause = f"đã ghi kết thúc ngày {finished_on:%d/%m/%Y}: nếu ngày đó sai thì sửa ở hệ thống nguồn"
            raise CannotTake(RESULT_ON, cause)

    def _denied(self, dossier: Dossier, done: Confirmation) -> Event | None:
        """Only what the officer has said can be taken back here; a sign in the source is the source's to correct."""
        if dossier.declaration is not None:
            done.not_finished.append(dossier.code)
            facts = {"ground": f"chưa xong, theo tệp {self.file}, dòng {self.row.number}"}
            return Event(EventKind.FINISH_DECLARED, None, self.now, self.by.id, facts=facts)
        if dossier.finished is None and signs_of_completion(dossier):
            raise CannotTake(DONE, "dấu hiệu có ở nguồn: sửa trạng thái ở hệ thống nguồn")
        done.said_before.append(dossier.code)
        return None
