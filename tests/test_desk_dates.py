"""What the dates leave open is asked with both dates and the file; head and desk answer, once and with their ground."""

import json
from collections.abc import Iterator
from pathlib import Path
from unicodedata import normalize

import pytest
from command import data, dunghen, site_in
from office import CODE, DESK, HEAD, OFFICER, dossier, many, row, take, write_list
from official import at, day, rules

from monitor.desk import NoSuchDossier, prepare_letter
from monitor.desk.dates import Classified, classify_appointment
from monitor.desk.people import ActRefused, NoSuchStaff, enter_absence
from monitor.dossier import AppointmentCause, Event, EventKind
from monitor.findings import QuestionKind
from monitor.letter import LetterRefused
from monitor.questions import OpenQuestions, open_questions
from monitor.status import Status
from monitor.store import Store, open_store
from monitor.sweep import sweep

BEFORE, NOW = "Mon 2026-11-23 07:10", "Wed 2026-11-25 09:00"
OFFICE = "bx-nhat-quang"
REASON = "văn bản số 12/PXL-STC"
CORRECTION, SUPPLEMENT = AppointmentCause.CORRECTION, AppointmentCause.SUPPLEMENT
REAPPOINTMENT, OTHER = AppointmentCause.REAPPOINTMENT, AppointmentCause.OTHER


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        yield opened


def bring(store: Store, folder: Path, exported: str, now: str, *told: dict[str, str]) -> None:
    take(store, write_list(folder, exported, [row(**one) for one in told]), now)
    sweep(store, rules(), now=at(now))


@pytest.fixture
def changed(store: Store, tmp_path: Path) -> Store:
    """One dossier, promised for Thu 2026-11-26 as the law says; on Wed 25/11 the source shows Wed 2026-12-02."""
    bring(store, tmp_path, "Mon 2026-11-23 07:05", BEFORE, {})
    bring(store, tmp_path, "Wed 2026-11-25 07:05", NOW, {"appointment": "02/12/2026 17:00"})
    return store


def said(store: Store, kind: EventKind, **facts: str) -> None:
    event = Event(kind=kind, happened_at=None, recorded_at=at(NOW), source="desk", facts=facts)
    store.append_events(CODE, [event], now=at(NOW))


def asked(store: Store, now: str = NOW) -> OpenQuestions:
    return open_questions(store, rules(), now=at(now))


def answer(store: Store, cause: AppointmentCause, by: str = HEAD, reason: str = REASON, code: str = CODE) -> Classified:
    return classify_appointment(store, rules(), code, cause, by=by, reason=reason, now=at(NOW))


