"""Messages that were recorded are sent until a server takes them, each attempt written down."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.delivery import AUTH, TLS, Carrier
from monitor.outbox import (
    Attempt,
    OutboxMessage,
    OutboxState,
    Outcome,
    RetryPolicy,
    next_attempt_at,
    state_after,
)
from monitor.store import Claimed, Store

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)  # so long after a daemon's death another one may send its message
PASSWORD_REFUSED = "password_refused_until"  # noqa: S105 - the name of a fact, not a password
AUTH_WAIT = timedelta(minutes=15)  # a refused password is not tried more often, so that no account is locked
_NO_SERVER = (AUTH, TLS, "connect")  # the same for every message: another one would only wait for it again


async def deliver_due(
    store: Store,
    carrier: Carrier,
    sender: str,
    *,
    worker: str,
    clock: Callable[[], datetime],
    policy: RetryPolicy | None = None,
    lease: timedelta = LEASE,
    stopping: Callable[[], bool] = lambda: False,
) -> list[OutboxMessage]:
    """Send every message whose moment has come, one at a time, and record how each attempt ended.

    A message is claimed with a lease and a token before the attempt and marked after the server's answer, so that a
    crash in between costs at most one identical copy and never a message. A server that refuses our password, or
    cannot be trusted, is left alone for a quarter of an hour: many wrong answers may lock the account. When `stopping`
    says so, no further message is begun.
    """
    attempted: list[OutboxMessage] = []
    if _is_held(store, clock()):
        return attempted
    async with carrier:
        while not stopping() and (claimed := store.claim_message(worker, now=clock(), lease=lease)) is not None:
            delivery = carrier.deliver(claimed.message.to_address, claimed.message.content, sender)
            attempt = await _while_leased(delivery, store, claimed, clock, lease)
            attempted.append(_record_attempt(store, claimed, attempt, policy or RetryPolicy(), now=clock()))
            if _phase(attempt) in (AUTH, TLS):
                store.set_meta(PASSWORD_REFUSED, (clock() + AUTH_WAIT).isoformat(), now=clock())
                log.error("mail is held for 15 minutes: %s", attempt.detail, extra={"action": "deliver"})
            if _phase(attempt) in _NO_SERVER:
                break
    return attempted


def _is_held(store: Store, now: datetime) -> bool:
    """Whether the server turned us down a short while ago; the database remembers it, so a restart changes nothing."""
    until = store.get_meta(PASSWORD_REFUSED)
    return until is not None and now < datetime.fromisoformat(until)


def _phase(attempt: Attempt) -> str | None:
    """The phase in which an attempt failed for now."""
    return attempt.detail.partition(":")[0] if attempt.outcome is Outcome.TEMPORARY else None


async def _while_leased(
    delivery: Awaitable[Attempt], store: Store, claimed: Claimed, clock: Callable[[], datetime], lease: timedelta
) -> Attempt:
    """The attempt, with its lease kept alive: a server may take ten minutes to answer, a dead daemon must not."""
    attempt = asyncio.ensure_future(delivery)
    while True:
        done, _ = await asyncio.wait({attempt}, timeout=lease.total_seconds() / 4)
        if done:
            return attempt.result()
        now = clock()
        store.extend_lease(claimed, now + lease, now=now)


def _record_attempt(
    store: Store, claimed: Claimed, attempt: Attempt, policy: RetryPolicy, *, now: datetime
) -> OutboxMessage:
    message = claimed.message
    state = state_after(message, attempt, now=now, policy=policy)
    again_at = next_attempt_at(message.attempts + 1, now, policy) if state is OutboxState.PENDING else None
    store.finish_attempt(claimed, attempt, state, next_attempt_at=again_at, now=now)
    log.info(
        "message attempted",
        extra={
            "action": "deliver",
            "message_id": message.message_id,
            "outcome": attempt.outcome,
            "attempt": message.attempts + 1,
            "detail": attempt.detail,
        },
    )
    return replace(message, state=state, attempts=message.attempts + 1, last_detail=attempt.detail)
