"""Trial and live: who is mailed before a person switches, what was late before, and samples that never mix with it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path

import pytest
from office import CODE, DESK, HEAD, OFFICER, counts, dossier, many, row, take, write_list
from official import at, day, limit, official
from official import dossier as received_dossier

from monitor.conflict import whole_day
from monitor.deadline import compute_deadline
from monitor.desk.go_live import COLUMNS, Letters, enter_earlier, prepare_switch, take_up, write_template
from monitor.desk.people import ActRefused
from monitor.desk.sheets import write_sheet
from monitor.documents import Documents
from monitor.dossier import EventKind
from monitor.envelopes import Postmark, compose_digests, compose_overdue
from monitor.go_live import GoLive, SiteState
from monitor.organisation import Role
from monitor.outbox import MessageKind, OutboxMessage, OutboxState
from monitor.rules import RuleBook, RulesRefused, load_rules_from, rule_files
from monitor.status import Flag, Status
from monitor.store import Store, open_store
from monitor.sweep import sweep
from tests.command import data, dunghen, site_in
from tests.running import as_if_real

ROOT = Path(__file__).parent.parent
DOCUMENTS, POSTMARK = Documents(ROOT / "templates"), Postmark(sender="dung-hen@stc.example")
OFFICE, IT, DIRECTOR, CLERK = "bx-nhat-quang", "ld-anh-tuan", "ht-thanh-son", "nt-thanh-nga"
EXPORTED, NOW = "Mon 2026-11-23 07:05", "Mon 2026-11-23 07:15"
LATE = {"received": "16/11/2026 09:00", "appointment": "19/11/2026 17:00"}  # due Thu 2026-11-19


@cache
def real_files() -> Mapping[str, bytes]:
    files = rule_files(ROOT / "rules")
    return files | {name: as_if_real(files[name]) for name in ("organisation.toml", "staff.csv")}


@cache
def real() -> RuleBook:
    """The rules of an office that has put its own people in, and left the rest as shipped: on trial."""
    return load_rules_from(real_files())


def live(from_: str = "Mon 2026-11-02") -> RuleBook:
    return replace(real(), go_live=GoLive(state=SiteState.LIVE, live_from=day(from_)))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def bring(store: Store, folder: Path, *rows: Mapping[str, str], book: RuleBook, now: str = NOW) -> None:
    take(store, write_list(folder, EXPORTED, rows), now, book)
    sweep(store, book, now=at(now))


def mails(store: Store, kind: MessageKind) -> dict[str, OutboxMessage]:
    return {one.person: one for one in store.messages([OutboxState.PENDING], limit=100) if one.kind is kind}


def text(message: OutboxMessage) -> str:
    body = message_from_bytes(message.content, policy=policy.SMTP).get_body(("plain",))
    return " ".join(body.get_content().split())


class TestTrial:
    def test_what_is_shipped_is_a_trial_as_soon_as_the_people_are_real(self):
        assert real().go_live == GoLive(state=SiteState.TRIAL, trial_mail_to=(Role.OFFICE, Role.IT))
        assert real().go_live.is_trial(real().organisation, now=at(NOW))
        invented = replace(real().organisation, is_sample=True)
        assert not real().go_live.is_trial(invented, now=at(NOW)), "a demonstration shows what people would get"

    def test_a_rule_book_without_the_file_is_on_trial(self):
        without = {name: content for name, content in real_files().items() if name != "go_live.toml"}
        assert load_rules_from(without).go_live == GoLive()

    @pytest.mark.parametrize(
        ("now", "is_trial"), [("Sun 2026-11-01 23:59", True), ("Mon 2026-11-02 00:00", False), (NOW, False)]
    )
    def test_it_lasts_until_the_day_from_which_the_site_is_live(self, now: str, is_trial: bool):
        assert live().go_live.is_trial(real().organisation, now=at(now)) is is_trial

    def test_the_morning_mail_goes_to_the_office_and_it_alone_and_lists_who_would_have_been_told(
        self, store: Store, tmp_path: Path
    ):
        bring(store, tmp_path, row(appointment="23/11/2026 17:00"), row("H37.12-261120-0002", **LATE), book=real())
        assert compose_digests(store, real(), DOCUMENTS, POSTMARK, now=at(NOW)) == 2
        told = mails(store, MessageKind.DIGEST)
        assert set(told) == {OFFICE, IT}
        assert "[CHẠY THỬ]" in told[IT].subject
        said = text(told[IT])
        assert "thư này chỉ gửi Văn phòng Sở và người quản trị" in said
        assert f"Nguyễn Ngọc Hồng Ánh (Chuyên viên) – 2 hồ sơ: H37.12-261120-0002, {CODE}" in said, "urgent first"
        assert "không có hồ sơ nào cần nhắc" not in said
        assert "Hoa Đào" not in said, "no applicant is named to who does not hold the dossier"
        assert compose_digests(store, real(), DOCUMENTS, POSTMARK, now=at(NOW)) == 0

    def test_an_overdue_mail_goes_to_the_same_once_and_is_not_sent_again_when_live(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**LATE), book=real())
        assert compose_overdue(store, real(), DOCUMENTS, POSTMARK, now=at(NOW)) == 2
        told = mails(store, MessageKind.OVERDUE)
        assert set(told) == {OFFICE, IT}
        for name in ("Nguyễn Ngọc Hồng Ánh", "Nông Thị Bích Ngọc", "4 người dưới đây"):
            assert name in text(told[OFFICE])
        assert compose_overdue(store, real(), DOCUMENTS, POSTMARK, now=at(NOW)) == 0
        assert compose_overdue(store, live(), DOCUMENTS, POSTMARK, now=at(NOW)) == 0

    def test_live_the_same_mails_go_to_the_people(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**LATE), book=live())
        compose_digests(store, live(), DOCUMENTS, POSTMARK, now=at(NOW))
        compose_overdue(store, live(), DOCUMENTS, POSTMARK, now=at(NOW))
        assert set(mails(store, MessageKind.OVERDUE)) == {OFFICER, HEAD, *DESK}
        assert OFFICER in mails(store, MessageKind.DIGEST)
        assert all("CHẠY THỬ" not in text(one) for one in mails(store, MessageKind.DIGEST).values())


class TestBacklog:
    LIVE_FROM = GoLive(state=SiteState.LIVE, live_from=day("Mon 2026-11-23"))

    @pytest.mark.parametrize(
        ("facts", "now", "expected"),
        [
            ({}, "Fri 2026-11-20 08:00", True),  # due Mon 16/11, a week before the site is live
            ({}, "Mon 2026-11-16 16:00", False),  # not overdue yet
            ({"finished": "Wed 2026-11-18 10:00"}, "Fri 2026-11-27 08:00", True),  # in the figures, as what it was
            ({"finished": "Mon 2026-11-16 10:00"}, "Fri 2026-11-27 08:00", False),
            ({"is_taken_up": True}, "Fri 2026-11-27 08:00", False),
        ],
    )
    def test_what_was_overdue_before_the_site_went_live(self, facts: dict[str, object], now: str, expected: bool):
        facts = {name: whole(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
        one = received_dossier("Mon 2026-11-02 09:00", ["Mon 2026-11-16 17:00"], **facts)
        deadline = compute_deadline(one, limit(10), official())
        assert self.LIVE_FROM.is_backlog(one, deadline, now=at(now)) is expected

    @pytest.mark.parametrize(("letter_on", "expected"), [("Fri 2026-11-20", True), ("Mon 2026-11-23", False)])
    def test_what_was_re_appointed_before_it(self, letter_on: str, expected: bool):
        one = received_dossier(
            "Mon 2026-11-16 09:00",
            ["Mon 2026-11-30 17:00"],
            issued_new_date_on=day("Fri 2026-12-04"),
            letter_on=day(letter_on),
        )
        deadline = compute_deadline(one, limit(10), official())
        assert self.LIVE_FROM.is_backlog(one, deadline, now=at("Tue 2026-11-24 08:00")) is expected

    def test_on_trial_and_without_a_day_there_is_none(self):
        one = received_dossier("Mon 2026-11-02 09:00", ["Mon 2026-11-16 17:00"])
        deadline = compute_deadline(one, limit(10), official())
        for without in (GoLive(), GoLive(state=SiteState.LIVE)):
            assert not without.is_backlog(one, deadline, now=at("Fri 2026-11-27 08:00"))

    def test_it_stands_in_the_list_and_nothing_is_sent_or_drafted_until_it_is_taken_up(
        self, store: Store, tmp_path: Path
    ):
        book = live("Mon 2026-11-23")
        bring(store, tmp_path, row(**LATE), book=book)
        listed = store.dossier(CODE).row
        assert (listed.status, Flag.BACKLOG in listed.flags) == (Status.OVERDUE, True)
        compose_digests(store, book, DOCUMENTS, POSTMARK, now=at(NOW))
        assert compose_overdue(store, book, DOCUMENTS, POSTMARK, now=at(NOW)) == 0
        assert OFFICER not in mails(store, MessageKind.DIGEST)
        assert store.letters() == []
        assert take_up(store, book, [CODE], by=OFFICE, reason="", now=at(NOW)) == (CODE,)
        sweep(store, book, now=at(NOW))
        assert Flag.BACKLOG not in store.dossier(CODE).row.flags
        assert compose_overdue(store, book, DOCUMENTS, POSTMARK, now=at(NOW)) == 4
        assert len(store.letters()) == 1

    def test_only_the_office_takes_up_and_only_what_is_backlog(self, store: Store, tmp_path: Path):
        book, other = live("Mon 2026-11-23"), "H37.12-261120-0002"
        bring(store, tmp_path, row(**LATE), row(other), book=book)
        with pytest.raises(ActRefused, match="is not of Văn phòng Sở"):
            take_up(store, book, [CODE], by=HEAD, reason="", now=at(NOW))
        with pytest.raises(ActRefused, match=f"{other} is no backlog"):
            take_up(store, book, [CODE, other], by=OFFICE, reason="", now=at(NOW))
        assert not dossier(store).is_taken_up, "all or none"
        assert take_up(store, book, [CODE], by=OFFICE, reason="", now=at(NOW)) == (CODE,)
        assert take_up(store, book, [CODE], by=OFFICE, reason="", now=at(NOW)) == ()


def whole(said: str) -> object:
    return whole_day(day(said.rsplit(" ", 1)[0]))


class TestSwitching:
    @pytest.mark.parametrize(
        ("how", "cause"),
        [
            ({"by": OFFICER}, "may not switch"),
            ({"by": HEAD}, "may not switch"),
            ({"live_from": "Fri 2026-11-20"}, "has gone by"),
        ],
    )
    def test_it_is_refused_to_others_and_for_a_day_that_has_gone_by(
        self, store: Store, how: dict[str, str], cause: str
    ):
        asked = {"by": OFFICE, "live_from": "Mon 2026-11-23"} | how
        with pytest.raises(ActRefused, match=cause):
            prepare_switch(store, real(), live_from=day(asked["live_from"]), by=asked["by"], now=at(NOW))

    def test_never_with_invented_people(self, tmp_path: Path):
        home = site_in(tmp_path / "site").home
        told = dunghen("go-live", "--from", "2026-11-23", "--by", OFFICE, "--reason", "x", home=home)
        assert (told.exit_code, "still the invented ones" in told.stderr) == (1, True)

    def test_the_command_puts_it_in_force_with_who_and_why_and_takes_no_other_edit_along(self, tmp_path: Path):
        site = site_in(tmp_path / "site")
        for name in ("organisation.toml", "staff.csv"):
            (site.rules / name).write_bytes(real_files()[name])
        assert dunghen("rules", "accept", "--by", "an", "--reason", "người thật", home=site.home).exit_code == 0
        (site.rules / "reasons.csv").write_text("hỏng", encoding="utf-8")
        words = ("--from", "2026-11-25", "--by", DIRECTOR, "--reason", "QĐ 12/QĐ-STC", "--now", "2026-11-23T08:00")
        told = dunghen("go-live", *words, home=site.home)
        assert told.exit_code == 0, told.output
        with open_store(site.absolute_database_url) as store:
            stored = store.rule_book_in_force()
        assert (stored.accepted_by, stored.reason) == (DIRECTOR, "QĐ 12/QĐ-STC")
        book = load_rules_from(stored.files)
        assert (book.go_live.state, book.go_live.live_from) == (SiteState.LIVE, day("Wed 2026-11-25"))
        assert (site.rules / "go_live.toml").read_bytes() == stored.files["go_live.toml"]
        assert stored.files["reasons.csv"] == real_files()["reasons.csv"]

    @pytest.mark.parametrize(
        ("written", "problem"),
        [
            ('trial_mail_to = ["office"]', "state is missing"),
            ('state = "demo"\ntrial_mail_to = ["office"]', "state"),
            ('state = "trial"', "trial_mail_to is missing or empty"),
            ('state = "trial"\nlive_from = 2026-11-23\ntrial_mail_to = ["office"]', "stands beside state"),
            ('state = "trial"\ntrial_mail_to = ["chief"]', "chief"),
            ('state = "trial"\ntrial_mail_to = ["office"]\nsince = 1', "unknown key 'since'"),
        ],
    )
    def test_a_file_that_says_something_else_is_refused(self, written: str, problem: str):
        with pytest.raises(RulesRefused) as refused:
            load_rules_from({**real_files(), "go_live.toml": written.encode()})
        assert problem in str(refused.value)
        assert "go_live.toml" in str(refused.value)


class TestLettersOfBefore:
    def sheet(self, folder: Path, *rows: tuple[str, str, str, str, str]) -> Path:
        path = folder / "van-ban-truoc.xlsx"
        write_sheet(path, "VĂN BẢN", COLUMNS, rows)
        return path

    def enter(self, store: Store, path: Path, by: str = DESK[0], **how: object) -> Letters:
        return enter_earlier(store, real(), path, by=by, now=at(NOW), **how)

    GOOD = (CODE, "19/11/2026", "27/11/2026", "12/PXL-STC", "18/11/2026")

    def test_each_row_is_a_letter_with_its_ground_and_makes_the_dossier_a_re_appointed_one(
        self, store: Store, tmp_path: Path
    ):
        bring(store, tmp_path, row(received="16/11/2026 09:00", appointment="27/11/2026 17:00"), book=real())
        assert self.enter(store, self.sheet(tmp_path, self.GOOD)).entered == [CODE]
        one = dossier(store)
        assert [it.at.on for it in one.appointments] == [day("Thu 2026-11-19"), day("Fri 2026-11-27")]
        assert (one.issued_new_date_on, one.letter_on) == (day("Fri 2026-11-27"), day("Wed 2026-11-18"))
        (event,) = [it for it in store.dossier(CODE).events if it.kind is EventKind.LETTER_ISSUED]
        assert (event.source, event.import_id, event.facts["number"]) == (DESK[0], None, "12/PXL-STC")
        assert event.facts["ground"] == "ban hành trước khi theo dõi, nhập từ tệp van-ban-truoc.xlsx, dòng 3"
        sweep(store, real(), now=at(NOW))
        listed = store.dossier(CODE).row
        assert (listed.first_promised_on, listed.due_on) == (day("Thu 2026-11-19"), day("Fri 2026-11-27"))

    def test_twice_is_harmless_and_a_rehearsal_writes_nothing(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**LATE), book=real())
        path = self.sheet(tmp_path, self.GOOD)
        assert self.enter(store, path, dry_run=True).entered == [CODE]
        assert dossier(store).issued_new_date_on is None
        self.enter(store, path)
        before = store.dossier(CODE).events
        assert self.enter(store, path).said_before == [CODE]
        assert store.dossier(CODE).events == before

    def test_a_bad_row_is_refused_with_its_cell_and_the_cause(self, store: Store, tmp_path: Path):
        dossiers = many(8, **LATE)
        bring(store, tmp_path, *dossiers, book=real())
        codes = [one["code"] for one in dossiers]
        old, new, number, on = self.GOOD[1:]
        faults = {
            ("H37.12-261120-9999", old, new, number, on): ("Mã hồ sơ", "chưa có hồ sơ này"),
            (codes[0], "", new, number, on): ("Ngày hẹn cũ", "để trống"),
            (codes[1], old, "19/11/2026", number, on): ("Ngày hẹn mới", "không sau ngày hẹn cũ"),
            (codes[2], old, "11/27/2026", number, on): ("Ngày hẹn mới", "ghi tháng trước ngày"),
            (codes[3], old, new, "", on): ("Số văn bản", "thiếu số văn bản"),
            (codes[4], old, new, number, "24/11/2026"): ("Ngày văn bản", "ở tương lai"),
            (codes[5], old, new, number, "13/11/2026"): ("Ngày văn bản", "trước ngày nhận"),
        }
        done = self.enter(store, self.sheet(tmp_path, *faults, (codes[6], old, new, number, on)))
        assert [(one.row, one.column) for one in done.rejected] == [
            (number, column) for number, (column, _) in enumerate(faults.values(), start=3)
        ]
        for rejected, (_, cause) in zip(done.rejected, faults.values(), strict=True):
            assert cause in rejected.cause
        assert done.entered == [codes[6]]

    def test_an_officer_enters_none(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**LATE), book=real())
        with pytest.raises(ActRefused, match="may not enter letters"):
            self.enter(store, self.sheet(tmp_path, self.GOOD), by=OFFICER)

    def test_the_empty_sheet_is_one_that_is_taken(self, store: Store, tmp_path: Path):
        write_template(tmp_path / "mau.xlsx")
        done = self.enter(store, tmp_path / "mau.xlsx")
        assert (done.entered, done.rejected) == ([], [])

    def test_the_command_writes_the_sheet_and_takes_it(self, tmp_path: Path):
        home = site_in(tmp_path / "site").home
        path = tmp_path / "mau.xlsx"
        assert dunghen("desk", "earlier", "--template", path, home=home).exit_code == 0
        assert dunghen("desk", "earlier", "--template", path, home=home).exit_code == 1
        done = data("desk", "earlier", self.sheet(tmp_path, self.GOOD), "--by", DESK[0], home=home, exit_code=3)
        assert [one["column"] for one in done["rejected"]] == ["Mã hồ sơ"]


class TestSamplesNeverMix:
    """Practice A10."""

    def test_a_sample_is_parked_where_the_people_are_real_and_taken_where_they_are_not(
        self, store: Store, tmp_path: Path
    ):
        sample = "MẪU-H37.12-261120-0003"
        path = write_list(tmp_path, EXPORTED, [row(), row(sample)])
        report = take(store, path, NOW, real())
        assert counts(report) == (2, 1, 0, 0, 1)
        (parked,) = report.rejected
        assert (parked.value, parked.column) == (sample, "Mã hồ sơ")
        assert "không nhập vào nơi triển khai thật" in parked.cause
        assert store.dossier(sample) is None

    def test_in_a_sample_site_it_passes(self, store: Store, tmp_path: Path):
        invented = replace(real(), organisation=replace(real().organisation, is_sample=True))
        path = write_list(tmp_path, EXPORTED, [row(), row("MẪU-H37.12-261120-0003")])
        assert counts(take(store, path, NOW, invented)) == (2, 2, 0, 0, 0)
