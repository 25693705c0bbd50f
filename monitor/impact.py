"""What a change of rules would do to the dossiers that are there: shown before it is accepted, and changing nothing."""

import logging
from dataclasses import dataclass, field
from datetime import date, datetime

from monitor.dossier import Dossier
from monitor.history import fold
from monitor.letter import LetterState
from monitor.rules import RuleBook
from monitor.status import Status
from monitor.store import Store
from monitor.sweep import Looked, Shared, look, procedure_of
from monitor.time_limit import Procedure

log = logging.getLogger(__name__)
_DRAFTED = frozenset({LetterState.DRAFTED, LetterState.APPROVED, LetterState.SIGNED, LetterState.NUMBERED})
_ISSUED = frozenset({LetterState.ISSUED, LetterState.TOLD})


@dataclass(frozen=True, slots=True)
class Move:
    """A running dossier whose due date would be another one; None: it has none."""

    code: str
    before: date | None
    after: date | None

    @property
    def days(self) -> int | None:
        """By how many days it moves, negative to an earlier date; None when there is no date on one side."""
        return (self.after - self.before).days if self.before and self.after else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """An ended dossier that would be judged otherwise; it keeps its verdict, and a person is told."""

    code: str
    before: Status
    after: Status


@dataclass(frozen=True, slots=True)
class LateRow:
    """A row of the catalogue that is entered after the day from which it holds (practice B15)."""

    procedure: Procedure
    overdue: tuple[str, ...]  # running dossiers that it would make overdue


@dataclass(slots=True)
class Impact:
    """What accepting the proposed rules would do at a moment."""

    running: int = 0
    moves: list[Move] = field(default_factory=list)
    becoming_overdue: dict[str, Procedure | None] = field(default_factory=dict)  # code: the row that makes it so
    no_longer_overdue: list[str] = field(default_factory=list)
    drafted: list[str] = field(default_factory=list)  # of the moved, those with a letter that is on its way
    issued: list[str] = field(default_factory=list)  # and those whose letter was issued
    verdicts: list[Verdict] = field(default_factory=list)
    late_rows: list[LateRow] = field(default_factory=list)
    not_computed: list[str] = field(default_factory=list)

    @property
    def largest_moves(self) -> list[Move]:
        """The moves by how far they go; those to or from no date at all first."""
        return sorted(self.moves, key=lambda move: (move.days is not None, -abs(move.days or 0), move.code))


def impact_of(store: Store, before: RuleBook, after: RuleBook, *, now: datetime) -> Impact:
    """Every dossier under both rule books as of `now`, as far as they count it otherwise; nothing is written."""
    impact, both = Impact(), _Both(before, after, now)
    if both.count_alike:
        impact.running = sum(number for status, number in store.counts_by_status().items() if _is_running(status))
        return impact
    letters = {(one.dossier_code, one.life): one.state for one in store.letters()}
    for row, events in store.with_events():
        impact.running += row.is_open
        try:
            dossier = fold(row.code, events)
            found = both.look(dossier, data_as_of=row.data_as_of)
        except Exception:
            log.exception("dossier not compared", extra={"action": "impact", "dossier": row.code})
            impact.not_computed.append(row.code)
            continue
        if found is not None:
            _note(impact, dossier, *found, letters.get((row.code, row.life)))
    impact.late_rows = [_late_row(row, impact) for row in both.late_rows]
    return impact


def _late_row(row: Procedure, impact: Impact) -> LateRow:
    return LateRow(row, tuple(code for code, by in impact.becoming_overdue.items() if by is row))


def _is_running(status: Status | None) -> bool:
    return status is None or status.is_open


def _note(impact: Impact, dossier: Dossier, was: Looked, would_be: Looked, letter: LetterState | None) -> None:
    """What differs for one dossier."""
    code, before, after = dossier.code, was.assessment.status, would_be.assessment.status
    if not before.is_open and not after.is_open:
        if before is not after:
            impact.verdicts.append(Verdict(code, before, after))
        return
    if was.deadline.due_on != would_be.deadline.due_on:
        impact.moves.append(Move(code, was.deadline.due_on, would_be.deadline.due_on))
        _note_letter(impact, dossier, letter)
    if before is not Status.OVERDUE and after is Status.OVERDUE:
        impact.becoming_overdue[code] = would_be.procedure
    elif before is Status.OVERDUE and after is not Status.OVERDUE:
        impact.no_longer_overdue.append(code)


def _note_letter(impact: Impact, dossier: Dossier, state: LetterState | None) -> None:
    if state in _ISSUED or dossier.issued_new_date_on is not None:
        impact.issued.append(dossier.code)
    elif state in _DRAFTED:
        impact.drafted.append(dossier.code)


class _Both:
    """Two rule books at a moment, with what was found by each, so that equal situations are computed once."""

    def __init__(self, before: RuleBook, after: RuleBook, now: datetime) -> None:
        self._books, self._now = (before, after), now
        self._shared = (Shared(), Shared())
        self._versions: tuple[dict[int, str], ...] = ({}, {})

    @property
    def count_alike(self) -> bool:
        """Whether no due date can differ; the names and the order of the catalogue also decide which row holds."""
        before, after = self._books
        same_clock = before.deadline_version(None) == after.deadline_version(None)
        return same_clock and before.procedures == after.procedures

    @property
    def late_rows(self) -> list[Procedure]:
        """New or changed rows of the catalogue that hold since before today."""
        before, after = self._books
        known = {before.deadline_version(row) for row in before.procedures}
        today = self._now.astimezone(after.calendar.clock.zone).date()
        late = (row for row in after.procedures if row.valid_from is not None and row.valid_from < today)
        return [row for row in late if after.deadline_version(row) not in known]

    def look(self, dossier: Dossier, *, data_as_of: datetime) -> tuple[Looked, Looked] | None:
        """The dossier under both; None when both count it by the same clock and row."""
        if self._version(dossier, 0) == self._version(dossier, 1):
            return None
        before, after = (
            look(dossier, rules, now=self._now, data_as_of=data_as_of, shared=shared)
            for rules, shared in zip(self._books, self._shared, strict=True)
        )
        return before, after

    def _version(self, dossier: Dossier, place: int) -> str:
        rules, known = self._books[place], self._versions[place]
        procedure = procedure_of(dossier, rules, now=self._now)
        if id(procedure) not in known:
            known[id(procedure)] = rules.deadline_version(procedure)
        return known[id(procedure)]
