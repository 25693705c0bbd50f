"""The monitor about itself: that it is alive, and which moments it has recorded."""

from datetime import datetime

from monitor.store.connection import Database
from monitor.store.moments import HEARTBEAT, NEWEST_RECORDED, put_meta, read_meta, read_moment
from monitor.store.types import epoch_seconds


class Watch:
    """Heartbeat, high-water mark, and small facts of the daemon."""

    _database: Database

    def beat(self, *, now: datetime) -> None:
        """Say that the daemon is alive at `now`."""
        self.set_meta(HEARTBEAT, str(epoch_seconds(now)), now=now)

    def tidy(self) -> None:
        """Move SQLite's log into the database while nobody waits for it; readers and writers are not held up."""
        if self._database.is_sqlite:
            with self._database.engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").close()

    def last_beat(self) -> datetime | None:
        """When the daemon was last alive."""
        with self._database.read() as connection:
            return read_moment(connection, HEARTBEAT)

    def newest_recorded_at(self) -> datetime | None:
        """The latest moment ever written here: a clock that stands earlier is wrong, or this is an old backup."""
        with self._database.read() as connection:
            return read_moment(connection, NEWEST_RECORDED)

    def set_meta(self, key: str, value: str, *, now: datetime) -> None:
        """Keep one small fact."""
        with self._database.write(recorded_at=now) as connection:
            put_meta(connection, key, value)

    def get_meta(self, key: str) -> str | None:
        """One small fact, None when it was never kept."""
        with self._database.read() as connection:
            return read_meta(connection, key)
