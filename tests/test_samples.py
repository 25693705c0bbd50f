"""The invented dossiers show every scenario the monitor knows, look real, and are the same on every run."""

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from unicodedata import is_normalized, normalize

import pytest
from python_calamine import CalamineWorkbook

from monitor.deadline import DeadlineNote, Options, compute_deadline
from monitor.dossier import Event, EventKind
from monitor.history import fold
from monitor.record import Seen, events_between
from monitor.rules import RuleBook, load_rules
from monitor.samples import SCENARIOS, Sample, Samples, Sheet, files_of, make_samples, write_samples
from monitor.samples.__main__ import main
from monitor.status import Flag, Status, assess, quality_flags
from monitor.time_limit import NO_LIMIT

ROOT = Path(__file__).parent.parent
COMMITTED = ROOT / "data" / "samples"
MONDAY = date(2026, 11, 23)
FOLLOW_UP_HEADERS = [
    "STT", "Đơn vị tiếp nhận", "Tên thủ tục hành chính", "Mã hồ sơ", "Trạng thái", "Địa chỉ", "Người nộp",
    "Chủ hồ sơ", "Ngày nộp hồ sơ", "Ngày nhận", "Ngày hẹn trả", "Ngày kết thúc xử lý",
]  # fmt: skip
OVERDUE_HEADERS = [
    "STT", "Đơn vị tiếp nhận", "Lĩnh vực", "Tên TTHC", "Mã hồ sơ", "Trạng thái", "Địa chỉ", "Chủ hồ sơ",
    "Ngày nhận", "Ngày hẹn trả", "Ngày kết thúc xử lý", "Đơn vị/cá nhân giải quyết quá hạn",
]  # fmt: skip
FOLLOW_UP_FIELDS = frozenset({
    "procedure_name", "submitted_at", "received_at", "appointment_at", "finished_at", "receiving_unit", "handling_unit",
    "handling_officer", "status", "status_text", "applicant", "submitter", "address",
})  # fmt: skip
# Mondays to Fridays of two years, worked Saturdays, the days around Tết 2026 (17/2) and 2027 (6/2), and the calendar's
# last weeks; a day off among them gives way to the working day before.
MORNINGS = [
    *(date(2026, 1, 5) + timedelta(days=17 * step) for step in range(22)),
    date(2026, 1, 10),  # Sat, worked for Fri 2/1
    date(2026, 2, 12),
    date(2026, 2, 13),
    date(2026, 2, 23),
    date(2026, 2, 24),
    date(2026, 8, 22),  # Sat, worked for Mon 31/8
    date(2026, 11, 25),
    date(2027, 2, 2),
    date(2027, 2, 3),
    date(2027, 2, 11),
    date(2027, 2, 15),
    date(2027, 4, 29),
    date(2027, 7, 1),
    date(2027, 9, 6),
    date(2027, 10, 15),
    date(2027, 12, 1),
    date(2027, 12, 24),
    date(2027, 12, 31),
]
OLDEST_MORNINGS = [date(2018, 1, 2), date(2019, 5, 4), date(2022, 9, 5)]
WHOLE_PIPELINE_UNTIL = date(2027, 9, 30)  # later promises lie beyond the calendar, as they will when they are made


@cache
def rules() -> RuleBook:
    return load_rules(ROOT / "rules")


@cache
def samples_of(as_of: date) -> Samples:
    return make_samples(rules(), as_of=as_of)


@pytest.fixture
def monday() -> Samples:
    return samples_of(MONDAY)


def working(on: date) -> date:
    """That date, or the working day before it."""
    clock = rules().calendar.clock
    return on if clock.is_working_day(on) else clock.add_working_days(on, -1)


