"""A dossier and its events: what was received, and what has happened to it since.

Events are the truth and are never changed; `history.fold` makes of them the `Dossier` as it was known at a moment.
No citizen's name, phone or address is here: those stand in `record.Person`, kept apart from everything else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

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
    ASSIGNED = "assigned"  # the head says who handles it; without an officer, that this no longer holds
    FINISH_DECLARED = "finish_declared"  # the officer says that it is done: number and date of the result
    FINISHED = "finished"
    RETURNED = "returned"  # handed to the applicant
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"  # starts a new life
    CORRECTED = "corrected"  # a fact changed in the source
    BLANKED = "blanked"  # the source lost a date it had: a conflict, never an erasure
    VANISHED = "vanished"  # no longer in a file that should hold it
    APPEARED = "appeared"  # back in the file
    CONFLICT_SETTLED = "conflict_settled"  # a person says which of two dates counts
    TAKEN_UP = "taken_up"  # Văn phòng Sở takes up what was late before the monitor went live
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


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the officer says of a result that the source does not show yet; the head confirms it (practice A7)."""

    by: str  # a member of staff
    said_at: datetime
    result_no: str
    result_on: date


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two dates of one fact, one entered here and one from a source, until a person says which counts (practice A8).

    `theirs` None: the source has lost the date that it gave before.
    """

    fact: str  # the field of the dossier, "finished"
    ours: Moment | None
    theirs: Moment | None
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A date that a person told here, which no import deletes, and what the source says of it (practice A8)."""

    fact: str  # the field of the dossier, "finished"
    at: Moment
    by: str  # a member of staff
    theirs: Moment | None = None  # None: the source has not spoken of it
    kept_over: tuple[Moment, ...] = ()  # dates of the source over which a person has kept it


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
    step_unit: str | None = None  # who the step log says has it in hand
    step_officer: str | None = None
    assigned_officer: str | None = None  # the id of the member of staff whom the head has named
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
    awaits_end: bool = False  # vanished from a list of open dossiers only, so that it may have ended
    late_answer: LateAnswer | None = None
    issued_new_date_on: date | None = None  # of the letter issued in this life
    letter_on: date | None = None  # the day of that letter
    declaration: Declaration | None = None
    entries: tuple[Entry, ...] = ()  # at most one a fact
    conflicts: tuple[Conflict, ...] = ()
    is_taken_up: bool = False


# Facts that an event may carry and that simply become the dossier's own.
DESCRIPTIVE = (
    *("procedure_code", "procedure_name", "case", "channel", "field_name", "stated_limit"),
    *("receiving_unit", "receiving_officer", "handling_unit", "handling_officer", "step_unit", "step_officer"),
    *("source_status", "status_text", "has_result_paper"),
)
