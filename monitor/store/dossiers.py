"""Dossiers as files tell of them: what is known, what a file changed, and what it no longer holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from itertools import chain
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from monitor.dossier import Event, EventKind, Fact
from monitor.record import ApplicantKind, Person, Record
from monitor.source import Scope
from monitor.store import events as stored_events
from monitor.store.bulk import Row, among, in_parts, insert_rows, replace_rows, take_ids, update_rows
from monitor.store.connection import Database
from monitor.store.errors import DossierKnownAlready, UnknownDossier
from monitor.store.events import event_rows, moment_columns
from monitor.store.imports import RejectedRow, insert_rejections, later_of
from monitor.store.record_json import record_from_json, record_to_json
from monitor.store.tables import DOSSIER, ERASURE, EVENT, PERSON, RECORD
from monitor.store.types import AT_ONCE
from monitor.working_time import LOCAL_ZONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A dossier as the last file told of it."""

    id: int
    life: int
    source: str
    record: Record
    fingerprint: bytes
    data_as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierChange:
    """A dossier that a file made or changed: its record merged with what was known, and what follows from it."""

    code: str
    known_id: int | None
    record: Record
    fingerprint: bytes
    events: tuple[Event, ...]
    source: str | None = None  # whose dossier it stays; None: the file's own source


@dataclass(frozen=True, slots=True, kw_only=True)
class Absences:
    """How many dossiers a file should have held and did not, and how many came back."""

    gone: int
    back: int


_PERSON_FIELDS = tuple(field.name for field in fields(Person))
_person_values = attrgetter(*_PERSON_FIELDS)
_PERSON_COLUMNS = (PERSON.c.dossier_id, *(PERSON.c[name] for name in _PERSON_FIELDS))
_NOBODY = Person()

_IMPORTED = (
    DOSSIER.c.source,
    DOSSIER.c.fingerprint,
    DOSSIER.c.data_as_of,
    DOSSIER.c.seen_import_id,
    DOSSIER.c.life,
    DOSSIER.c.event_count,
    DOSSIER.c.procedure_code,
    DOSSIER.c.received_at,
    DOSSIER.c.received_has_time,
    DOSSIER.c.appointment_at,
    DOSSIER.c.appointment_has_time,
    DOSSIER.c.next_look_at,
)


class Dossiers:
    """What intake asks and writes, and what people add to a dossier's history."""

    _database: Database

    def known_fingerprints(self, source: str) -> dict[str, bytes]:
        """The fingerprint of every dossier of a source by its code: what did not change needs no second look."""
        wanted = select(DOSSIER.c.code, DOSSIER.c.fingerprint).where(DOSSIER.c.source == source)
        with self._database.read() as connection:
            cursor: Any = connection.execute(wanted).cursor  # the driver's tuples: this is read anew for every file
            return dict(cursor.fetchall())

    def known(self, codes: Iterable[str]) -> dict[str, Known]:
        """The dossiers among `codes` that are known, whatever source told of them last."""
        head = (DOSSIER.c.code, DOSSIER.c.id, DOSSIER.c.life, DOSSIER.c.source, DOSSIER.c.fingerprint)
        joined = DOSSIER.join(RECORD).outerjoin(PERSON, PERSON.c.dossier_id == DOSSIER.c.id)
        wanted = select(*head, DOSSIER.c.data_as_of, RECORD.c.content, *_PERSON_COLUMNS[1:]).select_from(joined)
        with self._database.read() as connection:
            rows = connection.execute(wanted.where(among(connection, DOSSIER.c.code, codes))).all()
        return {
            code: Known(
                id=dossier_id,
                life=life,
                source=source,
                record=record_from_json(content, code=code, person=person_from(person)),
                fingerprint=fingerprint,
                data_as_of=data_as_of,
            )
            for code, dossier_id, life, source, fingerprint, data_as_of, content, *person in rows
        }

    def write_batch(
        self,
        import_id: int,
        *,
        source: str,
        data_as_of: datetime,
        changes: Sequence[DossierChange],
        unchanged_codes: Sequence[str] = (),
        unread_codes: Sequence[str] = (),
        rejections: Sequence[RejectedRow] = (),
        now: datetime,
    ) -> None:
        """Write one part of a file in one transaction; what is new or changed is due to be looked at.

        `data_as_of` of a dossier never goes backwards. Dossiers whose rows could not be read, `unread_codes`, are in
        the file and not missing, but nothing newer is known of them.
        """
        batch = _Batch(import_id, source, data_as_of, now)
        new = [change for change in changes if change.known_id is None]
        changed = [change for change in changes if change.known_id is not None]
        try:
            with self._database.write(recorded_at=now) as connection:
                _insert_new(connection, new, batch)
                _update_changed(connection, changed, batch)
                _mark_seen(connection, unchanged_codes, batch)
                _mark_present(connection, unread_codes, batch)
                insert_rejections(connection, import_id, rejections)
        except IntegrityError as error:
            raise DossierKnownAlready(str(error.orig).splitlines()[0]) from error

    def vanish(
        self,
        import_id: int,
        *,
        source: str,
        scope: Scope,
        received_from: date | None = None,
        received_to: date | None = None,
        now: datetime,
    ) -> Absences:
        """Record which open dossiers a whole file should have held and did not, and which of the missing are back.

        Only a dossier inside the file's scope can be missing; a list that says nothing about absence makes none.
        """
        batch = _Batch(import_id, source, now, now)
        with self._database.write(recorded_at=now) as connection:
            back = DOSSIER.c.seen_import_id == import_id, DOSSIER.c.missing_since.is_not(None)
            came_back = _record_for_all(connection, EventKind.APPEARED, back, batch)
            if scope is Scope.PARTIAL:
                return Absences(gone=0, back=came_back)
            gone = (
                DOSSIER.c.is_open,
                DOSSIER.c.source == source,
                DOSSIER.c.seen_import_id != import_id,
                DOSSIER.c.missing_since.is_(None),
                *_received_within(scope, received_from, received_to),
            )
            went = _record_for_all(connection, EventKind.VANISHED, gone, batch, {"scope": scope.value})
        return Absences(gone=went, back=came_back)

    def append_events(self, code: str, events: Sequence[Event], *, now: datetime) -> None:
        """Add what a person did or said to a dossier's history; it is due to be looked at."""
        self.append_events_of({code: events}, now=now)

    def append_events_of(self, by_code: Mapping[str, Sequence[Event]], *, now: datetime) -> None:
        """The same for many dossiers, all or none of them."""
        with self._database.write(recorded_at=now) as connection:
            for code in sorted(by_code):  # one order, so that no two transactions wait for each other
                append_events(connection, code, by_code[code])


