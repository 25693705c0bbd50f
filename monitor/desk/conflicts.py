"""Dates that contradict each other: listed with both values until a person says which counts (practice A8)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from monitor.conflict import APPOINTMENT, ENDS, OURS, SOURCE
from monitor.desk.endings import may_decide, staff_member
from monitor.desk.letters import loaded
from monitor.desk.people import ActRefused
from monitor.dossier import Conflict, Event, EventKind
from monitor.history import fold
from monitor.organisation import Role, Staff
from monitor.rules import RuleBook
from monitor.status import Flag
from monitor.store import Filter, ListRow, Store
from monitor.sweep import look

_OF_THE_DESK = frozenset({APPOINTMENT, "received"})  # what the one-stop desk writes on the slip


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A conflict of a dossier, and who answers for it."""

    code: str
    conflict: Conflict
    told_by: str | None  # who told our date; None: the source itself, before it lost it, or a letter
    division: str | None
    officer: str | None


def contradictions(store: Store, *, now: datetime) -> Iterator[Contradiction]:
    """Every date that waits for a person's word, also of dossiers that have ended."""
    flagged = {row.code: row for row in store.list_dossiers() if _may_have_one(row, now)}
    for row, events in store.with_events(Filter(codes=tuple(flagged))) if flagged else ():
        dossier = fold(row.code, events)
        told_by = {entry.fact: entry.by for entry in dossier.entries}
        for one in dossier.conflicts:
            yield Contradiction(row.code, one, told_by.get(one.fact), row.division, row.officer)


def _may_have_one(row: ListRow, now: datetime) -> bool:
    """By its flags; what has changed since they were written is looked into."""
    is_stale = row.status is None or (row.next_look_at is not None and row.next_look_at <= now)
    return is_stale or not row.flags.isdisjoint({Flag.CONFLICT, Flag.DATE_BLANKED})


def settle(
    store: Store, rules: RuleBook, code: str, fact: str, *, keep: str, by: str, reason: str, now: datetime
) -> Conflict:
    """A person says which of two dates counts, `keep` being "ours" or "source"; answers the conflict that was settled.

    The head of the division or Văn phòng Sở may, of receipt and appointment also the one-stop desk. What was promised
    or received is not undone because a source has lost its date. Raises NoSuchDossier, NoSuchStaff, ActRefused.
    """
    assert keep in {OURS, SOURCE}, keep
    found, speaker = loaded(store, code), staff_member(rules, by)
    dossier = found.dossier()
    conflict = next((one for one in dossier.conflicts if one.fact == fact), None)
    if conflict is None:
        there = ", ".join(one.fact for one in dossier.conflicts) or "none"
        raise ActRefused(f"{code} has no conflict about {fact!r}: it has {there}; see: dunghen desk conflicts")
    holders = look(dossier, rules, now=now, data_as_of=found.row.data_as_of).holders
    if not may_decide(speaker, holders, store, rules, now=now) and not _is_for_the_desk(speaker, fact):
        raise ActRefused(f"{code}: its head {holders.head} or Văn phòng Sở says which date counts, not {by}")
    if not reason.strip():
        raise ActRefused(f"{code}: say why with --reason, it stays beside the decision")
    if keep == SOURCE and conflict.theirs is None and fact not in ENDS:
        raise ActRefused(f"{code}: the source has lost this date, and a {fact} that was is not undone: keep ours")
    facts = {"fact": fact, "keep": keep, "reason": reason.strip()}
    store.append_events(code, [Event(EventKind.CONFLICT_SETTLED, None, now, by, facts=facts)], now=now)
    return conflict


def _is_for_the_desk(by: Staff, fact: str) -> bool:
    return by.role is Role.DESK and fact in _OF_THE_DESK
