"""Before a change of rules is accepted, it is known whose dates would move; nothing is written by looking."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from office import CODE, everything, row, take, write_list
from official import at, day, rules

from monitor.dossier import Event, EventKind
from monitor.impact import Impact, Move, Verdict, impact_of
from monitor.letter import Letter, LetterState
from monitor.rules import RuleBook, load_rules_from, rule_files
from monitor.status import Status
from monitor.store import Store, open_store
from monitor.sweep import sweep

RULES = Path(__file__).parent.parent / "rules"
THURSDAY = "Thu 2026-11-26 07:15"
OTHER = "H37.12-261120-0002"
THREE_DAYS = "2.001610,,,Đăng ký thành lập doanh nghiệp tư nhân,,Thành lập và hoạt động của doanh nghiệp,3,"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


@cache
def changed(file: str, written: str, instead: str) -> RuleBook:
    """The shipped rules with one thing written otherwise."""
    files = rule_files(RULES)
    text = files[file].decode()
    assert written in text
    return load_rules_from(files | {file: text.replace(written, instead, 1).encode()})


def in_two_days() -> RuleBook:
    return changed("procedures.csv", THREE_DAYS, THREE_DAYS.replace(",3,", ",2,"))


def brought(store: Store, folder: Path, *told: dict[str, str]) -> None:
    """Dossiers received on Fri 2026-11-20, as the source shows them on Thu 26/11, the third working day."""
    take(store, write_list(folder, "Thu 2026-11-26 07:05", [row(**one) for one in told]), "Thu 2026-11-26 07:10")
    sweep(store, rules(), now=at(THURSDAY))


def impact(store: Store, after: RuleBook, now: str = THURSDAY) -> Impact:
    return impact_of(store, rules(), after, now=at(now))


def test_a_shorter_limit_moves_due_dates_and_makes_dossiers_overdue(store: Store, tmp_path: Path):
    brought(store, tmp_path, {}, {"code": OTHER, "procedure_code": "2.001583"})
    found = impact(store, in_two_days())
    assert found.running == 2
    assert found.moves == [Move(CODE, day("Thu 2026-11-26"), day("Wed 2026-11-25"))]
    assert [*found.becoming_overdue] == [CODE]
    assert found.no_longer_overdue == []


def test_a_longer_limit_ends_an_overdue_one(store: Store, tmp_path: Path):
    brought(store, tmp_path, {"appointment": "27/11/2026 17:00"})
    found = impact_of(store, in_two_days(), rules(), now=at(THURSDAY))
    assert found.moves == [Move(CODE, day("Wed 2026-11-25"), day("Thu 2026-11-26"))]
    assert (found.no_longer_overdue, [*found.becoming_overdue]) == ([CODE], [])


def test_a_day_off_entered_late_moves_every_date_after_it(store: Store, tmp_path: Path):
    brought(store, tmp_path, {"appointment": "30/11/2026 17:00"}, {"code": OTHER, "received": "18/11/2026 09:00"})
    storm = "2026-11-24,off,,Ngày Văn hóa Việt Nam"
    found = impact(store, changed("calendar.csv", storm, f"2026-11-25,off,,Bão,QĐ 1/QĐ-UBND,confirmed\n{storm}"))
    assert found.moves == [  # the second was due on Mon 23/11, before the storm
        Move(CODE, day("Thu 2026-11-26"), day("Fri 2026-11-27")),
    ]


def test_what_has_ended_keeps_its_verdict_and_is_listed_for_a_person(store: Store, tmp_path: Path):
    brought(store, tmp_path, {"status": "Đã xử lý xong", "finished": "26/11/2026 07:00"})
    found = impact(store, in_two_days())
    assert found.verdicts == [Verdict(CODE, Status.FINISHED_ON_TIME, Status.FINISHED_LATE)]
    assert (found.running, found.moves) == (0, [])


def test_a_letter_of_a_dossier_that_moves_is_told(store: Store, tmp_path: Path):
    third = "H37.12-261120-0003"
    brought(store, tmp_path, {}, {"code": OTHER}, {"code": third})
    letter = Letter(
        dossier_code=OTHER,
        life=store.dossier(OTHER).row.life,
        promised_on=day("Thu 2026-11-26"),
        state=LetterState.DRAFTED,
        reason="chờ thẩm định",
        new_date_on=day("Wed 2026-12-02"),
    )
    store.draft_letter(letter, by="nn-hong-anh", now=at(THURSDAY))
    facts = {"old_date_on": "2026-11-26", "new_date_on": "2026-12-02"}
    issued = Event(EventKind.LETTER_ISSUED, None, at(THURSDAY), "van-thu", facts=facts)
    store.append_events(third, [issued], now=at(THURSDAY))
    found = impact(store, in_two_days())
    assert [move.code for move in found.moves] == [CODE, OTHER, third]
    assert (found.drafted, found.issued) == ([OTHER], [third])


def test_a_row_entered_after_the_day_from_which_it_holds_says_whom_it_makes_overdue(store: Store, tmp_path: Path):
    brought(store, tmp_path, {}, {"code": OTHER, "procedure_code": "2.001583"})
    line = next(one for one in rule_files(RULES)["procedures.csv"].decode().splitlines() if one.startswith(THREE_DAYS))
    late = line.replace(",3,working_day,", ",2,working_day,").replace(',,,,,,"NĐ 168', ',,,2026-10-01,,,"NĐ 168')
    assert ",2026-10-01," in late
    found = impact(store, changed("procedures.csv", line, f"{line}\n{late}"))
    (row_,) = found.late_rows
    assert (row_.procedure.code, row_.procedure.valid_from) == ("2.001610", day("Thu 2026-10-01"))
    assert row_.overdue == (CODE,)
    assert impact(store, in_two_days()).late_rows == []  # it names no day from which it holds


def test_a_change_of_people_or_reasons_moves_nothing(store: Store, tmp_path: Path):
    brought(store, tmp_path, {})
    found = impact(store, changed("reasons.csv", "Hồ sơ cần lấy", "Hồ sơ phải lấy"))
    assert found == Impact(running=1)


def test_looking_writes_nothing(store: Store, tmp_path: Path):
    brought(store, tmp_path, {}, {"code": OTHER})
    before = everything(store)
    impact(store, in_two_days())
    assert everything(store) == before
    assert [one for batch in store.due_batches(at(THURSDAY)) for one in batch] == []


def test_the_moves_are_told_from_the_largest_and_a_date_that_is_gained_or_lost_before_them():
    moves = [
        Move("A", day("Thu 2026-11-26"), day("Wed 2026-11-25")),
        Move("B", day("Thu 2026-11-26"), day("Fri 2026-12-04")),
        Move("C", None, day("Fri 2026-12-04")),
    ]
    assert [move.code for move in Impact(moves=moves).largest_moves] == ["C", "B", "A"]
    assert [move.days for move in moves] == [-1, 8, None]
