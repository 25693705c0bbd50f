"""From the events of a dossier to the dossier as it was known at a moment."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, cast

from monitor.conflict import (
    APPOINTMENT,
    ENDS,
    SAME_FACT,
    beside_the_letter,
    blanked,
    conflict_settled,
    conflicts_but,
    dated,
    entries_but,
    local_day,
    whole_day,
)
from monitor.dossier import (
    DESCRIPTIVE,
    Appointment,
    AppointmentCause,
    Channel,
    Declaration,
    Dossier,
    Event,
    EventKind,
    Fact,
    LateAnswer,
    Moment,
    Pause,
    SourceStatus,
    Supplement,
)

_BLANK = {one.name: one.default for one in fields(Dossier) if one.name != "code"}


def fold(code: str, events: Iterable[Event], *, known_at: datetime | None = None) -> Dossier:
    """The dossier as its events tell it, oldest first; with `known_at`, only what was recorded by then.

    The order of the events is the order in which they became known, whatever day they happened on.
    """
    # A draft that is written to: a frozen dossier made anew at each event took two thirds of a pass.
    draft = SimpleNamespace(**_BLANK, code=code)
    so_far = cast(Dossier, draft)
    for event in events:
        if known_at is None or event.recorded_at <= known_at:
            changes = _described(event.facts)
            step = _STEPS.get(event.kind)
            if step is not None:
                changes |= step(so_far, event)
            vars(draft).update(changes)
    return Dossier(**vars(draft))


def _described(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """The descriptive facts of an event, as fields of the dossier."""
    if not facts:
        return {}
    changes: dict[str, Any] = {name: facts[name] for name in DESCRIPTIVE if name in facts}
    if changes.get("channel") is not None:
        changes["channel"] = Channel(changes["channel"])
    if changes.get("source_status") is not None:
        changes["source_status"] = SourceStatus(changes["source_status"])
    return changes


def _appointment_seen(dossier: Dossier, event: Event) -> dict[str, Any]:
    """A new value, or the last one again when the source had lost it; one that a letter did not give is a conflict."""
    seen = event.happened_at
    if seen is None:
        return {}
    changes: dict[str, Any] = {}
    if not dossier.appointments or dossier.appointments[-1].at != seen:
        changes["appointments"] = (*dossier.appointments, Appointment(seen, event.recorded_at))
    if dossier.conflicts or dossier.issued_new_date_on is not None:
        changes |= beside_the_letter(dossier, dossier.issued_new_date_on, seen, event)
    return changes


def _appointment_classified(dossier: Dossier, event: Event) -> dict[str, Any]:
    """The last appointment gets its cause from a person, who thereby settles what was contradictory about it."""
    if not dossier.appointments:
        return {}
    *earlier, last = dossier.appointments
    classified = replace(last, cause=AppointmentCause(str(event.facts["cause"])))
    return {"appointments": (*earlier, classified), "conflicts": conflicts_but(dossier, APPOINTMENT)}


def _supplement_asked(dossier: Dossier, event: Event) -> dict[str, Any]:
    """A new request; or what the source says of one that is known already, whose date then counts."""
    asked = Supplement(event.happened_at, inferred=bool(event.facts.get("inferred")), key=_key(event))
    for place, known in enumerate(dossier.supplements):
        if _is_same_request(known, asked):
            still_inferred = known.inferred and known.answered is not None
            joined = replace(known, asked=asked.asked or known.asked, key=asked.key, inferred=still_inferred)
            return {"supplements": _with_supplement(dossier, place, joined)}
    return {"supplements": (*dossier.supplements, asked)}


def _is_same_request(known: Supplement, asked: Supplement) -> bool:
    """Whether the source tells of a request again, or for the first time of one that was entered here or inferred.

    An inferred request is dated by the file that showed it, so the source's own date is never later.
    """
    if asked.key is None or known.key is not None:
        return asked.key is not None and known.key == asked.key
    if asked.asked is None or known.asked is None:
        return known.inferred
    if known.inferred:
        return asked.asked.on <= known.asked.on
    return abs(asked.asked.on - known.asked.on) <= SAME_FACT


def _supplement_received(dossier: Dossier, event: Event) -> dict[str, Any]:
    """Answers the request that it names, else the oldest open one; the source's word counts over what was inferred.

    An answer without a request stands for a request that nobody recorded; one that is only inferred says nothing then.
    """
    key, inferred = _key(event), bool(event.facts.get("inferred"))
    named = [place for place, one in enumerate(dossier.supplements) if key is not None and one.key == key]
    waiting = [place for place, one in enumerate(dossier.supplements) if one.is_open]
    for place in (named + waiting)[:1]:
        known = dossier.supplements[place]
        answered = replace(
            known,
            answered=event.happened_at,
            answer_seen_at=known.answer_seen_at or event.recorded_at,
            new_appointment=known.new_appointment or _new_appointment(event),
            inferred=inferred or (known.inferred and known.key is None),
        )
        return {"supplements": _with_supplement(dossier, place, answered)}
    if inferred:
        return {}
    unrecorded = Supplement(None, event.happened_at, _new_appointment(event), event.recorded_at, inferred=True, key=key)
    return {"supplements": (*dossier.supplements, unrecorded)}


def _key(event: Event) -> str | None:
    named = event.facts.get("request")
    return None if named is None else str(named)


def _new_appointment(event: Event) -> Moment | None:
    written = event.facts.get("new_appointment")
    if not written:
        return None
    return Moment(datetime.fromisoformat(str(written)), bool(event.facts.get("new_appointment_has_time", True)))


def _with_supplement(dossier: Dossier, place: int, changed: Supplement) -> tuple[Supplement, ...]:
    return (*dossier.supplements[:place], changed, *dossier.supplements[place + 1 :])


def _paused(dossier: Dossier, event: Event) -> dict[str, Any]:
    """A new pause ends the one that lasts, so that no time is waited twice."""
    if event.happened_at is None:
        return {}
    pauses = _resumed(dossier, event).get("pauses", dossier.pauses)
    return {"pauses": (*pauses, Pause(event.happened_at, str(event.facts.get("ground", ""))))}


def _resumed(dossier: Dossier, event: Event) -> dict[str, Any]:
    if not dossier.pauses or dossier.pauses[-1].ended is not None:
        return {}
    return {"pauses": (*dossier.pauses[:-1], replace(dossier.pauses[-1], ended=event.happened_at))}


def _reopened(dossier: Dossier, _event: Event) -> dict[str, Any]:
    """A new life: what ended the former one no longer holds; what was received and promised stays."""
    return {
        "appointments": _with_letter_kept(dossier),
        "life": dossier.life + 1,
        "finished": None,
        "returned": None,
        "refused": None,
        "withdrawn": None,
        "is_refused": False,
        "is_withdrawn": False,
        "late_answer": None,
        "declaration": None,
        "issued_new_date_on": None,
        "letter_on": None,
        "entries": entries_but(dossier, *ENDS),
        "conflicts": conflicts_but(dossier, *ENDS),
    }


def _said_late(_dossier: Dossier, event: Event) -> dict[str, Any]:
    return {"late_answer": LateAnswer(event.recorded_at, str(event.facts["reason"]), _new_date(event))}


def _letter_issued(dossier: Dossier, event: Event) -> dict[str, Any]:
    """The letter's date is proposed; a letter of before the monitor also tells which date it moved (practice A9)."""
    letter_on = event.happened_at.on if event.happened_at else local_day(event.recorded_at)
    new_on, appointments = _new_date(event), _with_letter_kept(dossier)
    latest = appointments[-1].at if appointments else None
    settled = conflicts_but(dossier, APPOINTMENT)
    changes: dict[str, Any] = {"issued_new_date_on": new_on, "letter_on": letter_on, "conflicts": settled}
    written = event.facts.get("old_date_on")
    if not written:
        return changes | {"appointments": appointments}
    old_on = date.fromisoformat(str(written))
    if latest is not None and latest.on != old_on:
        changes |= beside_the_letter(dossier, new_on, latest, event)
    if old_on not in {one.at.on for one in appointments}:
        seen_at = min((one.seen_at for one in appointments), default=event.recorded_at)
        appointments = (Appointment(whole_day(old_on), seen_at), *appointments)
    return changes | {"appointments": appointments}


