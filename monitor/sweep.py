"""One pass of the trip: every dossier whose moment has come is looked at, and what follows is recorded."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from monitor.absence import NOBODY_AWAY, Away
from monitor.deadline import Deadline, Options, compute_deadline
from monitor.dossier import Dossier
from monitor.garbage import no_cycle_collector
from monitor.handling import Holders, holders_of
from monitor.letter import missed_date
from monitor.notice import decide_notice
from monitor.rules import RuleBook
from monitor.situation import dossier_in, situation_of
from monitor.status import Assessment, Flag, Status, assess, quality_flags
from monitor.store import Decision, Store, ToLook
from monitor.time_limit import NO_LIMIT, Evidence, LimitNotUnderstood, Procedure, TimeLimit, parse_limit
from monitor.working_time import CalendarRangeError

log = logging.getLogger(__name__)
PARKED_FOR = timedelta(hours=1)


@dataclass(slots=True)
class SweepReport:
    """What one pass did."""

    looked_at: int = 0
    written: int = 0
    conflicts: int = 0  # changed by somebody else meanwhile; looked at again in the next pass
    notices: int = 0
    parked: list[str] = field(default_factory=list)  # codes
    statuses: Counter[str] = field(default_factory=Counter)


@no_cycle_collector()
def sweep(store: Store, rules: RuleBook, *, now: datetime) -> SweepReport:
    """Look at every dossier whose moment has come, and record what must be said about it."""
    report, shared, away = SweepReport(), Shared(), store.absences(from_at=now).away_at(now)
    for batch in store.due_batches(now):  # until none is left
        decided = list(_decided(batch, rules, store, report, shared, away=away, now=now))
        recorded = store.record(decided, now=now)  # state, notices and proposed letters in one short transaction
        report.looked_at += len(batch)
        report.written += recorded.written
        report.conflicts += recorded.conflicts
        report.notices += recorded.notices
        report.statuses.update(one.status for one in decided)
    return report


class Shared(dict[tuple[str, str, datetime], tuple[Deadline, Assessment, datetime | None]]):
    """What follows at one moment from a situation, its rules and how fresh its data are, computed once a pass.

    What falls due in one night was mostly received on the same few days.
    """


def _decided(
    batch: Iterable[ToLook],
    rules: RuleBook,
    store: Store,
    report: SweepReport,
    shared: Shared,
    *,
    away: Away,
    now: datetime,
) -> Iterable[Decision]:
    """The decisions of a batch; a dossier that cannot be decided is parked and shown as unknown, the others go on."""
    for one in batch:
        try:
            yield decide(one, rules, now=now, shared=shared, away=away)
        except Exception as error:
            log.exception("dossier parked", extra={"action": "park", "dossier": one.code})
            reason = f"{type(error).__name__}: {error}"
            if store.park(one.id, one.revision, reason, until=now + PARKED_FOR, now=now):
                report.parked.append(one.code)
            else:
                report.conflicts += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Everything that the monitor makes of a dossier at a moment."""

    procedure: Procedure | None
    limit: TimeLimit
    situation: str
    rules_version: str
    deadline: Deadline
    assessment: Assessment
    next_look_at: datetime | None  # strictly later than now; None: only new data can change it
    holders: Holders


def look(
    dossier: Dossier, rules: RuleBook, *, now: datetime, data_as_of: datetime, shared: Shared | None = None
) -> Looked:
    """Where a dossier stands at `now`, by when it is due, and who answers for it.

    What is found in `shared` is not computed again, and what is new is added to it; all of it is for the same `now`.
    """
    procedure = procedure_of(dossier, rules, now=now)
    limit = limit_of(dossier, procedure)
    situation = situation_of(dossier, limit, rules.day_end)
    key = (situation, version := rules.deadline_version(procedure), data_as_of)
    found = shared.get(key) if shared is not None else None
    if found is None:
        deadline = compute_deadline(dossier, limit, rules.calendar, options_of(rules))
        clock = rules.calendar.clock
        assessment = assess(dossier, deadline, clock, rules.ladder, now=now, data_as_of=data_as_of)
        found = deadline, assessment, _next_look(assessment, rules, now=now)
        if shared is not None:
            shared[key] = found
    deadline, assessment, next_look_at = found
    return Looked(
        procedure=procedure,
        limit=limit,
        situation=situation,
        rules_version=version,
        deadline=deadline,
        assessment=assessment,
        next_look_at=next_look_at,
        holders=holders_of(dossier, procedure, rules.organisation),
    )


def procedure_of(dossier: Dossier, rules: RuleBook, *, now: datetime) -> Procedure | None:
    """The row of the catalogue that holds for a dossier, by the date of its receipt (practice B15).

    A row that also applies to running dossiers catches those that were unfinished when it came into force.
    """
    if dossier.received is None:
        return None
    ended = dossier.finished or dossier.refused or dossier.withdrawn
    return rules.procedure_for(
        dossier.procedure_code,
        dossier.procedure_name,
        dossier.case,
        dossier.channel,
        dossier.received.on,
        running_on=ended.on if ended else _local_day(rules, now),
    ).procedure


def options_of(rules: RuleBook) -> Options:
    """The office's settings of the count, as the rules give them."""
    return Options(day_end=rules.day_end, hours_confirmed=rules.hours_confirmed)


def limit_of(dossier: Dossier, procedure: Procedure | None) -> TimeLimit:
    """The catalogue's limit; without one, what the source itself states, unverified; never a guess."""
    if procedure is not None and procedure.limit.is_known:
        return procedure.limit
    try:
        stated = parse_limit(dossier.stated_limit) if dossier.stated_limit else NO_LIMIT
    except LimitNotUnderstood:
        stated = NO_LIMIT
    if stated.is_known:
        return replace(stated, basis="theo cột thời hạn của nguồn", evidence=Evidence.UNVERIFIED)
    return procedure.limit if procedure else NO_LIMIT


