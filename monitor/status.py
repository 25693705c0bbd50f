"""From a deadline and the time to the status of a dossier, and the next moment at which it will change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from monitor.deadline import Deadline, DeadlineNote
from monitor.dossier import Dossier, Moment, SourceStatus
from monitor.ladder import Ladder
from monitor.trace import ONE_DAY
from monitor.working_time import CalendarRangeError, WorkingCalendar


class Status(StrEnum):
    """Where a dossier stands. The open ones exclude each other and the first that fits wins."""

    OVERDUE = "overdue"  # quá hạn
    DUE_PASSED_UNCONFIRMED = "due_passed_unconfirmed"  # quá hạn theo số liệu cũ, chờ số liệu mới
    DUE_TODAY = "due_today"
    APOLOGY_DUE = "apology_due"  # the last day for an apology has come
    NEAR_DUE = "near_due"
    ON_TRACK = "on_track"
    NOT_STARTED = "not_started"  # submitted, not received
    WAITING = "waiting"  # for the applicant
    POSSIBLY_FINISHED = "possibly_finished"  # có thể đã xong
    FINISHED_EARLY = "finished_early"
    FINISHED_ON_TIME = "finished_on_time"
    FINISHED_LATE = "finished_late"
    CLOSED = "closed"  # refused or withdrawn
    UNKNOWN = "unknown"  # neither appointment nor limit, or beyond the calendar
    MISSING_FROM_SOURCE = "missing_from_source"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to finish it."""
        return self not in _ENDED


_ENDED = frozenset({Status.FINISHED_EARLY, Status.FINISHED_ON_TIME, Status.FINISHED_LATE, Status.CLOSED})


