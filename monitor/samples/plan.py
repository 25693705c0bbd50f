"""What a dossier is made from: the morning, the scenario that it is to show, its procedure and its dates."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from random import Random

from monitor.dossier import Moment, SourceStatus
from monitor.organisation import Division, Organisation
from monitor.samples.invention import Invention
from monitor.samples.offers import ANY_LIMIT, Offer, Offers, Span
from monitor.samples.sample import Sample, Sheet
from monitor.samples.working_days import WorkingDays
from monitor.status import Flag, Status
from monitor.time_limit import Unit

# When a desk takes dossiers in and an officer finishes them; inside every office's hours.
OPEN_HOURS = ((time(7, 35), 225), (time(13, 35), 195))


class Finish(StrEnum):
    """When a dossier was finished."""

    NOT = "not"
    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Morning:
    """What all dossiers of a set share."""

    as_of: date
    exported_at: datetime  # this morning
    earlier_at: datetime  # the afternoon before
    organisation: Organisation
    desk: Division | None  # whose people receive dossiers
    days: WorkingDays
    offers: Offers

    @property
    def last_on(self) -> date:
        """The working day before."""
        return self.earlier_at.date()


Twist = Callable[[Sample, "Plan"], Sample]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A row of the table: how many dossiers, what they are like, and what the monitor has to make of them."""

    name: str
    sheet: Sheet
    count: int
    due: tuple[int, int]  # working days from the morning to the due date, from and to
    shows: Status | None = None  # None: the row has to be refused, or it depends on the days off ahead
    flags: frozenset[Flag] = frozenset()  # at least these
    limits: Span | None = ANY_LIMIT  # None: procedures without a known limit
    must_bind: bool = False  # only limits known well enough to stand beside a promise
    status: SourceStatus = SourceStatus.PROCESSING
    finish: Finish = Finish.NOT
    twist: Twist | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One dossier about to be made."""

    scenario: Scenario
    morning: Morning
    offer: Offer
    due_on: date
    chance: Random
    invention: Invention

    @property
    def known_until(self) -> datetime:
        """Up to when the dossier's export knows anything."""
        follows_up = self.scenario.sheet is Sheet.FOLLOW_UP
        return self.morning.exported_at if follows_up else self.morning.earlier_at

    def working(self, on: date) -> Moment:
        """Some moment of that day's office hours."""
        begin, minutes = self.chance.choices(OPEN_HOURS, (3, 2))[0]
        at = datetime.combine(on, begin, self.morning.days.calendar.zone)
        return self.whole(at + timedelta(minutes=self.chance.randint(0, minutes)))

    def clock(self, on: date, hour: int, minute: int) -> Moment:
        """That time of that day."""
        return self.whole(datetime.combine(on, time(hour, minute), self.morning.days.calendar.zone))

    def closing(self, on: date) -> Moment:
        """The end of that day's office hours, at which slips promise a result."""
        return Moment(self.morning.days.closing_of(on))

    def whole(self, at: datetime) -> Moment:
        """The moment as its export writes it: the portal knows seconds, lists do not."""
        seconds = self.chance.randint(0, 59) if self.scenario.sheet is Sheet.PORTAL else 0
        return Moment(at.replace(second=seconds))

    def after(self, on: date, working_days: int) -> date:
        """So many working days later, or earlier when negative."""
        return self.morning.days.after(on, working_days)

    def due_again(self, on: date) -> date:
        """When the procedure's limit ends if it is counted from that day."""
        if self.offer.unit is Unit.CALENDAR_DAY:
            return self.after(on + timedelta(days=self.offer.days), 0)
        return self.after(on, self.offer.days)