class TestQuestions:
    def test_a_changed_appointment_is_asked_of_head_and_desk_with_both_dates_and_its_file(self, changed: Store):
        (one,) = asked(changed).asked
        assert (one.question.code, one.question.kind) == (CODE, QuestionKind.APPOINTMENT_UNEXPLAINED)
        assert (one.question.old_on, one.question.new_on) == (day("Thu 2026-11-26"), day("Wed 2026-12-02"))
        assert one.people == (HEAD, *DESK)
        assert (one.import_id, one.file_name) == (2, "theo-doi-20261125-0705.csv")

    def test_until_it_is_answered_the_old_date_counts(self, changed: Store):
        found = changed.dossier(CODE).row
        assert (found.due_on, found.status) == (day("Thu 2026-11-26"), Status.APOLOGY_DUE)

    def test_who_stands_in_for_an_absent_head_is_asked(self, changed: Store):
        enter_absence(
            changed, rules(), person=HEAD, begins_at=at("Wed 2026-11-25 00:00"), ends_at=None,
            substitute="tt-phuong-thao", by=OFFICE, now=at(NOW),
        )  # fmt: skip
        assert asked(changed).asked[0].people == ("tt-phuong-thao", *DESK)
        assert answer(changed, CORRECTION, by="tt-phuong-thao").cause is CORRECTION

    def test_asking_writes_nothing(self, changed: Store):
        before = changed.newest_recorded_at(), changed.dossier(CODE)
        asked(changed, "Wed 2026-11-25 10:00")
        assert (changed.newest_recorded_at(), changed.dossier(CODE)) == before

    def test_of_what_has_ended_nothing_is_asked(self, changed: Store, tmp_path: Path):
        ended = {"appointment": "02/12/2026 17:00", "finished": "25/11/2026 15:00", "status": "Đã xử lý xong"}
        bring(changed, tmp_path, "Wed 2026-11-25 16:00", "Wed 2026-11-25 16:05", ended)
        assert asked(changed, "Wed 2026-11-25 16:10") == OpenQuestions((), ())

    @pytest.mark.parametrize(
        ("told", "kind"),
        [
            ({"appointment": "19/11/2026 17:00"}, QuestionKind.SLIP_WRONG),
            ({"appointment": "", "procedure": "Việc lạ", "procedure_code": ""}, QuestionKind.NO_DATE),
        ],
    )
    def test_a_slip_that_cannot_be_and_none_at_all_are_for_the_desk(
        self, store: Store, tmp_path: Path, told: dict[str, str], kind: QuestionKind
    ):
        bring(store, tmp_path, "Mon 2026-11-23 07:05", NOW, told)
        (one,) = asked(store).asked
        assert (one.question.kind, one.people) == (kind, DESK)

    @pytest.mark.parametrize(("now", "kinds"), [("Wed 2026-11-25 10:00", 0), ("Thu 2026-11-26 08:00", 1)])
    def test_the_desk_is_reminded_of_a_letter_after_one_working_day(
        self, store: Store, tmp_path: Path, now: str, kinds: int
    ):
        bring(store, tmp_path, "Mon 2026-11-23 07:05", BEFORE, {})
        said(store, EventKind.LETTER_ISSUED, new_date_on="2026-12-02")  # on Wed 2026-11-25
        found = [(one.question.kind, one.people) for one in asked(store, now).asked]
        assert found == [(QuestionKind.LETTER_NOT_ENTERED, DESK)] * kinds


class TestFindings:
    @pytest.fixture
    def unaware(self, store: Store, tmp_path: Path) -> Store:
        """Six slips of a source that works on Tue 24/11, four of them finished; and one that cannot be."""
        ended = {"finished": "25/11/2026 08:00", "status": "Đã xử lý xong"}
        six = [
            one | (ended if number < 4 else {}) for number, one in enumerate(many(6, appointment="25/11/2026 17:00"))
        ]
        odd = row("H37.12-261120-0099", appointment="19/11/2026 17:00")
        take(store, write_list(tmp_path, "Wed 2026-11-25 08:05", [*six, odd]), NOW)
        sweep(store, rules(), now=at(NOW))
        return store

    def test_what_the_source_does_not_know_is_one_finding_also_about_what_has_ended(self, unaware: Store):
        (found,) = asked(unaware).findings
        assert found.text == "hệ thống chưa khai báo nghỉ 24/11 (Ngày Văn hóa Việt Nam): 6 hồ sơ lệch −1 ngày"
        assert found.codes == tuple(f"H37.12-261120-{number:04}" for number in range(1, 7))

    def test_what_it_does_not_explain_is_still_asked(self, unaware: Store):
        assert [one.question.code for one in asked(unaware).asked] == ["H37.12-261120-0099"]

    def test_when_the_last_of_them_has_ended_it_is_said_no_more(self, unaware: Store, tmp_path: Path):
        six = many(6, appointment="25/11/2026 17:00", finished="25/11/2026 08:00", status="Đã xử lý xong")
        take(unaware, write_list(tmp_path, "Wed 2026-11-25 10:00", six), "Wed 2026-11-25 10:05", accept=True)
        sweep(unaware, rules(), now=at("Wed 2026-11-25 10:05"))
        assert asked(unaware, "Wed 2026-11-25 10:10").findings == ()

    def test_a_slip_that_cannot_be_is_not_asked_about_when_many_are_alike(self, store: Store, tmp_path: Path):
        take(store, write_list(tmp_path, "Mon 2026-11-23 07:05", many(5, appointment="19/11/2026 17:00")), BEFORE)
        sweep(store, rules(), now=at(BEFORE))
        found = asked(store)
        assert (len(found.findings), found.asked) == (1, ())
        assert "appointment_before_receipt" in store.dossier(CODE).row.flags  # and flagged all the same


