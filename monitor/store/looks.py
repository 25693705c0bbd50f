"""What the sweep reads and writes: dossiers whose moment has come, and what was decided about them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import Connection, select, update

from monitor.dossier import Dossier, Event
from monitor.handling import Ground
from monitor.history import fold
from monitor.letter import Letter
from monitor.notice import Notice
from monitor.status import Flag, Status
from monitor.store.bulk import Row, among, in_parts, insert_new_rows, update_rows
from monitor.store.connection import Database
from monitor.store.errors import NextLookNotLater
from monitor.store.events import events_of
from monitor.store.letters import letters_of, propose_letters, void_proposals
from monitor.store.notices import COLUMNS as NOTICE_COLUMNS
from monitor.store.notices import ToldNow, notice_row, notices_of
from monitor.store.tables import DOSSIER
from monitor.store.types import AT_ONCE, epoch_seconds

# id, revision, situation, data_as_of, status, due_on, next_look_at, rules_version: instants as seconds since 1970,
# the date as text, on both databases.
Situation = tuple[int, int, str | None, int, str | None, str | None, int | None, str | None]


@dataclass(frozen=True, kw_only=True)
class ToLook:
    """A dossier whose moment has come, with all that a decision about it needs."""

    id: int
    code: str
    revision: int
    life: int
    source: str
    data_as_of: datetime
    situation: str | None
    parked: str | None
    events: tuple[Event, ...]
    told: tuple[Notice, ...]  # in the present life
    letter: Letter | None  # the last one of the present life

    @cached_property
    def dossier(self) -> Dossier:
        """The dossier as its events tell it, folded when asked for: a bad one must not spoil its batch."""
        return fold(self.code, self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about a dossier that was read at `revision`."""

    id: int
    revision: int
    life: int
    status: Status
    flags: frozenset[Flag]
    procedure_code: str | None
    division: str | None
    officer: str | None
    law_due_on: date | None
    first_promised_on: date | None
    promised_on: date | None
    due_on: date | None
    due_at: datetime | None
    apology_by_on: date | None
    situation: str | None  # what the decision was made from, for the full recompute
    rules_version: str
    next_look_at: datetime | None  # strictly later than now; None: only new data can change it
    ground: Ground | None = None  # why that officer, or none
    notices: tuple[Notice, ...] = ()
    notice_reason: str = ""
    propose_letter_for: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What came of a batch of decisions; a conflict was changed since it was read and stays due."""

    written: int
    conflicts: int
    notices: int
    letters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatus:
    """A new status for a dossier of which nothing else changed."""

    id: int
    revision: int
    status: Status
    flags: frozenset[Flag]
    rules_version: str
    next_look_at: datetime | None


_TO_LOOK = (
    DOSSIER.c.id,
    DOSSIER.c.code,
    DOSSIER.c.revision,
    DOSSIER.c.life,
    DOSSIER.c.source,
    DOSSIER.c.data_as_of,
    DOSSIER.c.situation,
    DOSSIER.c.parked,
)
_STATUS = (DOSSIER.c.status, DOSSIER.c.is_open)
_DECIDED = (
    DOSSIER.c.flags,
    DOSSIER.c.procedure_code,
    DOSSIER.c.division,
    DOSSIER.c.officer,
    DOSSIER.c.ground,
    DOSSIER.c.law_due_on,
    DOSSIER.c.first_promised_on,
    DOSSIER.c.promised_on,
    DOSSIER.c.due_on,
    DOSSIER.c.due_at,
    DOSSIER.c.apology_by_on,
    DOSSIER.c.situation,
    DOSSIER.c.rules_version,
    DOSSIER.c.next_look_at,
    DOSSIER.c.parked,
)
_RESTATED = (
    DOSSIER.c.status,
    DOSSIER.c.is_open,
    DOSSIER.c.flags,
    DOSSIER.c.rules_version,
    DOSSIER.c.next_look_at,
)
_KEYS = (DOSSIER.c.id, DOSSIER.c.revision)
_SITUATIONS = """
    SELECT id, revision, situation, {data_as_of}, status, {due_on}, {next_look_at}, rules_version
    FROM dossier WHERE is_open AND id > {mark} ORDER BY id LIMIT {mark}