class Flag(StrEnum):
    """What else should be known of a dossier; each is a fact, never an accusation."""

    APOLOGY_MISSED = "apology_missed"  # the last day for it passed without one
    PROVISIONAL = "provisional"
    LATE_AGAINST_PROMISE = "late_against_promise"  # trễ hẹn
    LATE_AGAINST_LAW = "late_against_law"  # quá thời hạn theo quy định
    PAYMENT_ASKED = "payment_asked"  # chờ nghĩa vụ tài chính, vẫn tính thời hạn
    STOPPED_IN_SOURCE = "stopped_in_source"  # dừng xử lý, vẫn tính thời hạn
    FINISH_DATE_MISSING = "finish_date_missing"
    SUPPLEMENT_WITHOUT_RECORD = "supplement_without_record"
    APPOINTMENT_BEFORE_RECEIPT = "appointment_before_receipt"
    FINISH_BEFORE_RECEIPT = "finish_before_receipt"
    RECEIPT_IN_FUTURE = "receipt_in_future"
    CODE_DATE_FAR = "code_date_far_from_receipt"
    APPOINTMENT_ON_DAY_OFF = "appointment_on_day_off"
    RECEIVED_ON_DAY_OFF = "received_on_day_off"
    UNKNOWN_STATUS_WORD = "unknown_status_word"
    DATE_BLANKED = "date_blanked_in_source"
    CONFLICT = "conflict"  # a date told here and the source's own contradict each other
    DECLARED_FINISHED = "declared_finished"  # the officer says that it is done
    END_UNCONFIRMED = "end_unconfirmed"  # no longer in the list of open dossiers
    BACKLOG = "backlog"  # tồn đọng trước khi theo dõi


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Where a dossier stands at a moment."""

    status: Status
    flags: frozenset[Flag] = frozenset()
    working_days_left: int | None = None  # 0 on the due day, negative after it
    next_change_at: datetime | None = None  # strictly later than now; None: only new data can change it


def assess(
    dossier: Dossier,
    deadline: Deadline,
    calendar: WorkingCalendar,
    ladder: Ladder,
    *,
    now: datetime,
    data_as_of: datetime,
) -> Assessment:
    """Where a dossier stands at `now`, by data as of `data_as_of`.

    Day limits compare local dates, limits in hours compare instants; the finish of processing counts, not the day on
    which the applicant collects. After `due_at` a dossier is overdue only when data of after it still show it
    unfinished.
    Legal basis: Bộ luật Dân sự 2015, Điều 148.
    """
    provisional = frozenset({Flag.PROVISIONAL}) if deadline.provisional else frozenset()
    ended = _ended_status(dossier, deadline, calendar)
    if ended is not None:
        end = dossier.finished or dossier.refused or dossier.withdrawn
        return Assessment(status=ended, flags=provisional | _missed(end, deadline, calendar))
    flags = provisional | _source_flags(dossier, deadline)
    if deadline.due_on is None or deadline.due_at is None:
        return Assessment(status=_status_without_due(dossier, deadline), flags=flags)
    now = now.astimezone(calendar.zone)
    clock_status = _clock_status(deadline, calendar, ladder, now, data_as_of)
    status = _shown_status(clock_status, dossier)
    if status in (clock_status, Status.WAITING):  # the data show it unfinished
        flags |= _missed(Moment(now), deadline, calendar, data_as_of=data_as_of) | _apology_flags(
            dossier, deadline, now
        )
    return Assessment(
        status=status,
        flags=flags,
        working_days_left=_working_days_left(now.date(), deadline.due_on, calendar),
        next_change_at=min((at for at in _changes(deadline, calendar, ladder) if at > now), default=None),
    )


def _ended_status(dossier: Dossier, deadline: Deadline, calendar: WorkingCalendar) -> Status | None:
    if dossier.is_refused or dossier.is_withdrawn:
        return Status.CLOSED
    if dossier.finished is None:
        return None
    due = _End.of(deadline.due_on, deadline.due_at, deadline, calendar)
    if due is None:
        return Status.FINISHED_ON_TIME
    if due.is_before(dossier.finished):
        return Status.FINISHED_LATE
    return Status.FINISHED_EARLY if dossier.finished.on < due.due_on else Status.FINISHED_ON_TIME


@dataclass(frozen=True, slots=True)
class _End:
    """A date that can be missed, and from when on that is certain."""

    due_on: date
    on: date
    at: datetime
    by_instant: bool

    @classmethod
    def of(
        cls, due_on: date | None, due_at: datetime | None, deadline: Deadline, calendar: WorkingCalendar
    ) -> "_End | None":
        """A receipt without its time leaves a lateness of less than a working day unconfirmed (formats.md 2)."""
        if due_on is None or due_at is None:
            return None
        if DeadlineNote.RECEIPT_WITHOUT_TIME not in deadline.notes:
            return cls(due_on, due_on, due_at, deadline.by_instant)
        certain_on = _next_working_day(due_on, calendar)
        return cls(due_on, certain_on, due_at + (certain_on - due_on), deadline.by_instant)

    def is_before(self, moment: Moment) -> bool:
        """Whether `moment` is certainly too late: by the date, under limits in hours by the instant."""
        return moment.at > self.at if self.by_instant and moment.has_time else moment.on > self.on


def _next_working_day(on: date, calendar: WorkingCalendar) -> date:
    try:
        return calendar.add_working_days(on, 1)
    except CalendarRangeError:
        return on + ONE_DAY


def _missed(
    moment: Moment | None, deadline: Deadline, calendar: WorkingCalendar, *, data_as_of: datetime | None = None
) -> frozenset[Flag]:
    """Lateness at `moment` against each of the two dates, so that neither hides the other (practice B12).

    With `data_as_of` the dossier is unfinished, and only data of after a date can say that it was missed. A date that
    was missed stays so whatever was promised later (decision 4).
    """
    if moment is None:
        return frozenset()
    promised = _End.of(deadline.first_promised_on, deadline.first_promised_at, deadline, calendar)
    law = _End.of(deadline.law_due_on, deadline.law_due_at, deadline, calendar)
    if promised is not None and DeadlineNote.LIMIT_UNVERIFIED in deadline.notes:
        law = None  # a limit that nobody has verified accuses nobody
    ends = ((Flag.LATE_AGAINST_PROMISE, promised), (Flag.LATE_AGAINST_LAW, law))
    return frozenset(
        flag
        for flag, end in ends
        if end is not None and end.is_before(moment) and (data_as_of is None or data_as_of > end.at)
    )


def _apology_flags(dossier: Dossier, deadline: Deadline, now: datetime) -> frozenset[Flag]:
    """The last day for an apology has passed, and no letter was issued.

    Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.6.
    """
    is_past = deadline.apology_by_on is not None and now.date() > deadline.apology_by_on
    return frozenset({Flag.APOLOGY_MISSED}) if is_past and dossier.issued_new_date_on is None else frozenset()


def _status_without_due(dossier: Dossier, deadline: Deadline) -> Status:
    if _has_sign_of_completion(dossier):
        return Status.POSSIBLY_FINISHED
    if dossier.missing_since is not None:
        return Status.MISSING_FROM_SOURCE
    if deadline.waiting:
        return Status.WAITING
    if dossier.received is None and dossier.source_status in (None, SourceStatus.REGISTERED):
        return Status.NOT_STARTED
    return Status.UNKNOWN


def _has_sign_of_completion(dossier: Dossier) -> bool:
    """Looks finished though nobody gave a date of finish: one program writes 9 for other statuses too (practice A7)."""
    told_here = dossier.declaration is not None or dossier.awaits_end
    return dossier.finished is None and (told_here or _is_done_in_source(dossier))


def _is_done_in_source(dossier: Dossier) -> bool:
    done = dossier.source_status in (SourceStatus.FINISHED, SourceStatus.RETURNED)
    return done or dossier.returned is not None or dossier.has_result_paper


def _shown_status(clock_status: Status, dossier: Dossier) -> Status:
    """What the clock says, unless the source's own data say that it cannot be taken at its word."""
    if _has_sign_of_completion(dossier):
        return Status.POSSIBLY_FINISHED
    if dossier.missing_since is not None:
        return Status.MISSING_FROM_SOURCE
    if dossier.source_status is SourceStatus.REGISTERED:
        return Status.NOT_STARTED
    if clock_status is Status.ON_TRACK and dossier.source_status in _WAITING_WITH_RUNNING_CLOCK:
        return Status.WAITING
    return clock_status


