"""Excel workbooks, looked at before they are opened: a small file may unpack to gigabytes or carry a program."""

import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from monitor.intake.opening import OLE_MARK
from monitor.intake.refusals import (
    DamagedFile,
    DatesFrom1904,
    EmptyFile,
    EncryptedFile,
    FileTooBig,
    IntakeError,
    MacroWorkbook,
    UnknownFormat,
    UnsafeFile,
)
from monitor.intake.table import Table, below_header
from monitor.source import FileFormat

_MOST_PARTS = 2_000
_PROLOGUE_BYTES = 4_096  # a document type stands before the root element
_ENCRYPTED_MARK = "EncryptedPackage".encode("utf-16-le")
_COUNTS_FROM_1904 = re.compile(rb"""DATE1904\s*=\s*["'](?:1|TRUE)""")
_OTHER_DOCUMENTS = {
    "word/document.xml": "văn bản Word",
    "ppt/presentation.xml": "trình chiếu",
    "mimetype": "OpenDocument",
}


def unpacked_size(data: bytes, limit: int) -> int:
    """The bytes that the workbook says it unpacks to; refuses what is not an honest workbook."""
    if data.startswith(OLE_MARK):
        if _ENCRYPTED_MARK in data:
            raise EncryptedFile
        return len(data)
    try:
        with ZipFile(BytesIO(data)) as archive:
            return _inspect(archive, limit)
    except (BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError, EOFError) as error:
        raise DamagedFile(detail=str(error)[:100]) from error


def _inspect(archive: ZipFile, limit: int) -> int:
    parts = {part.filename: part for part in archive.infolist()}
    size = sum(part.file_size for part in archive.infolist())
    if size > limit or len(archive.infolist()) > _MOST_PARTS:
        raise FileTooBig(what=f"giải nén ra {size >> 20} MB, {len(archive.infolist())} phần", limit=f"{limit >> 20} MB")
    if any(part.flag_bits & 1 for part in parts.values()):
        raise EncryptedFile
    if "xl/workbook.xml" not in parts:
        seen = next((kind for name, kind in _OTHER_DOCUMENTS.items() if name in parts), "tệp nén")
        raise UnknownFormat(seen=seen)
    if any("vbaproject" in name.casefold() or "macrosheets" in name.casefold() for name in parts):
        raise MacroWorkbook
    for part in parts.values():
        if part.filename.endswith((".xml", ".rels")):
            _look_into(archive, part)
    return size


def _look_into(archive: ZipFile, part: ZipInfo) -> None:
    """Refuse what a part says in its first lines; entities, that blow up or read other files, need a document type."""
    with archive.open(part) as stream:
        prologue = stream.read(_PROLOGUE_BYTES).replace(b"\0", b"").upper()
    if b"<!DOCTYPE" in prologue or b"<!ENTITY" in prologue:
        raise UnsafeFile(detail=f"khai báo DOCTYPE trong {part.filename}")
    if part.filename == "[Content_Types].xml" and b"MACROENABLED" in prologue:
        raise MacroWorkbook
    if part.filename == "xl/workbook.xml" and _COUNTS_FROM_1904.search(prologue):
        raise DatesFrom1904


def open_workbook(data: bytes, fields: Mapping[str, str]) -> Table:
    """The first visible sheet that has a header of dossiers."""
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        names = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible
        ]
        return _first_table(workbook, names, fields)
    except PasswordError as error:
        raise EncryptedFile from error
    except CalamineError as error:
        raise DamagedFile(detail=re.sub(r"\s+", " ", str(error))[:100]) from error


def _first_table(workbook: CalamineWorkbook, names: Sequence[str], fields: Mapping[str, str]) -> Table:
    refusal: IntakeError = EmptyFile()
    for place, name in enumerate(names):
        sheet = workbook.get_sheet_by_name(name)
        if sheet.start is None:
            continue
        try:
            # iter_rows begins at row 1 even where the first rows are empty, so that counting gives Excel's numbers.
            headers, titles, rows = below_header(sheet.iter_rows, fields)
        except IntakeError as error:
            refusal = error if isinstance(refusal, EmptyFile) else refusal
            continue
        others = [*names[:place], *names[place + 1 :]]
        findings = (f"chỉ đọc trang “{name}”, không đọc: {', '.join(others)}",) if others else ()
        return Table(
            form="sheet", format=FileFormat.SHEET, headers=headers, titles=titles, rows=rows, findings=findings
        )
    raise refusal
