"""What one set of rule files says otherwise than another, row by row for tables."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.rules.forms import FORM_OF_FILE, TableForm
from monitor.rules.proposal import rows_of

_Row = Mapping[str, str]


class ChangeKind(StrEnum):
    """What became of a row or a file."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change: of a whole file, of a row of a table, or of one cell in it."""

    file: str
    kind: ChangeKind
    row: str = ""  # what names it, "2.001610"; empty when the whole file is meant
    column: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        if not self.row:
            return f"{self.file}: {_WORDS[self.kind]}"
        if not self.column:
            return f"{self.file}: {_WORDS[self.kind]} {self.row}"
        return f"{self.file}: {self.row} {self.column} {self.before or '(trống)'} → {self.after or '(trống)'}"


_WORDS = {ChangeKind.ADDED: "thêm", ChangeKind.REMOVED: "bỏ", ChangeKind.CHANGED: "sửa"}


def changes_between(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[Change, ...]:
    """Every change, by file; a table that is only written otherwise has none."""
    return tuple(
        change
        for file in sorted(before.keys() | after.keys())
        if before.get(file) != after.get(file)
        for change in _in_file(file, before.get(file), after.get(file))
    )


def _in_file(file: str, before: bytes | None, after: bytes | None) -> Iterator[Change]:
    form = FORM_OF_FILE.get(file)
    if before is None or after is None:
        yield Change(file=file, kind=ChangeKind.ADDED if before is None else ChangeKind.REMOVED)
    elif form is None:
        yield Change(file=file, kind=ChangeKind.CHANGED)
    else:
        yield from _in_rows(form, rows_of(form, before), rows_of(form, after))


def _in_rows(form: TableForm, before: Sequence[_Row], after: Sequence[_Row]) -> Iterator[Change]:
    """Rows that are the same stand on no side; the others are paired by what names them, the most exact name first."""
    gone, come = _without(before, after), _without(after, before)
    for key in form.keys:
        for row, other in _pairs(gone, come, key):
            gone.remove(row)
            come.remove(other)
            yield from _in_cells(form, row, other)
    for kind, rows in ((ChangeKind.REMOVED, gone), (ChangeKind.ADDED, come)):
        for row in rows:
            yield Change(file=form.file, kind=kind, row=_said_in_full(form, row))


def _without(rows: Sequence[_Row], others: Sequence[_Row]) -> list[_Row]:
    left = Counter(tuple(row.values()) for row in others)
    found: list[_Row] = []
    for row in rows:
        if left[values := tuple(row.values())]:
            left[values] -= 1
        else:
            found.append(row)
    return found


def _pairs(gone: Sequence[_Row], come: Sequence[_Row], key: Sequence[str]) -> list[tuple[_Row, _Row]]:
    """The rows that one name alone has on both sides."""
    names = [Counter(_name(row, key) for row in rows) for rows in (gone, come)]
    others = {_name(row, key): row for row in come}
    once = [name for name in names[0] if names[0][name] == names[1][name] == 1]
    rows = {_name(row, key): row for row in gone}
    return [(rows[name], others[name]) for name in once]


def _name(row: _Row, key: Sequence[str]) -> tuple[str, ...]:
    return tuple(row[column] for column in key)


def _in_cells(form: TableForm, before: _Row, after: _Row) -> Iterator[Change]:
    for column in form.names:
        if before[column] != after[column]:
            yield Change(
                file=form.file,
                kind=ChangeKind.CHANGED,
                row=_said(form, before),
                column=column,
                before=before[column],
                after=after[column],
            )


def _said(form: TableForm, row: _Row) -> str:
    return " · ".join(row[column] for column in form.keys[0] if row[column])


def _said_in_full(form: TableForm, row: _Row) -> str:
    """With what the row says beside what names it, basis left out."""
    others = [column for column in ("name", "limit", "unit", "kind", "complete", "text", "role") if column in row]
    said = [row[column] for column in others if row[column] and column not in form.keys[0]]
    return f"{_said(form, row)} ({', '.join(said)})" if said else _said(form, row)
