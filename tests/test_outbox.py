"""When a message is tried again, and how it ends."""

from dataclasses import replace
from datetime import timedelta

import pytest
from official import at, day

from monitor.outbox import (
    Attempt,
    MessageKind,
    OutboxMessage,
    OutboxState,
    Outcome,
    RetryPolicy,
    next_attempt_at,
    state_after,
)

POLICY = RetryPolicy()
MESSAGE = OutboxMessage(
    kind=MessageKind.DIGEST,
    person="lt-hoa",
    key="2026-11-23",
    day=day("Mon 2026-11-23"),
    to_address="lt-hoa@stc.example",
    subject="",
    message_id="<1@stc.example>",
    dated_at=at("Mon 2026-11-23 07:15"),
    content=b"",
)


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(0, 1), (1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (7, 30), (10_000, 30)]
)
def test_the_wait_doubles_up_to_half_an_hour(attempts: int, minutes: int):
    failed_at = at("Mon 2026-11-23 07:16")
    assert next_attempt_at(attempts, failed_at, POLICY) == failed_at + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("outcome", "now", "state"),
    [
        (Outcome.SENT, "Mon 2026-11-23 07:16", OutboxState.SENT),
        (Outcome.WRITTEN, "Mon 2026-11-23 07:16", OutboxState.WRITTEN),  # into the folder: that is not sent
        (Outcome.PERMANENT, "Mon 2026-11-23 07:16", OutboxState.FAILED),
        (Outcome.TEMPORARY, "Mon 2026-11-23 07:16", OutboxState.PENDING),
        (Outcome.UNCERTAIN, "Mon 2026-11-23 07:16", OutboxState.PENDING),  # the same bytes again
        (Outcome.TEMPORARY, "Sat 2026-11-28 07:15", OutboxState.PENDING),
        (Outcome.TEMPORARY, "Sat 2026-11-28 07:16", OutboxState.FAILED),  # after five days
        (Outcome.UNCERTAIN, "Sat 2026-11-28 07:16", OutboxState.FAILED),
        (Outcome.SENT, "Sat 2026-11-28 07:16", OutboxState.SENT),
    ],
)
def test_an_attempt_ends_a_message_or_leaves_it_for_the_next_one(outcome: Outcome, now: str, state: OutboxState):
    assert state_after(MESSAGE, Attempt(outcome=outcome), now=at(now), policy=POLICY) is state


def test_the_office_may_give_up_sooner():
    impatient = replace(POLICY, give_up_after=timedelta(hours=1))
    attempt = Attempt(outcome=Outcome.TEMPORARY, detail="451")
    assert state_after(MESSAGE, attempt, now=at("Mon 2026-11-23 08:16"), policy=impatient) is OutboxState.FAILED
