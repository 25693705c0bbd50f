"""What the rules say of a date: by which row it is counted, whether hours are confirmed, when the office is shut."""

import csv
import io
from datetime import datetime
from pathlib import Path

import pytest
from official import at, day, dossier, moment

from monitor.deadline import DeadlineNote
from monitor.dossier import Dossier, Supplement
from monitor.rules import RuleBook, RulesRefused, load_rules_from
from monitor.rules.files import rule_files
from monitor.sweep import Looked, look
from monitor.trace import say_day

RULES = Path(__file__).parent.parent / "rules"
CODE = "2.001610"  # three working days, verified
NOW = "Mon 2026-11-23 08:00"


def book(*days: str, rows: tuple[dict[str, str], ...] = (), hours_confirmed: bool = False) -> RuleBook:
    """The shipped rules with more days in the calendar, and these rows in place of the one of our procedure."""
    files = rule_files(RULES)
    calendar, hours = files["calendar.csv"].decode(), files["hours.toml"].decode()
    changed = {"calendar.csv": (calendar.rstrip("\n") + "\n" + "\n".join(days) + "\n").encode()}
    if rows:
        changed["procedures.csv"] = _procedures(files["procedures.csv"].decode("utf-8-sig"), rows)
    if hours_confirmed:
        changed["hours.toml"] = hours.replace("confirmed = false", "confirmed = true").encode()
    return load_rules_from(files | changed)


def _procedures(text: str, rows: tuple[dict[str, str], ...]) -> bytes:
    table = list(csv.DictReader(io.StringIO(text)))
    ours = next(one for one in table if one["code"] == CODE)
    written = io.StringIO()
    writer = csv.DictWriter(written, ours.keys())
    writer.writeheader()
    writer.writerows([one for one in table if one["code"] != CODE])
    writer.writerows([ours | row for row in rows])
    return written.getvalue().encode()


def looked(one: Dossier, rules: RuleBook, now: str = NOW) -> Looked:
    moment_of_look: datetime = at(now)
    return look(one, rules, now=moment_of_look, data_as_of=moment_of_look)


def received(on: str, **others: object) -> Dossier:
    return dossier(on, (), procedure_code=CODE, **others)


OLD = {"limit": "3", "valid_to": "2026-11-15", "basis": "QĐ 1"}
NEW = {"limit": "10", "valid_from": "2026-11-16", "basis": "QĐ 2"}
RUNNING = NEW | {"applies_to": "running", "basis": "QĐ 2, Điều 3 (chuyển tiếp)"}
EIGHT_HOURS = {"limit": "8", "unit": "working_hour", "basis": "QĐ 1"}


class TestByWhichRow:
    """Three working days for receipts to Sun 2026-11-15, ten from Mon 2026-11-16 on."""

    @pytest.mark.parametrize(
        ("on", "due", "basis"),
        [("Fri 2026-11-13 09:00", "Wed 2026-11-18", "QĐ 1"), ("Mon 2026-11-16 09:00", "Tue 2026-12-01", "QĐ 2")],
    )
    def test_the_limit_is_that_of_the_day_of_receipt(self, on: str, due: str, basis: str):
        found = looked(received(on), book(rows=(OLD, NEW)))
        assert (found.deadline.due_on, found.limit.basis) == (day(due), basis)

    def test_a_restarted_clock_keeps_the_limit_of_the_original_receipt(self):
        papers = Supplement(moment("Fri 2026-11-13 14:00"), moment("Wed 2026-11-18 09:00"))
        found = looked(received("Fri 2026-11-13 09:00", supplements=(papers,)), book(rows=(OLD, NEW)))
        assert found.deadline.due_on == day("Mon 2026-11-23")  # three days after the papers, not ten
        assert found.limit.basis == "QĐ 1"

    @pytest.mark.parametrize(
        ("now", "due", "basis"),
        [
            ("Sun 2026-11-15 23:59", "Wed 2026-11-18", "QĐ 1"),
            ("Mon 2026-11-16 00:00", "Mon 2026-11-30", "QĐ 2, Điều 3 (chuyển tiếp)"),
        ],
    )
    def test_a_row_for_running_dossiers_holds_from_its_day_on_and_names_its_clause(
        self, now: str, due: str, basis: str
    ):
        found = looked(received("Fri 2026-11-13 09:00"), book(rows=(OLD, RUNNING)), now)
        assert (found.deadline.due_on, found.limit.basis) == (day(due), basis)

    @pytest.mark.parametrize("end", ["finished", "refused", "withdrawn"])
    def test_what_ended_before_it_came_into_force_keeps_its_limit(self, end: str):
        ended = received("Tue 2026-11-10 09:00", **{end: moment("Thu 2026-11-12 09:00")})
        assert looked(ended, book(rows=(OLD, RUNNING))).limit.basis == "QĐ 1"


