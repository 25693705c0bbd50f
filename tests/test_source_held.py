"""While the newest file of a source waits for a person, nobody above the officer hears of its dossiers (A2)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from office import CODE, DESK, HEAD, HEADERS, OFFICER, many, row, take, write_list
from official import at, rules

from monitor.documents import Documents
from monitor.envelopes import Postmark, compose_digests, compose_overdue
from monitor.outbox import MessageKind, OutboxState
from monitor.status import Status
from monitor.store import Store, open_store
from monitor.sweep import sweep
from tests.test_source_mail import mails, text

ROOT = Path(__file__).parent.parent
DOCUMENTS = Documents(ROOT / "templates")
POSTMARK = Postmark(sender="dung-hen@stc.example")
OFFICE, IT = "bx-nhat-quang", "ld-anh-tuan"
FRIDAY, MONDAY, NOW = "Fri 2026-11-20 16:55", "Mon 2026-11-23 07:05", "Mon 2026-11-23 07:10"
WITHOUT_COLUMN = {name: header for name, header in HEADERS.items() if name != "appointment"}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


LATE = {"received": "16/11/2026 09:00", "appointment": "19/11/2026 17:00"}  # due Thu 2026-11-19
ODD = "H37.12-261120-0100"


class TestWhileAFileIsHeld:
    """A file lost its appointments at eight; until somebody looks, only the officer hears of the source's dossiers."""

    def come(self, store: Store, folder: Path, exported: str, now: str, **how: object) -> Path:
        rows = [*many(6), row(ODD, **LATE)]
        path = write_list(folder, exported, rows, **how)  # type: ignore[arg-type]
        take(store, path, now)
        sweep(store, rules(), now=at(now))
        return path

    def overdue(self, store: Store, now: str) -> dict[str, list[str]]:
        compose_overdue(store, rules(), DOCUMENTS, POSTMARK, now=at(now))
        return {one.person: [ODD] for one in mails(store, MessageKind.OVERDUE) if ODD in text(one)}

    def test_the_officer_is_mailed_and_those_above_when_it_is_accepted(self, store: Store, tmp_path: Path):
        self.come(store, tmp_path, FRIDAY, NOW)
        held = self.come(store, tmp_path, MONDAY, NOW, headers=WITHOUT_COLUMN)
        assert set(self.overdue(store, "Mon 2026-11-23 08:05")) == {OFFICER}
        assert {one.notice.person for one in store.notices_without_mail()} == {HEAD, *DESK}
        assert set(self.overdue(store, "Mon 2026-11-23 09:00")) == {OFFICER}
        take(store, held, "Mon 2026-11-23 10:00", accept=True)
        assert set(self.overdue(store, "Mon 2026-11-23 10:01")) == {OFFICER, HEAD, *DESK}
        assert store.notices_without_mail() == []

    def test_so_they_are_when_a_better_file_follows(self, store: Store, tmp_path: Path):
        self.come(store, tmp_path, FRIDAY, NOW)
        self.come(store, tmp_path, MONDAY, NOW, headers=WITHOUT_COLUMN)
        self.overdue(store, "Mon 2026-11-23 08:05")
        self.come(store, tmp_path, "Mon 2026-11-23 09:30", "Mon 2026-11-23 09:35")
        assert set(self.overdue(store, "Mon 2026-11-23 09:36")) == {OFFICER, HEAD, *DESK}

    def test_mail_that_waits_for_the_morning_is_taken_back_and_goes_the_same_day(self, store: Store, tmp_path: Path):
        """Composed at 07:11 for 07:30; held at 07:20, accepted at 07:40."""
        self.come(store, tmp_path, FRIDAY, NOW)
        assert set(self.overdue(store, "Mon 2026-11-23 07:11")) == {OFFICER, HEAD, *DESK}
        held = self.come(store, tmp_path, MONDAY, "Mon 2026-11-23 07:20", headers=WITHOUT_COLUMN)
        assert set(self.overdue(store, "Mon 2026-11-23 07:21")) == {OFFICER}
        assert store.outbox_counts()[OutboxState.WITHDRAWN] == 3
        take(store, held, "Mon 2026-11-23 07:40", accept=True)
        assert set(self.overdue(store, "Mon 2026-11-23 07:41")) == {OFFICER, HEAD, *DESK}
        assert self.overdue(store, "Mon 2026-11-23 07:42").keys() == {OFFICER, HEAD, *DESK}
        assert len(mails(store, MessageKind.OVERDUE)) == 4

    def test_in_the_morning_mail_a_line_stands_in_place_of_the_dossiers(self, store: Store, tmp_path: Path):
        self.come(store, tmp_path, FRIDAY, NOW)
        self.come(store, tmp_path, MONDAY, NOW, headers=WITHOUT_COLUMN)
        compose_digests(store, rules(), DOCUMENTS, POSTMARK, now=at("Mon 2026-11-23 07:15"))
        read = {one.person: text(one) for one in mails(store, MessageKind.DIGEST)}
        line = "Nguồn Mặc định/theo-doi có tệp bị giữ lại từ 07:10 ngày 23/11/2026, chờ người xem"
        assert {person for person, said in read.items() if ODD in said} == {OFFICER}
        assert {person for person, said in read.items() if line in said} == {HEAD, *DESK, OFFICE, IT}
        subjects = {one.person: one.subject for one in mails(store, MessageKind.DIGEST)}
        assert subjects[HEAD] == "[MẪU] [nguồn bị giữ lại] Một cửa – Sở Tài chính – 23/11"

    def test_what_was_kept_from_somebody_does_not_count_as_told(self, store: Store, tmp_path: Path):
        """Two of the division fall due on Wed 25/11, of which the head hears; the file of Monday is held."""
        two = many(2, appointment="25/11/2026 17:00")
        take(store, write_list(tmp_path, FRIDAY, two), NOW)
        take(store, write_list(tmp_path, MONDAY, two, headers=WITHOUT_COLUMN), NOW)
        now = "Wed 2026-11-25 07:15"
        sweep(store, rules(), now=at(now))
        compose_digests(store, rules(), DOCUMENTS, POSTMARK, now=at(now))
        (kept,) = [one for one in mails(store, MessageKind.DIGEST) if one.person == HEAD]
        assert CODE not in text(kept)
        assert store.told_steps(HEAD) == frozenset()

    def test_other_sources_go_on(self, store: Store, tmp_path: Path):
        late_list = [
            f"Mã hồ sơ;Ngày nhận;Ngày hẹn trả;Lý do trễ hẹn;Người xử lý;Tên TTHC\n{ODD};16/11/2026;19/11/2026;;"
        ]
        path = tmp_path / "tre-hen-20261123-0700.csv"
        text_ = late_list[0] + "Nguyễn Ngọc Hồng Ánh;Đăng ký thành lập doanh nghiệp tư nhân\n"
        path.write_text(text_, encoding="utf-8-sig")
        take(store, write_list(tmp_path, FRIDAY, many(6)), NOW)
        take(store, write_list(tmp_path, MONDAY, many(6), headers=WITHOUT_COLUMN), NOW)
        take(store, path, NOW)
        sweep(store, rules(), now=at(NOW))
        assert store.dossier(ODD).row.status is Status.OVERDUE  # type: ignore[union-attr]
        assert {OFFICER, HEAD} <= self.overdue(store, "Mon 2026-11-23 08:05").keys()
