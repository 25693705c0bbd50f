"""From a dossier, its time limit and the official calendar to the deadline, with its trace and its legal basis."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from monitor.dossier import Appointment, Dossier, Moment, Pause, SourceStatus, Supplement
from monitor.promise import NO_PROMISE, Promise, appointments_after, promise_of
from monitor.time_limit import DayEnd, LimitEnd, TimeLimit, Unit, end_of_day, limit_end
from monitor.trace import CountedDay, DayKind, count_days
from monitor.working_time import CalendarRangeError, OfficialCalendar, WorkingCalendar

TOO_FAR = 3  # an appointment beyond this many times the limit is a slip of the pen (practice B12)


class DeadlineNote(StrEnum):
    """What a reader of a deadline should know about how it came about."""

    LIMIT_UNKNOWN = "limit_unknown"  # chưa đối chiếu được với quy định
    LIMIT_UNVERIFIED = "limit_unverified"
    BEYOND_CALENDAR = "beyond_calendar"  # no official calendar reaches there
    HOURS_UNCONFIRMED = "hours_unconfirmed"
    RECEIPT_WITHOUT_TIME = "receipt_without_time"  # an hour limit counted from the opening of that day
    APPOINTMENT_UNUSABLE = "appointment_unusable"  # before receipt, or far beyond the limit: the slip wants correcting
    APPOINTMENT_UNEXPLAINED = "appointment_unexplained"  # changed, and nobody has said why
    APPOINTMENT_AFTER_LAW = "appointment_after_law"
    AWAITING_NEW_APPOINTMENT = "awaiting_new_appointment"  # letter issued, the desk has not moved the date yet
    REAPPOINTED = "reappointed"
    RESTARTED = "restarted"  # counted again from zero after a supplement
    REPEATED_SUPPLEMENT = "repeated_supplement"  # a second request: no date moves
    LATE_SUPPLEMENT = "late_supplement"  # asked after the due date: no date moves
    SUPPLEMENT_INFERRED = "supplement_inferred"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of an office that change how a deadline is counted."""

    day_end: DayEnd = DayEnd.CLOSING_TIME
    hours_confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """By when a dossier is due, and why."""

    start: Moment | None = None  # day zero of the count in force: receipt, or the arrival of the supplement
    law_due_on: date | None = None  # computed from receipt, limit and calendar
    law_due_at: datetime | None = None
    first_promised_on: date | None = None  # appointment on the slip, kept for good
    first_promised_at: datetime | None = None
    promised_on: date | None = None  # appointment in force
    due_on: date | None = None  # what everything runs by: the earlier of promise and law
    due_at: datetime | None = None
    apology_by_on: date | None = None  # last lawful day for the apology
    by_instant: bool = False  # lateness is decided by the instants, not by the dates
    provisional: bool = False  # crosses a day or a year that no official notice has confirmed
    waiting: bool = False  # the clock stands: a lawful supplement request or a pause is open
    waiting_since: Moment | None = None
    limit_working_days: int = 0  # the length of the count, for steps that scale with it
    unit: Unit | None = None
    notes: frozenset[DeadlineNote] = frozenset()
    trace: tuple[CountedDay, ...] = ()  # why, day by day


@dataclass(frozen=True, slots=True)
class _Case:
    """All that a deadline is computed from."""

    dossier: Dossier
    limit: TimeLimit
    calendar: OfficialCalendar
    options: Options

    @property
    def clock(self) -> WorkingCalendar:
        return self.calendar.clock

    def day_end(self, on: date, start: Moment) -> LimitEnd:
        """The end of a day for a count that began at `start`."""
        return LimitEnd(on, end_of_day(on, start, self.clock, self.options.day_end), on)


@dataclass(frozen=True, slots=True)
class _Run:
    """The count in force: since the receipt, or since the last supplement that restarted it."""

    start: Moment
    appointments: tuple[Appointment, ...]
    notes: frozenset[DeadlineNote] = frozenset()
    waiting: bool = False  # for the papers of a supplement
    waiting_since: Moment | None = None


@dataclass(frozen=True, slots=True)
class _Law:
    """What the limit says of the count in force; `end` None where it is unknown or no official calendar reaches."""

    end: LimitEnd | None = None
    pauses: tuple[Pause, ...] = ()  # those that stopped the clock, oldest first; only the last one can be open

    @property
    def open_pause(self) -> Pause | None:
        return self.pauses[-1] if self.pauses and self.pauses[-1].ended is None else None


