"""Broken, half-written and hostile files: refused with words, or a true part of them is read; never a wrong value."""

import csv
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from monitor.intake import Batch, FileHead, IntakeError, ReadLimits, file_digest, read_file
from monitor.intake.refusals import (
    DamagedFile,
    EmptyFile,
    EncryptedFile,
    FileMissing,
    FileTooBig,
    MacroWorkbook,
    ReaderStopped,
    UnknownFormat,
    UnsafeFile,
)
from monitor.working_time import LOCAL_ZONE

NOW = datetime(2026, 11, 23, 8, tzinfo=LOCAL_ZONE)  # a Monday
HEADER = ["Mã hồ sơ", "Ngày nhận", "Chủ hồ sơ", "Ngày hẹn trả"]

READ_AND_WEIGH = """
import datetime, pathlib, resource, sys
from monitor.intake import IntakeError, read_file
try:
    list(read_file(pathlib.Path(sys.argv[1]), [], now=datetime.datetime.now(datetime.UTC)))
except IntakeError:
    print("refused", end=" ")
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def lines(count: int) -> Iterator[list[str]]:
    for number in range(count):
        name = f'Công ty "Hoa Hồi {number}", Lạng Sơn' if number % 3 == 0 else f"Hộ kinh doanh {number}"
        yield [
            f"H37.12-261120-{number:04}",
            "20/11/2026 09:00:15",
            name,
            f"26/11/2026 {number % 24:02}:{number % 60:02}",
        ]


def workbook(path: Path, count: int = 3) -> Path:
    book = xlsxwriter.Workbook(path)
    page = book.add_worksheet()
    for row, cells in enumerate([HEADER, *lines(count)]):
        page.write_row(row, 0, cells)
    book.close()
    return path


def repacked(source: Path, target: Path, **changed: bytes | None) -> Path:
    """The workbook with some parts replaced, or taken out; `__` in a name stands for a slash, `_xml` for `.xml`."""
    changes = {
        name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"): data for name, data in changed.items()
    }
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in [*old.namelist(), *(name for name in changes if name not in old.namelist())]:
            data = changes[name] if name in changes else old.read(name)
            if data is not None:
                new.writestr(name, data)
    return target


def read(path: Path, limits: ReadLimits | None = None) -> list[tuple[object, ...]]:
    """What was accepted, as comparable values."""
    head, *batches = read_file(path, [], now=NOW, limits=limits or ReadLimits())
    assert isinstance(head, FileHead)
    rows = [row for batch in batches if isinstance(batch, Batch) for row in batch.rows]
    return [
        (
            row.record.code,
            row.record.received_at and row.record.received_at.at.strftime("%d/%m/%Y %H:%M:%S"),
            row.record.person.applicant,
            row.record.appointment_at and (row.record.appointment_at.at.strftime("%d/%m/%Y %H:%M")),
        )
        for row in rows
    ]


def true_rows(count: int) -> list[tuple[object, ...]]:
    return [tuple(cells) for cells in lines(count)]


def test_what_the_helpers_say_is_what_is_read(tmp_path: Path):
    assert read(workbook(tmp_path / "a.xlsx", 5)) == true_rows(5)


class TestHalfWritten:
    @pytest.mark.parametrize("tenth", range(1, 10))
    def test_a_workbook_cut_anywhere_is_refused(self, tmp_path: Path, tenth: int):
        whole = workbook(tmp_path / "whole.xlsx", 200).read_bytes()
        path = tmp_path / "cut.xlsx"
        path.write_bytes(whole[: len(whole) * tenth // 10])
        with pytest.raises(DamagedFile, match="chép xong"):
            read(path)

    def test_text_cut_anywhere_gives_a_true_beginning_or_nothing(self, tmp_path: Path):
        buffer = io.StringIO(newline="")
        csv.writer(buffer).writerows([HEADER, *lines(400)])
        whole = buffer.getvalue().encode()
        truth = true_rows(400)
        refused = 0
        for cut in range(997, len(whole), 997):
            path = tmp_path / "cut.csv"
            path.write_bytes(whole[:cut])
            try:
                rows = read(path)
            except IntakeError:
                refused += 1
            else:
                assert rows == truth[: len(rows)]
                assert len(rows) >= whole[:cut].count(b"\r\n") - 1
        assert refused > 0

    def test_text_cut_at_every_byte_of_its_last_row_never_gives_a_wrong_value(self, tmp_path: Path):
        buffer = io.StringIO(newline="")
        csv.writer(buffer).writerows([HEADER, *lines(4)])
        whole = buffer.getvalue().encode()
        truth = true_rows(4)
        for cut in range(whole.rstrip().rindex(b"\n") + 1, len(whole)):
            path = tmp_path / "cut.csv"
            path.write_bytes(whole[:cut])
            try:
                assert read(path) in (truth[:3], truth)
            except IntakeError:
                continue

    def test_text_whose_last_row_lacks_cells_is_not_yet_complete(self, tmp_path: Path):
        (tmp_path / "a.csv").write_text("Mã hồ sơ,Ngày nhận,Ngày hẹn trả\nA-1,20/11/2026,\nA-2,20/11", encoding="utf-8")
        with pytest.raises(DamagedFile, match="dòng 3"):
            read(tmp_path / "a.csv")

    @pytest.mark.parametrize("part", [b"", b"\r\n \r\n", b"\xef\xbb\xbf"])
    @pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.json"])
    def test_an_empty_file_is_called_so(self, tmp_path: Path, name: str, part: bytes):
        (tmp_path / name).write_bytes(part)
        with pytest.raises(EmptyFile):
            read(tmp_path / name)

    def test_an_empty_workbook_is_called_so(self, tmp_path: Path):
        xlsxwriter.Workbook(tmp_path / "a.xlsx").close()
        with pytest.raises(EmptyFile):
            read(tmp_path / "a.xlsx")

    def test_a_file_that_went_away_is_named(self, tmp_path: Path):
        with pytest.raises(FileMissing, match=r"mat\.xlsx"):
            read(tmp_path / "mat.xlsx")
        with pytest.raises(FileMissing, match=r"mat\.xlsx"):
            file_digest(tmp_path / "mat.xlsx")

    def test_cut_json_is_refused(self, tmp_path: Path):
        (tmp_path / "a.json").write_text('{"service": "DongBoHoSoMC", "data": [{"MaHoSo": "A-1"', encoding="utf-8")
        with pytest.raises(DamagedFile):
            read(tmp_path / "a.json")


class TestDisguise:
    @pytest.mark.parametrize(
        ("name", "data", "refusal"),
        [
            ("a.xlsx", b"MZ\x90\0\x03" + b"\0" * 200, UnknownFormat),
            ("a.csv", b"\x7fELF" + b"\0" * 200, UnknownFormat),
            ("a.xlsx", b"%PDF-1.7 ...", UnknownFormat),
            ("a.xls", b"<html><table><tr><td>M\xc3\xa3 h\xe1\xbb\x93 s\xc6\xa1</td></tr></table>", UnknownFormat),
            ("a.xlsx", "Mã hồ sơ,Ngày nhận\n".encode(), DamagedFile),
            ("a.csv", b'{"data": []}', UnknownFormat),
            ("a.json", "Mã hồ sơ,Ngày nhận\n".encode(), UnknownFormat),
            ("a.exe", "Mã hồ sơ,Ngày nhận\n".encode(), UnknownFormat),
            ("a.csv", "Mã hồ sơ,Ngày nhận\nA-1,\0\0\n".encode(), UnknownFormat),
            ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), EncryptedFile),
            ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 4_000, DamagedFile),
        ],
    )
    def test_what_is_no_list_is_refused_by_what_it_is(self, tmp_path: Path, name: str, data: bytes, refusal: type):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(refusal):
            read(tmp_path / name)

    def test_a_workbook_under_another_name_is_refused(self, tmp_path: Path):
        for name in ("a.csv", "a.xlsm", "a.zip"):
            workbook(tmp_path / name)
            with pytest.raises(UnknownFormat):
                read(tmp_path / name)

    def test_a_workbook_with_a_program_is_refused(self, tmp_path: Path):
        path = repacked(workbook(tmp_path / "a.xlsx"), tmp_path / "b.xlsx", xl__vbaProject_bin=b"x")
        with pytest.raises(MacroWorkbook):
            read(path)

    def test_another_office_document_is_refused(self, tmp_path: Path):
        with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
            archive.writestr("word/document.xml", "<x/>")
        with pytest.raises(UnknownFormat, match="Word"):
            read(tmp_path / "a.xlsx")


class TestBombs:
    def test_a_workbook_that_says_it_unpacks_to_gigabytes_is_refused(self, tmp_path: Path):
        huge = b"<x>" + b"0" * (300 << 20)
        path = repacked(workbook(tmp_path / "a.xlsx"), tmp_path / "b.xlsx", xl__sharedStrings_xml=huge)
        with pytest.raises(FileTooBig, match="giải nén"):
            read(path)

    def test_a_workbook_that_lies_about_its_sizes_is_stopped_early(self, tmp_path: Path):
        opening = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        strings = opening + b"<si><t>abc</t></si>" * (8 << 20)
        path = repacked(workbook(tmp_path / "a.xlsx"), tmp_path / "b.xlsx", xl__sharedStrings_xml=strings)
        path.write_bytes(_lie_about_sizes(path.read_bytes(), len(strings)))
        # In a process of its own: a child starts with the size of its parent, and this one has made the bomb.
        said = subprocess.run([sys.executable, "-c", READ_AND_WEIGH, path], capture_output=True, text=True, check=True)
        outcome, kilobytes = said.stdout.split()
        assert outcome == "refused"
        assert int(kilobytes) < 300 << 10

    def test_a_sheet_that_spans_everything_is_stopped(self, tmp_path: Path):
        book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
        page = book.add_worksheet()
        page.write_row(0, 0, HEADER)
        page.write(1_048_575, 16_383, "x")
        book.close()
        with pytest.raises(IntakeError):
            read(tmp_path / "a.xlsx")

    @pytest.mark.parametrize(
        "entity",
        [
            b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
            b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
        ],
    )
    def test_entities_are_refused(self, tmp_path: Path, entity: bytes):
        sheet = zipfile.ZipFile(workbook(tmp_path / "a.xlsx")).read("xl/worksheets/sheet1.xml")
        declared = sheet.replace(b"?>", b"?>" + entity, 1)
        path = repacked(tmp_path / "a.xlsx", tmp_path / "b.xlsx", xl__worksheets__sheet1_xml=declared)
        with pytest.raises(UnsafeFile, match="DOCTYPE"):
            read(path)

    def test_deep_json_is_refused(self, tmp_path: Path):
        (tmp_path / "a.json").write_text('{"data": ' + "[" * 100_000, encoding="utf-8")
        with pytest.raises(UnsafeFile):
            read(tmp_path / "a.json")

    def test_a_file_over_the_limit_is_refused_before_it_is_opened(self, tmp_path: Path):
        path = workbook(tmp_path / "a.xlsx")
        with pytest.raises(FileTooBig):
            read(path, ReadLimits(file_bytes=1_000))

    def test_json_that_needs_too_much_memory_is_stopped(self, tmp_path: Path):
        (tmp_path / "a.json").write_text(json.dumps({"data": [[[]] * 100] * 100_000}), encoding="utf-8")
        with pytest.raises(ReaderStopped, match="bộ nhớ"):
            read(tmp_path / "a.json", ReadLimits(memory_bytes=300 << 20))

    def test_a_reader_that_takes_too_long_is_stopped(self, tmp_path: Path):
        with pytest.raises(ReaderStopped, match="giây"):
            read(workbook(tmp_path / "a.xlsx"), ReadLimits(waiting_seconds=0.001))


class TestReadingProcess:
    def test_it_is_gone_when_the_caller_loses_interest(self, tmp_path: Path):
        before = _readers()
        items = read_file(workbook(tmp_path / "a.xlsx", 20_000), [], now=NOW, batch_size=10)
        next(items)
        assert len(_readers() - before) == 1
        items.close()
        assert _readers() == before

    def test_it_waits_for_no_numpy_and_no_database(self):
        asked = (
            "import sys, monitor.intake.child; print(sorted({'numpy', 'sqlalchemy', 'asyncio'} & sys.modules.keys()))"
        )
        said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
        assert said.stdout.strip() == "[]"

    def test_a_module_in_the_working_directory_is_not_imported(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        (tmp_path / "json.py").write_text("raise SystemExit(7)")
        monkeypatch.chdir(tmp_path)
        assert read(workbook(tmp_path / "a.xlsx")) == true_rows(3)

    def test_the_file_may_be_moved_once_its_head_was_read(self, tmp_path: Path):
        path = workbook(tmp_path / "a.xlsx")
        items = read_file(path, [], now=NOW)
        next(items)
        shutil.move(path, tmp_path / "b.xlsx")
        assert sum(len(batch.rows) for batch in items if isinstance(batch, Batch)) == 3


def _readers() -> set[str]:
    """The reading processes that run for this one; other tests have children of their own."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    children = {child for task in tasks for child in task.read_text().split()}
    return {child for child in children if b"monitor.intake.child" in Path(f"/proc/{child}/cmdline").read_bytes()}


def _lie_about_sizes(data: bytes, true_size: int) -> bytes:
    """The archive with a small number where it tells the unpacked size, in the directory and before the part."""
    return data.replace(struct.pack("<I", true_size), struct.pack("<I", 1_000))
