"""Which row of the catalogue holds for a dossier: by code or name, case, channel and the day of receipt.

Empty case, channel or valid_from mean any, and an exact row beats any. Real lists name neither case nor channel: then a
limit is used only when all rows in force agree.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import combinations
from unicodedata import normalize

from monitor.dossier import Channel
from monitor.organisation import fold_name
from monitor.rules.problems import Problems
from monitor.time_limit import Procedure, TimeLimit

_SUFFIX = re.compile(r"\.[A-Z][0-9.]*$")
_LATE_TONE = re.compile("([ou])([aey])([\u0300\u0301\u0303\u0309\u0323])")  # of "uỷ" and "hoà", as NFD writes them


class MatchReason(StrEnum):
    """Why a dossier has this procedure, or none."""

    EXACT = "exact"  # by code, nothing left open
    BY_NAME = "by_name"  # by name or alias, nothing left open
    ALL_AGREE = "all_agree"  # case or channel unknown, and every row in force says the same
    AMBIGUOUS = "ambiguous"  # case or channel unknown, and the rows in force differ
    NOT_THIS_CASE = "not_this_case"  # rows in force for other cases or channels only
    NOT_IN_FORCE = "not_in_force"  # known, with no row for that day of receipt
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class ProcedureMatch:
    """The row that holds, or why there is none; `candidates` are the rows that were left to choose from."""

    procedure: Procedure | None
    reason: MatchReason
    candidates: tuple[Procedure, ...] = ()


_Place = tuple[str, str | None, Channel | None]  # code, case and channel: what a row is for

NOT_FOUND = ProcedureMatch(None, MatchReason.NOT_FOUND)


@dataclass(slots=True)
class _Entry:
    """The rows of a code or of a name; between two of their turns the answer to one question stays the same."""

    rows: tuple[Procedure, ...]
    is_by_name: bool
    turns: list[date] = field(init=False)
    answers: dict[tuple[str | None, Channel | None, int, int], ProcedureMatch] = field(default_factory=dict)

    def __post_init__(self) -> None:
        begins = {row.valid_from for row in self.rows if row.valid_from}
        ends = {row.valid_to + timedelta(days=1) for row in self.rows if row.valid_to}
        self.turns = sorted(begins | ends)


class Catalogue:
    """All procedures, found fast: a million dossiers ask."""

    def __init__(self, procedures: Iterable[Procedure]) -> None:
        by_code: dict[str, list[Procedure]] = {}
        by_name: dict[str, list[Procedure]] = {}
        for procedure in procedures:
            by_code.setdefault(bare_code(procedure.code), []).append(procedure)
            for name in {fold_title(name) for name in (procedure.name, *procedure.aliases)}:
                by_name.setdefault(name, []).append(procedure)
        self._by_code = {code: _Entry(tuple(rows), False) for code, rows in by_code.items()}
        self._by_name = {name: _Entry(tuple(rows), True) for name, rows in by_name.items()}
        self._asked_codes: dict[str, _Entry | None] = {}
        self._asked_names: dict[str, _Entry | None] = {}

    def find(
        self,
        code: str | None,
        name: str | None,
        case: str | None,
        channel: Channel | None,
        *,
        received_on: date,
        running_on: date,
    ) -> ProcedureMatch:
        """The row for a dossier received on a day and unfinished on another; the name counts only without a code."""
        entry = self._entry(code, name)
        if entry is None:
            return NOT_FOUND
        question = (case, channel, bisect_right(entry.turns, received_on), bisect_right(entry.turns, running_on))
        answer = entry.answers.get(question)
        if answer is None:
            answer = _choose(entry, case, channel, received_on=received_on, running_on=running_on)
            entry.answers[question] = answer
        return answer

    def _entry(self, code: str | None, name: str | None) -> _Entry | None:
        """The rows for a code or name as a source writes it; spellings seen once are remembered."""
        asked, written = (self._asked_codes, code) if code else (self._asked_names, name)
        if not written:
            return None
        if written not in asked:
            found = self._by_code.get(bare_code(written)) if code else self._by_name.get(fold_title(written))
            asked[written] = found
        return asked[written]


def bare_code(code: str) -> str:
    """A procedure code without the province suffix that portals add: 1.009645.H38 is 1.009645."""
    return _SUFFIX.sub("", code.strip())


def fold_title(name: str) -> str:
    """A procedure's name for comparison: without case, extra spaces, a leading "thủ tục" and a closing full stop.

    The two spellings of tone marks ("uỷ" and "ủy", "hoà" and "hòa") are one.
    """
    folded = fold_name(name).removeprefix("thủ tục ").rstrip(" .;")
    return _LATE_TONE.sub(r"\1\3\2", normalize("NFD", folded))


def _choose(
    entry: _Entry, case: str | None, channel: Channel | None, *, received_on: date, running_on: date
) -> ProcedureMatch:
    in_force = _in_force(entry.rows, received_on, running_on)
    if not in_force:
        return ProcedureMatch(None, MatchReason.NOT_IN_FORCE, entry.rows)
    folded = fold_name(case) if case else None
    fitting = [row for row in in_force if _may_fit(row, folded, channel)]
    if not fitting:
        return ProcedureMatch(None, MatchReason.NOT_THIS_CASE, in_force)
    if all(_surely_fits(row, case, channel) for row in fitting):
        fitting = [row for row in fitting if not any(_is_more_exact(other, row) for other in fitting)]
        if len(fitting) == 1:
            return ProcedureMatch(fitting[0], MatchReason.BY_NAME if entry.is_by_name else MatchReason.EXACT)
    if len({_as_counted(row.limit) for row in fitting}) == 1:
        return ProcedureMatch(fitting[0], MatchReason.ALL_AGREE, tuple(fitting))
    return ProcedureMatch(None, MatchReason.AMBIGUOUS, tuple(fitting))


def _in_force(rows: Sequence[Procedure], received_on: date, running_on: date) -> tuple[Procedure, ...]:
    """The rows for that day of receipt; a row for running dossiers, and a dated one, stand in for what they replace."""
    received = [row for row in rows if _covers(row, received_on)]
    caught: dict[_Place, Procedure] = {}
    for row in sorted(rows, key=lambda row: row.valid_from or date.min):
        if row.applies_to_running and row.valid_from and received_on < row.valid_from <= running_on:
            caught[_place(row)] = row  # the latest one that came into force while the dossier ran
    current = [*(row for row in received if _place(row) not in caught), *caught.values()]
    return tuple(row for row in current if not any(_is_dated_twin(other, row) for other in current))


def _covers(row: Procedure, on: date) -> bool:
    return (row.valid_from is None or row.valid_from <= on) and (row.valid_to is None or on <= row.valid_to)


def _place(row: Procedure) -> _Place:
    return bare_code(row.code), fold_name(row.case) if row.case else None, row.channel


def _same_place(row: Procedure, other: Procedure) -> bool:
    return _place(row) == _place(other)


def _is_dated_twin(row: Procedure, other: Procedure) -> bool:
    """Whether a row with a date stands in for one without, for the same case and channel."""
    return other.valid_from is None and row.valid_from is not None and _same_place(row, other)


def _may_fit(row: Procedure, case: str | None, channel: Channel | None) -> bool:
    """Whether a row could be meant, what is not known of the dossier left open."""
    case_fits = row.case is None or case is None or fold_name(row.case) == case
    return case_fits and (row.channel is None or channel is None or row.channel is channel)


def _surely_fits(row: Procedure, case: str | None, channel: Channel | None) -> bool:
    """Whether a row that may fit does, with nothing left open."""
    return (row.case is None or case is not None) and (row.channel is None or channel is not None)


def _is_more_exact(row: Procedure, other: Procedure) -> bool:
    return row.code == other.code and _exactness(row) > _exactness(other)


def _exactness(row: Procedure) -> int:
    return (row.case is not None) + (row.channel is not None)


def _as_counted(limit: TimeLimit) -> TimeLimit:
    """A limit without the words that change no date."""
    stages = tuple(replace(stage, basis="") for stage in limit.stages)
    return replace(limit, basis="", supplement=replace(limit.supplement, basis=""), stages=stages)


def refuse_conflicts(numbered: Iterable[tuple[int, Procedure]], file: str, problems: Problems) -> None:
    """Two rows that could both hold for one dossier, neither more exact than the other, are a mistake."""
    by_code: dict[str, list[tuple[int, Procedure]]] = {}
    for line, row in numbered:
        by_code.setdefault(bare_code(row.code), []).append((line, row))
    by_code.pop("", None)  # refused already
    for rows in by_code.values():
        for (earlier, row), (line, other) in combinations(rows, 2):
            if _conflict(row, other):
                what = "the same case and channel" if _same_place(row, other) else "a case and channel that overlap,"
                text = f"code {other.code} has {what} as line {earlier} and both are in force at once"
                problems.add(file, line, f"{text}: close one with valid_to, or tell them apart by case and channel")


def _conflict(row: Procedure, other: Procedure) -> bool:
    """Whether both may hold for one dossier with neither to be preferred."""
    if _exactness(row) != _exactness(other) or _is_dated_twin(row, other) or _is_dated_twin(other, row):
        return False
    may_meet = _may_fit(row, fold_name(other.case) if other.case else None, other.channel)
    return may_meet and _begins_before_end(row, other) and _begins_before_end(other, row)


def _begins_before_end(row: Procedure, other: Procedure) -> bool:
    return row.valid_from is None or other.valid_to is None or row.valid_from <= other.valid_to
