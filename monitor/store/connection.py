"""Connections and transactions: short writes that lock from their first statement, and errors that say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from monitor.store.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseNotUnderstood,
    DatabaseOnNetworkShare,
    DatabaseUnavailable,
)
from monitor.store.moments import note_moment

LOCK_WAIT_SECONDS = 30
# "Dung" in ASCII: SQLite's own place for saying whose file it is.
APPLICATION_ID = 0x44756E67
_NETWORK_FILE_SYSTEMS = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "ceph", "glusterfs", "lustre"),
    *("fuse.sshfs", "fuse.davfs", "fuse.rclone", "fuse.glusterfs", "vboxsf", "fuse.vmhgfs-fuse"),
}
_MOUNTS = Path("/proc/self/mounts")


class Database:
    """One database: short write transactions, and reads that see one moment."""

    def __init__(self, url: str) -> None:
        self.url = understood(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.where = self.url.render_as_string(hide_password=True)
        if self.file is not None:
            refuse_network_share(self.file)
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)
        self._writing = self.engine.execution_options(begin="BEGIN IMMEDIATE")

    @property
    def file(self) -> Path | None:
        """The SQLite file, if it is one."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees the database as of one moment on SQLite, as of each statement on PostgreSQL."""
        with self._translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self, *, recorded_at: datetime | None = None) -> Iterator[Connection]:
        """One short write transaction: all of it or nothing. `recorded_at` is remembered as the newest moment.

        On SQLite it takes the lock with its first statement, so it never has to give up half-way for another writer.
        """
        with self._translated(), self._writing.begin() as connection:
            yield connection
            if recorded_at is not None:
                note_moment(connection, recorded_at)

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._explained(error) from error

    def _explained(self, error: DBAPIError) -> Exception:
        """Our own error for what an operator can mend; the driver's for what only a programmer can."""
        cause = str(error.orig).strip()
        if "database is locked" in cause or getattr(error.orig, "sqlstate", None) == "55P03":
            return DatabaseBusy(self.where)
        if "disk is full" in cause or getattr(error.orig, "sqlstate", None) == "53100":
            return DatabaseFull(self.where)
        is_outside = type(error).__name__ in ("OperationalError", "InterfaceError", "InternalError", "DatabaseError")
        is_mistake = "no such" in cause or "syntax error" in cause
        return DatabaseUnavailable(self.where, cause.splitlines()[0]) if is_outside and not is_mistake else error


def understood(url: str) -> URL:
    """The parsed address; only SQLite files and PostgreSQL through psycopg 3 are known."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseNotUnderstood(url.split(":", 1)[0]) from error
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed
    raise DatabaseNotUnderstood(parsed.drivername)


def refuse_network_share(file: Path) -> None:
    """Raise when the file would stand where SQLite's locks do not hold."""
    if str(file).startswith(("\\\\", "//")):
        raise DatabaseOnNetworkShare(file, "UNC")
    kind = file_system_of(file, _MOUNTS.read_text() if _MOUNTS.exists() else "")
    if kind in _NETWORK_FILE_SYSTEMS:
        raise DatabaseOnNetworkShare(file, kind)


def file_system_of(file: Path, mounts: str) -> str:
    """The kind of file system that holds `file`, by the kernel's list of mounts; empty when it is not known."""
    place = file.absolute().resolve()
    best, kind = -1, ""
    for line in mounts.splitlines():
        _device, point, its_kind, *_ = line.split(" ")
        mount = Path(point.replace("\\040", " "))
        if place.is_relative_to(mount) and len(mount.parts) >= best:
            best, kind = len(mount.parts), its_kind
    return kind


def _sqlite_engine(url: URL) -> Engine:
    # Hidden, because an error that names its parameters would carry a citizen's name into the log; below likewise.
    engine = create_engine(url, connect_args={"timeout": LOCK_WAIT_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    """WAL, because readers must not wait for the sweep; FULL, because a lost commit after a 250 sends a mail twice."""
    connection.isolation_level = None  # the driver must not begin transactions behind our back
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -65536",  # 64 MiB
        "wal_autocheckpoint = 32000",  # pages: a safety net; the daemon empties the log between its ticks
        "journal_size_limit = 33554432",  # 32 MiB stay of a log that was emptied
        "temp_store = MEMORY",
        "secure_delete = ON",  # what is erased of a person must not stay in free pages
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _postgresql_engine(url: URL) -> Engine:
    options = f"-c lock_timeout={LOCK_WAIT_SECONDS}s"
    given = {} if "options" in url.query else {"options": options}
    # A server that was restarted must cost no error: each connection is tried before it is used.
    return create_engine(url, connect_args=given, pool_pre_ping=True, hide_parameters=True)
