"""Everything the monitor remembers: SQLite by default, PostgreSQL by URL, the same code for both."""

from pathlib import Path
from types import TracebackType
from typing import Self

from monitor.store import migration
from monitor.store.absences import StaffAbsences
from monitor.store.backup import backup, backup_before_migration, restore
from monitor.store.connection import Database
from monitor.store.dossiers import Absences, DossierChange, Dossiers, Known
from monitor.store.erasure import Erasures, PersonOnFile
from monitor.store.errors import (
    AbsenceEnteredAlready,
    BackupRefused,
    DatabaseBusy,
    DatabaseFull,
    DatabaseNotUnderstood,
    DatabaseOnNetworkShare,
    DatabaseOutdated,
    DatabaseTooNew,
    DatabaseUnavailable,
    DossierKnownAlready,
    NaiveInstant,
    NextLookNotLater,
    NotOurDatabase,
    RulesChangedMeanwhile,
    StoredDataDamaged,
    UnknownAbsence,
    UnknownDossier,
)
from monitor.store.import_reports import ImportReports
from monitor.store.imports import (
    AlreadyImported,
    Begun,
    Import,
    Imports,
    ImportState,
    RejectedRow,
    SourceState,
    Tally,
)
from monitor.store.letters import Letters
from monitor.store.listing import FileTaken, Filter, Listing, ListRow, Loaded
from monitor.store.looks import Decision, Looks, Recorded, Restatus, Situation, ToLook
from monitor.store.notices import DigestRow, Notices, PendingNotice, ToldNow, ToldStep
from monitor.store.outbox import Claimed, Outbox
from monitor.store.rule_books import RuleBooks, StoredRuleBook
from monitor.store.watch import Watch

__all__ = [
    "AbsenceEnteredAlready",
    "Absences",
    "AlreadyImported",
    "BackupRefused",
    "Begun",
    "Claimed",
    "DatabaseBusy",
    "DatabaseFull",
    "DatabaseNotUnderstood",
    "DatabaseOnNetworkShare",
    "DatabaseOutdated",
    "DatabaseTooNew",
    "DatabaseUnavailable",
    "Decision",
    "DigestRow",
    "DossierChange",
    "DossierKnownAlready",
    "FileTaken",
    "Filter",
    "Import",
    "ImportState",
    "Known",
    "ListRow",
    "Loaded",
    "NaiveInstant",
    "NextLookNotLater",
    "NotOurDatabase",
    "PendingNotice",
    "PersonOnFile",
    "Recorded",
    "RejectedRow",
    "Restatus",
    "RulesChangedMeanwhile",
    "Situation",
    "SourceState",
    "Store",
    "StoredDataDamaged",
    "StoredRuleBook",
    "Tally",
    "ToLook",
    "ToldNow",
    "ToldStep",
    "UnknownAbsence",
    "UnknownDossier",
    "open_store",
    "restore",
]


class Store(
    Imports,
    ImportReports,
    Dossiers,
    Looks,
    Notices,
    Outbox,
    Letters,
    RuleBooks,
    Listing,
    Watch,
    Erasures,
    StaffAbsences,
):
    """The database behind the noun that each part of it is about; every method is one transaction or one reading."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give all connections back."""
        self._database.close()

    def backup(self, target: Path) -> Path:
        """Write the whole database to a file while others go on working; refuses to overwrite."""
        return backup(self._database, target)

    @property
    def revision(self) -> str | None:
        """The revision of the schema."""
        return migration.revision_of(self._database)


def open_store(url: str, *, migrate: bool = True, backups: Path | None = None) -> Store:
    """Open a database, after bringing it to this version's schema and backing it up before that.

    The backup stands beside an SQLite file; for PostgreSQL, `backups` is the folder that it goes to.
    """
    database = Database(url)
    try:
        if migration.needs_migration(database):
            if not migrate:
                raise DatabaseOutdated(database.where, migration.revision_of(database))
            backup_before_migration(database, backups)
            migration.migrate(database)
    except BaseException:
        database.close()
        raise
    return Store(database)
