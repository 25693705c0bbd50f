"""What of the dates wants a person's word: questions about a dossier, and findings about a source, nobody's breach."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from monitor.deadline import Deadline, DeadlineNote
from monitor.dossier import Appointment, AppointmentCause, Dossier, SourceStatus
from monitor.organisation import Role
from monitor.time_limit import Unit
from monitor.trace import CountedDay, DayKind, say_date
from monitor.working_time import LOCAL_ZONE, CalendarRangeError, OfficialCalendar, WorkingCalendar

ENOUGH = 5  # from so many of one week on, the same deviation is the source's own (practice B12)
SATURDAY = 5


class QuestionKind(StrEnum):
    """What is asked."""

    APPOINTMENT_UNEXPLAINED = "appointment_unexplained"  # đổi ngày hẹn, chưa rõ lý do
    LETTER_CONFLICT = "letter_conflict"  # the source shows another date than the letter
    LETTER_NOT_ENTERED = "letter_not_entered"  # chờ Một cửa điều chỉnh ngày hẹn
    SLIP_WRONG = "slip_wrong"  # the only appointment cannot be: the slip wants correcting
    NO_DATE = "no_date"  # neither appointment nor limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something about the dates of a dossier that a person has to say; it stays open until events answer it."""

    code: str
    kind: QuestionKind
    asked: tuple[Role, ...]
    old_on: date | None  # the date that counts until then
    new_on: date | None  # the date in question; None: there is none
    letter_on: date | None = None  # the new date of the issued letter, where it is part of the question
    since_on: date | None = None  # the local day on which it arose
    answers: tuple[AppointmentCause, ...] = ()  # what a person may say; empty: only the source can put it right


_HEAD_AND_DESK = (Role.HEAD, Role.DESK)
_DESK = (Role.DESK,)
_EVERY_CAUSE = tuple(AppointmentCause)


def questions_of(dossier: Dossier, deadline: Deadline) -> tuple[Question, ...]:
    """What a person has to say about the dates of an open dossier; at most one question of each kind.

    Nothing here moves a date: a changed appointment is not yet a re-appointment, and a slip that cannot be is not used.
    Legal basis: Nghị định 118/2025/NĐ-CP, Điều 17.3, 19.6; practice B11 to B14.
    """
    latest = dossier.appointments[-1] if dossier.appointments else None
    if latest is None:
        return _without_appointment(dossier, deadline)
    notes, is_unusable = deadline.notes, DeadlineNote.APPOINTMENT_UNUSABLE in deadline.notes
    if is_unusable and deadline.promised_on is None:
        return (_slip_wrong(dossier, deadline, latest),)
    if is_unusable or DeadlineNote.APPOINTMENT_UNEXPLAINED in notes:
        return (_unexplained(dossier, deadline, latest),)
    if DeadlineNote.AWAITING_NEW_APPOINTMENT in notes:
        return (_letter_not_entered(dossier, deadline),)
    return ()


def _without_appointment(dossier: Dossier, deadline: Deadline) -> tuple[Question, ...]:
    """Without a limit either, nothing can be watched, and the desk has to find the slip (practice B11)."""
    is_received = dossier.received is not None or dossier.source_status not in (None, SourceStatus.REGISTERED)
    is_known = deadline.due_on is not None or deadline.waiting or DeadlineNote.BEYOND_CALENDAR in deadline.notes
    if is_known or not is_received:
        return ()
    return (Question(code=dossier.code, kind=QuestionKind.NO_DATE, asked=_DESK, old_on=None, new_on=None),)


def _slip_wrong(dossier: Dossier, deadline: Deadline, latest: Appointment) -> Question:
    return Question(
        code=dossier.code,
        kind=QuestionKind.SLIP_WRONG,
        asked=_DESK,
        old_on=deadline.due_on,
        new_on=latest.at.on,
        since_on=_seen_on(latest),
    )


def _unexplained(dossier: Dossier, deadline: Deadline, latest: Appointment) -> Question:
    letter_on = dossier.issued_new_date_on
    return Question(
        code=dossier.code,
        kind=QuestionKind.APPOINTMENT_UNEXPLAINED if letter_on is None else QuestionKind.LETTER_CONFLICT,
        asked=_HEAD_AND_DESK,
        old_on=deadline.promised_on,
        new_on=latest.at.on,
        letter_on=letter_on,
        since_on=_seen_on(latest),
        answers=_EVERY_CAUSE,
    )