class Shown:
    """What the core makes of a sample at 07:14 of its morning."""

    def __init__(self, sample: Sample, samples: Samples) -> None:
        clock = rules().calendar.clock
        now = datetime.combine(samples.as_of, time(7, 14), clock.zone)
        fresh = samples.exported_at if sample.sheet is Sheet.FOLLOW_UP else samples.earlier_at
        known = sample.record or sample.earlier
        dossier = fold(known.code, events_of(sample, samples))
        received_on = dossier.received.on if dossier.received else samples.as_of
        match = rules().procedure_for(
            dossier.procedure_code, dossier.procedure_name, dossier.case, dossier.channel, received_on
        )
        limit = match.procedure.limit if match.procedure else NO_LIMIT
        deadline = compute_deadline(dossier, limit, rules().calendar, Options())
        found = assess(dossier, deadline, clock, rules().ladder, now=now, data_as_of=fresh)
        self.status = found.status
        self.flags = found.flags | quality_flags(dossier, deadline, clock, now=now)
        self.notes = deadline.notes


def events_of(sample: Sample, samples: Samples) -> tuple[Event, ...]:
    """What two imports make of a sample: that of the afternoon before, where it was listed, and this morning's."""
    before = seen(samples.earlier_at)
    if sample.sheet is not Sheet.FOLLOW_UP:
        return events_between(None, sample.record, carried=frozenset(), seen=before)
    told = events_between(None, sample.earlier, carried=FOLLOW_UP_FIELDS, seen=before) if sample.earlier else ()
    now = seen(samples.exported_at)
    if sample.record is None:
        vanished = Event(kind=EventKind.VANISHED, happened_at=None, recorded_at=now.recorded_at, source="sample")
        return (*told, vanished)
    return (*told, *events_between(sample.earlier, sample.record, carried=FOLLOW_UP_FIELDS, seen=now))


def seen(at: datetime) -> Seen:
    return Seen(source="sample", recorded_at=at, data_as_of=at)


def readable(samples: Samples) -> list[Sample]:
    return [sample for sample in samples.all if sample.is_readable]


def rows_of(samples: Samples) -> list[list[object]]:
    """The cells of this morning's follow-up list, as a reader sees them."""
    content = files_of(samples)[f"theo-doi-ho-so-{samples.exported_at:%Y%m%d-%H%M}.xlsx"]
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def portal_of(samples: Samples) -> list[dict[str, object]]:
    return json.loads(next(content for name, content in files_of(samples).items() if name.startswith("dong-bo")))[
        "data"
    ]