class TestAnswers:
    @pytest.mark.parametrize(
        ("cause", "due", "promised", "first"),
        [
            (CORRECTION, "Thu 2026-11-26", "Wed 2026-12-02", "Thu 2026-11-26"),  # the law remains
            (SUPPLEMENT, "Wed 2026-12-02", "Wed 2026-12-02", "Wed 2026-12-02"),  # a new original
            (REAPPOINTMENT, "Wed 2026-12-02", "Wed 2026-12-02", "Thu 2026-11-26"),
            (OTHER, "Thu 2026-11-26", "Thu 2026-11-26", "Thu 2026-11-26"),
        ],
    )
    def test_what_the_head_says_decides_the_due_date(
        self, changed: Store, cause: AppointmentCause, due: str, promised: str, first: str
    ):
        done = answer(changed, cause)
        assert (done.before.due_on, done.after.due_on) == (day("Thu 2026-11-26"), day(due))
        sweep(changed, rules(), now=at(NOW))
        found = changed.dossier(CODE).row
        assert (found.due_on, found.promised_on, found.first_promised_on) == (day(due), day(promised), day(first))
        assert asked(changed).asked == ()

    def test_author_and_ground_are_kept_beside_it(self, changed: Store):
        answer(changed, REAPPOINTMENT, by=DESK[0], reason=f" {REASON}\n")
        event = changed.dossier(CODE).events[-1]
        assert (event.kind, event.source, event.import_id) == (EventKind.APPOINTMENT_CLASSIFIED, DESK[0], None)
        assert dict(event.facts) == {"cause": "reappointment", "reason": REASON}
        assert event.recorded_at == at(NOW)

    @pytest.mark.parametrize("by", [HEAD, *DESK, OFFICE])
    def test_head_desk_and_the_office_may_answer(self, changed: Store, by: str):
        assert answer(changed, OTHER, by=by).cause is OTHER

    @pytest.mark.parametrize("by", [OFFICER, "lc-trung-kien", "ld-anh-tuan"])
    def test_neither_the_officer_nor_another_head_may(self, changed: Store, by: str):
        with pytest.raises(ActRefused, match=f"says why the appointment changed, not {by}"):
            answer(changed, CORRECTION, by=by)
        assert asked(changed).asked

    def test_another_answer_supersedes_the_first_and_deletes_nothing(self, changed: Store):
        answer(changed, REAPPOINTMENT)
        assert answer(changed, CORRECTION, by=DESK[0]).after.due_on == day("Thu 2026-11-26")
        first, second = [one for one in changed.dossier(CODE).events if one.kind is EventKind.APPOINTMENT_CLASSIFIED]
        assert changed.dossier(CODE).events[second.supersedes - 1] == first
        assert first.supersedes is None

    def test_a_value_seen_after_the_answer_is_a_new_question(self, changed: Store, tmp_path: Path):
        answer(changed, CORRECTION)
        bring(changed, tmp_path, "Wed 2026-11-25 10:00", "Wed 2026-11-25 10:05", {"appointment": "04/12/2026 17:00"})
        (one,) = asked(changed, "Wed 2026-11-25 10:10").asked
        assert (one.question.old_on, one.question.new_on) == (day("Wed 2026-12-02"), day("Fri 2026-12-04"))