def _letter_not_entered(dossier: Dossier, deadline: Deadline) -> Question:
    return Question(
        code=dossier.code,
        kind=QuestionKind.LETTER_NOT_ENTERED,
        asked=_DESK,
        old_on=deadline.promised_on,
        new_on=dossier.issued_new_date_on,
        letter_on=dossier.issued_new_date_on,
        since_on=dossier.letter_on,
        answers=(AppointmentCause.REAPPOINTMENT,),
    )


def _seen_on(appointment: Appointment) -> date:
    return appointment.seen_at.astimezone(LOCAL_ZONE).date()


def say_question(question: Question) -> str:
    """A question as it stands in a mail or on a page: the dates with their weekdays, no name."""
    old, new = _said(question.old_on), _said(question.new_on)
    letter = _said(question.letter_on)
    watched = f"đang theo dõi theo {old}" if question.old_on else "chưa có ngày nào để theo dõi"
    words = {
        QuestionKind.APPOINTMENT_UNEXPLAINED: f"ngày hẹn trả đổi từ {old} sang {new}, chưa rõ lý do; vẫn tính theo "
        "ngày cũ. Là đính chính, bổ sung, hẹn lại hay lý do khác?",
        QuestionKind.LETTER_CONFLICT: f"văn bản xin lỗi hẹn lại {letter}, nguồn ghi {new}; vẫn tính theo {old}. "
        "Ngày ở nguồn là đính chính, bổ sung, hẹn lại hay lý do khác?",
        QuestionKind.LETTER_NOT_ENTERED: f"văn bản xin lỗi đã hẹn lại {letter}, nguồn còn ghi {old}: "
        "chờ Một cửa điều chỉnh ngày hẹn, hoặc xác nhận ngày mới",
        QuestionKind.SLIP_WRONG: f"phiếu hẹn ghi {new}, không thể đúng (trước ngày nhận, hoặc xa hơn ba lần thời hạn); "
        f"{watched}: cần đính chính phiếu hẹn",
        QuestionKind.NO_DATE: "không có ngày hẹn trả và chưa rõ thời hạn: cần bổ sung ngày hẹn",
    }
    return words[question.kind]


def _said(on: date | None) -> str:
    return say_date(on) if on else "–"


class Slip(NamedTuple):
    """The date that a slip promised, and the lawful one that it should have been."""

    code: str
    source: str
    counted_from_on: date  # day zero of the count: the receipt, or the arrival of the papers
    promised_on: date
    law_due_on: date
    special: tuple[CountedDay, ...] = ()  # days within the count that are off or worked by a notice


def slip_of(dossier: Dossier, deadline: Deadline, source: str, calendar: WorkingCalendar) -> Slip | None:
    """The slip of the count in force beside the law; None where the two cannot be compared.

    That is without either of them, under a limit that nobody has verified, and after a pause, which moves only the law.
    """
    promised_on = deadline.first_promised_on
    if promised_on is None and dossier.appointments:
        promised_on = dossier.appointments[-1].at.on
    if promised_on is None or deadline.law_due_on is None or deadline.start is None or dossier.pauses:
        return None
    if DeadlineNote.LIMIT_UNVERIFIED in deadline.notes:
        return None
    # Under limits in calendar days a day off counts, and matters only where the limit ends on it.
    from_on = promised_on if deadline.unit in (Unit.CALENDAR_DAY, Unit.MONTH) else deadline.start.on
    special = tuple(
        one for one in deadline.trace[1:] if one.note is not None and one.on >= from_on and _is_special(one, calendar)
    )
    return Slip(dossier.code, source, deadline.start.on, promised_on, deadline.law_due_on, special)