"""
_SITUATIONS_BY_DIALECT = {
    "sqlite": _SITUATIONS.format(data_as_of="data_as_of", due_on="due_on", next_look_at="next_look_at", mark="?"),
    "postgresql": _SITUATIONS.format(
        data_as_of="extract(epoch FROM data_as_of)::bigint",
        due_on="due_on::text",
        next_look_at="extract(epoch FROM next_look_at)::bigint",
        mark="%s",
    ),
}


class Looks:
    """Reading what is due, and writing what was decided."""

    _database: Database

    def due_batches(self, now: datetime, size: int = 500) -> Iterator[list[ToLook]]:
        """Every dossier that is due at `now`, each once, in batches; what becomes due meanwhile is the next pass's."""
        due = DOSSIER.c.next_look_at <= now
        with self._database.read() as connection:
            ids = connection.execute(select(DOSSIER.c.id).where(due)).scalars().all()
        for part in in_parts(sorted(ids), size):
            with self._database.read() as connection:
                batch = _to_look(connection, part, now)
            if batch:
                yield batch

    def record(self, decisions: Sequence[Decision], *, now: datetime) -> Recorded:
        """Write decisions, notices and proposed letters in one short transaction.

        A dossier that was changed since it was read is left alone and stays due.
        """
        for one in decisions:
            _refuse_due_again(one.id, one.next_look_at, now)
        with self._database.write(recorded_at=now) as connection:
            unchanged, statuses = _unchanged(connection, decisions)
            moved = [_status(one) + _decided(one) for one in unchanged if one.status != statuses[one.id]]
            update_rows(connection, (*_STATUS, *_DECIDED), _KEYS, moved)
            # Most of what is overdue today was so yesterday: the index of the statuses is then left alone.
            stayed = [_decided(one) for one in unchanged if one.status == statuses[one.id]]
            update_rows(connection, _DECIDED, _KEYS, stayed)
            told = [
                notice_row(
                    ToldNow(dossier_id=one.id, life=one.life, notice=notice),
                    decided_at=now,
                    reason=one.notice_reason,
                    rules_version=one.rules_version,
                )
                for one in unchanged
                for notice in one.notices
            ]
            wanted = [
                (one.id, one.life, one.propose_letter_for) for one in unchanged if one.propose_letter_for is not None
            ]
            notices = insert_new_rows(connection, NOTICE_COLUMNS, told)
            letters = propose_letters(connection, wanted, now=now)
            void_proposals(connection, (one.id for one in unchanged if not one.status.is_open))
        written = len(unchanged)
        return Recorded(written=written, conflicts=len(decisions) - written, notices=notices, letters=letters)

    def park(self, dossier_id: int, revision: int, reason: str, *, until: datetime, now: datetime) -> bool:
        """Show a dossier that cannot be looked at as unknown, with the reason, and look again at `until`."""
        _refuse_due_again(dossier_id, until, now)
        parked = update(DOSSIER).where(DOSSIER.c.id == dossier_id, DOSSIER.c.revision == revision)
        values = {
            "parked": reason,
            "status": Status.UNKNOWN.value,
            "is_open": True,
            "situation": None,
            "next_look_at": until,
            "revision": revision + 1,
        }
        with self._database.write(recorded_at=now) as connection:
            return connection.execute(parked.values(**values)).rowcount == 1

    def situations(self, batch: int = 10_000) -> Iterator[list[Situation]]:
        """Every open dossier as a plain tuple, in batches: what a full recompute compares."""
        statement = _SITUATIONS_BY_DIALECT[self._database.engine.dialect.name]
        last = 0
        while True:
            with self._database.read() as connection:
                cursor: Any = connection.exec_driver_sql(statement, (last, batch)).cursor
                rows: list[Situation] = cursor.fetchall()  # the driver's tuples: a million Row objects cost a second
            if not rows:
                return
            yield rows
            last = rows[-1][0]

    def wake(self, ids: Iterable[int], *, now: datetime) -> int:
        """Make dossiers due now; a decision that was made before is then void."""
        woken = 0
        for part in in_parts(ids, 10_000):
            with self._database.write(recorded_at=now) as connection:
                chosen = update(DOSSIER).where(among(connection, DOSSIER.c.id, part))
                values = {"next_look_at": AT_ONCE, "revision": DOSSIER.c.revision + 1}
                woken += connection.execute(chosen.values(**values)).rowcount
        return woken

    def restatus(self, rows: Iterable[Restatus], *, now: datetime) -> int:
        """Write new statuses in bulk, each if its dossier is as it was read; returns how many were."""
        written = 0
        for part in in_parts(rows, 10_000):
            for one in part:
                _refuse_due_again(one.id, one.next_look_at, now)
            with self._database.write(recorded_at=now) as connection:
                restated = [
                    (
                        one.status.value,
                        one.status.is_open,
                        _flags(one.flags),
                        one.rules_version,
                        one.next_look_at,
                        *_key(one),
                    )
                    for one in part
                ]
                written += update_rows(connection, _RESTATED, _KEYS, restated)
        return written


