"""A file opened as what it is: titles, a header, and rows that can be gone through more than once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from monitor.intake.layout import find_header, is_column_numbers
from monitor.intake.refusals import FileTooBig
from monitor.intake.text import clean, written
from monitor.source import FileFormat

TableForm = Literal["sheet", "portal", "steps"]
NumberedRows = Iterator[tuple[int, Sequence[object]]]

ROWS_PEEKED = 64
_MOST_COLUMNS = 1_000  # the widest export known has 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a header; `rows` starts again at each call, and numbers rows as Excel shows them."""

    form: TableForm
    format: FileFormat
    headers: tuple[str, ...]
    rows: Callable[[], NumberedRows]
    titles: tuple[str, ...] = ()  # a line for each row above the header
    is_ragged: bool = False  # rows may be shorter or longer than the header
    torn_row: int | None = None  # the last row, when nothing shows that it was written to its end
    partly_carried: frozenset[str] = frozenset()  # headers that only some rows have
    rejected: tuple[tuple[int, str, str, str], ...] = ()  # row, column, value and cause, known before reading
    findings: tuple[str, ...] = ()


def below_header(
    all_rows: Callable[[], Iterator[Sequence[object]]], fields: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...], Callable[[], NumberedRows]]:
    """Headers, titles and the rows below, found in rows of which nobody knows where the header stands."""
    peeked = first_rows(all_rows)
    header = find_header(peeked, fields)
    start = header.last + 1
    if start < len(peeked) and is_column_numbers(peeked[start]):
        start += 1

    def rows() -> NumberedRows:
        return islice(enumerate(all_rows(), 1), start, None)

    return header.headers, _title_lines(peeked[: header.first]), rows


def first_rows(all_rows: Callable[[], Iterator[Sequence[object]]]) -> list[Sequence[object]]:
    """The rows among which the header stands."""
    rows = list(islice(all_rows(), ROWS_PEEKED))
    refuse_wide(max(map(len, rows), default=0))
    return rows


def refuse_wide(columns: int) -> None:
    """No list of dossiers has so many columns, and looking at the header of each would take long."""
    if columns > _MOST_COLUMNS:
        raise FileTooBig(what=f"{columns} cột", limit=f"{_MOST_COLUMNS} cột")


def _title_lines(rows: Sequence[Sequence[object]]) -> tuple[str, ...]:
    """Label and value often stand in neighbouring cells, so each row is one line."""
    lines = (" ".join(clean(written(cell)) for cell in row if written(cell).strip()) for row in rows)
    return tuple(line for line in lines if line)
