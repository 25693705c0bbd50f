"""What the applicant was promised: the first appointment, the one in force, and what of it wants a person's word."""

from dataclasses import dataclass
from datetime import date

from monitor.dossier import Appointment, AppointmentCause, Dossier, Moment, Supplement


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The appointments of one count, understood; `first` and `in_force` None when nothing was promised."""

    first: Moment | None = None  # on the slip; kept for good
    in_force: Moment | None = None
    stands_alone: bool = False  # moved by a letter or a person: the law as counted from the receipt no longer caps it
    is_reappointed: bool = False
    is_restarted: bool = False  # by a person's word that papers came; when they came is not known, nor so the law's end
    is_unexplained: bool = False  # the source shows another date, and nobody has said why
    is_unusable: bool = False  # the latest appointment is a slip of the pen, and the slip wants correcting
    awaits_desk: bool = False  # a letter promises a later date, which the desk has not entered yet


NO_PROMISE = Promise()
_STANDING_ALONE = frozenset({AppointmentCause.SUPPLEMENT, AppointmentCause.REAPPOINTMENT})
_MOVING = _STANDING_ALONE | {AppointmentCause.CORRECTION}


def promise_of(appointments: tuple[Appointment, ...], letter_on: date | None) -> Promise:
    """What the appointments of a count promise, oldest first; `letter_on` is the new date of an issued letter.

    Only a letter whose date the source shows, or what a person said of a change, moves the promise; an appointment that
    came with a supplement is a new original. A correction of such a date leaves it what it was.
    Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.6 (re-appointment); practice B13, B14.
    """
    if not appointments:
        return NO_PROMISE
    first = in_force = appointments[0]
    is_restarted, is_reappointed = False, first.cause is AppointmentCause.REAPPOINTMENT
    for one in appointments[1:]:
        is_of_letter = one.at.on == letter_on
        if is_of_letter or one.cause in _MOVING:
            in_force = one
        if one.cause is AppointmentCause.SUPPLEMENT:
            first, is_restarted, is_reappointed = one, True, False
        elif is_of_letter or one.cause is AppointmentCause.REAPPOINTMENT:
            is_reappointed = True
    latest = appointments[-1]
    return Promise(
        first=first.at,
        in_force=in_force.at,
        stands_alone=is_reappointed or is_restarted or in_force.cause in _STANDING_ALONE,
        is_reappointed=is_reappointed,
        is_restarted=is_restarted,
        is_unexplained=latest.at.on != in_force.at.on and latest.cause is None,
        awaits_desk=letter_on is not None and letter_on > in_force.at.on,
    )


def was_reappointed(dossier: Dossier, *, but_last: bool = False) -> bool:
    """Whether the one re-appointment that the law allows is used up, by a letter or by what a person said of a change.

    With `but_last`, the latest appointment is left out, and so is a letter whose date the source never showed before
    it: the latest date may be what that letter led to.
    Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.6 (at most once); practice B13, B14.
    """
    letter_on = dossier.issued_new_date_on
    if letter_on is not None and not but_last:
        return True
    known = dossier.appointments[:-1] if but_last else dossier.appointments
    return any(one.cause is AppointmentCause.REAPPOINTMENT or one.at.on == letter_on for one in known)


def appointments_after(
    supplement: Supplement, appointments: tuple[Appointment, ...], *, kept: bool
) -> tuple[Appointment, ...]:
    """The appointments that belong to the count restarted by `supplement`; the first of them is its new original.

    That is the one which the source says came with the papers, else the first one seen since. With `kept`, the last one
    from before goes on when there is none.
    Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.5; practice B16.
    """
    seen_at, came = supplement.answer_seen_at, supplement.new_appointment
    since = tuple(one for one in appointments if seen_at is None or one.seen_at >= seen_at)
    if came is not None:
        values = [one.at for one in since]
        return since[values.index(came) :] if came in values else (Appointment(came, seen_at or came.at), *since)
    if since == appointments:  # learned all at once: the first of several was promised before the papers came
        return since[1:] or since
    return appointments[-1:] if kept and not since else since
