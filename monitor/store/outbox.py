"""The outbox: claimed by one worker at a time, until its lease ends, and marked after the server's answer."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select, update

from monitor.outbox import Attempt, MessageKind, OutboxMessage, OutboxState, Outcome
from monitor.store.bulk import among
from monitor.store.connection import Database
from monitor.store.errors import StoredDataDamaged
from monitor.store.tables import OUTBOX, WAITING

# A message that failed may have to be read by the person who mends its address.
_KEEPS_CONTENT = frozenset({OutboxState.PENDING, OutboxState.CLAIMED, OutboxState.FAILED})
_ONGOING = frozenset({OutboxState.PENDING, OutboxState.CLAIMED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message that is ours to send until the lease ends; `token` tells this claim from every later one."""

    message: OutboxMessage
    token: int
    lease_until: datetime


class Outbox:
    """Claiming messages, and what became of them."""

    _database: Database

    def claim_messages(self, worker: str, *, now: datetime, lease: timedelta, limit: int = 1) -> list[Claimed]:
        """Claim messages that are due, or whose lease ended without an answer: those may have been delivered.

        No two workers get the same message: SQLite is locked from the first statement on, PostgreSQL skips what another
        worker has locked.
        """
        due = OUTBOX.c.next_attempt_at.is_(None) | (OUTBOX.c.next_attempt_at <= now)
        is_due = or_(
            and_(OUTBOX.c.state == OutboxState.PENDING.value, due),
            and_(OUTBOX.c.state == OutboxState.CLAIMED.value, OUTBOX.c.lease_until <= now),
        )
        wanted = select(OUTBOX).where(WAITING, is_due).order_by(OUTBOX.c.dated_at, OUTBOX.c.id).limit(limit)
        with self._database.write(recorded_at=now) as connection:
            rows = connection.execute(wanted.with_for_update(skip_locked=True)).all()
            return [_claim(connection, row, worker, now + lease) for row in rows]

    def claim_message(self, worker: str, *, now: datetime, lease: timedelta) -> Claimed | None:
        """Claim the one message that waits longest, or None."""
        return next(iter(self.claim_messages(worker, now=now, lease=lease)), None)

    def extend_lease(self, claimed: Claimed, lease_until: datetime, *, now: datetime) -> bool:
        """Keep a message while its attempt lasts; False when somebody else has claimed it since."""
        ours = and_(OUTBOX.c.id == claimed.message.id, OUTBOX.c.claim_token == claimed.token)
        with self._database.write(recorded_at=now) as connection:
            still_ours = update(OUTBOX).where(ours, OUTBOX.c.state == OutboxState.CLAIMED.value)
            return connection.execute(still_ours.values(lease_until=lease_until)).rowcount == 1

    def finish_attempt(
        self,
        claimed: Claimed,
        attempt: Attempt,
        state: OutboxState,
        *,
        next_attempt_at: datetime | None = None,
        now: datetime,
    ) -> bool:
        """Write down how an attempt ended; False, and nothing written, when somebody else has claimed it since."""
        values: dict[str, Any] = {
            "state": state.value,
            "attempts": OUTBOX.c.attempts + 1,
            "uncertain": OUTBOX.c.uncertain + int(attempt.outcome is Outcome.UNCERTAIN),
            "last_detail": attempt.detail,
            "next_attempt_at": next_attempt_at,
            "lease_until": None,
            "ended_at": None if state in _ONGOING else now,
        }
        if state not in _KEEPS_CONTENT:
            values["content"] = None
        ours = and_(OUTBOX.c.id == claimed.message.id, OUTBOX.c.claim_token == claimed.token)
        with self._database.write(recorded_at=now) as connection:
            still_ours = update(OUTBOX).where(ours, OUTBOX.c.state == OutboxState.CLAIMED.value)
            return connection.execute(still_ours.values(**values)).rowcount == 1

    def end_messages(self, ids: Iterable[int], state: OutboxState, detail: str, *, now: datetime) -> int:
        """Take messages back that are no longer true; one that is being sent at this moment is left alone."""
        values: dict[str, Any] = {"state": state.value, "last_detail": detail, "ended_at": now, "content": None}
        with self._database.write(recorded_at=now) as connection:
            pending = among(connection, OUTBOX.c.id, ids), OUTBOX.c.state == OutboxState.PENDING.value
            return connection.execute(update(OUTBOX).where(*pending).values(**values)).rowcount

    def has_message(self, kind: MessageKind, person: str, key: str) -> bool:
        """Whether this was put into the outbox before, whatever became of it."""
        same = (OUTBOX.c.kind == kind.value, OUTBOX.c.person == person, OUTBOX.c.key == key)
        with self._database.read() as connection:
            return connection.execute(select(OUTBOX.c.id).where(*same)).first() is not None

    def count_taken_back(self, kind: MessageKind, person: str, day: date) -> int:
        """How many messages of a day to a person were withdrawn or superseded before they were sent."""
        same = (OUTBOX.c.kind == kind.value, OUTBOX.c.person == person, OUTBOX.c.day == day)
        ended = OUTBOX.c.state.in_([OutboxState.WITHDRAWN.value, OutboxState.SUPERSEDED.value])
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(OUTBOX).where(*same, ended)).scalar_one()

    def outbox_counts(self) -> dict[OutboxState, int]:
        """How many messages are in each state."""
        counts = select(OUTBOX.c.state, func.count()).group_by(OUTBOX.c.state)
        with self._database.read() as connection:
            return {OutboxState(state): count for state, count in connection.execute(counts)}

    def messages(self, states: Collection[OutboxState] = tuple(OutboxState), limit: int = 100) -> list[OutboxMessage]:
        """The newest messages in these states; one that was sent has no content left."""
        with self._database.read() as connection:
            chosen = among(connection, OUTBOX.c.state, [state.value for state in states])
            rows = connection.execute(select(OUTBOX).where(chosen).order_by(OUTBOX.c.id.desc()).limit(limit))
            return [message_from(row) for row in rows]


