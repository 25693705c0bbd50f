"""In which stage of its limit a dossier is: by the unit that has it, else by the days that have passed."""

from datetime import datetime

import pytest
from official import at, day, deadline_of, dossier, limit, moment, official, rules

from monitor.deadline import Options
from monitor.dossier import Dossier, Pause, Supplement
from monitor.stage import StagePosition, is_ours, stage_of
from monitor.time_limit import Stage, TimeLimit, Unit

DIVISION, PROVINCE = "Phòng Quản lý đầu tư ngoài ngân sách", "UBND tỉnh"
# As rules/procedures.csv has 1.009645: 17 working days, of which the report takes 14 and the decision 3.
REPORT, DECISION = (
    Stage("Báo cáo thẩm định", 14, DIVISION, "NĐ 96/2026/NĐ-CP"),
    Stage("Quyết định", 3, PROVINCE, "NĐ 96"),
)
POLICY = limit(17, stages=(REPORT, DECISION))
# Received Mon 2026-11-02: the report by Fri 20/11, the decision by Thu 26/11, for Tue 24/11 is Vietnam Culture Day.


def found(now: str, time_limit: TimeLimit = POLICY, **others: object) -> StagePosition | None:
    return position(dossier("Mon 2026-11-02 09:00", (), **others), time_limit, at(now))


def position(one: Dossier, time_limit: TimeLimit, now: datetime) -> StagePosition | None:
    deadline = deadline_of(one, time_limit)
    return stage_of(one, time_limit, deadline, official(), rules().organisation, Options(), now=now)


class TestByTheDaysThatHavePassed:
    @pytest.mark.parametrize(
        ("now", "stage", "is_over"),
        [
            ("Mon 2026-11-02 10:00", REPORT, False),
            ("Fri 2026-11-20 23:59", REPORT, False),  # a stage ends with its last day
            ("Sat 2026-11-21 00:00", DECISION, False),
            ("Thu 2026-11-26 23:59", DECISION, False),
            ("Fri 2026-11-27 08:00", DECISION, True),  # after the last one it is in the last one
        ],
    )
    def test_it_is_in_the_first_stage_that_is_not_over(self, now: str, stage: Stage, is_over: bool):
        where = found(now)
        assert (where.stage, where.is_over, where.is_told) == (stage, is_over, False)

    @pytest.mark.parametrize(
        ("now", "ends"), [("Tue 2026-11-03 08:00", "Fri 2026-11-20"), ("Mon 2026-11-23 08:00", "Thu 2026-11-26")]
    )
    def test_a_stage_ends_when_all_up_to_it_are_used_up(self, now: str, ends: str):
        assert found(now).ends_on == day(ends)
        assert found(now).ends_at == at(f"{ends} 17:00")

    def test_the_last_stage_ends_with_the_limit(self):
        assert found("Mon 2026-11-23 08:00").ends_on == deadline_of(dossier("Mon 2026-11-02 09:00"), POLICY).law_due_on

    def test_hours_are_compared_by_the_instant(self):
        hours = limit(8, Unit.WORKING_HOUR, stages=(Stage("a", 2, DIVISION, "x"), Stage("b", 6, PROVINCE, "x")))
        assert found("Mon 2026-11-02 11:00", hours).number == 1
        assert found("Mon 2026-11-02 11:01", hours).number == 2


