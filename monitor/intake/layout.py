"""Which column holds which field: the header row found by its content, and the kind of list that its columns make."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from monitor.intake.headers import FIELDS, UNIT_OR_PERSON
from monitor.intake.refusals import CodeColumnMissing, ColumnRuleWrong, HeaderNotFound, OldEncoding
from monitor.intake.text import clean, fold, old_font, written
from monitor.record import Person

_FIELD_OF: Mapping[str, str] = {fold(header): name for name, field in FIELDS.items() for header in field.headers}
PERSON_FIELDS = frozenset(Person.__slots__)

# Columns of the follow-up list. Most of them name it, so that a list that lost one or two is still compared with its
# former self, and the loss is noticed, instead of counting as a list of another kind.
_FOLLOW_UP = frozenset(
    {
        "procedure_name",
        "status",
        "applicant",
        "submitter",
        "submitted_at",
        "received_at",
        "appointment_at",
        "finished_at",
    }
)
_ENOUGH_OF_FOLLOW_UP = 6

_ROWS_SEARCHED = 60
_FEWEST_HEADERS = 2
_ROWS_SHOWN = 5
_TEXT_SHOWN = 120
_OLD_CODE_HEADERS: Mapping[str, str] = {"m· hå s¬": "TCVN3, phông .VnTime", "maõ hoà sô": "VNI"}


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """Where the header stands, and what it says column by column."""

    first: int  # index of its first row among the rows given
    last: int  # index of its last row: some headers are two rows high
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields of a file and the columns that hold them."""

    places: Mapping[str, int]  # field -> index of its column
    headers: Mapping[str, str]  # field -> header as written
    unused: Mapping[int, str]  # index -> header, of the columns that nothing is read from
    rivals: Mapping[str, tuple[int, ...]]  # field -> further columns for it, where the source does not say which counts
    findings: tuple[str, ...]
    warnings: tuple[str, ...]  # flags that hold for every row of the file

    @property
    def signature(self) -> str:
        """Equal for files whose cells mean the same."""
        return "|".join(f"{name}={fold(header)}" for name, header in sorted(self.headers.items()))


class KnownFields(dict[str, str]):
    """Folded header -> field; of two headers for one field one that the source itself declares wins.

    `is_learning`: a header of which nothing is known is a header all the same, for a person to say what it means.
    """

    def __init__(self, columns: Mapping[str, str], *, is_learning: bool = False) -> None:
        self.is_learning = is_learning
        own = {fold(header): name for header, name in columns.items()}
        super().__init__({**_FIELD_OF, **own})
        self.declared = frozenset(own)


def known_fields(source: str, columns: Mapping[str, str], *, is_learning: bool = False) -> KnownFields:
    """Folded header -> field: the known headers and those that the source's rule adds."""
    for header, name in columns.items():
        if name not in FIELDS:
            raise ColumnRuleWrong(source=source, header=header, field=name)
    return KnownFields(columns, is_learning=is_learning)


def find_header(rows: Sequence[Sequence[object]], fields: Mapping[str, str]) -> HeaderRow:
    """The row that names most fields, joined with the row below it where a merged header is two rows high."""
    if not rows:
        raise HeaderNotFound(wanted=_wanted(), seen="không có dòng nào")
    is_learning = isinstance(fields, KnownFields) and fields.is_learning
    counts = [len(_named(row, fields)) for row in rows[:_ROWS_SEARCHED]]
    if is_learning and max(counts) < _FEWEST_HEADERS:
        counts = [_header_words(row) for row in rows[:_ROWS_SEARCHED]]
    best = max(range(len(counts)), key=lambda index: (counts[index], -index))
    if counts[best] < _FEWEST_HEADERS:
        _refuse_old_encoding(rows)
        raise HeaderNotFound(wanted=_wanted(), seen=_shown(rows))
    first, last = _with_neighbour(rows, best, fields)
    headers = _joined(rows[first], rows[last] if last > first else (), fields)
    named = {fields.get(fold(header)) for header in headers}
    if not named & {"code", "receipt_no"} and not is_learning:
        _refuse_old_encoding(rows)
        raise CodeColumnMissing(row=best + 1, seen=", ".join(header for header in headers if header)[:400])
    return HeaderRow(first, last, headers)


def map_columns(headers: Sequence[str], fields: Mapping[str, str], *, may_stand_in: bool = True) -> Columns:
    """Each field's column; of several headers for one field the declared one wins, else the leftmost.

    The others are reported, and are rivals unless the source has declared which one counts. In a list of dossiers a
    column may stand in for a missing one; in a log of steps it means what it says.
    """
    declared = fields.declared if isinstance(fields, KnownFields) else frozenset()
    found: dict[str, list[int]] = {}
    for index, header in enumerate(headers):
        if name := fields.get(fold(header)):
            found.setdefault(name, []).append(index)
    places, rivals, findings = {}, {}, []
    for name, columns in found.items():
        own = [index for index in columns if fold(headers[index]) in declared]
        places[name] = first = (own or columns)[0]
        others = tuple(index for index in columns if index != first)
        if others and not own:
            rivals[name] = others
        findings += [f"hai cột cho một trường: lấy “{headers[first]}”, bỏ “{headers[index]}”" for index in others]
    warnings = _stand_ins(places, headers, findings) if may_stand_in else ()
    taken = set(places.values())
    return Columns(
        places=places,
        headers={name: headers[place] for name, place in places.items()},
        unused={index: header for index, header in enumerate(headers) if header and index not in taken},
        rivals=rivals,
        findings=tuple(findings),
        warnings=warnings,
    )


