"""CSV tables that people edit with a spreadsheet: every column known, every row with the line it stands on."""

import csv
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from io import StringIO
from typing import TypeVar

from monitor.rules.cells import Unreadable, parse_date, parse_text
from monitor.rules.files import read_text
from monitor.rules.problems import Problems

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; reading a cell that is not understood notes a problem and gives None."""

    file: str
    line: int
    cells: Mapping[str, str]
    problems: Problems

    def refuse(self, text: str) -> None:
        """Note what is wrong with this row."""
        self.problems.add(self.file, self.line, text)

    def read(self, column: str, parse: Callable[[str], T]) -> T | None:
        """The value of a cell, None when it is empty."""
        if not self.cells[column]:
            return None
        try:
            return parse(parse_text(self.cells[column]))
        except Unreadable as unreadable:
            self.refuse(f"{column} {unreadable}")
            return None

    def need(self, column: str, parse: Callable[[str], T]) -> T | None:
        """The value of a cell that may not be empty."""
        if not self.cells[column]:
            self.refuse(f"{column} is empty: fill it in")
        return self.read(column, parse)

    def text(self, column: str) -> str:
        """A text, possibly empty."""
        return self.read(column, str) or ""

    def need_text(self, column: str) -> str:
        """A text that may not be empty."""
        return self.need(column, str) or ""

    def texts(self, column: str) -> tuple[str, ...]:
        """The texts of a cell that are separated by `|`."""
        return tuple(part for part in (part.strip() for part in self.text(column).split("|")) if part)

    def choice(self, column: str, kind: type[E]) -> E | None:
        """One of the words of an enum, None when the cell is empty."""
        return self.read(column, lambda written: parse_choice(written, kind))

    def need_choice(self, column: str, kind: type[E]) -> E | None:
        """One of the words of an enum, in a cell that may not be empty."""
        return self.need(column, lambda written: parse_choice(written, kind))

    def span(self) -> tuple[date | None, date | None]:
        """The first and the last day of validity, None for no limit in time."""
        valid_from, valid_to = self.read("valid_from", parse_date), self.read("valid_to", parse_date)
        if valid_from and valid_to and valid_to < valid_from:
            self.refuse(f"valid_to {valid_to} is before valid_from {valid_from}: correct one of the two")
        return valid_from, valid_to


def parse_choice(written: str, kind: type[E]) -> E:
    """A word of an enum."""
    try:
        return kind(written)
    except ValueError:
        raise Unreadable(f"{written!r} is unknown: write one of {', '.join(kind)}") from None


def read_table(
    files: Mapping[str, bytes],
    name: str,
    columns: Sequence[str],
    problems: Problems,
    *,
    optional: Collection[str] = (),
) -> Iterator[Row]:
    """The rows of a CSV file, comma or semicolon; none when the file or its header is refused.

    Spaces around a cell and rows without any content carry no meaning and are passed over. A column that is optional
    and not there has empty cells.
    """
    text = read_text(files, name, problems)
    if text is None:
        return
    found = records(text, name, problems)
    header_line, header = next(found, (1, []))
    absent = {column: "" for column in optional if column not in header}
    if not _header_fits([*header, *absent], header_line, name, columns, problems):
        return
    for line, record in found:
        if len(record) != len(header):
            problems.add(name, line, f"has {len(record)} cells, the header has {len(header)}: quote texts with commas")
        else:
            yield Row(name, line, absent | dict(zip(header, record, strict=True)), problems)


def records(text: str, name: str, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Each record of a CSV text, comma or semicolon, with the line on which it begins; empty ones are left out."""
    first_line = text.lstrip().partition("\n")[0]
    delimiter = ";" if first_line.count(";") > first_line.count(",") else ","
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for record in reader:
            cells = [cell.strip() for cell in record]
            if any(cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        problems.add(name, line, f"cannot be read as CSV ({error}): look for a quotation mark that is not closed")


def _header_fits(header: list[str], line: int, name: str, columns: Sequence[str], problems: Problems) -> bool:
    unknown = [repr(column) for column in header if column not in columns]
    missing = [repr(column) for column in columns if column not in header]
    twice = sorted({repr(column) for column in header if header.count(column) > 1})
    if unknown:
        known = ", ".join(columns)
        problems.add(name, line, f"unknown column {', '.join(unknown)}: remove or rename it, the columns are {known}")
    if missing:
        problems.add(name, line, f"column {', '.join(missing)} is missing: add it, with empty cells where allowed")
    if twice:
        problems.add(name, line, f"column {', '.join(twice)} stands there twice: remove one")
    return not (unknown or missing or twice)
