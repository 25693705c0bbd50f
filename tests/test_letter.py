"""The apology: which dates it may name, who signs it, and what stands on the paper."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from official import appointment, at, clock, day, deadline_of, dossier, limit, moment, rules

from monitor.dossier import AppointmentCause, Dossier
from monitor.letter import (
    LetterContent,
    LetterRefused,
    check_new_date,
    compose_letter,
    missed_date,
    signer_of,
)
from monitor.organisation import SigningForm
from monitor.record import Person
from monitor.time_limit import NO_LIMIT

ORGANISATION = rules().organisation
DIVISION = ORGANISATION.divisions["dkkd"]
APPLICANT = Person(applicant="Công ty A & B", address="Lạng Sơn", phone="0205 000 1111")
ONE = dossier("Mon 2026-11-02 08:30", ["Mon 2026-11-16"])


def letter(now: str | datetime, one: Dossier = ONE, person: Person = APPLICANT, **others: object) -> LetterContent:
    return compose_letter(
        one,
        person,
        day("Mon 2026-11-16"),
        "Đăng ký thành lập công ty cổ phần",
        DIVISION,
        ORGANISATION,
        **{
            "reason": "Chờ ý kiến.",
            "new_date_on": day("Mon 2026-11-23"),
            "is_reprint": False,
            "now": at(now) if isinstance(now, str) else now,
        }
        | others,
    )


class TestNewDate:
    @pytest.mark.parametrize(
        ("new", "cause"),
        [
            ("Tue 2026-11-24", "not a working day: choose another date, for example 2026-11-25"),
            ("Sun 2026-11-15", "not a working day: choose another date, for example 2026-11-19"),
            ("Mon 2026-11-16", "not after the promised date 2026-11-16"),
            ("Fri 2026-11-13", "not after the promised date"),
            ("Wed 2026-11-18", "not after today, 2026-11-18"),
        ],
    )
    def test_it_is_a_working_day_after_the_old_one_and_after_today(self, new: str, cause: str):
        with pytest.raises(LetterRefused, match=cause):
            check_new_date(day(new), day("Mon 2026-11-16"), clock(), today=day("Wed 2026-11-18"))

    @pytest.mark.parametrize(
        ("new", "old"),
        [
            ("Thu 2026-11-19", "Mon 2026-11-16"),
            ("Sat 2026-08-22", "Fri 2026-08-21"),  # a worked Saturday
        ],
    )
    def test_such_a_day_is_accepted(self, new: str, old: str):
        check_new_date(day(new), day(old), clock(), today=day(old))


class TestMissedDate:
    @pytest.mark.parametrize(
        ("changes", "missed"),
        [
            ((), "Mon 2026-11-16"),
            ((appointment("Fri 2026-11-20"),), "Mon 2026-11-16"),  # shown by the source, explained by nobody
            ((appointment("Fri 2026-11-20", cause=AppointmentCause.REAPPOINTMENT),), "Fri 2026-11-20"),
        ],
    )
    def test_it_is_the_appointment_in_force(self, changes: tuple[object, ...], missed: str):
        one = dossier("Mon 2026-11-02 08:30", ["Mon 2026-11-16", *changes])
        assert missed_date(deadline_of(one, limit(10))) == day(missed)

    def test_without_an_appointment_it_is_the_due_day(self):
        assert missed_date(deadline_of(dossier("Mon 2026-11-02 08:30"), limit(10))) == day("Mon 2026-11-16")
        assert missed_date(deadline_of(dossier("Mon 2026-11-02 08:30"), NO_LIMIT)) is None


class TestSigner:
    @pytest.mark.parametrize(
        ("form", "authority"),
        [
            (SigningForm.KT, ("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC")),
            (SigningForm.TL, ("TL. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC")),
            (SigningForm.TUQ, ("TUQ. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC")),
            (SigningForm.DIRECT, ("PHÓ GIÁM ĐỐC",)),  # in the signer's own name, whoever that is
        ],
    )
    def test_the_lines_above_the_name_say_in_whose_name_is_signed(self, form: SigningForm, authority: tuple[str, ...]):
        signer = signer_of(replace(DIVISION, signing_form=form), ORGANISATION)
        assert signer.authority == authority
        assert signer.name == ORGANISATION.staff[DIVISION.signer].name


class TestContent:
    def test_every_field_is_filled(self):
        content = letter("Wed 2026-11-18 09:00")
        assert content.recipient == "Công ty A & B"
        assert content.received == "08 giờ 30 phút, ngày 02/11/2026"
        assert (content.promised, content.new_date) == ("16/11/2026", "thứ Hai 23/11/2026")
        assert (content.dossier_code, content.reason) == (ONE.code, "Chờ ý kiến.")
        assert content.procedure == "Đăng ký thành lập công ty cổ phần"
        assert (content.symbol, content.place, content.month_year) == ("PXL-STC", "Lạng Sơn", "11/2026")
        assert ORGANISATION.staff[DIVISION.head].name in content.contact
        assert ORGANISATION.agency.desk_hours in content.contact
        assert content.collect_at.startswith(ORGANISATION.agency.desk_name)
        assert content.is_sample

    @pytest.mark.parametrize(
        ("now", "is_overdue", "copies"),
        [
            (
                "Mon 2026-11-16 09:00",
                False,
                ("Như trên", "Trung tâm Phục vụ hành chính công", "Lưu: VT, ĐKKD"),
            ),
            (
                "Tue 2026-11-17 00:00",
                True,
                ("Như trên", "Trung tâm Phục vụ hành chính công", "Văn phòng UBND tỉnh (b/c)", "Lưu: VT, ĐKKD"),
            ),
        ],
    )
    def test_the_provincial_office_gets_a_copy_when_the_promise_has_passed(
        self, now: str, is_overdue: bool, copies: tuple[str, ...]
    ):
        content = letter(now)
        assert (content.is_overdue, content.copies_to) == (is_overdue, copies)

    def test_today_is_the_local_day_whatever_the_zone_of_the_clock(self):
        late_evening_in_utc = at("Fri 2027-01-01 06:00").astimezone(UTC)
        content = letter(late_evening_in_utc)
        assert (content.is_overdue, content.month_year) == (True, "01/2027")

    @pytest.mark.parametrize(
        ("received", "said"),
        [("Mon 2026-11-02", "ngày 02/11/2026"), (None, "……/……/……")],
    )
    def test_a_receipt_without_a_time_or_a_date_is_not_invented(self, received: str | None, said: str):
        one = replace(ONE, received=moment(received) if received else None)
        assert letter("Wed 2026-11-18 09:00", one).received == said

    def test_without_an_applicant_there_is_nobody_to_write_to(self):
        with pytest.raises(LetterRefused, match="cần xác nhận người nhận"):
            letter("Wed 2026-11-18 09:00", person=Person(submitter="Lê Thị Bình"))
