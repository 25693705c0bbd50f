"""A source that is a database: one statement that only reads, from the mark that was reached to the newest row."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import le
from typing import Any

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.exc import NoSuchModuleError as NoSuchDialect

from monitor.intake.assembly import record_maker
from monitor.intake.batch import Batch, FileHead, Rejection
from monitor.intake.dates import read_date
from monitor.intake.layout import known_fields, map_columns
from monitor.intake.refusals import IntakeError
from monitor.intake.rows import RowReader, row_reader
from monitor.intake.survey import survey
from monitor.intake.table import Table
from monitor.source import FileFormat, Mark, QueryRule, Scope, SourceRule
from monitor.working_time import LOCAL_ZONE

LAYOUT = "csdl"
ANSWER_SECONDS = 120  # so long the provincial server may think before it is let off
_BATCH_SIZE = 5_000
# What a statement may do at the very most, said to the server itself and not only hoped of the statement.
_READ_ONLY: Mapping[str, tuple[str, ...]] = {
    "postgresql": (
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY, ISOLATION LEVEL REPEATABLE READ",
        f"SET statement_timeout = '{ANSWER_SECONDS}s'",
    ),
    "mysql": ("SET SESSION TRANSACTION READ ONLY", f"SET SESSION max_statement_time = {ANSWER_SECONDS}"),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY", f"SET SESSION max_statement_time = {ANSWER_SECONDS}"),
    "sqlite": ("PRAGMA query_only = ON",),
}
# A server that is not there must not hold up the monitor for longer than this.
_PATIENCE: Mapping[str, Mapping[str, int]] = {
    "postgresql": {"connect_timeout": 10},
    "mysql": {"connect_timeout": 10, "read_timeout": 2 * ANSWER_SECONDS},
}


class QueryFailed(IntakeError):
    """The database of a source cannot be read as its rule says."""

    wording = "không đọc được cơ sở dữ liệu của nguồn ({reason}): {remedy}"


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of the answer, and the mark that stands reached once they are written down."""

    batch: Batch
    mark: Mark


def read_query(
    rule: SourceRule, query: QueryRule, url: str, *, known: Mapping[str, bytes], since: Mark | None, now: datetime
) -> Iterator[FileHead | Part]:
    """What the answer is made of, then its rows in parts; rows that are as known are only named.

    `since` is the mark that was reached, None before the first reading. The data are as of `now`, the moment at which
    the server was asked. Raises QueryFailed.
    """
    begin = _begin(since, query)
    with (
        _reading(rule, url) as connection,
        connection.execution_options(stream_results=True).execute(text(query.sql), {"mark": begin}) as answer,
    ):
        headers = tuple(answer.keys())
        mark_at = _place_of(query.mark, headers, rule)
        pipeline = _Pipeline(rule, tuple(header for header in headers if header != query.mark), known)
        yield pipeline.head(now)
        while rows := answer.fetchmany(_BATCH_SIZE):
            marks = [row[mark_at] for row in rows]
            if None in marks or not all(map(le, marks, marks[1:])):
                raise _out_of_order(rule, query)
            yield Part(pipeline.batch([(*row[:mark_at], *row[mark_at + 1 :]) for row in rows]), marks[-1])


def _begin(since: Mark | None, query: QueryRule) -> Mark:
    if isinstance(since, datetime):
        return since - timedelta(minutes=query.overlap_minutes)
    return query.first_mark if since is None else since


@contextmanager
def _reading(rule: SourceRule, url: str) -> Iterator[Connection]:
    """A connection that can only read; whatever the server says against it is said in one line, without the URL."""
    try:
        address = make_url(url)
        if address.drivername in ("mysql", "mariadb"):
            address = address.set(drivername=f"{address.drivername}+pymysql")
        elif address.drivername in ("postgresql", "postgres"):
            address = address.set(drivername="postgresql+psycopg")
        engine = create_engine(
            address, hide_parameters=True, connect_args=_PATIENCE.get(address.get_backend_name(), {})
        )
    except (ArgumentError, NoSuchDialect, ImportError):
        raise QueryFailed(
            file=rule.name,
            reason="địa chỉ trong tệp url_file không đúng dạng, hoặc chưa cài bộ kết nối",
            remedy="ghi một dòng như postgresql://nguoi-doc:mat-khau@may-chu/co-so-du-lieu hoặc mysql://…",
        ) from None
    try:
        with engine.connect() as connection:
            for statement in _READ_ONLY.get(connection.dialect.name, ()):
                connection.exec_driver_sql(statement)
            connection.commit()  # the settings hold from the next transaction on
            yield connection
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise QueryFailed(
            file=rule.name,
            reason=(str(cause).strip().splitlines() or [type(cause).__name__])[0][:200],
            remedy="kiểm tra máy chủ, quyền đọc và câu lệnh sql trong rules/sources",
        ) from None
    finally:
        engine.dispose()


