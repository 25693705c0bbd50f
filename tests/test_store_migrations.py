"""From nothing to this version and back, on both databases, whatever interrupts it."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from stored import FULL, MONDAY, TUESDAY, bring_in, simple

from monitor.store import (
    BackupRefused,
    DatabaseBusy,
    DatabaseNotUnderstood,
    DatabaseOnNetworkShare,
    DatabaseOutdated,
    DatabaseTooNew,
    DatabaseUnavailable,
    NotOurDatabase,
    Store,
    connection,
    open_store,
    restore,
)
from monitor.store.backup import backup_before_migration
from monitor.store.connection import Database, file_system_of
from monitor.store.migration import REVISIONS, alembic_config, migrate, needs_migration, revision_of
from monitor.store.tables import Stored
from monitor.working_time import LOCAL_ZONE

ROOT = Path(__file__).parent.parent


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def tables(database: Database) -> set[str]:
    with database.read() as opened:
        return set(inspect(opened).get_table_names()) - {"alembic_version"}


def dump(url: str) -> dict[str, list[tuple]]:
    """Every row of every table."""
    database = Database(url)
    try:
        with database.read() as opened:
            return {
                table.name: sorted(tuple(row) for row in opened.execute(text(f"SELECT * FROM {table.name}")))  # noqa: S608  # our own names
                for table in Stored.metadata.sorted_tables
            }
    finally:
        database.close()


class TestMigration:
    def test_an_empty_database_becomes_what_the_models_say(self, database: Database):
        assert needs_migration(database)
        migrate(database)
        with database.read() as opened:
            context = MigrationContext.configure(opened, opts={"compare_type": True})
            assert compare_metadata(context, Stored.metadata) == []

    def test_up_down_and_up_again(self, database: Database):
        expected = {table.name for table in Stored.metadata.sorted_tables}
        migrate(database)
        assert (tables(database), revision_of(database)) == (expected, REVISIONS[-1])
        migrate(database, "base")
        assert (tables(database), revision_of(database)) == (set(), None)
        migrate(database)
        assert tables(database) == expected
        assert not needs_migration(database)

    def test_the_revisions_that_are_known_without_alembic_are_alembics(self):
        scripts = ScriptDirectory.from_config(alembic_config())
        assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == REVISIONS

    def test_a_usual_start_does_not_import_alembic(self, tmp_path: Path):
        url = f"sqlite:///{tmp_path}/monitor.db"
        open_store(url).close()
        program = "import sys\nfrom monitor.store import open_store\nopen_store(sys.argv[1]).close()\n"
        program += "assert 'alembic' not in sys.modules"
        subprocess.run(
            [sys.executable, "-c", program, url], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, timeout=60
        )

    def test_a_newer_database_is_refused_with_words(self, database_url: str, database: Database):
        migrate(database)
        with database.write() as opened:
            opened.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(DatabaseTooNew, match=r"written by a newer version \(schema 9999"):
            open_store(database_url)

    def test_without_leave_nothing_is_migrated(self, database_url: str, database: Database):
        with pytest.raises(DatabaseOutdated, match="start the program to upgrade it"):
            open_store(database_url, migrate=False)
        assert tables(database) == set()

    def test_a_migration_that_dies_half_way_leaves_nothing(self, database_url: str, database: Database):
        """Killed before its last table was made."""
        program = """
