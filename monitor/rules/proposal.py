"""Tables as people hand them in: found by their headers, put into a copy of the rules, checked where they stand."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from types import MappingProxyType

from monitor.rules.book import RuleBook, load_rules_from
from monitor.rules.cells import Unreadable, parse_date
from monitor.rules.files import DOCUMENTS, SOURCES, read_text
from monitor.rules.forms import FORM_OF_FILE, FORMS, Content, TableForm
from monitor.rules.problems import Problem, Problems, RulesRefused
from monitor.rules.tables import read_table, records
from monitor.rules.workbook import MOST_EXACT, Cell, FileRefused, Kind, Line, Sheet, read_workbook

_COPY = re.compile(r" ?\([0-9]+\)$")  # what a browser or Windows adds to a second file of the same name
_LINE = re.compile(r"\bline ([0-9]+)\b")
_ALPHABET = 26


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the rows of a table stood in the file that was handed in."""

    label: str  # "procedures (1).xlsx, trang “Thủ tục”"
    rows: tuple[int, ...]  # for each line of the table as it is stored, the row of the file
    letters: Mapping[str, str] = field(default_factory=dict)  # of a workbook's columns

    def told(self, problem: Problem) -> Problem:
        """The problem said of the file that was handed in."""
        text = _LINE.sub(lambda found: f"line {self._row(int(found[1]))}", problem.text)
        if letter := self.letters.get(text.partition(" ")[0]):
            text = f"cột {letter}: {text}"
        return Problem(self.label, problem.line and self._row(problem.line), text)

    def _row(self, line: int) -> int:
        return self.rows[line - 1] if 0 < line <= len(self.rows) else line


@dataclass(frozen=True, slots=True)
class Proposal:
    """The rules as they would be."""

    files: Mapping[str, bytes]
    origins: Mapping[str, Origin]  # by the files of rules that were handed in
    damaged: tuple[Problem, ...] = ()  # what a spreadsheet made of a cell, seen only in its workbook

    def load(self) -> RuleBook:
        """The rule book. Raises RulesRefused with every mistake, each where whoever handed it in will find it."""
        try:
            rules = load_rules_from(self.files)
        except RulesRefused as refused:
            raise RulesRefused([*self.damaged, *map(self._told, refused.problems)]) from None
        if self.damaged:
            raise RulesRefused(self.damaged)
        return rules

    def _told(self, problem: Problem) -> Problem:
        origin = self.origins.get(problem.file.removeprefix("rules/"))
        return origin.told(problem) if origin else problem


def propose(
    folder: Mapping[str, bytes], paths: Iterable[Path], *, in_force: Mapping[str, bytes] = MappingProxyType({})
) -> Proposal:
    """The rules of a folder with tables and documents replaced by those handed in.

    A table that says the same as the one in force, or in the folder, stays as that is written. Raises FileRefused, and
    RulesRefused for a CSV file that is no text.
    """
    files, origins = dict(folder), dict[str, Origin]()
    damaged: list[Problem] = []
    for path in paths:
        if path.suffix.lower() == ".toml":
            name, content, origin = _document(path, folder)
        else:
            name, content, origin = _table(path, damaged)
            known = (files[name] for files in (in_force, folder) if name in files)
            content = next((one for one in known if _says_the_same(FORM_OF_FILE[name], one, content)), content)
        if name in origins:
            raise FileRefused(f"{path.name}: rules/{name} đã có trong {origins[name].label}: chỉ đưa một tệp")
        files[name], origins[name] = content, origin
    return Proposal(files, origins, tuple(damaged))


def rows_of(form: TableForm, content: bytes) -> list[dict[str, str]]:
    """The rows of a table by column, dates as YYYY-MM-DD; none of a table that cannot be read."""
    problems = Problems()
    rows = [
        {name: _written(form, name, row.cells[name]) for name in form.names}
        for row in read_table({form.file: content}, form.file, form.names, problems, optional=form.names)
    ]
    return [] if problems else rows


def _says_the_same(form: TableForm, before: bytes, after: bytes) -> bool:
    rows = rows_of(form, before)
    return bool(rows) and rows == rows_of(form, after)


def _written(form: TableForm, name: str, text: str) -> str:
    column = next(column for column in form.columns if column.name == name)
    if column.content is Content.DATE and text:
        try:
            return parse_date(text).isoformat()
        except Unreadable:
            return text
    return text


def _document(path: Path, folder: Mapping[str, bytes]) -> tuple[str, bytes, Origin]:
    plain = _COPY.sub("", path.stem) + path.suffix.lower()
    name = next((name for name in (plain, f"{SOURCES}{plain}") if name in DOCUMENTS or name in folder), None)
    if name is None:
        known = ", ".join((*DOCUMENTS, *(one for one in sorted(folder) if one.startswith(SOURCES))))
        raise FileRefused(f"{path.name}: không phải tệp quy tắc nào: đặt tên như một trong {known}")
    return name, path.read_bytes(), Origin(path.name, ())


@dataclass(frozen=True, slots=True)
class _Found:
    """A header that was met."""

    form: TableForm
    sheet: Sheet
    place: int  # of the header among the lines

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(cell.text for cell in self.sheet.lines[self.place].cells)

    @property
    def where(self) -> str:
        row = self.sheet.lines[self.place].number
        sheet = f"trang “{self.sheet.name}” " if self.sheet.name else ""
        return f"{self.form.title} ({sheet}dòng {row})"


