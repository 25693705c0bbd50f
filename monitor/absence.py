"""Who is away from which half day to which, and who stands in (practice C27)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

# The people who are away at one moment, by id, each with whoever stands in: somebody who is there, or None.
Away = Mapping[str, str | None]
NOBODY_AWAY: Away = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Somebody is away from one moment to another; instants are aware, `ends_at` None: until it is withdrawn."""

    number: int
    person: str  # ids of staff
    substitute: str | None  # None: nobody was named
    begins_at: datetime
    ends_at: datetime | None
    entered_by: str
    entered_at: datetime
    withdrawn_at: datetime | None = None  # from here on it no longer holds; before, it did
    withdrawn_by: str | None = None

    @property
    def over_at(self) -> datetime | None:
        """When it stopped or will stop to hold: at its end, or when it was withdrawn before that."""
        return min((at for at in (self.ends_at, self.withdrawn_at) if at is not None), default=None)

    def holds_at(self, at: datetime) -> bool:
        """Whether the person is away at a moment."""
        over_at = self.over_at
        return self.begins_at <= at and (over_at is None or at < over_at)

    def meets(self, other: "Absence") -> bool:
        """Whether there is a moment at which both hold."""
        first = max(self.begins_at, other.begins_at)
        return self.holds_at(first) and other.holds_at(first)


@dataclass(frozen=True, slots=True)
class Absences:
    """The absences that were entered, in the order of their entry."""

    entries: tuple[Absence, ...] = ()

    def away_at(self, at: datetime) -> Away:
        """Everybody who is away at a moment, and who stands in for each.

        Where somebody was entered twice for the same time, the later entry counts. A substitute who is away, too, is
        followed to theirs; a chain that ends with nobody or runs in a circle leaves nobody.
        """
        named = {one.person: one.substitute for one in self.entries if one.holds_at(at)}
        return MappingProxyType({person: _present(person, named) for person in named}) if named else NOBODY_AWAY

    def substitute_for(self, person: str, at: datetime) -> str | None:
        """Who stands in for a person who is away at a moment; None when they are there, or nobody does."""
        return self.away_at(at).get(person)

    def met_by(self, one: Absence) -> tuple[Absence, ...]:
        """The other absences, of whomever, with which this one has a moment in common."""
        return tuple(other for other in self.entries if other.number != one.number and other.meets(one))


def _present(person: str, named: Away) -> str | None:
    """The first in the chain of substitutes who is not away."""
    seen = {person}
    stand_in = named[person]
    while stand_in is not None and stand_in in named and stand_in not in seen:
        seen.add(stand_in)
        stand_in = named[stand_in]
    return None if stand_in in seen else stand_in
