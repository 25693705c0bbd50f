"""A person says "không kịp": when a letter may be written, when not, and what is written down of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from office import CODE, dossier, row, take, write_list
from official import at, day, rules

from monitor.desk import NoSuchDossier, PreparedLetter, prepare_letter, record_draft
from monitor.dossier import Event, EventKind
from monitor.letter import LetterRefused, LetterState
from monitor.store import Store, open_store
from monitor.sweep import sweep

NOW = "Mon 2026-11-23 09:00"
REASON = "chờ ý kiến thẩm định của Sở Xây dựng"


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    """One dossier, promised for Thu 2026-11-26."""
    with open_store(database_url) as opened:
        bring(opened, tmp_path, row())
        yield opened


def bring(store: Store, folder: Path, one: dict, exported: str = "Mon 2026-11-23 07:05") -> None:
    take(store, write_list(folder, exported, [one]), NOW)
    sweep(store, rules(), now=at(NOW))


def said(store: Store, kind: EventKind, **facts: str) -> None:
    event = Event(kind=kind, happened_at=None, recorded_at=at(NOW), source="desk", facts=facts)
    store.append_events(CODE, [event], now=at(NOW))


def prepare(store: Store, **other: str) -> PreparedLetter:
    how = {"reason": REASON, "new_date": "Wed 2026-12-02", "by": "nn-hong-anh", "now": NOW, "code": CODE} | other
    return prepare_letter(
        store,
        rules(),
        how["code"],
        reason=how["reason"],
        new_date_on=day(how["new_date"]),
        by=how["by"],
        now=at(how["now"]),
    )


def draft(store: Store, **other: str) -> PreparedLetter:
    prepared = prepare(store, **other)
    record_draft(store, prepared, by="nn-hong-anh", now=at(NOW))
    return prepared


def late_answers(store: Store) -> list[dict]:
    return [dict(one.facts) for one in store.dossier(CODE).events if one.kind is EventKind.SAID_LATE]


def test_the_letter_asks_for_the_new_date_and_names_the_promised_one(store: Store):
    content = prepare(store).content
    assert (content.recipient, content.reason) == ("Công ty TNHH Hoa Đào", REASON)
    assert content.promised == "26/11/2026"
    assert content.new_date.endswith("02/12/2026")
    assert not content.is_reprint
    assert not content.is_overdue


def test_preparing_writes_nothing(store: Store):
    before = store.newest_recorded_at(), store.letters(), store.dossier(CODE)
    prepare(store, now="Mon 2026-11-23 10:00")
    assert (store.newest_recorded_at(), store.letters(), store.dossier(CODE)) == before


def test_a_draft_is_recorded_with_who_said_it_and_is_looked_at_again(store: Store):
    draft(store)
    letter = store.letter_of(CODE)
    assert (letter.state, letter.promised_on, letter.prints) == (LetterState.DRAFTED, day("Thu 2026-11-26"), 1)
    assert late_answers(store) == [{"reason": REASON, "new_date_on": "2026-12-02"}]
    assert dossier(store).late_answer.new_date_on == day("Wed 2026-12-02")
    assert sweep(store, rules(), now=at(NOW)).looked_at == 1


def test_the_same_words_again_are_a_reprint_and_are_said_once(store: Store):
    draft(store)
    again = draft(store, reason=f"  {REASON} ")
    assert again.content.is_reprint
    assert store.letter_of(CODE).prints == 2
    assert len(late_answers(store)) == 1


@pytest.mark.parametrize("changed", [{"reason": "thiếu chữ ký của đơn vị phối hợp"}, {"new_date": "Thu 2026-12-03"}])
def test_other_words_change_the_draft_and_are_no_reprint(store: Store, changed: dict[str, str]):
    draft(store)
    again = draft(store, **changed)
    assert not again.content.is_reprint
    (letter,) = store.letters()
    assert (letter.reason, letter.new_date_on) == (again.letter.reason, again.letter.new_date_on)
    assert len(late_answers(store)) == 2


def test_a_proposal_becomes_the_draft(database_url: str, tmp_path: Path):
    with open_store(database_url) as store:
        bring(store, tmp_path, row(received="16/11/2026 09:00", appointment="19/11/2026 17:00"))
        assert [one.state for one in store.letters()] == [LetterState.PROPOSED]
        prepared = draft(store)
        assert prepared.content.is_overdue
        assert not prepared.content.is_reprint
        assert [one.state for one in store.letters()] == [LetterState.DRAFTED]


@pytest.mark.parametrize(
    ("asked", "cause"),
    [
        ({"reason": "  \n"}, "a reason is needed"),
        ({"new_date": "Sat 2026-11-28"}, "not a working day"),
        ({"new_date": "Tue 2026-11-24"}, "not a working day"),  # Vietnam Culture Day
        ({"new_date": "Thu 2026-11-26"}, "not after the promised date"),
        ({"new_date": "Wed 2026-11-25"}, "not after the promised date"),
        ({"new_date": "Fri 2026-11-27", "now": "Mon 2026-11-30 09:00"}, "not after today"),
    ],
)
def test_a_reason_and_a_later_working_day_are_needed(store: Store, asked: dict[str, str], cause: str):
    with pytest.raises(LetterRefused, match=cause):
        prepare(store, **asked)


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ({"finished": "23/11/2026 08:00", "status": "Đã xử lý xong"}, "has ended"),
        ({"status": "Rút hồ sơ"}, "has ended"),
        ({"applicant": "", "submitter": "Hoàng Thị Bé"}, "names no applicant"),
        ({"appointment": "", "procedure": "Việc lạ", "procedure_code": ""}, "there is no date to apologise for"),
        ({"procedure": "Việc lạ", "procedure_code": "", "officer": ""}, "no division answers for it"),
    ],
)
def test_a_letter_needs_an_open_dossier_a_date_a_recipient_and_a_signer(
    database_url: str, tmp_path: Path, told: dict[str, str], cause: str
):
    with open_store(database_url) as store:
        bring(store, tmp_path, row(**told))
        with pytest.raises(LetterRefused, match=cause):
            prepare(store)


def test_a_dossier_is_re_appointed_once(store: Store):
    """Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.6."""
    draft(store)
    said(store, EventKind.LETTER_ISSUED, new_date_on="2026-12-02")
    with pytest.raises(LetterRefused, match="was re-appointed once already"):
        prepare(store, new_date="Wed 2026-12-09")


def test_a_code_that_nobody_brought_is_said_so(store: Store):
    with pytest.raises(NoSuchDossier, match="no dossier H37"):
        prepare(store, code="H37.12-261120-9999")
