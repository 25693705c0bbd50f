"""What waits for a person's word: changed appointments, impossible slips, dates that contradict each other."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.conflict import OF_THE_DESK, say_conflict
from monitor.dossier import Conflict, Event, EventKind
from monitor.findings import (
    Finding,
    Question,
    QuestionKind,
    Slip,
    deviation_of,
    findings_of,
    questions_of,
    say_question,
    slip_of,
    week_of,
    without_found,
)
from monitor.handling import Holders
from monitor.history import fold
from monitor.notice import recipients
from monitor.organisation import Role
from monitor.rules import RuleBook
from monitor.status import Flag
from monitor.store import Filter, ListRow, Store
from monitor.sweep import Shared, look
from monitor.working_time import CalendarRangeError


@dataclass(frozen=True, slots=True)
class Asked:
    """An open question: who is asked, and the file that raised it."""

    question: Question
    people: tuple[str, ...]  # ids of staff
    import_id: int | None  # None: no file raised it
    file_name: str | None = None


@dataclass(frozen=True, slots=True)
class OpenQuestions:
    """All that the dates leave open at a moment: about sources, and about single dossiers."""

    findings: tuple[Finding, ...]
    asked: tuple[Asked, ...]


def open_questions(store: Store, rules: RuleBook, *, now: datetime) -> OpenQuestions:
    """Everything about dates that waits for a person, the findings about sources first; nothing is written."""
    findings = source_findings(store, rules, now=now)
    raised = list(_raised(store, rules, now=now))
    standing = set(without_found((one.question for one in raised), findings))
    names = store.import_files({one.import_id for one in raised if one.import_id is not None})
    asked = (replace(one, file_name=names.get(one.import_id or 0)) for one in raised if one.question in standing)
    return OpenQuestions(findings, tuple(asked))


def _raised(store: Store, rules: RuleBook, *, now: datetime) -> Iterator[Asked]:
    """Every question about an open dossier, the name of the file still to be looked up."""
    away, shared = store.absences(from_at=now).away_at(now), Shared()
    for row, events in store.with_events(Filter(is_open=True)):
        if row.parked:
            continue
        dossier = fold(row.code, events)
        looked = look(dossier, rules, now=now, data_as_of=row.data_as_of, shared=shared)
        for question in questions_of(dossier, looked.deadline):
            if _is_asked_now(question, rules, now=now):
                people = recipients(question.asked, looked.holders, rules.organisation, away)
                yield Asked(question, tuple(one.id for one in people), _raised_by(question, events))


REMIND_DESK_AFTER = 1  # working days after the letter (practice B14)


def _is_asked_now(question: Question, rules: RuleBook, *, now: datetime) -> bool:
    """The desk has a working day to enter a letter's date before it is reminded."""
    if question.kind is not QuestionKind.LETTER_NOT_ENTERED or question.since_on is None:
        return True
    clock = rules.calendar.clock
    try:
        passed = clock.working_days_between(question.since_on, now.astimezone(clock.zone).date())
    except CalendarRangeError:
        return True
    return passed >= REMIND_DESK_AFTER


def _raised_by(question: Question, events: Iterable[Event]) -> int | None:
    """The import that showed the date in question."""
    showed = [
        one.import_id
        for one in events
        if one.kind is EventKind.APPOINTMENT_SEEN and one.happened_at and one.happened_at.on == question.new_on
    ]
    return showed[-1] if showed else None


def source_findings(store: Store, rules: RuleBook, *, now: datetime) -> tuple[Finding, ...]:
    """What the slips of a source have in common, while at least one of the dossiers is open (practice B12).

    Looked at are the dossiers that differ from the law and were received in the weeks of the open ones that do.
    """
    calendar = rules.calendar
    differing = [row for row in store.list_dossiers() if _differs(row, rules)]
    weeks = {_week(row) for row in differing if row.is_open}
    codes = [row.code for row in differing if _week(row) in weeks]
    slips = list(_slips(store, rules, codes, now=now)) if codes else []
    still_open = {row.code for row in differing if row.is_open}
    return tuple(one for one in findings_of(slips, calendar) if not still_open.isdisjoint(one.codes))


def _slips(store: Store, rules: RuleBook, codes: Collection[str], *, now: datetime) -> Iterator[Slip]:
    shared = Shared()
    for row, events in store.with_events(Filter(codes=codes)):
        if row.parked:
            continue
        dossier = fold(row.code, events)
        deadline = look(dossier, rules, now=now, data_as_of=row.data_as_of, shared=shared).deadline
        slip = slip_of(dossier, deadline, row.source, rules.calendar.clock)
        if slip is not None:
            yield slip


def _differs(row: ListRow, rules: RuleBook) -> bool:
    """Whether the slip promised another day than the law, by what the last look has stored."""
    promised_on = row.first_promised_on or (row.appointment.on if row.appointment else None)
    if promised_on is None or row.law_due_on is None or row.received is None:
        return False
    return bool(deviation_of(promised_on, row.law_due_on, rules.calendar.clock))


def _week(row: ListRow) -> tuple[str, tuple[int, int]]:
    assert row.received is not None, "only rows that differ from the law are asked, and these were received"
    return row.source, week_of(row.received.on)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A conflict of a dossier, and who answers for it."""

    code: str
    conflict: Conflict
    told_by: str | None  # who told our date; None: the source itself, before it lost it, or a letter
    division: str | None
    officer: str | None


def contradictions(store: Store, *, now: datetime) -> Iterator[Contradiction]:
    """Every date that waits for a person's word, also of dossiers that have ended."""
    flagged = {row.code: row for row in store.list_dossiers() if _may_have_one(row, now)}
    for row, events in store.with_events(Filter(codes=tuple(flagged))) if flagged else ():
        dossier = fold(row.code, events)
        told_by = {entry.fact: entry.by for entry in dossier.entries}
        for one in dossier.conflicts:
            yield Contradiction(row.code, one, told_by.get(one.fact), row.division, row.officer)


def _may_have_one(row: ListRow, now: datetime) -> bool:
    """By its flags; what has changed since they were written is looked into."""
    is_stale = row.status is None or (row.next_look_at is not None and row.next_look_at <= now)
    return is_stale or not row.flags.isdisjoint({Flag.CONFLICT, Flag.DATE_BLANKED})


def asked_in_the_morning(store: Store, rules: RuleBook, *, now: datetime) -> Mapping[str, tuple[str, ...]]:
    """Under each person's id what the morning mail asks: dossier codes and dates in words, no name.

    A changed appointment is asked of head and desk (practice B13), a contradiction every day of those who may settle
    it (practice A8).
    """
    asked: dict[str, list[str]] = defaultdict(list)
    for one in open_questions(store, rules, now=now).asked:
        for person_id in one.people:
            asked[person_id].append(f"{one.question.code}: {say_question(one.question)}")
    away = store.absences(from_at=now).away_at(now)
    for found in contradictions(store, now=now):
        division = rules.organisation.divisions.get(found.division or "")
        head = division.head if division else None
        holders = Holders(officer=None, head=head, deputy=None, division=found.division, ground=None)
        roles = (Role.HEAD, Role.DESK) if found.conflict.fact in OF_THE_DESK else (Role.HEAD,)
        for person in recipients(roles, holders, rules.organisation, away):
            asked[person.id].append(f"{found.code}: {say_conflict(found.conflict)}")
    return {person: tuple(lines) for person, lines in asked.items()}
