"""Backups: whole, checked before they get their name, and never over another file."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from monitor.store.connection import APPLICATION_ID, Database
from monitor.store.errors import BackupRefused, DatabaseUnavailable, NotOurDatabase
from monitor.store.migration import refuse_newer, revision_of
from monitor.working_time import LOCAL_ZONE

_DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
_PAGES_AT_ONCE = 4_096  # other programs may write between two steps


def backup(database: Database, target: Path) -> Path:
    """Write the whole database to `target` while others go on working; refuses to overwrite."""
    if target.exists():
        raise BackupRefused(f"{target} exists already: choose another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".part")
    unfinished.unlink(missing_ok=True)
    try:
        if database.file is not None:
            _copy_sqlite(database.file, unfinished)
        else:
            _run(database, "pg_dump", "--format=custom", f"--file={unfinished}")
        _sync(unfinished)
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
    _sync(target.parent)
    return target


def restore(url: str, source: Path, *, now: datetime) -> Path | None:
    """Replace the database by a backup; returns where the replaced one is kept, None when there was none.

    The file is checked first: a foreign, damaged or newer one changes nothing.
    """
    database = Database(url)
    try:
        if database.file is not None:
            return _restore_sqlite(database, database.file, source, now)
        return _restore_postgresql(database, source, now)
    finally:
        database.close()


def backup_before_migration(database: Database, folder: Path | None = None) -> Path | None:
    """A backup named for its schema, in `folder` or beside the file; None when there is nothing to lose."""
    revision = revision_of(database)
    if revision is None:
        return None
    place = database.file or Path(f"{database.url.database}.dump")
    if folder is None and database.file is None:
        raise BackupRefused(f"{database.where} is to be upgraded: say in which folder its backup goes")
    number, target = 1, (folder or place.parent) / f"{place.stem}-schema-{revision}{place.suffix}"
    while target.exists():
        number += 1
        target = target.with_name(f"{place.stem}-schema-{revision}-{number}{place.suffix}")
    return backup(database, target)


def _copy_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
        original.backup(copy, pages=_PAGES_AT_ONCE)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, which can be carried away
    _refuse_damaged(target)


def _restore_sqlite(database: Database, file: Path, source: Path, now: datetime) -> Path | None:
    _refuse_foreign(source)
    incoming = file.with_name(file.name + ".restoring")
    incoming.unlink(missing_ok=True)
    try:
        shutil.copyfile(source, incoming)
        _refuse_foreign(incoming)
        refuse_newer(str(source), _revision_in(incoming))
        _sync(incoming)
        kept = _keep_replaced(database, file, now) if file.exists() else None
        incoming.replace(file)
    finally:
        incoming.unlink(missing_ok=True)
    _sync(file.parent)
    return kept


def _keep_replaced(database: Database, file: Path, now: datetime) -> Path:
    """Give the present database a second name; the first one then changes hands in one step."""
    try:
        with closing(sqlite3.connect(file, timeout=1, isolation_level=None)) as present:
            (mode,) = present.execute("PRAGMA journal_mode = DELETE").fetchone()  # what the log still holds moves in
    except sqlite3.OperationalError as error:
        raise BackupRefused(f"{database.where} is in use: stop the daemon, then restore") from error
    except sqlite3.DatabaseError:
        mode = "delete"  # damaged beyond reading, which is why it is being replaced; kept all the same
    if mode != "delete":
        raise BackupRefused(f"{database.where} is in use: stop the daemon, then restore")
    kept = _free_name(file, now)
    try:
        os.link(file, kept)
    except OSError:
        shutil.copyfile(file, kept)  # a file system without second names
    return kept


def _restore_postgresql(database: Database, source: Path, now: datetime) -> Path | None:
    refuse_newer(str(source), _revision_in_dump(database, source))
    kept = None
    if revision_of(database) is not None:
        kept = backup(database, _free_name(source, now))
    _run(
        database,
        *("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"),
        source=source,
    )
    return kept


def _revision_in_dump(database: Database, source: Path) -> str:
    """The revision that a dump holds; raises when it is no dump of ours."""
    program = _program("pg_restore")
    command = [program, "--data-only", "--table=alembic_version", "--file=-", str(source)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own arguments
    if told.returncode != 0:
        raise NotOurDatabase(source, told.stderr.strip().splitlines()[0])
    lines = told.stdout.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("COPY ")]
    if not starts:
        raise NotOurDatabase(source, f"it holds no tables of this program, unlike {database.where}")
    return lines[starts[0] + 1]


def _refuse_foreign(path: Path) -> None:
    if not path.is_file():
        raise NotOurDatabase(path, "there is no such file")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as error:
        raise NotOurDatabase(path, str(error)) from error
    if application != APPLICATION_ID:
        raise NotOurDatabase(path, "another program wrote it")
    _refuse_damaged(path)


def _refuse_damaged(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise NotOurDatabase(path, str(error)) from error
    if verdict != "ok":
        raise NotOurDatabase(path, verdict)


def _revision_in(path: Path) -> str | None:
    try:
        with closing(sqlite3.connect(path)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise NotOurDatabase(path, str(error)) from error
    return None if row is None else str(row[0])


def _free_name(file: Path, now: datetime) -> Path:
    """A name beside `file` that says when it was replaced."""
    stamp = now.astimezone(LOCAL_ZONE).strftime("%Y%m%dT%H%M%S")
    kept = file.with_name(f"{file.stem}-replaced-{stamp}{file.suffix}")
    if kept.exists():
        raise BackupRefused(f"{kept} exists already: a database was restored in this very second")
    return kept


def _run(database: Database, program: str, *arguments: str, source: Path | None = None) -> None:
    """Run one of PostgreSQL's programs on the database; the password never stands in the list of processes."""
    with _connection_string(database) as connection_string:
        command: Sequence[str] = [_program(program), f"--dbname={connection_string}", *arguments]
        command = command if source is None else [*command, str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own arguments
    if done.returncode != 0:
        raise DatabaseUnavailable(database.where, f"{program}: {done.stderr.strip().splitlines()[0]}")


@contextmanager
def _connection_string(database: Database) -> Iterator[str]:
    url = database.url.set(drivername="postgresql", password=None)
    if database.url.password is None:
        yield url.render_as_string()
        return
    with tempfile.TemporaryDirectory() as directory:
        secret = Path(directory) / "pgpass"
        secret.touch(mode=0o600)
        escaped = str(database.url.password).replace("\\", "\\\\").replace(":", "\\:")
        secret.write_text(f"*:*:*:*:{escaped}\n")
        yield url.update_query_dict({"passfile": str(secret)}).render_as_string()


def _program(name: str) -> str:
    """The newest of PostgreSQL's programs on this machine; Debian keeps them off PATH."""
    versions = sorted(_DEBIAN_PROGRAMS.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3].split(".")[0]))
    found = str(versions[-1]) if versions else shutil.which(name)
    if found is None:
        raise BackupRefused(f"{name} is not installed: install postgresql-client of the server's version")
    return found


def _sync(path: Path) -> None:
    """Have a file, or the names in a directory, reach the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