def _place_of(mark: str, headers: Sequence[str], rule: SourceRule) -> int:
    if mark not in headers:
        raise QueryFailed(
            file=rule.name,
            reason=f"kết quả không có cột {mark}",
            remedy="thêm cột này vào câu lệnh, hoặc sửa mark trong rules/sources",
        )
    return headers.index(mark)


def _out_of_order(rule: SourceRule, query: QueryRule) -> QueryFailed:
    return QueryFailed(
        file=rule.name,
        reason=f"cột {query.mark} có ô trống hoặc không tăng dần",
        remedy=f"thêm “AND {query.mark} IS NOT NULL ORDER BY {query.mark}” vào câu lệnh",
    )


class _Pipeline:
    """The rows of an answer taken the way of the rows of a file: mapped, surveyed, read, refused one by one."""

    def __init__(self, rule: SourceRule, headers: tuple[str, ...], known: Mapping[str, bytes]) -> None:
        self._rule, self._headers, self._known = rule, headers, known
        self._columns = map_columns(headers, known_fields(rule.name, rule.columns))
        self._read: RowReader = row_reader(self._columns, rule, read_date(LOCAL_ZONE), doubts_dates=False)
        self._make = record_maker(self._read.fields, LOCAL_ZONE)
        self._rows = 0

    def head(self, now: datetime) -> FileHead:
        """What a file would say of itself; every reading is one of its own."""
        name = f"{self._rule.name} {now.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M:%S}"
        return FileHead(
            file_name=name,
            sha256=hashlib.sha256(f"{name} {now.isoformat()}".encode()).hexdigest(),
            source=f"{self._rule.name}/{LAYOUT}",
            layout=LAYOUT,
            kind="dossiers",
            data_as_of=now.astimezone(LOCAL_ZONE),
            data_as_of_estimated=False,
            scope=Scope.PARTIAL,
            received_from=None,
            received_to=None,
            carried=frozenset(self._columns.places),
            columns=dict(self._columns.headers),
            unused_headers=tuple(self._columns.unused.values()),
            row_count=0,
        )

    def batch(self, rows: Sequence[Sequence[Any]]) -> Batch:
        """One part of the answer."""
        cells = [(number, [_plain(cell) for cell in row]) for number, row in enumerate(rows, self._rows + 1)]
        self._rows += len(rows)
        table = Table(form="sheet", format=FileFormat.SHEET, headers=self._headers, rows=lambda: iter(cells))
        seen = survey(table, self._columns, f"{self._rule.name}/{LAYOUT}", self._known)
        batch = Batch(unchanged=seen.unchanged, rejections=[Rejection(*one) for one in seen.rejected])
        for accepted, rejected in self._read.read(table, seen, len(rows) + 1):
            batch.rows += map(self._make, accepted)
            batch.rejections += [Rejection(*one) for one in rejected]
        return batch


def _plain(cell: Any) -> object:
    """What a cell of a sheet could be; a column of another type is read as it is written."""
    return cell if cell is None or isinstance(cell, (str, int, float, datetime, date)) else str(cell)


def encode_mark(mark: Mark) -> str:
    """A mark as text that tells of what kind it is."""
    if isinstance(mark, datetime):
        return f"at {mark.isoformat()}"
    if isinstance(mark, date):
        return f"on {mark.isoformat()}"
    return f"number {mark}" if isinstance(mark, int) else f"text {mark}"


def decode_mark(written: str) -> Mark:
    """The mark that was encoded."""
    kind, _, value = written.partition(" ")
    if kind == "at":
        return datetime.fromisoformat(value)
    if kind == "on":
        return date.fromisoformat(value)
    return int(value) if kind == "number" else value