def message_values(message: OutboxMessage) -> dict[str, Any]:
    """The columns of a message that is put into the outbox."""
    return {
        "kind": message.kind.value,
        "person": message.person,
        "key": message.key,
        "day": message.day,
        "to_address": message.to_address,
        "subject": message.subject,
        "message_id": message.message_id,
        "dated_at": message.dated_at,
        "content": message.content,
        "content_sha256": hashlib.sha256(message.content).hexdigest(),
        "state": message.state.value,
        "attempts": message.attempts,
        "uncertain": message.uncertain,
        "next_attempt_at": message.next_attempt_at,
        "last_detail": message.last_detail,
    }


def message_from(row: Row[Any]) -> OutboxMessage:
    """The message in a row; its content is empty when it was erased after sending."""
    return OutboxMessage(
        id=row.id,
        kind=MessageKind(row.kind),
        person=row.person,
        key=row.key,
        day=row.day,
        to_address=row.to_address,
        subject=row.subject,
        message_id=row.message_id,
        dated_at=row.dated_at,
        content=row.content or b"",
        state=OutboxState(row.state),
        attempts=row.attempts,
        uncertain=row.uncertain,
        next_attempt_at=row.next_attempt_at,
        last_detail=row.last_detail,
    )


def _claim(connection: Connection, row: Row[Any], worker: str, lease_until: datetime) -> Claimed:
    if hashlib.sha256(row.content).hexdigest() != row.content_sha256:
        raise StoredDataDamaged(f"message {row.message_id}")
    lost = row.state == OutboxState.CLAIMED
    values = {
        "state": OutboxState.CLAIMED.value,
        "claimed_by": worker,
        "claim_token": row.claim_token + 1,
        "lease_until": lease_until,
        "attempts": row.attempts + lost,
        "uncertain": row.uncertain + lost,
    }
    returning = update(OUTBOX).where(OUTBOX.c.id == row.id).values(**values).returning(OUTBOX)
    claimed = connection.execute(returning).one()
    return Claimed(message=message_from(claimed), token=claimed.claim_token, lease_until=claimed.lease_until)
