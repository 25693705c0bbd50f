"""Who handles a dossier, and who is away: what heads and Văn phòng Sở enter themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from monitor.absence import Absence, Absences
from monitor.desk.letters import loaded
from monitor.dossier import Dossier, Event, EventKind
from monitor.errors import MonitorError
from monitor.handling import Ground, Holders, holders_of
from monitor.history import fold
from monitor.notice import STEP_OF_STATUS
from monitor.organisation import Organisation, Staff
from monitor.rules import RuleBook
from monitor.store import Filter, Store
from monitor.sweep import procedure_of


class NoSuchStaff(MonitorError):
    """An id that the table of staff does not have."""

    def __init__(self, id_: str) -> None:
        super().__init__(f"{id_!r} is nobody: write an id that rules/staff.csv has, in the rules that are in force")


class ActRefused(MonitorError):
    """What somebody may not enter, or not like this."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """What came of an assignment: who handles the dossier now, and whether anything was written."""

    holders: Holders
    is_new: bool

    def counts_for(self, officer: str | None) -> bool:
        """Whether the assignment decides; the source's officer and the step log's come before it (practice A5)."""
        return self.holders.ground is Ground.ASSIGNED and self.holders.officer == officer


def assign(
    store: Store, rules: RuleBook, code: str, officer: str | None, *, by: str, reason: str = "", now: datetime
) -> Assigned:
    """The head says who handles a dossier; with `officer` None, that an earlier assignment no longer holds.

    The head of its division may, whoever stands in for an absent head, and the deputy in charge; without a division
    Văn phòng Sở. The same assignment once more writes nothing. Raises NoSuchDossier, NoSuchStaff, ActRefused.
    """
    dossier, organisation = loaded(store, code).dossier(), rules.organisation
    before = _holders(dossier, rules, now=now)
    _refuse_assigning(code, _staff(organisation, by), before, store, organisation, now=now)
    if officer is not None:
        _staff(organisation, officer)
    if dossier.assigned_officer == officer:
        return Assigned(before, is_new=False)
    said = Event(
        kind=EventKind.ASSIGNED,
        happened_at=None,
        recorded_at=now,
        source=by,
        facts={"officer": officer} | ({"reason": reason} if reason else {}),
    )
    store.append_events(code, [said], now=now)
    return Assigned(_holders(loaded(store, code).dossier(), rules, now=now), is_new=True)


def _holders(dossier: Dossier, rules: RuleBook, *, now: datetime) -> Holders:
    return holders_of(dossier, procedure_of(dossier, rules, now=now), rules.organisation)


def _refuse_assigning(
    code: str, by: Staff, holders: Holders, store: Store, organisation: Organisation, *, now: datetime
) -> None:
    if holders.division is None:
        if not organisation.is_office(by):
            raise ActRefused(f"{code}: no division answers for it, so only Văn phòng Sở may assign it")
        return
    head = holders.head or ""
    if by.id not in {head, holders.deputy, store.absences(from_at=now).substitute_for(head, now)}:
        raise ActRefused(
            f"{code} belongs to division {holders.division}: only its head {head}, the deputy in charge "
            f"{holders.deputy}, or whoever stands in for the absent head may assign it, not {by.id}"
        )


@dataclass(frozen=True, slots=True)
class Unassigned:
    """An open dossier that no officer is known for."""

    code: str
    holders: Holders


def waiting_for_officer(store: Store, rules: RuleBook, *, now: datetime) -> Iterator[Unassigned]:
    """The open dossiers of which the head has to say who handles them: no name, an unknown one, or homonyms."""
    without = [row.code for row in store.list_dossiers(Filter(is_open=True)) if row.officer is None]
    for row, events in store.with_events(Filter(codes=without)) if without else ():
        holders = _holders(fold(row.code, events), rules, now=now)
        if holders.officer is None:
            yield Unassigned(row.code, holders)


@dataclass(frozen=True, slots=True)
class Entered:
    """An absence that was written down, and from when on its time has no substitute who is there."""

    absence: Absence
    nobody_from: datetime | None


def enter_absence(
    store: Store,
    rules: RuleBook,
    *,
    person: str,
    begins_at: datetime,
    ends_at: datetime | None,
    substitute: str | None,
    by: str,
    now: datetime,
) -> Entered:
    """Somebody is away from a half day on, also one that has gone by; whoever is there now is told what is due.

    Entered by the head of the person's division or Văn phòng Sở. Raises NoSuchStaff, ActRefused, and
    AbsenceEnteredAlready for a time that overlaps with an earlier entry for the same person.
    """
    organisation = rules.organisation
    _refuse_entering(_staff(organisation, by), _staff(organisation, person), organisation)
    if ends_at is not None and ends_at <= begins_at:
        raise ActRefused(f"the absence ends at {ends_at:%Y-%m-%d %H:%M}, before it begins: correct --from or --to")
    if substitute is not None and _staff(organisation, substitute).id == person:
        raise ActRefused(f"{person} cannot stand in for {person}: name somebody else, or nobody")
    wanted = Absence(
        number=0,
        person=person,
        substitute=substitute,
        begins_at=begins_at,
        ends_at=ends_at,
        entered_by=by,
        entered_at=now,
    )
    entered = store.enter_absence(wanted, now=now)
    _look_again(store, now=now)
    return Entered(entered, _nobody_from(entered, store.absences(from_at=begins_at)))


def withdraw_absence(store: Store, rules: RuleBook, number: int, *, by: str, now: datetime) -> bool:
    """From now on the absence no longer holds, because the person is back or it was entered wrongly.

    False when it was withdrawn before. Raises UnknownAbsence, NoSuchStaff, ActRefused.
    """
    organisation = rules.organisation
    absent = store.absence(number).person
    person = organisation.staff.get(absent)
    speaker = _staff(organisation, by)
    if person is None and not organisation.is_office(speaker):
        raise ActRefused(f"{absent} is no longer in rules/staff.csv: only Văn phòng Sở may withdraw number {number}")
    if person is not None:
        _refuse_entering(speaker, person, organisation)
    is_done = store.withdraw_absence(number, by=by, now=now)
    if is_done:
        _look_again(store, now=now)
    return is_done


def _refuse_entering(by: Staff, person: Staff, organisation: Organisation) -> None:
    if not organisation.may_speak_for(by, person):
        head = organisation.head_of(person)
        raise ActRefused(
            f"{by.id} may not enter an absence of {person.id}: "
            f"{f'the head of the division, {head}, or ' if head else 'only '}Văn phòng Sở may"
        )


def _staff(organisation: Organisation, id_: str) -> Staff:
    person = organisation.staff.get(id_)
    if person is None:
        raise NoSuchStaff(id_)
    return person


def _look_again(store: Store, *, now: datetime) -> None:
    """Whatever is in a step is decided anew, so that those who stand in hear of it in the next pass."""
    in_a_step = store.list_dossiers(Filter(is_open=True, statuses=tuple(STEP_OF_STATUS)))
    store.wake([row.id for row in in_a_step], now=now)


def _nobody_from(entered: Absence, absences: Absences) -> datetime | None:
    """The first moment of an absence at which the substitute that was named leads to nobody who is there."""
    if entered.substitute is None:
        return None
    begins = sorted({entered.begins_at, *(one.begins_at for one in absences.met_by(entered))})
    held = (at for at in begins if entered.holds_at(at))
    return next((at for at in held if absences.substitute_for(entered.person, at) is None), None)