def _with_letter_kept(dossier: Dossier) -> tuple[Appointment, ...]:
    """The appointments, of which the one that a letter brought about stays explained when that letter is superseded."""
    moved_to = dossier.issued_new_date_on
    return tuple(
        replace(one, cause=AppointmentCause.REAPPOINTMENT) if one.cause is None and one.at.on == moved_to else one
        for one in dossier.appointments
    )


def _finish_declared(_dossier: Dossier, event: Event) -> dict[str, Any]:
    """What the officer says; without a result, that the head has looked and it is not done."""
    if not event.facts.get("result_no"):
        return {"declaration": None}
    result_on = date.fromisoformat(str(event.facts["result_on"]))
    return {"declaration": Declaration(event.source, event.recorded_at, str(event.facts["result_no"]), result_on)}


def _new_date(event: Event) -> date | None:
    written = event.facts.get("new_date_on")
    return date.fromisoformat(str(written)) if written else None


def _sets(name: str) -> Callable[[Dossier, Event], dict[str, Any]]:
    """A step that sets one field to the moment of the event."""
    return lambda _dossier, event: {name: event.happened_at}


_STEPS: Mapping[EventKind, Callable[[Dossier, Event], dict[str, Any]]] = {
    EventKind.SUBMITTED: _sets("submitted"),
    EventKind.RECEIVED: dated("received"),
    EventKind.APPOINTMENT_SEEN: _appointment_seen,
    EventKind.APPOINTMENT_CLASSIFIED: _appointment_classified,
    EventKind.SUPPLEMENT_ASKED: _supplement_asked,
    EventKind.SUPPLEMENT_RECEIVED: _supplement_received,
    EventKind.PAUSED: _paused,
    EventKind.RESUMED: _resumed,
    EventKind.ASSIGNED: lambda _dossier, event: {"assigned_officer": event.facts.get("officer")},
    EventKind.FINISH_DECLARED: _finish_declared,
    EventKind.TAKEN_UP: lambda _dossier, _event: {"is_taken_up": True},
    EventKind.CONFLICT_SETTLED: conflict_settled,
    EventKind.FINISHED: dated("finished"),
    EventKind.RETURNED: dated("returned"),
    EventKind.REFUSED: lambda dossier, event: {"refused": event.happened_at or dossier.refused, "is_refused": True},
    EventKind.WITHDRAWN: lambda dossier, event: {
        "withdrawn": event.happened_at or dossier.withdrawn,
        "is_withdrawn": True,
    },
    EventKind.REOPENED: _reopened,
    EventKind.BLANKED: blanked,
    EventKind.VANISHED: lambda _dossier, event: {
        "missing_since": event.recorded_at,
        "awaits_end": event.facts.get("scope") == "open",
    },
    EventKind.APPEARED: lambda _dossier, _event: {"missing_since": None, "awaits_end": False},
    EventKind.SAID_LATE: _said_late,
    EventKind.LETTER_ISSUED: _letter_issued,
}