class TestHours:
    @pytest.mark.parametrize("confirmed", [True, False])
    def test_a_limit_in_hours_is_provisional_until_the_office_hours_are_confirmed(self, confirmed: bool):
        rules = book(rows=(EIGHT_HOURS,), hours_confirmed=confirmed)
        found = looked(received("Thu 2026-11-19 09:00"), rules).deadline
        assert found.due_at == at("Fri 2026-11-20 09:30")  # 7 h 30 a day: eight hours end the next morning
        assert found.provisional is not confirmed
        assert (DeadlineNote.HOURS_UNCONFIRMED in found.notes) is not confirmed

    def test_a_limit_in_days_does_not_depend_on_them(self):
        assert not looked(received("Mon 2026-11-16 09:00"), book()).deadline.provisional


class TestClosures:
    """Received Fri 2026-11-20: due Thu 2026-11-26. On Wed 2026-11-25 the office is shut by a storm."""

    MOVING = "2026-11-25,off,,Nghỉ do bão số 13,QĐ 1/QĐ-UBND,confirmed"
    STANDING = "2026-11-25,closed,,Mất điện,TB 1/TB-STC,confirmed"

    @pytest.mark.parametrize(
        ("closure", "due", "apology_by"),
        [(MOVING, "Fri 2026-11-27", "Thu 2026-11-26"), (STANDING, "Thu 2026-11-26", "Wed 2026-11-25")],
    )
    def test_it_moves_a_due_date_only_when_marked_so(self, closure: str, due: str, apology_by: str):
        found = looked(received("Fri 2026-11-20 09:00"), book(closure)).deadline
        assert (found.due_on, found.apology_by_on) == (day(due), day(apology_by))

    def test_either_is_shown_with_its_basis(self):
        moving, standing = (
            looked(received("Fri 2026-11-20 09:00"), book(one)).deadline for one in (self.MOVING, self.STANDING)
        )
        assert say_day(moving.trace[5], moving.unit) == (
            "thứ Tư 25/11/2026: bỏ qua, ngày nghỉ, Nghỉ do bão số 13 (QĐ 1/QĐ-UBND)"
        )
        assert say_day(standing.trace[5], standing.unit) == (
            "thứ Tư 25/11/2026: ngày làm việc thứ 2, Mất điện; cơ quan đóng cửa, thời hạn vẫn tính (TB 1/TB-STC)"
        )

    def test_hours_run_on_through_one_that_moves_nothing(self):
        rules = book(self.STANDING, rows=(EIGHT_HOURS,))
        assert looked(received("Mon 2026-11-23 14:00"), rules).deadline.due_at == at("Wed 2026-11-25 14:30")

    @pytest.mark.parametrize(
        ("row", "told"),
        [
            ("2026-11-25,closed,07:30-11:30,Mất điện,TB 1,confirmed", "kind closed moves no date: leave slots empty"),
            ("2026-11-25,closed,,Mất điện,TB 1,provisional", "kind closed moves no date: leave slots empty and write"),
            ("2026-11-28,closed,,Mất điện,TB 1,confirmed", "2026-11-28 is a Saturday and off anyway"),
            ("2026-12-01,closed,,Mất điện,,confirmed", "basis is empty: fill it in"),
        ],
    )
    def test_a_closure_that_says_nothing_is_refused(self, row: str, told: str):
        with pytest.raises(RulesRefused, match=told):
            book(row)

    def test_a_holiday_that_is_only_marked_closed_would_be_counted_and_is_refused(self):
        files = rule_files(RULES)
        text = files["calendar.csv"].decode()
        assert "2026-11-24,off," in text
        files |= {"calendar.csv": text.replace("2026-11-24,off,", "2026-11-24,closed,").encode()}
        with pytest.raises(RulesRefused, match="Tuesday 2026-11-24 is worked"):
            load_rules_from(files)