def decide(
    one: ToLook, rules: RuleBook, *, now: datetime, shared: Shared | None = None, away: Away = NOBODY_AWAY
) -> Decision:
    """What follows for a dossier at `now`: its state, its notices, a letter proposed, and when to look again."""
    looked = look(one.dossier, rules, now=now, data_as_of=one.data_as_of, shared=shared)
    deadline, assessment = looked.deadline, looked.assessment
    clock = rules.calendar.clock
    flags = flags_of(one.dossier, looked, rules, now=now)
    told = decide_notice(
        assessment, deadline, looked.holders, one.told, rules.ladder, rules.organisation, clock, away=away, now=now
    )
    is_ours_to_tell = Flag.BACKLOG not in flags  # nothing is sent or drafted before it is taken up (practice A9)
    return Decision(
        id=one.id,
        revision=one.revision,
        life=one.dossier.life,
        procedure_code=looked.procedure.code if looked.procedure else one.dossier.procedure_code,
        division=looked.holders.division,
        officer=looked.holders.officer,
        ground=looked.holders.ground,
        status=assessment.status,
        flags=flags,
        law_due_on=deadline.law_due_on,
        first_promised_on=deadline.first_promised_on,
        promised_on=deadline.promised_on,
        due_on=deadline.due_on,
        due_at=deadline.due_at,
        apology_by_on=deadline.apology_by_on,
        situation=looked.situation,
        rules_version=looked.rules_version,
        next_look_at=looked.next_look_at,
        notices=told.notices if is_ours_to_tell else (),
        notice_reason=looked.holders.ground.value if looked.holders.ground else "",
        propose_letter_for=missed_date(deadline) if is_ours_to_tell and assessment.status is Status.OVERDUE else None,
    )


def flags_of(dossier: Dossier, looked: Looked, rules: RuleBook, *, now: datetime) -> frozenset[Flag]:
    """Every flag of a dossier: of its status, of its data, and whether it was late before it was watched."""
    flags = looked.assessment.flags | quality_flags(dossier, looked.deadline, rules.calendar.clock, now=now)
    return flags | {Flag.BACKLOG} if rules.go_live.is_backlog(dossier, looked.deadline, now=now) else flags


def _next_look(assessment: Assessment, rules: RuleBook, *, now: datetime) -> datetime | None:
    """The next change of status, or of the rules; while overdue also every working day, to repeat the step."""
    moments = [assessment.next_change_at]
    if assessment.status.is_open:
        moments.append(_next_rule(rules, now))
    if assessment.status is Status.OVERDUE:
        moments.append(_next_working_day(rules, now))
    return min((moment for moment in moments if moment is not None), default=None)


def _next_rule(rules: RuleBook, now: datetime) -> datetime | None:
    """When the next row that also applies to running dossiers comes into force."""
    today = _local_day(rules, now)
    return next((_midnight(rules, on) for on in rules.running_from if on > today), None)


def _next_working_day(rules: RuleBook, now: datetime) -> datetime | None:
    try:
        return _midnight(rules, rules.calendar.clock.add_working_days(_local_day(rules, now), 1))
    except CalendarRangeError:
        return None


def _local_day(rules: RuleBook, now: datetime) -> date:
    return now.astimezone(rules.calendar.clock.zone).date()


def _midnight(rules: RuleBook, on: date) -> datetime:
    return datetime.combine(on, time(), rules.calendar.clock.zone)


_Result = tuple[str, str | None]  # status and due date, as the store writes them


def recompute(store: Store, rules: RuleBook, *, now: datetime) -> int:
    """Compute every open dossier anew and wake each whose stored result differs; answers how many.

    Done at start, after a clock jump and nightly. Equal situations are computed once; a row whose rules are gone is
    woken without a comparison.
    """
    procedures: dict[str, Procedure | None] = {rules.deadline_version(one): one for one in rules.procedures}
    procedures[rules.deadline_version(None)] = None
    known: dict[tuple[str, str, int], _Result | None] = {}
    woken = 0
    for rows in store.situations():
        differing = []
        for id_, _, situation, data_as_of, status, due_on, _, version in rows:
            if situation is None or version is None:
                continue  # not looked at yet, or parked: its own moment comes
            key = (situation, version, data_as_of)
            if key not in known:
                known[key] = _computed(key, procedures, rules, now=now)
            if known[key] != (status, due_on):
                differing.append(id_)
        woken += store.wake(differing, now=now) if differing else 0
    return woken


def _computed(
    key: tuple[str, str, int], procedures: Mapping[str, Procedure | None], rules: RuleBook, *, now: datetime
) -> _Result | None:
    """What follows from a situation; None when its rules are gone or it cannot be computed: the sweep then says why."""
    situation, version, data_as_of = key
    if version not in procedures:
        return None
    try:
        dossier = dossier_in(situation)
        limit = limit_of(dossier, procedures[version])
        deadline = compute_deadline(dossier, limit, rules.calendar, options_of(rules))
        as_of = datetime.fromtimestamp(data_as_of, UTC)
        assessed = assess(dossier, deadline, rules.calendar.clock, rules.ladder, now=now, data_as_of=as_of)
    except Exception:
        log.exception("situation not computed", extra={"action": "recompute"})
        return None
    return (assessed.status, deadline.due_on.isoformat() if deadline.due_on else None)
