"""What a file says of itself, in plain values: its kind, what it covers, how fresh it is, what its columns hold."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from monitor.intake.headers import UNIT_OR_PERSON
from monitor.intake.job import Job
from monitor.intake.layout import Columns, name_layout
from monitor.intake.likeness import likely_fields
from monitor.intake.refusals import FormatUnexpected
from monitor.intake.survey import Survey
from monitor.intake.table import Table
from monitor.intake.title import Covered, covered_days, freshness
from monitor.source import Scope, SourceRule

_LAYOUT_OF_FORM: Mapping[str, str] = {"portal": "dong-bo", "steps": "tien-do"}
_PARTIAL_LAYOUTS = frozenset({"qua-han", "tre-hen", "dong-bo", "tien-do"})  # these say nothing about absence


def layout_of(table: Table, columns: Columns, rule: SourceRule | None = None) -> str:
    """The kind of list, by which files of one source are told apart; what a source declares of its sheets counts."""
    declared = rule.layout if rule else None
    return _LAYOUT_OF_FORM.get(table.form) or declared or name_layout(frozenset(columns.places))


def describe(job: Job, rule: SourceRule, table: Table, columns: Columns, seen: Survey) -> dict[str, object]:
    """The fields of FileHead that the reading process knows, but for the digest."""
    if rule.format not in (None, table.format):
        raise FormatUnexpected(source=rule.name, declared=str(rule.format), seen=str(table.format))
    layout = str(layout_of(table, columns, rule))
    modified_at = datetime.fromtimestamp(Path(job.path).stat().st_mtime, job.zone)
    fresh = freshness(table.titles, job.file_name, modified_at, rule.data_as_of_pattern, job.zone)
    days = covered_days(table.titles)
    findings = [*table.findings, *columns.findings, *seen.findings]
    if fresh.at > job.now:
        findings.append(f"số liệu ghi đến {fresh.at:%H:%M %d/%m/%Y}, sau thời điểm nhập: kiểm tra đồng hồ máy xuất")
    return {
        "layout": layout,
        "kind": "steps" if table.form == "steps" else "dossiers",
        "data_as_of": fresh.at.isoformat(),
        "data_as_of_estimated": fresh.estimated,
        "scope": scope_of(rule.scope, layout, days, findings).value,
        "received_from": days.first.isoformat() if days else None,
        "received_to": days.last.isoformat() if days else None,
        "carried": _carried(table, columns),
        "columns": dict(columns.headers),
        "unused_headers": tuple(columns.unused.values()),
        "row_count": seen.row_count,
        "findings": tuple(findings),
        "filled": seen.filled,
        "doubled": seen.doubled,
        "likely": likely_fields(table, columns),
    }


def _carried(table: Table, columns: Columns) -> list[str]:
    """Fields whose blank is a blank: not those that only some records have, or that share a column."""
    partly = {name for name, header in columns.headers.items() if header in table.partly_carried}
    return sorted(columns.places.keys() - partly - {UNIT_OR_PERSON})


def scope_of(declared: Scope | None, layout: str, days: Covered | None, findings: list[str]) -> Scope:
    """What the file covers; a title that names days of receipt narrows a claim to hold everything."""
    scope = declared or (Scope.PARTIAL if layout in _PARTIAL_LAYOUTS else Scope.ALL)
    if scope is Scope.ALL and days:
        if days.of_receipt:
            return Scope.RECEIVED_BETWEEN
        findings.append("tiêu đề ghi khoảng ngày không phải ngày nhận: hồ sơ không có trong tệp không bị coi là mất")
        return Scope.PARTIAL
    if scope is Scope.RECEIVED_BETWEEN and not days:
        findings.append("nguồn khai báo theo khoảng ngày nhận nhưng tiêu đề không ghi “Từ ngày … đến ngày …”")
        return Scope.PARTIAL
    return scope