import os, signal, sys
from sqlalchemy import event
from monitor.store.connection import Database
from monitor.store.migration import migrate
database = Database(sys.argv[1])
def die(connection, cursor, statement, *rest):
    if "CREATE TABLE rejection" in statement:
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(database.engine, "before_cursor_execute", die)
migrate(database)
"""
        died = subprocess.run(
            [sys.executable, "-c", program, database_url],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            check=False,
            timeout=60,
        )
        assert died.returncode == -9
        assert tables(database) == set()
        open_store(database_url).close()
        assert not needs_migration(database)


class TestBackup:
    def filled(self, url: str) -> None:
        with open_store(url) as store:
            bring_in(store, FULL, simple("A"), simple("B"))
            store.beat(now=MONDAY)

    def test_what_is_restored_is_what_was_backed_up(self, database_url: str, tmp_path: Path):
        self.filled(database_url)
        before = dump(database_url)
        with open_store(database_url) as store:
            store.backup(tmp_path / "backup")
            bring_in(store, simple("C"), now=TUESDAY, sha256="c" * 64)
        assert dump(database_url) != before
        kept = restore(database_url, tmp_path / "backup", now=TUESDAY)
        assert dump(database_url) == before
        assert "-replaced-20261124T080000" in kept.name
        assert restore(database_url, kept, now=TUESDAY.replace(hour=9)) is not None
        assert {row[1] for row in dump(database_url)["dossier"]} == {FULL.code, "A", "B", "C"}

    def test_a_backup_never_overwrites(self, database_url: str, tmp_path: Path):
        self.filled(database_url)
        (tmp_path / "backup").write_text("precious")
        with open_store(database_url) as store, pytest.raises(BackupRefused, match="exists already"):
            store.backup(tmp_path / "backup")
        assert (tmp_path / "backup").read_text() == "precious"

    def test_a_foreign_file_changes_nothing(self, database_url: str, tmp_path: Path):
        self.filled(database_url)
        before = dump(database_url)
        foreign = tmp_path / "foreign.db"
        with sqlite3.connect(foreign) as other:
            other.execute("CREATE TABLE dossier (id INTEGER)")
        other.close()
        (tmp_path / "letter.docx").write_bytes(b"PK\x03\x04" * 100)
        for file in (foreign, tmp_path / "letter.docx", tmp_path / "absent.db"):
            with pytest.raises(NotOurDatabase, match="is not a backup that can be restored"):
                restore(database_url, file, now=TUESDAY)
        assert dump(database_url) == before

    def test_a_newer_backup_changes_nothing(self, database_url: str, tmp_path: Path):
        self.filled(database_url)
        newer = Database(database_url)
        with newer.write() as opened:
            opened.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        Store(newer).backup(tmp_path / "newer")
        with newer.write() as opened:
            opened.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        newer.close()
        before = dump(database_url)
        with pytest.raises(DatabaseTooNew):
            restore(database_url, tmp_path / "newer", now=TUESDAY)
        assert dump(database_url) == before

    def test_a_damaged_backup_changes_nothing(self, tmp_path: Path):
        url = f"sqlite:///{tmp_path}/monitor.db"
        self.filled(url)
        with open_store(url) as store:
            store.backup(tmp_path / "backup.db")
        half = (tmp_path / "backup.db").read_bytes()[:-9000]
        (tmp_path / "backup.db").write_bytes(half)
        before = dump(url)
        with pytest.raises(NotOurDatabase):
            restore(url, tmp_path / "backup.db", now=TUESDAY)
        assert dump(url) == before

    def test_a_backup_is_restored_where_there_was_none(self, tmp_path: Path):
        url = f"sqlite:///{tmp_path}/monitor.db"
        self.filled(url)
        with open_store(url) as store:
            store.backup(tmp_path / "backup.db")
        elsewhere = f"sqlite:///{tmp_path}/other.db"
        assert restore(elsewhere, tmp_path / "backup.db", now=TUESDAY) is None
        assert dump(elsewhere) == dump(url)

    def test_a_database_that_is_open_elsewhere_is_not_replaced(self, tmp_path: Path):
        url = f"sqlite:///{tmp_path}/monitor.db"
        self.filled(url)
        with open_store(url) as store:
            store.backup(tmp_path / "backup.db")
            store.last_beat()
            with pytest.raises(BackupRefused, match="stop the daemon"):
                restore(url, tmp_path / "backup.db", now=TUESDAY)
            assert store.last_beat() == MONDAY

    def test_before_a_migration_the_schema_is_in_the_backups_name(self, database_url: str, tmp_path: Path):
        database = Database(database_url)
        assert backup_before_migration(database, tmp_path) is None
        self.filled(database_url)
        first = backup_before_migration(database, tmp_path)
        second = backup_before_migration(database, tmp_path)
        database.close()
        assert "schema-0002" in first.name
        assert second.name == f"{first.stem}-2{first.suffix}"


class TestConnection:
    @pytest.mark.parametrize("url", ["mysql://root@host/db", "sqlite://", "monitor.db", "sqlite:///:memory:"])
    def test_other_databases_are_refused_with_words(self, url: str):
        with pytest.raises(DatabaseNotUnderstood, match=r"sqlite:///path/monitor\.db or postgresql://"):
            open_store(url)

    def test_a_network_share_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        mounts = tmp_path / "mounts"
        mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\n//server/share {tmp_path} cifs rw 0 0\n")
        monkeypatch.setattr(connection, "_MOUNTS", mounts)
        with pytest.raises(DatabaseOnNetworkShare, match="move it to a local disk, or use PostgreSQL"):
            open_store(f"sqlite:///{tmp_path}/monitor.db")

    def test_the_innermost_mount_decides(self):
        mounts = "a / ext4 rw 0 0\nb /srv nfs4 rw 0 0\nc /srv/local\\040disk xfs rw 0 0\n"
        assert file_system_of(Path("/srv/monitor.db"), mounts) == "nfs4"
        assert file_system_of(Path("/srv/local disk/monitor.db"), mounts) == "xfs"
        assert file_system_of(Path("/home/monitor.db"), mounts) == "ext4"

    def test_sqlite_is_set_up_to_lose_no_commit(self, tmp_path: Path):
        database = Database(f"sqlite:///{tmp_path}/monitor.db")
        with database.read() as opened:
            pragmas = {
                name: opened.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
        database.close()
        assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}

    def test_a_server_that_does_not_answer_is_said_so_without_its_password(self, tmp_path: Path):
        with pytest.raises(DatabaseUnavailable, match="does not answer") as refused:
            open_store(f"postgresql://monitor:s3cret@/monitor?host={tmp_path}")
        assert "s3cret" not in str(refused.value)

    def test_a_lock_that_is_kept_too_long_is_said_so(self, database_url: str, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(connection, "LOCK_WAIT_SECONDS", 1)
        open_store(database_url).close()
        first, second = Database(database_url), Database(database_url)
        with first.write() as holding:
            holding.execute(text("INSERT INTO meta VALUES ('a', 'b')"))
            with pytest.raises(DatabaseBusy, match="tried again later"), second.write() as waiting:
                waiting.execute(text("INSERT INTO meta VALUES ('a', 'b')"))
        first.close()
        second.close()

    def test_a_full_disk_is_said_so_and_nothing_is_half_written(self, tmp_path: Path):
        url = f"sqlite:///{tmp_path}/monitor.db"
        with open_store(url) as store:
            with store._database.engine.connect() as opened:
                pages = opened.exec_driver_sql("PRAGMA page_count").scalar_one()
                opened.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")
            with pytest.raises(DatabaseUnavailable, match="disk is full"):
                bring_in(store, *(simple(f"A{number}") for number in range(2000)))
            assert list(store.list_dossiers()) == []


def test_the_copy_that_a_restore_leaves_is_a_database_of_its_own(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/monitor.db"
    TestBackup().filled(url)
    with open_store(url) as store:
        store.backup(tmp_path / "backup.db")
    kept = restore(url, tmp_path / "backup.db", now=datetime(2026, 11, 24, 8, 0, tzinfo=LOCAL_ZONE))
    shutil.copy(kept, tmp_path / "copy.db")
    assert dump(f"sqlite:///{tmp_path}/copy.db") == dump(url)
