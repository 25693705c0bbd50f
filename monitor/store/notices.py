"""Steps told to people: each once, and each carried by a mail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, not_, or_, select, update

from monitor.handling import Ground
from monitor.ladder import Step
from monitor.notice import Notice
from monitor.outbox import MessageKind, OutboxMessage, OutboxState
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
    ground: Ground | None
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

    def notices_without_mail(self, status: Status | None = None) -> list[PendingNotice]:
        """The notices that were decided and stand in no mail; with `status`, those that still hold; oldest first."""
        columns = (NOTICE.c.id, NOTICE.c.dossier_id, DOSSIER.c.code, NOTICE.c.life, *_KEY)
        wanted = select(*columns).select_from(NOTICE.join(DOSSIER)).where(NOTICE.c.outbox_id.is_(None))
        if status is not None:
            wanted = wanted.where(_still(status))
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
        """Put a message into the outbox together with the notices that it carries.

        False, and nothing written, when it was there already or one of its notices stands in another message.
        """
        wanted = list(notice_ids)
        with self._database.write(recorded_at=now) as connection:
            unsent = among(connection, NOTICE.c.id, wanted), NOTICE.c.outbox_id.is_(None)
            locked = connection.execute(select(NOTICE.c.id).where(*unsent).order_by(NOTICE.c.id).with_for_update())
            if len(locked.all()) != len(wanted):
                return False
            values = insert_statement(connection, OUTBOX).values(**message_values(message)).on_conflict_do_nothing()
            outbox_id = connection.execute(values.returning(OUTBOX.c.id)).scalar_one_or_none()
            if outbox_id is None:
                return False
            connection.execute(update(NOTICE).where(*unsent).values(outbox_id=outbox_id))
            rows = [
                notice_row(one, decided_at=now, reason=IN_DIGEST, rules_version=rules_version, outbox_id=outbox_id)
                for one in told_now
            ]
            insert_new_rows(connection, COLUMNS, rows)
        return True

    def withdraw_untrue(self, *, now: datetime) -> int:
        """Take back unsent mails about overdue dossiers of which one is so no longer; how many."""
        with self._database.write(recorded_at=now) as connection:
            return _take_back(connection, not_(_still(Status.OVERDUE)), OutboxState.WITHDRAWN, now)

    def withdraw_held(self, sources: Iterable[str], officers: Iterable[str], *, now: datetime) -> int:
        """Take back unsent mails that tell anybody but an officer of dossiers from these sources; how many."""
        with self._database.write(recorded_at=now) as connection:
            is_held = among(connection, DOSSIER.c.source, sources)
            is_officer = or_(
                DOSSIER.c.officer.is_not_distinct_from(NOTICE.c.person), among(connection, NOTICE.c.person, officers)
            )
            return _take_back(connection, and_(is_held, not_(is_officer)), OutboxState.WITHDRAWN, now)

    def supersede_delayed(self, day: date, *, now: datetime) -> int:
        """Take back mails about overdue dossiers that were tried on an earlier day and did not leave; how many.

        When the mail server is back after days, people get one mail and not one for each day.
        """
        with self._database.write(recorded_at=now) as connection:
            delayed = and_(OUTBOX.c.attempts > 0, OUTBOX.c.day < day)
            return _take_back(connection, delayed, OutboxState.SUPERSEDED, now)

    def supersede_digests(self, day: date, *, now: datetime) -> int:
        """Take back the unsent digests of earlier days: the picture of `day` takes their place; how many."""
        with self._database.write(recorded_at=now) as connection:
            return _end_unsent(connection, MessageKind.DIGEST, OUTBOX.c.day < day, OutboxState.SUPERSEDED, now)


def _still(status: Status) -> ColumnElement[bool]:
    """Whether the dossier of a notice has this status, in the life that the notice speaks of."""
    return and_(DOSSIER.c.status == status.value, DOSSIER.c.life == NOTICE.c.life)


def _take_back(connection: Connection, which: ColumnElement[bool], state: OutboxState, now: datetime) -> int:
    """End unsent mails about overdue dossiers; what they were to tell is free for a new mail, as long as it holds."""
    mails = select(OUTBOX.c.id).select_from(NOTICE.join(OUTBOX).join(DOSSIER))
    ids = connection.execute(mails.where(*_unsent(MessageKind.OVERDUE), which).distinct()).scalars().all()
    if not ids:
        return 0
    ended = _end_unsent(connection, MessageKind.OVERDUE, among(connection, OUTBOX.c.id, ids), state, now)
    were_ended = select(OUTBOX.c.id).where(among(connection, OUTBOX.c.id, ids), OUTBOX.c.state == state.value)
    connection.execute(update(NOTICE).where(NOTICE.c.outbox_id.in_(were_ended)).values(outbox_id=None))
    return ended


def _end_unsent(
    connection: Connection, kind: MessageKind, which: ColumnElement[bool], state: OutboxState, now: datetime
) -> int:
    values = {"state": state.value, "ended_at": now, "content": None}
    return connection.execute(update(OUTBOX).where(*_unsent(kind), which).values(**values)).rowcount


def _unsent(kind: MessageKind) -> tuple[ColumnElement[bool], ...]:
    """Waiting, and surely not delivered: a message that may have been must go on with the same bytes."""
    return (OUTBOX.c.kind == kind.value, OUTBOX.c.state == OutboxState.PENDING.value, OUTBOX.c.uncertain == 0)


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
    DOSSIER.c.ground,
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
    ground = None if told["ground"] is None else Ground(told["ground"])
    name = record_from_json(content, code=told["code"], person=Person()).procedure_name
    told |= {"status": status, "flags": flags, "ground": ground}
    return DigestRow(procedure_name=name, person=person_from(person), **told)
