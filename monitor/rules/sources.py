"""sources/*.toml: what each source calls its files and how its words are to be understood; and reasons.csv."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from monitor.dossier import SourceStatus
from monitor.record import ApplicantKind, Person, Record, Scope, SourceRule
from monitor.rules.cells import Unreadable
from monitor.rules.files import SOURCES
from monitor.rules.problems import Problems
from monitor.rules.sections import Section, read_document
from monitor.rules.tables import parse_choice, read_table

REASONS = "reasons.csv"
REASON_COLUMNS = ("id", "text", "basis")
NOT_IN_A_COLUMN = frozenset({"person", "supplements", "status_text"})
FIELDS = {"unit_or_person", *(item.name for kind in (Record, Person) for item in fields(kind))} - NOT_IN_A_COLUMN
DATE_GROUPS = frozenset("ymd")


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for delay that may be picked for the letter; the person who signs may word it anew."""

    id: str
    text: str  # Vietnamese, as printed
    basis: str


def read_reasons(files: Mapping[str, bytes], problems: Problems) -> tuple[Reason, ...]:
    """The reasons for delay, in the order of the table."""
    reasons: dict[str, Reason] = {}
    for row in read_table(files, REASONS, REASON_COLUMNS, problems):
        reason = Reason(row.need_text("id"), row.need_text("text"), row.need_text("basis"))
        if reason.id in reasons:
            row.refuse(f"id {reason.id!r} stands there already: give each reason an id of its own")
        reasons[reason.id] = reason
    return tuple(reasons.values())


def read_sources(files: Mapping[str, bytes], problems: Problems) -> tuple[SourceRule, ...]:
    """All sources, those for every file last, so that the first that fits a file is the right one."""
    names = sorted(name for name in files if name.startswith(SOURCES) and name.endswith(".toml"))
    if not names:
        problems.add(f"{SOURCES}mac-dinh.toml", None, 'is missing: write name = "Mặc định" and files = ["*"]')
    owners: dict[str, str] = {}
    sources = []
    for name in names:
        document = read_document(files, name, problems)
        if document is None:
            continue
        source = _source(document)
        if source.name in owners:
            document.refuse("name", f"name {source.name!r} is that of {owners[source.name]}: name each source once")
        owners.setdefault(source.name, name)
        sources.append(source)
    return tuple(sorted(sources, key=lambda source: "*" in source.files))


def _source(document: Section) -> SourceRule:
    patterns = document.texts("files")
    if not patterns:
        document.refuse("files", 'files is missing or empty: write the names of the files, such as ["HoSo_*.xlsx"]')
    source = SourceRule(
        name=document.need_text("name"),
        files=patterns,
        scope=document.choice("scope", Scope),
        columns=document.mapping("columns", _parse_field),
        statuses=document.mapping("statuses", lambda written: parse_choice(written, SourceStatus)),
        applicant_kinds=document.mapping("applicant_kinds", lambda written: parse_choice(written, ApplicantKind)),
        data_as_of_pattern=_pattern(document),
    )
    document.close()
    return source


def _parse_field(written: str) -> str:
    if written not in FIELDS:
        raise Unreadable(f"{written!r} is no field of a dossier: write one of {', '.join(sorted(FIELDS))}")
    return written


def _pattern(document: Section) -> str | None:
    written = document.text("data_as_of_pattern") or None
    if written is not None:
        try:
            _refuse_bad_pattern(written)
        except Unreadable as unreadable:
            document.refuse("data_as_of_pattern", f"data_as_of_pattern {unreadable}")
    return written


def _refuse_bad_pattern(written: str) -> None:
    try:
        groups = re.compile(written).groupindex.keys()
    except (re.error, RecursionError, OverflowError) as error:
        raise Unreadable(f"{written!r} is not a regular expression: {error}") from None
    if not groups >= DATE_GROUPS:
        raise Unreadable(f"{written!r} lacks the groups y, m and d: write for example (?P<y>\\d{{4}})(?P<m>\\d\\d)…")
