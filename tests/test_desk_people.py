"""The head says who handles a dossier, and who is away: what is then told, and to whom."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path

import pytest
from office import CODE, DESK, HEAD, HEADERS, OFFICER, many, row, take, write_list
from official import at, rules

from monitor.desk import NoSuchDossier, PreparedLetter, prepare_letter
from monitor.desk.people import (
    ActRefused,
    Assigned,
    Entered,
    NoSuchStaff,
    assign,
    enter_absence,
    waiting_for_officer,
    withdraw_absence,
)
from monitor.documents import Documents
from monitor.dossier import EventKind
from monitor.envelopes import Postmark, compose_digests, compose_overdue
from monitor.handling import Ground
from monitor.letter import LetterRefused
from monitor.outbox import OutboxState
from monitor.rules import RuleBook, RulesRefused, load_rules_from, rule_files
from monitor.store import AbsenceEnteredAlready, Store, open_store
from monitor.sweep import sweep

LONG, THAO, OFFICE = "lv-hoang-long", "tt-phuong-thao", "bx-nhat-quang"
NOW = "Mon 2026-11-23 09:00"
LATE = {"received": "13/11/2026 09:00", "appointment": "18/11/2026 17:00"}  # overdue since Thu 2026-11-19


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def bring(store: Store, folder: Path, *rows: dict, exported: str = "Mon 2026-11-23 07:05", now: str = NOW) -> None:
    take(store, write_list(folder, exported, rows), now)
    sweep(store, rules(), now=at(now))


def told(store: Store, code: str = CODE) -> list[str]:
    """Who was told, in that order."""
    return [one.person for one in store.dossier(code).told]


def assigned(store: Store, officer: str | None = LONG, *, by: str = HEAD, now: str = NOW) -> Assigned:
    return assign(store, rules(), CODE, officer, by=by, now=at(now))


def absent(
    store: Store,
    person: str = OFFICER,
    *,
    begins: str = "Mon 2026-11-23 00:00",
    ends: str | None = None,
    instead: str | None = LONG,
    by: str = HEAD,
    now: str = NOW,
) -> Entered:
    ends_at = at(ends) if ends else None
    return enter_absence(
        store, rules(), person=person, begins_at=at(begins), ends_at=ends_at, substitute=instead, by=by, now=at(now)
    )


class TestAssigning:
    def test_the_head_says_who_handles_what_nobody_is_named_for(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(officer=""))
        done = assigned(store)
        assert (done.holders.officer, done.holders.ground) == (LONG, Ground.ASSIGNED)
        assert done.counts_for(LONG)
        sweep(store, rules(), now=at(NOW))
        assert store.dossier(CODE).row.officer == LONG

    def test_it_is_an_event_with_its_author_that_no_import_undoes(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(officer=""))
        assign(store, rules(), CODE, LONG, by=HEAD, reason="thay người nghỉ", now=at(NOW))
        later = {"exported": "Wed 2026-11-25 07:05", "now": "Wed 2026-11-25 07:14"}
        bring(store, tmp_path, row(officer="", status="Chờ bổ sung"), **later)
        (said,) = [one for one in store.dossier(CODE).events if one.kind is EventKind.ASSIGNED]
        assert (said.source, said.import_id) == (HEAD, None)
        assert dict(said.facts) == {"officer": LONG, "reason": "thay người nghỉ"}
        assert store.dossier(CODE).row.officer == LONG

    def test_whom_the_source_names_still_comes_first(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row())
        done = assigned(store)
        assert (done.holders.officer, done.holders.ground) == (OFFICER, Ground.SOURCE)
        assert not done.counts_for(LONG)

    def test_the_same_once_more_writes_nothing_and_it_can_be_taken_back(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(officer=""))
        assert [assigned(store).is_new, assigned(store).is_new] == [True, False]
        back = assigned(store, None)
        assert (back.is_new, back.holders.officer, back.holders.ground) == (True, None, Ground.HEAD)
        assert not assigned(store, None).is_new
        assert len(store.dossier(CODE).events) == 4  # received, appointment, assigned, taken back

    @pytest.mark.parametrize("by", [HEAD, "hv-quang-vinh"])
    def test_head_and_deputy_in_charge_may(self, store: Store, tmp_path: Path, by: str):
        bring(store, tmp_path, row(officer=""))
        assert assigned(store, by=by).is_new

    @pytest.mark.parametrize("by", [OFFICER, LONG, OFFICE, "lc-trung-kien", DESK[0]])
    def test_nobody_else_may(self, store: Store, tmp_path: Path, by: str):
        bring(store, tmp_path, row(officer=""))
        with pytest.raises(ActRefused, match="only its head nt-bich-ngoc, the deputy in charge hv-quang-vinh"):
            assigned(store, by=by)

    def test_who_stands_in_for_the_absent_head_may(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(officer=""))
        absent(store, HEAD, instead=THAO, by=OFFICE)
        assert assigned(store, by=THAO).is_new

    def test_who_is_not_there_is_said(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(officer=""))
        with pytest.raises(NoSuchStaff, match="'ai-do' is nobody"):
            assigned(store, "ai-do")
        with pytest.raises(NoSuchStaff, match="'ai-do' is nobody"):
            assigned(store, by="ai-do")
        with pytest.raises(NoSuchDossier):
            assign(store, rules(), "H37.12-261120-9999", LONG, by=HEAD, now=at(NOW))

    def test_what_waits_for_an_officer_is_listed_with_the_names_that_fit_nobody(self, store: Store, tmp_path: Path):
        written = ("Nguyễn Ngọc Hồng Ánh", "Nguyễn Thị Thu Hương", "Tô Lan Hương", "")
        rows = [{**one, "officer": officer} for one, officer in zip(many(4), written, strict=True)]
        bring(store, tmp_path, *rows)
        waiting = [
            (one.code[-4:], one.holders.head, one.holders.ground, one.holders.unknown)
            for one in waiting_for_officer(store, rules(), now=at(NOW))
        ]
        assert waiting == [
            ("0002", HEAD, Ground.HOMONYMS, ()),
            ("0003", HEAD, Ground.HEAD, ("Tô Lan Hương",)),
            ("0004", HEAD, Ground.HEAD, ()),
        ]


@cache
def with_standing_officer(written: str) -> RuleBook:
    """The shipped rules with a column `officer`, filled for 2.001610 alone."""
    files = rule_files(Path(__file__).parent.parent / "rules")
    header, *rows = files["procedures.csv"].decode("utf-8-sig").splitlines()
    lines = [f"{header},officer", *(f"{one},{written if one.startswith('2.001610,') else ''}" for one in rows if one)]
    return load_rules_from(files | {"procedures.csv": "\n".join(lines).encode()})


class TestStandingOfficer:
    def test_the_procedures_officer_handles_what_nobody_is_named_for(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(officer=""))
        book = with_standing_officer("Triệu Thị Phương Thảo")
        assert book.procedure_for("2.001610", None, None, None, at(NOW).date()).procedure.officer == THAO
        store.wake([1], now=at(NOW))
        sweep(store, book, now=at(NOW))
        assert store.dossier(CODE).row.officer == THAO

    def test_whoever_it_is_no_deadline_is_counted_by_other_rules(self):
        def version(book: RuleBook) -> str:
            return book.deadline_version(book.procedure_for("2.001610", None, None, None, at(NOW).date()).procedure)

        assert version(with_standing_officer(THAO)) == version(with_standing_officer(LONG)) == version(rules())

    @pytest.mark.parametrize(
        ("written", "problem"),
        [
            ("ai-do", "officer 'ai-do' is nobody"),
            ("Nguyễn Thị Thu Hương", "fits nt-thu-huong-1 and nt-thu-huong-2: write one of the ids"),
        ],
    )
    def test_a_name_that_fits_nobody_or_two_people_is_refused(self, written: str, problem: str):
        with pytest.raises(RulesRefused, match=problem):
            with_standing_officer(written)


def test_the_stored_notice_says_on_what_ground_people_were_told(store: Store, tmp_path: Path):
    bring(store, tmp_path, row(**LATE, officer="Nguyễn Thị Thu Hương"))
    assert set(told(store)) == {HEAD, *DESK}
    with store._database.read() as connection:
        assert set(connection.exec_driver_sql("SELECT reason FROM notice").scalars()) == {"homonyms"}
        assert connection.exec_driver_sql("SELECT ground FROM dossier").scalar_one() == "homonyms"


class TestHandOver:
    def test_notices_follow_the_holder(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**LATE))
        assert set(told(store)) == {OFFICER, HEAD, *DESK}
        passed_on = row(**LATE, officer="Lương Viết Hoàng Long")
        bring(store, tmp_path, passed_on, exported="Mon 2026-11-23 13:00", now="Mon 2026-11-23 13:05")
        assert told(store)[4:] == [LONG]


class TestAbsence:
    def test_notices_go_to_the_substitute_and_the_head_each_once(self, store: Store, tmp_path: Path):
        absent(store)
        bring(store, tmp_path, row(**LATE))
        assert sorted(told(store)) == sorted([LONG, HEAD, *DESK])

    def test_without_a_substitute_the_head_alone_is_told(self, store: Store, tmp_path: Path):
        absent(store, instead=None)
        bring(store, tmp_path, row(**LATE))
        assert sorted(told(store)) == sorted([HEAD, *DESK])

    def test_one_that_began_in_the_past_is_made_up_for(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**LATE))
        assert OFFICER in told(store)
        absent(store, begins="Fri 2026-11-20 12:00", now="Mon 2026-11-23 10:00")
        sweep(store, rules(), now=at("Mon 2026-11-23 10:00"))
        assert told(store)[4:] == [LONG]

    def test_one_that_begins_later_changes_nothing_before(self, store: Store, tmp_path: Path):
        absent(store, begins="Wed 2026-11-25 12:00")
        bring(store, tmp_path, row(**LATE))
        assert OFFICER in told(store)
        assert LONG not in told(store)

    def test_who_is_back_early_is_told_again(self, store: Store, tmp_path: Path):
        number = absent(store).absence.number
        bring(store, tmp_path, row(**LATE))
        assert withdraw_absence(store, rules(), number, by=HEAD, now=at("Mon 2026-11-23 14:00"))
        sweep(store, rules(), now=at("Mon 2026-11-23 14:00"))
        assert told(store)[4:] == [OFFICER]
        assert not withdraw_absence(store, rules(), number, by=HEAD, now=at("Mon 2026-11-23 15:00"))

    @pytest.mark.parametrize("by", [OFFICER, LONG, "lc-trung-kien", "hv-quang-vinh"])
    def test_head_and_van_phong_so_alone_enter_and_withdraw(self, store: Store, by: str):
        with pytest.raises(ActRefused, match="the head of the division, nt-bich-ngoc, or Văn phòng Sở may"):
            absent(store, by=by)
        number = absent(store, by=OFFICE).absence.number
        with pytest.raises(ActRefused, match="may not enter an absence"):
            withdraw_absence(store, rules(), number, by=by, now=at(NOW))

    def test_what_makes_no_sense_is_refused(self, store: Store):
        with pytest.raises(ActRefused, match="before it begins"):
            absent(store, ends="Mon 2026-11-23 00:00")
        with pytest.raises(ActRefused, match="cannot stand in for"):
            absent(store, instead=OFFICER)
        for wrong in ({"person": "ai-do"}, {"instead": "ai-do"}, {"by": "ai-do"}):
            with pytest.raises(NoSuchStaff, match="ai-do"):
                absent(store, **wrong)
        absent(store)
        with pytest.raises(AbsenceEnteredAlready, match="until further notice already"):
            absent(store, begins="Wed 2026-11-25 00:00")

    def test_a_substitute_who_is_away_too_is_said_and_from_when_on(self, store: Store):
        assert absent(store, THAO, begins="Wed 2026-11-25 12:00", instead=None).nobody_from is None
        assert absent(store, LONG, instead=THAO).nobody_from == at("Wed 2026-11-25 12:00")
        assert (
            absent(store, OFFICER, instead=LONG, ends="Wed 2026-11-25 12:00").nobody_from is None
        )  # the chain reaches
        assert absent(store, "nt-thu-huong-1", instead=LONG).nobody_from == at("Wed 2026-11-25 12:00")


DOCUMENTS, POSTMARK = Documents(Path(__file__).parent.parent / "templates"), Postmark(sender="dung-hen@stc.example")


def mails(store: Store) -> dict[str, str]:
    """What waits to be sent, by person: the text without line breaks."""
    found = {}
    for one in store.messages([OutboxState.PENDING], limit=100):
        body = message_from_bytes(one.content, policy=policy.SMTP).get_body(("plain",))
        found[one.person] = " ".join(body.get_content().split())
    return found


class TestMails:
    def digests(self, store: Store, now: str) -> dict[str, str]:
        compose_digests(store, rules(), DOCUMENTS, POSTMARK, now=at(now))
        return mails(store)

    def test_the_digest_of_an_absent_officer_goes_to_the_substitute_and_the_head(self, store: Store, tmp_path: Path):
        absent(store, ends="Thu 2026-11-26 00:00")
        bring(store, tmp_path, row(appointment="23/11/2026 17:00"), now="Mon 2026-11-23 07:14")
        away = self.digests(store, "Mon 2026-11-23 07:15")
        assert OFFICER not in away
        assert all(f"{CODE} [MỚI]" in away[one] for one in (LONG, HEAD))
        assert "công chức thụ lý: Nguyễn Ngọc Hồng Ánh (theo nguồn)" in away[LONG]
        back = self.digests(store, "Thu 2026-11-26 07:15")
        assert f"{CODE} [MỚI]" in back[OFFICER]  # one digest, with all that is in a step on that day
        assert LONG not in back

    def test_who_is_away_gets_no_mail_that_nothing_is_due(self, store: Store, tmp_path: Path):
        absent(store, DESK[0], instead=DESK[1], by=OFFICE)
        bring(store, tmp_path, row(), now="Mon 2026-11-23 07:14")
        assert set(self.digests(store, "Mon 2026-11-23 07:15")) == {DESK[1], OFFICE, "ld-anh-tuan"}

    @pytest.mark.parametrize(
        ("officer", "said"),
        [
            ("Nguyễn Ngọc Hồng Ánh", "công chức thụ lý: Nguyễn Ngọc Hồng Ánh (theo nguồn)"),
            ("Nguyễn Thị Thu Hương", "trùng tên công chức thụ lý: đề nghị trưởng phòng giao một người"),
            ("Tô Lan Hương", "chưa rõ công chức thụ lý: đề nghị trưởng phòng giao một người"),
        ],
    )
    def test_the_overdue_mail_says_on_what_ground(self, store: Store, tmp_path: Path, officer: str, said: str):
        bring(store, tmp_path, row(**LATE, officer=officer))
        compose_overdue(store, rules(), DOCUMENTS, POSTMARK, now=at(NOW))
        assert said in mails(store)[HEAD]

    def test_an_officer_is_told_why_when_the_source_does_not_name_them(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, row(**LATE, officer=""))
        assigned(store)
        sweep(store, rules(), now=at(NOW))
        compose_overdue(store, rules(), DOCUMENTS, POSTMARK, now=at(NOW))
        assert "anh/chị thụ lý hồ sơ này: trưởng phòng đã giao" in mails(store)[LONG]


SIX = {
    "applicant": "Công ty TNHH Hoa Đào",
    "submitter": "Hoàng Thị Bé",
    "receiving_unit": "Trung tâm Phục vụ hành chính công",
    "receiving_officer": "Mạc Thị Khánh Huyền",
    "handling_unit": "Phòng Đăng ký kinh doanh",
    "officer": "Nguyễn Ngọc Hồng Ánh",
}
SIX_HEADERS = HEADERS | {
    "receiving_unit": "Đơn vị tiếp nhận",
    "receiving_officer": "Người tiếp nhận",
    "handling_unit": "Cơ quan xử lý",
}


class TestSixNames:
    """Applicant, submitter, receiving unit and officer, handling unit and officer are never merged (practice A4)."""

    def bring(self, store: Store, folder: Path, **told: str) -> None:
        file = write_list(folder, "Mon 2026-11-23 07:05", [row(**SIX | told)], headers=SIX_HEADERS)
        take(store, file, NOW)

    def names(self, store: Store) -> dict[str, str | None]:
        found = store.dossier(CODE)
        fields = ("receiving_unit", "receiving_officer", "handling_unit", "handling_officer")
        from_record = {name: getattr(found.record, name) for name in fields}
        assert {name: getattr(found.dossier(), name) for name in fields} == from_record
        return {"applicant": found.person.applicant, "submitter": found.person.submitter, **from_record}

    def test_each_stands_for_itself_from_the_file_to_the_store(self, store: Store, tmp_path: Path):
        self.bring(store, tmp_path)
        assert self.names(store) == {"handling_officer": SIX["officer"]} | {
            name: value for name, value in SIX.items() if name != "officer"
        }

    @pytest.mark.parametrize("empty", SIX)
    def test_none_takes_the_place_of_one_that_is_empty(self, store: Store, tmp_path: Path, empty: str):
        self.bring(store, tmp_path, **{empty: ""})
        name = "handling_officer" if empty == "officer" else empty
        expected = {"handling_officer" if one == "officer" else one: value for one, value in SIX.items()}
        assert self.names(store) == expected | {name: None}

    def test_the_letter_is_addressed_to_the_applicant_and_never_to_the_submitter(self, store: Store, tmp_path: Path):
        self.bring(store, tmp_path)
        assert self.prepared(store).content.recipient == "Công ty TNHH Hoa Đào"

    def test_with_a_submitter_alone_nobody_is_written_to(self, store: Store, tmp_path: Path):
        self.bring(store, tmp_path, applicant="")
        with pytest.raises(LetterRefused, match="cần xác nhận người nhận"):
            self.prepared(store)

    def prepared(self, store: Store) -> PreparedLetter:
        new_date_on = at("Wed 2026-12-02 00:00").date()
        return prepare_letter(
            store, rules(), CODE, reason="chờ ý kiến", new_date_on=new_date_on, by=OFFICER, now=at(NOW)
        )
