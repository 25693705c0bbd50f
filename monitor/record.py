"""What one source said of one dossier, once; and the events that follow from two such records.

The snapshot is not the truth: the difference between the last known record and the new one is (decision 3).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from monitor.dossier import DESCRIPTIVE, Channel, Event, EventKind, Fact, Moment, SourceStatus


class ApplicantKind(StrEnum):
    """Who the applicant is (LoaiDoiTuong); the numbering belongs to the source's mapping."""

    CITIZEN = "citizen"
    BUSINESS = "business"
    STATE_AGENCY = "state_agency"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The personal data of a dossier, kept in one place so that erasing them breaks nothing else."""

    applicant: str | None = None  # Chủ hồ sơ
    applicant_kind: ApplicantKind | None = None
    submitter: str | None = None  # Người nộp, may be authorised by the applicant
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    identity_no: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplementRecord:
    """One entry of DanhSachHoSoBoSung; `key` is the source's own id or its place in the list."""

    key: str
    asked_at: Moment | None
    answered_at: Moment | None = None
    old_appointment_at: Moment | None = None  # NgayHenTraTruoc
    new_appointment_at: Moment | None = None  # NgayHenTraMoi


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One dossier as one row of a source tells it; None is a cell that is empty or a column that is absent."""

    code: str
    procedure_code: str | None = None  # without the portal's province suffix
    procedure_name: str | None = None
    case: str | None = None
    channel: Channel | None = None
    field_name: str | None = None  # Lĩnh vực
    receipt_no: str | None = None
    stated_limit: str | None = None
    submitted_at: Moment | None = None
    received_at: Moment | None = None
    appointment_at: Moment | None = None
    finished_at: Moment | None = None
    returned_at: Moment | None = None
    refused_at: Moment | None = None
    step_due_at: Moment | None = None
    receiving_unit: str | None = None
    receiving_officer: str | None = None
    handling_unit: str | None = None
    handling_officer: str | None = None
    step_unit: str | None = None  # of the step log: who has it in hand
    step_officer: str | None = None
    status: SourceStatus | None = None
    status_text: str | None = None  # the word as written, only when it was not understood
    reason: str | None = None  # Lý do trễ hẹn
    has_result_paper: bool = False
    supplements: tuple[SupplementRecord, ...] = ()
    lost: tuple[str, ...] = ()  # names of dates above that an earlier file had and the last one no longer has
    person: Person = Person()


# Dates whose change is an event of its own, and the event that each one makes when it first appears.
_DATED: Mapping[str, EventKind] = MappingProxyType(
    {
        "submitted_at": EventKind.SUBMITTED,
        "received_at": EventKind.RECEIVED,
        "appointment_at": EventKind.APPOINTMENT_SEEN,
        "refused_at": EventKind.REFUSED,
        "finished_at": EventKind.FINISHED,
        "returned_at": EventKind.RETURNED,
    }
)
# Fields of the record that simply become the dossier's own.
_DESCRIPTIVE = {name: name for name in DESCRIPTIVE if name != "source_status"} | {"status": "source_status"}
_HANDLERS = frozenset({"handling_unit", "handling_officer", "step_unit", "step_officer"})
_STATUSES = frozenset({"source_status", "status_text"})
_ENDINGS = ("refused_at", "finished_at", "returned_at")
_KEPT_DATES = ("received_at", "appointment_at", "finished_at")  # a source that loses one contradicts itself
# A status that says something happened, where the source gave it no date of its own.
_STATUS_EVENTS = {SourceStatus.NOT_ACCEPTED: EventKind.REFUSED, SourceStatus.WITHDRAWN: EventKind.WITHDRAWN}
# In these the office works on the dossier; after a supplement was asked, the papers must have come.
_WORKED_ON = frozenset({SourceStatus.RECEIVED, SourceStatus.PROCESSING, SourceStatus.PAYMENT_ASKED})
_OPEN = _WORKED_ON | {SourceStatus.SUPPLEMENT_ASKED}
_PAPERS_HAVE_COME = _WORKED_ON | {SourceStatus.FINISHED, SourceStatus.RETURNED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Where and when a record was seen; every event made from it carries this."""

    source: str
    recorded_at: datetime  # when the monitor learned it
    data_as_of: datetime  # how fresh the source says it is
    import_id: int | None = None


# What a file's cell may say; status and its word go together, the person stands in a record of its own.
_FIELDS = frozenset(Record.__dataclass_fields__) - {"code", "person", "status", "status_text", "lost"}
_PERSONAL = frozenset(Person.__dataclass_fields__)


