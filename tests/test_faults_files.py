"""Files that lie, vanish or hang, by the rows of the list of faults: no value is wrong, no dossier lost in silence.

| row    | what goes wrong                          | here, and where else                                          |
|--------|------------------------------------------|---------------------------------------------------------------|
| 27     | the database lies on a network share     | TestDatabaseOnAShare; test_store_migrations                   |
| 37     | the same file again, or renamed          | TestSameFileAgain; test_importing, test_cli_dossiers          |
| 38     | one dossier twice, with different values | TestTwiceInOneFile; test_intake_lists                         |
| 39     | half a workbook                          | test_intake_hostile, TestHalfWritten                          |
| 40     | half a table of text                     | TestHalfAText; test_intake_hostile, TestHalfWritten           |
| 41     | open in Excel                            | TestOpenElsewhere; test_intake_inbox                          |
| 42     | the share hangs or vanishes              | TestShareAway; test_intake_inbox                              |
| 43     | empty, or far fewer rows                 | TestShrunken; test_importing                                  |
| 44     | columns renamed, moved, merged           | TestColumns; test_intake_headers                              |
| 45     | month before day, serials, 1900 and 1904 | TestDates; test_intake_dates, test_intake_lists               |
| 46     | other encodings                          | TestEncodings; test_intake_lists                              |
| 55     | a broken configuration                   | TestConfiguration; test_rules_fuzz, test_cli_rules, test_site |
| 58, 59 | templates that run code, or without end  | test_documents_hostile                                        |
| 62     | bombs                                    | TestBombs; test_intake_hostile                                |
| 63     | entities                                 | TestBombs; test_intake_hostile                                |
| 64     | disguises and odd names                  | TestDisguise; test_intake_hostile, test_intake_inbox          |
"""

import io
import json
import os
import random
import shutil
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import intake_lists
import pytest
import test_intake_headers
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_lists import FOLLOW_UP, sheet
from office import CODE, HEADERS, counts, dossier, everything, many, row, take, write_list
from official import at, rules
from test_intake_hostile import NOW as READ_AT
from test_intake_hostile import read as read_rows
from test_intake_hostile import repacked, workbook

from monitor.confinement import Confined, Limits
from monitor.errors import MonitorError
from monitor.intake import Inbox, IntakeError, ReadLimits, StabilityWatch, read_file
from monitor.intake.refusals import (
    CodeColumnMissing,
    DatesFrom1904,
    EmptyFile,
    FileMissing,
    FileTooBig,
    HeaderNotFound,
    ReaderStopped,
    UnknownFormat,
    UnsafeFile,
)
from monitor.site import CONFIGURATION, Site, open_site
from monitor.store import Store, connection, open_store
from monitor.store.errors import DatabaseOnNetworkShare
from monitor.sweep import sweep

FRIDAY, MONDAY = "Fri 2026-11-20 16:55", "Mon 2026-11-23 07:05"
NOW = "Mon 2026-11-23 07:10"
NOBODY = 65534


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/monitor.db") as opened:
        yield opened


class TestDatabaseOnAShare:
    """Row 27: refused with words that say what to do."""

    @pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "vboxsf"])
    def test_a_mounted_share_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str):
        mounts = tmp_path / "mounts"
        mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/share {tmp_path} {kind} rw 0 0\n")
        monkeypatch.setattr(connection, "_MOUNTS", mounts)
        with pytest.raises(DatabaseOnNetworkShare, match="local disk, or use PostgreSQL"):
            open_store(f"sqlite:///{tmp_path}/monitor.db")
        assert not (tmp_path / "monitor.db").exists()

    @pytest.mark.parametrize("place", ["//may-chu/chung/monitor.db", r"\\may-chu\chung\monitor.db"])
    def test_the_name_of_a_server_is_refused(self, place: str):
        with pytest.raises(DatabaseOnNetworkShare, match="UNC"):
            open_store(f"sqlite:///{place}")


