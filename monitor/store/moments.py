"""What the monitor remembers of itself: its heartbeat and the newest moment it has recorded."""

from datetime import datetime

from sqlalchemy import BigInteger, Connection, cast, select

from monitor.store.bulk import insert_statement
from monitor.store.tables import META
from monitor.store.types import epoch_seconds, from_epoch

HEARTBEAT = "heartbeat"
NEWEST_RECORDED = "newest_recorded"


def note_moment(connection: Connection, recorded_at: datetime) -> None:
    """Remember `recorded_at` if nothing later is remembered: a clock that stands earlier is wrong."""
    insert = insert_statement(connection, META).values(key=NEWEST_RECORDED, value=str(epoch_seconds(recorded_at)))
    later = cast(META.c.value, BigInteger) < cast(insert.excluded.value, BigInteger)
    connection.execute(
        insert.on_conflict_do_update(index_elements=[META.c.key], set_={"value": insert.excluded.value}, where=later)
    )


def put_meta(connection: Connection, key: str, value: str) -> None:
    """Set one fact about the monitor."""
    insert = insert_statement(connection, META).values(key=key, value=value)
    connection.execute(insert.on_conflict_do_update(index_elements=[META.c.key], set_={"value": insert.excluded.value}))


def read_meta(connection: Connection, key: str) -> str | None:
    """One fact about the monitor."""
    value: str | None = connection.execute(select(META.c.value).where(META.c.key == key)).scalar_one_or_none()
    return value


def read_moment(connection: Connection, key: str) -> datetime | None:
    """One remembered moment."""
    seconds = read_meta(connection, key)
    return None if seconds is None else from_epoch(int(seconds))
