"""A dossier and its events: what was received, and what has happened to it since.

Events are the truth and are never changed; `fold` makes of them the `Dossier` as it was known at a moment.
No citizen's name, phone or address is here: those stand in `record.Person`, kept apart from everything else.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple, cast

Fact = str | int | bool | None  # what JSON can hold


class Channel(StrEnum):
    """How a dossier was handed in (KenhThucHien)."""

    IN_PERSON = "in_person"  # trực tiếp
    ONLINE = "online"  # trực tuyến
    POST = "post"  # bưu chính công ích


class SourceStatus(StrEnum):
    """What the provincial system says of a dossier (TrangThaiHoSo 1 to 10)."""

    REGISTERED = "registered"  # 1 mới đăng ký
    RECEIVED = "received"  # 2 được tiếp nhận
    NOT_ACCEPTED = "not_accepted"  # 3 không được tiếp nhận
    PROCESSING = "processing"  # 4 đang xử lý
    SUPPLEMENT_ASKED = "supplement_asked"  # 5 yêu cầu bổ sung giấy tờ
    PAYMENT_ASKED = "payment_asked"  # 6 yêu cầu thực hiện nghĩa vụ tài chính
    WITHDRAWN = "withdrawn"  # 7 công dân yêu cầu rút hồ sơ
    STOPPED = "stopped"  # 8 dừng xử lý
    FINISHED = "finished"  # 9 đã xử lý xong
    RETURNED = "returned"  # 10 đã trả kết quả


class EventKind(StrEnum):
    """What can happen to a dossier, in the source or here."""

    SUBMITTED = "submitted"  # handed in online, the clock not started
    RECEIVED = "received"  # received complete and valid: starts the clock
    APPOINTMENT_SEEN = "appointment_seen"  # a value of the appointment not seen before
    APPOINTMENT_CLASSIFIED = "appointment_classified"  # a person says what a changed appointment is
    STATUS_SEEN = "status_seen"  # the source's status changed
    SUPPLEMENT_ASKED = "supplement_asked"
    SUPPLEMENT_RECEIVED = "supplement_received"
    PAUSED = "paused"  # with a legal ground
    RESUMED = "resumed"
    HANDED_OVER = "handed_over"  # another unit or officer handles it
    FINISHED = "finished"
    RETURNED = "returned"  # handed to the applicant
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"  # starts a new life
    CORRECTED = "corrected"  # a fact changed in the source
    BLANKED = "blanked"  # the source lost a date it had: a conflict, never an erasure
    VANISHED = "vanished"  # no longer in a file that should hold it
    APPEARED = "appeared"  # back in the file
    COMPLAINT = "complaint"
    SAID_LATE = "said_late"  # "Không kịp": reason and new date from a person
    LETTER_DRAFTED = "letter_drafted"
    LETTER_ISSUED = "letter_issued"


class AppointmentCause(StrEnum):
    """Why an appointment has the value it has, as a person says."""

    CORRECTION = "correction"  # đính chính: the slip was wrong
    SUPPLEMENT = "supplement"  # bổ sung
    REAPPOINTMENT = "reappointment"  # hẹn lại
    OTHER = "other"  # khác


# A file of 100,000 rows makes half a million moments and as many events: tuples are made in a third of the time that a
# frozen class takes.
class Moment(NamedTuple):
    """An instant as a source wrote it: `at` is aware; without a time of day, `at` is the local midnight of that day."""

    at: datetime
    has_time: bool = True

    @property
    def on(self) -> date:
        """The local date; `at` is kept in the local zone by whoever makes the moment."""
        return self.at.date()


_NO_FACTS: Mapping[str, Fact] = MappingProxyType({})


class Event(NamedTuple):
    """One thing that happened, when it did and when it became known; nothing here is ever updated or deleted."""

    kind: EventKind
    happened_at: Moment | None  # None: it happened, nobody said when
    recorded_at: datetime
    source: str  # a source's name, or the person who said it
    import_id: int | None = None
    facts: Mapping[str, Fact] = _NO_FACTS
    supersedes: int | None = None


@dataclass(frozen=True, slots=True)
class Appointment:
    """A value of the appointment, when the monitor first saw it, and what a person said it is."""

    at: Moment
    seen_at: datetime
    cause: AppointmentCause | None = None


@dataclass(frozen=True, slots=True)
class Supplement:
    """A request to the applicant for papers, and their arrival.

    `inferred`: taken from two successive files, so never the ground of a breach.
    """

    asked: Moment | None
    answered: Moment | None = None
    new_appointment: Moment | None = None  # the appointment that the source says came with the papers
    answer_seen_at: datetime | None = None  # when the monitor learned of the arrival
    inferred: bool = False
    key: str | None = None  # the source's own name of the request; None: told by a person, or inferred

    @property
    def is_open(self) -> bool:
        """Whether the papers have not come; an answer that nobody dated is an answer all the same."""
        return self.answered is None and self.answer_seen_at is None


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which the clock stands still for a legal ground; `ended` None while it lasts."""

    began: Moment
    ground: str
    ended: Moment | None = None


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """ "Không kịp": the officer expects to miss the date, with the reason and the new date a person chose."""

    said_at: datetime
    reason: str
    new_date_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A dossier as known at a moment. Dates are local; a None is unknown or has not happened."""

    code: str
    life: int = 1  # a reopened dossier lives again
    procedure_code: str | None = None
    procedure_name: str | None = None
    case: str | None = None
    channel: Channel | None = None
    field_name: str | None = None
    stated_limit: str | None = None  # as the source writes it, "03 ngày làm việc"
    receiving_unit: str | None = None
    receiving_officer: str | None = None
    handling_unit: str | None = None
    handling_officer: str | None = None
    source_status: SourceStatus | None = None
    status_text: str | None = None  # the source's word, when it was not understood
    has_result_paper: bool = False
    submitted: Moment | None = None
    received: Moment | None = None
    appointments: tuple[Appointment, ...] = ()  # every value ever seen in this life, oldest first
    supplements: tuple[Supplement, ...] = ()
    pauses: tuple[Pause, ...] = ()
    finished: Moment | None = None
    returned: Moment | None = None
    refused: Moment | None = None
    withdrawn: Moment | None = None
    is_refused: bool = False
    is_withdrawn: bool = False
    missing_since: datetime | None = None
    late_answer: LateAnswer | None = None
    issued_new_date_on: date | None = None  # of the letter issued in this life
    blanked: tuple[str, ...] = ()  # dates that the source once had and then lost


# Facts that an event may carry and that simply become the dossier's own.
DESCRIPTIVE = (
    *("procedure_code", "procedure_name", "case", "channel", "field_name", "stated_limit"),
    *("receiving_unit", "receiving_officer", "handling_unit", "handling_officer"),
    *("source_status", "status_text", "has_result_paper"),
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
    if event.happened_at is None:
        return {}
    return {"appointments": (*dossier.appointments, Appointment(event.happened_at, event.recorded_at))}


def _appointment_classified(dossier: Dossier, event: Event) -> dict[str, Any]:
    """The last appointment gets its cause from a person."""
    if not dossier.appointments:
        return {}
    *earlier, last = dossier.appointments
    return {"appointments": (*earlier, replace(last, cause=AppointmentCause(str(event.facts["cause"]))))}


def _supplement_asked(dossier: Dossier, event: Event) -> dict[str, Any]:
    """A new request; or what the source says of one that is known already, whose date then counts."""
    asked = Supplement(event.happened_at, inferred=bool(event.facts.get("inferred")), key=_key(event))
    for place, known in enumerate(dossier.supplements):
        if _is_same_request(known, asked):
            still_inferred = known.inferred and known.answered is not None
            joined = replace(known, asked=asked.asked or known.asked, key=asked.key, inferred=still_inferred)
            return {"supplements": _with_supplement(dossier, place, joined)}
    return {"supplements": (*dossier.supplements, asked)}


# Two working days over a weekend: so far apart a person and the source may date the same fact (practice A8).
SAME_FACT = timedelta(days=4)


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
        "issued_new_date_on": None,
    }


def _said_late(_dossier: Dossier, event: Event) -> dict[str, Any]:
    return {"late_answer": LateAnswer(event.recorded_at, str(event.facts["reason"]), _new_date(event))}


def _letter_issued(dossier: Dossier, event: Event) -> dict[str, Any]:
    return {"issued_new_date_on": _new_date(event), "appointments": _with_letter_kept(dossier)}


def _with_letter_kept(dossier: Dossier) -> tuple[Appointment, ...]:
    """The appointments, of which the one that a letter brought about stays explained when that letter is superseded."""
    moved_to = dossier.issued_new_date_on
    return tuple(
        replace(one, cause=AppointmentCause.REAPPOINTMENT) if one.cause is None and one.at.on == moved_to else one
        for one in dossier.appointments
    )


def _blanked(dossier: Dossier, event: Event) -> dict[str, Any]:
    lost = str(event.facts["date"])
    return {} if lost in dossier.blanked else {"blanked": (*dossier.blanked, lost)}


def _new_date(event: Event) -> date | None:
    written = event.facts.get("new_date_on")
    return date.fromisoformat(str(written)) if written else None


def _sets(name: str) -> Callable[[Dossier, Event], dict[str, Any]]:
    """A step that sets one field to the moment of the event."""
    return lambda _dossier, event: {name: event.happened_at}


_STEPS: Mapping[EventKind, Callable[[Dossier, Event], dict[str, Any]]] = {
    EventKind.SUBMITTED: _sets("submitted"),
    EventKind.RECEIVED: _sets("received"),
    EventKind.APPOINTMENT_SEEN: _appointment_seen,
    EventKind.APPOINTMENT_CLASSIFIED: _appointment_classified,
    EventKind.SUPPLEMENT_ASKED: _supplement_asked,
    EventKind.SUPPLEMENT_RECEIVED: _supplement_received,
    EventKind.PAUSED: _paused,
    EventKind.RESUMED: _resumed,
    EventKind.FINISHED: _sets("finished"),
    EventKind.RETURNED: _sets("returned"),
    EventKind.REFUSED: lambda dossier, event: {"refused": event.happened_at or dossier.refused, "is_refused": True},
    EventKind.WITHDRAWN: lambda dossier, event: {
        "withdrawn": event.happened_at or dossier.withdrawn,
        "is_withdrawn": True,
    },
    EventKind.REOPENED: _reopened,
    EventKind.BLANKED: _blanked,
    EventKind.VANISHED: lambda _dossier, event: {"missing_since": event.recorded_at},
    EventKind.APPEARED: lambda _dossier, _event: {"missing_since": None},
    EventKind.SAID_LATE: _said_late,
    EventKind.LETTER_ISSUED: _letter_issued,
}
