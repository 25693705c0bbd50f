"""Steps told to people: each once, and each carried by a mail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from monitor.ladder import Step
from monitor.notice import Notice
from monitor.outbox import OutboxMessage
from monitor.record import Person
from monitor.status import Flag, Status
from monitor.store.bulk import Row, among, insert_new_rows, insert_statement
from monitor.store.connection import Database
from monitor.store.dossiers import person_columns, person_from
from monitor.store.outbox import message_values
from monitor.store.record_json import record_from_json
from monitor.store.tables import DOSSIER, NOTICE, OUTBOX, PERSON, RECORD


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingNotice:
    """A notice that was decided and stands in no mail yet."""

    id: int
    dossier_id: int
    dossier_code: str
    life: int
    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStep:
    """A step that a person was told of before, in whatever repeat."""

    dossier_id: int
    life: int
    step: Step
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldNow:
    """A notice about a dossier in one of its lives."""

    dossier_id: int
    life: int
    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestRow:
    """A dossier as the composing of mail needs it; the only reader of `Person` beside the letter."""

    id: int
    code: str
    life: int
    source: str
    data_as_of: datetime
    status: Status
    flags: frozenset[Flag]
    division: str | None
    officer: str | None
    procedure_code: str | None
    procedure_name: str | None
    due_on: date | None
    promised_on: date | None
    law_due_on: date | None
    apology_by_on: date | None
    person: Person


COLUMNS = (
    NOTICE.c.dossier_id,
    NOTICE.c.life,
    NOTICE.c.step,
    NOTICE.c.due_on,
    NOTICE.c.occurrence,
    NOTICE.c.person,
    NOTICE.c.decided_at,
    NOTICE.c.reason,
    NOTICE.c.rules_version,
    NOTICE.c.outbox_id,
)
_KEY = (NOTICE.c.step, NOTICE.c.due_on, NOTICE.c.occurrence, NOTICE.c.person)
IN_DIGEST = "in_digest"


class Notices:
    """What mail has to be composed, and what was told before."""

    _database: Database

    def notices_without_mail(self) -> list[PendingNotice]:
        """The notices that were decided and stand in no mail yet, oldest first."""
        columns = (NOTICE.c.id, NOTICE.c.dossier_id, DOSSIER.c.code, NOTICE.c.life, *_KEY)
        wanted = select(*columns).select_from(NOTICE.join(DOSSIER)).where(NOTICE.c.outbox_id.is_(None))
        with self._database.read() as connection:
            return [
                PendingNotice(id=id_, dossier_id=dossier_id, dossier_code=code, life=life, notice=notice_from(key))
                for id_, dossier_id, code, life, *key in connection.execute(wanted.order_by(NOTICE.c.id))
            ]

    def dossiers_for_digest(self, statuses: Iterable[Status]) -> list[DigestRow]:
        """The open dossiers that have one of these statuses, by division, due date and code."""
        with self._database.read() as connection:
            columns = (*_DIGEST, RECORD.c.content, *person_columns())
            joined = DOSSIER.join(RECORD).outerjoin(PERSON, PERSON.c.dossier_id == DOSSIER.c.id)
            chosen = among(connection, DOSSIER.c.status, [status.value for status in statuses])
            wanted = select(*columns).select_from(joined).where(DOSSIER.c.is_open, chosen)
            order = (DOSSIER.c.division, DOSSIER.c.due_on, DOSSIER.c.code)
            return [_digest_row(row) for row in connection.execute(wanted.order_by(*order))]

    def told_steps(self, person: str) -> frozenset[ToldStep]:
        """Every step of an open dossier that this person was told of."""
        columns = (NOTICE.c.dossier_id, NOTICE.c.life, NOTICE.c.step, NOTICE.c.due_on)
        told = select(*columns).select_from(NOTICE.join(DOSSIER)).where(NOTICE.c.person == person, DOSSIER.c.is_open)
        with self._database.read() as connection:
            return frozenset(
                ToldStep(dossier_id=dossier_id, life=life, step=Step(step), due_on=due_on)
                for dossier_id, life, step, due_on in connection.execute(told.distinct())
            )

    def queue_message(
        self,
        message: OutboxMessage,
        *,
        notice_ids: Iterable[int] = (),
        told_now: Sequence[ToldNow] = (),
        rules_version: str,
        now: datetime,
    ) -> bool:
        """Put a message into the outbox together with the notices that it carries; False when it was there already."""
        with self._database.write(recorded_at=now) as connection:
            values = insert_statement(connection, OUTBOX).values(**message_values(message)).on_conflict_do_nothing()
            outbox_id = connection.execute(values.returning(OUTBOX.c.id)).scalar_one_or_none()
            if outbox_id is None:
                return False
            unsent = among(connection, NOTICE.c.id, notice_ids), NOTICE.c.outbox_id.is_(None)
            connection.execute(update(NOTICE).where(*unsent).values(outbox_id=outbox_id))
            rows = [
                notice_row(one, decided_at=now, reason=IN_DIGEST, rules_version=rules_version, outbox_id=outbox_id)
                for one in told_now
            ]
            insert_new_rows(connection, COLUMNS, rows)
        return True


def notice_row(
    told: ToldNow, *, decided_at: datetime, reason: str, rules_version: str, outbox_id: int | None = None
) -> Row:
    """The values of `COLUMNS`."""
    notice = told.notice
    key = (notice.step.value, notice.due_on, notice.occurrence, notice.person)
    return (told.dossier_id, told.life, *key, decided_at, reason, rules_version, outbox_id)


def notice_from(key: Sequence[Any]) -> Notice:
    """The notice with this step, date, occurrence and person."""
    step, due_on, occurrence, person = key
    return Notice(step=Step(step), due_on=due_on, occurrence=occurrence, person=person)


def notices_of(connection: Connection, dossier_ids: Iterable[int]) -> dict[tuple[int, int], tuple[Notice, ...]]:
    """The notices of many dossiers by one query, under (dossier, life)."""
    wanted = select(NOTICE.c.dossier_id, NOTICE.c.life, *_KEY).order_by(NOTICE.c.id)
    found: dict[tuple[int, int], list[Notice]] = {}
    for dossier_id, life, *key in connection.execute(wanted.where(among(connection, NOTICE.c.dossier_id, dossier_ids))):
        found.setdefault((dossier_id, life), []).append(notice_from(key))
    return {whose: tuple(notices) for whose, notices in found.items()}


_DIGEST = (
    DOSSIER.c.id,
    DOSSIER.c.code,
    DOSSIER.c.life,
    DOSSIER.c.source,
    DOSSIER.c.data_as_of,
    DOSSIER.c.status,
    DOSSIER.c.flags,
    DOSSIER.c.division,
    DOSSIER.c.officer,
    DOSSIER.c.procedure_code,
    DOSSIER.c.due_on,
    DOSSIER.c.promised_on,
    DOSSIER.c.law_due_on,
    DOSSIER.c.apology_by_on,
)


def _digest_row(row: Sequence[Any]) -> DigestRow:
    told = dict(zip((column.name for column in _DIGEST), row, strict=False))
    content, *person = row[len(_DIGEST) :]
    status, flags = Status(told.pop("status")), frozenset(map(Flag, told.pop("flags") or ()))
    name = record_from_json(content, code=told["code"], person=Person()).procedure_name
    return DigestRow(status=status, flags=flags, procedure_name=name, person=person_from(person), **told)
