"""From the status of a dossier and what was already told to the notices that are due now, or to a named silence."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from unicodedata import normalize

from monitor.absence import NOBODY_AWAY, Away
from monitor.deadline import Deadline, DeadlineNote
from monitor.go_live import WouldTell
from monitor.handling import Ground, Holders
from monitor.ladder import Delivery, Ladder, Step
from monitor.organisation import Organisation, Role, Staff
from monitor.record import ApplicantKind, Person
from monitor.status import Assessment, Status
from monitor.working_time import WorkingCalendar


class Silence(StrEnum):
    """Why nothing is said now."""

    NOTHING_DUE = "nothing_due"  # on track, or ended
    TOLD_ALREADY = "told_already"  # the same step, for the same due date
    WAITING_FOR_APPLICANT = "waiting"
    DATA_OLDER_THAN_DUE = "stale_data"  # the source cannot know yet whether it was finished
    IN_DIGEST = "in_digest"  # the morning mail tells it
    NOBODY_TO_TELL = "nobody_to_tell"


class Notice(NamedTuple):
    """A step told to a person about a dossier, once: with dossier and life this is its key."""

    step: Step
    due_on: date  # the date the step spoke of
    occurrence: int  # the number of the repeat, from 1
    person: str  # id of the member of staff


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDecision:
    """What is to be told now, or why nothing is."""

    notices: tuple[Notice, ...] = ()
    silence: Silence | None = None


STEP_OF_STATUS: Mapping[Status, Step] = {
    Status.NEAR_DUE: Step.NEAR_DUE,
    Status.APOLOGY_DUE: Step.QUESTION,
    Status.DUE_TODAY: Step.DUE_TODAY,
    Status.DUE_PASSED_UNCONFIRMED: Step.DUE_UNCONFIRMED,
    Status.OVERDUE: Step.OVERDUE,
}
_SILENT = {Status.WAITING: Silence.WAITING_FOR_APPLICANT, Status.DUE_PASSED_UNCONFIRMED: Silence.DATA_OLDER_THAN_DUE}


def decide_notice(  # noqa: PLR0917 - all that the decision depends on, but the time
    assessment: Assessment,
    deadline: Deadline,
    holders: Holders,
    told: Collection[Notice],
    ladder: Ladder,
    organisation: Organisation,
    calendar: WorkingCalendar,
    *,
    away: Away = NOBODY_AWAY,
    now: datetime,
) -> NoticeDecision:
    """The immediate notices of the step in which a dossier is, to every person of the step who was not told yet."""
    step = STEP_OF_STATUS.get(assessment.status)
    rule = ladder.steps.get(step) if step else None
    if step is None or rule is None or deadline.due_on is None:
        return NoticeDecision(silence=_SILENT.get(assessment.status, Silence.NOTHING_DUE))
    if deadline.limit_working_days < rule.min_limit_working_days:
        return NoticeDecision(silence=Silence.NOTHING_DUE)
    if rule.delivery is not Delivery.IMMEDIATE:
        return NoticeDecision(silence=_SILENT.get(assessment.status, Silence.IN_DIGEST))
    # While the desk has yet to enter a letter's new date, the old one counts and repeats pause (practice B14).
    repeat_every = None if DeadlineNote.AWAITING_NEW_APPOINTMENT in deadline.notes else rule.repeat_every_working_days
    occurrence = _occurrence(deadline.due_on, repeat_every, rule.after_working_days, calendar, now)
    if occurrence == 0:
        return NoticeDecision(silence=Silence.NOTHING_DUE)
    people = recipients(rule.to, holders, organisation, away)
    if not people:
        return NoticeDecision(silence=Silence.NOBODY_TO_TELL)
    wanted = [Notice(step=step, due_on=deadline.due_on, occurrence=occurrence, person=one.id) for one in people]
    new = tuple(notice for notice in wanted if notice not in told)
    return NoticeDecision(notices=new, silence=None if new else Silence.TOLD_ALREADY)


def _occurrence(due_on: date, repeat_every: int | None, after: int, calendar: WorkingCalendar, now: datetime) -> int:
    """Which repeat is due: 0 before the first, which comes `after` working days after the due date."""
    late = calendar.working_days_between(due_on, now.astimezone(calendar.zone).date()) - max(after, 1)
    if late < 0:
        return 0
    return 1 + late // repeat_every if repeat_every else 1


def recipients(
    roles: Sequence[Role], holders: Holders, organisation: Organisation, away: Away = NOBODY_AWAY
) -> tuple[Staff, ...]:
    """Everybody whom the roles name for a dossier, each once; a vacant officer's part falls to the head.

    A vacant head's part falls to the deputy in charge. What an absent person would be told goes to the substitute and
    to the head, without a substitute to the head alone (practice C27).
    """
    head = holders.head or holders.deputy
    own = {Role.OFFICER: holders.officer or head, Role.HEAD: head, Role.DEPUTY: holders.deputy}
    found: dict[str, Staff] = {}
    for role in roles:
        if role not in own:
            for one in organisation.with_role(role):
                found[one.id] = one
        elif (person := organisation.staff.get(own[role] or "")) is not None:
            found[person.id] = person
    if found.keys().isdisjoint(away):
        return tuple(found.values())
    told = [one for person in found.values() for one in _there(person, holders, organisation, away)]
    return tuple({person.id: person for person in told}.values())


def _there(person: Staff, holders: Holders, organisation: Organisation, away: Away) -> tuple[Staff, ...]:
    """The person, or who is told in their place; where nobody is left, the mail waits for the person after all."""
    if person.id not in away:
        return (person,)
    above: Sequence[str | None] = (holders.head, holders.deputy)
    if person.id not in (holders.officer, *above):
        own = organisation.divisions.get(person.division)
        above = (own.head, own.deputy_in_charge) if own else ()
    instead = (away[person.id], _in_charge(above, away))
    return tuple(organisation.staff[one] for one in instead if one and one in organisation.staff) or (person,)


def _in_charge(above: Sequence[str | None], away: Away) -> str | None:
    """The first of head and deputy who is there or has a substitute who is."""
    there = (away.get(one, one) for one in above if one is not None)
    return next((one for one in there if one is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLine:
    """A dossier in the morning mail. `applicant` is short, and absent for those who do not hold the dossier."""

    code: str
    step: Step | None  # None: unknown or possibly finished, see status
    status: Status
    procedure: str
    applicant: str | None
    officer: str | None
    due_on: date | None
    promised_on: date | None
    law_due_on: date | None
    apology_by_on: date | None
    working_days_left: int | None
    provisional: bool
    is_new: bool  # MỚI: this step was not told to this person before
    ground: Ground | None = None  # why that officer, or none; None: not known any more


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSource:
    """A source whose newest file waits for a person; until then only the officers are told of its dossiers."""

    source: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One person's picture of the day: all their dossiers that are in a step now."""

    person: Staff
    day: date
    data_as_of: datetime | None  # "Số liệu đến …"; the oldest of the sources that the lines come from
    lines: tuple[DigestLine, ...]
    open_count: int  # how many open dossiers the person answers for
    is_sample: bool
    down_from: datetime | None = None  # the monitor did not run from here
    down_to: datetime | None = None
    held: tuple[HeldSource, ...] = ()  # their dossiers are not among the lines (practice A2)
    would_tell: tuple[WouldTell, ...] | None = None  # in a trial: who is not mailed; None: no trial
    questions: tuple[str, ...] = ()  # what waits for this person's word: dossier codes and dates, in words

    def of(self, *statuses: Status) -> tuple[DigestLine, ...]:
        """The lines of these statuses, the longest late or soonest due first."""
        chosen = [line for line in self.lines if line.status in statuses]
        return tuple(sorted(chosen, key=lambda line: (line.due_on or date.max, line.code)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueMail:
    """The immediate mail about dossiers that were found overdue: one a person and pass, however many there are."""

    person: Staff
    day: date
    data_as_of: datetime | None
    lines: tuple[DigestLine, ...]
    is_sample: bool
    occurrence: int = 1
    would_tell: tuple[WouldTell, ...] | None = None  # in a trial: who is not mailed; None: no trial


def short_applicant(person: Person) -> str | None:
    """The applicant as the holder of a dossier needs it: a company in full, a citizen as "Nguyễn V. A.".

    A submitter is always a citizen, also the one who hands in the dossier of a company.
    """
    name = normalize("NFC", " ".join((person.applicant or person.submitter or "").split()))
    is_company = bool(person.applicant) and person.applicant_kind not in (None, ApplicantKind.CITIZEN)
    family_name, *given_names = name.split() or [""]
    if is_company or not given_names or name.casefold().startswith(_COMPANY_WORDS):
        return name or None
    return " ".join([family_name.capitalize(), *(f"{one[0].upper()}." for one in given_names)])


_COMPANY_WORDS = (
    *("công ty", "tổng công ty", "doanh nghiệp", "hợp tác xã", "liên hiệp hợp tác xã", "htx", "chi nhánh"),
    *("văn phòng đại diện", "quỹ", "trung tâm", "ủy ban", "sở"),
)
