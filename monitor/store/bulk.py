"""Many rows at once: driver statements with plain tuples, bound by the types of their columns.

SQLAlchemy's own inserts of dictionaries are five times slower. What is stored is the same on every path: the values go
through the bind processors of the columns, and a test compares them.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, Dialect, Select, Table, any_, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]
Item = TypeVar("Item")
_TOGETHER = 50  # rows a statement on SQLite: more gain nothing, and it takes no more than 32,766 values


def insert_rows(connection: Connection, columns: Sequence[Column[Any]], rows: Iterable[Row]) -> None:
    """Insert plain rows; PostgreSQL takes them by COPY."""
    bound = bind_rows(connection.dialect, columns, rows)
    if not bound:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, columns, bound)
    else:
        _insert_together(connection, columns, bound)


def insert_new_rows(connection: Connection, columns: Sequence[Column[Any]], rows: Iterable[Row]) -> int:
    """Insert the rows that no unique key holds yet, and say how many those were."""
    bound = bind_rows(connection.dialect, columns, rows)
    if not bound:
        return 0
    return _insert_together(connection, columns, bound, " ON CONFLICT DO NOTHING")


def replace_rows(connection: Connection, columns: Sequence[Column[Any]], rows: Iterable[Row]) -> None:
    """Insert rows, or overwrite those with the same first column."""
    bound = bind_rows(connection.dialect, columns, rows)
    if bound:
        key, *others = (_name(connection.dialect, column) for column in columns)
        updates = ", ".join(f"{name} = excluded.{name}" for name in others)
        statement = f"{_insert(connection.dialect, columns)} ON CONFLICT ({key}) DO UPDATE SET {updates}"
        connection.exec_driver_sql(statement, bound)


def update_rows(
    connection: Connection, values: Sequence[Column[Any]], keys: Sequence[Column[Any]], rows: Iterable[Row]
) -> int:
    """Set `values` where `keys` match, each row being values and keys, count the revision up; how many matched."""
    bound = bind_rows(connection.dialect, [*values, *keys], rows)
    if not bound:
        return 0
    mark = _mark(connection.dialect)
    sets = ", ".join(f"{_name(connection.dialect, column)} = {mark}" for column in values)
    where = " AND ".join(f"{_name(connection.dialect, column)} = {mark}" for column in keys)
    statement = f"UPDATE {keys[0].table.name} SET {sets}, revision = revision + 1 WHERE {where}"  # noqa: S608  # names
    return connection.exec_driver_sql(statement, bound).rowcount


def bind_rows(dialect: Dialect, columns: Sequence[Column[Any]], rows: Iterable[Row]) -> list[Row]:
    """The rows as the driver stores them, column by column through the same types as every other statement."""
    by_column = list(zip(*rows, strict=True))
    if not by_column:
        return []
    bound = [_bound(column, dialect, values) for column, values in zip(columns, by_column, strict=True)]
    return list(zip(*bound, strict=True))


def _bound(column: Column[Any], dialect: Dialect, values: Row) -> Sequence[Any]:
    """One column's values; an object that a batch repeats, such as the time of the import, is converted once."""
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return values
    done: dict[int, Any] = {}
    return [done[key] if (key := id(value)) in done else done.setdefault(key, process(value)) for value in values]


def pages_of(connection: Connection, statement: Select[Any], size: int) -> Iterator[list[Sequence[Any]]]:
    """What a statement finds, `size` rows at a time as columns, through the same types as every other reading.

    A value that many rows share, such as the time of an import, is converted once a page and is one object there.
    """
    cursor: Any = connection.execute(statement).cursor  # the driver's tuples: SQLAlchemy's take three times as long
    columns = statement.selected_columns
    while rows := cursor.fetchmany(size):
        yield list(map(partial(_read, connection.dialect), columns, zip(*rows, strict=True)))


def _read(dialect: Dialect, column: ColumnElement[Any], values: Row) -> Sequence[Any]:
    process = column.type.dialect_impl(dialect).result_processor(dialect, None)
    if process is None:
        return values
    done: dict[Any, Any] = {}
    return [done[one] if one in done else done.setdefault(one, process(one)) for one in values]


def take_ids(connection: Connection, table: Table, count: int) -> Sequence[int]:
    """Ids for `count` new rows; inside a write transaction nobody else can take them."""
    if connection.dialect.name == "sqlite":
        last = connection.exec_driver_sql(f"SELECT coalesce(max(id), 0) FROM {table.name}").scalar_one()  # noqa: S608
        return range(last + 1, last + 1 + count)
    sequence = func.pg_get_serial_sequence(table.name, "id")
    taken = connection.execute(select(func.nextval(sequence)).select_from(func.generate_series(1, count)))
    return sorted(taken.scalars())


def among(connection: Connection, column: Column[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether `column` is one of many values, bound as one parameter however many they are."""
    wanted = list(values)
    if connection.dialect.name == "sqlite":
        return column.in_(select(func.json_each(json.dumps(wanted)).table_valued("value").c.value))
    return column == any_(bindparam(None, wanted, type_=ARRAY(column.type)))


def insert_statement(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that may say what happens on a conflict."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def in_parts(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of `size`, the last one shorter."""
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part


def _insert_together(
    connection: Connection, columns: Sequence[Column[Any]], bound: Sequence[Row], on_conflict: str = ""
) -> int:
    """Many rows a statement, then what is left one by one: a third less time than a statement for each row."""
    whole = len(bound) - len(bound) % _TOGETHER
    together = [tuple(chain.from_iterable(bound[at : at + _TOGETHER])) for at in range(0, whole, _TOGETHER)]
    inserted = 0
    for values, rows in ((together, _TOGETHER), (list(bound[whole:]), 1)):
        if values:
            statement = _insert(connection.dialect, columns, rows) + on_conflict
            inserted += connection.exec_driver_sql(statement, values).rowcount
    return inserted


def _insert(dialect: Dialect, columns: Sequence[Column[Any]], rows: int = 1) -> str:
    names = ", ".join(_name(dialect, column) for column in columns)
    marks = ", ".join([_mark(dialect)] * len(columns))
    values = ", ".join([f"({marks})"] * rows)
    return f"INSERT INTO {columns[0].table.name} ({names}) VALUES {values}"  # noqa: S608  # names are ours, values bound


def _copy(connection: Connection, columns: Sequence[Column[Any]], rows: Sequence[Row]) -> None:
    names = ", ".join(_name(connection.dialect, column) for column in columns)
    statement = f"COPY {columns[0].table.name} ({names}) FROM STDIN"
    driver = connection.dialect.loaded_dbapi
    cursor: Any = connection.connection.cursor()  # psycopg's own, which can COPY
    try:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except driver.Error as error:
        raise DBAPIError.instance(statement, None, error, driver.Error, dialect=connection.dialect) from error


def _name(dialect: Dialect, column: Column[Any]) -> str:
    return dialect.identifier_preparer.quote(column.name)


def _mark(dialect: Dialect) -> str:
    return "?" if dialect.name == "sqlite" else "%s"
