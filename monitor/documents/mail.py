"""Mails as the templates of templates/email/ see them: a digest or an overdue notice in words and plain values."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from unicodedata import normalize

from monitor.documents.writing import COLUMNS
from monitor.go_live import WouldTell
from monitor.notice import Digest, DigestLine, OverdueMail
from monitor.organisation import Agency, Role, Staff
from monitor.status import Status
from monitor.trace import say_date
from monitor.working_time import LOCAL_ZONE

OTHER = "other"
DIGEST, OVERDUE = "digest", "overdue"
# The most urgent first; what is in none of these comes last, so that no dossier is ever left out.
URGENCY = (
    Status.OVERDUE,
    Status.DUE_PASSED_UNCONFIRMED,
    Status.DUE_TODAY,
    Status.APOLOGY_DUE,
    Status.NEAR_DUE,
    Status.POSSIBLY_FINISHED,
    Status.UNKNOWN,
    Status.MISSING_FROM_SOURCE,
)
_TILES = (Status.OVERDUE, Status.DUE_TODAY, Status.APOLOGY_DUE, Status.NEAR_DUE)
_HEADLINE_LENGTH = 3
_QUESTIONS_SHOWN = 12  # so many that a morning's mail stays readable; all of them: dunghen desk questions
_CODES_SHOWN = 20  # of somebody who is not mailed in a trial
_PAST_DUE = (Status.OVERDUE, Status.DUE_PASSED_UNCONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A mail ready to be addressed."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A dossier as the templates see it: what is absent is None, what is a date is said."""

    number: str  # "  3. ", wide enough to align under
    code: str
    procedure: str
    applicant: str | None
    officer: str | None
    ground: str | None  # why this officer, or none, by the words of `handling.Ground`
    due_on: str | None
    days_left: int | None  # 0 on the due day and after it
    days_late: int  # 0 until the due day
    dates_differ: bool
    promised_on: str | None
    law_due_on: str | None
    is_past_due: bool
    promise_passed: bool
    law_passed: bool
    apology_by_on: str | None  # while it is still ahead
    is_new: bool
    is_provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """The dossiers of one status."""

    key: str
    count: int
    lines: tuple[LineView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldTellView:
    """Somebody who is not mailed in a trial, and what of."""

    name: str
    title: str
    count: int
    codes: str  # the first of them
    others: int  # how many more


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldView:
    """A source whose newest file waits for a person."""

    source: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailView:
    """A mail as the templates see it."""

    agency: str
    short_agency: str
    day: str
    short_day: str
    data_as_of: str | None
    is_sample: bool
    is_holder: bool
    count: int
    sections: tuple[SectionView, ...]
    headline: tuple[SectionView, ...]  # for the subject: the first of the sections
    tiles: tuple[SectionView, ...] = ()
    open_count: int = 0
    occurrence: int = 1
    down_from: str | None = None
    down_to: str | None = None
    questions: tuple[str, ...] = ()  # the first of what waits for the reader's word
    question_count: int = 0
    more_questions: int = 0
    held: tuple[HeldView, ...] = ()  # sources whose dossiers are not shown
    is_trial: bool = False
    would_tell: tuple[WouldTellView, ...] = ()  # in a trial: who is not mailed
    line: str = "-" * COLUMNS


def view_of_digest(digest: Digest, agency: Agency) -> MailView:
    """A digest as the templates see it."""
    view = _view(digest, agency)
    counts = {section.key: section.count for section in view.sections}
    return replace(
        view,
        tiles=tuple(SectionView(key=key, count=counts.get(key, 0)) for key in _TILES) if counts else (),
        open_count=digest.open_count,
        questions=digest.questions[:_QUESTIONS_SHOWN],
        question_count=len(digest.questions),
        more_questions=max(len(digest.questions) - _QUESTIONS_SHOWN, 0),
        down_from=say_instant(digest.down_from),
        down_to=say_instant(digest.down_to),
        held=tuple(HeldView(source=one.source, since=say_instant(one.since) or "") for one in digest.held),
    )


def view_of_overdue(mail: OverdueMail, agency: Agency) -> MailView:
    """An overdue notice as the templates see it."""
    return replace(_view(mail, agency), occurrence=mail.occurrence)


def _view(mail: Digest | OverdueMail, agency: Agency) -> MailView:
    sections = _sections(mail.lines, mail.person, mail.day)
    return MailView(
        agency=agency.name,
        short_agency=short_agency(agency.name),
        day=say_date(mail.day),
        short_day=f"{mail.day:%d/%m}",
        data_as_of=say_instant(mail.data_as_of),
        is_sample=mail.is_sample,
        is_holder=mail.person.role is Role.OFFICER,
        count=len(mail.lines),
        sections=sections,
        headline=sections[:_HEADLINE_LENGTH],
        is_trial=mail.would_tell is not None,
        would_tell=tuple(map(view_of_would_tell, mail.would_tell or ())),
    )


def short_agency(name: str) -> str:
    """The agency without its province, for a subject: "Sở Tài chính"."""
    for before_province in (" tỉnh ", " thành phố "):
        name = normalize("NFC", name).split(before_province)[0]
    return name


def _sections(lines: Iterable[DigestLine], person: Staff, day: date) -> tuple[SectionView, ...]:
    groups: dict[str, list[DigestLine]] = {status: [] for status in (*URGENCY, OTHER)}
    for line in lines:
        groups[line.status if line.status in groups else OTHER].append(line)
    views = []
    for key, group in groups.items():
        group.sort(key=lambda line: (line.due_on or date.max, line.code))
        shown = tuple(_line(line, number, person, day) for number, line in enumerate(group, start=1))
        views.append(SectionView(key=key, count=len(shown), lines=shown))
    return tuple(view for view in views if view.count)


def _line(line: DigestLine, number: int, person: Staff, day: date) -> LineView:
    left = line.working_days_left
    both = line.promised_on is not None and line.law_due_on is not None
    ahead = line.apology_by_on is not None and line.apology_by_on > day and line.status is Status.NEAR_DUE
    return LineView(
        number=f"{number:>3}. ",
        code=line.code,
        procedure=line.procedure,
        applicant=line.applicant,
        officer=line.officer if line.officer != person.name else None,
        ground=line.ground,
        due_on=_say(line.due_on),
        days_left=None if left is None else max(left, 0),
        days_late=0 if left is None else max(-left, 0),
        dates_differ=both and line.promised_on != line.law_due_on,
        promised_on=_say(line.promised_on),
        law_due_on=_say(line.law_due_on),
        is_past_due=line.status in _PAST_DUE,
        promise_passed=line.promised_on is not None and line.promised_on < day,
        law_passed=line.law_due_on is not None and line.law_due_on < day,
        apology_by_on=_say(line.apology_by_on) if ahead else None,
        is_new=line.is_new,
        is_provisional=line.provisional,
    )


def view_of_would_tell(one: WouldTell) -> WouldTellView:
    """Somebody who is not mailed, as the templates see it."""
    codes = ", ".join(one.codes[:_CODES_SHOWN])
    others = max(len(one.codes) - _CODES_SHOWN, 0)
    return WouldTellView(name=one.name, title=one.title, count=len(one.codes), codes=codes, others=others)


def _say(on: date | None) -> str | None:
    return say_date(on) if on else None


def say_instant(at: datetime | None) -> str | None:
    """ "07:05 ngày 23/11/2026"."""
    return f"{at.astimezone(LOCAL_ZONE):%H:%M ngày %d/%m/%Y}" if at else None