class TestEveryScenario:
    def test_each_row_of_the_table_has_its_dossiers(self, monday: Samples):
        made = Counter(sample.scenario for sample in monday.all)
        wanted = {scenario.name: scenario.count for scenario in SCENARIOS} | {"said_twice": 2}
        assert made == wanted

    def test_no_two_rows_of_the_table_share_a_name(self):
        names = [scenario.name for scenario in SCENARIOS]
        assert len(set(names)) == len(names)

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
    def test_the_monitor_sees_what_the_table_promises(self, scenario, monday: Samples):
        for sample in monday.all:
            if sample.scenario == scenario.name and sample.is_readable:
                shown = Shown(sample, monday)
                assert scenario.shows in (shown.status, None), sample
                assert scenario.flags <= shown.flags, sample

    def test_every_status_is_seen(self, monday: Samples):
        assert {Shown(sample, monday).status for sample in readable(monday)} == set(Status)

    def test_every_flag_is_seen_but_those_of_what_people_enter_and_of_lists_that_are_none_of_the_samples(
        self, monday: Samples
    ):
        elsewhere = {Flag.CONFLICT, Flag.DECLARED_FINISHED, Flag.BACKLOG, Flag.END_UNCONFIRMED}
        assert {flag for sample in readable(monday) for flag in Shown(sample, monday).flags} == set(Flag) - elsewhere

    def test_the_notes_of_supplements_and_appointments_are_seen(self, monday: Samples):
        assert {note for sample in readable(monday) for note in Shown(sample, monday).notes} >= {
            DeadlineNote.LIMIT_UNKNOWN,
            DeadlineNote.LIMIT_UNVERIFIED,
            DeadlineNote.BEYOND_CALENDAR,
            DeadlineNote.APPOINTMENT_UNUSABLE,
            DeadlineNote.APPOINTMENT_UNEXPLAINED,
            DeadlineNote.APPOINTMENT_AFTER_LAW,
            DeadlineNote.RESTARTED,
            DeadlineNote.REPEATED_SUPPLEMENT,
            DeadlineNote.LATE_SUPPLEMENT,
            DeadlineNote.SUPPLEMENT_INFERRED,
        }

    def test_it_is_a_believable_morning(self, monday: Samples):
        counts = Counter(Shown(sample, monday).status for sample in readable(monday))
        assert 280 <= counts.total() <= 330
        done = counts[Status.FINISHED_EARLY] + counts[Status.FINISHED_ON_TIME] + counts[Status.ON_TRACK]
        assert done > counts.total() * 2 / 3
        assert 10 <= counts[Status.NEAR_DUE] <= 14
        assert 8 <= counts[Status.DUE_TODAY] <= 12
        assert 7 <= counts[Status.APOLOGY_DUE] <= 14
        assert 8 <= counts[Status.OVERDUE] <= 12
        assert 2 <= counts[Status.DUE_PASSED_UNCONFIRMED] <= 5

    def test_most_of_the_work_is_enterprise_registration_in_three_days(self, monday: Samples):
        procedures = Counter(sample.record.procedure_name for sample in monday.all if sample.record)
        limits = {
            name: match.procedure.limit.amount if match.procedure else None
            for name in procedures
            for match in [rules().procedure_for(None, name, None, None, MONDAY)]
        }
        assert sum(count for name, count in procedures.items() if limits[name] == 3) > 150

    def test_a_slip_that_forgot_24_november_names_that_day(self, monday: Samples):
        forgotten = [one.record for one in monday.all if one.scenario == "appointment_on_day_off"]
        assert {record.appointment_at.on for record in forgotten} == {date(2026, 11, 24)}  # Tue, Vietnam Culture Day
        assert len(forgotten) >= 5  # one finding about the source, nobody's breach

    def test_the_broken_rows_are_broken_each_in_its_own_way(self, monday: Samples):
        cells = [cell for row in rows_of(monday) for cell in row]
        assert {"32/13/2026", "chờ hẹn lại sau", "C«ng ty TNHH H¹t DÎ Ngµn Sao"} <= set(filter(is_text, cells))
        assert any(re.fullmatch(r"\d\d/(1[3-9]|[23]\d)/2026", cell) for cell in cells if is_text(cell))
        codes = Counter(code for row in dossier_rows(rows_of(monday)) for code in [row[3]])
        assert codes[""] == 1
        assert sorted(codes.values())[-2:] == [1, 2]  # one code stands in two rows

    def test_names_are_written_as_sources_write_them(self, monday: Samples):
        organisation = rules().organisation
        officers = {one.record.handling_officer for one in monday.follow_up if one.record}
        fits = Counter(len(organisation.people_named(name)) for name in officers if name)
        assert fits[0] == 1  # unknown
        assert fits[2] == 1  # homonyms
        by_alias = [name for name in officers if name and name not in {one.name for one in organisation.staff.values()}]
        assert len(by_alias) >= 3


def is_text(cell: object) -> bool:
    return isinstance(cell, str)


def dossier_rows(rows: list[list[object]]) -> list[list[object]]:
    """The rows under the header, without blank rows and the total."""
    header = next(place for place, row in enumerate(rows) if "Mã hồ sơ" in row)
    return [row for row in rows[header + 1 :] if row[2]]


