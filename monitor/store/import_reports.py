"""The reports of imports: kept beside their files, until it is settled who is mailed about them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from monitor.store.connection import Database
from monitor.store.imports import Import, ImportState, import_from
from monitor.store.tables import IMPORT

_REPORTABLE = tuple(state.value for state in ImportState if state is not ImportState.READING)


class ImportReports:
    """Which imports are still to be told of, and what was reported of them."""

    _database: Database

    def import_of(self, import_id: int) -> Import | None:
        """One import with its report; None when there is none of this number."""
        with self._database.read() as connection:
            row = connection.execute(select(IMPORT).where(IMPORT.c.id == import_id)).one_or_none()
        return None if row is None else import_from(row)

    def untold_reports(self) -> list[Import]:
        """The ended imports of which nobody was asked yet to be mailed, the oldest first."""
        untold = (IMPORT.c.state.in_(_REPORTABLE), IMPORT.c.report_told_at.is_(None), IMPORT.c.report.is_not(None))
        with self._database.read() as connection:
            rows = connection.execute(select(IMPORT).where(*untold).order_by(IMPORT.c.finished_at, IMPORT.c.id))
            return [import_from(row) for row in rows]

    def last_report(self, file: Import) -> Import | None:
        """The import of the same source that ended before this one."""
        same = (IMPORT.c.source == file.source, IMPORT.c.id != file.id, IMPORT.c.state.in_(_REPORTABLE))
        earlier = select(IMPORT).where(*same, IMPORT.c.finished_at <= file.finished_at)
        newest = earlier.order_by(IMPORT.c.finished_at.desc(), IMPORT.c.id.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(newest).one_or_none()
        return None if row is None else import_from(row)

    def report_told(self, import_id: int, report: Mapping[str, Any], *, now: datetime) -> None:
        """Whoever is to be mailed about an import has a message; `report` holds what was found since it ended."""
        with self._database.write(recorded_at=now) as connection:
            told = update(IMPORT).where(IMPORT.c.id == import_id)
            connection.execute(told.values(report=dict(report), report_told_at=now))
