"""notices.toml: the ladder of notices, who hears of what and when.

Legal basis: Nghị định 118/2025/NĐ-CP, Điều 8.1.d, 9.1, 19.6, 38.1.g; the rhythm is the
project's default, each step says so.
"""

from collections.abc import Mapping
from types import MappingProxyType

from monitor.ladder import Delivery, Ladder, Step, StepRule
from monitor.organisation import Role
from monitor.rules.problems import Problems
from monitor.rules.sections import Section, read_document
from monitor.rules.tables import parse_choice

FILE = "notices.toml"
MINUTES_OF_HALF_A_DAY = 12 * 60


def read_ladder(files: Mapping[str, bytes], problems: Problems) -> Ladder | None:
    """The ladder with all its steps; None when the file cannot be read."""
    document = read_document(files, FILE, problems)
    if document is None:
        return None
    steps = _steps(document)
    scale = document.section("ladder")
    if scale is None:
        document.refuse(None, "[ladder] is missing: it says when near due begins")
        document.close()
        return None
    ladder = Ladder(
        steps=MappingProxyType(steps),
        near_due_max_working_days=scale.whole("near_due_max_working_days", 3, most=60),
        near_due_percent=scale.whole("near_due_percent", 20, most=100),
        digest_minutes_before_work=scale.whole("digest_minutes_before_work", 15, most=MINUTES_OF_HALF_A_DAY),
        basis=scale.need_text("basis"),
    )
    scale.close()
    document.close()
    return ladder


def _steps(document: Section) -> dict[Step, StepRule]:
    """Every step must be there: one left out by mistake would be silence."""
    sections = document.section("step")
    found: dict[Step, StepRule] = {}
    for step in Step:
        section = sections.section(step) if sections else None
        if section is None:
            document.refuse(None, f"[step.{step}] is missing: no step is left out, one can be given a longer limit")
        else:
            found[step] = _step(section)
    if sections:
        sections.close()
    return found


def _step(section: Section) -> StepRule:
    to = section.parsed("to", lambda written: parse_choice(written, Role))
    if not section.texts("to"):
        section.refuse("to", f"to is missing or empty in [{section.name}]: write at least one of {', '.join(Role)}")
    delivery = section.choice("delivery", Delivery)
    if not section.has("delivery"):
        section.refuse(None, f"delivery is missing in [{section.name}]: write one of {', '.join(Delivery)}")
    rule = StepRule(
        to=to,
        delivery=delivery or Delivery.DIGEST,
        min_limit_working_days=section.whole("min_limit_working_days", 0),
        repeat_every_working_days=section.optional_whole("repeat_every_working_days"),
        after_working_days=section.whole("after_working_days", 0),
        at=section.time_of_day("at"),
        head_from_count=section.optional_whole("head_from_count"),
        basis=section.need_text("basis"),
    )
    section.close()
    return rule
