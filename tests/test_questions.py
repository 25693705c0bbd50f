"""What only a person can say is asked every morning of those who can say it, and of nobody once it was said."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from office import CODE, DESK, HEAD, OFFICER, row, take, write_list
from official import at, rules

from monitor.desk.conflicts import settle
from monitor.desk.dates import classify_appointment
from monitor.documents import Documents
from monitor.dossier import AppointmentCause, Event, EventKind, Moment
from monitor.envelopes import Postmark, compose_digests
from monitor.outbox import Attempt, OutboxState, Outcome
from monitor.store import Store, open_store
from monitor.sweep import sweep

DOCUMENTS = Documents(Path(__file__).parent.parent / "templates")
POSTMARK = Postmark(sender="dung-hen@so-tai-chinh.dunghen")
MON, WED, THU = "Mon 2026-11-23", "Wed 2026-11-25", "Thu 2026-11-26"  # Tue 2026-11-24 is Vietnam Culture Day


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/monitor.db") as opened:
        yield opened


def morning(store: Store, day: str) -> dict[str, str]:
    """The text of everybody's digest of a day, by the person's id."""
    sweep(store, rules(), now=at(f"{day} 07:15"))
    compose_digests(store, rules(), DOCUMENTS, POSTMARK, now=at(f"{day} 07:15"))
    texts = {}
    while claimed := store.claim_message("w", now=at(f"{day} 07:16"), lease=at(f"{day} 07:20") - at(f"{day} 07:16")):
        mail = message_from_bytes(claimed.message.content, policy=policy.default)
        body = mail.get_body(("plain",))
        assert body is not None
        texts[claimed.message.person] = " ".join(body.get_content().split())
        sent = Attempt(outcome=Outcome.SENT)
        store.finish_attempt(claimed, sent, OutboxState.SENT, next_attempt_at=None, now=at(f"{day} 07:16"))
    return texts


def asked(texts: dict[str, str]) -> set[str]:
    return {person for person, text in texts.items() if "CẦN ANH/CHỊ CHO BIẾT" in text}


@pytest.fixture
def changed(store: Store, tmp_path: Path) -> Store:
    """Promised for Thu 26/11; on Monday the source shows Tue 01/12, and nobody has said why."""
    take(store, write_list(tmp_path, "Fri 2026-11-20 16:55", [row()]), "Fri 2026-11-20 17:00")
    later = row(appointment="01/12/2026 17:00")
    take(store, write_list(tmp_path, f"{MON} 07:05", [later]), f"{MON} 07:10")
    return store


def test_a_changed_appointment_is_asked_of_head_and_desk_and_not_of_the_officer(changed: Store):
    texts = morning(changed, MON)
    assert asked(texts) == {HEAD, *DESK}
    assert f"{CODE}: ngày hẹn trả đổi từ thứ Năm 26/11/2026 sang thứ Ba 01/12/2026, chưa rõ lý do" in texts[HEAD]
    assert OFFICER not in asked(texts)


def test_it_is_asked_again_the_next_working_morning_and_no_more_once_it_was_answered(changed: Store):
    morning(changed, MON)
    assert HEAD in asked(morning(changed, WED))
    classify_appointment(
        changed, rules(), CODE, AppointmentCause.CORRECTION, by=HEAD, reason="phiếu ghi nhầm", now=at(f"{WED} 10:00")
    )
    assert asked(morning(changed, THU)) == set()


def test_two_dates_that_contradict_each_other_are_asked_of_the_head_until_one_is_settled(store: Store, tmp_path: Path):
    take(store, write_list(tmp_path, "Fri 2026-11-20 16:55", [row()]), "Fri 2026-11-20 17:00")
    said = Event(EventKind.FINISHED, Moment(at("Fri 2026-11-20 16:00")), at(f"{MON} 07:00"), HEAD)
    store.append_events(CODE, [said], now=at(f"{MON} 07:00"))
    done = row(status="Đã xử lý xong", finished="01/12/2026 10:00")
    take(store, write_list(tmp_path, "Wed 2026-12-02 07:05", [done]), "Wed 2026-12-02 07:10")
    texts = morning(store, "Wed 2026-12-02")
    assert asked(texts) == {HEAD}
    assert f"{CODE}: ngày kết thúc: tại đây 20/11/2026 16:00, nguồn ghi 01/12/2026 10:00" in texts[HEAD]
    settle(store, rules(), CODE, "finished", keep="source", by=HEAD, reason="ghi nhầm", now=at("Wed 2026-12-02 08:00"))
    assert asked(morning(store, "Thu 2026-12-03")) == set()


def test_the_mail_asks_the_first_twelve_and_counts_the_rest(store: Store, tmp_path: Path):
    codes = [f"H37.12-261120-{number:04}" for number in range(1, 15)]
    take(store, write_list(tmp_path, "Fri 2026-11-20 16:55", [row(code) for code in codes]), "Fri 2026-11-20 17:00")
    later = [row(code, appointment="01/12/2026 17:00") for code in codes]
    take(store, write_list(tmp_path, f"{MON} 07:05", later), f"{MON} 07:10")
    text = morning(store, MON)[HEAD]
    assert "CẦN ANH/CHỊ CHO BIẾT (14)" in text
    assert text.count("chưa rõ lý do") == 12
    assert "… và 2 điều khác" in text
