"""The apology: a person gives reason and new date, and it is drafted."""

from dataclasses import dataclass
from datetime import date, datetime

from monitor.dossier import Dossier, Event, EventKind
from monitor.errors import MonitorError
from monitor.letter import (
    Letter,
    LetterContent,
    LetterRefused,
    LetterState,
    check_new_date,
    compose_letter,
    missed_date,
)
from monitor.promise import was_reappointed
from monitor.rules import RuleBook
from monitor.store import Loaded, Store
from monitor.sweep import Looked, look


class NoSuchDossier(MonitorError):
    """A code that no import has brought."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no dossier {code}: list the known ones with 'dunghen list', or import the file that has it")


@dataclass(frozen=True, slots=True)
class PreparedLetter:
    """A letter that may be written: all its words, and what writing it will record."""

    letter: Letter
    content: LetterContent
    events: tuple[Event, ...]


def loaded(store: Store, code: str) -> Loaded:
    """The dossier with this code. Raises NoSuchDossier."""
    found = store.dossier(code)
    if found is None:
        raise NoSuchDossier(code)
    return found


def prepare_letter(
    store: Store, rules: RuleBook, code: str, *, reason: str, new_date_on: date, by: str, now: datetime
) -> PreparedLetter:
    """ "Không kịp": a person gives the reason and the new date; the apology for the promised date, ready to be printed.

    Nothing is recorded yet: a letter that cannot be printed was never drafted. One letter for a dossier and promised
    date: drafting it again with the same words is a reprint and says so; with other words it changes the draft. Refused
    for a dossier that has ended or that was re-appointed before, without a date to apologise for, and once the letter
    is on its way to be signed.
    Legal basis: Nghị định 118/2025/NĐ-CP, Điều 19.6.
    """
    found = loaded(store, code)
    dossier = found.dossier()
    looked = look(dossier, rules, now=now, data_as_of=found.row.data_as_of)
    letter = _asked_for(dossier, looked, reason=reason, new_date_on=new_date_on)
    today = now.astimezone(rules.calendar.clock.zone).date()
    old_date_on = max(letter.promised_on, looked.deadline.due_on or letter.promised_on)
    check_new_date(new_date_on, old_date_on, rules.calendar.clock, today=today)
    is_reprint = _is_reprint(letter, found.letter)
    content = _content(found, dossier, looked, letter, rules, is_reprint=is_reprint, now=now)
    said = Event(
        kind=EventKind.SAID_LATE,
        happened_at=None,
        recorded_at=now,
        source=by,
        facts={"reason": letter.reason, "new_date_on": new_date_on.isoformat()},
    )
    return PreparedLetter(letter, content, () if is_reprint else (said,))


def record_draft(store: Store, prepared: PreparedLetter, *, by: str, now: datetime) -> None:
    """Write down that a letter was drafted and by whom, and what was said for it, in one transaction."""
    store.draft_letter(prepared.letter, by=by, events=prepared.events, now=now)


def _asked_for(dossier: Dossier, looked: Looked, *, reason: str, new_date_on: date) -> Letter:
    """The letter as the person asks for it."""
    if not reason.strip():
        raise LetterRefused(f"{dossier.code}: a reason is needed; it is a person's to give and is never invented")
    return Letter(
        dossier_code=dossier.code,
        life=dossier.life,
        promised_on=_missed_on(dossier, looked),
        state=LetterState.DRAFTED,
        reason=reason.strip(),
        new_date_on=new_date_on,
    )


_MAY_BE_CHANGED = (LetterState.PROPOSED, LetterState.DRAFTED, LetterState.VOIDED)


def _is_reprint(letter: Letter, before: Letter | None) -> bool:
    """Whether the same words were drafted before; refused when people have gone on with what was drafted."""
    if before is None or before.promised_on != letter.promised_on:
        return False
    if before.state not in _MAY_BE_CHANGED:
        raise LetterRefused(f"{letter.dossier_code}: its letter is {before.state} already and cannot be drafted again")
    return (before.reason, before.new_date_on) == (letter.reason, letter.new_date_on)  # a proposal has no words yet


def _missed_on(dossier: Dossier, looked: Looked) -> date:
    """The date that the letter asks to move, or the reason why there is none to ask for."""
    code = dossier.code
    if not looked.assessment.status.is_open:
        raise LetterRefused(f"{code} has ended ({looked.assessment.status}): an apology is not written any more")
    if was_reappointed(dossier):
        raise LetterRefused(f"{code} was re-appointed once already: not allowed a second time (NĐ 118/2025, Điều 19.6)")
    missed_on = missed_date(looked.deadline)
    if missed_on is None:
        raise LetterRefused(f"{code} has neither an appointment nor a known limit: there is no date to apologise for")
    return missed_on


def _content(
    found: Loaded,
    dossier: Dossier,
    looked: Looked,
    letter: Letter,
    rules: RuleBook,
    *,
    is_reprint: bool,
    now: datetime,
) -> LetterContent:
    division = rules.organisation.divisions.get(looked.holders.division or "")
    if division is None:
        raise LetterRefused(
            f"{dossier.code}: no division answers for it, so nobody signs; name the division of its procedure in "
            "rules/procedures.csv"
        )
    assert letter.reason is not None
    assert letter.new_date_on is not None
    name = looked.procedure.name if looked.procedure else dossier.procedure_name
    return compose_letter(
        dossier,
        found.person,
        letter.promised_on,
        name or "",
        division,
        rules.organisation,
        reason=letter.reason,
        new_date_on=letter.new_date_on,
        is_reprint=is_reprint,
        now=now.astimezone(rules.calendar.clock.zone),
    )
