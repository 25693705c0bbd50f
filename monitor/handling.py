"""Who handles a dossier, on what ground, and who held it before (practice A5, B18a)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from monitor.dossier import Dossier, Event, EventKind, Fact
from monitor.organisation import Division, Organisation, Staff
from monitor.time_limit import Procedure
from monitor.working_time import WorkingCalendar


class Ground(StrEnum):
    """Why somebody answers for a dossier: the first of these that names one person."""

    SOURCE = "source"  # the source names the officer
    STEP_LOG = "step_log"  # the log of its steps does
    ASSIGNED = "assigned"  # the head has said so
    PROCEDURE = "procedure"  # the standing officer of its procedure
    HEAD = "head"  # nobody is named, or nobody whom we know
    HOMONYMS = "homonyms"  # the name fits two people: the head says which


@dataclass(frozen=True, slots=True, kw_only=True)
class Holders:
    """Who answers for a dossier, and on what ground the officer was found (practice A5)."""

    officer: str | None  # ids of staff; None: the head holds it
    head: str | None
    deputy: str | None
    division: str | None
    ground: Ground | None  # None: not known any more
    unknown: tuple[str, ...] = ()  # names that were written and fit nobody here


def holders_of(dossier: Dossier, procedure: Procedure | None, organisation: Organisation) -> Holders:
    """Who answers for a dossier, and who would if the first of them were not there.

    The officer is whom the source names, else the step log, else whom the head has assigned, else the standing officer
    of the procedure; without any of them the head. A name that fits two people goes to the head as well, until the
    head assigns one; a name that fits nobody falls to the next of these (practice A5). The division is the
    procedure's, else the one that a unit names, else the officer's own; the head is that division's (practice B18a).
    """
    found = _find_officer(dossier, procedure, organisation)
    division = _find_division(dossier, procedure, found, organisation)
    return Holders(
        officer=found.officer.id if found.officer else None,
        head=division.head if division else None,
        deputy=division.deputy_in_charge if division else None,
        division=division.id if division else None,
        ground=found.ground,
        unknown=found.unknown,
    )


class _Found(NamedTuple):
    officer: Staff | None
    ground: Ground
    unknown: tuple[str, ...]
    homonyms: tuple[Staff, ...] = ()


def _find_officer(dossier: Dossier, procedure: Procedure | None, organisation: Organisation) -> _Found:
    """A column for units may hold a person, and one for persons a unit: the organisation knows which it is."""
    unknown: tuple[str, ...] = ()
    for ground, officer, unit in (
        (Ground.SOURCE, dossier.handling_officer, dossier.handling_unit),
        (Ground.STEP_LOG, dossier.step_officer, dossier.step_unit),
    ):
        people = organisation.people_named(officer) or organisation.people_named(unit)
        if len(people) == 1:
            return _Found(people[0], ground, unknown)
        if people:
            assigned = organisation.staff.get(dossier.assigned_officer or "")
            return _Found(assigned, Ground.ASSIGNED if assigned else Ground.HOMONYMS, unknown, people)
        if officer and organisation.division_named(officer) is None:
            unknown = (*unknown, officer)
    for ground, named in (
        (Ground.ASSIGNED, dossier.assigned_officer),
        (Ground.PROCEDURE, procedure.officer if procedure else None),
    ):
        if named and named in organisation.staff:
            return _Found(organisation.staff[named], ground, unknown)
        if named:
            unknown = (*unknown, named)
    return _Found(None, Ground.HEAD, unknown)


def _find_division(
    dossier: Dossier, procedure: Procedure | None, found: _Found, organisation: Organisation
) -> Division | None:
    its_own = organisation.division_named(procedure.division) if procedure else None
    if its_own is not None:
        return its_own
    for unit in (dossier.handling_unit, dossier.handling_officer, dossier.step_unit, dossier.step_officer):
        named = organisation.division_named(unit)
        if named is not None:
            return named
    homes = {one.division for one in ((found.officer,) if found.officer else found.homonyms)}
    return organisation.divisions.get(homes.pop()) if len(homes) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """A time in which the same officer and division held a dossier; it lasts until the next one begins."""

    officer: str | None  # ids of staff
    head: str | None
    division: str | None
    ground: Ground | None
    began_at: datetime
    known_at: datetime  # when the monitor learned of it
    inferred: bool  # seen only as a change between two files, so began some time before

    @property
    def holder(self) -> str | None:
        """Whoever answered for it: the officer, else the head."""
        return self.officer or self.head


class Handover(NamedTuple):
    """A dossier passed from one holder to another, when the later tenure began."""

    giver: Tenure
    taker: Tenure


# What of an event may change who holds a dossier.
_NAMED = ("handling_officer", "handling_unit", "step_officer", "step_unit")


def tenures_of(events: Iterable[Event], procedure: Procedure | None, organisation: Organisation) -> tuple[Tenure, ...]:
    """Who held a dossier one after the other, as its events tell it, oldest first.

    A hand-over that only two successive files show is dated by the file that showed it, and marked as inferred.
    """
    tenures: list[Tenure] = []
    written: dict[str, Fact] = {}
    for event in events:
        said = _said_of_holders(event)
        if not said and tenures:
            continue
        written |= said
        last = tenures[-1] if tenures else None
        now = _tenure(event, written, procedure, organisation, last)
        if last is None or (last.officer, last.division) != (now.officer, now.division):
            tenures.append(now)
    return tuple(tenures)


def _said_of_holders(event: Event) -> dict[str, Fact]:
    if event.kind is EventKind.ASSIGNED:
        return {"assigned_officer": event.facts.get("officer")}
    return {name: event.facts[name] for name in _NAMED if name in event.facts}


def _tenure(
    event: Event,
    written: dict[str, Fact],
    procedure: Procedure | None,
    organisation: Organisation,
    last: Tenure | None,
) -> Tenure:
    names = {name: str(value) for name, value in written.items() if value}
    holders = holders_of(Dossier(code="", **names), procedure, organisation)  # type: ignore[arg-type]  # names only
    happened_at = event.happened_at.at if event.happened_at else event.recorded_at
    return Tenure(
        officer=holders.officer,
        head=holders.head,
        division=holders.division,
        ground=holders.ground,
        began_at=max(happened_at, last.began_at) if last else happened_at,
        known_at=event.recorded_at,
        inferred=last is not None and event.happened_at is None and event.import_id is not None,
    )


def handovers_of(tenures: Sequence[Tenure]) -> tuple[Handover, ...]:
    """Every time at which a dossier passed to somebody else: from whom, to whom, when."""
    passed = (Handover(giver, taker) for giver, taker in pairwise(tenures))
    return tuple(one for one in passed if one.giver.holder != one.taker.holder)


def newly_received(person: str, tenures: Sequence[Tenure], *, since: datetime) -> Handover | None:
    """The hand-over by which a person has come to hold a dossier, when it became known after `since` ("nhận bàn giao").

    None when somebody else holds it now, or the person has held it from the beginning.
    """
    handovers = handovers_of(tenures)
    if not handovers or tenures[-1].holder != person:
        return None
    last = handovers[-1]
    return last if last.taker.known_at > since else None


@dataclass(frozen=True, slots=True)
class Share:
    """How many working days of a dossier's time a holder used."""

    holder: str | None  # the id of the officer, else of the head; None: nobody was known
    division: str | None
    working_days: int
    inferred: bool  # its beginning or its end is only inferred, so no ground of a breach


def shares_of(
    tenures: Sequence[Tenure], calendar: WorkingCalendar, *, since_on: date, until_on: date
) -> tuple[Share, ...]:
    """The working days in (since, until], each counted for whoever held the dossier, in the order of the tenures.

    Like the day of receipt, the day of a hand-over counts for whom it begins with: for the giver. Whoever held it
    first answers for the time from `since_on` on; a time in which the applicant was waited for is left out by asking
    for the spans around it. The days of all shares together are the working days of the span.
    """
    if not tenures:
        return ()
    passed_on = (one.began_at.astimezone(calendar.zone).date() for one in tenures[1:])
    began = [since_on, *(min(max(on, since_on), until_on) for on in passed_on), until_on]
    ends_inferred = [*(one.inferred for one in tenures[1:]), False]
    return tuple(
        Share(one.holder, one.division, calendar.working_days_between(start, end), one.inferred or end_inferred)
        for one, (start, end), end_inferred in zip(tenures, pairwise(began), ends_inferred, strict=True)
        if end > start
    )
