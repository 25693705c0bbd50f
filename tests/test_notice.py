"""Who is told at once, and by what reason nothing is said."""

from dataclasses import replace

import pytest
from official import appointment, assessed, at, clock, deadline_of, dossier, ladder, limit, rules

from monitor.absence import NOBODY_AWAY, Away
from monitor.deadline import DeadlineNote
from monitor.dossier import Dossier, SourceStatus
from monitor.handling import Ground, Holders
from monitor.ladder import Delivery, Ladder, Step
from monitor.notice import Notice, NoticeDecision, Silence, decide_notice, recipients, short_applicant
from monitor.organisation import Role, fold_name
from monitor.record import ApplicantKind, Person
from monitor.working_time import CalendarRangeError

ORGANISATION = rules().organisation
DIVISION = ORGANISATION.divisions["dkkd"]
OFFICER = next(one.id for one in ORGANISATION.staff.values() if one.role is Role.OFFICER and one.division == "dkkd")
HOLDERS = Holders(
    officer=OFFICER, head=DIVISION.head, deputy=DIVISION.deputy_in_charge, division="dkkd", ground=Ground.SOURCE
)
DESK = {one.id for one in ORGANISATION.with_role(Role.DESK)}
TEN_DAYS = dossier("Mon 2026-11-02 09:00")  # due Mon 2026-11-16


def decided(
    now: str,
    *,
    data: str | None = None,
    told: tuple[Notice, ...] = (),
    holders: Holders = HOLDERS,
    one: Dossier = TEN_DAYS,
    steps: Ladder | None = None,
    away: Away = NOBODY_AWAY,
) -> NoticeDecision:
    assessment, deadline = assessed(one, limit(10), now, data), deadline_of(one, limit(10))
    return decide_notice(
        assessment, deadline, holders, told, steps or ladder(), ORGANISATION, clock(), away=away, now=at(now)
    )


class TestOverdue:
    def test_officer_head_and_desk_are_told_on_the_next_working_day(self):
        found = decided("Tue 2026-11-17 00:00")
        assert {notice.person for notice in found.notices} == {OFFICER, DIVISION.head, *DESK}
        assert {(notice.step, notice.occurrence) for notice in found.notices} == {(Step.OVERDUE, 1)}
        assert found.silence is None

    def test_each_person_is_told_once(self):
        first = decided("Tue 2026-11-17 08:00").notices
        assert decided("Tue 2026-11-17 09:00", told=first) == NoticeDecision(silence=Silence.TOLD_ALREADY)

    def test_whoever_was_not_told_yet_is_told_after_a_hand_over(self):
        first = decided("Tue 2026-11-17 08:00").notices
        new_officer = replace(HOLDERS, officer=DIVISION.signer)
        (notice,) = decided("Tue 2026-11-17 09:00", told=first, holders=new_officer).notices
        assert notice.person == DIVISION.signer

    @pytest.mark.parametrize(
        ("now", "occurrence"),
        [
            ("Tue 2026-11-17 08:00", 1),
            ("Wed 2026-11-18 08:00", 1),
            ("Thu 2026-11-19 08:00", 2),  # every two working days
            ("Sat 2026-11-21 08:00", 2),
            ("Mon 2026-11-23 08:00", 3),
            ("Wed 2026-11-25 08:00", 3),  # 24/11 is off
            ("Thu 2026-11-26 08:00", 4),
        ],
    )
    def test_reminders_repeat_by_working_days(self, now: str, occurrence: int):
        assert {notice.occurrence for notice in decided(now).notices} == {occurrence}

    def test_a_lateness_that_begins_on_a_day_off_waits_for_the_working_day(self):
        friday = dossier("Fri 2026-11-06 09:00")  # due Fri 2026-11-20
        assert decided("Sat 2026-11-21 08:00", one=friday) == NoticeDecision(silence=Silence.NOTHING_DUE)
        assert decided("Mon 2026-11-23 00:00", one=friday).notices

    def test_repeats_pause_while_the_desk_has_yet_to_enter_the_new_date(self):
        promised = replace(
            dossier("Mon 2026-11-02 09:00", [appointment("Mon 2026-11-16")]),
            issued_new_date_on=at("Mon 2026-11-30 00:00").date(),
        )
        assert DeadlineNote.AWAITING_NEW_APPOINTMENT in deadline_of(promised, limit(10)).notes
        first = decided("Tue 2026-11-17 08:00", one=promised).notices
        assert decided("Mon 2026-11-23 08:00", one=promised, told=first).silence is Silence.TOLD_ALREADY


