"""Workbooks that we make for people to fill in: text where a code or a date is typed, locked where nothing is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

from monitor.intake import Rejection
from monitor.intake.sheet import SheetRow


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column: its header, its width in characters, and whether it is for people to fill in."""

    header: str
    width: int = 16
    is_asked: bool = False


class CannotTake(Exception):
    """Why a row that came back is not taken: the column, and the cause in the words of whoever filled it in."""

    def __init__(self, column: str, cause: str) -> None:
        super().__init__(column, cause)
        self.column, self.cause = column, cause

    def of(self, row: SheetRow) -> Rejection:
        """The same said of a row."""
        return Rejection(row.number, self.column, row.cells[self.column], self.cause)


def write_sheet(
    path: Path, title: str, columns: Sequence[SheetColumn], rows: Sequence[Sequence[str]], *, blank_rows: int = 0
) -> None:
    """The title, the header and the rows; every cell is text, so that Excel turns no code into a number.

    Protected without a password, against slips and not against people: only what is asked for can be typed.
    """
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("Danh sách")
        bold = workbook.add_format({"bold": True})
        header = workbook.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top"})
        shown = workbook.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        asked = workbook.add_format(
            {"num_format": "@", "text_wrap": True, "valign": "top", "locked": False, "border": 1, "bg_color": "#FFF8DC"}
        )
        sheet.write_string(0, 0, title, bold)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
            sheet.write_string(1, place, column.header, header)
        empty = [""] * len(columns)
        for line, row in enumerate([*rows, *([empty] * blank_rows)], start=2):
            for place, (column, text) in enumerate(zip(columns, row, strict=True)):
                sheet.write_string(line, place, text, asked if column.is_asked else shown)  # also "" keeps its format
                if not text:
                    sheet.write_blank(line, place, None, asked if column.is_asked else shown)
        sheet.freeze_panes(2, 1)
        sheet.protect("", {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True})