def apology_by(due_on: date, received_on: date, calendar: WorkingCalendar) -> date | None:
    """Last day on which the apology for a late result may be issued.

    The last working day before `due_on`; None when that is before the day of receipt, since then no such day exists.
    Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.6 ("chậm nhất 01 ngày trước ngày hết hạn"); the reading as a
    working day is ours, see docs/legislation.md.
    """
    last_day = calendar.add_working_days(due_on, -1)
    return last_day if last_day >= received_on else None


def compute_deadline(
    dossier: Dossier, limit: TimeLimit, calendar: OfficialCalendar, options: Options | None = None
) -> Deadline:
    """The deadline of a dossier under a limit.

    Neither received nor promised, it has none; beyond the calendar it has none either, and a note says so. A receipt
    that nobody dated leaves the promise alone to be watched (practice B11).
    Legal basis: Nghị định 118/2025/NĐ-CP, Điều 17.3 (start), 19.5 (supplement), 19.6 (re-appointment); Bộ luật Dân sự
    2015, Điều 145 to 148.
    """
    case = _Case(dossier, limit, calendar, options or Options())
    try:
        if dossier.received is not None:
            return _deadline_of(_run_in_force(dossier.received, case), case)
        if dossier.appointments and dossier.source_status is not SourceStatus.REGISTERED:
            return _deadline_by_promise(case)
        return Deadline(unit=limit.unit)
    except CalendarRangeError:
        return _beyond_calendar(case)


def _beyond_calendar(case: _Case) -> Deadline:
    """What can still be said where no official calendar reaches: the first promise, as it was made."""
    promises = case.dossier.appointments
    return Deadline(
        start=case.dossier.received,
        first_promised_on=promises[0].at.on if promises else None,
        unit=case.limit.unit,
        provisional=True,
        notes=frozenset({DeadlineNote.BEYOND_CALENDAR}),
    )


def _deadline_by_promise(case: _Case) -> Deadline:
    promise = promise_of(case.dossier.appointments, case.dossier.issued_new_date_on)
    first, due = (case.day_end((moment or _UNDATED).on, _UNDATED) for moment in (promise.first, promise.in_force))
    day_before = case.clock.add_working_days(due.on, -1)
    return Deadline(
        first_promised_on=first.on,
        first_promised_at=first.at,
        promised_on=due.on,
        due_on=due.on,
        due_at=due.at,
        apology_by_on=day_before,
        provisional=case.calendar.is_provisional(day_before, due.on),
        unit=case.limit.unit,
        notes=_promise_notes(promise) | {DeadlineNote.LIMIT_UNKNOWN},
    )


_UNDATED = Moment(datetime(1970, 1, 1, tzinfo=UTC), has_time=False)


def _run_in_force(received: Moment, case: _Case) -> _Run:
    """The count after every supplement that restarts it.

    Only the first request, made on or before the due date, restarts the limit from zero; a later or repeated one
    changes no date unless the procedure's own rule says so. Papers that had come before receipt are part of it.
    Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.5; practice B16.
    """
    run, asked_before = _Run(received, case.dossier.appointments), False
    for supplement in case.dossier.supplements:
        if supplement.answered is not None and supplement.answered.on < received.on:
            continue
        if supplement.inferred:
            run = replace(run, notes=run.notes | {DeadlineNote.SUPPLEMENT_INFERRED})
        if asked_before and not case.limit.supplement.restarts_on_repeat:
            return replace(run, notes=run.notes | {DeadlineNote.REPEATED_SUPPLEMENT})
        run, asked_before = _run_after(supplement, run, case), True
        if run.waiting:
            break
    return run


def _run_after(supplement: Supplement, run: _Run, case: _Case) -> _Run:
    if not _asked_in_time(supplement, run, case):
        return replace(run, notes=run.notes | {DeadlineNote.LATE_SUPPLEMENT})
    if supplement.is_open:
        return replace(run, waiting=True, waiting_since=supplement.asked)
    # The source's appointment decides even unchanged where the law does not: an inferred arrival, an unknown limit.
    kept = supplement.inferred or not case.limit.is_known
    appointments = appointments_after(supplement, run.appointments, kept=kept)
    return _Run(_arrival_of(supplement, case), appointments, run.notes | {DeadlineNote.RESTARTED})


def _arrival_of(supplement: Supplement, case: _Case) -> Moment:
    """Day zero of the new count; papers whose arrival nobody dated came when the monitor learned of it."""
    if supplement.answered is not None:
        return supplement.answered
    assert supplement.answer_seen_at is not None, "a request is open, or its answer is dated or seen"
    return Moment(supplement.answer_seen_at.astimezone(case.clock.zone))


