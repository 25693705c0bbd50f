"""The ladder of notices: which step is told to whom, from when on, scaled by the limit; the numbers come from rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from monitor.organisation import Role


class Step(StrEnum):
    """A step of the ladder, from low to high (rules/notices.toml)."""

    NEAR_DUE = "near_due"
    QUESTION = "question"  # Kịp / Không kịp?
    EXPECTED_LATE = "expected_late"
    DUE_TODAY = "due_today"
    DUE_UNCONFIRMED = "due_unconfirmed"
    OVERDUE = "overdue"
    LONG_OVERDUE = "long_overdue"


class Delivery(StrEnum):
    """How a step reaches people."""

    DIGEST = "digest"  # in the morning mail
    IMMEDIATE = "immediate"  # in the recipient's next working slot
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRule:
    """Who is told of a step and how; `basis` says where the numbers come from."""

    to: tuple[Role, ...]
    delivery: Delivery
    min_limit_working_days: int = 0  # limits shorter than this have no such step
    repeat_every_working_days: int | None = None
    after_working_days: int = 0  # working days after the due day (overdue, long overdue)
    at: time | None = None  # time of day from which it holds (expected late)
    head_from_count: int | None = None  # a head hears of it when the division has that many
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """All steps, and what scales them."""

    steps: Mapping[Step, StepRule]
    near_due_max_working_days: int = 3
    near_due_percent: int = 20
    digest_minutes_before_work: int = 15
    basis: str = ""

    def near_due_working_days(self, limit_working_days: int) -> int:
        """From how many working days left a dossier is near due: at most the maximum, and that share rounded up."""
        share = -(-limit_working_days * self.near_due_percent // 100)
        return min(self.near_due_max_working_days, share)


def days_of_steps(limit_working_days: int, signing_lead_working_days: int, ladder: Ladder) -> dict[Step, int]:
    """On which working day after receipt each step begins for a limit of so many working days.

    No step begins before the first working day; steps for which the limit is too short are absent. The question comes
    so early that the signing lead still fits before the last day for an apology, where the limit allows.
    """
    due = limit_working_days
    apology_by = due - 1
    begins = {
        Step.NEAR_DUE: due - ladder.near_due_working_days(due),
        Step.QUESTION: apology_by - signing_lead_working_days,
        Step.EXPECTED_LATE: apology_by,
        Step.DUE_TODAY: due,
        Step.OVERDUE: due + max(1, _after(Step.OVERDUE, ladder)),
        Step.LONG_OVERDUE: due + max(1, _after(Step.LONG_OVERDUE, ladder)),
    }
    return {
        step: max(1, day)
        for step, day in begins.items()
        if step in ladder.steps and due >= ladder.steps[step].min_limit_working_days
    }


def _after(step: Step, ladder: Ladder) -> int:
    return ladder.steps[step].after_working_days if step in ladder.steps else 0