def append_events(connection: Connection, code: str, events: Sequence[Event]) -> int:
    """Add events to a dossier inside somebody's transaction; returns its id."""
    wanted = select(DOSSIER.c.id, DOSSIER.c.event_count).where(DOSSIER.c.code == code).with_for_update()
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise UnknownDossier(code)
    insert_rows(connection, stored_events.COLUMNS, event_rows(row.id, row.event_count, events))
    changed = {
        "event_count": row.event_count + len(events),
        "life": DOSSIER.c.life + _lives(events),
        "next_look_at": AT_ONCE,
        "situation": None,
        "revision": DOSSIER.c.revision + 1,
    }
    connection.execute(update(DOSSIER).where(DOSSIER.c.id == row.id).values(**changed))
    return int(row.id)


def person_from(values: Iterable[str | None]) -> Person:
    """The person in the columns of `person`, in the order of the fields."""
    told: dict[str, str | None] = dict(zip(_PERSON_FIELDS, values, strict=True))
    kind = told.pop("applicant_kind")
    return Person(applicant_kind=None if kind is None else ApplicantKind(kind), **told)


def person_columns() -> Sequence[ColumnElement[str | None]]:
    """The columns that `person_from` reads."""
    return _PERSON_COLUMNS[1:]


@dataclass(frozen=True, slots=True)
class _Batch:
    import_id: int
    source: str
    data_as_of: datetime
    now: datetime

    def imported(self, change: DossierChange, *, data_as_of: datetime, life: int, event_count: int) -> Row:
        """The values of `_IMPORTED`."""
        record = change.record
        return (
            change.source or self.source,
            change.fingerprint,
            data_as_of,
            self.import_id,
            life,
            event_count,
            record.procedure_code,
            *moment_columns(record.received_at),
            *moment_columns(record.appointment_at),
            AT_ONCE,
        )


def _insert_new(connection: Connection, changes: Sequence[DossierChange], batch: _Batch) -> None:
    """A thousand at a time: their rows then stay in the processor's cache from one table to the next."""
    ids = take_ids(connection, DOSSIER, len(changes)) if changes else ()
    for numbered in in_parts(zip(ids, changes, strict=True), 1_000):
        dossiers = (
            (
                number,
                one.code,
                *batch.imported(
                    one, data_as_of=batch.data_as_of, life=1 + _lives(one.events), event_count=len(one.events)
                ),
            )
            for number, one in numbered
        )
        records = ((number, record_to_json(one.record)) for number, one in numbered)
        people = (_person_row(number, one.record.person) for number, one in numbered if one.record.person != _NOBODY)
        happened = chain.from_iterable(event_rows(number, 0, one.events) for number, one in numbered)
        insert_rows(connection, (DOSSIER.c.id, DOSSIER.c.code, *_IMPORTED), dossiers)
        insert_rows(connection, tuple(RECORD.c), records)
        insert_rows(connection, _PERSON_COLUMNS, people)
        insert_rows(connection, stored_events.COLUMNS, happened)