def _stand_ins(places: dict[str, int], headers: Sequence[str], findings: list[str]) -> tuple[str, ...]:
    """Columns that stand for a missing one: the receipt number for the code, the step's date for the appointment."""
    warnings = []
    if "code" not in places and "receipt_no" in places:
        places["code"] = places.pop("receipt_no")
        warnings.append("receipt_no_as_code")
        findings.append(f"không có cột mã hồ sơ: dùng “{headers[places['code']]}” làm mã")
    if "appointment_at" not in places and "step_due_at" in places:
        places["appointment_at"] = places.pop("step_due_at")
        warnings.append("step_due_as_appointment")
        findings.append(f"không có cột ngày hẹn trả: dùng “{headers[places['appointment_at']]}” làm ngày hẹn")
    return tuple(warnings)


def name_layout(fields: frozenset[str]) -> str:
    """The kind of list: follow-up, overdue, late, or another one named by its set of fields."""
    if UNIT_OR_PERSON in fields:
        return "qua-han"
    if "reason" in fields:
        return "tre-hen"
    if len(fields & _FOLLOW_UP) >= _ENOUGH_OF_FOLLOW_UP:
        return "theo-doi"
    return "khac-" + blake2b(",".join(sorted(fields)).encode(), digest_size=3).hexdigest()


def is_column_numbers(cells: Sequence[object]) -> bool:
    """Whether the row only numbers the columns, as (1) (2) (3), which many reports print under the header."""
    marks = [written(cell).strip(" ()") for cell in cells if written(cell).strip()]
    numbers = [int(mark) for mark in marks if mark.isdecimal()]
    letters = [mark for mark in marks if not mark.isdecimal()]
    return (
        len(numbers) >= _FEWEST_HEADERS
        and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        and all(len(mark) == 1 for mark in letters)
    )


def _named(row: Sequence[object], fields: Mapping[str, str]) -> set[str]:
    return {name for cell in row if isinstance(cell, str) and (name := fields.get(fold(cell)))}


def _header_words(row: Sequence[object]) -> int:
    """How many different words a row holds that could stand over a column: a row of data has numbers and dates."""
    texts = [fold(cell) for cell in row if isinstance(cell, str) and clean(cell)]
    return 0 if any(sign.isdigit() for text in texts for sign in text) else len(set(texts))


def _with_neighbour(rows: Sequence[Sequence[object]], best: int, fields: Mapping[str, str]) -> tuple[int, int]:
    """The first and last row of the header: merged headers are two rows high, and each row names some fields."""
    if best + 1 < len(rows) and _completes(rows[best + 1], rows[best], fields, is_above=False):
        return best, best + 1
    if best > 0 and _completes(rows[best - 1], rows[best], fields, is_above=True):
        return best - 1, best
    return best, best


def _completes(row: Sequence[object], best: Sequence[object], fields: Mapping[str, str], *, is_above: bool) -> bool:
    """Whether the row names fields where the best row names none; above, over blanks only: titles stand there, too."""
    if any(sign.isdigit() for cell in row for sign in written(cell)):
        return False
    named = [index for index, cell in enumerate(row) if fold(written(cell)) in fields]
    beside = [fold(written(best[index])) if index < len(best) else "" for index in named]
    return bool(named) and all(text == "" if is_above else text not in fields for text in beside)


def _joined(upper: Sequence[object], lower: Sequence[object], fields: Mapping[str, str]) -> tuple[str, ...]:
    """The header of each column; of two rows the one that names a field, else the lower one."""

    def choose() -> Iterator[str]:
        for index in range(max(len(upper), len(lower))):
            above = clean(written(upper[index])) if index < len(upper) else ""
            below = clean(written(lower[index])) if index < len(lower) else ""
            yield above if fold(above) in fields and fold(below) not in fields else below or above

    return tuple(choose())


def _refuse_old_encoding(rows: Sequence[Sequence[object]]) -> None:
    """Say so when the header is there, but in the letters of an old font."""
    for row in rows[:_ROWS_SEARCHED]:
        for cell in row:
            if not isinstance(cell, str):
                continue
            encoding = _OLD_CODE_HEADERS.get(clean(cell).casefold()) or old_font(cell)
            if encoding:
                raise OldEncoding(encoding=encoding)


def _wanted() -> str:
    return ", ".join(f"“{FIELDS[name].headers[0]}”" for name in ("code", "received_at", "appointment_at", "status"))


def _shown(rows: Sequence[Sequence[object]]) -> str:
    lines = (" | ".join(clean(written(cell)) for cell in row if written(cell).strip()) for row in rows)
    return "; ".join(f"“{line[:_TEXT_SHOWN]}”" for line in [line for line in lines if line][:_ROWS_SHOWN]) or "trống"
