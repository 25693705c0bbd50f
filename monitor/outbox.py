"""A message to one person: its states, and when to try again; recorded before it is sent."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class OutboxState(StrEnum):
    """Where a message is; the last four are ends."""

    PENDING = "pending"
    CLAIMED = "claimed"  # by a daemon, until its lease ends
    SENT = "sent"  # the server took it
    WRITTEN = "written"  # ghi ra thư mục, chưa gửi
    FAILED = "failed"  # refused for good
    WITHDRAWN = "withdrawn"  # no longer true before it was sent
    SUPERSEDED = "superseded"


class MessageKind(StrEnum):
    """What a message is for; unique with the person and the key."""

    DIGEST = "digest"  # key: the day
    OVERDUE = "overdue"  # key: the day, and which notices it carries
    IMPORT_REPORT = "import_report"  # key: the import and its outcome; of a database the day and the outcome
    SOURCE_LATE = "source_late"  # key: the source and the day


class Outcome(StrEnum):
    """How an attempt ended."""

    SENT = "sent"
    WRITTEN = "written"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    UNCERTAIN = "uncertain"  # lost after the final dot: it may have been delivered


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The end of one attempt to send; `detail` is the server's answer, without personal data."""

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """A message as it was recorded; `content` are its bytes, the same in every attempt."""

    id: int | None = None
    kind: MessageKind
    person: str  # id of the member of staff
    key: str
    day: date
    to_address: str
    subject: str
    message_id: str
    dated_at: datetime
    content: bytes
    state: OutboxState = OutboxState.PENDING
    attempts: int = 0
    uncertain: int = 0  # attempts that may have been delivered
    next_attempt_at: datetime | None = None
    last_detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long to wait between attempts; doubling, with a ceiling, and an end after `give_up_after`."""

    first_wait: timedelta = timedelta(minutes=1)
    longest_wait: timedelta = timedelta(minutes=30)
    give_up_after: timedelta = timedelta(days=5)


def next_attempt_at(attempts: int, failed_at: datetime, policy: RetryPolicy) -> datetime:
    """When to try again after `attempts` failed attempts, of which the last ended at `failed_at`."""
    doublings = min(max(attempts - 1, 0), 20)  # so many exceed any ceiling, and more would overflow
    wait: timedelta = policy.first_wait * 2**doublings
    return failed_at + min(wait, policy.longest_wait)


def state_after(message: OutboxMessage, attempt: Attempt, *, now: datetime, policy: RetryPolicy) -> OutboxState:
    """The state that an attempt leaves a message in: an end, or waiting for the next attempt."""
    if attempt.outcome is Outcome.SENT:
        return OutboxState.SENT
    if attempt.outcome is Outcome.WRITTEN:
        return OutboxState.WRITTEN
    if attempt.outcome is Outcome.PERMANENT or now - message.dated_at > policy.give_up_after:
        return OutboxState.FAILED
    return OutboxState.PENDING