class TestRefusals:
    def test_a_ground_is_needed(self, changed: Store):
        with pytest.raises(ActRefused, match="say why with --reason"):
            answer(changed, OTHER, reason=" \n")

    def test_an_unknown_person_and_an_unknown_dossier_are_said_so(self, changed: Store):
        with pytest.raises(NoSuchStaff, match="'ai-do' is nobody"):
            answer(changed, OTHER, by="ai-do")
        with pytest.raises(NoSuchDossier):
            answer(changed, OTHER, code="H37.12-261120-9999")

    def test_what_did_not_change_needs_no_explanation(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, "Mon 2026-11-23 07:05", BEFORE, {})
        with pytest.raises(ActRefused, match="no appointment waits for an explanation"):
            answer(store, CORRECTION)

    def test_a_wrong_slip_is_corrected_in_the_source(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, "Mon 2026-11-23 07:05", BEFORE, {"appointment": "19/11/2026 17:00"})
        with pytest.raises(ActRefused, match="correct the appointment in the source"):
            answer(store, CORRECTION)

    def test_the_same_answer_twice_is_one(self, changed: Store):
        answer(changed, OTHER)
        with pytest.raises(ActRefused, match="is classified as other already"):
            answer(changed, OTHER)

    def test_a_second_re_appointment_is_none(self, changed: Store, tmp_path: Path):
        """Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.6."""
        answer(changed, REAPPOINTMENT)
        bring(changed, tmp_path, "Wed 2026-11-25 10:00", "Wed 2026-11-25 10:05", {"appointment": "04/12/2026 17:00"})
        with pytest.raises(ActRefused, match=r"re-appointed once already: not allowed a second time .*Điều 19\.6"):
            answer(changed, REAPPOINTMENT)
        assert answer(changed, OTHER).after.due_on == day("Wed 2026-12-02")

    def test_a_letter_after_a_re_appointment_would_be_a_second_one(self, changed: Store):
        answer(changed, REAPPOINTMENT)
        with pytest.raises(LetterRefused, match="was re-appointed once already"):
            prepare_letter(
                changed, rules(), CODE, reason=REASON, new_date_on=day("Fri 2026-12-04"), by=OFFICER, now=at(NOW)
            )

    def test_an_earlier_date_is_no_re_appointment(self, store: Store, tmp_path: Path):
        bring(store, tmp_path, "Mon 2026-11-23 07:05", BEFORE, {})
        bring(store, tmp_path, "Wed 2026-11-25 07:05", NOW, {"appointment": "25/11/2026 17:00"})
        with pytest.raises(ActRefused, match="so it is no re-appointment but a correction"):
            answer(store, REAPPOINTMENT)
        assert answer(store, CORRECTION).after.due_on == day("Wed 2026-11-25")

    def test_a_supplement_restarts_the_limit_once(self, changed: Store, tmp_path: Path):
        """Legal basis: Nghị định 118/2025/NĐ-CP, Điều 11.2.c, 19.5."""
        answer(changed, SUPPLEMENT)
        bring(changed, tmp_path, "Wed 2026-11-25 10:00", "Wed 2026-11-25 10:05", {"appointment": "04/12/2026 17:00"})
        with pytest.raises(ActRefused, match="for the second time changes no date"):
            answer(changed, SUPPLEMENT)


