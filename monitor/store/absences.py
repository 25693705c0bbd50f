"""Who is away, as people entered it; what was entered is withdrawn, never deleted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from monitor.absence import Absence, Absences
from monitor.store.connection import Database
from monitor.store.errors import AbsenceEnteredAlready, UnknownAbsence
from monitor.store.tables import ABSENCE

_COLUMNS = (
    ABSENCE.c.id,
    ABSENCE.c.person,
    ABSENCE.c.substitute,
    ABSENCE.c.begins_at,
    ABSENCE.c.ends_at,
    ABSENCE.c.entered_by,
    ABSENCE.c.entered_at,
    ABSENCE.c.withdrawn_at,
    ABSENCE.c.withdrawn_by,
)


class StaffAbsences:
    """Reading, entering and withdrawing absences."""

    _database: Database

    def absences(self, *, from_at: datetime | None = None) -> Absences:
        """All absences in the order of their entry; with `from_at`, those that hold then or may hold later."""
        with self._database.read() as connection:
            return _absences(connection, from_at)

    def enter_absence(self, wanted: Absence, *, now: datetime) -> Absence:
        """Write an absence down and give it its number.

        Raises AbsenceEnteredAlready when the person was entered for a part of that time before. Should two people enter
        it in the same instant on PostgreSQL, both entries stand and the later one counts.
        """
        with self._database.write(recorded_at=now) as connection:
            for other in _absences(connection, wanted.begins_at).entries:
                if other.person == wanted.person and other.meets(wanted):
                    raise AbsenceEnteredAlready(other)
            values = {column.name: getattr(wanted, column.name) for column in _COLUMNS[1:]}
            number = connection.execute(insert(ABSENCE).values(**values).returning(ABSENCE.c.id)).scalar_one()
        return replace(wanted, number=number)

    def absence(self, number: int) -> Absence:
        """The absence with this number. Raises UnknownAbsence."""
        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(ABSENCE.c.id == number)).one_or_none()
        if row is None:
            raise UnknownAbsence(number)
        return _absence(row)

    def withdraw_absence(self, number: int, *, by: str, now: datetime) -> bool:
        """From now on an absence no longer holds; False when it was withdrawn before."""
        still = ABSENCE.c.id == number, ABSENCE.c.withdrawn_at.is_(None)
        with self._database.write(recorded_at=now) as connection:
            done = connection.execute(update(ABSENCE).where(*still).values(withdrawn_at=now, withdrawn_by=by))
            return done.rowcount == 1


def _absences(connection: Connection, from_at: datetime | None) -> Absences:
    wanted = select(*_COLUMNS).order_by(ABSENCE.c.id)
    if from_at is not None:
        for over_at in (ABSENCE.c.ends_at, ABSENCE.c.withdrawn_at):
            wanted = wanted.where(or_(over_at.is_(None), over_at > from_at))
    return Absences(tuple(map(_absence, connection.execute(wanted))))


def _absence(row: Sequence[Any]) -> Absence:
    number, person, substitute, begins_at, ends_at, entered_by, entered_at, withdrawn_at, withdrawn_by = row
    return Absence(
        number=number,
        person=person,
        substitute=substitute,
        begins_at=begins_at,
        ends_at=ends_at,
        entered_by=entered_by,
        entered_at=entered_at,
        withdrawn_at=withdrawn_at,
        withdrawn_by=withdrawn_by,
    )
