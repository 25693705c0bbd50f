"""The second pass over a table: the cells of each chosen row become the values of a record."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitor.intake.dates import is_ambiguous
from monitor.intake.headers import DATE_FIELDS, UNIT_OR_PERSON
from monitor.intake.layout import Columns
from monitor.intake.portal import ReadDate, has_entries, read_supplements
from monitor.intake.survey import Rejected, Survey
from monitor.intake.table import Table
from monitor.intake.text import BadCell, Remembered, fold, read_text, written
from monitor.intake.words import (
    APPLICANT_KINDS,
    CHANNELS,
    STATUSES,
    looks_like_dossier_code,
    looks_like_procedure_code,
    read_officer,
    read_procedure_code,
    read_unit,
    read_unknown_word,
    read_word,
)
from monitor.source import SourceRule

Read = Callable[[object], object]
Values = tuple[object, ...]  # row, fingerprint, warnings, code, then the values in the order of `fields`
Block = tuple[list[Values], list[Rejected]]

_VALUE_SHOWN = 200


@dataclass(frozen=True, slots=True)
class RowReader:
    """What each column is read with, put together once for a file and then applied to every row."""

    fields: tuple[str, ...]
    places: tuple[int, ...]
    reads: tuple[Read, ...]
    warns: tuple[tuple[Read, int], ...]  # readers that give a warning, or None
    always: tuple[str, ...]  # warnings that every row of the file has
    headers: tuple[str, ...]

    def read(self, table: Table, seen: Survey, batch_size: int) -> Iterator[Block]:
        """The chosen rows in blocks of at most `batch_size`, rejected ones counted in."""
        chosen = seen.chosen
        steps = tuple(zip(self.reads, self.places, strict=True))
        accepted: list[Values] = []
        rejected: list[Rejected] = []
        for row, cells in table.rows():
            entry = chosen.get(row)
            if entry is None:
                continue
            code, fingerprint = entry
            try:
                values = [read(cells[place]) for read, place in steps]
                accepted.append((row, fingerprint, self._warnings(code, cells), code, *values))
            except BadCell:
                rejected.append(self._why(row, code, cells))
            if len(accepted) + len(rejected) >= batch_size:
                yield accepted, rejected
                accepted, rejected = [], []
        yield accepted, rejected

    def _warnings(self, code: str, cells: Sequence[object]) -> tuple[str, ...]:
        found = [warning for warn, place in self.warns if (warning := warn(cells[place]))]
        if not looks_like_dossier_code(code):
            found.append("odd_code")
        return (*self.always, *map(str, found)) if found else self.always

    def _why(self, row: int, code: str, cells: Sequence[object]) -> Rejected:
        """The first cell of the row that cannot be read."""
        for read, place, header in zip(self.reads, self.places, self.headers, strict=True):
            try:
                read(cells[place])
            except BadCell as bad:
                return row, header, written(cells[place])[:_VALUE_SHOWN], bad.cause, code
        raise AssertionError(f"row {row} was refused and every cell of it can be read")


def row_reader(columns: Columns, rule: SourceRule, read_date: ReadDate, *, doubts_dates: bool) -> RowReader:
    """Choose a reader for every column."""
    if doubts_dates:
        read_date = _certain_only(read_date)
    steps = [step for name in columns.places if name != "code" for step in _steps(name, columns, rule, read_date)]
    return RowReader(
        fields=tuple(name for name, _, _ in steps),
        places=tuple(place for _, place, _ in steps),
        reads=tuple(read for _, _, read in steps),
        warns=tuple(_warners(columns, rule)),
        always=columns.warnings,
        headers=tuple(columns.headers.get(name, columns.headers.get(UNIT_OR_PERSON, "")) for name, _, _ in steps),
    )


def _steps(name: str, columns: Columns, rule: SourceRule, read_date: ReadDate) -> Iterator[tuple[str, int, Read]]:
    """The fields that one column gives, with their readers."""
    place = columns.places[name]
    if name == UNIT_OR_PERSON:
        for holder, read in (("handling_unit", read_unit), ("handling_officer", read_officer)):
            if holder not in columns.places:  # a column of its own knows better
                yield holder, place, _remember(read)
    elif name == "status":
        words = {**STATUSES, **{fold(word): status for word, status in rule.statuses.items()}}
        yield "status", place, _remember(read_word(words))
        yield "status_text", place, _remember(read_unknown_word(words))
    elif name == "supplements":
        yield name, place, read_supplements(read_date)
    elif name == "has_result_paper":
        yield name, place, has_entries
    elif name == "channel":
        yield name, place, _remember(read_word(CHANNELS))
    elif name == "applicant_kind":
        yield name, place, _remember(read_word(_kinds(rule)))
    elif name == "procedure_code":
        yield name, place, _remember(read_procedure_code)
    else:
        yield name, place, read_date if name in DATE_FIELDS else _remember(read_text)


def _warners(columns: Columns, rule: SourceRule) -> Iterator[tuple[Read, int]]:
    """Cells that are kept although something about them is odd."""
    tests: Mapping[str, tuple[str, Read]] = {
        "procedure_code": ("odd_procedure_code", _is_odd_procedure),
        "channel": ("unknown_channel", read_unknown_word(CHANNELS)),
        "applicant_kind": ("unknown_applicant_kind", read_unknown_word(_kinds(rule))),
    }
    for name, (warning, test) in tests.items():
        if name in columns.places:
            yield _remember(_warner(warning, test)), columns.places[name]


def _warner(warning: str, is_odd: Read) -> Read:
    return lambda cell: warning if is_odd(cell) else None


def _kinds(rule: SourceRule) -> Mapping[str, str]:
    """The source's numbering of applicants replaces the usual one: mixing two numberings would guess."""
    if not rule.applicant_kinds:
        return APPLICANT_KINDS
    return {fold(word): kind for word, kind in rule.applicant_kinds.items()}


def _is_odd_procedure(cell: object) -> bool:
    code = read_procedure_code(cell)
    return code is not None and not looks_like_procedure_code(code)


def _certain_only(read_date: ReadDate) -> ReadDate:
    """Dates that fit as dd/MM and as MM/dd are refused: the other dates of this file write the month first."""

    def read(cell: object) -> str | None:
        if is_ambiguous(cell):
            raise BadCell(f"“{written(cell)[:40]}” có thể là dd/MM hoặc MM/dd: xuất lại với ngày dạng dd/MM/yyyy")
        return read_date(cell)

    return read


def _remember(read: Read) -> Read:
    return Remembered(read).__getitem__
