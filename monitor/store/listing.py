"""Reading dossiers for people: one in full, many in a list."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, exists, false, func, null, select

from monitor.dossier import Dossier, Event, Moment
from monitor.history import fold
from monitor.letter import Letter
from monitor.notice import Notice
from monitor.record import Person, Record
from monitor.source import Scope
from monitor.status import Flag, Status
from monitor.store.bulk import among, pages_of
from monitor.store.connection import Database
from monitor.store.dossiers import person_columns, person_from
from monitor.store.events import events_of, moment_from
from monitor.store.imports import ImportState
from monitor.store.letters import letters_of
from monitor.store.notices import notices_of
from monitor.store.record_json import record_from_json
from monitor.store.tables import DOSSIER, EVENT, IMPORT, PERSON, RECORD, REJECTION

_PAGE = 5_000


class ListRow(NamedTuple):
    """A dossier as the lists show it."""

    id: int
    code: str
    life: int
    revision: int
    is_open: bool
    source: str
    data_as_of: datetime
    procedure_code: str | None
    received: Moment | None
    appointment: Moment | None
    missing_since: datetime | None
    next_look_at: datetime | None
    status: Status | None  # None: never looked at
    flags: frozenset[Flag]
    division: str | None
    officer: str | None
    law_due_on: date | None
    first_promised_on: date | None
    promised_on: date | None
    due_on: date | None
    due_at: datetime | None
    apology_by_on: date | None
    situation: str | None
    rules_version: str | None
    parked: str | None
    seen_import_id: int

    @property
    def is_settled(self) -> bool:
        """Whether it has ended and was looked at since: its row says all that there is to say."""
        return self.status is not None and not self.is_open and self.next_look_at is None


class FileTaken(NamedTuple):
    """A file that was accepted: what it claimed to hold, and how fresh that was."""

    import_id: int
    source: str
    scope: Scope
    received_from: date | None
    received_to: date | None
    data_as_of: datetime
    recorded_at: datetime
    unread: frozenset[str]  # the codes of which it had a row that could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """All that is known of a dossier."""

    row: ListRow
    events: tuple[Event, ...]
    record: Record  # with its person
    told: tuple[Notice, ...]  # in the present life
    letter: Letter | None

    @property
    def person(self) -> Person:
        """The applicant; empty when the personal data were erased."""
        return self.record.person

    def dossier(self, *, known_at: datetime | None = None) -> Dossier:
        """The dossier as its events tell it, or as it was known at a moment."""
        return fold(self.row.code, self.events, known_at=known_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which dossiers a list shows; an empty field asks for nothing."""

    is_open: bool | None = None
    statuses: Collection[Status] = ()
    divisions: Collection[str] = ()
    officers: Collection[str] = ()
    codes: Collection[str] = ()
    source: str | None = None


_COLUMNS = (
    DOSSIER.c.id,
    DOSSIER.c.code,
    DOSSIER.c.life,
    DOSSIER.c.revision,
    DOSSIER.c.is_open,
    DOSSIER.c.source,
    DOSSIER.c.data_as_of,
    DOSSIER.c.procedure_code,
    DOSSIER.c.received_at,
    DOSSIER.c.received_has_time,
    DOSSIER.c.appointment_at,
    DOSSIER.c.appointment_has_time,
    DOSSIER.c.missing_since,
    DOSSIER.c.next_look_at,
    DOSSIER.c.status,
    DOSSIER.c.flags,
    DOSSIER.c.division,
    DOSSIER.c.officer,
    DOSSIER.c.law_due_on,
    DOSSIER.c.first_promised_on,
    DOSSIER.c.promised_on,
    DOSSIER.c.due_on,
    DOSSIER.c.due_at,
    DOSSIER.c.apology_by_on,
    DOSSIER.c.situation,
    DOSSIER.c.rules_version,
    DOSSIER.c.parked,
    DOSSIER.c.seen_import_id,
)
# A list of all shows no situation, whose long text would be a fifth of what is read.
_SHOWN = tuple(null() if one is DOSSIER.c.situation else one for one in _COLUMNS)
_FILE = (
    IMPORT.c.id,
    IMPORT.c.source,
    IMPORT.c.scope,
    IMPORT.c.received_from,
    IMPORT.c.received_to,
    IMPORT.c.data_as_of,
    IMPORT.c.recorded_at,
)
_EVERYTHING = Filter()