class TestSameFileAgain:
    """Row 37."""

    def test_nobody_is_told_anything_for_a_copy(self, store: Store, tmp_path: Path):
        first = write_list(tmp_path, FRIDAY, many(3, received="10/11/2026 09:00", appointment="19/11/2026 17:00"))
        take(store, first, "Fri 2026-11-20 17:00")
        assert sweep(store, rules(), now=at("Fri 2026-11-20 17:00")).notices > 0
        before, told = everything(store), len(store.notices_without_mail())
        for name in ("ban-sao.csv", "theo-doi-20261123-0705.csv"):
            copy = Path(shutil.copy(first, tmp_path / name))
            report = take(store, copy, "Fri 2026-11-20 17:05")
            assert report.already_imported
            assert "đã nhập" in report.cause
            assert sweep(store, rules(), now=at("Fri 2026-11-20 17:05")).notices == 0
        assert (everything(store), len(store.notices_without_mail())) == (before, told)


class TestTwiceInOneFile:
    """Row 38."""

    def test_neither_value_wins_and_what_was_known_stays(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(3)), NOW)
        before = dossier(store, CODE)
        twice = [row(CODE, appointment="27/11/2026 17:00"), *many(3)[1:], row(CODE, appointment="30/11/2026 17:00")]
        report = take(store, write_list(tmp_path, MONDAY, twice), NOW)
        assert [(one.row, one.value) for one in report.rejected] == [(3, CODE), (6, CODE)]
        assert dossier(store, CODE) == before
        [line] = [one for one in store.list_dossiers() if one.code == CODE]
        assert (line.missing_since, line.data_as_of) == (None, at(FRIDAY))  # it is in the file, and nothing newer known

    def test_a_row_that_cannot_be_read_is_not_missing_either(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(3)), NOW)
        report = take(store, write_list(tmp_path, MONDAY, [row(CODE, received="31/11/2026"), *many(3)[1:]]), NOW)
        assert [(one.row, one.code) for one in report.rejected] == [(3, CODE)]
        assert dossier(store, CODE).missing_since is None


