"""rules/ -> RuleBook: law, hours, people and the ladder as dated, cited data; refuses what it does not know."""

from monitor.rules.book import RuleBook, load_rules, load_rules_from
from monitor.rules.calendar_check import (
    CalendarWarning,
    Disagreement,
    Urgency,
    calendar_disagreements,
    calendar_warning,
    holidays_not_listed,
)
from monitor.rules.catalogue import MatchReason, ProcedureMatch
from monitor.rules.files import content_hash, rule_files
from monitor.rules.hours import ReceptionHours
from monitor.rules.problems import Problem, RulesRefused
from monitor.rules.retention import Retention
from monitor.rules.sources import Reason

__all__ = [
    "CalendarWarning",
    "Disagreement",
    "MatchReason",
    "Problem",
    "ProcedureMatch",
    "Reason",
    "ReceptionHours",
    "Retention",
    "RuleBook",
    "RulesRefused",
    "Urgency",
    "calendar_disagreements",
    "calendar_warning",
    "content_hash",
    "holidays_not_listed",
    "load_rules",
    "load_rules_from",
    "rule_files",
]
