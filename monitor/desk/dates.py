"""What the dates leave open, and what head and one-stop desk say of a changed appointment (practice B12 to B14)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from monitor.conflict import whole_day
from monitor.deadline import Deadline, DeadlineNote
from monitor.desk.endings import may_decide, staff_member
from monitor.desk.letters import loaded
from monitor.desk.people import ActRefused
from monitor.dossier import Appointment, AppointmentCause, Dossier, Event, EventKind, Fact
from monitor.findings import (
    Question,
    QuestionKind,
    questions_of,
)
from monitor.handling import Holders
from monitor.history import fold
from monitor.organisation import Role, Staff
from monitor.promise import was_reappointed
from monitor.rules import RuleBook
from monitor.store import Store
from monitor.sweep import Looked, look


@dataclass(frozen=True, slots=True)
class Classified:
    """What a person said of an appointment, and what it did to the deadline."""

    question: Question
    cause: AppointmentCause
    before: Deadline
    after: Deadline


def classify_appointment(
    store: Store, rules: RuleBook, code: str, cause: AppointmentCause, *, by: str, reason: str, now: datetime
) -> Classified:
    """A person says what a changed appointment is; author and ground stay beside it, in one transaction.

    The head of the division, whoever stands in for an absent head, Văn phòng Sở and the one-stop desk may. A letter's
    date that the source does not show yet is confirmed with REAPPOINTMENT. An answer given before is superseded by
    another one, never deleted. Raises NoSuchDossier, NoSuchStaff, ActRefused.
    Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.5 (supplement), 19.6 (re-appointment, at most once).
    """
    found, speaker = loaded(store, code), staff_member(rules, by)
    dossier = found.dossier()
    before = look(dossier, rules, now=now, data_as_of=found.row.data_as_of)
    _refuse_speaker(speaker, before.holders, store, rules, code, now=now)
    if not reason.strip():
        raise ActRefused(f"{code}: say why with --reason, it stays beside the answer")
    question = _question_about(dossier, before.deadline, cause)
    _refuse_cause(dossier, before, question, cause)
    facts: dict[str, Fact] = {"cause": cause.value, "reason": reason.strip()}
    said = Event(EventKind.APPOINTMENT_CLASSIFIED, None, now, by, facts=facts, supersedes=_answered_by(found.events))
    events = (*_confirmed(question, by=by, now=now), said)
    store.append_events(code, events, now=now)
    after = look(fold(code, (*found.events, *events)), rules, now=now, data_as_of=found.row.data_as_of)
    return Classified(question, cause, before.deadline, after.deadline)


def _refuse_speaker(by: Staff, holders: Holders, store: Store, rules: RuleBook, code: str, *, now: datetime) -> None:
    if by.role is not Role.DESK and not may_decide(by, holders, store, rules, now=now):
        raise ActRefused(
            f"{code}: its head {holders.head or '(none)'}, the one-stop desk or Văn phòng Sở says why the appointment "
            f"changed, not {by.id}"
        )


def _question_about(dossier: Dossier, deadline: Deadline, cause: AppointmentCause) -> Question:
    """The open question that this cause answers, else the answered one to which it is another answer."""
    code, last = dossier.code, dossier.appointments[-1] if dossier.appointments else None
    questions = questions_of(dossier, deadline)
    for question in questions:
        if cause in question.answers:
            return question
    if last is not None and last.cause is not None and len(dossier.appointments) > 1:
        return _answered(dossier, last, cause)
    for question in questions:
        if question.kind is QuestionKind.SLIP_WRONG:
            raise ActRefused(
                f"{code}: its slip says {question.new_on}, which cannot be, and nothing was changed that could be "
                "explained: correct the appointment in the source, the next file then answers the question"
            )
        if question.kind is QuestionKind.LETTER_NOT_ENTERED:
            raise ActRefused(
                f"{code}: the letter's date {question.new_on} waits to be entered: confirm it with --cause "
                "reappointment, or enter it in the source"
            )
    raise ActRefused(f"{code}: no appointment waits for an explanation; see: dunghen desk questions")


def _answered(dossier: Dossier, last: Appointment, cause: AppointmentCause) -> Question:
    if last.cause is cause:
        raise ActRefused(f"{dossier.code}: the appointment {last.at.on} is classified as {cause} already")
    return Question(
        code=dossier.code,
        kind=QuestionKind.APPOINTMENT_UNEXPLAINED,
        asked=(Role.HEAD, Role.DESK),
        old_on=dossier.appointments[-2].at.on,
        new_on=last.at.on,
        answers=tuple(AppointmentCause),
    )


def _refuse_cause(dossier: Dossier, looked: Looked, question: Question, cause: AppointmentCause) -> None:
    """What cannot be the reason, whoever says so."""
    if cause is AppointmentCause.REAPPOINTMENT:
        _refuse_reappointment(dossier, question)
    if cause is AppointmentCause.SUPPLEMENT and _is_supplemented(dossier, looked):
        raise ActRefused(
            f"{dossier.code}: a supplement that was asked late or for the second time changes no date (NĐ 118/2025, "
            "Điều 11.2.c, 19.5); if that is the reason, answer --cause other and say it"
        )


def _refuse_reappointment(dossier: Dossier, question: Question) -> None:
    """A second one, and one that brings the date forward."""
    code, old_on, new_on = dossier.code, question.old_on, question.new_on
    confirms_letter = question.kind is QuestionKind.LETTER_NOT_ENTERED
    if not confirms_letter and was_reappointed(dossier, but_last=True):
        raise ActRefused(
            f"{code} was re-appointed once already: not allowed a second time (NĐ 118/2025, Điều 19.6); "
            "if the change has another reason, answer --cause other and say it"
        )
    if old_on is not None and new_on is not None and new_on <= old_on:
        raise ActRefused(f"{code}: {new_on} is not after {old_on}, so it is no re-appointment but a correction")


_MOVES_NOTHING = frozenset({DeadlineNote.REPEATED_SUPPLEMENT, DeadlineNote.LATE_SUPPLEMENT})


def _is_supplemented(dossier: Dossier, looked: Looked) -> bool:
    """Whether the one supplement that restarts the limit has been, or one was asked that restarts nothing."""
    notes, said = looked.deadline.notes, AppointmentCause.SUPPLEMENT
    if notes & _MOVES_NOTHING:
        return True
    has_restarted = DeadlineNote.RESTARTED in notes or any(one.cause is said for one in dossier.appointments[:-1])
    return has_restarted and not looked.limit.supplement.restarts_on_repeat


def _confirmed(question: Question, *, by: str, now: datetime) -> tuple[Event, ...]:
    """The letter's date as an appointment, when a person confirms it before the source shows it (practice B14)."""
    if question.kind is not QuestionKind.LETTER_NOT_ENTERED or question.letter_on is None:
        return ()
    return (Event(EventKind.APPOINTMENT_SEEN, whole_day(question.letter_on), now, by),)


def _answered_by(events: Iterable[Event]) -> int | None:
    """The number of the answer that a new one supersedes: the last one since the appointment was seen."""
    answered = None
    for number, event in enumerate(events, start=1):
        if event.kind is EventKind.APPOINTMENT_SEEN:
            answered = None
        elif event.kind is EventKind.APPOINTMENT_CLASSIFIED:
            answered = number
    return answered