def _asked_in_time(supplement: Supplement, run: _Run, case: _Case) -> bool:
    """Whether the request was made on or before the day that was due when it was made."""
    if supplement.asked is None:
        return True
    seen_at = supplement.answer_seen_at
    known = tuple(one for one in run.appointments if seen_at is None or one.seen_at < seen_at)
    before = replace(run, appointments=known or run.appointments[:1])
    promise = _promise(before, case)
    due = _due(promise, _law(before, promise, case), before, case)
    return due is None or supplement.asked.on <= due.on


def _law(run: _Run, promise: Promise, case: _Case) -> _Law:
    """The end of the limit, moved by every pause with a ground that the procedure allows.

    Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.5 ("trừ trường hợp pháp luật chuyên ngành có quy định khác").
    """
    law = _Law()
    try:
        if case.limit.is_known:
            law = _Law(limit_end(case.limit, run.start, case.clock, case.options.day_end))
        for pause in case.dossier.pauses:
            if _stops_the_clock(pause, law, run, promise, case):
                law = _Law(_moved(law.end, pause, run.start, case), (*law.pauses, pause))
    except CalendarRangeError:
        return _Law(None, law.pauses)
    return law


def _stops_the_clock(pause: Pause, law: _Law, run: _Run, promise: Promise, case: _Case) -> bool:
    """A pause within the count, on a ground of the procedure's; begun after the due date, it undoes no lateness."""
    if pause.ground not in case.limit.pause_grounds or pause.began.on < run.start.on:
        return False
    if pause.ended is not None and pause.ended.at < pause.began.at:
        return False
    due = _due(promise, law, run, case)
    if due is not None and case.limit.counts_minutes and pause.began.has_time:
        return pause.began.at <= due.at
    return due is None or pause.began.on <= due.on


def _moved(end: LimitEnd | None, pause: Pause, start: Moment, case: _Case) -> LimitEnd | None:
    """The end later by the time waited, in the limit's own unit; the day of the pause counts, the day of return not."""
    began, ended, clock = pause.began, pause.ended, case.clock
    if end is None or ended is None:
        return end
    if case.limit.counts_minutes:
        at = clock.add_working_minutes(end.at, clock.working_minutes_between(began.at, ended.at))
        return LimitEnd(at.date(), at, at.date())
    if case.limit.unit in (Unit.CALENDAR_DAY, Unit.MONTH):
        unrolled = max(end.unrolled_on, began.on) + (ended.on - began.on)
        return replace(case.day_end(clock.add_working_days(unrolled, 0), start), unrolled_on=unrolled)
    waited = clock.working_days_between(began.on, ended.on)
    used_up = clock.add_working_days(max(end.unrolled_on, began.on), waited)
    on = max(used_up, clock.add_working_days(ended.on, 0))  # never before the return
    return replace(case.day_end(on, start), unrolled_on=used_up)


def _promise(run: _Run, case: _Case) -> Promise:
    """What was promised in the count in force.

    An appointment before its start or far beyond the limit is a slip of the pen and not used (practice B12), unless a
    letter or a person stands behind it.
    """
    letter_on, latest_on = case.dossier.issued_new_date_on, _latest_usable_on(run, case)
    usable = tuple(
        one
        for one in run.appointments
        if run.start.on <= one.at.on and (one.at.on <= latest_on or one.cause is not None or one.at.on == letter_on)
    )
    return replace(promise_of(usable, letter_on), is_unusable=usable[-1:] != run.appointments[-1:])


def _latest_usable_on(run: _Run, case: _Case) -> date:
    """Three times the limit after the start, as far as the calendar goes."""
    limit = case.limit
    if not limit.is_known:
        return date.max
    if limit.unit is Unit.SAME_DAY:
        limit = replace(limit, unit=Unit.WORKING_DAY, amount=1)
    tripled = replace(limit, amount=(limit.amount or 0) * TOO_FAR)
    end = _law(run, NO_PROMISE, replace(case, limit=tripled)).end
    return end.on if end is not None else case.clock.last


def _due(promise: Promise, law: _Law, run: _Run, case: _Case) -> LimitEnd | None:
    """The earlier of promise and law, where the law is known well enough; a promise that stands alone has no law."""
    ends = []
    if promise.in_force is not None:
        ends.append(_promise_end(promise.in_force, run, case))
    if law.end is not None and (not ends or (case.limit.binds and not promise.stands_alone)):
        ends.append(law.end)
    return min(ends, key=lambda end: (end.on, end.at), default=None)