def _table(path: Path, damaged: list[Problem]) -> tuple[str, bytes, Origin]:
    sheets = _sheets(path)
    found = [
        _Found(form, sheet, place)
        for sheet in sheets
        for place, line in enumerate(sheet.lines)
        if (form := _form_of({cell.text for cell in line.cells if cell.text})) is not None
    ]
    if not found:
        known = "; ".join(f"{form.name}: {', '.join(form.names[:4])}, …" for form in FORMS.values())
        raise FileRefused(f"{path.name}: không thấy dòng tiêu đề của bảng quy tắc nào ({known})")
    if len(found) > 1:
        tables = " và ".join(one.where for one in found)
        raise FileRefused(f"{path.name}: có {len(found)} bảng, {tables}: tách ra, mỗi tệp một bảng")
    return found[0].form.file, *_as_csv(found[0], path, damaged)


def _sheets(path: Path) -> tuple[Sheet, ...]:
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        return read_workbook(path)
    if suffix != ".csv":
        raise FileRefused(f"{path.name}: chỉ nhận .xlsx, .csv và .toml: lưu lại dạng .xlsx hoặc CSV UTF-8")
    problems = Problems()
    text = read_text({path.name: path.read_bytes()}, path.name, problems)
    rows = list(records(text, path.name, problems)) if text is not None else []
    try:
        problems.refuse()
    except RulesRefused as refused:
        raise RulesRefused(replace(one, file=path.name) for one in refused.problems) from None
    lines = (Line(number, tuple(Cell(Kind.TEXT, text) for text in cells)) for number, cells in rows)
    return (Sheet("", tuple(lines)),)


def _form_of(names: set[str]) -> TableForm | None:
    """The table whose header this is, also when a column is missing or misspelt; None when it is none's."""
    likeness = {form.name: len(names & {*form.names}) / len(names | {*form.names}) for form in FORMS.values()}
    best = max(likeness, key=lambda name: likeness[name])
    return FORMS[best] if len(names & {*FORMS[best].names}) * 2 > len(FORMS[best].names) else None


def _as_csv(found: _Found, path: Path, damaged: list[Problem]) -> tuple[bytes, Origin]:
    """The table in its usual order of columns, and where each of its lines comes from."""
    header, form = found.header, found.form
    is_workbook = bool(found.sheet.name)
    origin = Origin(
        label=f"{path.name}, trang “{found.sheet.name}”" if is_workbook else path.name,
        rows=(),
        letters={name: _letter(place) for place, name in enumerate(header) if name} if is_workbook else {},
    )
    places = [place for place, name in enumerate(header) if name]
    if len(set(header) - {""}) == len(places) and {*header} - {""} <= {*form.names}:
        places.sort(key=lambda place: form.names.index(header[place]))
    text, rows = StringIO(), [found.sheet.lines[found.place].number]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([header[place] for place in places])
    for line in found.sheet.lines[found.place + 1 :]:
        damaged += [Problem(origin.label, line.number, what) for what in _out_of_table(line, header)]
        cells = [_text(line, place, found, origin, damaged) for place in places]
        writer.writerow(cells)
        rows += [line.number] * (1 + sum(cell.count("\n") for cell in cells))
    return text.getvalue().encode(), replace(origin, rows=tuple(rows))


def _out_of_table(line: Line, header: Sequence[str]) -> Iterable[str]:
    """What stands in a row and under no header: it would be lost."""
    if len(line.cells) != len(header):
        yield f"has {len(line.cells)} cells, the header has {len(header)}: quote texts with commas"
    for place, (cell, name) in enumerate(zip(line.cells, header, strict=False)):
        if cell.text and not name:
            yield f"cột {_letter(place)}: {cell.text!r} stands under no header: remove it, or give the column its name"


def _text(line: Line, place: int, found: _Found, origin: Origin, damaged: list[Problem]) -> str:
    """What the cell says, as a table holds it; notes what a spreadsheet made of it."""
    if place >= len(line.cells):
        return ""
    cell, name = line.cells[place], found.header[place]
    column = next((column for column in found.form.columns if column.name == name), None)
    if column is None:
        return cell.text
    if column.content is Content.TEXT and (what := _made_of_text(cell)):
        text = f"cột {_letter(place)}: {name} {cell.text!r} {what}"
        damaged.append(Problem(origin.label, line.number, text))
    return _written(found.form, name, cell.text)


def _made_of_text(cell: Cell) -> str | None:
    """What a spreadsheet made of a text; None when it is one."""
    if cell.kind in (Kind.DATE, Kind.TIME):
        return (
            "is a date or a time to the spreadsheet, which made one of a text: type it again in a cell of format Text "
            "(Excel đã đổi chữ thành ngày, giờ; định dạng ô là Text rồi ghi lại)"
        )
    if cell.kind == Kind.NUMBER and abs(float(cell.text)) >= MOST_EXACT:
        return (
            "is a number of which a spreadsheet keeps 15 digits: type it again in a cell of format Text "
            "(Excel chỉ giữ 15 chữ số; định dạng ô là Text rồi ghi lại)"
        )
    return None


def _letter(place: int) -> str:
    """A column as a spreadsheet calls it: A, B, …, Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, _ALPHABET)
        letters = chr(ord("A") + rest) + letters
    return letters