def _to_look(connection: Connection, ids: Sequence[int], now: datetime) -> list[ToLook]:
    wanted = select(*_TO_LOOK).where(among(connection, DOSSIER.c.id, ids), DOSSIER.c.next_look_at <= now)
    rows = connection.execute(wanted.order_by(DOSSIER.c.id)).all()
    events, notices, letters = events_of(connection, ids), notices_of(connection, ids), letters_of(connection, ids)
    return [
        ToLook(
            id=dossier_id,
            code=code,
            revision=revision,
            life=life,
            source=source,
            data_as_of=data_as_of,
            situation=situation,
            parked=parked,
            events=events.get(dossier_id, ()),
            told=notices.get((dossier_id, life), ()),
            letter=letters.get((dossier_id, life)),
        )
        for dossier_id, code, revision, life, source, data_as_of, situation, parked in rows
    ]


def _refuse_due_again(dossier_id: int, next_look_at: datetime | None, now: datetime) -> None:
    """In whole seconds, as they are stored: a fraction later would be due again at once."""
    if next_look_at is not None and epoch_seconds(next_look_at) <= epoch_seconds(now):
        raise NextLookNotLater(dossier_id, next_look_at, now)


def _unchanged(
    connection: Connection, decisions: Sequence[Decision]
) -> tuple[list[Decision], Mapping[int, str | None]]:
    """The decisions whose dossier is still as it was read, locked, and the statuses of the dossiers by id.

    What another sweep has locked is not ours.
    """
    ids = among(connection, DOSSIER.c.id, (one.id for one in decisions))
    locked = select(DOSSIER.c.id, DOSSIER.c.revision, DOSSIER.c.status).where(ids).order_by(DOSSIER.c.id)
    rows = connection.execute(locked.with_for_update(skip_locked=True)).all()
    revisions = {dossier_id: revision for dossier_id, revision, _ in rows}
    unchanged = [one for one in decisions if revisions.get(one.id) == one.revision]
    return unchanged, {dossier_id: status for dossier_id, _, status in rows}


def _status(one: Decision) -> Row:
    return (one.status.value, one.status.is_open)


def _decided(one: Decision) -> Row:
    """The values of `_DECIDED` and the keys; a dossier that was parked is so no longer."""
    return (
        _flags(one.flags),
        one.procedure_code,
        one.division,
        one.officer,
        None if one.ground is None else one.ground.value,
        one.law_due_on,
        one.first_promised_on,
        one.promised_on,
        one.due_on,
        one.due_at,
        one.apology_by_on,
        one.situation,
        one.rules_version,
        one.next_look_at,
        None,
        *_key(one),
    )


def _key(one: Decision | Restatus) -> Row:
    return (one.id, one.revision)


@lru_cache(maxsize=1024)
def _flags(flags: frozenset[Flag]) -> tuple[str, ...]:
    return tuple(sorted(flag.value for flag in flags))
