"""Where a person and a source, or two words of a source, contradict each other; until a person says which counts."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from monitor.dossier import Appointment, AppointmentCause, Conflict, Dossier, Entry, Event, Moment
from monitor.working_time import LOCAL_ZONE

# Two working days over a weekend: so far apart a person and the source may date the same fact (practice A8).
SAME_FACT = timedelta(days=4)
OURS, SOURCE = "ours", "source"  # which of two dates a person keeps
APPOINTMENT = "appointment"  # the fact that is no single field: every value of it is kept
_FACT_OF_DATE = {"received_at": "received", "appointment_at": APPOINTMENT, "finished_at": "finished"}
ENDS = ("finished", "returned")
FACT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "received": "ngày nhận",
        APPOINTMENT: "ngày hẹn trả",
        "finished": "ngày kết thúc",
        "returned": "ngày trả kết quả",
    }
)
OF_THE_DESK = frozenset({APPOINTMENT, "received"})  # what the one-stop desk writes on the slip


def dated(fact: str) -> Callable[[Dossier, Event], dict[str, Any]]:
    """A step for a date that a person may tell here and the source tells of as well (practice A8)."""

    def step(dossier: Dossier, event: Event) -> dict[str, Any]:
        said = event.happened_at
        entry = _entry_of(dossier, fact) if dossier.entries else None
        if said is not None and event.import_id is None:  # told here
            theirs = entry.theirs if entry else getattr(dossier, fact)
            return _weighed(dossier, Entry(fact, said, event.source, theirs), event)
        if entry is not None:
            return {} if said is None else _weighed(dossier, replace(entry, theirs=said), event)
        if dossier.conflicts:  # the source has found again what it had lost
            return {fact: said, "conflicts": conflicts_but(dossier, fact)}
        return {fact: said}

    return step


def _weighed(dossier: Dossier, entry: Entry, event: Event) -> dict[str, Any]:
    """Our date beside the source's: of the same fact the source's counts, of two facts the one that was told here.

    Two facts are a conflict until a person says which counts, or until the source comes to say the same.
    """
    changes: dict[str, Any] = {"entries": (*entries_but(dossier, entry.fact), entry)}
    if entry.theirs is None or entry.theirs in entry.kept_over:
        changes[entry.fact] = entry.at
    elif abs(entry.theirs.on - entry.at.on) <= SAME_FACT:
        changes[entry.fact] = entry.theirs
    else:
        contradiction = Conflict(entry.fact, entry.at, entry.theirs, event.recorded_at)
        return changes | {entry.fact: entry.at} | _with_conflict(dossier, contradiction)
    return changes | {"conflicts": conflicts_but(dossier, entry.fact)}


def blanked(dossier: Dossier, event: Event) -> dict[str, Any]:
    """The source has lost a date, which stays; where a person told it here as well, nothing is in dispute."""
    fact = _FACT_OF_DATE[str(event.facts["date"])]
    entry = _entry_of(dossier, fact)
    if entry is not None:
        return _weighed(dossier, replace(entry, theirs=None), event)
    if fact == APPOINTMENT:
        ours = dossier.appointments[-1].at if dossier.appointments else None
    else:
        ours = getattr(dossier, fact)
    return _with_conflict(dossier, Conflict(fact, ours, None, event.recorded_at))


def conflict_settled(dossier: Dossier, event: Event) -> dict[str, Any]:
    """A person has said which date counts; for a conflict that is gone meanwhile, that changes nothing."""
    fact, keeps_ours = str(event.facts["fact"]), event.facts["keep"] == OURS
    conflict = next((one for one in dossier.conflicts if one.fact == fact), None)
    if conflict is None:
        return {}
    changes: dict[str, Any] = {"conflicts": conflicts_but(dossier, fact)}
    if fact == APPOINTMENT:
        return changes | _appointment_settled(dossier, conflict, event, keeps_ours=keeps_ours)
    entry = _entry_of(dossier, fact)
    changes[fact] = conflict.ours if keeps_ours else conflict.theirs
    if entry is not None:
        kept = [replace(entry, kept_over=(*entry.kept_over, conflict.theirs))] if keeps_ours and conflict.theirs else []
        changes["entries"] = (*entries_but(dossier, fact), *kept)
    return changes


def _appointment_settled(dossier: Dossier, conflict: Conflict, event: Event, *, keeps_ours: bool) -> dict[str, Any]:
    """The letter's date is in force as if the source showed it, or the source's is the one that the letter moved to."""
    if conflict.theirs is None or conflict.ours is None:  # only lost: what was promised stays promised
        return {}
    if not keeps_ours:
        return {"issued_new_date_on": conflict.theirs.on}
    confirmed = Appointment(conflict.ours, event.recorded_at, AppointmentCause.REAPPOINTMENT)
    return {"appointments": (*dossier.appointments, confirmed)}


def beside_the_letter(dossier: Dossier, letter_on: date | None, seen: Moment, event: Event) -> dict[str, Any]:
    """The date of an issued letter beside the one that the source shows after it (practice B14).

    What came with the papers of a later supplement is a new original, and nobody's contradiction.
    """
    if letter_on is None or seen.on == letter_on or _was_supplemented_since(dossier, dossier.letter_on):
        return {"conflicts": conflicts_but(dossier, APPOINTMENT)}
    return _with_conflict(dossier, Conflict(APPOINTMENT, whole_day(letter_on), seen, event.recorded_at))


def _was_supplemented_since(dossier: Dossier, letter_on: date | None) -> bool:
    answers = (one.answer_seen_at for one in dossier.supplements)
    return letter_on is not None and any(at is not None and local_day(at) >= letter_on for at in answers)


def _entry_of(dossier: Dossier, fact: str) -> Entry | None:
    return next((one for one in dossier.entries if one.fact == fact), None)


def entries_but(dossier: Dossier, *facts: str) -> tuple[Entry, ...]:
    """What was told here, but of these facts."""
    return tuple(one for one in dossier.entries if one.fact not in facts)


def conflicts_but(dossier: Dossier, *facts: str) -> tuple[Conflict, ...]:
    """The conflicts, but those about these facts."""
    return tuple(one for one in dossier.conflicts if one.fact not in facts)


def _with_conflict(dossier: Dossier, conflict: Conflict) -> dict[str, Any]:
    """One conflict a fact: the latest words of both sides."""
    return {"conflicts": (*conflicts_but(dossier, conflict.fact), conflict)}


def whole_day(on: date) -> Moment:
    """A local day of which no time is known."""
    return Moment(datetime.combine(on, time(), LOCAL_ZONE), has_time=False)


def local_day(at: datetime) -> date:
    """The local date of an aware instant."""
    return at.astimezone(LOCAL_ZONE).date()


def say_conflict(conflict: Conflict) -> str:
    """A conflict as it stands in a mail or on a page: which date, what was told here and what the source says."""
    theirs = f"nguồn ghi {say_moment(conflict.theirs)}" if conflict.theirs else "nguồn nay để trống"
    return f"{FACT_WORDS.get(conflict.fact, conflict.fact)}: tại đây {say_moment(conflict.ours)}, {theirs}"


def say_moment(moment: Moment | None) -> str:
    """A moment with its time of day, when that is known."""
    if moment is None:
        return "–"
    return f"{moment.at:%d/%m/%Y %H:%M}" if moment.has_time else f"{moment.on:%d/%m/%Y}"