def merged(last: Record | None, new: Record, carried: frozenset[str]) -> Record:
    """The last known record with what the new one says.

    A column that the file does not have and an empty cell say nothing and leave the old value (practice A3); only the
    dates that ended a dossier are forgotten when it is open again. A status that was not understood stands beside the
    last one that was.
    """
    if last is None:
        return new
    forgotten = _ENDINGS if _is_reopened(last, new, carried) else ()
    said: dict[str, Any] = dict.fromkeys(forgotten) | _said(new, carried & _FIELDS)
    said["lost"] = tuple(name for name in _KEPT_DATES if name not in forgotten and _is_lost(name, last, new, carried))
    if "status" in carried and (new.status or new.status_text):
        said |= {"status": new.status or last.status, "status_text": new.status_text}
    return replace(last, person=replace(last.person, **_said(new.person, carried & _PERSONAL)), **said)


def _is_lost(name: str, last: Record, new: Record, carried: frozenset[str]) -> bool:
    if name not in carried:
        return name in last.lost
    if name in new.lost:  # older words are laid under a record that has lost it since
        return True
    return getattr(new, name) is None and getattr(last, name) is not None


def _said(told: Record | Person, carried: frozenset[str]) -> dict[str, Any]:
    return {name: value for name in carried if (value := getattr(told, name)) not in (None, ())}


def events_between(last: Record | None, new: Record, *, carried: frozenset[str], seen: Seen) -> tuple[Event, ...]:
    """What happened to a dossier between two records of it; with `last` None, all that the first one tells.

    `carried` names the fields that the new record's file has a column for: an empty cell is said, an absent column
    says nothing. The same record twice makes no event.
    """
    if last is None:
        return tuple(_first_events(new, seen))
    return tuple(_changes(last, merged(last, new, carried), new, carried, seen))


def _first_events(new: Record, seen: Seen) -> Iterator[Event]:
    described = _described(_descriptive_of(new))
    only_submitted = new.received_at is None and (new.submitted_at or new.status is SourceStatus.REGISTERED)
    if only_submitted:
        yield _event(EventKind.SUBMITTED, new.submitted_at, seen, described)
    else:
        yield _event(EventKind.RECEIVED, new.received_at, seen, described)
        if new.submitted_at is not None:
            yield _event(EventKind.SUBMITTED, new.submitted_at, seen)
    for moment in _first_appointments(new):
        yield _event(EventKind.APPOINTMENT_SEEN, moment, seen)
    yield from _supplement_events(None, new, seen)
    yield from _ends(None, new, seen)


_descriptive_of = attrgetter(*_DESCRIPTIVE)


@lru_cache(maxsize=10_000)
def _described(values: tuple[Fact, ...]) -> Mapping[str, Fact]:
    """The facts in these values, one object for all the dossiers of which a file says the same."""
    told = zip(_DESCRIPTIVE.values(), values, strict=True)
    return MappingProxyType({name: value for name, value in told if value not in (None, False)})


def _first_appointments(new: Record) -> Iterator[Moment]:
    """Every value of the appointment that the record tells of, oldest first: supplements keep those around them."""
    told = [at for one in new.supplements for at in (one.old_appointment_at, one.new_appointment_at)]
    last = None
    for moment in (*told, new.appointment_at):
        if moment is not None and moment != last:
            last = moment
            yield moment


def _changes(last: Record, now: Record, new: Record, carried: frozenset[str], seen: Seen) -> Iterator[Event]:
    """`now` is the merged record; `new` is what the file itself says."""
    reopened = _is_reopened(last, new, carried)
    if reopened:
        yield _event(EventKind.REOPENED, None, seen, {"inferred": True})
    for name in now.lost:
        if name not in last.lost:
            yield _event(EventKind.BLANKED, None, seen, {"date": name})
    yield from _descriptive_changes(last, now, seen)
    for name in ("submitted_at", "received_at", "appointment_at"):
        if _is_said_anew(name, last, now):
            yield _event(_DATED[name], getattr(now, name), seen)
    yield from _supplement_events(last, now, seen)
    yield from _ends(last, now, seen)


def _is_said_anew(name: str, last: Record, now: Record) -> bool:
    """Another date than before, or the same one again after the source had lost it."""
    is_found_again = name in last.lost and name not in now.lost
    return getattr(now, name) is not None and (is_found_again or getattr(now, name) != getattr(last, name))


