"""What those who answer for a source are told: of an import, of a file that has not come, and who waits meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import time
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from office import DESK, HEAD, HEADERS, OFFICER, many, row, take, write_list
from official import at, clock, rules

from monitor.absence import Absence
from monitor.documents import Documents
from monitor.envelopes import (
    Postmark,
    compose_import_reports,
    compose_late_sources,
)
from monitor.findings import Finding
from monitor.go_live import GoLive
from monitor.importing import import_file
from monitor.intake import IntakeError
from monitor.outbox import MessageKind, OutboxMessage, OutboxState
from monitor.rules import RuleBook
from monitor.source import QueryRule, Scope, SourceRule, late_sources
from monitor.store import AlreadyImported, Store, Tally, open_store

ROOT = Path(__file__).parent.parent
DOCUMENTS = Documents(ROOT / "templates")
POSTMARK = Postmark(sender="dung-hen@stc.example")
OFFICE, IT = "bx-nhat-quang", "ld-anh-tuan"
CLERK = DESK[0]
FRIDAY, MONDAY, NOW = "Fri 2026-11-20 16:55", "Mon 2026-11-23 07:05", "Mon 2026-11-23 07:10"
WITHOUT_COLUMN = {name: header for name, header in HEADERS.items() if name != "appointment"}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def book(*told: str, **rule: object) -> RuleBook:
    """The rules as shipped, with somebody named for the one source."""
    (source,) = rules().sources
    return replace(rules(), sources=(replace(source, told=told, **rule),))


def nothing_found() -> Sequence[Finding]:
    return ()


def reports(
    store: Store, book: RuleBook, now: str = NOW, findings: Callable[[], Sequence[Finding]] = nothing_found
) -> int:
    return compose_import_reports(store, book, DOCUMENTS, POSTMARK, findings=findings, now=at(now))


def late(store: Store, book: RuleBook, now: str) -> int:
    return compose_late_sources(store, book, DOCUMENTS, POSTMARK, now=at(now))


def mails(store: Store, kind: MessageKind, *states: OutboxState) -> list[OutboxMessage]:
    found = store.messages(states or (OutboxState.PENDING,), limit=1000)
    return sorted((one for one in found if one.kind is kind), key=lambda one: (one.person, one.id or 0))


def text(message: OutboxMessage) -> str:
    body = message_from_bytes(message.content, policy=policy.SMTP).get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def whole(message: OutboxMessage) -> str:
    """Everything that leaves, decoded: both parts and the headers."""
    mail = message_from_bytes(message.content, policy=policy.SMTP)
    return str(mail["Subject"]) + "".join(part.get_content() for part in mail.walk() if not part.is_multipart())


class TestReportOfAnImport:
    def test_of_a_clean_one_nobody_hears(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(3)), NOW)
        assert reports(store, book(CLERK)) == 0
        assert store.untold_reports() == []

    def test_of_refused_rows_whoever_is_named_hears_once(self, store: Store, tmp_path: Path):
        bad = row("H37.12-261120-0009", received="35/11/2026")
        take(store, write_list(tmp_path, FRIDAY, [*many(3), bad]), NOW)
        assert reports(store, book(CLERK, OFFICER)) == 2
        assert reports(store, book(CLERK, OFFICER)) == 0
        found = mails(store, MessageKind.IMPORT_REPORT)
        assert [one.person for one in found] == [CLERK, OFFICER]
        assert (
            found[0].subject == "[MẪU] [Nhập dữ liệu] 1 dòng không nhận: theo-doi-20261120-1655.csv – Một cửa – 23/11"
        )
        said = text(found[0])
        assert "4 dòng: 3 mới · 0 thay đổi · 0 không đổi · 1 không nhận" in said
        assert "dòng 6, cột “Ngày nhận”: không có ngày giờ “…”: ghi ngày dạng dd/MM/yyyy HH:mm" in said
        assert "Đối chiếu được 100 % (3/3 dòng mới đọc)." in said

    def test_with_nobody_named_only_what_is_held_or_unreadable_goes_and_to_the_office(
        self, store: Store, tmp_path: Path
    ):
        bad = row("H37.12-261120-0009", received="35/11/2026")
        take(store, write_list(tmp_path, FRIDAY, [*many(10), bad]), NOW)
        assert reports(store, book()) == 0
        take(store, write_list(tmp_path, MONDAY, many(3)), NOW)
        assert reports(store, book()) == 1
        (held,) = mails(store, MessageKind.IMPORT_REPORT)
        assert held.person == OFFICE
        assert held.subject == "[MẪU] [Nhập dữ liệu] Giữ lại: theo-doi-20261123-0705.csv – Một cửa – 23/11"
        assert "Tệp có 3 hồ sơ, lần trước 11: giảm hơn 20 %. Hãy kiểm tra bộ lọc khi xuất" in text(held)
        assert "chỉ công chức thụ lý được nhắc về hồ sơ của nguồn này" in text(held)

    def test_a_file_that_cannot_be_read_is_told_without_what_it_says(self, store: Store, tmp_path: Path):
        path = tmp_path / "la.csv"
        path.write_text("Chủ hồ sơ\nChử Thị Kẹo Đắng\n", encoding="utf-8")
        with pytest.raises(IntakeError, match="Kẹo"):
            import_file(path, store, book(CLERK), now=at(NOW))
        assert reports(store, book(CLERK)) == 1
        (mail,) = mails(store, MessageKind.IMPORT_REPORT)
        assert mail.subject == "[MẪU] [Nhập dữ liệu] Không đọc được: la.csv – Một cửa – 23/11"
        assert "không thấy dòng tiêu đề" in text(mail)
        assert "Kẹo" not in whole(mail)

    @pytest.mark.parametrize(
        "cell",
        [
            {"received": "Chử Thị Kẹo Đắng"},
            {"received": "32/13/2026 Chử Thị Kẹo Đắng"},
            {"appointment": "“Chử” Thị Kẹo Đắng” 1"},
            {"applicant": "Chử ThÞ KÑo §¾ng C«ng ty"},
            {"applicant": "Chử Thị Kẹo Đắng " * 400},
            {"received": "0912345678901"},
        ],
    )
    def test_no_mail_says_what_stands_in_a_refused_cell(self, store: Store, tmp_path: Path, cell: dict[str, str]):
        report = take(store, write_list(tmp_path, FRIDAY, [*many(2), row("H37.12-261120-0009", **cell)]), NOW)
        assert len(report.rejected) == 1
        reports(store, book(CLERK))
        (mail,) = mails(store, MessageKind.IMPORT_REPORT)
        assert "dòng 5" in text(mail)
        assert not [word for word in ("Kẹo", "KÑo", "Đắng", "Chử", "0912345678901") if word in whole(mail)]

    def test_a_finding_is_mailed_once_and_not_with_every_file(self, store: Store, tmp_path: Path):
        odd = row("la-1")
        take(store, write_list(tmp_path, FRIDAY, [*many(3), odd]), NOW)
        assert reports(store, book(CLERK)) == 1
        (first,) = mails(store, MessageKind.IMPORT_REPORT)
        assert "Lưu ý về nguồn: theo-doi-20261120-1655.csv" in first.subject
        assert "1 hồ sơ có mã lạ" in text(first)
        changed = [{**one, "appointment": "27/11/2026 17:00"} for one in (*many(3), odd)]
        take(store, write_list(tmp_path, MONDAY, changed), NOW)
        assert reports(store, book(CLERK)) == 0

    def test_what_many_slips_have_in_common_is_mailed_once_and_kept_with_the_report(self, store: Store, tmp_path: Path):
        def findings(count: int) -> Callable[[], Sequence[Finding]]:
            codes = tuple(f"H37.12-261120-{number:04}" for number in range(count))
            on = at(FRIDAY).date()
            one = Finding(source="Mặc định/theo-doi", working_days=-1, unknown=(), first_on=on, last_on=on, codes=codes)
            return lambda: (one, replace(one, source="khác/theo-doi"))

        take(store, write_list(tmp_path, FRIDAY, many(6)), NOW)
        assert reports(store, book(CLERK), findings=findings(5)) == 1
        (mail,) = mails(store, MessageKind.IMPORT_REPORT)
        assert text(mail).count("5 hồ sơ lệch −1 ngày") == 1
        (file,) = store.imports()
        assert [said for _, said in (file.report or {})["slips"]] == [findings(5)()[0].text]
        take(store, write_list(tmp_path, MONDAY, many(7)), NOW)
        assert reports(store, book(CLERK), findings=findings(6)) == 0, "one dossier more is the same finding"

    def test_a_held_file_that_is_accepted_before_its_mail_left_is_mailed_no_more(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(10)), NOW)
        short = write_list(tmp_path, MONDAY, many(3))
        take(store, short, NOW)
        assert reports(store, book(CLERK)) == 1
        take(store, short, NOW, accept=True)
        assert reports(store, book(CLERK)) == 0
        assert mails(store, MessageKind.IMPORT_REPORT) == []
        assert store.outbox_counts() == {OutboxState.WITHDRAWN: 1}

    def test_the_same_held_file_dropped_again_is_told_once(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(10)), NOW)
        short = write_list(tmp_path, MONDAY, many(3))
        for _ in range(2):
            take(store, short, NOW)
            reports(store, book(CLERK))
        assert len(mails(store, MessageKind.IMPORT_REPORT)) == 1

    def test_it_waits_for_the_next_working_slot(self, store: Store, tmp_path: Path):
        bad = row("H37.12-261120-0009", received="35/11/2026")
        take(store, write_list(tmp_path, FRIDAY, [*many(3), bad]), "Fri 2026-11-20 18:00")
        reports(store, book(CLERK), "Fri 2026-11-20 18:00")
        (mail,) = mails(store, MessageKind.IMPORT_REPORT)
        assert mail.next_attempt_at == at("Mon 2026-11-23 07:30")

    def test_an_old_report_is_nobodys_news(self, store: Store, tmp_path: Path):
        bad = row("H37.12-261120-0009", received="35/11/2026")
        take(store, write_list(tmp_path, FRIDAY, [*many(3), bad]), "Fri 2026-11-20 17:00")
        assert reports(store, book(CLERK), "Fri 2026-11-27 08:00") == 0
        assert store.untold_reports() == []

    def test_a_hostile_file_name_costs_no_mail(self, store: Store, tmp_path: Path):
        name = "a\u202egnp\x07\u200b" + "rất dài " * 15 + ".csv"
        bad = row("H37.12-261120-0009", received="35/11/2026")
        take(store, write_list(tmp_path, FRIDAY, [*many(3), bad], name=name), NOW)
        assert reports(store, book(CLERK)) == 1
        (mail,) = mails(store, MessageKind.IMPORT_REPORT)
        assert mail.subject.startswith("[MẪU] [Nhập dữ liệu] 1 dòng không nhận: agnprất dài")
        assert mail.subject.endswith("….csv – Một cửa – 23/11")
        assert mail.subject.isprintable()

    def test_whoever_stands_in_for_an_absent_person_is_told(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(10)), NOW)
        take(store, write_list(tmp_path, MONDAY, many(3)), NOW)
        away = Absence(
            number=0,
            person=CLERK,
            substitute=DESK[1],
            begins_at=at("Fri 2026-11-20 07:30"),
            ends_at=None,
            entered_by=HEAD,
            entered_at=at(NOW),
        )
        store.enter_absence(away, now=at(NOW))
        assert reports(store, book(CLERK)) == 1
        assert [one.person for one in mails(store, MessageKind.IMPORT_REPORT)] == [DESK[1]]

    def test_in_a_trial_only_the_few_are_mailed_and_read_who_would_have_been(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, FRIDAY, many(10)), NOW)
        take(store, write_list(tmp_path, MONDAY, many(3)), NOW)
        own = replace(rules().organisation, is_sample=False)
        trial = replace(book(CLERK), organisation=own, go_live=GoLive())
        assert reports(store, trial) == 2
        found = mails(store, MessageKind.IMPORT_REPORT)
        assert [one.person for one in found] == [OFFICE, IT]
        assert all(own.staff[CLERK].name in text(one) for one in found)
        assert found[0].subject.startswith("[CHẠY THỬ] [Nhập dữ liệu] Giữ lại")

    def test_a_database_is_told_of_once_a_day_and_outcome(self, store: Store):
        query = QueryRule(url_file="u", sql="SELECT 1", mark="m", first_mark=0)
        asked = book(CLERK, query=query, files=())
        for day, hours in (("Mon 2026-11-23", (8, 9, 10)), ("Wed 2026-11-25", (8, 9))):
            for hour in hours:
                now = f"{day} {hour:02}:00"
                begun = store.begin_import(
                    file_name=now,
                    sha256=now,
                    source="Mặc định/csdl",
                    scope=Scope.PARTIAL,
                    data_as_of=at(now),
                    now=at(now),
                )
                assert not isinstance(begun, AlreadyImported)
                tally = Tally(read=1, new=0, changed=0, unchanged=0, rejected=1)
                store.finish_import(
                    begun.import_id, tally, carried=frozenset(), columns={}, report={"findings": []}, now=at(now)
                )
                reports(store, asked, now)
        days = [one.day for one in mails(store, MessageKind.IMPORT_REPORT)]
        assert days == [at("Mon 2026-11-23 00:00").date(), at("Wed 2026-11-25 00:00").date()]


def expected(by: str = "09:00", **rule: object) -> SourceRule:
    return SourceRule(name="Mặc định", expected_by=time.fromisoformat(by), **rule)


@pytest.mark.parametrize(
    ("now", "newest", "is_late", "is_for_office"),
    [
        ("Mon 2026-11-23 08:59", "Fri 2026-11-20 16:55", False, False),
        ("Mon 2026-11-23 09:00", "Fri 2026-11-20 16:55", True, False),
        ("Mon 2026-11-23 13:59", "Fri 2026-11-20 16:55", True, False),
        ("Mon 2026-11-23 14:00", "Fri 2026-11-20 16:55", True, True),
        ("Mon 2026-11-23 17:00", "Fri 2026-11-20 16:55", True, True),
        ("Mon 2026-11-23 17:01", "Fri 2026-11-20 16:55", False, False),
        ("Mon 2026-11-23 09:00", "Mon 2026-11-23 00:05", False, False),
        ("Mon 2026-11-23 09:00", "Sun 2026-11-22 23:59", True, False),
        ("Mon 2026-11-23 09:00", None, True, False),
        ("Tue 2026-11-24 09:00", "Mon 2026-11-23 07:05", False, False),  # Vietnam Culture Day, NQ 28/2026/QH16
        ("Sat 2026-11-28 09:00", "Fri 2026-11-27 07:05", False, False),
        ("Sat 2026-01-10 09:00", "Fri 2026-01-09 07:05", True, False),  # worked for Fri 2/1, CV 12729/VPCP-KGVX
        ("Fri 2026-01-02 09:00", "Wed 2025-12-31 07:05", False, False),
    ],
)
def test_a_source_is_late_on_a_working_day_without_data_of_that_day(
    now: str, newest: str | None, is_late: bool, is_for_office: bool
):
    fresh = {"Mặc định": at(newest)} if newest else {}
    found = late_sources([expected(), SourceRule(name="không hẹn giờ")], fresh, clock(), now=at(now))
    assert [one.is_for_office for one in found] == ([is_for_office] if is_late else [])


class TestNoFileOfTheDay:
    def test_whoever_is_named_hears_at_nine_and_the_office_at_two_each_once(self, store: Store, tmp_path: Path):
        rule = book(CLERK, expected_by=time(9))
        take(store, write_list(tmp_path, FRIDAY, many(3)), "Fri 2026-11-20 17:00")
        told = {}
        for hour in ("08:59", "09:00", "09:01", "13:59", "14:00", "14:01", "16:59"):
            late(store, rule, f"Mon 2026-11-23 {hour}")
            told[hour] = [one.person for one in mails(store, MessageKind.SOURCE_LATE)]
        assert told == {
            "08:59": [],
            "09:00": [CLERK],
            "09:01": [CLERK],
            "13:59": [CLERK],
            "14:00": [OFFICE, CLERK],
            "14:01": [OFFICE, CLERK],
            "16:59": [OFFICE, CLERK],
        }
        office, clerk = mails(store, MessageKind.SOURCE_LATE)
        assert clerk.subject == "[MẪU] [Nhập dữ liệu] Chưa có số liệu hôm nay: Mặc định – Một cửa – 23/11"
        assert "Đã quá 09:00 thứ Hai 23/11/2026 mà chưa có tệp số liệu của hôm nay từ nguồn Mặc định." in text(clerk)
        assert "Số liệu mới nhất đến 16:55 ngày 20/11/2026." in text(clerk)
        assert "Xuất tệp mới từ hệ thống một cửa" in text(clerk)
        assert "Đề nghị Văn phòng Sở đôn đốc người phụ trách nguồn." in text(office)

    @pytest.mark.parametrize("is_held", [False, True])
    def test_once_a_file_of_the_day_came_nobody_hears_and_what_waits_is_withdrawn(
        self, store: Store, tmp_path: Path, is_held: bool
    ):
        rule = book(CLERK, expected_by=time(9))
        take(store, write_list(tmp_path, FRIDAY, many(10)), "Fri 2026-11-20 17:00")
        assert late(store, rule, "Mon 2026-11-23 12:00") == 1  # leaves at 13:30
        take(store, write_list(tmp_path, MONDAY, many(3 if is_held else 10)), "Mon 2026-11-23 12:10")
        assert late(store, rule, "Mon 2026-11-23 12:11") == 0
        assert late(store, rule, "Mon 2026-11-23 14:00") == 0
        assert store.outbox_counts() == {OutboxState.WITHDRAWN: 1}

    def test_one_of_yesterday_that_no_server_took_is_withdrawn(self, store: Store):
        rule = book(CLERK, expected_by=time(9))
        late(store, rule, "Mon 2026-11-23 09:00")
        late(store, rule, "Wed 2026-11-25 09:00")
        days = {one.state: one.day for one in mails(store, MessageKind.SOURCE_LATE, *OutboxState)}
        assert days == {
            OutboxState.WITHDRAWN: at("Mon 2026-11-23 00:00").date(),
            OutboxState.PENDING: at("Wed 2026-11-25 00:00").date(),
        }

    def test_a_database_that_was_asked_has_delivered_though_nothing_was_new(self, store: Store, tmp_path: Path):
        rule = book(CLERK, expected_by=time(9))
        take(store, write_list(tmp_path, FRIDAY, many(3)), "Fri 2026-11-20 17:00")
        store.confirm_fresh("Mặc định/theo-doi", at("Mon 2026-11-23 08:45"), now=at("Mon 2026-11-23 08:45"))
        assert late(store, rule, "Mon 2026-11-23 09:00") == 0

    def test_a_source_without_an_expected_time_is_never_late(self, store: Store):
        assert late(store, book(CLERK), "Mon 2026-11-23 16:00") == 0