class TestAfterTheLetter:
    @pytest.fixture
    def issued(self, store: Store, tmp_path: Path) -> Store:
        """Promised for Thu 2026-11-26; the letter of Wed 25/11 gives Wed 2026-12-02."""
        bring(store, tmp_path, "Mon 2026-11-23 07:05", BEFORE, {})
        said(store, EventKind.LETTER_ISSUED, new_date_on="2026-12-02")
        return store

    def test_the_desk_confirms_the_letters_date_before_the_source_shows_it(self, issued: Store, tmp_path: Path):
        done = answer(issued, REAPPOINTMENT, by=DESK[0])
        assert (done.before.due_on, done.after.due_on) == (day("Thu 2026-11-26"), day("Wed 2026-12-02"))
        bring(issued, tmp_path, "Thu 2026-11-26 07:05", "Thu 2026-11-26 07:10", {})  # the source still shows 26/11
        assert issued.dossier(CODE).row.due_on == day("Wed 2026-12-02")
        assert asked(issued, "Thu 2026-11-26 08:00").asked == ()
        moved = {"appointment": "02/12/2026 17:00"}
        bring(issued, tmp_path, "Fri 2026-11-27 07:05", "Fri 2026-11-27 07:10", moved)
        assert asked(issued, "Fri 2026-11-27 08:00").asked == ()
        assert issued.dossier(CODE).row.due_on == day("Wed 2026-12-02")

    def test_the_letters_date_is_a_re_appointment_and_nothing_else(self, issued: Store):
        with pytest.raises(ActRefused, match="confirm it with --cause reappointment"):
            answer(issued, CORRECTION, by=DESK[0])

    @pytest.mark.parametrize(
        ("cause", "due"), [(REAPPOINTMENT, "Fri 2026-12-04"), (OTHER, "Thu 2026-11-26"), (CORRECTION, "Thu 2026-11-26")]
    )
    def test_another_date_in_the_source_is_shown_with_both_and_settled_by_an_answer(
        self, issued: Store, tmp_path: Path, cause: AppointmentCause, due: str
    ):
        bring(issued, tmp_path, "Wed 2026-11-25 10:00", NOW, {"appointment": "04/12/2026 17:00"})
        (one,) = asked(issued).asked
        assert one.question.kind is QuestionKind.LETTER_CONFLICT
        assert (one.question.letter_on, one.question.new_on) == (day("Wed 2026-12-02"), day("Fri 2026-12-04"))
        assert answer(issued, cause).after.due_on == day(due)
        assert dossier(issued).conflicts == ()

    def test_once_the_letters_date_was_entered_another_one_is_no_re_appointment(self, issued: Store, tmp_path: Path):
        bring(issued, tmp_path, "Wed 2026-11-25 10:00", NOW, {"appointment": "02/12/2026 17:00"})
        bring(issued, tmp_path, "Wed 2026-11-25 11:00", NOW, {"appointment": "04/12/2026 17:00"})
        with pytest.raises(ActRefused, match="re-appointed once already"):
            answer(issued, REAPPOINTMENT)


