"""A file's bytes, and the table in them: opened as what they are, refused when the name promises something else."""

from collections.abc import Callable, Mapping
from pathlib import Path

from monitor.intake.batch import ReadLimits
from monitor.intake.portal import open_portal
from monitor.intake.refusals import DamagedFile, EmptyFile, FileMissing, FileTooBig, UnknownFormat
from monitor.intake.table import Table

ZIP_MARK = b"PK\x03\x04"
OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_TEXT_NAMES = (".csv", ".txt", ".tsv")
_BOOK_NAMES = (".xlsx", ".xls")
_FOREIGN_MARKS = {
    b"MZ": "chương trình .exe",
    b"\x7fELF": "chương trình",
    b"%PDF": "tệp PDF",
    b"<": "trang web hoặc XML; mở bằng Excel rồi lưu lại dạng .xlsx",
}
_BEFORE_TEXT = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"  # byte-order marks and blanks


def load(path: Path, limits: ReadLimits) -> bytes:
    """All bytes at once, so that what is hashed is what is read, whatever happens to the file meanwhile."""
    try:
        with path.open("rb") as file:
            data = file.read(limits.file_bytes + 1)
    except OSError as error:
        raise FileMissing(reason=error.strerror or type(error).__name__) from error
    if len(data) > limits.file_bytes:
        raise FileTooBig(what=f"hơn {limits.file_bytes >> 20} MB", limit=f"{limits.file_bytes >> 20} MB")
    if not data.strip(_BEFORE_TEXT):
        raise EmptyFile
    return data


def open_table(
    data: bytes,
    file_name: str,
    fields: Mapping[str, str],
    read_date: Callable[[object], str | None],
    *,
    unpacked_limit: int,
    expect: Callable[[int], None],
) -> Table:
    """The table of the file; `expect` is told to how many bytes a workbook says it unpacks, before it is opened."""
    suffix = Path(file_name).suffix.casefold()
    if data.startswith((ZIP_MARK, OLE_MARK)):
        if suffix not in _BOOK_NAMES:
            raise UnknownFormat(seen=f"sổ tính Excel mang đuôi “{suffix}”")
        # Other formats need no calamine, and no csv either.
        from monitor.intake.workbook import open_workbook, unpacked_size  # noqa: PLC0415

        expect(len(data) + unpacked_size(data, unpacked_limit))
        return open_workbook(data, fields)
    _refuse_foreign(data, suffix)
    if data.lstrip(_BEFORE_TEXT).startswith((b"{", b"[")):
        if suffix != ".json":
            raise UnknownFormat(seen=f"JSON mang đuôi “{suffix}”")
        return open_portal(data, fields, read_date)
    if suffix not in _TEXT_NAMES:
        raise UnknownFormat(seen=f"nội dung không khớp đuôi “{suffix}”")
    from monitor.intake.delimited import open_delimited  # noqa: PLC0415

    return open_delimited(data, fields)


def _refuse_foreign(data: bytes, suffix: str) -> None:
    start = data.lstrip(_BEFORE_TEXT)
    for mark, seen in _FOREIGN_MARKS.items():
        if start.startswith(mark):
            raise UnknownFormat(seen=seen)
    if suffix in _BOOK_NAMES:
        raise DamagedFile(detail="không có phần đầu của sổ tính Excel")