_WAITING_WITH_RUNNING_CLOCK = frozenset({SourceStatus.PAYMENT_ASKED, SourceStatus.STOPPED})


def _source_flags(dossier: Dossier, deadline: Deadline) -> frozenset[Flag]:
    """What the source's status says that does not stop the clock."""
    flags = set()
    if dossier.source_status is SourceStatus.PAYMENT_ASKED and not deadline.waiting:
        flags.add(Flag.PAYMENT_ASKED)
    if dossier.source_status is SourceStatus.STOPPED and not deadline.waiting:
        flags.add(Flag.STOPPED_IN_SOURCE)
    if _has_sign_of_completion(dossier):
        flags |= signs_of_completion(dossier)
    return frozenset(flags)


def signs_of_completion(dossier: Dossier) -> frozenset[Flag]:
    """Why a dossier without a date of finish may have been finished (practice A2, A7)."""
    signs = {
        Flag.FINISH_DATE_MISSING: _is_done_in_source(dossier),
        Flag.DECLARED_FINISHED: dossier.declaration is not None,
        Flag.END_UNCONFIRMED: dossier.awaits_end,
    }
    return frozenset(flag for flag, is_so in signs.items() if is_so)


def _clock_status(
    deadline: Deadline, calendar: WorkingCalendar, ladder: Ladder, now: datetime, data_as_of: datetime
) -> Status:
    """The open status by the clock alone; the first that fits wins."""
    due = _End.of(deadline.due_on, deadline.due_at, deadline, calendar)
    assert due is not None and deadline.due_at is not None, "asked only of dossiers that are due"  # noqa: PT018
    if now > deadline.due_at:
        is_confirmed = due.is_before(Moment(now)) and data_as_of > due.at
        return Status.OVERDUE if is_confirmed else Status.DUE_PASSED_UNCONFIRMED
    if now.date() >= due.due_on:
        return Status.DUE_TODAY
    if deadline.apology_by_on is not None and now.date() >= deadline.apology_by_on:
        return Status.APOLOGY_DUE
    near_on = near_due_from(deadline, calendar, ladder)
    return Status.NEAR_DUE if near_on is not None and now.date() >= near_on else Status.ON_TRACK


