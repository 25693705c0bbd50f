"""What can go wrong with the database, said so that the person who runs it knows what to do."""

from datetime import datetime
from pathlib import Path

from monitor.absence import Absence
from monitor.errors import MonitorError


class NaiveInstant(MonitorError, ValueError):
    """A moment without a time zone, which two servers would read as two different moments."""

    def __init__(self, value: datetime) -> None:
        super().__init__(f"{value} has no time zone: give it one, such as tzinfo=LOCAL_ZONE")


class DatabaseUnavailable(MonitorError):
    """The database does not answer; nothing was written, and the same work may be tried again."""

    def __init__(self, where: str, cause: str) -> None:
        super().__init__(f"{where}: the database does not answer ({cause}): see that it runs and can be written to")


class DatabaseBusy(DatabaseUnavailable):
    """Another program has held the write lock for longer than we wait."""

    def __init__(self, where: str) -> None:
        MonitorError.__init__(self, f"{where}: another program keeps the database locked: it is tried again later")


class DatabaseFull(DatabaseUnavailable):
    """There is no room left to write to."""

    def __init__(self, where: str) -> None:
        MonitorError.__init__(self, f"{where}: the disk is full: free some space, nothing was half written")


class DatabaseTooNew(MonitorError):
    """A newer version of the program has written this database."""

    def __init__(self, where: str, revision: str, newest_known: str) -> None:
        super().__init__(
            f"{where}: written by a newer version (schema {revision}, this version knows up to {newest_known}): "
            "install that version again, or restore the backup made before the upgrade"
        )


class DatabaseOutdated(MonitorError):
    """The database is older than the program and was opened without leave to change it."""

    def __init__(self, where: str, revision: str | None) -> None:
        super().__init__(f"{where}: schema {revision or 'none'} is not this version's: start the program to upgrade it")


class DatabaseOnNetworkShare(MonitorError):
    """SQLite's locks do not hold on a network share; two writers there destroy the file."""

    def __init__(self, path: Path, kind: str) -> None:
        super().__init__(f"{path} is on a network share ({kind}): move it to a local disk, or use PostgreSQL")


class DatabaseNotUnderstood(MonitorError):
    """The address of a database is neither SQLite's nor PostgreSQL's."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"no database of kind '{kind}': write sqlite:///path/monitor.db or postgresql://user@host/name"
        )


class NotOurDatabase(MonitorError):
    """A file that is no backup of this program, or a damaged one."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} is not a backup that can be restored: {why}")


class BackupRefused(MonitorError):
    """A backup or a restore that cannot be done as asked."""


class NextLookNotLater(MonitorError, ValueError):
    """A decision that would be due again at once; the sweep would never end."""

    def __init__(self, dossier_id: int, next_look_at: datetime, now: datetime) -> None:
        super().__init__(
            f"dossier {dossier_id}: next look at {next_look_at} must be later than {now} by a second or more"
        )


class DossierKnownAlready(MonitorError):
    """A dossier that was new when the file was read, and that another import has written since."""

    def __init__(self, cause: str) -> None:
        super().__init__(f"another import wrote the same dossiers at the same time ({cause}): import the file again")


class UnknownDossier(MonitorError):
    """No dossier has this code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no dossier {code}: check the code, or import the file that holds it")


class UnknownAbsence(MonitorError):
    """No absence has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"no absence {number}: the numbers stand in 'dunghen desk absence list'")


class AbsenceEnteredAlready(MonitorError):
    """Somebody is away already in a part of the time."""

    def __init__(self, other: Absence) -> None:
        until = f" to {other.ends_at:%Y-%m-%d %H:%M}" if other.ends_at else " until further notice"
        super().__init__(
            f"{other.person} is entered as absent from {other.begins_at:%Y-%m-%d %H:%M}{until} already (number "
            f"{other.number}): enter the time before or after it, or first "
            f"'dunghen desk absence withdraw {other.number}'"
        )


class RulesChangedMeanwhile(MonitorError):
    """Another rule book was put in force between looking at a change and accepting it."""

    def __init__(self, now_in_force: str | None) -> None:
        super().__init__(
            f"somebody has put other rules in force meanwhile (version {(now_in_force or 'none')[:12]}): nothing was "
            "put in force; look at 'dunghen rules history' and do it again"
        )


class StoredDataDamaged(MonitorError):
    """What is stored is not what was written."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} was changed outside the program or by a failing disk: stop, and restore a backup")
