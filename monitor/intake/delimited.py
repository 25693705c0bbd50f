"""Tables as text: the encoding and the separator found out, a half-written end noticed."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from operator import itemgetter

from monitor.intake.layout import find_header
from monitor.intake.refusals import (
    CodeColumnMissing,
    DamagedFile,
    FileTooBig,
    HeaderNotFound,
    IntakeError,
    OldEncoding,
    UnknownFormat,
)
from monitor.intake.table import Table, below_header, first_rows
from monitor.intake.text import fold
from monitor.source import FileFormat

_SEPARATORS = (",", ";", "\t")
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_UTF8_BYTES_READ_AS_LATIN = ("áº", "á»", "Ä‘", "Æ°")  # pairs that no Vietnamese word has
_OLDER = "TCVN3, VNI hoặc mã cũ khác"
_TAIL = 4  # bytes of one character at most
_FEWEST_VIETNAMESE_HEADERS = 2


def open_delimited(data: bytes, fields: Mapping[str, str]) -> Table:
    """The text as a table with the separator under which the header is best understood."""
    text, is_guessed = _decode(data)
    if any(ord(sign) < ord("\t") for sign in text[:10_000]) or "\0" in text:
        raise UnknownFormat(seen="dữ liệu nhị phân")
    try:
        separator = _find_separator(text, fields)
    except (HeaderNotFound, CodeColumnMissing) as error:
        if is_guessed:
            raise OldEncoding(encoding=_OLDER) from error
        raise
    headers, titles, rows = below_header(_rows_of(text, separator), fields)
    if is_guessed:
        _check_guess(headers, fields)
    torn_row = _find_torn_row(text, _rows_of(text, separator), len(headers))
    return Table(
        form="sheet",
        format=FileFormat.DELIMITED,
        headers=headers,
        titles=titles,
        rows=rows,
        is_ragged=True,
        torn_row=torn_row,
    )


def _decode(data: bytes) -> tuple[str, bool]:
    """The text, and whether its encoding was guessed."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), None) or _without_mark(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8" or error.start >= len(data) - _TAIL:
            raise DamagedFile(detail="chữ cuối tệp bị cắt") from error
        return _decode_windows_1258(data), True
    if any(pair in text for pair in _UTF8_BYTES_READ_AS_LATIN):
        raise OldEncoding(encoding="UTF-8 bị đọc nhầm rồi lưu lại")
    return text, False


def _without_mark(data: bytes) -> str:
    """UTF-16 shows itself by the zero bytes of its separators and digits."""
    start = data[:1_000]
    evens, odds = start[0::2].count(0), start[1::2].count(0)
    if odds > len(start) // 8 and not evens:
        return "utf-16-le"
    if evens > len(start) // 8 and not odds:
        return "utf-16-be"
    return "utf-8"


def _decode_windows_1258(data: bytes) -> str:
    try:
        return data.decode("cp1258")
    except UnicodeDecodeError as error:
        raise OldEncoding(encoding=_OLDER) from error


def _check_guess(headers: Sequence[str], fields: Mapping[str, str]) -> None:
    """A guess stands only when the header reads right with its diacritics: plain letters read right in any encoding."""
    right = [header for header in headers if not header.isascii() and fold(header) in fields]
    if len(right) < _FEWEST_VIETNAMESE_HEADERS:
        raise OldEncoding(encoding=_OLDER)


def _find_separator(text: str, fields: Mapping[str, str]) -> str:
    refusals: list[IntakeError] = []
    best = (0, 0, "")
    for separator in _SEPARATORS:
        try:
            header = find_header(first_rows(_rows_of(text, separator)), fields)
        except FileTooBig:
            raise
        except IntakeError as error:
            refusals.append(error)
            continue
        best = max(best, (sum(fold(name) in fields for name in header.headers), len(header.headers), separator))
    if best[-1]:
        return best[-1]
    order = (OldEncoding, CodeColumnMissing, DamagedFile, HeaderNotFound)
    raise min(refusals, key=lambda error: order.index(type(error)) if type(error) in order else len(order))


def _rows_of(text: str, separator: str) -> Callable[[], Iterator[Sequence[object]]]:
    def rows() -> Iterator[Sequence[object]]:
        reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
        try:
            yield from reader
        except csv.Error as error:
            raise DamagedFile(detail=f"dòng {reader.line_num}: {error}") from error

    return rows


def _find_torn_row(text: str, rows: Callable[[], Iterator[Sequence[object]]], width: int) -> int | None:
    """The last row, if no end of line shows that it was written to its end; with too few cells it certainly was not.

    A closing quote proves nothing: it may be the first half of a doubled one.
    """
    if text.endswith(("\n", "\r")):
        return None
    number, last = max(enumerate(rows(), 1), key=itemgetter(0))
    if len(last) < width:
        raise DamagedFile(detail=f"dòng cuối (dòng {number}) chỉ có {len(last)} trong {width} ô")
    return number
