"""One pass of the trip: who is looked at, what is decided, what is said, and that it is said once."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from office import CODE, DESK, HEAD, OFFICER, dossier, many, row, take, write_list
from official import at, day, rules

from monitor.dossier import Event, EventKind
from monitor.letter import LetterState
from monitor.rules import RuleBook, load_rules_from
from monitor.rules.files import rule_files
from monitor.samples import make_samples, write_samples
from monitor.samples.scenarios import SCENARIOS
from monitor.status import Status
from monitor.store import Store, ToLook, open_store
from monitor.sweep import recompute, sweep

RULES = Path(__file__).parent.parent / "rules"
NOW = "Mon 2026-11-23 07:14"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


@pytest.fixture
def samples(store: Store, tmp_path: Path) -> Store:
    """A store with all sample files of Mon 2026-11-23."""
    for path in write_samples(make_samples(rules(), as_of=date(2026, 11, 23)), tmp_path / "samples"):
        take(store, path, NOW)
    return store


def status(store: Store, code: str = CODE) -> Status | None:
    return store.dossier(code).row.status


def poison(store: Store, code: str) -> None:
    """An event that nothing can fold: a classification without its cause."""
    bad = Event(kind=EventKind.APPOINTMENT_CLASSIFIED, happened_at=None, recorded_at=at(NOW), source="x", facts={})
    store.append_events(code, [bad], now=at(NOW))


@cache
def changed_rules(*edits: tuple[str, str, str]) -> RuleBook:
    """The rule book with (file, old, new) replaced; old "" appends a line."""
    files = rule_files(RULES)
    for name, old, new in edits:
        text = files[name].decode("utf-8-sig")
        assert old in text
        files[name] = (text.replace(old, new) if old else f"{text.rstrip()}\n{new}\n").encode()
    return load_rules_from(files)


def accept(store: Store, book: RuleBook, now: str) -> None:
    assert store.accept_rule_book(book.version, {}, by="nguyen-van-a", reason="thử", now=at(now))


class TestWhatIsLookedAt:
    def test_every_sample_gets_the_status_that_its_scenario_shows(self, samples: Store):
        report = sweep(samples, rules(), now=at(NOW))
        expected = {one.name: one.shows for one in SCENARIOS}
        for one in make_samples(rules(), as_of=date(2026, 11, 23)).all:
            code = (one.record or one.earlier).code
            if expected[one.scenario] is not None and one.is_readable:
                assert (one.scenario, status(samples, code)) == (one.scenario, expected[one.scenario])
        assert report.looked_at == report.written == sum(report.statuses.values()) > 300
        assert (report.parked, report.conflicts) == ([], 0)

    def test_a_dossier_is_looked_at_only_when_its_moment_has_come(self, store: Store, tmp_path: Path):
        """Received Fri 2026-11-20, due Thu 2026-11-26, near due from Wed 25/11."""
        take(store, write_list(tmp_path, "Fri 2026-11-20 16:55", [row()]), NOW)
        assert sweep(store, rules(), now=at(NOW)).looked_at == 1
        assert status(store) is Status.ON_TRACK
        assert sweep(store, rules(), now=at("Tue 2026-11-24 23:59")).looked_at == 0
        seen = {}
        for moment in ("Wed 2026-11-25 00:00", "Thu 2026-11-26 00:00", "Thu 2026-11-26 17:00", "Thu 2026-11-26 17:01"):
            sweep(store, rules(), now=at(moment))
            seen[moment] = status(store)
        assert list(seen.values()) == [
            Status.APOLOGY_DUE,
            Status.DUE_TODAY,
            Status.DUE_TODAY,
            Status.DUE_PASSED_UNCONFIRMED,
        ]

    def test_the_next_look_is_strictly_later_whenever_the_sweep_comes(self, samples: Store):
        moments = ["Mon 2026-11-23 07:14", "Mon 2026-11-23 17:00", "Tue 2026-11-24 00:00", "Thu 2026-12-31 23:59"]
        for moment in moments:
            now = at(moment) + timedelta(microseconds=999_999)
            sweep(samples, rules(), now=now)
            looks = [one.next_look_at for one in samples.list_dossiers() if one.next_look_at]
            assert all(look > now for look in looks)
            assert sweep(samples, rules(), now=now).looked_at == 0

    def test_a_poisoned_dossier_is_parked_for_an_hour_and_the_others_go_on(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:05", many(3)), NOW)
        poison(store, "H37.12-261120-0002")
        report = sweep(store, rules(), now=at(NOW))
        assert (report.parked, report.written) == (["H37.12-261120-0002"], 2)
        row_ = store.dossier("H37.12-261120-0002").row
        assert (row_.status, row_.parked) == (Status.UNKNOWN, "KeyError: 'cause'")
        assert sweep(store, rules(), now=at("Mon 2026-11-23 08:13")).looked_at == 0
        assert recompute(store, rules(), now=at("Mon 2026-11-23 08:13")) == 0
        assert sweep(store, rules(), now=at("Mon 2026-11-23 08:14")).parked == ["H37.12-261120-0002"]

    @pytest.mark.parametrize("is_bad", [False, True])
    def test_what_changes_between_reading_and_writing_is_looked_at_again(
        self, store: Store, tmp_path: Path, is_bad: bool
    ):
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:05", many(2)), NOW)
        if is_bad:
            poison(store, CODE)

        class Busy(Store):
            """While a batch is being decided, somebody at the desk says something."""

            def due_batches(self, now: datetime, size: int = 500) -> Iterator[list[ToLook]]:
                for batch in super().due_batches(now, size):
                    facts = {"reason": "chờ ý kiến", "new_date_on": "2026-11-30"}
                    said = Event(
                        kind=EventKind.SAID_LATE, happened_at=None, recorded_at=now, source="desk", facts=facts
                    )
                    self.append_events(CODE, [said], now=now)
                    yield batch

        report = sweep(Busy(store._database), rules(), now=at(NOW))
        assert (report.written, report.conflicts, report.parked) == (1, 1, [])
        assert status(store) is None
        assert sweep(store, rules(), now=at(NOW)).looked_at == 1


class TestWhatIsSaid:
    def test_a_step_is_told_once_and_repeated_every_second_working_day(self, store: Store, tmp_path: Path):
        """Due Thu 2026-11-19; Tue 24/11 is Vietnam Culture Day and 28 and 29/11 a weekend."""
        late = row(received="16/11/2026 09:00", appointment="19/11/2026 17:00")
        take(store, write_list(tmp_path, "Fri 2026-11-20 06:00", [late]), "Fri 2026-11-20 06:30")
        first, told = at("Fri 2026-11-20 06:30"), {}
        for hours in range(12 * 24):
            now = first + timedelta(hours=hours)
            count = sweep(store, rules(), now=now).notices + sweep(store, rules(), now=now).notices
            if count:
                told[f"{now:%a %Y-%m-%d %H:%M}"] = count
        assert told == {
            "Fri 2026-11-20 06:30": 4,
            "Wed 2026-11-25 00:30": 4,
            "Fri 2026-11-27 00:30": 4,
            "Tue 2026-12-01 00:30": 4,
        }
        people = Counter(one.person for one in store.dossier(CODE).told)
        assert people == {OFFICER: 4, HEAD: 4, DESK[0]: 4, DESK[1]: 4}
        assert {(one.due_on, one.occurrence) for one in store.dossier(CODE).told} == {
            (day("Thu 2026-11-19"), occurrence) for occurrence in (1, 2, 3, 4)
        }

    def test_a_letter_is_proposed_once_and_voided_when_the_dossier_is_finished(self, store: Store, tmp_path: Path):
        late = row(received="16/11/2026 09:00", appointment="19/11/2026 17:00")
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:05", [late]), NOW)
        for moment in (NOW, "Wed 2026-11-25 07:14", "Thu 2026-11-26 07:14"):
            sweep(store, rules(), now=at(moment))
        (letter,) = store.letters()
        assert (letter.promised_on, letter.state) == (day("Thu 2026-11-19"), LetterState.PROPOSED)
        done = {**late, "finished": "26/11/2026 10:00", "status": "Đã xử lý xong"}
        take(store, write_list(tmp_path, "Thu 2026-11-26 11:00", [done]), "Thu 2026-11-26 11:05")
        sweep(store, rules(), now=at("Thu 2026-11-26 11:06"))
        assert [one.state for one in store.letters()] == [LetterState.VOIDED]
        assert store.dossier(CODE).row.next_look_at is None

    def test_a_second_missed_date_has_a_letter_of_its_own(self, store: Store, tmp_path: Path):
        """A promise that was corrected by a person, from 19/11 to 20/11, and missed again."""
        told = {"received": "16/11/2026 09:00", "appointment": "19/11/2026 17:00"}
        late = row(**told, procedure_code="", procedure="Việc khác")
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:05", [late]), NOW)
        sweep(store, rules(), now=at(NOW))
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:20", [{**late, "appointment": "20/11/2026 17:00"}]), NOW)
        because = {"cause": "correction"}
        corrected = Event(
            kind=EventKind.APPOINTMENT_CLASSIFIED, happened_at=None, recorded_at=at(NOW), source="desk", facts=because
        )
        store.append_events(CODE, [corrected], now=at(NOW))
        sweep(store, rules(), now=at("Mon 2026-11-23 07:30"))
        assert [one.promised_on for one in store.letters()] == [day("Thu 2026-11-19"), day("Fri 2026-11-20")]

    def test_a_reopened_dossier_that_is_late_again_is_told_of_again(self, store: Store, tmp_path: Path):
        late = row(received="16/11/2026 09:00", appointment="19/11/2026 17:00")
        done = {**late, "finished": "23/11/2026 10:00", "status": "Đã xử lý xong"}
        told = []
        for hour, one in ((7, late), (11, done), (14, late), (15, done), (16, late)):
            now = f"Mon 2026-11-23 {hour:02}:10"
            take(store, write_list(tmp_path, f"Mon 2026-11-23 {hour:02}:05", [one]), now)
            told.append(sweep(store, rules(), now=at(now)).notices)
        assert told == [4, 0, 4, 0, 4]
        assert dossier(store).life == 3


class TestRecompute:
    @pytest.mark.parametrize("moment", ["Mon 2026-11-23 07:14", "Mon 2026-11-23 17:01", "Fri 2027-01-15 00:00"])
    def test_nothing_is_woken_when_nothing_has_changed(self, samples: Store, moment: str):
        sweep(samples, rules(), now=at(moment))
        assert recompute(samples, rules(), now=at(moment)) == 0

    def test_a_later_moment_wakes_what_it_changes(self, samples: Store):
        sweep(samples, rules(), now=at(NOW))
        before = {one.code: one.status for one in samples.list_dossiers()}
        woken = recompute(samples, rules(), now=at("Wed 2026-11-25 00:00"))
        sweep(samples, rules(), now=at("Wed 2026-11-25 00:00"))
        changed = [one.code for one in samples.list_dossiers() if one.status is not before[one.code]]
        assert woken >= len(changed) > 10

    @pytest.mark.parametrize(
        ("procedure", "stated", "due"),
        [
            ("Việc lạ", "03 ngày làm việc", "Thu 2026-11-26"),  # the source's own limit, with nobody's promise
            ("Việc lạ", "lâu lắm", None),
            ("Việc lạ", "", None),
        ],
    )
    def test_a_dossier_without_a_known_limit_is_not_woken_for_ever(
        self, store: Store, tmp_path: Path, procedure: str, stated: str, due: str | None
    ):
        from office import HEADERS

        one = row(procedure_code="", procedure=procedure, stated=stated, appointment="")
        headers = HEADERS | {"stated": "Thời hạn giải quyết"}
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:05", [one], headers=headers), NOW)
        sweep(store, rules(), now=at(NOW))
        assert store.dossier(CODE).row.due_on == day(due)
        assert recompute(store, rules(), now=at(NOW)) == 0

    def test_a_row_whose_rules_are_gone_is_looked_at_by_the_new_ones(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:05", [row(appointment="")]), NOW)
        sweep(store, rules(), now=at(NOW))
        assert store.dossier(CODE).row.due_on == day("Thu 2026-11-26")
        shorter = changed_rules(("procedures.csv", "doanh nghiệp,3,working_day", "doanh nghiệp,2,working_day"))
        assert recompute(store, shorter, now=at(NOW)) == 1
        sweep(store, shorter, now=at(NOW))
        assert store.dossier(CODE).row.due_on == day("Wed 2026-11-25")
        assert recompute(store, shorter, now=at(NOW)) == 0

    def test_what_cannot_be_computed_stops_nothing_and_is_looked_at(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:05", many(3)), NOW)
        sweep(store, rules(), now=at(NOW))
        with store._database.write() as connection:
            connection.exec_driver_sql("UPDATE dossier SET situation = '{' WHERE code = 'H37.12-261120-0001'")
        assert recompute(store, rules(), now=at(NOW)) == 1
        assert sweep(store, rules(), now=at(NOW)).looked_at == 1
        assert recompute(store, rules(), now=at(NOW)) == 0

    def test_beyond_the_official_calendar_nothing_stops(self, samples: Store):
        """In 2031 there is none."""
        sweep(samples, rules(), now=at(NOW))
        beyond = at("Mon 2031-01-06 08:00")
        recompute(samples, rules(), now=beyond)
        assert sweep(samples, rules(), now=beyond).looked_at > 0


class TestRulesThatChange:
    OFF = ("calendar.csv", "", "2026-11-25,off,,Nghỉ do bão,QĐ 1/QĐ-UBND,confirmed")

    def test_an_added_day_off_moves_what_is_due_after_it(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:05", [row(appointment="")]), NOW)
        sweep(store, rules(), now=at(NOW))
        assert store.dossier(CODE).row.due_on == day("Thu 2026-11-26")
        stormy = changed_rules(self.OFF)
        accept(store, stormy, "Mon 2026-11-23 09:00")
        assert sweep(store, stormy, now=at("Mon 2026-11-23 09:00")).looked_at == 1
        assert store.dossier(CODE).row.due_on == day("Fri 2026-11-27")

    def test_who_was_told_of_an_unchanged_date_is_not_told_again(self, store: Store, tmp_path: Path):
        late = row(received="16/11/2026 09:00", appointment="19/11/2026 17:00")
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:05", [late]), NOW)
        assert sweep(store, rules(), now=at(NOW)).notices == 4
        stormy = changed_rules(self.OFF)
        accept(store, stormy, "Mon 2026-11-23 09:00")
        report = sweep(store, stormy, now=at("Mon 2026-11-23 09:00"))
        assert (report.looked_at, report.notices) == (1, 0)

    def test_a_row_for_running_dossiers_catches_them_on_the_day_it_comes_into_force(self, store: Store, tmp_path: Path):
        """From Tue 2026-11-24 ten working days: Mon 7/12 instead of Thu 26/11, which the sweep sees by itself."""
        text = rule_files(RULES)["procedures.csv"].decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
        names, old = rows[0], next(one for one in rows if one[0] == "2.001610")
        told = dict(zip(names, old, strict=True))
        told |= {"limit": "10", "valid_from": "2026-11-24", "applies_to": "running", "basis": "QĐ 2, Điều 3"}
        line = io.StringIO()
        csv.writer(line).writerow(told.values())
        book = changed_rules(("procedures.csv", "", line.getvalue().strip()))
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:05", [row(appointment="")]), NOW, book)
        sweep(store, book, now=at(NOW))
        assert store.dossier(CODE).row.due_on == day("Thu 2026-11-26")
        assert recompute(store, book, now=at(NOW)) == 0
        assert sweep(store, book, now=at("Mon 2026-11-23 23:59")).looked_at == 0
        assert sweep(store, book, now=at("Tue 2026-11-24 00:00")).looked_at == 1
        assert store.dossier(CODE).row.due_on == day("Mon 2026-12-07")


class TestWhoAnswers:
    @pytest.mark.parametrize(
        ("officer", "named", "told"),
        [
            ("Nguyễn Ngọc Hồng Ánh", OFFICER, {OFFICER, HEAD, *DESK}),
            ("Nguyễn Thị Thu Hương", None, {HEAD, *DESK}),  # two people have this name: trùng tên
            ("Người Nơi Khác", None, {HEAD, *DESK}),
            ("", None, {HEAD, *DESK}),
        ],
    )
    def test_the_head_answers_where_no_one_officer_does(
        self, store: Store, tmp_path: Path, officer: str, named: str | None, told: set[str]
    ):
        late = row(received="16/11/2026 09:00", appointment="19/11/2026 17:00", officer=officer)
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:05", [late]), NOW)
        sweep(store, rules(), now=at(NOW))
        found = store.dossier(CODE)
        assert (found.row.officer, found.row.division) == (named, "dkkd")
        assert {one.person for one in found.told} == told
