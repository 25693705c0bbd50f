"""From any older database to the tables of this version, in one transaction.

Alembic costs 1.5 s to import, so the usual start, where nothing is pending, reads the revision without it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from monitor.store.connection import APPLICATION_ID, Database
from monitor.store.errors import DatabaseTooNew

if TYPE_CHECKING:
    from alembic.config import Config

REVISIONS = ("0001", "0002")  # oldest first; the last one is this version's
_SCRIPTS = Path(__file__).with_name("migrations")
_LOCK = 0x44756E67  # PostgreSQL's advisory lock, so that two daemons that start at once migrate one after the other


def revision_of(database: Database) -> str | None:
    """The revision of the schema; None when the database is empty."""
    with database.read() as connection:
        return _revision(connection)


def needs_migration(database: Database) -> bool:
    """Whether the schema is older than this version; raises when it is newer."""
    revision = revision_of(database)
    refuse_newer(database.where, revision)
    return revision != REVISIONS[-1]


def refuse_newer(where: str, revision: str | None) -> None:
    """Raise when a newer version wrote the database: a downgrade could lose what it knows."""
    if revision is not None and revision not in REVISIONS:
        raise DatabaseTooNew(where, revision, REVISIONS[-1])


def migrate(database: Database, revision: str = "head") -> None:
    """Bring the schema to `revision`; a kill at any point leaves the old schema whole."""
    from alembic import command  # noqa: PLC0415  # 1.5 s, and seldom needed

    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _mark_as_ours(connection)
        config = alembic_config(connection)
        if revision == "base" or _is_older(revision, _revision(connection)):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)


def alembic_config(connection: Connection | None = None) -> "Config":
    """Alembic's settings, from the package and not from a file in the working directory."""
    from alembic.config import Config  # noqa: PLC0415  # 1.5 s, and seldom needed

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _is_older(revision: str, than: str | None) -> bool:
    return revision in REVISIONS and than in REVISIONS and REVISIONS.index(revision) < REVISIONS.index(than)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return revision


def _mark_as_ours(connection: Connection) -> None:
    """A file can then be told from another program's before it is restored."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
