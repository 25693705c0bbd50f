"""Files that were taken in hand: claimed by their hash, then accepted, held or refused."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from monitor.source import Scope
from monitor.status import Status
from monitor.store.bulk import among, insert_statement
from monitor.store.connection import Database
from monitor.store.tables import DOSSIER, IMPORT, REJECTION, SOURCE
from monitor.store.types import AT_ONCE


class ImportState(StrEnum):
    """How far a file has come."""

    READING = "reading"  # or left behind by a process that died: reading it again is safe
    ACCEPTED = "accepted"
    HELD = "held"  # a person has to look first
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The file is ours to read."""

    import_id: int
    resumed: bool  # it was begun before and never accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyImported:
    """The same bytes were accepted before, perhaps under another name."""

    import_id: int
    file_name: str
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a file held."""

    read: int
    new: int
    changed: int
    unchanged: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What the freshest accepted file of a source looked like, for the guard against a file that is cut short."""

    name: str
    data_as_of: datetime
    last_import_id: int
    scope: Scope
    row_count: int
    carried: frozenset[str]
    columns: Mapping[str, str]
    data_as_of_estimated: bool = False
    stated_as_of: datetime | None = None  # the newest moment that an accepted file has stated itself
    filled: Mapping[str, float] = field(default_factory=dict)  # field -> share of its cells that said something
    doubled: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # field -> its further headers, see FileHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A file and what became of it."""

    id: int
    file_name: str
    sha256: str
    source: str
    scope: Scope
    data_as_of: datetime
    data_as_of_estimated: bool
    state: ImportState
    tally: Tally
    cause: str | None
    recorded_at: datetime
    finished_at: datetime | None
    report: Mapping[str, Any] | None = None  # what was found beside the counts; None before there were reports


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that could not be taken; `row` is its number in the sheet."""

    row: int
    column: str | None
    value: str | None
    cause: str
    code: str | None = None  # of the dossier, where it could be read


_Doubled = Mapping[str, Mapping[str, int]]  # field -> further header -> rows that differ, as FileHead says

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Imports:
    """Claiming files, and what is known of their sources."""

    _database: Database

    def begin_import(
        self,
        *,
        file_name: str,
        sha256: str,
        source: str,
        scope: Scope,
        data_as_of: datetime,
        data_as_of_estimated: bool = False,
        received_from: date | None = None,
        received_to: date | None = None,
        retry_rejected: bool = False,
        now: datetime,
    ) -> Begun | AlreadyImported:
        """Claim a file by its hash before it is read; whatever was not accepted may be read again.

        With `retry_rejected` so may an accepted file of which rows were rejected.
        """
        values = {
            "file_name": file_name,
            "source": source,
            "scope": scope.value,
            "received_from": received_from,
            "received_to": received_to,
            "data_as_of": data_as_of,
            "data_as_of_estimated": data_as_of_estimated,
            "state": ImportState.READING.value,
            "cause": None,
            "report": None,
            "report_told_at": None,
            "recorded_at": now,
        }
        with self._database.write(recorded_at=now) as connection:
            claim = insert_statement(connection, IMPORT).values(sha256=sha256, **values).on_conflict_do_nothing()
            import_id = connection.execute(claim.returning(IMPORT.c.id)).scalar_one_or_none()
            if import_id is not None:
                return Begun(import_id=import_id, resumed=False)
            before = connection.execute(select(IMPORT).where(IMPORT.c.sha256 == sha256).with_for_update()).one()
            if before.state == ImportState.ACCEPTED and not (retry_rejected and before.rejected_count):
                return AlreadyImported(import_id=before.id, file_name=before.file_name, finished_at=before.finished_at)
            connection.execute(delete(REJECTION).where(REJECTION.c.import_id == before.id))
            connection.execute(update(IMPORT).where(IMPORT.c.id == before.id).values(**values))
            return Begun(import_id=before.id, resumed=True)

    def finish_import(
        self,
        import_id: int,
        tally: Tally,
        *,
        carried: frozenset[str],
        columns: Mapping[str, str],
        filled: Mapping[str, float] = _NOTHING,
        doubled: _Doubled = _NOTHING,
        report: Mapping[str, Any] | None = None,
        now: datetime,
    ) -> None:
        """Accept a file: remember what its source looks like, and wake the dossiers that waited for its data."""
        with self._database.write(recorded_at=now) as connection:
            connection.execute(
                update(IMPORT)
                .where(IMPORT.c.id == import_id)
                .values(
                    state=ImportState.ACCEPTED.value,
                    finished_at=now,
                    read=tally.read,
                    new=tally.new,
                    changed=tally.changed,
                    unchanged=tally.unchanged,
                    rejected_count=tally.rejected,
                    report=report,
                )
            )
            file = connection.execute(select(IMPORT).where(IMPORT.c.id == import_id)).one()
            _remember_source(connection, file, carried=sorted(carried), columns=columns, filled=filled, doubled=doubled)
            _wake_unconfirmed(connection, file.source)

    def hold_import(
        self, import_id: int, cause: str, *, report: Mapping[str, Any] | None = None, now: datetime
    ) -> None:
        """Put a file aside until a person has looked at it."""
        self._end_import(import_id, ImportState.HELD, cause, report, now)

    def refuse_import(
        self, import_id: int, cause: str, *, report: Mapping[str, Any] | None = None, now: datetime
    ) -> None:
        """Say that a file cannot be read, and why."""
        self._end_import(import_id, ImportState.REFUSED, cause, report, now)

    def _end_import(
        self, import_id: int, state: ImportState, cause: str, report: Mapping[str, Any] | None, now: datetime
    ) -> None:
        with self._database.write(recorded_at=now) as connection:
            ended = update(IMPORT).where(IMPORT.c.id == import_id, IMPORT.c.state == ImportState.READING.value)
            connection.execute(ended.values(state=state.value, cause=cause, report=report, finished_at=now))

    def confirm_fresh(self, source: str, data_as_of: datetime, *, now: datetime) -> None:
        """What a source was asked for has not changed: its dossiers are known to be so as of `data_as_of`."""
        with self._database.write(recorded_at=now) as connection:
            fresh = later_of(SOURCE.c.data_as_of, data_as_of)
            connection.execute(update(SOURCE).where(SOURCE.c.name == source).values(data_as_of=fresh))
            older = (DOSSIER.c.source == source, DOSSIER.c.is_open, DOSSIER.c.data_as_of < data_as_of)
            connection.execute(update(DOSSIER).where(*older).values(data_as_of=data_as_of))
            _wake_unconfirmed(connection, source)

    def source_state(self, name: str) -> SourceState | None:
        """What the source's freshest accepted file looked like; None before the first."""
        with self._database.read() as connection:
            row = connection.execute(_sources().where(SOURCE.c.name == name)).one_or_none()
        return None if row is None else _source_state(row)

    def sources(self) -> list[SourceState]:
        """Every source that a file was accepted from."""
        with self._database.read() as connection:
            return [_source_state(row) for row in connection.execute(_sources().order_by(SOURCE.c.name))]

    def newest_imports(self) -> dict[str, Import]:
        """For each source the file taken in hand last that was accepted or held."""
        order = (IMPORT.c.recorded_at.desc(), IMPORT.c.id.desc())
        place = func.row_number().over(partition_by=IMPORT.c.source, order_by=order).label("place")
        ended = IMPORT.c.state.in_([ImportState.ACCEPTED.value, ImportState.HELD.value])
        ranked = select(IMPORT.c.id, place).where(ended).subquery()
        newest = select(IMPORT).join(ranked, ranked.c.id == IMPORT.c.id).where(ranked.c.place == 1)
        with self._database.read() as connection:
            return {row.source: import_from(row) for row in connection.execute(newest)}

    def imports(self, limit: int = 50) -> list[Import]:
        """The files taken in hand last, the newest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(IMPORT).order_by(IMPORT.c.id.desc()).limit(limit))
            return [import_from(row) for row in rows]

    def import_files(self, ids: Collection[int]) -> dict[int, str]:
        """The names of the files that these imports read."""
        named = select(IMPORT.c.id, IMPORT.c.file_name)
        with self._database.read() as connection:
            wanted = connection.execute(named.where(among(connection, IMPORT.c.id, ids)))
            return {row.id: row.file_name for row in wanted}

    def rejections(self, import_id: int) -> list[RejectedRow]:
        """The rows of a file that could not be taken, in the order of the sheet."""
        columns = (REJECTION.c.row, REJECTION.c.column, REJECTION.c.value, REJECTION.c.cause, REJECTION.c.code)
        wanted = select(*columns).where(REJECTION.c.import_id == import_id).order_by(REJECTION.c.row, REJECTION.c.id)
        with self._database.read() as connection:
            return [
                RejectedRow(row=row, column=column, value=value, cause=cause, code=code)
                for row, column, value, cause, code in connection.execute(wanted)
            ]


def insert_rejections(connection: Connection, import_id: int, rejections: Sequence[RejectedRow]) -> None:
    """Keep the rows that could not be taken."""
    rows = [{"import_id": import_id} | asdict(one) for one in rejections]
    if rows:
        connection.execute(insert(REJECTION), rows)


def later_of(column: ColumnElement[datetime], value: datetime) -> ColumnElement[datetime]:
    """The later of a stored instant and `value`: how fresh data are never goes backwards."""
    # Said with its type: inside a CASE the value alone would be bound as plain text.
    return case((column < value, literal(value, column.type)), else_=column)


def _remember_source(connection: Connection, file: Row[tuple[object, ...]], doubled: _Doubled, **looks: object) -> None:
    """An older file that comes in late says nothing about what the next one should look like.

    A moment that was only estimated gives way to one that a file states itself.
    """
    before = connection.execute(select(SOURCE.c.doubled).where(SOURCE.c.name == file.source)).scalar()
    said = {
        "data_as_of": file.data_as_of,
        "last_import_id": file.id,
        "scope": file.scope,
        "row_count": file.read,
        **looks,
        "doubled": _never_fewer(before or {}, doubled),
    }
    values = insert_statement(connection, SOURCE).values(name=file.source, **said)
    new = {name: values.excluded[name] for name in said}
    is_fresher = SOURCE.c.data_as_of <= values.excluded.data_as_of
    if not file.data_as_of_estimated:
        is_fresher = or_(is_fresher, _was_estimated().correlate(SOURCE).scalar_subquery())
    connection.execute(values.on_conflict_do_update(index_elements=[SOURCE.c.name], set_=new, where=is_fresher))


def _never_fewer(before: _Doubled, now: _Doubled) -> _Doubled:
    """How often two columns for one field contradicted each other in the worst file that was accepted."""
    return {
        name: {header: max(count, before.get(name, {}).get(header, 0)) for header, count in others.items()}
        for name, others in now.items()
    }


def _was_estimated() -> Select[tuple[bool]]:
    """Whether the moment of a source's last accepted file was only estimated."""
    return select(IMPORT.c.data_as_of_estimated).where(IMPORT.c.id == SOURCE.c.last_import_id)