def _update_changed(connection: Connection, changes: Sequence[DossierChange], batch: _Batch) -> None:
    if not changes:
        return
    by_id: Mapping[int, DossierChange] = {one.known_id: one for one in changes if one.known_id is not None}
    wanted = select(DOSSIER.c.id, DOSSIER.c.event_count, DOSSIER.c.life, DOSSIER.c.data_as_of)
    locked = wanted.where(among(connection, DOSSIER.c.id, by_id)).order_by(DOSSIER.c.id).with_for_update()
    rows: list[Row] = []
    people: list[Row] = []
    happened: list[Row] = []
    for dossier_id, event_count, life, data_as_of in connection.execute(locked):
        one = by_id[dossier_id]
        imported = batch.imported(
            one,
            data_as_of=max(data_as_of, batch.data_as_of),
            life=life + _lives(one.events),
            event_count=event_count + len(one.events),
        )
        rows.append((*imported, None, dossier_id))
        people.append(_person_row(dossier_id, one.record.person))
        happened += event_rows(dossier_id, event_count, one.events)
    update_rows(connection, (*_IMPORTED, DOSSIER.c.situation), (DOSSIER.c.id,), rows)
    replace_rows(connection, tuple(RECORD.c), ((number, record_to_json(one.record)) for number, one in by_id.items()))
    replace_rows(connection, _PERSON_COLUMNS, people)
    insert_rows(connection, stored_events.COLUMNS, happened)
    _forget_again(connection, (number for number, one in by_id.items() if not _lives(one.events)))


def _forget_again(connection: Connection, dossier_ids: Iterable[int]) -> None:
    """A file that still names people whose data were erased does not bring them back, unless the dossier is open."""
    erased = select(DOSSIER.c.id).join(ERASURE, ERASURE.c.dossier_code == DOSSIER.c.code).where(~DOSSIER.c.is_open)
    chosen = among(connection, PERSON.c.dossier_id, dossier_ids)
    connection.execute(delete(PERSON).where(chosen, PERSON.c.dossier_id.in_(erased)))


def _mark_seen(connection: Connection, codes: Sequence[str], batch: _Batch) -> None:
    """One statement for all that did not change: seen in this file, and known to be so as of its data."""
    if codes:
        seen = update(DOSSIER).where(among(connection, DOSSIER.c.code, codes))
        fresh = later_of(DOSSIER.c.data_as_of, batch.data_as_of)
        connection.execute(seen.values(data_as_of=fresh, seen_import_id=batch.import_id))


def _mark_present(connection: Connection, codes: Sequence[str], batch: _Batch) -> None:
    if codes:
        present = update(DOSSIER).where(among(connection, DOSSIER.c.code, codes))
        connection.execute(present.values(seen_import_id=batch.import_id))


def _record_for_all(
    connection: Connection,
    kind: EventKind,
    which: Sequence[ColumnElement[bool]],
    batch: _Batch,
    facts: Mapping[str, Fact] = MappingProxyType({}),
) -> int:
    """The same event for every dossier that fits, set-based, and what it changes in their rows."""
    ids = connection.execute(select(DOSSIER.c.id).where(*which).order_by(DOSSIER.c.id).with_for_update()).scalars()
    chosen = among(connection, DOSSIER.c.id, ids)
    event = {
        EVENT.c.dossier_id: DOSSIER.c.id,
        EVENT.c.number: DOSSIER.c.event_count + 1,
        EVENT.c.kind: literal(kind.value),
        EVENT.c.recorded_at: literal(batch.now, EVENT.c.recorded_at.type),
        EVENT.c.source: literal(batch.source),
        EVENT.c.import_id: literal(batch.import_id),
        EVENT.c.facts: literal(dict(facts), EVENT.c.facts.type),
    }
    connection.execute(insert(EVENT).from_select(list(event), select(*event.values()).where(chosen)))
    changed = {
        "missing_since": batch.now if kind is EventKind.VANISHED else None,
        "event_count": DOSSIER.c.event_count + 1,
        "next_look_at": AT_ONCE,
        "situation": None,
        "revision": DOSSIER.c.revision + 1,
    }
    return connection.execute(update(DOSSIER).where(chosen).values(**changed)).rowcount


def _received_within(
    scope: Scope, received_from: date | None, received_to: date | None
) -> Sequence[ColumnElement[bool]]:
    """Inside the days that the file's title names; a day that it does not name is no bound."""
    if scope is not Scope.RECEIVED_BETWEEN:
        return ()
    bounds: list[ColumnElement[bool]] = [DOSSIER.c.received_at.is_not(None)]
    if received_from is not None:
        bounds.append(DOSSIER.c.received_at >= datetime.combine(received_from, time(), LOCAL_ZONE))
    if received_to is not None:
        bounds.append(DOSSIER.c.received_at < datetime.combine(received_to + timedelta(days=1), time(), LOCAL_ZONE))
    return bounds


def _person_row(dossier_id: int, person: Person) -> Row:
    return (dossier_id, *_person_values(person))


def _lives(events: Iterable[Event]) -> int:
    return [event.kind for event in events].count(EventKind.REOPENED)
