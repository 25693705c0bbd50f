"""The apology: its states, what it must contain, and by when it is owed."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from monitor.deadline import Deadline
from monitor.dossier import Dossier, Moment
from monitor.errors import MonitorError
from monitor.organisation import Division, Organisation, SigningForm, Staff
from monitor.record import Person
from monitor.trace import say_date
from monitor.working_time import LOCAL_ZONE, WorkingCalendar


class LetterState(StrEnum):
    """The life of a letter (practice E32); the daemon proposes, people do everything else."""

    PROPOSED = "proposed"
    DRAFTED = "drafted"
    APPROVED = "approved"
    SIGNED = "signed"
    NUMBERED = "numbered"
    ISSUED = "issued"
    TOLD = "told"
    VOIDED = "voided"
    EXEMPT = "exempt"


class LetterRefused(MonitorError):
    """A letter that may not be written as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One apology for one dossier and one promised date."""

    dossier_code: str
    life: int
    promised_on: date  # the date that is missed; with code and life the letter's key
    state: LetterState
    reason: str | None = None  # typed by a person, never invented
    new_date_on: date | None = None
    prints: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs and in whose name: "KT. GIÁM ĐỐC / PHÓ GIÁM ĐỐC"."""

    authority: tuple[str, ...]  # the lines above the name
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterContent:
    """Every field of the apology in the order of the paper (rules.md 6); number and day are filled in by hand."""

    parent_agency: str
    agency: str
    symbol: str  # "PXL-STC": the number before it is the clerk's
    place: str
    month_year: str  # "11/2026", beside a blank day
    title: str
    recipient: str
    recipient_address: str | None
    recipient_phone: str | None
    received: str  # "08 giờ 30 phút, ngày 20/11/2026"
    procedure: str
    dossier_code: str
    promised: str
    is_overdue: bool  # the promise has passed; before, it is only going to
    reason: str
    new_date: str
    collect_at: str
    contact: str
    complaint_contact: str
    copies_to: tuple[str, ...]  # Nơi nhận, without dash and end mark
    signer: Signer
    is_sample: bool = False
    is_reprint: bool = False


TITLE = "VĂN BẢN XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT"


def check_new_date(new_date_on: date, old_date_on: date, calendar: WorkingCalendar, *, today: date) -> None:
    """Refuse a new appointment that is not a working day after the old one and after today.

    Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.6 (a new date, at most once).
    """
    if not calendar.is_working_day(new_date_on):
        proposed = calendar.add_working_days(max(new_date_on, old_date_on, today), 1)
        raise LetterRefused(f"{new_date_on} is not a working day: choose another date, for example {proposed}")
    if new_date_on <= old_date_on:
        raise LetterRefused(f"{new_date_on} is not after the promised date {old_date_on}: choose a later date")
    if new_date_on <= today:
        raise LetterRefused(f"{new_date_on} is not after today, {today}: choose a later date")


def missed_date(deadline: Deadline) -> date | None:
    """The date that the letter quotes and asks to move: the appointment in force, else the date that drives everything.

    After a re-appointment that is the second date, so that a second lateness has a letter of its own; a date that the
    source merely shows is not in force (practice B13).
    """
    return deadline.promised_on or deadline.due_on


def compose_letter(  # noqa: PLR0917 - what the letter speaks of, in that order
    dossier: Dossier,
    person: Person,
    missed_on: date,
    procedure_name: str,
    division: Division,
    organisation: Organisation,
    *,
    reason: str,
    new_date_on: date,
    is_reprint: bool,
    now: datetime,
) -> LetterContent:
    """The apology for a dossier, every field filled but the number and the day, which văn thư writes.

    The letter speaks to the applicant; with a submitter alone it is refused until somebody says who the applicant is.
    Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.6; format of Nghị định 30/2020/NĐ-CP, Phụ lục I.
    """
    if not person.applicant:
        raise LetterRefused(
            f"{dossier.code}: the source names no applicant (chủ hồ sơ), so the letter has nobody to be addressed to: "
            "cần xác nhận người nhận"
        )
    agency, today = organisation.agency, now.astimezone(LOCAL_ZONE).date()
    is_overdue = today > missed_on
    return LetterContent(
        parent_agency=agency.parent,
        agency=agency.name,
        symbol=f"PXL-{agency.symbol}",
        place=agency.place,
        month_year=f"{today:%m/%Y}",
        title=TITLE,
        recipient=person.applicant,
        recipient_address=person.address,
        recipient_phone=person.phone,
        received=_say_moment(dossier.received),
        procedure=procedure_name,
        dossier_code=dossier.code,
        promised=f"{missed_on:%d/%m/%Y}",
        is_overdue=is_overdue,
        reason=reason,
        new_date=say_date(new_date_on),
        collect_at=f"{agency.desk_name}, {agency.desk_address}",
        contact=_contact(division, organisation),
        complaint_contact=agency.complaint_contact,
        copies_to=_copies(division, is_overdue=is_overdue),
        signer=signer_of(division, organisation),
        is_sample=organisation.is_sample,
        is_reprint=is_reprint,
    )


def signer_of(division: Division, organisation: Organisation) -> Signer:
    """The lines above the signature and the name under it, by the division's form of authority."""
    person = organisation.staff[division.signer]
    own = person.title.upper()
    if division.signing_form is SigningForm.DIRECT:
        return Signer(authority=(own,), name=person.name)
    return Signer(authority=(f"{division.signing_form} {organisation.agency.director_title}", own), name=person.name)


def _say_moment(moment: Moment | None) -> str:
    if moment is None:
        return "……/……/……"
    day = f"ngày {moment.on:%d/%m/%Y}"
    return f"{moment.at:%H} giờ {moment.at:%M} phút, {day}" if moment.has_time else day


def _contact(division: Division, organisation: Organisation) -> str:
    """Whom the citizen may call: the desk's telephone and hours, and the head of the division by name and title."""
    head: Staff | None = organisation.staff.get(division.head)
    called = f"{head.name}, {head.title}, {division.name}" if head else division.name
    phone = head.phone if head and head.phone else organisation.agency.phone
    return f"{called}, điện thoại {phone} (giờ làm việc: {organisation.agency.desk_hours})"


def _copies(division: Division, *, is_overdue: bool) -> tuple[str, ...]:
    copies = ["Như trên", "Trung tâm Phục vụ hành chính công"]
    if is_overdue:
        copies.append("Văn phòng UBND tỉnh (b/c)")
    return (*copies, f"Lưu: VT, {division.symbol}")