class TestSilence:
    @pytest.mark.parametrize(
        ("now", "data", "one", "silence"),
        [
            ("Tue 2026-11-03 08:00", None, TEN_DAYS, Silence.NOTHING_DUE),
            ("Thu 2026-11-12 08:00", None, TEN_DAYS, Silence.IN_DIGEST),  # near due
            ("Mon 2026-11-16 08:00", None, TEN_DAYS, Silence.IN_DIGEST),  # due today
            ("Wed 2026-11-18 08:00", "Mon 2026-11-16 16:55", TEN_DAYS, Silence.DATA_OLDER_THAN_DUE),
            (
                "Tue 2026-11-03 08:00",
                None,
                replace(TEN_DAYS, source_status=SourceStatus.PAYMENT_ASKED),
                Silence.WAITING_FOR_APPLICANT,
            ),
            ("Wed 2026-11-18 08:00", None, replace(TEN_DAYS, is_withdrawn=True), Silence.NOTHING_DUE),
            (
                "Wed 2026-11-18 08:00",
                None,
                replace(TEN_DAYS, source_status=SourceStatus.FINISHED),
                Silence.NOTHING_DUE,
            ),  # may be finished: one list, no alarm
        ],
    )
    def test_it_has_a_reason(self, now: str, data: str | None, one: Dossier, silence: Silence):
        assert decided(now, data=data, one=one) == NoticeDecision(silence=silence)

    def test_nobody_to_tell_is_said(self):
        only_officer = {Step.OVERDUE: replace(ladder().steps[Step.OVERDUE], to=(Role.OFFICER,))}
        nobody = Holders(officer=None, head=None, deputy=None, division=None, ground=Ground.HEAD)
        found = decided("Tue 2026-11-17 08:00", holders=nobody, steps=replace(ladder(), steps=only_officer))
        assert found == NoticeDecision(silence=Silence.NOBODY_TO_TELL)

    def test_a_step_that_the_rules_do_not_have_is_not_told(self):
        assert decided("Tue 2026-11-17 08:00", steps=replace(ladder(), steps={})).silence is Silence.NOTHING_DUE

    def test_a_step_for_longer_limits_is_not_told(self):
        longer = replace(ladder().steps[Step.OVERDUE], min_limit_working_days=11)
        assert longer.delivery is Delivery.IMMEDIATE
        found = decided("Tue 2026-11-17 08:00", steps=replace(ladder(), steps={Step.OVERDUE: longer}))
        assert found.silence is Silence.NOTHING_DUE

    def test_beyond_the_calendar_it_refuses(self):
        with pytest.raises(CalendarRangeError):
            decided("Mon 2028-01-03 08:00")


class TestRecipients:
    def test_a_vacant_officers_part_falls_to_the_head_who_is_told_once(self):
        vacant = replace(HOLDERS, officer=None)
        assert [one.id for one in recipients((Role.OFFICER, Role.HEAD), vacant, ORGANISATION)] == [DIVISION.head]

    def test_roles_of_the_agency_are_everybody_who_has_them(self):
        assert {one.id for one in recipients((Role.DESK,), HOLDERS, ORGANISATION)} == DESK

    def test_the_deputy_is_the_one_in_charge_of_the_division(self):
        assert [one.id for one in recipients((Role.DEPUTY,), HOLDERS, ORGANISATION)] == [DIVISION.deputy_in_charge]

    def test_a_vacant_heads_part_falls_to_the_deputy_in_charge(self):
        vacant = replace(HOLDERS, officer=None, head=None)
        assert told((Role.OFFICER, Role.HEAD), {}, holders=vacant) == [DEPUTY]


HEAD, DEPUTY = DIVISION.head, DIVISION.deputy_in_charge
LONG, THAO, HUYEN, CHAU, VPS_HEAD = "lv-hoang-long", "tt-phuong-thao", "mt-khanh-huyen", "ds-bao-chau", "dt-minh-nguyet"


def told(roles: tuple[Role, ...], away: Away, holders: Holders = HOLDERS) -> list[str]:
    return [one.id for one in recipients(roles, holders, ORGANISATION, away)]


