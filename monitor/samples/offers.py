"""Which procedures people ask for, how often, and when a dossier must have come in to be due on a given day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from monitor.rules import RuleBook
from monitor.samples.working_days import WorkingDays
from monitor.time_limit import Procedure, Unit

Span = tuple[int, int]  # limits from so many to so many days
ANY_LIMIT: Span = (1, 60)
SHORT_LIMIT: Span = (1, 5)
LONG_LIMIT: Span = (10, 60)

# How often the common ones come, beside 1 for each of the others; most of the work is enterprise registration.
WEIGHTS: Mapping[str, float] = {
    "2.002041": 16,  # đổi trụ sở, tên, ngành nghề
    "2.001583": 14,  # thành lập TNHH một thành viên
    "2.001199": 9,  # thành lập TNHH hai thành viên trở lên
    "2.002069": 8,  # chi nhánh, văn phòng đại diện, địa điểm kinh doanh
    "2.002009": 7,  # đổi vốn điều lệ
    "2.002011": 6,  # đổi thành viên, người đại diện
    "2.002029": 5,  # tạm ngừng kinh doanh
    "2.002015": 4,
    "2.002043": 4,  # thành lập công ty cổ phần
    "2.002023": 3,  # giải thể
    "2.001610": 2,
    "1.005280": 2,  # thành lập hợp tác xã
    "1.009664": 4,  # giấy chứng nhận đăng ký đầu tư
    "1.009645": 3,  # chấp thuận chủ trương đầu tư
    "1.009729": 3,  # góp vốn, mua cổ phần
    "2.000024": 0.2,  # a province has few start-up funds
    "1.000016": 0.2,
    "2.000005": 0.2,
    "2.002005": 0.2,
    "1.009647": 3,  # điều chỉnh giấy chứng nhận đăng ký đầu tư
}
# What a slip promises where no limit is known, in working days; an office has some number in its own software.
PROMISES = (10, 15, 20)


@dataclass(frozen=True, slots=True)
class Offer:
    """A procedure, and the day on which a dossier for it was received."""

    procedure: Procedure
    received_on: date
    days: int  # the limit, or what the slip promises where none is known
    unit: Unit


class Offers:
    """What can be chosen from."""

    def __init__(self, rules: RuleBook, days: WorkingDays) -> None:
        self._rules = rules
        self._days = days

    def draw(self, chance: Random, due_on: date, span: Span | None, *, before: date, must_bind: bool = False) -> Offer:
        """A procedure whose dossier, received before a day, is due on `due_on`; `span` None: one of unknown limit."""
        found = list(self._fitting(chance, due_on, span, before))
        fitting = [offer for offer in found if not must_bind or offer.procedure.limit.binds]
        weights = [WEIGHTS.get(offer.procedure.code, 1) for offer in fitting]
        return chance.choices(fitting, weights)[0]

    def _fitting(self, chance: Random, due_on: date, span: Span | None, before: date) -> Iterator[Offer]:
        for procedure in self._rules.procedures:
            days, unit = procedure.limit.amount, procedure.limit.unit
            if span is None:
                days, unit = chance.choice(PROMISES), Unit.WORKING_DAY
            if days is None or unit not in (Unit.WORKING_DAY, Unit.CALENDAR_DAY):
                continue
            received_on = self._received_on(due_on, days, unit)
            if received_on >= before or not self._days.is_working(received_on):
                continue
            if self._fits(procedure, received_on, days, span):
                yield Offer(procedure, received_on, days, unit)

    def _received_on(self, due_on: date, days: int, unit: Unit) -> date:
        if unit is Unit.CALENDAR_DAY:
            return due_on - timedelta(days=days)
        return self._days.after(due_on, -days)

    def _fits(self, procedure: Procedure, received_on: date, days: int, span: Span | None) -> bool:
        if span is None:
            return self._is_unknown(procedure, received_on)
        return span[0] <= days <= span[1] and self._is_known(procedure, received_on)

    def _is_known(self, procedure: Procedure, received_on: date) -> bool:
        """Whether the rules find this very row for a list that names neither case nor channel."""
        return self._rules.procedure_for(procedure.code, None, None, None, received_on).procedure is procedure

    def _is_unknown(self, procedure: Procedure, received_on: date) -> bool:
        match = self._rules.procedure_for(procedure.code, None, None, None, received_on)
        return match.procedure is None or not match.procedure.limit.is_known
