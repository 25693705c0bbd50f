"""The first pass over a table: which rows hold a dossier, which of them are new, which contradict each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from operator import itemgetter

from monitor.intake.dates import is_day_first, is_month_first
from monitor.intake.headers import DATE_FIELDS
from monitor.intake.layout import Columns
from monitor.intake.table import NumberedRows, Table
from monitor.intake.text import clean, fold, written

Rejected = tuple[int, str | None, str | None, str, str | None]  # row, column, value, cause, code

_FINGERPRINT_BYTES = 16
_SEPARATOR = "\x1f"
_LONGEST_CODE = 100
_VALUE_SHOWN = 200
_ROWS_NAMED = 10
_FEW_CELLS = 3  # a heading or a signature fills no more
_FOOTER_WORDS = ("tổng", "cộng", "người lập", "thủ trưởng", "giám đốc", "lãnh đạo", "ghi chú", "ký tên")
_ROWS_SAMPLED = 2_000
_FEWEST_MONTHS_FIRST = 3


@dataclass(slots=True)
class Survey:
    """What the first pass saw."""

    chosen: dict[int, tuple[str, bytes]] = field(default_factory=dict)  # row -> code and fingerprint; to be read
    unchanged: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    row_count: int = 0
    findings: list[str] = field(default_factory=list)
    doubts_dates: bool = False  # the file seems to write the month first: dates that fit both ways are not read
    filled: dict[str, float] = field(default_factory=dict)  # field -> share of its cells that say something
    doubled: dict[str, dict[str, int]] = field(default_factory=dict)  # field -> further header -> rows that contradict


def survey(table: Table, columns: Columns, source: str, known: Mapping[str, bytes]) -> Survey:
    """Look at every row once, reading no more than its code and its fingerprint."""
    walk = _Walk(table, columns, source)
    walk.go()
    walk.settle(known)
    walk.seen.doubled = _doubled(table, columns)
    walk.seen.doubts_dates = _writes_month_first(table, columns)
    if walk.seen.doubts_dates:
        walk.seen.findings.append("tệp ghi tháng trước ngày: ngày đọc được theo cả hai cách đều bị loại")
    return walk.seen


class _Walk:
    def __init__(self, table: Table, columns: Columns, source: str) -> None:
        self.table = table
        self.columns = columns
        self.code_at = columns.places["code"]
        self.code_header = columns.headers["code"]
        self.meaning = f"{source}{_SEPARATOR}{columns.signature}{_SEPARATOR}"
        self.seen = Survey(
            rejected=[(row, column or None, value, cause, None) for row, column, value, cause in table.rejected],
            row_count=len(table.rejected),
        )
        self.first: dict[str, tuple[int, bytes]] = {}
        self.clashes: dict[str, list[int]] = {}
        self.repeated: list[int] = []
        self.skipped: list[int] = []
        self.shapes: dict[tuple[bool, ...], int] = {}  # which cells say something -> in how many rows

    def go(self) -> None:
        """The hot loop: it runs for every row of every import, changed or not."""
        code_at, header, meaning, first = self.code_at, self.code_header, self.meaning, self.first
        join = _SEPARATOR.join
        shapes = self.shapes
        # The code's place twice: itemgetter gives a tuple only for two places or more.
        pick = itemgetter(code_at, *sorted(self.columns.places.values()))
        for row, cells in self._sound_rows():
            code = cells[code_at]
            if type(code) is not str or not code.isascii() or not code.isprintable():
                code = clean(written(code))
            is_odd = not code or " " in code or code.isdigit() or len(code) > _LONGEST_CODE or code == header
            if is_odd and not self._may_be_dossier(row, code, cells):
                continue
            raw = pick(cells)
            shape = tuple([bool(cell) or cell == 0 for cell in raw])
            shapes[shape] = shapes.get(shape, 0) + 1
            try:
                joined = join(raw)
            except TypeError:
                joined = join([cell if type(cell) is str else repr(cell) for cell in raw])
            said = (meaning + joined).encode("utf-8", "surrogatepass")
            fingerprint = blake2b(said, digest_size=_FINGERPRINT_BYTES).digest()
            earlier = first.setdefault(code, (row, fingerprint))
            if earlier[0] != row:
                self._again(code, row, is_same=earlier[1] == fingerprint)
        self.seen.row_count += len(self.first)
        self.seen.filled = self._shares()

    def _shares(self) -> dict[str, float]:
        """How much of each column says something; what is true of rows is added up by the few shapes that they have."""
        total = sum(self.shapes.values())
        fields = sorted(self.columns.places, key=self.columns.places.__getitem__)
        return {
            name: round(sum(count for shape, count in self.shapes.items() if shape[place]) / total, 4)
            for place, name in enumerate(fields, 1)  # 0 is the code, picked twice
            if total
        }

    def settle(self, known: Mapping[str, bytes]) -> None:
        """Divide what was seen into new, unchanged and contradictory."""
        for code, (row, fingerprint) in self.first.items():
            if code in self.clashes:
                self._reject_clash(code, [row, *self.clashes[code]])
            elif known.get(code) == fingerprint:
                self.seen.unchanged.append(code)
            else:
                self.seen.chosen[row] = (code, fingerprint)
        if self.skipped:
            self.seen.findings.append(f"bỏ qua dòng không phải hồ sơ: {_listed(self.skipped)}")
        if self.repeated:
            self.seen.findings.append(f"dòng lặp lại y hệt, chỉ lấy một: {_listed(self.repeated)}")

    def _sound_rows(self) -> NumberedRows:
        if not self.table.is_ragged:
            return self.table.rows()
        return (numbered for numbered in self.table.rows() if self._is_sound(*numbered))

    def _is_sound(self, row: int, cells: Sequence[object]) -> bool:
        """Whether each cell of a line of text stands under its header; says so when not."""
        width, last = len(self.table.headers), max(self.columns.places.values())
        filled = sum(1 for cell in cells if clean(written(cell)))
        if len(cells) > width and any(clean(written(cell)) for cell in cells[width:]):
            cause = f"dòng có {len(cells)} ô, tiêu đề có {width}: đặt ô có dấu phân cách trong ngoặc kép"
        elif len(cells) <= last and filled > _FEW_CELLS:
            cause = f"dòng chỉ có {len(cells)} ô, tiêu đề có {width}: kiểm tra dấu xuống dòng trong ô, xuất lại"
        elif row == self.table.torn_row:
            cause = "dòng cuối không có dấu xuống dòng nên có thể bị cắt: xuất lại, hoặc thêm một dòng trống ở cuối tệp"
        else:
            if len(cells) <= last and filled:
                self.skipped.append(row)
            return len(cells) > last
        self._reject(row, None, None, cause)
        return False

    def _may_be_dossier(self, row: int, code: str, cells: Sequence[object]) -> bool:
        """Blank rows, headings, totals and signatures are no dossiers; what remains is one, with or without a code."""
        filled = [text for cell in cells if (text := clean(written(cell)))]
        if not filled or code == self.code_header:
            return False
        dated = any(_could_be_date(cells[place]) for place in self._date_places())
        if fold(filled[0]).startswith(_FOOTER_WORDS) or (
            not code.isdigit() and len(filled) <= _FEW_CELLS and not dated
        ):
            self.skipped.append(row)
            return False
        if code.isdigit() and len(code) <= _LONGEST_CODE:
            return True
        if code:
            self._reject(row, self.code_header, code, "mã hồ sơ có dấu cách hoặc quá dài: sửa mã ở hệ thống nguồn")
        else:
            self._reject(row, self.code_header, None, "thiếu mã hồ sơ: bổ sung mã ở hệ thống nguồn rồi xuất lại")
        return False

    def _date_places(self) -> Iterable[int]:
        return (place for name, place in self.columns.places.items() if name in DATE_FIELDS)

    def _again(self, code: str, row: int, *, is_same: bool) -> None:
        if is_same:
            self.repeated.append(row)
            self.seen.row_count += 1
        else:
            self.clashes.setdefault(code, []).append(row)

    def _reject(self, row: int, column: str | None, value: str | None, cause: str) -> None:
        self.seen.row_count += 1
        self.seen.rejected.append((row, column, value[:_VALUE_SHOWN] if value else value, cause, None))

    def _reject_clash(self, code: str, rows: list[int]) -> None:
        self.seen.row_count += len(rows) - 1  # the first one is counted already
        for row in rows:
            others = _listed([other for other in rows if other != row])
            cause = f"cùng mã với {others} nhưng nội dung khác: giữ một dòng đúng ở hệ thống nguồn rồi xuất lại"
            self.seen.rejected.append((row, self.code_header, code, cause, code))


def _writes_month_first(table: Table, columns: Columns) -> bool:
    """Whether the dates of the file, taken together, are MM/dd: then 11/05/2026 need not be a day of May."""
    places = [place for name, place in columns.places.items() if name in DATE_FIELDS]
    cells = [cells[place] for _, cells in islice(table.rows(), _ROWS_SAMPLED) for place in places if place < len(cells)]
    months_first = sum(map(is_month_first, cells))
    return months_first >= _FEWEST_MONTHS_FIRST and months_first > sum(map(is_day_first, cells))


def _doubled(table: Table, columns: Columns) -> dict[str, dict[str, int]]:
    """The further columns of a field, with the number of rows in which each says something else than the one read."""
    pairs = [(name, place, columns.places[name]) for name, others in columns.rivals.items() for place in others]
    contradictions = dict.fromkeys(pairs, 0)
    if pairs:
        code_at = columns.places["code"]
        for _, cells in table.rows():
            for pair in pairs:
                _, place, taken = pair
                if max(place, taken, code_at) < len(cells) and clean(written(cells[code_at])):
                    told = clean(written(cells[place]))
                    contradictions[pair] += bool(told) and told != clean(written(cells[taken]))
    found: dict[str, dict[str, int]] = {}
    for (name, place, _), count in contradictions.items():
        of_field, header = found.setdefault(name, {}), table.headers[place]
        of_field[header] = of_field.get(header, 0) + count
    return found


def _could_be_date(cell: object) -> bool:
    return cell[:1].isdigit() if isinstance(cell, str) else cell is not None


def _listed(rows: Sequence[int]) -> str:
    more = f" và {len(rows) - _ROWS_NAMED} dòng khác" if len(rows) > _ROWS_NAMED else ""
    return f"dòng {', '.join(map(str, rows[:_ROWS_NAMED]))}{more}"