def _sources() -> Select[tuple[Any, ...]]:
    """The sources with what is known of the moments of their files."""
    is_stated = and_(IMPORT.c.state == ImportState.ACCEPTED.value, IMPORT.c.data_as_of_estimated.is_(False))
    stated = select(func.max(IMPORT.c.data_as_of)).where(IMPORT.c.source == SOURCE.c.name, is_stated)
    return select(
        SOURCE,
        _was_estimated().correlate(SOURCE).scalar_subquery().label("data_as_of_estimated"),
        stated.correlate(SOURCE).scalar_subquery().label("stated_as_of"),
    )


def _wake_unconfirmed(connection: Connection, source: str) -> None:
    """Dossiers whose due moment had passed by older data can now be said to be overdue, or not."""
    waiting = (
        DOSSIER.c.is_open,
        DOSSIER.c.status == Status.DUE_PASSED_UNCONFIRMED.value,
        DOSSIER.c.source == source,
        DOSSIER.c.due_at < DOSSIER.c.data_as_of,
    )
    connection.execute(update(DOSSIER).where(*waiting).values(next_look_at=AT_ONCE, revision=DOSSIER.c.revision + 1))


def _source_state(row: Row[tuple[object, ...]]) -> SourceState:
    return SourceState(
        name=row.name,
        data_as_of=row.data_as_of,
        last_import_id=row.last_import_id,
        scope=Scope(row.scope),
        row_count=row.row_count,
        carried=frozenset(row.carried),
        columns=row.columns,
        data_as_of_estimated=bool(row.data_as_of_estimated),
        stated_as_of=row.stated_as_of,
        filled=row.filled or {},
        doubled=row.doubled or {},
    )


def import_from(row: Row[Any]) -> Import:
    """The import in a row."""
    tally = Tally(read=row.read, new=row.new, changed=row.changed, unchanged=row.unchanged, rejected=row.rejected_count)
    return Import(
        id=row.id,
        file_name=row.file_name,
        sha256=row.sha256,
        source=row.source,
        scope=Scope(row.scope),
        data_as_of=row.data_as_of,
        data_as_of_estimated=row.data_as_of_estimated,
        state=ImportState(row.state),
        tally=tally,
        cause=row.cause,
        recorded_at=row.recorded_at,
        finished_at=row.finished_at,
        report=row.report,
    )