class TestCommands:
    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        home = tmp_path / "site"
        site_in(home)
        for exported, told in (
            ("Mon 2026-11-23 07:05", {}),
            ("Wed 2026-11-25 07:05", {"appointment": "02/12/2026 17:00"}),
        ):
            export = write_list(tmp_path, exported, [row(**told)])
            assert dunghen("import", export, "--now", at(exported).isoformat(), home=home).exit_code == 0
        return home

    def classified(self, home: Path, cause: str, *more: str):
        words = ("--by", HEAD, "--reason", REASON, "--now", at(NOW).isoformat(), *more)
        return dunghen("desk", "classify-appointment", CODE, "--cause", cause, *words, home=home)

    def test_a_question_says_the_dates_the_file_who_is_asked_and_how_to_answer(self, home: Path):
        printed = dunghen("desk", "questions", "--now", at(NOW).isoformat(), home=home).stdout.splitlines()
        assert printed == [
            f"{CODE}: ngày hẹn trả đổi từ thứ Năm 26/11/2026 sang thứ Tư 02/12/2026, chưa rõ lý do; vẫn tính theo ngày "
            "cũ. Là đính chính, bổ sung, hẹn lại hay lý do khác?",
            "    tệp: theo-doi-20261125-0705.csv (lần nhập 2), thấy ngày 25/11/2026",
            "    hỏi: nt-bich-ngoc, mt-khanh-huyen, ds-bao-chau",
            f"    trả lời: dunghen desk classify-appointment {CODE} "
            "--cause correction|supplement|reappointment|other --by STAFF --reason TEXT",
            "1 câu hỏi về hồ sơ.",
        ]

    def test_the_same_as_data(self, home: Path):
        (question,) = data("desk", "questions", "--now", at(NOW).isoformat(), home=home)["questions"]
        assert question["question"] == "appointment_unexplained"
        assert (question["old_on"], question["new_on"]) == ("2026-11-26", "2026-12-02")
        assert (question["import_id"], question["file"]) == (2, "theo-doi-20261125-0705.csv")
        assert question["asked"] == [HEAD, *DESK]

    @pytest.mark.parametrize("said", ["reappointment", "hẹn lại", "HẸN  LẠI", normalize("NFD", "hẹn lại")])
    def test_an_answer_is_understood_in_english_and_as_the_office_says_it(self, home: Path, said: str):
        assert self.classified(home, said).stdout.splitlines() == [
            f"{CODE}: ngày hẹn trả thứ Năm 26/11/2026 → thứ Tư 02/12/2026: hẹn lại.",
            "Hạn trả: thứ Năm 26/11/2026 → thứ Tư 02/12/2026.",
            "Xin lỗi chậm nhất: thứ Ba 01/12/2026.",
        ]
        after = dunghen("desk", "questions", "--now", at(NOW).isoformat(), home=home)
        assert after.stdout == "Không có câu hỏi nào về ngày hẹn.\n"

    @pytest.mark.parametrize(
        ("said", "cause"), [("đính chính", "correction"), ("bổ sung", "supplement"), ("khác", "other")]
    )
    def test_every_answer_has_its_vietnamese_word(self, home: Path, said: str, cause: str):
        assert json.loads(self.classified(home, said, "--json").stdout)["cause"] == cause

    def test_an_answer_that_is_none_of_the_four_is_said_so(self, home: Path):
        refused = self.classified(home, "lười")
        assert refused.exit_code == 2
        assert "'lười' is none of: correction, đính chính, supplement, bổ sung" in refused.stderr

    def test_a_mistake_of_the_operator_is_one_line(self, home: Path):
        self.classified(home, "other")
        again = self.classified(home, "khác")
        assert (again.exit_code, again.stdout) == (1, "")
        assert again.stderr == f"dunghen: {CODE}: the appointment 2026-12-02 is classified as other already\n"

    def test_explain_shows_what_is_open_and_then_that_it_is_explained(self, home: Path):
        asking = "Cần trả lời: ngày hẹn trả đổi từ thứ Năm 26/11/2026 sang thứ Tư 02/12/2026"
        explained = ("explain", CODE, "--now", at(NOW).isoformat())
        assert asking in dunghen(*explained, home=home).stdout
        self.classified(home, "other")
        after = dunghen(*explained, home=home).stdout
        assert asking not in after
        assert "nói rõ lý do đổi ngày hẹn  (nguồn: nt-bich-ngoc)" in after

    def test_explain_says_where_a_dossier_with_stages_is(self, home: Path, tmp_path: Path):
        """17 working days from Mon 2026-11-02: the report by Fri 20/11, the decision of the province by Thu 26/11."""
        one = row(
            "H37.12-261102-0001",
            procedure_code="1.009645",
            procedure="Chấp thuận chủ trương đầu tư",
            received="02/11/2026 09:00",
            officer="",
        )
        export = write_list(tmp_path, "Wed 2026-11-25 08:00", [row(appointment="02/12/2026 17:00"), one])
        assert dunghen("import", export, "--now", at(NOW).isoformat(), home=home).exit_code == 0
        explained = dunghen("explain", one["code"], "--now", at(NOW).isoformat(), home=home).stdout
        assert (
            "Công đoạn: tính theo ngày, đang ở UBND tỉnh (công đoạn 2/2, Quyết định, đến hết thứ Năm 26/11/2026)"
        ) in explained