class TestFiles:
    def test_the_follow_up_list_looks_like_an_export(self, monday: Samples):
        rows = rows_of(monday)
        assert rows[0][0] == "SỞ TÀI CHÍNH TỈNH LẠNG SƠN"
        assert rows[1][0] == "DANH SÁCH THEO DÕI HỒ SƠ"
        assert "Ngày xuất: 23/11/2026 07:05" in [row[0] for row in rows]
        assert rows[6][:12] == FOLLOW_UP_HEADERS
        assert rows[-1][0].startswith("Tổng số hồ sơ: ")

    def test_dates_are_text_and_real_date_cells(self, monday: Samples):
        received = [row[9] for row in dossier_rows(rows_of(monday))]
        assert sum(isinstance(cell, datetime) for cell in received) > 50
        assert sum(bool(re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d", cell)) for cell in received if is_text(cell)) > 100
        assert any(re.fullmatch(r"\d\d/\d\d/\d{4}", cell) for cell in received if is_text(cell))

    def test_some_cells_are_decomposed_unicode(self, monday: Samples):
        codes = [str(row[3]) for row in dossier_rows(rows_of(monday))]
        assert 2 <= sum(not is_normalized("NFC", code) for code in codes) <= 40

    def test_the_overdue_list_is_csv_as_excel_saves_it(self, monday: Samples):
        content = files_of(monday)["ho-so-qua-han-20261120-1655.csv"]
        assert content.startswith(b"\xef\xbb\xbf")
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
        header = next(line for line in lines if "Mã hồ sơ" in line)
        assert header == OVERDUE_HEADERS

    def test_the_portal_tells_of_supplements_and_moved_appointments(self, monday: Samples):
        supplements = [entry for record in portal_of(monday) for entry in record["DanhSachHoSoBoSung"]]
        assert any(entry["NgayHenTraTruoc"] and entry["NgayHenTraMoi"] for entry in supplements)
        assert any(not entry["NgayTiepNhanBoSung"] for entry in supplements)

    def test_the_portal_has_every_status_but_plain_receipt(self, monday: Samples):
        assert {record["TrangThaiHoSo"] for record in portal_of(monday)} == {*"13456789", "10"}

    def test_a_nine_without_a_finish_stands_on_the_portal(self, monday: Samples):
        nines = [record for record in portal_of(monday) if record["TrangThaiHoSo"] == "9"]
        assert any(not record["NgayKetThucXuLy"] for record in nines)

    def test_the_portal_writes_dates_in_both_its_ways(self, monday: Samples):
        dates = [str(record["NgayNopHoSo"]) for record in portal_of(monday)]
        assert {bool(re.fullmatch(r"\d{14}", text)) for text in dates} == {True, False}

    def test_the_step_log_speaks_of_the_portals_dossiers_only(self, monday: Samples):
        steps = json.loads(files_of(monday)["tien-do-20261120-1655.json"])
        assert steps["service"] == "CapNhatTienDoHoSoMC"
        assert {step["MaHoSo"] for step in steps["data"]} <= {record["MaHoSo"] for record in portal_of(monday)}
        assert all(step["NguoiXuLy"] for step in steps["data"])


class TestNobodyIsReal:
    def test_every_code_says_that_it_is_a_sample(self, monday: Samples):
        records = [record for one in monday.all for record in (one.record, one.earlier) if record]
        assert all(record.code.startswith("MẪU-") for record in records)
        assert all(re.fullmatch(r"MẪU-[\w.]+-\d{6}-\d{4}", record.code) for record in records)

    def test_codes_are_given_once(self, monday: Samples):
        codes = Counter(one.record.code for one in monday.all if one.record and one.scenario != "said_twice")
        assert codes.most_common(1)[0][1] == 1

    def test_phones_identity_numbers_and_mail_addresses_can_belong_to_nobody(self, monday: Samples):
        people = [one.record.person for one in monday.portal]
        assert all(person.phone.startswith("0000 ") for person in people)
        assert all(person.identity_no.startswith("MẪU-") for person in people)
        assert all(person.email.endswith(".example") for person in people)

    @pytest.mark.parametrize("name", sorted(files_of(samples_of(MONDAY))))
    def test_no_file_holds_what_looks_like_a_phone_or_an_identity_number(self, name: str):
        written = text_in(name, files_of(samples_of(MONDAY))[name])
        numbers = re.findall(r"(?<![\d.:/-])0[1-9]\d{8}(?!\d)|(?<!\d)\d{12}(?!\d)", written)
        assert numbers == []

    @pytest.mark.parametrize("name", [name for name in sorted(files_of(samples_of(MONDAY))) if "tien-do" not in name])
    def test_every_list_says_that_it_is_invented(self, name: str):
        assert "hư cấu" in text_in(name, files_of(samples_of(MONDAY))[name])


def text_in(name: str, content: bytes) -> str:
    if not name.endswith(".xlsx"):
        return normalize("NFC", content.decode("utf-8-sig"))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    return normalize("NFC", "\n".join(str(cell) for row in rows for cell in row))


class TestTheSameAgain:
    def test_the_same_seed_gives_the_same_bytes(self, monday: Samples):
        again = make_samples(rules(), as_of=MONDAY)
        assert again == monday
        assert files_of(again) == files_of(monday)

    def test_another_seed_gives_other_dossiers_of_the_same_mix(self, monday: Samples):
        other = make_samples(rules(), as_of=MONDAY, seed=1)
        assert other.follow_up != monday.follow_up
        assert mix(other) == mix(monday)

    def test_the_committed_files_are_what_the_generator_makes(self):
        made = files_of(samples_of(MONDAY))
        committed = {path.name: path.read_bytes() for path in COMMITTED.iterdir() if path.suffix != ".md"}
        assert committed.keys() == made.keys()
        for name, content in made.items():
            # Compression differs between builds of zlib; what is compressed must not.
            assert unpacked(name, committed[name]) == unpacked(name, content), f"{name}: run `make sample-data`"

    def test_the_command_writes_what_the_function_makes(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        assert main(["--as-of", "2026-11-23", "--out", str(tmp_path), "--rules", str(ROOT / "rules")]) == 0
        written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        assert written == files_of(samples_of(MONDAY))
        assert capsys.readouterr().out.split() == [str(tmp_path / name) for name in files_of(samples_of(MONDAY))]

    def test_files_are_named_in_the_order_in_which_they_are_to_be_imported(self, monday: Samples, tmp_path: Path):
        paths = write_samples(monday, tmp_path / "new")
        follow_up = [path.name for path in paths if path.name.startswith("theo-doi")]
        assert follow_up == ["theo-doi-ho-so-20261120-1655.xlsx", "theo-doi-ho-so-20261123-0705.xlsx"]
        order = [path.name.partition("-2")[0] for path in paths]
        assert order.index("dong-bo-ho-so") < order.index("tien-do")  # a step of an unknown dossier is refused

    @pytest.mark.parametrize("on", ["2026-11-24", "2026-11-22", "2035-01-03"])
    def test_a_morning_on_which_nobody_works_is_refused(
        self, on: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        assert main(["--as-of", on, "--out", str(tmp_path), "--rules", str(ROOT / "rules")]) == 1
        assert "take the working day before it" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []


def unpacked(name: str, content: bytes) -> Mapping[str, bytes] | bytes:
    if not name.endswith(".xlsx"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {member: archive.read(member) for member in archive.namelist()}


def mix(samples: Samples) -> Counter[str]:
    return Counter(sample.scenario for sample in samples.all)


class TestAnyMorning:
    @pytest.mark.parametrize("on", MORNINGS, ids=str)
    def test_the_same_mix_and_nothing_known_before_it_happened(self, on: date):
        samples = samples_of(working(on))
        assert mix(samples) == mix(samples_of(MONDAY))
        for sample in samples.all:
            record = sample.record
            if record and sample.scenario not in ("receipt_in_future",):
                known_until = samples.exported_at if sample.sheet is Sheet.FOLLOW_UP else samples.earlier_at
                moments = (record.submitted_at, record.received_at, record.finished_at, record.returned_at)
                assert all(moment.at <= known_until for moment in moments if moment), sample

    @pytest.mark.parametrize("on", [on for on in MORNINGS if on < WHOLE_PIPELINE_UNTIL], ids=str)
    def test_the_monitor_sees_what_the_table_promises_then_too(self, on: date):
        samples = samples_of(working(on))
        promised = {scenario.name: scenario for scenario in SCENARIOS}
        for sample in readable(samples):
            shown, scenario = Shown(sample, samples), promised[sample.scenario]
            assert scenario.shows in (shown.status, None), (sample.scenario, sample.record)
            assert scenario.flags <= shown.flags, (sample.scenario, sample.record)

    @pytest.mark.parametrize("on", OLDEST_MORNINGS, ids=str)
    def test_mornings_of_earlier_years_work(self, on: date):
        assert files_of(samples_of(working(on)))