class TestAbsence:
    @pytest.mark.parametrize(
        ("roles", "away", "people"),
        [
            ((Role.OFFICER,), {"somebody else": LONG}, [OFFICER]),
            ((Role.OFFICER,), {OFFICER: LONG}, [LONG, HEAD]),
            ((Role.OFFICER,), {OFFICER: None}, [HEAD]),
            ((Role.OFFICER, Role.HEAD), {OFFICER: LONG}, [LONG, HEAD]),  # each once
            ((Role.OFFICER, Role.HEAD), {OFFICER: HEAD}, [HEAD]),
            ((Role.HEAD,), {HEAD: THAO}, [THAO]),
            ((Role.HEAD,), {HEAD: None}, [DEPUTY]),
            ((Role.OFFICER,), {OFFICER: LONG, HEAD: THAO}, [LONG, THAO]),
            ((Role.OFFICER,), {OFFICER: None, HEAD: None}, [DEPUTY]),
            ((Role.OFFICER,), {OFFICER: None, HEAD: None, DEPUTY: "vt-thu-hien"}, ["vt-thu-hien"]),
            ((Role.DEPUTY,), {DEPUTY: None}, [HEAD]),
            ((Role.DESK,), {HUYEN: CHAU}, [CHAU, VPS_HEAD]),  # the head of the desk's own division
            ((Role.DIRECTOR,), {"ht-thanh-son": "hv-quang-vinh"}, ["hv-quang-vinh"]),
        ],
    )
    def test_whoever_stands_in_and_the_head_are_told(self, roles: tuple[Role, ...], away: Away, people: list[str]):
        assert told(roles, away) == people

    def test_a_head_who_holds_the_dossier_alone_is_represented_too(self):
        assert told((Role.OFFICER, Role.HEAD), {HEAD: THAO}, holders=replace(HOLDERS, officer=None)) == [THAO]

    def test_no_notice_is_lost_when_nobody_is_there(self):
        assert told((Role.OFFICER,), {OFFICER: None, HEAD: None, DEPUTY: None}) == [OFFICER]
        assert told((Role.DIRECTOR,), {"ht-thanh-son": None}) == ["ht-thanh-son"]

    def test_the_substitute_hears_of_what_the_absent_officer_was_told(self):
        before = decided("Tue 2026-11-17 08:00").notices
        assert OFFICER in {one.person for one in before}
        (notice,) = decided("Tue 2026-11-17 13:30", told=before, away={OFFICER: LONG}).notices
        assert (notice.person, notice.occurrence) == (LONG, 1)

    def test_back_again_the_officer_is_told_themselves(self):
        while_away = decided("Tue 2026-11-17 08:00", away={OFFICER: LONG}).notices
        assert OFFICER not in {one.person for one in while_away}
        assert [one.person for one in decided("Wed 2026-11-18 08:00", told=while_away).notices] == [OFFICER]


class TestNames:
    @pytest.mark.parametrize(
        ("person", "short"),
        [
            (Person(applicant="Nguyễn Văn An"), "Nguyễn V. A."),
            (Person(applicant="ĐẶNG thị  ánh"), "Đặng T. Á."),
            (Person(applicant="Nguyê\u0303n Văn An"), "Nguyễn V. A."),  # NFD
            (Person(applicant="An"), "An"),
            (Person(applicant="Công ty TNHH Một Mình"), "Công ty TNHH Một Mình"),
            (Person(applicant="HTX Nông nghiệp Xanh"), "HTX Nông nghiệp Xanh"),
            (Person(applicant="ABC Co., Ltd", applicant_kind=ApplicantKind.BUSINESS), "ABC Co., Ltd"),
            (Person(applicant="Lê Thị Bình", applicant_kind=ApplicantKind.CITIZEN), "Lê T. B."),
            (Person(submitter="Lê Thị Bình", applicant_kind=ApplicantKind.BUSINESS), "Lê T. B."),
            (Person(), None),
        ],
    )
    def test_a_citizen_is_shortened_and_a_company_is_not(self, person: Person, short: str | None):
        assert short_applicant(person) == short

    def test_a_name_is_matched_without_case_spaces_and_unicode_form_but_with_its_tones(self):
        person = ORGANISATION.staff[DIVISION.head]
        assert ORGANISATION.people_named(f"  {person.name.upper()} ") == (person,)
        assert fold_name("Hòa") == fold_name("HO\u0300A")
        assert fold_name("Hòa") != fold_name("Hoa")
        assert ORGANISATION.people_named("Không Có Ai") == ORGANISATION.people_named(None) == ()

    def test_homonyms_are_all_named(self):
        person = ORGANISATION.staff[DIVISION.head]
        twin = replace(person, id="another", email="another@stc.example", aliases=())
        both = replace(ORGANISATION, staff={**ORGANISATION.staff, twin.id: twin})
        assert {one.id for one in both.people_named(person.name)} == {person.id, "another"}

    def test_a_division_is_found_by_its_alias(self):
        assert ORGANISATION.division_named("phòng  đkkd") is DIVISION
        assert ORGANISATION.division_named("Phòng khác") is None
