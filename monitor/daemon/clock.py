"""The clock of a daemon, and whether it can be right."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.rules import RuleBook
from monitor.store import Store
from monitor.working_time import LOCAL_ZONE

JUMP = timedelta(seconds=30)  # wall clock and monotonic clock may drift apart by less; more is a jump
MINUTE = "%Y-%m-%d %H:%M%z"
CLOCK_CONFIRMED = "clock_confirmed"  # up to which recorded moment a person has vouched for the clock


@dataclass(slots=True)
class Clock:
    """The wall clock, or one that was set and runs on from there, and the steady clock that nobody can set."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        return datetime.now(UTC) + self.ahead

    def set(self, at: datetime) -> None:
        """Let it be `at`, and run on from there."""
        self.ahead = at - datetime.now(UTC)

    def steady(self) -> float:
        """Seconds that only ever go forward."""
        return time.monotonic()


def doubt_about_clock(store: Store, rules: RuleBook, *, now: datetime) -> str | None:
    """Why this clock cannot be right; None when nothing speaks against it, or a person has vouched for it."""
    newest, confirmed = store.newest_recorded_at(), store.get_meta(CLOCK_CONFIRMED)
    vouched = datetime.fromisoformat(confirmed) if confirmed else None
    here = f"the clock ({now.astimezone(LOCAL_ZONE):{MINUTE}})"
    if newest is not None and now < newest - JUMP and (vouched is None or vouched < newest):
        return f"{here} is earlier than what was recorded ({newest.astimezone(LOCAL_ZONE):{MINUTE}})"
    last = rules.calendar.clock.last
    if now.year > last.year and (vouched is None or vouched.year < now.year):
        return f"{here} is beyond the official calendar, which ends on {last}"
    return None


def confirm_clock(store: Store, *, now: datetime) -> None:
    """A person has looked at the clock and says that it is right; a daemon that holds its mail hears of it."""
    newest = store.newest_recorded_at()
    store.set_meta(CLOCK_CONFIRMED, max(now, newest or now).isoformat(), now=now)
