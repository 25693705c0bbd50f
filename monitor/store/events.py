"""Events as rows and back; a dossier's events are numbered from 1 and never changed."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, select

from monitor.dossier import Event, EventKind, Moment
from monitor.store.bulk import Row, among
from monitor.store.tables import EVENT

COLUMNS = (
    EVENT.c.dossier_id,
    EVENT.c.number,
    EVENT.c.kind,
    EVENT.c.happened_at,
    EVENT.c.happened_has_time,
    EVENT.c.recorded_at,
    EVENT.c.source,
    EVENT.c.import_id,
    EVENT.c.facts,
    EVENT.c.supersedes,
)
_WORDS = {kind: kind.value for kind in EventKind}  # `.value` is a slow property
_KINDS = {kind.value: kind for kind in EventKind}
MomentColumns: TypeAlias = tuple[datetime | None, bool | None]


def event_rows(dossier_id: int, after: int, events: Iterable[Event]) -> Iterator[Row]:
    """Rows for `events`, numbered from the one after `after`."""
    for number, event in enumerate(events, start=after + 1):
        happened = event.happened_at
        yield (
            dossier_id,
            number,
            _WORDS[event.kind],
            None if happened is None else happened.at,
            None if happened is None else happened.has_time,
            event.recorded_at,
            event.source,
            event.import_id,
            event.facts,
            event.supersedes,
        )


def events_of(
    connection: Connection, dossier_ids: Iterable[int], *, recorded_by: datetime | None = None
) -> dict[int, tuple[Event, ...]]:
    """The events of many dossiers by one query, oldest first; with `recorded_by`, only what was known by then."""
    statement = select(*COLUMNS).where(among(connection, EVENT.c.dossier_id, dossier_ids))
    if recorded_by is not None:
        statement = statement.where(EVENT.c.recorded_at <= recorded_by)
    found: dict[int, list[Event]] = {}
    for row in connection.execute(statement.order_by(EVENT.c.dossier_id, EVENT.c.number)):
        found.setdefault(row[0], []).append(_event(row))
    return {dossier_id: tuple(events) for dossier_id, events in found.items()}


def moment_columns(moment: Moment | None) -> MomentColumns:
    """A moment as its two columns."""
    return (None, None) if moment is None else (moment.at, moment.has_time)


def moment_from(at: datetime | None, has_time: bool | None) -> Moment | None:
    """The moment in two columns."""
    return None if at is None else Moment(at, bool(has_time))


def _event(row: Sequence[Any]) -> Event:
    _dossier_id, _number, kind, at, has_time, *others = row
    return Event(_KINDS[kind], moment_from(at, has_time), *others)
