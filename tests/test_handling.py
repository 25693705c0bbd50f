"""Who handles a dossier, on what ground, and who held it before."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from official import at, clock, day, moment, rules

from monitor.dossier import Dossier, Event, EventKind
from monitor.handling import Ground, Holders, Share, handovers_of, holders_of, newly_received, shares_of, tenures_of
from monitor.organisation import Organisation
from monitor.time_limit import NO_LIMIT, Procedure

ORGANISATION = rules().organisation
ANH, LONG, THAO, HEAD = "nn-hong-anh", "lv-hoang-long", "tt-phuong-thao", "nt-bich-ngoc"
QLDT_HEAD, KHANH = "lc-trung-kien", "pd-tuan-khanh"
STANDING = Procedure(code="2.001610", name="Thủ tục", limit=NO_LIMIT, division="dkkd", officer=THAO)
PLAIN = replace(STANDING, officer="")


def held(procedure: Procedure | None = PLAIN, **named: str) -> Holders:
    return holders_of(Dossier(code="A", **named), procedure, ORGANISATION)


SOURCE, STEP_LOG = {"handling_officer": "Nguyễn Ngọc Hồng Ánh"}, {"step_officer": "longlvh"}
ASSIGNED = {"assigned_officer": KHANH}


class TestWhoHandles:
    @pytest.mark.parametrize(
        ("procedure", "named", "officer", "ground"),
        [
            (STANDING, SOURCE | STEP_LOG | ASSIGNED, ANH, Ground.SOURCE),
            (STANDING, STEP_LOG | ASSIGNED, LONG, Ground.STEP_LOG),
            (STANDING, ASSIGNED, KHANH, Ground.ASSIGNED),
            (STANDING, {}, THAO, Ground.PROCEDURE),
            (PLAIN, {}, None, Ground.HEAD),
            (None, {}, None, Ground.HEAD),
        ],
    )
    def test_the_first_that_names_somebody_counts(
        self, procedure: Procedure | None, named: Mapping[str, str], officer: str | None, ground: Ground
    ):
        found = held(procedure, **named)
        assert (found.officer, found.ground, found.unknown) == (officer, ground, ())

    def test_a_name_that_fits_nobody_falls_to_the_next_and_is_listed(self):
        found = held(STANDING, handling_officer="Tô Lan Hương (biệt phái)", step_officer="Ai Đó", **ASSIGNED)
        assert (found.officer, found.ground) == (KHANH, Ground.ASSIGNED)
        assert found.unknown == ("Tô Lan Hương (biệt phái)", "Ai Đó")

    def test_somebody_who_has_left_falls_to_the_next_and_is_listed(self):
        found = held(replace(STANDING, officer="gone-too"), assigned_officer="gone")
        assert (found.officer, found.ground, found.unknown) == (None, Ground.HEAD, ("gone", "gone-too"))

    def test_a_name_that_fits_two_people_goes_to_the_head(self):
        """Two people of the shipped office are called so, one in each of two divisions."""
        found = held(STANDING, handling_officer="Nguyễn Thị Thu Hương", **STEP_LOG)
        assert (found.officer, found.head, found.ground) == (None, HEAD, Ground.HOMONYMS)

    def test_the_head_settles_which_of_the_homonyms_it_is(self):
        found = held(handling_officer="Nguyễn Thị Thu Hương", assigned_officer="nt-thu-huong-1")
        assert (found.officer, found.ground) == ("nt-thu-huong-1", Ground.ASSIGNED)

    @pytest.mark.parametrize(
        ("named", "officer", "ground", "division"),
        [
            ({"handling_unit": "Phùng Đình Tuấn Khanh"}, KHANH, Ground.SOURCE, "qldt"),
            ({"step_unit": "Phùng Đình Tuấn Khanh"}, KHANH, Ground.STEP_LOG, "qldt"),
            ({"handling_officer": "P. QLĐTNNS"}, None, Ground.HEAD, "qldt"),
            ({"handling_officer": "P. QLĐTNNS", "step_officer": "longlvh"}, LONG, Ground.STEP_LOG, "qldt"),
        ],
    )
    def test_a_person_in_the_place_of_a_unit_is_recognised_and_the_other_way_round(
        self, named: Mapping[str, str], officer: str | None, ground: Ground, division: str
    ):
        found = held(None, **named)
        assert (found.officer, found.ground, found.division, found.unknown) == (officer, ground, division, ())

    def test_who_took_the_dossier_in_does_not_handle_it(self):
        found = held(receiving_officer="Nguyễn Ngọc Hồng Ánh", receiving_unit="Phòng QLĐT ngoài ngân sách")
        assert (found.officer, found.division) == (None, "dkkd")


class TestDivision:
    @pytest.mark.parametrize(
        ("procedure", "named", "division", "head"),
        [
            (PLAIN, {"handling_unit": "P. QLĐTNNS"}, "dkkd", HEAD),  # the procedure's row first
            (None, {"handling_unit": "P. QLĐTNNS", "step_unit": "P.ĐKKD", **SOURCE}, "qldt", QLDT_HEAD),
            (None, {"step_unit": "P. QLĐTNNS", **SOURCE}, "qldt", QLDT_HEAD),
            (None, SOURCE, "dkkd", HEAD),
            (None, {"handling_unit": "UBND huyện Cao Lộc", **SOURCE}, "dkkd", HEAD),  # not one of ours
            (replace(PLAIN, division=""), SOURCE, "dkkd", HEAD),
            (None, {"handling_unit": "UBND huyện Cao Lộc"}, None, None),
            (None, {"handling_officer": "Nguyễn Thị Thu Hương"}, None, None),  # two people, two divisions
            (None, {"handling_officer": "Vi Thị Thu Hiền"}, None, None),  # a deputy director has none
        ],
    )
    def test_it_is_the_procedures_else_the_units_else_the_officers(
        self, procedure: Procedure | None, named: Mapping[str, str], division: str | None, head: str | None
    ):
        found = held(procedure, **named)
        assert (found.division, found.head) == (division, head)

    def test_homonyms_of_one_division_are_told_apart_by_its_own_head(self):
        twin = replace(ORGANISATION.staff[ANH], id="another", email="another@stc.example")
        both = Organisation(
            agency=ORGANISATION.agency, divisions=ORGANISATION.divisions, staff={**ORGANISATION.staff, twin.id: twin}
        )
        found = holders_of(Dossier(code="A", **SOURCE), None, both)
        assert (found.division, found.head, found.ground) == ("dkkd", HEAD, Ground.HOMONYMS)


def event(kind: EventKind, known: str, happened: str | None = None, import_id: int | None = 1, **facts: str) -> Event:
    return Event(kind, moment(happened) if happened else None, at(known), "theo-doi", import_id, facts)


RECEIVED = event(EventKind.RECEIVED, "Fri 2026-11-20 16:55", "Fri 2026-11-20 09:00", **SOURCE)
PASSED_ON = event(EventKind.HANDED_OVER, "Wed 2026-11-25 07:05", handling_officer="longlvh")
HISTORY = (RECEIVED, PASSED_ON)


class TestHandOver:
    def test_it_is_seen_as_a_change_between_two_files(self):
        (one,) = handovers_of(tenures_of(HISTORY, PLAIN, ORGANISATION))
        assert (one.giver.officer, one.taker.officer) == (ANH, LONG)
        assert (one.taker.began_at, one.taker.known_at) == (at("Wed 2026-11-25 07:05"),) * 2
        assert (one.giver.inferred, one.taker.inferred) == (False, True)

    def test_what_a_person_says_is_not_inferred(self):
        assigned = event(EventKind.ASSIGNED, "Mon 2026-11-23 10:00", import_id=None, officer=LONG)
        tenures = tenures_of([replace_facts(RECEIVED), assigned], PLAIN, ORGANISATION)
        assert [(one.holder, one.ground, one.inferred) for one in tenures] == [
            (HEAD, Ground.HEAD, False),
            (LONG, Ground.ASSIGNED, False),
        ]

    def test_the_other_division_holds_it_from_then_on(self):
        passed_on = event(
            EventKind.HANDED_OVER, "Wed 2026-11-25 07:05", handling_unit="P. QLĐTNNS", handling_officer=""
        )
        tenures = tenures_of([RECEIVED, passed_on], None, ORGANISATION)
        assert [(one.division, one.holder) for one in tenures] == [("dkkd", ANH), ("qldt", QLDT_HEAD)]

    @pytest.mark.parametrize(
        "later",
        [
            event(EventKind.STATUS_SEEN, "Wed 2026-11-25 07:05", source_status="processing"),
            event(EventKind.HANDED_OVER, "Wed 2026-11-25 07:05", step_officer="longlvh"),  # the source comes first
            event(EventKind.CORRECTED, "Wed 2026-11-25 07:05", handling_officer="NGUYỄN NGỌC  HỒNG ÁNH"),
            event(EventKind.ASSIGNED, "Wed 2026-11-25 07:05", import_id=None, officer=LONG),
            event(EventKind.HANDED_OVER, "Wed 2026-11-25 07:05", handling_unit="P. QLĐTNNS"),  # the same officer
        ],
    )
    def test_what_leaves_the_holder_is_none(self, later: Event):
        assert handovers_of(tenures_of([RECEIVED, later], None, ORGANISATION)) == ()

    def test_one_that_is_dated_before_the_last_does_not_turn_time_back(self):
        early = event(EventKind.HANDED_OVER, "Thu 2026-11-26 07:05", "Mon 2026-11-23", handling_officer="ct-nguyet-anh")
        assert [one.began_at for one in tenures_of([*HISTORY, early], PLAIN, ORGANISATION)] == [
            at("Fri 2026-11-20 09:00"),
            at("Wed 2026-11-25 07:05"),
            at("Wed 2026-11-25 07:05"),
        ]

    def test_the_new_holder_has_newly_received_it_once(self):
        tenures = tenures_of(HISTORY, PLAIN, ORGANISATION)
        assert newly_received(LONG, tenures, since=at("Tue 2026-11-24 07:15")) is not None
        assert newly_received(LONG, tenures, since=at("Wed 2026-11-25 07:15")) is None
        assert newly_received(ANH, tenures, since=at("Tue 2026-11-24 07:15")) is None

    def test_who_has_it_from_the_beginning_has_not_newly_received_it(self):
        assert (
            newly_received(ANH, tenures_of([RECEIVED], PLAIN, ORGANISATION), since=at("Fri 2026-11-20 07:15")) is None
        )


def replace_facts(one: Event, **facts: str) -> Event:
    return one._replace(facts=facts)


class TestShares:
    """Received on Fri 2026-11-20; Tue 24/11 is Vietnam Culture Day."""

    TENURES = tenures_of(HISTORY, PLAIN, ORGANISATION)

    def shares(self, since: str, until: str) -> list[tuple[str | None, int]]:
        shares = shares_of(self.TENURES, clock(), since_on=day(since), until_on=day(until))
        return [(one.holder, one.working_days) for one in shares]

    @pytest.mark.parametrize(
        ("until", "expected"),
        [
            ("Mon 2026-11-23", [(ANH, 1)]),
            ("Wed 2026-11-25", [(ANH, 2)]),  # the day of the hand-over is the giver's
            ("Thu 2026-11-26", [(ANH, 2), (LONG, 1)]),
            ("Mon 2026-11-30", [(ANH, 2), (LONG, 3)]),
        ],
    )
    def test_each_holder_has_the_working_days_of_their_time(self, until: str, expected: list):
        assert self.shares("Fri 2026-11-20", until) == expected

    def test_a_span_that_begins_after_a_restart_is_counted_from_there(self):
        assert self.shares("Thu 2026-11-26", "Mon 2026-11-30") == [(LONG, 2)]

    def test_a_border_that_is_only_inferred_is_marked_on_both_sides(self):
        shares = shares_of(self.TENURES, clock(), since_on=day("Fri 2026-11-20"), until_on=day("Thu 2026-11-26"))
        assert shares == (Share(ANH, "dkkd", 2, inferred=True), Share(LONG, "dkkd", 1, inferred=True))

    def test_without_a_history_there_is_none(self):
        assert shares_of((), clock(), since_on=day("Fri 2026-11-20"), until_on=day("Thu 2026-11-26")) == ()