class TestHalfAText:
    """Row 40: what is lost of a table that was cut anywhere is always said."""

    def test_cut_at_every_997_bytes_or_between_two_rows_nothing_is_lost_in_silence(self, tmp_path: Path):
        known = many(60)
        with open_store(f"sqlite:///{tmp_path}/before.db") as store:
            take(store, write_list(tmp_path / "whole", FRIDAY, known), "Fri 2026-11-20 17:00")
        later = write_list(tmp_path / "later", MONDAY, known).read_bytes()
        ends = [place + 1 for place, byte in enumerate(later) if byte == ord("\n")]
        fates = {}
        for cut in [*range(997, len(later), 997), ends[-20], ends[-6], ends[-2]]:
            shutil.copy(tmp_path / "before.db", tmp_path / "monitor.db")
            (tmp_path / "theo-doi.csv").write_bytes(later[:cut])
            with open_store(f"sqlite:///{tmp_path}/monitor.db") as store:
                fates[cut] = self.fate(store, tmp_path / "theo-doi.csv", {one["code"] for one in known})
        assert fates[ends[-20]] == "held or refused"
        assert fates[ends[-6]] == fates[ends[-2]] == "the rest is told to be missing"

    def fate(self, store: Store, cut: Path, codes: set[str]) -> str:
        before = everything(store)
        try:
            report = take(store, cut, NOW)
        except IntakeError:
            assert everything(store) == before
            return "held or refused"
        lines = list(store.list_dossiers())
        assert {one.code for one in lines if one.is_open} == codes  # a lost row closes nothing
        if report.held:
            assert everything(store) == before
            return "held or refused"
        seen = report.unchanged + report.changed
        assert sum(one.missing_since is not None for one in lines) == len(codes) - seen
        return "the rest is told to be missing"


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder, and a process that is not root, which may open everything."""
    folder = Path(tempfile.mkdtemp(prefix="dunghen-inbox-", dir="/tmp"))
    folder.chmod(0o755)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(NOBODY)
    yield folder
    if was_root:
        os.seteuid(0)
    shutil.rmtree(folder)


class TestOpenElsewhere:
    """Row 41: on Windows Excel locks a file that it has open; a file without the right to read it stands for that."""

    def test_it_is_waited_for_and_named_once(self, as_nobody: Path, caplog: pytest.LogCaptureFixture):
        inbox, watch = Inbox(as_nobody), StabilityWatch(seconds=5)
        os.seteuid(os.getuid())
        (as_nobody / "theo-doi.csv").write_text("x")
        (as_nobody / "theo-doi.csv").chmod(0o200)
        os.seteuid(NOBODY if os.getuid() == 0 else os.getuid())
        assert [list(inbox.stable(watch, moment)) for moment in (0.0, 5.0, 10.0)] == [[], [], []]
        [told] = caplog.messages
        assert told.startswith("theo-doi.csv cannot be opened (Permission denied): close it where it is open")
        os.seteuid(os.getuid())
        (as_nobody / "theo-doi.csv").chmod(0o644)
        os.seteuid(NOBODY if os.getuid() == 0 else os.getuid())
        assert [path.name for path in inbox.stable(watch, 15.0)] == ["theo-doi.csv"]

    def test_excels_own_marks_are_no_exports(self, tmp_path: Path):
        for name in ("~$theo-doi.xlsx", "theo-doi.xlsx"):
            (tmp_path / name).write_bytes(b"x")
        assert [path.name for path in Inbox(tmp_path).candidates()] == ["theo-doi.xlsx"]


class TestShareAway:
    """Row 42."""

    def test_a_file_that_never_answers_is_given_up_and_the_last_data_stay(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(3)), NOW)
        before = everything(store)
        os.mkfifo(tmp_path / "treo.csv")
        with pytest.raises(ReaderStopped, match=r"treo\.csv: .*quá 0\.3 giây"):
            list(read_file(tmp_path / "treo.csv", [], now=READ_AT, limits=ReadLimits(waiting_seconds=0.3)))
        assert everything(store) == before
        assert store.source_state("Mặc định/theo-doi").data_as_of == at(FRIDAY)  # which is what people are told

    def test_what_is_no_plain_file_is_not_even_tried(self, tmp_path: Path):
        os.mkfifo(tmp_path / "treo.csv")
        (tmp_path / "thu-muc.csv").mkdir()
        assert list(Inbox(tmp_path).candidates()) == []

    def test_a_share_that_went_away_is_an_empty_inbox(self, as_nobody: Path):
        os.seteuid(os.getuid())
        (as_nobody / "inbox").mkdir()
        (as_nobody / "inbox" / "a.csv").write_text("x")
        (as_nobody / "inbox").chmod(0o444)  # it may be listed, and nothing in it looked at
        os.seteuid(NOBODY if os.getuid() == 0 else os.getuid())
        assert list(Inbox(as_nobody / "inbox").candidates()) == []
        os.seteuid(os.getuid())
        (as_nobody / "inbox").chmod(0o755)  # else nobody but root could clean up

    def test_a_file_that_went_away_before_it_was_read_changes_nothing(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(3)), NOW)
        before = everything(store)
        gone = write_list(tmp_path, MONDAY, many(3))
        gone.unlink()
        with pytest.raises(FileMissing):
            take(store, gone, NOW)
        assert everything(store) == before


class TestShrunken:
    """Row 43: a person is asked, and no dossier is closed or missing meanwhile."""

    @pytest.mark.parametrize("left", [0, 1, 7])
    def test_thirty_percent_fewer_rows_or_none_at_all_are_held(self, store: Store, tmp_path: Path, left: int):
        take(store, write_list(tmp_path, FRIDAY, many(10)), NOW)
        before = everything(store)
        report = take(store, write_list(tmp_path, MONDAY, many(left)), NOW)
        assert report.held
        assert f"{left} hồ sơ, lần trước 10" in report.cause
        assert everything(store) == before

    def test_an_empty_file_is_refused(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(10)), NOW)
        before = everything(store)
        (tmp_path / "rong.csv").write_bytes(b"")
        with pytest.raises(EmptyFile, match=r"rong\.csv"):
            take(store, tmp_path / "rong.csv", NOW)
        assert everything(store) == before


LAYOUTS = test_intake_headers.TestHeaders.LAYOUTS


def cells_for(header: list[str]) -> list[str]:
    """A value that fits each header of a layout."""
    cells = []
    for title in header:
        plain = unicodedata.normalize("NFC", title).casefold().replace("\n", " ")
        is_code = plain.startswith(("mã hồ", "mã hs", "mahoso", "dossierno", "số hồ"))
        is_date = "ngày" in plain or plain.startswith(("ngay", "hạn")) or plain.endswith("date")
        cells.append(CODE if is_code else "20/11/2026 09:00" if is_date else "Đang xử lý")
    return cells


class TestColumns:
    """Row 44, over every layout of test_intake_headers."""

    @pytest.mark.parametrize("name", LAYOUTS)
    def test_moved_columns_read_the_same(self, tmp_path: Path, name: str):
        header = LAYOUTS[name]
        straight = intake_lists.read(sheet(tmp_path / "a.xlsx", cells_for(header), header=header))
        order = list(range(len(header)))
        random.Random(name).shuffle(order)  # noqa: S311  # no secret
        moved, cells = [header[place] for place in order], cells_for(header)
        shuffled = sheet(tmp_path / "b.xlsx", [cells[place] for place in order], header=moved)
        assert intake_lists.read(shuffled).records == straight.records

    @pytest.mark.parametrize("name", LAYOUTS)
    def test_a_renamed_column_of_codes_is_named_and_nothing_is_read(self, tmp_path: Path, name: str):
        header = LAYOUTS[name]
        place = cells_for(header).index(CODE)
        renamed = [*header[:place], "Ký hiệu", *header[place + 1 :]]
        with pytest.raises((CodeColumnMissing, HeaderNotFound), match="Ký hiệu"):
            intake_lists.read(sheet(tmp_path / "a.xlsx", cells_for(header), header=renamed))

    @pytest.mark.parametrize("field", ["procedure", "status", "received", "appointment", "finished", "officer"])
    def test_a_renamed_column_that_was_there_before_holds_the_file_and_is_named(
        self, store: Store, tmp_path: Path, field: str
    ):
        take(store, write_list(tmp_path, FRIDAY, many(3)), NOW)
        before = everything(store)
        report = take(store, write_list(tmp_path, MONDAY, many(3), headers=HEADERS | {field: "Cột lạ"}), NOW)
        assert report.held
        assert f"“{HEADERS[field]}”" in report.cause
        assert "Cột lạ" in report.cause
        assert everything(store) == before

    @pytest.mark.parametrize("name", LAYOUTS)
    def test_a_header_merged_over_two_rows_and_under_a_group_reads_the_same(self, tmp_path: Path, name: str):
        header = LAYOUTS[name]
        plain = intake_lists.read(sheet(tmp_path / "a.xlsx", cells_for(header), header=header))
        book = xlsxwriter.Workbook(tmp_path / "b.xlsx")
        page = book.add_worksheet()
        page.merge_range(0, 0, 0, len(header) - 1, "DANH SÁCH THEO DÕI HỒ SƠ")
        for column, title in enumerate(header):
            page.merge_range(2, column, 3, column, title)
        page.write_row(4, 0, cells_for(header))
        book.close()
        assert intake_lists.read(tmp_path / "b.xlsx").records == plain.records


class TestDates:
    """Row 45."""

    @pytest.mark.parametrize("serial", [59, 60, 61, 366])  # about 29 February 1900, which Excel has and no year had
    def test_a_serial_of_1900_is_no_date_of_a_dossier(self, tmp_path: Path, serial: int):
        cells = intake_lists.dossier(1, **{"Ngày nhận": serial})
        [rejection] = intake_lists.read(sheet(tmp_path / "a.xlsx", cells)).rejections
        assert (rejection.row, rejection.column) == (6, "Ngày nhận")

    def test_a_workbook_that_counts_from_1904_is_refused(self, tmp_path: Path):
        book = xlsxwriter.Workbook(tmp_path / "a.xlsx", {"date_1904": True})
        page = book.add_worksheet()
        page.write_row(0, 0, FOLLOW_UP)
        page.write_row(1, 0, intake_lists.dossier(1, **{"Ngày nhận": 44_884.375}))  # 20/11/2026 09:00, counted so
        book.close()
        with pytest.raises(DatesFrom1904, match="1904"):
            intake_lists.read(tmp_path / "a.xlsx")

    def test_a_real_date_and_its_serial_and_its_text_are_one(self, tmp_path: Path):
        written = [datetime(2026, 11, 20, 9), 46_346.375, "20/11/2026 09:00"]  # noqa: DTZ001  # as Excel keeps it
        rows = [intake_lists.dossier(n, **{"Ngày nhận": one}) for n, one in enumerate(written, 1)]
        outcome = intake_lists.read(sheet(tmp_path / "a.xlsx", *rows))
        assert [record.received_at for record in outcome.records] == [intake_lists.at(20, 9)] * 3


TRUTH = "Mã hồ sơ,Ngày nhận,Ngày hẹn trả,Chủ hồ sơ\r\nH37.12-261120-0001,20/11/2026,,Nguyễn Thị Hạnh\r\n"
# The same list as the fonts from before Unicode have it.
TCVN3 = "M· hå s¬,Ngµy nhËn,Ngµy hÑn tr¶,Chñ hå s¬\r\nH37.12-261120-0001,20/11/2026,,NguyÔn ThÞ H¹nh\r\n"
VNI = "Maõ hoà sô,Ngaøy nhaän,Ngaøy heïn traû,Chuû hoà sô\r\nH37.12-261120-0001,20/11/2026,,Nguyeãn Thò Haïnh\r\n"
PLAIN = "MaHoSo,NgayTiepNhan,NgayHenTra,ChuHoSo\r\nH37.12-261120-0001,20/11/2026,,"


class TestEncodings:
    """Row 46: the name arrives as it was written, or not at all."""

    @pytest.mark.parametrize(
        "data",
        [
            *(TRUTH.encode(name) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")),
            *(unicodedata.normalize("NFD", TRUTH).encode(name) for name in ("utf-8", "utf-16")),
            intake_lists._windows_1258(TRUTH),
        ],
    )
    def test_what_can_be_decoded_is(self, tmp_path: Path, data: bytes):
        (tmp_path / "a.csv").write_bytes(data)
        [record] = intake_lists.read(tmp_path / "a.csv").records
        assert record.person.applicant == "Nguyễn Thị Hạnh"

    @pytest.mark.parametrize(
        "data",
        [
            *(text.encode(name) for text in (TCVN3, VNI) for name in ("latin-1", "utf-8", "utf-16")),
            *((PLAIN + f"{name}\r\n").encode("latin-1") for name in ("NguyÔn ThÞ H¹nh", "Nguyeãn Thò Haïnh")),
            TRUTH.encode().decode("latin-1").encode(),  # read as Latin and saved
            TRUTH.encode().decode("cp1252", "replace").encode(),
            TRUTH.encode("utf-32"),
            TRUTH.encode("utf-7"),
            TRUTH.encode("utf-16")[:-1],
            TRUTH.encode("ascii", "replace"),
        ],
    )
    def test_what_cannot_is_refused_or_parked_and_never_half_read(self, tmp_path: Path, data: bytes):
        (tmp_path / "a.csv").write_bytes(data)
        try:
            outcome = intake_lists.read(tmp_path / "a.csv")
        except IntakeError:
            return
        assert outcome.rows == []
        assert outcome.rejections


SHIPPED_SITE = (
    '[site]\nkind = "live"\n[database]\nurl = "sqlite:///data/monitor.db"\n[inbox]\npoll_seconds = 5\n'
    'stable_seconds = 10\n[mail]\ndelivery = "folder"\nsender = "dung-hen@stc.example"\nport = 25\n'
)


class TestConfiguration:
    """Row 55: whatever is saved as dunghen.toml, it is understood or refused with words; rules: test_rules_fuzz."""

    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        begin=st.integers(0, len(SHIPPED_SITE)),
        length=st.sampled_from([0, 1, 2, 7, 60]),
        piece=st.one_of(
            st.binary(max_size=6),
            st.sampled_from(
                [b'"', b"[", b"]", b"=", b"\n", b"1e999", b"true", b"[[mail]]\n", b"'", b"\\", b"{}", b"\xff"]
            ),
        ),
    )
    def test_it_is_a_site_or_one_sentence(self, tmp_path: Path, begin: int, length: int, piece: bytes):
        data = SHIPPED_SITE.encode()
        (tmp_path / CONFIGURATION).write_bytes(data[:begin] + piece + data[begin + length :])
        try:
            opened = open_site(tmp_path)
        except MonitorError:
            return  # any other error would fail
        assert isinstance(opened, Site)


class TestBombs:
    """Rows 62 and 63: what the reading process may use follows from what the file says that it unpacks to."""

    def test_a_small_workbook_has_a_second_and_less_than_300_megabytes(self, tmp_path: Path):
        """Asked of the process itself, once it has looked at the directory of the archive."""
        job = (str(workbook(tmp_path / "a.xlsx")), ReadLimits())
        plenty = Limits(memory_bytes=1 << 30, processor_seconds=120, waiting_seconds=60)
        [(memory, seconds)] = Confined("weighing:allowed_for").answers(job, plenty)
        assert memory < 300 << 20
        assert seconds <= 2  # the kernel counts whole seconds, and this is the one begun and the one allowed

    @pytest.mark.parametrize("is_packed_tightly", [True, False])
    def test_a_million_columns_are_refused(self, tmp_path: Path, is_packed_tightly: bool):
        path = repacked(
            workbook(tmp_path / "a.xlsx"),
            tmp_path / "b.xlsx",
            xl__worksheets__sheet1_xml=_wide_sheet(10**6, is_packed_tightly=is_packed_tightly),
        )
        with pytest.raises(FileTooBig, match="1000000 cột"):
            read_rows(path)

    def test_a_million_columns_of_text_are_refused(self, tmp_path: Path):
        (tmp_path / "a.csv").write_text("Mã hồ sơ,Ngày nhận" + ",x" * 10**6 + "\r\nA-1,20/11/2026\r\n", "utf-8")
        with pytest.raises(FileTooBig, match="1000002 cột"):
            read_rows(tmp_path / "a.csv")
        record = {"MaHoSo": "A-1", "NgayTiepNhan": "20/11/2026"} | {f"k{number}": "x" for number in range(2_000)}
        (tmp_path / "a.json").write_text(json.dumps({"service": "DongBoHoSoMC", "data": [record]}), "utf-8")
        with pytest.raises(FileTooBig, match="2002 cột"):
            read_rows(tmp_path / "a.json")

    def test_a_bomb_in_a_bomb_and_many_parts_are_refused(self, tmp_path: Path):
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x", b"\0" * (50 << 20))
        book = workbook(tmp_path / "a.xlsx")
        with zipfile.ZipFile(book, "a") as archive:
            for number in range(3_000):
                archive.writestr(f"xl/media/{number}.zip", inner.getvalue() if not number else b"")
        with pytest.raises(IntakeError, match="phần"):
            read_rows(book)

    @pytest.mark.parametrize(
        "part", ["xl/sharedStrings.xml", "xl/workbook.xml", "[Content_Types].xml", "xl/styles.xml"]
    )
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_entities_in_any_part_are_refused(self, tmp_path: Path, part: str, encoding: str):
        laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
        document = f'<?xml version="1.0" encoding="{encoding}"?>{laughs}<sst>&b;&c;</sst>'
        book = _with_part(workbook(tmp_path / "a.xlsx"), tmp_path / "b.xlsx", part, document.encode(encoding))
        with pytest.raises(UnsafeFile, match="DOCTYPE"):
            read_rows(book)

    def test_entities_behind_a_long_comment_are_not_resolved(self, tmp_path: Path):
        """The parser knows no entities of its own; a document type that is not looked for does nothing."""
        canary = tmp_path / "canary.txt"
        canary.write_text("bí mật")
        source = workbook(tmp_path / "a.xlsx")
        strings = zipfile.ZipFile(source).read("xl/sharedStrings.xml").decode()
        hidden = f'<!--{"x" * 9_000}--><!DOCTYPE x [<!ENTITY c SYSTEM "{canary.as_uri()}">]>'
        strings = strings.replace("?>", "?>" + hidden, 1).replace("Hộ kinh doanh 1", "&c;")
        book = _with_part(source, tmp_path / "b.xlsx", "xl/sharedStrings.xml", strings.encode())
        try:
            rows = read_rows(book)
        except IntakeError:
            return
        assert "bí mật" not in str(rows)


def _with_part(source: Path, target: Path, name: str, data: bytes) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for one in dict.fromkeys([*old.namelist(), name]):
            new.writestr(one, data if one == name else old.read(one))
    return target


def _wide_sheet(columns: int, *, is_packed_tightly: bool) -> bytes:
    """A row of so many cells, or of two, the last of which says that it stands there."""
    places = range(columns) if not is_packed_tightly else (0, columns - 1)
    cells = "".join(f'<c r="{_letters(place)}1" t="inlineStr"><is><t>x</t></is></c>' for place in places)
    opening = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    return f'<?xml version="1.0"?>{opening}{cells}</row></sheetData></worksheet>'.encode()


def _letters(column: int) -> str:
    letters = ""
    while column >= 0:
        column, rest = divmod(column, 26)
        letters, column = chr(65 + rest) + letters, column - 1
    return letters


class TestDisguise:
    """Row 64."""

    @pytest.mark.parametrize("before", [b"MZ\x90\0" + b"\0" * 60, b"%PDF-1.7\n", b"<html>", b"\x7fELF", b"#!/bin/sh\n"])
    def test_a_workbook_behind_something_else_is_refused(self, tmp_path: Path, before: bytes):
        whole = workbook(tmp_path / "a.xlsx").read_bytes()
        (tmp_path / "b.xlsx").write_bytes(before + whole)
        with pytest.raises(IntakeError):
            read_rows(tmp_path / "b.xlsx")

    def test_a_workbook_with_something_else_behind_it_is_that_workbook_or_refused(self, tmp_path: Path):
        whole = workbook(tmp_path / "a.xlsx").read_bytes()
        (tmp_path / "b.xlsx").write_bytes(whole + b"MZ\x90\0" + b"\0" * 200)
        try:
            rows = read_rows(tmp_path / "b.xlsx")
        except IntakeError:
            return
        assert rows == read_rows(tmp_path / "a.xlsx")

    @pytest.mark.parametrize(
        "name", ["theo-doi.xlsm", "theo-doi.exe", "theo-doi.xlsx.exe", "theo-doi.csv.xlsb", "a.js"]
    )
    def test_another_ending_is_refused(self, tmp_path: Path, name: str):
        path = Path(shutil.copy(workbook(tmp_path / "a.xlsx"), tmp_path / name))
        with pytest.raises(UnknownFormat, match="đuôi"):
            read_rows(path)

    def test_parts_with_paths_out_of_the_archive_are_never_written(self, tmp_path: Path):
        book = workbook(tmp_path / "a.xlsx")
        with zipfile.ZipFile(book, "a") as archive:
            for name in ("../ra-ngoai.txt", str(tmp_path / "ra-ngoai.txt"), "xl/../../ra-ngoai.txt"):
                archive.writestr(name, b"x")
        (tmp_path / "in").mkdir()
        inside = Path(shutil.move(book, tmp_path / "in" / "a.xlsx"))
        assert len(read_rows(inside)) == 3
        assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.xlsx", "in"]

    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("theo\u200b-doi.csv", "theo-doi.csv"),
            ("theo-doi\u202evsc.csv", "theo-doivsc.csv"),
            ("Theo do\u0303i.csv", "Theo dõi.csv"),
            ("..theo-doi.csv", None),
            ("theo-doi ﻿.csv", "theo-doi.csv"),
        ],
    )
    def test_an_odd_name_is_read_and_put_away_under_our_own(self, store: Store, tmp_path: Path, name: str, kept):
        inbox = Inbox(tmp_path / "inbox")
        inbox.folder.mkdir()
        path = inbox.folder / name
        write_list(tmp_path, FRIDAY, many(3)).rename(path)
        if kept is None:  # a hidden name is none of ours
            assert list(inbox.candidates()) == []
            return
        assert counts(take(store, path, NOW))[:2] == (3, 3)
        assert inbox.move_to_done(path).name == kept
