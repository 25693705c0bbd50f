"""Dates that contradict each other: listed with both values until a person says which counts (practice A8)."""

from datetime import datetime

from monitor.conflict import ENDS, OF_THE_DESK, OURS, SOURCE
from monitor.desk.endings import may_decide, staff_member
from monitor.desk.letters import loaded
from monitor.desk.people import ActRefused
from monitor.dossier import Conflict, Event, EventKind
from monitor.organisation import Role, Staff
from monitor.rules import RuleBook
from monitor.store import Store
from monitor.sweep import look


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
    return by.role is Role.DESK and fact in OF_THE_DESK
