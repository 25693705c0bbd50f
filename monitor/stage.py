"""In which stage of its limit a dossier is, who holds that stage, and when it ends (practice B17)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import accumulate

from monitor.deadline import Deadline, Options, compute_deadline
from monitor.dossier import Dossier
from monitor.organisation import Organisation, fold_name
from monitor.time_limit import Stage, TimeLimit
from monitor.trace import say_date
from monitor.working_time import OfficialCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePosition:
    """The stage that a dossier is in. The appointment and the apology run by the whole limit, never by a stage."""

    stage: Stage
    number: int  # from 1
    of: int  # how many stages there are
    ends_on: date | None  # None while the clock stands, or where the law's end is not known
    ends_at: datetime | None
    is_over: bool  # its end has passed, and the dossier is in it all the same
    is_ours: bool  # our people are warned by its end; elsewhere the urging is a draft công văn
    is_told: bool  # the source says who has it; else it is only counted from the days that have passed

    @property
    def text(self) -> str:
        """Where the dossier is: "đang ở UBND tỉnh (công đoạn 2/2, Quyết định, đến hết thứ Năm 26/11/2026)"."""
        ends = "đã hết thời hạn công đoạn" if self.is_over else "đến hết"
        until = f", {ends} {say_date(self.ends_on)}" if self.ends_on else ""
        counted = "" if self.is_told else "tính theo ngày, "
        return f"{counted}đang ở {self.stage.holder} (công đoạn {self.number}/{self.of}, {self.stage.name}{until})"


@dataclass(frozen=True, slots=True)
class _End:
    on: date
    at: datetime


def stage_of(  # noqa: PLR0917 - a dossier, and all that its deadline is counted from
    dossier: Dossier,
    limit: TimeLimit,
    deadline: Deadline,
    calendar: OfficialCalendar,
    organisation: Organisation,
    options: Options,
    *,
    now: datetime,
) -> StagePosition | None:
    """The stage of an open dossier at `now`, an aware instant; None where there are no stages, or none is known.

    That is the stage whose holder is the unit which the source or the step log names. Of several stages of one holder
    it is the last that has begun by the days that have passed; where no unit tells, the first that is not over.
    Legal basis: the procedure's own text, which each stage names; practice B17.
    """
    stages = limit.stages
    if not stages or not _is_running(dossier):
        return None
    ends = _ends_of(dossier, limit, deadline, calendar, options)
    over = _over(ends, deadline, now.astimezone(calendar.clock.zone))
    by_days = (over.index(False) if False in over else len(over) - 1) if over else None
    held = _held(dossier, stages, organisation)
    place = max((one for one in held if by_days is None or one <= by_days), default=held[0]) if held else by_days
    if place is None:
        return None
    end = ends[place] if ends else None
    return StagePosition(
        stage=stages[place],
        number=place + 1,
        of=len(stages),
        ends_on=end.on if end else None,
        ends_at=end.at if end else None,
        is_over=bool(over) and over[place],
        is_ours=is_ours(stages[place].holder, organisation),
        is_told=bool(held),
    )


def is_ours(holder: str, organisation: Organisation) -> bool:
    """Whether a stage's holder is a division of ours, one of our people, our one-stop desk or the agency itself."""
    agency = organisation.agency
    if fold_name(holder) in {fold_name(name) for name in (agency.name, agency.desk_name)}:
        return True
    return organisation.division_named(holder) is not None or bool(organisation.people_named(holder))


def _is_running(dossier: Dossier) -> bool:
    has_ended = dossier.finished is not None or dossier.is_refused or dossier.is_withdrawn
    return dossier.received is not None and not has_ended


def _ends_of(
    dossier: Dossier, limit: TimeLimit, deadline: Deadline, calendar: OfficialCalendar, options: Options
) -> tuple[_End, ...]:
    """The end of each stage, counted like the whole limit: from its start, moved by the same pauses.

    () while the clock stands or where the law's end is not known.
    """
    if deadline.start is None or deadline.law_due_on is None:
        return ()
    counted = Dossier(code=dossier.code, received=deadline.start, pauses=dossier.pauses)
    ends = []
    for amount in accumulate(stage.amount for stage in limit.stages):
        found = compute_deadline(counted, replace(limit, amount=amount, stages=()), calendar, options)
        if found.law_due_on is None or found.law_due_at is None:
            return ()
        ends.append(_End(found.law_due_on, found.law_due_at))
    return tuple(ends)


def _over(ends: Sequence[_End], deadline: Deadline, now: datetime) -> list[bool]:
    """Which ends have passed: by the date, under limits in hours by the instant."""
    return [now > end.at if deadline.by_instant else now.date() > end.on for end in ends]


def _held(dossier: Dossier, stages: Sequence[Stage], organisation: Organisation) -> list[int]:
    """The stages of whoever has the dossier by the source's word, else by the step log's; [] where neither tells."""
    for unit in (dossier.handling_unit, dossier.step_unit):
        if not unit:
            continue
        same = [place for place, stage in enumerate(stages) if _are_one(unit, stage.holder, organisation)]
        if same:
            return same
        if is_ours(unit, organisation):
            return [place for place, stage in enumerate(stages) if is_ours(stage.holder, organisation)]
    return []


def _are_one(unit: str, holder: str, organisation: Organisation) -> bool:
    if fold_name(unit) == fold_name(holder):
        return True
    division = organisation.division_named(unit)
    return division is not None and division is organisation.division_named(holder)