class TestByTheUnitThatHasIt:
    @pytest.mark.parametrize(
        ("told", "stage", "ours"),
        [
            ({"handling_unit": "UBND tỉnh"}, DECISION, False),
            ({"handling_unit": "ubnd  TỈNH"}, DECISION, False),
            ({"handling_unit": DIVISION}, REPORT, True),
            ({"handling_unit": "P. QLĐTNNS"}, REPORT, True),  # an alias of the division
            ({"step_unit": "UBND tỉnh"}, DECISION, False),
            ({"handling_unit": "Sở Xây dựng", "step_unit": "UBND tỉnh"}, DECISION, False),
            ({"handling_unit": "Văn phòng Sở"}, REPORT, True),  # of ours, if not the one of the stage
        ],
    )
    def test_its_word_counts_before_the_days(self, told: dict[str, str], stage: Stage, ours: bool):
        for now in ("Tue 2026-11-03 08:00", "Mon 2026-11-23 08:00"):
            where = found(now, **told)
            assert (where.stage, where.is_ours, where.is_told) == (stage, ours, True)

    def test_still_with_us_after_its_end_the_stage_is_over(self):
        where = found("Mon 2026-11-23 08:00", handling_unit=DIVISION)
        assert (where.stage, where.is_over) == (REPORT, True)
        assert where.text == (
            "đang ở Phòng Quản lý đầu tư ngoài ngân sách (công đoạn 1/2, Báo cáo thẩm định, "
            "đã hết thời hạn công đoạn thứ Sáu 20/11/2026)"
        )

    def test_elsewhere_it_is_said_where(self):
        assert found("Mon 2026-11-23 08:00", handling_unit=PROVINCE).text == (
            "đang ở UBND tỉnh (công đoạn 2/2, Quyết định, đến hết thứ Năm 26/11/2026)"
        )

    def test_what_is_only_counted_says_so(self):
        assert found("Mon 2026-11-23 08:00").text.startswith("tính theo ngày, đang ở UBND tỉnh (")

    @pytest.mark.parametrize(
        ("now", "number"), [("Tue 2026-11-03 08:00", 1), ("Fri 2026-11-13 08:00", 1), ("Wed 2026-11-18 08:00", 3)]
    )
    def test_of_two_stages_of_one_holder_it_is_the_last_that_has_begun(self, now: str, number: int):
        """Five days each from Mon 2026-11-02: ours until Mon 9/11, the province's until Mon 16/11, then ours again."""
        thrice = limit(
            15, stages=(Stage("a", 5, DIVISION, "x"), Stage("b", 5, PROVINCE, "x"), Stage("c", 5, DIVISION, "x"))
        )
        assert found(now, thrice, handling_unit=DIVISION).number == number

    def test_a_unit_that_is_no_holder_of_a_stage_leaves_it_to_the_days(self):
        assert not found("Mon 2026-11-23 08:00", handling_unit="Sở Xây dựng").is_told


class TestWhenTheClockMoves:
    def test_a_pause_moves_the_end_of_the_stage_like_that_of_the_limit(self):
        paused = (Pause(moment("Wed 2026-11-04"), "g", moment("Mon 2026-11-09")),)  # three working days
        allowed = limit(17, stages=(REPORT, DECISION), pause_grounds=("g",))
        where = found("Mon 2026-11-23 08:00", allowed, pauses=paused)
        assert (where.stage, where.ends_on) == (REPORT, day("Thu 2026-11-26"))

    def test_after_a_supplement_the_stages_begin_again(self):
        papers = (Supplement(moment("Tue 2026-11-03"), moment("Tue 2026-11-10")),)
        where = found("Mon 2026-11-23 08:00", supplements=papers)
        assert (where.stage, where.ends_on) == (REPORT, day("Tue 2026-12-01"))

    @pytest.mark.parametrize(("told", "stage"), [({}, None), ({"handling_unit": PROVINCE}, DECISION)])
    def test_while_the_clock_stands_no_stage_has_an_end(self, told: dict[str, str], stage: Stage | None):
        where = found("Mon 2026-11-23 08:00", supplements=(Supplement(moment("Tue 2026-11-03")),), **told)
        assert (where.stage if where else None) == stage
        assert where is None or (where.ends_on, where.is_over) == (None, False)


@pytest.mark.parametrize(
    "one",
    [
        dossier("Mon 2026-11-02 09:00", finished=moment("Wed 2026-11-18 09:00")),
        dossier("Mon 2026-11-02 09:00", is_refused=True),
        dossier("Mon 2026-11-02 09:00", is_withdrawn=True),
        dossier(None),
    ],
)
def test_what_has_ended_or_not_begun_is_in_no_stage(one: Dossier):
    assert position(one, POLICY, at("Mon 2026-11-23 08:00")) is None


def test_a_limit_without_stages_has_none():
    assert found("Mon 2026-11-23 08:00", limit(17)) is None


def test_the_appointment_and_the_apology_run_by_the_whole():
    with_stages, without = (deadline_of(dossier("Mon 2026-11-02 09:00"), one) for one in (POLICY, limit(17)))
    assert (with_stages.due_on, with_stages.apology_by_on) == (day("Thu 2026-11-26"), day("Wed 2026-11-25"))
    assert with_stages == without


@pytest.mark.parametrize(
    ("holder", "ours"),
    [
        ("Phòng Đăng ký kinh doanh", True),
        ("Sở Tài chính tỉnh Lạng Sơn", True),
        ("Bộ phận Một cửa của Sở Tài chính tại Trung tâm Phục vụ hành chính công tỉnh Lạng Sơn", True),
        ("Nguyễn Ngọc Hồng Ánh", True),
        ("Sở Xây dựng", False),
        ("Trung tâm Phục vụ hành chính công tỉnh Lạng Sơn", False),  # the centre is not our desk
        ("", False),
    ],
)
def test_ours_are_our_divisions_our_people_our_desk_and_the_agency(holder: str, ours: bool):
    assert is_ours(holder, rules().organisation) is ours
