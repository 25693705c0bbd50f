"""Personal data that are no longer needed: found, erased, and the erasure itself remembered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from monitor.dossier import EventKind
from monitor.outbox import OutboxState
from monitor.record import Person
from monitor.store.bulk import among, in_parts, insert_rows
from monitor.store.connection import Database
from monitor.store.dossiers import person_columns, person_from
from monitor.store.tables import DOSSIER, ERASURE, EVENT, IMPORT, OUTBOX, PERSON, REJECTION

_ENDINGS = [kind.value for kind in (EventKind.FINISHED, EventKind.RETURNED, EventKind.REFUSED, EventKind.WITHDRAWN)]
_COLUMNS = (ERASURE.c.dossier_code, ERASURE.c.erased_at, ERASURE.c.erased_by, ERASURE.c.ground)
_AT_ONCE = 1_000  # dossiers a transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonOnFile:
    """A dossier and the personal data that are kept of it."""

    code: str
    is_open: bool
    procedure_code: str | None
    received_at: datetime | None
    person: Person


class Erasures:
    """What `dunghen purge` and `dunghen citizen` ask and do."""

    _database: Database

    def ended_before(self, moment: datetime) -> list[str]:
        """The codes of the dossiers that ended before `moment` and of whose people something is still kept."""
        ended_at = (
            select(func.max(func.coalesce(EVENT.c.happened_at, EVENT.c.recorded_at)))
            .where(EVENT.c.dossier_id == DOSSIER.c.id, EVENT.c.kind.in_(_ENDINGS))
            .scalar_subquery()
        )
        wanted = select(DOSSIER.c.code).select_from(DOSSIER.join(PERSON, PERSON.c.dossier_id == DOSSIER.c.id))
        wanted = wanted.where(~DOSSIER.c.is_open, ended_at < moment).order_by(DOSSIER.c.code)
        with self._database.read() as connection:
            return list(connection.execute(wanted).scalars())

    def erase_people(self, codes: Iterable[str], *, by: str, ground: str, now: datetime) -> int:
        """Erase the personal data of dossiers that have ended; answers of how many. One that is open keeps its own."""
        erased = 0
        for part in in_parts(codes, _AT_ONCE):
            with self._database.write(recorded_at=now) as connection:
                joined = DOSSIER.join(PERSON, PERSON.c.dossier_id == DOSSIER.c.id)
                chosen = select(DOSSIER.c.id, DOSSIER.c.code).select_from(joined)
                chosen = chosen.where(~DOSSIER.c.is_open, among(connection, DOSSIER.c.code, part))
                rows = connection.execute(chosen.with_for_update(of=DOSSIER)).all()
                if rows:
                    ids = [dossier_id for dossier_id, _ in rows]
                    connection.execute(delete(PERSON).where(among(connection, PERSON.c.dossier_id, ids)))
                    insert_rows(connection, _COLUMNS, [(code, now, by, ground) for _, code in rows])
                    erased += len(rows)
        self._empty_log()
        return erased

    def _empty_log(self) -> None:
        """SQLite's log still holds the pages as they were; who reads at this moment keeps it for a while."""
        if self._database.is_sqlite:
            with self._database.engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def erase_old_texts(self, before: datetime, *, now: datetime) -> int:
        """Forget the cells of refused rows, and the mails that ended unsent, of before a moment; answers how many."""
        old_files = select(IMPORT.c.id).where(IMPORT.c.recorded_at < before)
        cells = update(REJECTION).where(REJECTION.c.value.is_not(None), REJECTION.c.import_id.in_(old_files))
        ended = OUTBOX.c.state.not_in([OutboxState.PENDING.value, OutboxState.CLAIMED.value])
        mails = update(OUTBOX).where(ended, OUTBOX.c.content.is_not(None), OUTBOX.c.ended_at < before)
        with self._database.write(recorded_at=now) as connection:
            forgotten = connection.execute(cells.values(value=None)).rowcount
            return forgotten + connection.execute(mails.values(content=None)).rowcount

    def people_on_file(self, wanted: Person) -> list[PersonOnFile]:
        """The dossiers whose people bear one of these marks, compared letter by letter."""
        return self._people(or_(*_marks(wanted)))

    def people_of(self, codes: Sequence[str]) -> list[PersonOnFile]:
        """What is kept of the people of these dossiers."""
        return self._people(DOSSIER.c.code.in_(list(codes)))

    def _people(self, which: ColumnElement[bool]) -> list[PersonOnFile]:
        head = (DOSSIER.c.code, DOSSIER.c.is_open, DOSSIER.c.procedure_code, DOSSIER.c.received_at)
        wanted = select(*head, *person_columns()).select_from(DOSSIER.join(PERSON, PERSON.c.dossier_id == DOSSIER.c.id))
        with self._database.read() as connection:
            rows = connection.execute(wanted.where(which).order_by(DOSSIER.c.code)).all()
        return [
            PersonOnFile(
                code=code,
                is_open=is_open,
                procedure_code=procedure,
                received_at=received_at,
                person=person_from(person),
            )
            for code, is_open, procedure, received_at, *person in rows
        ]


def _marks(wanted: Person) -> list[ColumnElement[bool]]:
    """A name may be the applicant's or the submitter's; the other marks are their own."""
    marks: list[ColumnElement[bool]] = []
    for name in (wanted.applicant, wanted.submitter):
        if name is not None:
            marks += [PERSON.c.applicant == name, PERSON.c.submitter == name]
    own = ((PERSON.c.phone, wanted.phone), (PERSON.c.email, wanted.email), (PERSON.c.identity_no, wanted.identity_no))
    return marks + [column == value for column, value in own if value is not None]
