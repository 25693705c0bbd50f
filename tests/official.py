"""The official calendar as the rules ship it, and dates written as people say them, with their weekday checked."""

from collections.abc import Sequence
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from monitor.deadline import Deadline, Options, compute_deadline
from monitor.dossier import Appointment, AppointmentCause, Dossier, Moment
from monitor.ladder import Ladder
from monitor.rules import RuleBook, load_rules
from monitor.status import Assessment, assess
from monitor.time_limit import Evidence, TimeLimit, Unit
from monitor.working_time import LOCAL_ZONE, OfficialCalendar, WorkingCalendar

CASES = Path(__file__).parent / "cases"


@cache
def rules() -> RuleBook:
    return load_rules(Path(__file__).parent.parent / "rules")


def official() -> OfficialCalendar:
    return rules().calendar


def clock() -> WorkingCalendar:
    return official().clock


def ladder() -> Ladder:
    return rules().ladder


def day(said: str | None) -> date | None:
    """ "Fri 2026-11-20"; a weekday that does not fit the date is a mistake in the test."""
    if said is None:
        return None
    weekday, written = said.split()
    on = date.fromisoformat(written)
    assert f"{on:%a}" == weekday, f"{written} is a {on:%a}"
    return on


def at(said: str) -> datetime:
    """ "Fri 2026-11-20 09:00", local time."""
    said_day, said_time = said.rsplit(" ", 1)
    return datetime.combine(day(said_day), time.fromisoformat(said_time), LOCAL_ZONE)


def moment(said: str) -> Moment:
    """With or without a time of day."""
    if said.count(" ") == 1:
        return Moment(at(f"{said} 00:00"), has_time=False)
    return Moment(at(said))


def limit(amount: int | None, unit: Unit = Unit.WORKING_DAY, **others: Any) -> TimeLimit:
    return TimeLimit(amount=amount, unit=unit, evidence=others.pop("evidence", Evidence.VERIFIED), **others)


def appointment(said: str, seen: str = "Sun 2018-01-07 08:00", cause: AppointmentCause | None = None) -> Appointment:
    return Appointment(moment(said), at(seen), cause)


def dossier(received: str | None, promised: Sequence[str | Appointment] = (), **others: Any) -> Dossier:
    appointments = tuple(appointment(one) if isinstance(one, str) else one for one in promised)
    received_at = moment(received) if received else None
    return Dossier(code="H37.12-261101-0001", received=received_at, appointments=appointments, **others)


def deadline_of(one: Dossier, time_limit: TimeLimit, options: Options | None = None) -> Deadline:
    return compute_deadline(one, time_limit, official(), options)


def assessed(
    one: Dossier, time_limit: TimeLimit, now: str | datetime, data: str | datetime | None = None
) -> Assessment:
    """With data as fresh as the moment itself unless said otherwise."""
    now = at(now) if isinstance(now, str) else now
    data = at(data) if isinstance(data, str) else data or now
    return assess(one, deadline_of(one, time_limit), clock(), ladder(), now=now, data_as_of=data)
