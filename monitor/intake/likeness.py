"""What a column is likely to hold, by its cells and by its header: a proposal for a person, never a reading."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date
from enum import StrEnum
from itertools import islice

from monitor.intake.dates import read_date
from monitor.intake.headers import DATE_FIELDS, FIELDS
from monitor.intake.layout import Columns
from monitor.intake.table import Table
from monitor.intake.text import BadCell, clean, fold, written
from monitor.intake.words import STATUSES, looks_like_dossier_code, looks_like_procedure_code, without_province

ROWS_SAMPLED = 500

_MOST = 0.8  # of the filled cells make the kind of a column
_SOME_STATUS_WORDS = 0.5  # a source has words of its own beside the known ones
_CERTAIN = 0.6  # the cells alone say which field it is, whatever the header
_MORE_THAN_HALF = 0.5  # of the words: "Ngày sinh" has half of "Ngày nộp"

_LIMIT = re.compile(r"\d+(?:/\d+)? ?(?:ngày|giờ|tháng)\b")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"(?:0|84)\d{8,10}")
_IDENTITY = re.compile(r"\d{9}|\d{10}|\d{12,13}")
_NUMBER = re.compile(r"[\d.,]+")
_INNER_CAPITAL = re.compile(r"(?<=[a-zà-ỹ])(?=[A-Z])")


class Kind(StrEnum):
    """What the cells of a column are."""

    DATE = "ngày"
    DOSSIER_CODE = "mã hồ sơ"
    PROCEDURE_CODE = "mã thủ tục"
    STATUS = "từ chỉ trạng thái"
    LIMIT = "thời hạn"
    EMAIL = "thư điện tử"
    PHONE = "số điện thoại"
    IDENTITY = "số giấy tờ"
    UNIT = "đơn vị của cơ quan"
    PERSON = "người của cơ quan"
    PROCEDURE = "tên thủ tục trong danh mục"
    NUMBER = "số"
    TEXT = "chữ"


# What the cells of a field must be; of these fields the cells alone tell which one it is, but for dates.
_KIND_OF_FIELD: Mapping[str, Kind] = dict.fromkeys(DATE_FIELDS, Kind.DATE) | {
    "code": Kind.DOSSIER_CODE,
    "procedure_code": Kind.PROCEDURE_CODE,
    "status": Kind.STATUS,
    "stated_limit": Kind.LIMIT,
    "email": Kind.EMAIL,
    "phone": Kind.PHONE,
    "identity_no": Kind.IDENTITY,
}
_FIELD_OF_KIND: Mapping[Kind, str] = {
    **{kind: name for name, kind in _KIND_OF_FIELD.items() if kind is not Kind.DATE},
    Kind.UNIT: "handling_unit",
    Kind.PERSON: "handling_officer",
    Kind.PROCEDURE: "procedure_name",
}
_WORDS_OF_TEXT = frozenset({Kind.TEXT, Kind.UNIT, Kind.PERSON, Kind.PROCEDURE})

Names = Mapping[Kind, Collection[str]]  # the folded names of our own units, people and procedures
NO_NAMES: Names = {}


def kind_of_cell(cell: object, names: Names = NO_NAMES) -> Kind | None:
    """What one cell is; None when it is empty."""
    text = clean(written(cell)) if not isinstance(cell, (list, dict)) else "[]"
    if not text:
        return None
    return next((kind for kind, fits in _tests(names) if fits(cell, text)), Kind.TEXT)


def kind_of_column(cells: Iterable[object], names: Names = NO_NAMES) -> Kind | None:
    """What most of the filled cells are; None when nothing is filled."""
    counts: dict[Kind, int] = {}
    for cell in cells:
        if kind := kind_of_cell(cell, names):
            counts[kind] = counts.get(kind, 0) + 1
    if not counts:
        return None
    kind = max(counts, key=counts.__getitem__)
    needed = _SOME_STATUS_WORDS if kind in (Kind.STATUS, Kind.UNIT, Kind.PERSON) else _MOST
    return kind if counts[kind] >= needed * sum(counts.values()) else Kind.TEXT


def likely_fields(table: Table, columns: Columns) -> dict[str, str]:
    """Headers from which nothing is read, with the field that each may hold and that no other column holds."""
    if table.form != "sheet" or not columns.unused:
        return {}
    sample = list(islice((cells for _, cells in table.rows()), ROWS_SAMPLED))
    kinds = {header: kind_of_column(column(sample, place)) for place, header in columns.unused.items()}
    return match_fields(kinds, FIELDS.keys() - columns.places.keys())


def column(rows: Iterable[Sequence[object]], place: int) -> Iterator[object]:
    """The cells at a place, of rows that may be shorter."""
    return (cells[place] for cells in rows if place < len(cells))


def match_fields(kinds: Mapping[str, Kind | None], free: Collection[str]) -> dict[str, str]:
    """Header -> field, the likeliest pair first, each field and each header once."""
    scores = sorted(
        (
            (score, header, name)
            for header, kind in kinds.items()
            for name in free
            if (score := _score(header, kind, name))
        ),
        key=lambda one: (-one[0], one[1], one[2]),
    )
    matched: dict[str, str] = {}
    for _, header, name in scores:
        if header not in matched and name not in matched.values():
            matched[header] = name
    return matched


def _score(header: str, kind: Kind | None, name: str) -> float:
    """How likely a column is a field: 0 when its cells forbid it, or too few words of the header are known for it."""
    needed = _KIND_OF_FIELD.get(name)
    if needed is not None and kind not in (needed, None):
        return 0
    if needed is None and kind not in (*_WORDS_OF_TEXT, None):
        return 0
    alike = max((_likeness(header, known) for known in FIELDS[name].headers), default=0.0)
    if kind is not None and _FIELD_OF_KIND.get(kind) == name:
        return max(alike, _CERTAIN)
    return alike if alike > _MORE_THAN_HALF else 0


def _likeness(header: str, known: str) -> float:
    """The share of words that two headers have in common, whether or not they are written with diacritics."""
    ours, theirs = _plain_words(header), _plain_words(known)
    return len(ours & theirs) / max(len(ours), len(theirs)) if ours else 0.0


def _plain_words(header: str) -> frozenset[str]:
    apart = unicodedata.normalize("NFD", fold(_INNER_CAPITAL.sub(" ", header)))
    return frozenset("".join(sign for sign in apart if not unicodedata.combining(sign)).replace("đ", "d").split())


_read_date = read_date(UTC)  # the zone does not matter to whether it is a date


def _is_date(cell: object, text: str) -> bool:
    """A number is none here: a serial number of Excel cannot be told from any other."""
    if isinstance(cell, date):
        return True
    if not isinstance(cell, str) or (text.isdigit() and len(text) != len("20261123083000")):
        return False
    try:
        return _read_date(cell) is not None
    except BadCell:
        return False


def _is_among(known: Collection[str]) -> Callable[[object, str], bool]:
    return lambda _, text: fold(text) in known


def _tests(names: Names) -> Iterator[tuple[Kind, Callable[[object, str], object]]]:
    yield Kind.DATE, _is_date
    yield Kind.DOSSIER_CODE, lambda _, text: looks_like_dossier_code(text)
    yield Kind.PROCEDURE_CODE, lambda _, text: looks_like_procedure_code(without_province(text))
    yield Kind.STATUS, lambda _, text: fold(text) in STATUSES and not text.isdigit()
    yield Kind.LIMIT, lambda _, text: _LIMIT.match(text.casefold())
    for kind, known in names.items():
        yield kind, _is_among(known)
    yield Kind.EMAIL, lambda _, text: _EMAIL.fullmatch(text)
    yield Kind.PHONE, lambda _, text: _PHONE.fullmatch(re.sub(r"[ .+()-]", "", text))
    yield Kind.IDENTITY, lambda _, text: _IDENTITY.fullmatch(text)
    yield Kind.NUMBER, lambda _, text: _NUMBER.fullmatch(text)