class Listing:
    """Reading for people; nothing here writes."""

    _database: Database

    def dossier(self, code: str) -> Loaded | None:
        """All that is known of one dossier, read as of one moment."""
        joined = DOSSIER.join(RECORD).outerjoin(PERSON, PERSON.c.dossier_id == DOSSIER.c.id)
        wanted = select(*_COLUMNS, RECORD.c.content, *person_columns()).select_from(joined)
        with self._database.read() as connection:
            found = connection.execute(wanted.where(DOSSIER.c.code == code)).one_or_none()
            if found is None:
                return None
            row = _list_row(found[: len(_COLUMNS)])
            content, *person = found[len(_COLUMNS) :]
            whose = (row.id, row.life)
            return Loaded(
                row=row,
                events=events_of(connection, [row.id]).get(row.id, ()),
                record=record_from_json(content, code=code, person=person_from(person)),
                told=notices_of(connection, [row.id]).get(whose, ()),
                letter=letters_of(connection, [row.id]).get(whose),
            )

    def list_dossiers(self, which: Filter = _EVERYTHING) -> Iterator[ListRow]:
        """The dossiers that a filter asks for, in the order in which they became known, read page by page."""
        return (row for row, _ in self._pages(which, with_events=False))

    def with_events(self, which: Filter = _EVERYTHING) -> Iterator[tuple[ListRow, tuple[Event, ...]]]:
        """The same rows, each with what happened to the dossier."""
        return self._pages(which, with_events=True)

    def standing(self, *, known_at: datetime | None = None) -> Iterator[tuple[ListRow, tuple[Event, ...] | None]]:
        """Every dossier that was known at a moment, with the events recorded by then; all of them without one.

        None for the events: it has ended and was settled, and nothing has been recorded of it since.
        """
        wanted = select(*_SHOWN, _recorded(None if known_at is None else EVENT.c.recorded_at > known_at))
        if known_at is not None:
            wanted = wanted.where(_recorded(EVENT.c.recorded_at <= known_at))
        with self._database.read() as connection:
            for *columns, has_news in pages_of(connection, wanted.order_by(DOSSIER.c.id), _PAGE):
                rows = _list_rows(columns)
                untold = {row.id for row, news in zip(rows, has_news, strict=True) if news or not row.is_settled}
                events = events_of(connection, untold, recorded_by=known_at)
                yield from ((row, events.get(row.id, ()) if row.id in untold else None) for row in rows)

    def files_taken(self, *, by: datetime) -> list[FileTaken]:
        """Every file that had been accepted at a moment, in the order in which they came."""
        wanted = select(*_FILE).where(IMPORT.c.state == ImportState.ACCEPTED.value, IMPORT.c.recorded_at <= by)
        refused = select(REJECTION.c.import_id, REJECTION.c.code).where(REJECTION.c.code.is_not(None))
        unread: dict[int, set[str]] = {}
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(IMPORT.c.recorded_at, IMPORT.c.id)).all()
            for import_id, code in connection.execute(refused):
                unread.setdefault(import_id, set()).add(code)
        return [
            FileTaken(id_, source, Scope(scope), first_on, last_on, fresh, taken, frozenset(unread.get(id_, ())))
            for id_, source, scope, first_on, last_on, fresh, taken in rows
        ]

    def _pages(self, which: Filter, *, with_events: bool) -> Iterator[tuple[ListRow, tuple[Event, ...]]]:
        last = 0
        while True:
            with self._database.read() as connection:
                page = select(*_COLUMNS).where(DOSSIER.c.id > last, *_chosen(connection, which))
                rows = connection.execute(page.order_by(DOSSIER.c.id).limit(_PAGE)).all()
                events = events_of(connection, [row.id for row in rows]) if with_events else {}
            if not rows:
                return
            yield from ((_list_row(row), events.get(row.id, ())) for row in rows)
            last = rows[-1].id

    def counts_by_status(self) -> dict[Status | None, int]:
        """How many dossiers have each status; None: never looked at."""
        counts = select(DOSSIER.c.status, func.count()).group_by(DOSSIER.c.status)
        with self._database.read() as connection:
            return {None if status is None else Status(status): count for status, count in connection.execute(counts)}


def _chosen(connection: Connection, which: Filter) -> list[ColumnElement[bool]]:
    lists = (
        (DOSSIER.c.status, [status.value for status in which.statuses]),
        (DOSSIER.c.division, which.divisions),
        (DOSSIER.c.officer, which.officers),
        (DOSSIER.c.code, which.codes),
    )
    chosen: list[ColumnElement[bool]] = [among(connection, column, values) for column, values in lists if values]
    if which.is_open is not None:
        chosen.append(DOSSIER.c.is_open if which.is_open else ~DOSSIER.c.is_open)
    if which.source is not None:
        chosen.append(DOSSIER.c.source == which.source)
    return chosen


def _recorded(when: ColumnElement[bool] | None) -> ColumnElement[bool]:
    """Whether a dossier has an event that was recorded in this time; None: in no time."""
    return false() if when is None else exists().where(EVENT.c.dossier_id == DOSSIER.c.id, when)


def _list_row(values: Sequence[Any]) -> ListRow:
    """The row of these columns."""
    return _list_rows([(value,) for value in values])[0]


def _list_rows(columns: Sequence[Sequence[Any]]) -> list[ListRow]:
    """The rows of these columns: two pairs of columns are moments, two columns are words of the core."""
    received, appointment = (map(moment_from, columns[at], columns[at + 1]) for at in (8, 10))
    statuses = map(_STATUSES.__getitem__, columns[14])
    flags = (_flags(tuple(words or ())) for words in columns[15])
    read = (*columns[:8], received, appointment, *columns[12:14], statuses, flags, *columns[16:])
    return list(map(ListRow._make, zip(*read, strict=True)))


_STATUSES: Mapping[str | None, Status | None] = {None: None} | {status.value: status for status in Status}


@lru_cache(maxsize=1024)
def _flags(words: tuple[str, ...]) -> frozenset[Flag]:
    return frozenset(map(Flag, words))
