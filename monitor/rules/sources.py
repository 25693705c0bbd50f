"""sources/*.toml: what each source calls its files and how its words are to be understood; and reasons.csv."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from graphlib import CycleError, TopologicalSorter
from itertools import combinations, product
from typing import TypeVar

from monitor.dossier import SourceStatus
from monitor.organisation import fold_name
from monitor.record import ApplicantKind, Person, Record
from monitor.rules import claims
from monitor.rules.cells import Unreadable
from monitor.rules.files import SOURCES
from monitor.rules.people import STAFF
from monitor.rules.problems import Problems
from monitor.rules.queries import read_query_rule
from monitor.rules.sections import Section, read_document
from monitor.rules.tables import parse_choice, read_table
from monitor.source import FileFormat, Layout, Scope, SourceRule

REASONS = "reasons.csv"
REASON_COLUMNS = ("id", "text", "basis")
NOT_IN_A_COLUMN = frozenset({"person", "supplements", "status_text", "lost"})
FIELDS = {"unit_or_person", *(item.name for kind in (Record, Person) for item in fields(kind))} - NOT_IN_A_COLUMN
DATE_GROUPS = frozenset("ymd")

T = TypeVar("T")

_REMEDY = "write the patterns so that one of them covers the other, or none does"


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


def read_sources(
    files: Mapping[str, bytes], staff: Collection[str] | None, problems: Problems
) -> tuple[SourceRule, ...]:
    """All sources, the one with the narrower claim first, so that the first that fits a file is the right one.

    `staff` None when it is not known who works here.
    """
    names = sorted(name for name in files if name.startswith(SOURCES) and name.endswith(".toml"))
    if not names:
        problems.add(f"{SOURCES}mac-dinh.toml", None, 'is missing: write name = "Mặc định" and files = ["*"]')
    owners: dict[str, str] = {}
    sources: dict[str, tuple[Section, SourceRule]] = {}
    for name in names:
        document = read_document(files, name, problems)
        if document is None:
            continue
        source = _source(document, staff)
        if source.name in owners:
            document.refuse("name", f"name {source.name!r} is that of {owners[source.name]}: name each source once")
        owners.setdefault(source.name, name)
        sources[name] = (document, source)
    return _ordered(sources)


def _ordered(sources: Mapping[str, tuple[Section, SourceRule]]) -> tuple[SourceRule, ...]:
    """Whoever claims the narrower set of names comes first; refuses claims of which neither is the narrower."""
    before: dict[str, set[str]] = {name: set() for name in sources}
    for (name, (_, source)), (other, (document, rival)) in combinations(sources.items(), 2):
        clash = None
        for claim, their_claim in product(source.files, rival.files):
            if not claims.overlap(claim, their_claim):
                continue
            is_wider, is_narrower = claims.covers(claim, their_claim), claims.covers(their_claim, claim)
            first, second = (name, other) if is_narrower else (other, name)
            if is_wider == is_narrower or second in before[first]:
                clash = clash or (claim, their_claim)
            else:
                before[second].add(first)
        if clash:
            document.refuse("files", _clash(clash, name))
    try:
        order = tuple(TopologicalSorter(before).static_order())
    except CycleError as error:
        name = error.args[1][0]
        sources[name][0].refuse("files", f"files can be put in no order with {', '.join(error.args[1][1:])}: {_REMEDY}")
        order = tuple(sources)
    return tuple(sources[name][1] for name in order)


def _clash(clash: tuple[str, str], other: str) -> str:
    theirs, ours = clash
    return f"files {ours!r} and {theirs!r} of {other} claim the same file names, and neither is the narrower: {_REMEDY}"


def _source(document: Section, staff: Collection[str] | None) -> SourceRule:
    asked = document.section("query")
    source = SourceRule(
        name=document.need_text("name"),
        files=_files(document, is_needed=asked is None),
        format=document.choice("format", FileFormat),
        layout=document.choice("layout", Layout),
        scope=document.choice("scope", Scope),
        columns=_each_once(document, "columns", _parse_field),
        statuses=_each_once(document, "statuses", lambda written: parse_choice(written, SourceStatus)),
        applicant_kinds=document.mapping("applicant_kinds", lambda written: parse_choice(written, ApplicantKind)),
        data_as_of_pattern=_pattern(document),
        query=read_query_rule(asked) if asked else None,
        told=_told(document, staff),
        expected_by=document.time_of_day("expected_by"),
    )
    document.close()
    return source


def _files(document: Section, *, is_needed: bool) -> tuple[str, ...]:
    """The claims of a source; one that is asked for its data sends no files."""
    patterns = document.parsed("files", claims.parse)
    if is_needed and not document.texts("files"):
        document.refuse("files", 'files is missing or empty: write the names of the files, such as ["HoSo_*.xlsx"]')
    return patterns


def _told(document: Section, staff: Collection[str] | None) -> tuple[str, ...]:
    told = document.texts("told")
    for person in told:
        if staff is not None and person not in staff:
            document.refuse("told", f"told {person!r} is nobody: write an id that {STAFF} has")
    return told


def _each_once(document: Section, key: str, parse: Callable[[str], T]) -> dict[str, T]:
    """A table of words, of which two may not be the same but for case and spaces and yet mean different things."""
    meant = document.mapping(key, parse)
    first: dict[str, str] = {}
    for word, value in meant.items():
        other = first.setdefault(fold_name(word), word)
        if meant[other] != value:
            document.refuse(key, f"{word!r} and {other!r} in [{key}] are the same word: keep one of the two lines")
    return meant


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
