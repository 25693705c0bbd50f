"""A site goes live, and what was there before: taken up, or told from the papers of that time (practice A9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from monitor.conflict import whole_day
from monitor.desk.endings import CODE, staff_member
from monitor.desk.letters import loaded
from monitor.desk.people import ActRefused
from monitor.desk.sheets import CannotTake, SheetColumn, write_sheet
from monitor.dossier import Dossier, Event, EventKind
from monitor.intake import Rejection
from monitor.intake.sheet import SheetRow, read_sheet, read_typed_day
from monitor.intake.text import BadCell
from monitor.organisation import Role, Staff
from monitor.rules import RuleBook, load_rules_from
from monitor.rules.go_live import FILE, write_go_live
from monitor.status import Flag
from monitor.store import Store
from monitor.sweep import flags_of, look

_MAY_SWITCH = frozenset({Role.DIRECTOR, Role.DEPUTY})
_MAY_TELL_OF_LETTERS = frozenset({Role.DESK, Role.CLERK, Role.HEAD})
OLD_ON, NEW_ON, LETTER_NO, LETTER_ON = "Ngày hẹn cũ", "Ngày hẹn mới", "Số văn bản", "Ngày văn bản"
HEADERS = (CODE, OLD_ON, NEW_ON, LETTER_NO, LETTER_ON)
COLUMNS = tuple(SheetColumn(header, 26 if header == CODE else 16, is_asked=True) for header in HEADERS)
TITLE = "VĂN BẢN XIN LỖI, HẸN LẠI ĐÃ BAN HÀNH TRƯỚC KHI THEO DÕI: ngày ghi dd/MM/yyyy, mỗi văn bản một dòng"
BLANK_ROWS = 200


@dataclass(frozen=True, slots=True)
class Switch:
    """The rules of a site that goes live, not in force yet."""

    files: Mapping[str, bytes]
    version: str

    @property
    def document(self) -> bytes:
        """What go_live.toml says."""
        return self.files[FILE]


def prepare_switch(store: Store, rules: RuleBook, *, live_from: date, by: str, now: datetime) -> Switch:
    """The rules in force with the day from which people are mailed; other edits of the folder are not among them.

    The director, a deputy or Văn phòng Sở may; never with invented people, nor for a day that has gone by: nobody was
    told anything on it. Raises NoSuchStaff, ActRefused.
    """
    speaker, organisation = staff_member(rules, by), rules.organisation
    if organisation.is_sample:
        raise ActRefused(
            "the people are still the invented ones: put the office's own into rules/organisation.toml and "
            "rules/staff.csv, set sample = false, accept the rules, and let the trial run before going live"
        )
    if speaker.role not in _MAY_SWITCH and not organisation.is_office(speaker):
        raise ActRefused(f"{by} may not switch the site to live: the director, a deputy or Văn phòng Sở may")
    today = now.astimezone(rules.calendar.clock.zone).date()
    if live_from < today:
        raise ActRefused(f"{live_from} has gone by, and nobody was told anything on it: go live from {today} or later")
    stored = store.rule_book_in_force()
    assert stored is not None, "the rules that were given came from there"
    files = {**stored.files, FILE: write_go_live(live_from, rules.go_live)}
    return Switch(files, load_rules_from(files, is_accepted=True).version)


def take_up(
    store: Store, rules: RuleBook, codes: Sequence[str], *, by: str, reason: str, now: datetime
) -> tuple[str, ...]:
    """Văn phòng Sở takes up dossiers that were late before the site went live; answers those that were taken up now.

    From then on they are told of and apologised for like any other. All or none: raises NoSuchDossier, NoSuchStaff, and
    ActRefused when one of them is no backlog. What was taken up before is left as it is.
    """
    speaker = staff_member(rules, by)
    if not rules.organisation.is_office(speaker):
        raise ActRefused(f"{by} is not of Văn phòng Sở, which alone takes up what was late before the site went live")
    taken = []
    for code in dict.fromkeys(codes):
        found = loaded(store, code)
        dossier = found.dossier()
        if dossier.is_taken_up:
            continue
        looked = look(dossier, rules, now=now, data_as_of=found.row.data_as_of)
        if Flag.BACKLOG not in flags_of(dossier, looked, rules, now=now):
            raise ActRefused(f"{code} is no backlog from before the site went live: nothing of it waits to be taken up")
        taken.append(code)
    facts = {"reason": reason.strip()} if reason.strip() else {}
    event = Event(EventKind.TAKEN_UP, None, now, by, facts=facts)
    if taken:
        store.append_events_of({code: [event] for code in taken}, now=now)
    return tuple(taken)


def write_template(path: Path) -> None:
    """An empty sheet for the letters of before."""
    write_sheet(path, TITLE, COLUMNS, (), blank_rows=BLANK_ROWS)


@dataclass(slots=True)
class Letters:
    """What came of a sheet of letters of before."""

    entered: list[str] = field(default_factory=list)  # codes
    said_before: list[str] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


def enter_earlier(
    store: Store, rules: RuleBook, file: Path, *, by: str, now: datetime, dry_run: bool = False
) -> Letters:
    """Apologies and re-appointments of before the monitor, each with its number, date and row of the sheet.

    Văn phòng Sở, văn thư, the desk or a head may. A row that cannot be taken is named with cell and cause, and the rest
    goes on; the same sheet once more changes nothing. Raises IntakeError, NoSuchStaff, ActRefused.
    """
    speaker = staff_member(rules, by)
    if speaker.role not in _MAY_TELL_OF_LETTERS and not rules.organisation.is_office(speaker):
        raise ActRefused(f"{by} may not enter letters: Văn phòng Sở, văn thư, the one-stop desk or a head may")
    done, events = Letters(), dict[str, list[Event]]()
    today = now.astimezone(rules.calendar.clock.zone).date()
    for row in read_sheet(file, HEADERS):
        code = row.cells[CODE]
        found = store.dossier(code)
        try:
            if found is None:
                raise CannotTake(CODE, "chưa có hồ sơ này: nhập tệp theo dõi có hồ sơ đó trước")
            letter = _letter_in(row, found.dossier(), today)
        except CannotTake as problem:
            done.rejected.append(problem.of(row))
            continue
        event = _issued(letter, row, speaker, file.name, now)
        if any(_is_same(event, one) for one in (*found.events, *events.get(code, ()))):
            done.said_before.append(code)
            continue
        done.entered.append(code)
        events.setdefault(code, []).append(event)
    if events and not dry_run:
        store.append_events_of({code: sorted(told, key=_day_of) for code, told in events.items()}, now=now)
    return done


@dataclass(frozen=True, slots=True)
class _Letter:
    old_on: date
    new_on: date
    number: str
    on: date


def _letter_in(row: SheetRow, dossier: Dossier, today: date) -> _Letter:
    letter = _Letter(_day(row, OLD_ON), _day(row, NEW_ON), row.cells[LETTER_NO], _day(row, LETTER_ON))
    if not letter.number:
        raise CannotTake(LETTER_NO, "thiếu số văn bản: ghi số và ký hiệu, ví dụ 12/PXL-STC")
    if letter.new_on <= letter.old_on:
        raise CannotTake(NEW_ON, f"ngày hẹn mới không sau ngày hẹn cũ {letter.old_on:%d/%m/%Y}")
    if letter.on > today:
        raise CannotTake(LETTER_ON, "ngày văn bản ở tương lai: chỉ ghi văn bản đã ban hành")
    if dossier.received is not None and letter.on < dossier.received.on:
        raise CannotTake(LETTER_ON, f"ngày văn bản trước ngày nhận hồ sơ {dossier.received.on:%d/%m/%Y}")
    return letter


def _day(row: SheetRow, column: str) -> date:
    try:
        on = read_typed_day(row.cells[column])
    except BadCell as problem:
        raise CannotTake(column, problem.cause) from None
    if on is None:
        raise CannotTake(column, "để trống: ghi ngày dạng dd/MM/yyyy")
    return on


def _issued(letter: _Letter, row: SheetRow, by: Staff, file: str, now: datetime) -> Event:
    facts = {
        "old_date_on": letter.old_on.isoformat(),
        "new_date_on": letter.new_on.isoformat(),
        "number": letter.number,
        "ground": f"ban hành trước khi theo dõi, nhập từ tệp {file}, dòng {row.number}",
    }
    return Event(EventKind.LETTER_ISSUED, whole_day(letter.on), now, by.id, facts=facts)


def _is_same(told: Event, before: Event) -> bool:
    def of(one: Event) -> tuple[object, ...]:
        return one.kind, one.happened_at, one.facts.get("number"), one.facts.get("new_date_on")

    return of(told) == of(before)


def _day_of(event: Event) -> date:
    assert event.happened_at is not None
    return event.happened_at.on