def _is_reopened(last: Record, new: Record, carried: frozenset[str]) -> bool:
    """Ended before, and open again: the status says so, and no date of an end stands beside it."""
    is_open = "status" in carried and new.status in _OPEN
    if not is_open or new.finished_at is not None or new.refused_at is not None:
        return False
    lost_its_end = any(name in carried and getattr(last, name) is not None for name in ("finished_at", "refused_at"))
    return lost_its_end or last.status in _STATUS_EVENTS


def _descriptive_changes(last: Record, now: Record, seen: Seen) -> Iterator[Event]:
    changed: dict[str, Fact] = {
        name: getattr(now, own) for own, name in _DESCRIPTIVE.items() if getattr(now, own) != getattr(last, own)
    }
    for kind, names in ((EventKind.STATUS_SEEN, _STATUSES), (EventKind.HANDED_OVER, _HANDLERS)):
        facts = {name: changed.pop(name) for name in sorted(names & changed.keys())}
        if facts:
            yield _event(kind, None, seen, facts)
    if changed:
        yield _event(EventKind.CORRECTED, None, seen, changed)


def _supplement_events(last: Record | None, now: Record, seen: Seen) -> Iterator[Event]:
    """From the source's own records of supplements; where they are silent, from the status alone and marked inferred.

    What the status alone shows happened at some time between two files; it is dated by the later one (practice B16).
    """
    recorded: tuple[Event, ...] = ()
    if now.supplements:
        recorded = tuple(_recorded_supplements(last.supplements if last else (), now.supplements, seen))
        yield from recorded
    was_waiting = last is not None and last.status is SourceStatus.SUPPLEMENT_ASKED
    is_waiting = now.status is SourceStatus.SUPPLEMENT_ASKED
    open_in_record = any(one.answered_at is None for one in now.supplements)
    if is_waiting and not was_waiting and not open_in_record:
        yield _event(EventKind.SUPPLEMENT_ASKED, Moment(seen.data_as_of) if last else None, seen, {"inferred": True})
    answer_is_recorded = any(event.kind is EventKind.SUPPLEMENT_RECEIVED for event in recorded)
    left_waiting = was_waiting if last is not None else open_in_record
    if left_waiting and now.status in _PAPERS_HAVE_COME and not answer_is_recorded:
        yield _event(EventKind.SUPPLEMENT_RECEIVED, _no_later_than_its_end(now, seen), seen, {"inferred": True})


def _no_later_than_its_end(now: Record, seen: Seen) -> Moment:
    end = now.finished_at
    return end if end is not None and end.at < seen.data_as_of else Moment(seen.data_as_of)


def _recorded_supplements(
    known: tuple[SupplementRecord, ...], now: tuple[SupplementRecord, ...], seen: Seen
) -> Iterator[Event]:
    """New requests and answers, and those whose date the source has corrected."""
    before = {supplement.key: supplement for supplement in known}
    for supplement in now:
        old = before.get(supplement.key, SupplementRecord(key=supplement.key, asked_at=None))
        if supplement.key not in before or supplement.asked_at not in (None, old.asked_at):
            yield _event(EventKind.SUPPLEMENT_ASKED, supplement.asked_at, seen, {"request": supplement.key})
        if supplement.answered_at not in (None, old.answered_at):
            facts = {"request": supplement.key} | _new_appointment(supplement)
            yield _event(EventKind.SUPPLEMENT_RECEIVED, supplement.answered_at, seen, facts)


def _new_appointment(supplement: SupplementRecord) -> dict[str, Fact]:
    moment = supplement.new_appointment_at
    if moment is None:
        return {}
    return {"new_appointment": moment.at.isoformat(), "new_appointment_has_time": moment.has_time}


def _ends(last: Record | None, now: Record, seen: Seen) -> Iterator[Event]:
    for name in _ENDINGS:
        if getattr(now, name) is not None and (last is None or _is_said_anew(name, last, now)):
            yield _event(_DATED[name], getattr(now, name), seen)
    undated = _STATUS_EVENTS.get(now.status) if now.status else None
    if undated and (last is None or last.status is not now.status) and now.refused_at is None:
        yield _event(undated, None, seen)


_NO_FACTS: Mapping[str, Fact] = MappingProxyType({})


def _event(kind: EventKind, at: Moment | None, seen: Seen, facts: Mapping[str, Fact] = _NO_FACTS) -> Event:
    return Event(kind, at, seen.recorded_at, seen.source, seen.import_id, facts)