def _is_special(day: CountedDay, calendar: WorkingCalendar) -> bool:
    """Whether a week that knows no notices would have the day the other way round."""
    return calendar.is_working_day(day.on) is (day.on.weekday() >= SATURDAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The same deviation on many slips of one source: something that the source does not know, and nobody's breach."""

    source: str
    working_days: int  # promised minus lawful; negative: promised too early
    unknown: tuple[CountedDay, ...]  # the days by notice that explain it; empty: not explained
    first_on: date  # of the receipts
    last_on: date
    codes: tuple[str, ...]

    @property
    def text(self) -> str:
        """What is found, in words for whoever keeps the source: "hệ thống chưa khai báo nghỉ 24/11: 37 hồ sơ …"."""
        sign = "−" if self.working_days < 0 else "+"
        how_many = f"{len(self.codes)} hồ sơ lệch {sign}{abs(self.working_days)} ngày"
        if self.unknown:
            return f"hệ thống chưa khai báo {', '.join(map(_say_special, self.unknown))}: {how_many}"
        received = f"nhận từ {self.first_on:%d/%m} đến {self.last_on:%d/%m/%Y}"
        return f"ngày hẹn không khớp thời hạn quy định, chưa rõ nguyên do: {how_many}, {received}"


def _say_special(day: CountedDay) -> str:
    assert day.note is not None, "only days by notice are special"
    kind = "làm bù" if day.on.weekday() >= SATURDAY else "nghỉ"
    return f"{kind} {day.on.day}/{day.on.month} ({day.note.name})"


class _Kind(NamedTuple):
    source: str
    working_days: int
    unknown: tuple[CountedDay, ...]
    week: tuple[int, int] | None  # None where days by notice explain the deviation: then every week has one cause


def findings_of(slips: Iterable[Slip], calendar: OfficialCalendar) -> tuple[Finding, ...]:
    """What many slips have in common: one finding for the same deviation on five or more of a source in one week.

    A deviation is explained by the special days within the count when a week that knows none of them gives the promised
    date; the weeks of one such cause are one finding. The largest comes first.
    Legal basis: none; practice B12.
    """
    groups: dict[_Kind, list[Slip]] = {}
    for slip in slips:
        deviation = deviation_of(slip.promised_on, slip.law_due_on, calendar.clock)
        if deviation:
            groups.setdefault(_kind_of(slip, deviation), []).append(slip)
    found = [_finding(kind, alike) for kind, alike in groups.items() if _most_in_a_week(alike) >= ENOUGH]
    return tuple(sorted(found, key=lambda one: (-len(one.codes), one.source, one.first_on, one.working_days)))


def deviation_of(promised_on: date, law_due_on: date, calendar: WorkingCalendar) -> int | None:
    """By how many working days a promise lies after the lawful date; None beyond the calendar."""
    try:
        return calendar.working_days_between(law_due_on, promised_on)
    except CalendarRangeError:
        return None


def _kind_of(slip: Slip, deviation: int) -> _Kind:
    balance = sum(1 if one.on.weekday() >= SATURDAY else -1 for one in slip.special)
    if slip.special and balance == deviation:
        return _Kind(slip.source, deviation, tuple(map(_bare, slip.special)), None)
    return _Kind(slip.source, deviation, (), week_of(slip.counted_from_on))


def _bare(day: CountedDay) -> CountedDay:
    """The day alone, whatever its place in the count of one dossier."""
    return CountedDay(day.on, DayKind.DAY_OFF if day.on.weekday() < SATURDAY else DayKind.COUNTED, None, day.note)


def week_of(on: date) -> tuple[int, int]:
    """Year and number of the week that a day belongs to, Monday to Sunday."""
    return on.isocalendar()[:2]


def _most_in_a_week(slips: Collection[Slip]) -> int:
    return max(Counter(week_of(slip.counted_from_on) for slip in slips).values())


def _finding(kind: _Kind, slips: Collection[Slip]) -> Finding:
    return Finding(
        source=kind.source,
        working_days=kind.working_days,
        unknown=kind.unknown,
        first_on=min(slip.counted_from_on for slip in slips),
        last_on=max(slip.counted_from_on for slip in slips),
        codes=tuple(sorted(slip.code for slip in slips)),
    )


def without_found(questions: Iterable[Question], findings: Iterable[Finding]) -> tuple[Question, ...]:
    """The questions, but those about slips of which a finding says that the source is to blame (practice B12)."""
    found = {code for one in findings for code in one.codes}
    return tuple(one for one in questions if one.kind is not QuestionKind.SLIP_WRONG or one.code not in found)
