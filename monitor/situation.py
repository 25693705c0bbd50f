"""What the clock of a dossier depends on, cut to the precision that its limit needs.

Two dossiers in the same situation have the same deadline and status, so that among a million open dossiers each
situation is computed once. Nobody's name and no dossier code is in it.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from monitor.dossier import (
    Appointment,
    AppointmentCause,
    Declaration,
    Dossier,
    Moment,
    Pause,
    SourceStatus,
    Supplement,
)
from monitor.time_limit import DayEnd, TimeLimit, Unit

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # a situation says that, not since when
Cut = Sequence[Any] | None  # what JSON holds of a moment: the instant as written, and whether it has a time of day


# The facts are always put in the same order; an encoder made at each call would take most of the time here.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def situation_of(dossier: Dossier, limit: TimeLimit, day_end: DayEnd) -> str:
    """The situation as canonical JSON; equal texts mean equal deadlines and statuses at every moment."""
    fine = limit.counts_minutes or limit.unit is Unit.SAME_DAY or day_end is not DayEnd.CLOSING_TIME
    seen = bool(dossier.supplements)  # when an appointment was seen matters only beside a supplement
    facts: dict[str, Any] = {
        "received": _cut(dossier.received, fine),
        "appointments": [
            [_cut(one.at, fine), one.seen_at.isoformat() if seen else "", one.cause] for one in dossier.appointments
        ],
        "status": dossier.source_status,
    }
    if dossier.supplements:
        facts["supplements"] = [_supplement(one, fine) for one in dossier.supplements]
    if dossier.pauses:
        facts["pauses"] = [[_cut(one.began, fine), one.ground, _cut(one.ended, fine)] for one in dossier.pauses]
    for name in _ENDS:
        if getattr(dossier, name) is not None:
            facts[name] = _cut(getattr(dossier, name), fine)
    facts |= _signs(dossier)
    if dossier.stated_limit is not None and not limit.binds:  # what the source states counts where the rules are silent
        facts["stated_limit"] = dossier.stated_limit
    if dossier.issued_new_date_on is not None:
        facts["issued"] = dossier.issued_new_date_on.isoformat()
    return _encode(facts)


_SIGNS = ("is_refused", "is_withdrawn", "has_result_paper", "awaits_end")
_DECLARED = Declaration("", LONG_AGO, "", LONG_AGO.date())  # a situation says that, not by whom
_ENDS = ("finished", "returned", "refused", "withdrawn")


def _signs(dossier: Dossier) -> dict[str, bool]:
    """What is so or not, and stands here only when it is so."""
    signs = {name: True for name in _SIGNS if getattr(dossier, name)}
    if dossier.missing_since is not None:
        signs["missing"] = True
    if dossier.declaration is not None:
        signs["declared"] = True
    return signs


@lru_cache(maxsize=65_536)  # the dossiers of a pass share their days
def _cut(moment: Moment | None, fine: bool) -> Cut:
    if moment is None:
        return None
    if fine and moment.has_time:
        return moment.at.isoformat(), 1
    return moment.at.replace(hour=0, minute=0, second=0, microsecond=0).isoformat(), 0 if fine else 1


def _supplement(one: Supplement, fine: bool) -> list[Any]:
    seen_at = one.answer_seen_at.isoformat() if one.answer_seen_at else ""
    return [_cut(one.asked, fine), _cut(one.answered, fine), _cut(one.new_appointment, fine), seen_at, one.inferred]


def dossier_in(situation: str) -> Dossier:
    """A dossier without code and names that is in this situation."""
    facts = json.loads(situation)
    ends: dict[str, Any] = {name: _moment(facts.get(name)) for name in _ENDS}
    return Dossier(
        code="",
        stated_limit=facts.get("stated_limit"),
        received=_moment(facts["received"]),
        appointments=tuple(
            Appointment(_known(at), _instant(seen) or _known(at).at, AppointmentCause(cause) if cause else None)
            for at, seen, cause in facts["appointments"]
        ),
        source_status=SourceStatus(facts["status"]) if facts["status"] else None,
        supplements=tuple(
            Supplement(_moment(asked), _moment(answered), _moment(new), _instant(seen), inferred)
            for asked, answered, new, seen, inferred in facts.get("supplements", ())
        ),
        pauses=tuple(Pause(_known(began), ground, _moment(ended)) for began, ground, ended in facts.get("pauses", ())),
        **ends,
        is_refused=facts.get("is_refused", False),
        is_withdrawn=facts.get("is_withdrawn", False),
        has_result_paper=facts.get("has_result_paper", False),
        missing_since=LONG_AGO if facts.get("missing") else None,
        awaits_end=facts.get("awaits_end", False),
        declaration=_DECLARED if facts.get("declared") else None,
        issued_new_date_on=datetime.fromisoformat(facts["issued"]).date() if "issued" in facts else None,
    )


def _moment(cut: Cut) -> Moment | None:
    return _known(cut) if cut else None


def _known(cut: Cut) -> Moment:
    assert cut is not None
    return Moment(datetime.fromisoformat(cut[0]), bool(cut[1]))


def _instant(written: str) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