def near_due_from(deadline: Deadline, calendar: WorkingCalendar, ladder: Ladder) -> date | None:
    """The first day on which a dossier is near due; never before the first working day after the count began.

    Scaled by the limit (rules.md 5): working days left ≤ min(3, a fifth of the limit, rounded up).
    """
    if deadline.due_on is None or deadline.start is None:
        return None
    days_left = ladder.near_due_working_days(deadline.limit_working_days)
    last_working_on = deadline.due_on
    if not calendar.is_working_day(last_working_on):  # promised for a day off: no working day is left after this one
        last_working_on = calendar.add_working_days(last_working_on, -1)
    near_on = calendar.add_working_days(last_working_on, -days_left) if days_left else last_working_on
    return max(near_on, _next_working_day(deadline.start.on, calendar))


def _working_days_left(today: date, due_on: date, calendar: WorkingCalendar) -> int | None:
    try:
        return calendar.working_days_between(today, due_on)
    except CalendarRangeError:
        return None


def _changes(deadline: Deadline, calendar: WorkingCalendar, ladder: Ladder) -> Iterator[datetime]:
    """Every moment at which the time alone may change the status or a flag."""
    dates = (
        (deadline.due_on, deadline.due_at),
        (deadline.first_promised_on, deadline.first_promised_at),
        (deadline.law_due_on, deadline.law_due_at),
    )
    ends = [end for on, at in dates if (end := _End.of(on, at, deadline, calendar)) is not None]
    days = [near_due_from(deadline, calendar, ladder), deadline.due_on, *(end.on + ONE_DAY for end in ends)]
    if deadline.apology_by_on is not None:
        days += [deadline.apology_by_on, deadline.apology_by_on + ONE_DAY]
    for day in days:
        if day is not None:
            yield datetime.combine(day, time(), calendar.zone)
    # The instant itself is still in time; a whole second later, as the store keeps no less.
    for at in (deadline.due_at, *(end.at for end in ends if end.by_instant)):
        if at is not None:
            yield at.replace(microsecond=0) + timedelta(seconds=1)


CODE_DATE_TOLERANCE = timedelta(days=30)


def quality_flags(dossier: Dossier, deadline: Deadline, calendar: WorkingCalendar, *, now: datetime) -> frozenset[Flag]:
    """What is odd about the data themselves (formats.md 4); work for whoever keeps the source, no breach."""
    received, finished, made_on = dossier.received, dossier.finished, code_date(dossier.code)
    promised = dossier.appointments[-1].at if dossier.appointments else None
    holds = {
        Flag.APPOINTMENT_BEFORE_RECEIPT: received and promised and promised.on < received.on,
        Flag.FINISH_BEFORE_RECEIPT: received and finished and finished.on < received.on,
        Flag.RECEIPT_IN_FUTURE: received and received.at > now,
        Flag.RECEIVED_ON_DAY_OFF: received and _is_day_off(received.on, calendar),
        Flag.CODE_DATE_FAR: received and made_on and abs(received.on - made_on) > CODE_DATE_TOLERANCE,
        Flag.APPOINTMENT_ON_DAY_OFF: promised and _is_day_off(promised.on, calendar),
        Flag.UNKNOWN_STATUS_WORD: dossier.status_text,
        Flag.DATE_BLANKED: dossier.conflicts and any(one.theirs is None for one in dossier.conflicts),
        Flag.CONFLICT: dossier.conflicts and any(one.theirs is not None for one in dossier.conflicts),
        Flag.SUPPLEMENT_WITHOUT_RECORD: DeadlineNote.SUPPLEMENT_INFERRED in deadline.notes,
    }
    return frozenset(flag for flag, is_so in holds.items() if is_so)


def _is_day_off(on: date, calendar: WorkingCalendar) -> bool:
    try:
        return not calendar.is_working_day(on)
    except CalendarRangeError:
        return False


def code_date(code: str) -> date | None:
    """The day on which a dossier's code was made, as its middle part writes it (yyMMdd); only a plausibility check."""
    for part in code.split("-")[1:]:
        if len(part) == len("yyMMdd") and part.isdecimal():
            try:
                return date(2000 + int(part[:2]), int(part[2:4]), int(part[4:]))
            except ValueError:
                return None
    return None