def _promise_end(promised: Moment, run: _Run, case: _Case) -> LimitEnd:
    """A promise ends with its day; under limits in hours and half days, at its hour."""
    if case.limit.counts_minutes and promised.has_time:
        return LimitEnd(promised.on, promised.at, promised.on)
    return case.day_end(promised.on, run.start)


def _deadline_of(run: _Run, case: _Case) -> Deadline:
    promise = _promise(run, case)
    law = _law(run, promise, case)
    pause = law.open_pause
    found = Deadline(
        start=run.start,
        first_promised_on=promise.first.on if promise.first else None,
        first_promised_at=_promise_end(promise.first, run, case).at if promise.first else None,
        promised_on=promise.in_force.on if promise.in_force else None,
        waiting=run.waiting or pause is not None,
        waiting_since=run.waiting_since or (pause.began if pause else None),
        unit=case.limit.unit,
        by_instant=case.limit.counts_minutes,
        notes=run.notes | _promise_notes(promise) | _limit_notes(run, law, case),
    )
    if found.waiting:
        return found
    due = _due(promise, law, run, case)
    return _with_due(_with_law(found, law, promise, run, case), due, run, case)


def _promise_notes(promise: Promise) -> frozenset[DeadlineNote]:
    holds = {
        DeadlineNote.APPOINTMENT_UNUSABLE: promise.is_unusable,
        DeadlineNote.APPOINTMENT_UNEXPLAINED: promise.is_unexplained,
        DeadlineNote.REAPPOINTED: promise.is_reappointed,
        DeadlineNote.RESTARTED: promise.is_restarted,
        DeadlineNote.AWAITING_NEW_APPOINTMENT: promise.awaits_desk,
    }
    return frozenset(note for note, is_so in holds.items() if is_so)


def _limit_notes(run: _Run, law: _Law, case: _Case) -> frozenset[DeadlineNote]:
    limit, notes = case.limit, set()
    if not limit.is_known:
        notes.add(DeadlineNote.LIMIT_UNKNOWN)
    elif law.end is None:
        notes.add(DeadlineNote.BEYOND_CALENDAR)
    if limit.is_known and not limit.binds:
        notes.add(DeadlineNote.LIMIT_UNVERIFIED)
    if limit.unit is Unit.WORKING_HOUR and not case.options.hours_confirmed:
        notes.add(DeadlineNote.HOURS_UNCONFIRMED)
    if limit.unit in (Unit.WORKING_HOUR, Unit.HALF_WORKING_DAY, Unit.SAME_DAY) and not run.start.has_time:
        notes.add(DeadlineNote.RECEIPT_WITHOUT_TIME)
    return frozenset(notes)


def _with_law(found: Deadline, law: _Law, promise: Promise, run: _Run, case: _Case) -> Deadline:
    if law.end is None or promise.is_restarted:
        return found
    exceeds = promise.in_force is not None and promise.in_force.on > law.end.on and not promise.stands_alone
    trace = count_days(case.limit, run.start.on, law.end, law.pauses, case.calendar)
    if DeadlineNote.RESTARTED in run.notes:
        trace = (replace(trace[0], kind=DayKind.SUPPLEMENT), *trace[1:])
    return replace(
        found,
        law_due_on=law.end.on,
        law_due_at=law.end.at,
        trace=trace,
        notes=found.notes | ({DeadlineNote.APPOINTMENT_AFTER_LAW} if exceeds else frozenset()),
    )


def _with_due(found: Deadline, due: LimitEnd | None, run: _Run, case: _Case) -> Deadline:
    if due is None:
        return found
    unconfirmed = DeadlineNote.HOURS_UNCONFIRMED in found.notes
    return replace(
        found,
        due_on=due.on,
        due_at=due.at,
        apology_by_on=apology_by(due.on, run.start.on, case.clock),
        provisional=unconfirmed or case.calendar.is_provisional(run.start.on, due.on),
        limit_working_days=_length(case.limit, run.start.on, due.on, case.clock),
    )


def _length(limit: TimeLimit, start_on: date, due_on: date, clock: WorkingCalendar) -> int:
    """The limit in working days, by which the steps of the ladder scale; what was promised when no limit is known."""
    if limit.unit is Unit.WORKING_DAY and limit.amount is not None:
        return limit.amount
    return max(clock.working_days_between(start_on, due_on), 0)
