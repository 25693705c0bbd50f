"""How values stand in the database: one column type for every instant, one for every JSON text."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from math import floor
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from monitor.store.errors import NaiveInstant
from monitor.working_time import LOCAL_ZONE

# Due at whatever moment a pass takes for now, also at one of last month that is being replayed.
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)

# `default=dict` lets a read-only mapping pass for the dictionary that it shows.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, default=dict).encode


def epoch_seconds(value: datetime) -> int:
    """Whole seconds since 1970 in UTC; a fraction is cut off, so that both databases hold the same instant."""
    if value.tzinfo is LOCAL_ZONE:
        return _local_epoch_seconds(value)
    if value.tzinfo is None:
        raise NaiveInstant(value)
    return floor(value.timestamp())


def epoch_or_none(value: datetime | None) -> int | None:
    """The same for a column that may be empty."""
    return None if value is None else epoch_seconds(value)


@lru_cache(maxsize=65_536)
def _local_epoch_seconds(value: datetime) -> int:
    """Remembered, because a file tells the same minutes again and again, and each moment is stored in three places.

    In the local zone only, where no hour has come twice since 1975: elsewhere two instants may compare as equal.
    """
    return floor(value.timestamp())


@lru_cache(maxsize=65_536)
def from_epoch(seconds: int) -> datetime:
    """The local instant of `seconds` since 1970 in UTC; a batch reads the same ones again and again."""
    return datetime.fromtimestamp(seconds, LOCAL_ZONE)


def _from_epoch_or_none(seconds: int | None) -> datetime | None:
    return None if seconds is None else from_epoch(seconds)


class Instant(TypeDecorator[datetime]):
    """An aware instant, cut to whole seconds: an integer on SQLite, `timestamptz` on PostgreSQL; read as local time.

    Text would be the trap here: SQLite compares '2026-11-23 01:00:00.000000' and an ISO string letter by letter, and a
    moment long past is then "not yet" (decision 10).
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Integers where the database has no instants of its own."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """On SQLite without the layers between: an import binds half a million instants."""
        return epoch_or_none if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Likewise on the way back."""
        return _from_epoch_or_none if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """What is stored for `value`; a naive one is refused."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return epoch_seconds(value)
        if value.tzinfo is None:
            raise NaiveInstant(value)
        return value.replace(microsecond=0)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The stored instant in the local zone, whatever the zone of the server is."""
        if value is None:
            return None
        return from_epoch(value) if dialect.name == "sqlite" else value.astimezone(LOCAL_ZONE)


class Json(TypeDecorator[Any]):
    """A small JSON value as compact text, the same bytes on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        """The text that is stored."""
        return None if value is None else encode_json(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:  # noqa: ARG002
        """The value that was stored, without the layers between."""
        return _decoded


def _decoded(text: str | None) -> Any:
    if text is None:
        return None
    return json.loads(text) if text != "{}" else {}


def encode_json(value: Any) -> str:
    """`value` as compact JSON; letters with marks stay as they are."""
    return _encode(value) if value or not isinstance(value, dict) else "{}"  # most events carry no fact
