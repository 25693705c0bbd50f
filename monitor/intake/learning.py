"""What an example file shows of its source: every column, how it is understood, and what is not; for a person to check.

The file is looked at in the reading process. What comes back holds no citizen: cells of personal columns, and of those
that nobody understands, are told as the shape of their signs.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from monitor.confinement import Broken, Confined, Limits
from monitor.intake.batch import ReadLimits
from monitor.intake.child import narrow
from monitor.intake.dates import read_date
from monitor.intake.head import layout_of, scope_of
from monitor.intake.headers import FIELDS, UNIT_OR_PERSON
from monitor.intake.job import Job
from monitor.intake.layout import PERSON_FIELDS, Columns, known_fields, map_columns
from monitor.intake.likeness import ROWS_SAMPLED, Kind, Names, column, kind_of_cell, kind_of_column, match_fields
from monitor.intake.opening import load, open_table
from monitor.intake.portal import STEP_FIELDS
from monitor.intake.reader import DEFAULT_LIMITS, find_source, plain, refusal_of
from monitor.intake.refusals import IntakeError, rebuild
from monitor.intake.table import Table
from monitor.intake.text import clean, fold, written
from monitor.intake.title import covered_days, freshness
from monitor.intake.words import STATUSES
from monitor.source import FileFormat, Layout, Scope, SourceRule

_CHILD = "monitor.intake.learning:answer"
_EXAMPLES = 2
_LONGEST_EXAMPLE = 36
_MOST_WORDS = 40
_FEWEST_CELLS = 3  # of a row that may be a dossier, while nobody knows which column holds the code
_LETTER = ("x", "X")
_ROWS_SHOWN = 50
_NUMBERED = frozenset({"channel", "applicant_kind"})  # as the source numbers them
_LONGEST_NUMBER = 2
_HOLDERS = frozenset({"handling_unit", "handling_officer", "step_unit", "step_officer", UNIT_OR_PERSON})
_CLEAR = frozenset(
    {Kind.DATE, Kind.DOSSIER_CODE, Kind.PROCEDURE_CODE, Kind.STATUS, Kind.LIMIT, Kind.UNIT, Kind.PROCEDURE}
)


class Understanding(StrEnum):
    """How a column was understood."""

    DECLARED = "declared"  # the source's rule says so
    KNOWN = "known"  # by a header that provincial software writes
    STANDS_IN = "stands_in"  # another column is missing, and this one is read for it
    GUESSED = "guessed"  # by its cells, or by a header that is nearly a known one
    RIVAL = "rival"  # a second column of a field: the first one is read
    UNUSED = "unused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSeen:
    """One column of the file, without anything personal."""

    header: str
    field: str | None  # None: nothing is read from it
    understanding: Understanding
    kind: Kind | None  # None: every cell is empty
    filled: float  # share of the rows whose cell says something
    ours: float | None  # share of the filled cells that name our units or people; None where none belong
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What an example shows of its source."""

    file_name: str
    source: str  # the rule by which it was read
    format: FileFormat
    layout: str
    row_count: int
    data_as_of: datetime
    data_as_of_estimated: bool
    data_as_of_origin: str  # title, name or time
    scope: Scope
    received_from: date | None
    received_to: date | None
    columns: tuple[ColumnSeen, ...]
    unknown_statuses: Mapping[str, int]  # word -> how often, the commonest first
    applicant_kinds: Mapping[str, int]  # number as written -> how often
    findings: tuple[str, ...]

    @property
    def declared_layout(self) -> Layout | None:
        """The layout as a rule may declare it; a list that only its columns name has none."""
        return Layout(self.layout) if self.layout in set(Layout) else None


@dataclass(frozen=True, slots=True)
class _LearnJob:
    job: Job
    names: Names


def learn_file(
    path: Path, sources: Sequence[SourceRule], names: Names, *, now: datetime, limits: ReadLimits = DEFAULT_LIMITS
) -> Lesson:
    """Look at an example; `names` are the folded names of our units, people and procedures. Raises IntakeError."""
    # The reading process imports this module too, and must not wait for numpy.
    from monitor.working_time import LOCAL_ZONE  # noqa: PLC0415

    job = Job(
        path=str(path),
        file_name=path.name,
        rule=plain(find_source(path.name, sources)),
        zone=LOCAL_ZONE,
        now=now,
        known={},
        batch_size=0,
        limits=limits,
    )
    seconds = limits.waiting_seconds
    may_cost = Limits(memory_bytes=limits.memory_bytes, processor_seconds=math.ceil(seconds), waiting_seconds=seconds)
    said: dict[str, Any] = {}
    try:
        for kind, *rest in Confined(_CHILD).answers(_LearnJob(job, names), may_cost):
            if kind == "refused":
                raise rebuild(*rest).in_file(path.name)
            said = rest[0]
    except Broken as broken:
        raise refusal_of(broken, seconds).in_file(path.name) from broken
    return _lesson(job, said)


def _lesson(job: Job, said: Mapping[str, Any]) -> Lesson:
    days = {name: date.fromisoformat(said[name]) if said[name] else None for name in ("received_from", "received_to")}
    columns = (
        ColumnSeen(
            **one
            | {"understanding": Understanding(one["understanding"]), "kind": Kind(one["kind"]) if one["kind"] else None}
        )
        for one in said["columns"]
    )
    exact = {
        "format": FileFormat(said["format"]),
        "scope": Scope(said["scope"]),
        "data_as_of": datetime.fromisoformat(said["data_as_of"]).astimezone(job.zone),
        "columns": tuple(columns),
    }
    return Lesson(**{"file_name": job.file_name, "source": job.rule["name"], **said, **days, **exact})


def answer(task: _LearnJob) -> Iterator[tuple[object, ...]]:
    """In the child: what the file shows, or its refusal."""
    try:
        yield "lesson", _look(task.job, task.names)
    except IntakeError as refusal:
        yield "refused", type(refusal).__name__, refusal.facts


def _look(job: Job, names: Names) -> dict[str, object]:
    rule = SourceRule(**job.rule)
    fields = known_fields(rule.name, rule.columns, is_learning=True)
    table = open_table(
        load(Path(job.path), job.limits),
        job.file_name,
        fields,
        read_date(job.zone),
        unpacked_limit=job.limits.unpacked_bytes,
        expect=lambda size: narrow(job, size),
    )
    is_log = table.form == "steps"
    columns = map_columns(table.headers, STEP_FIELDS if is_log else fields, may_stand_in=not is_log)
    meanings = _meanings(table, columns, fields.declared, names)
    counted = _Counted(table, meanings, rule)
    layout = str(layout_of(table, columns, rule))
    modified_at = datetime.fromtimestamp(Path(job.path).stat().st_mtime, job.zone)
    fresh = freshness(table.titles, job.file_name, modified_at, rule.data_as_of_pattern, job.zone)
    days = covered_days(table.titles)
    findings = [*table.findings, *columns.findings]
    return {
        "format": str(table.format),
        "layout": layout,
        "row_count": counted.rows,
        "data_as_of": fresh.at.isoformat(),
        "data_as_of_estimated": fresh.estimated,
        "data_as_of_origin": fresh.origin,
        "scope": str(scope_of(rule.scope, layout, days, findings)),
        "received_from": days.first.isoformat() if days else None,
        "received_to": days.last.isoformat() if days else None,
        "columns": [_column(table, place, meaning, counted, names) for place, meaning in sorted(meanings.items())],
        "unknown_statuses": dict(counted.statuses.most_common(_MOST_WORDS)),
        "applicant_kinds": dict(counted.kinds.most_common(_MOST_WORDS)),
        "findings": tuple(findings),
    }


_Meaning = tuple[str | None, Understanding]
_STANDS_IN: Mapping[str, str] = {"receipt_no_as_code": "code", "step_due_as_appointment": "appointment_at"}


def _meanings(table: Table, columns: Columns, declared: frozenset[str], names: Names) -> dict[int, _Meaning]:
    """What each column holds, by its place."""
    standing_in = {_STANDS_IN[warning] for warning in columns.warnings}
    meanings: dict[int, _Meaning] = {}
    for name, place in columns.places.items():
        how = Understanding.DECLARED if fold(table.headers[place]) in declared else Understanding.KNOWN
        meanings[place] = (name, Understanding.STANDS_IN if name in standing_in else how)
    guessed = _guessed(table, columns, names)
    rivals = {place for places in columns.rivals.values() for place in places}
    for place, header in columns.unused.items():
        guess = guessed.pop(header, None)  # two columns may bear the same header
        how = Understanding.GUESSED if guess else Understanding.RIVAL if place in rivals else Understanding.UNUSED
        meanings[place] = (guess, how)
    return meanings


def _guessed(table: Table, columns: Columns, names: Names) -> dict[str, str]:
    """Header -> field, of the columns from which nothing is read; a log of steps means what it says."""
    if table.form == "steps":
        return {}
    sample = list(islice((cells for _, cells in table.rows()), ROWS_SAMPLED))
    kinds = {header: kind_of_column(column(sample, place), names) for place, header in columns.unused.items()}
    return match_fields(kinds, FIELDS.keys() - columns.places.keys())


class _Counted:
    """The rows of the file that may be dossiers, and what their cells say."""

    def __init__(self, table: Table, meanings: Mapping[int, _Meaning], rule: SourceRule) -> None:
        self.places = {name: place for place, (name, _) in meanings.items() if name}
        self.rows = 0
        self.filled: Counter[int] = Counter()
        self.statuses: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.sample: list[Sequence[object]] = []
        known_words = {*STATUSES, *map(fold, rule.statuses)}
        for _, cells in table.rows():
            said = {place for place in meanings if place < len(cells) and cells[place] not in ("", None, [])}
            if not self._may_be_dossier(cells, said):
                continue
            self.rows += 1
            self.filled.update(said)
            if self.rows <= ROWS_SAMPLED:
                self.sample.append(cells)
            status, kind = self._cell("status", cells), self._cell("applicant_kind", cells)
            if status and fold(status) not in known_words:
                self.statuses[status] += 1
            if kind:
                self.kinds[kind] += 1

    def _may_be_dossier(self, cells: Sequence[object], said: set[int]) -> bool:
        if "code" not in self.places:
            return len(said) >= _FEWEST_CELLS
        code = self._cell("code", cells)
        return bool(code) and len(said) > 1

    def _cell(self, name: str, cells: Sequence[object]) -> str:
        place = self.places.get(name, len(cells))
        return clean(written(cells[place]))[:_LONGEST_EXAMPLE] if place < len(cells) else ""


def _column(table: Table, place: int, meaning: _Meaning, counted: _Counted, names: Names) -> dict[str, object]:
    name, understanding = meaning
    cells = [cell for cell in column(counted.sample, place) if cell not in ("", None, [])]
    kinds = [kind_of_cell(cell, names) for cell in cells]
    ours = sum(kind in (Kind.UNIT, Kind.PERSON) for kind in kinds)
    kind = kind_of_column(cells, names)
    return {
        "header": table.headers[place],
        "field": name,
        "understanding": understanding.value,
        "kind": kind.value if kind else None,
        "filled": round(counted.filled[place] / counted.rows, 4) if counted.rows else 0.0,
        "ours": round(ours / len(cells), 4) if cells and name in _HOLDERS else None,
        "examples": tuple(dict.fromkeys(_shown(cell, name, names) for cell in cells[:_ROWS_SHOWN]))[:_EXAMPLES],
    }


def _shown(cell: object, name: str | None, names: Names) -> str:
    """The cell in clear when it can name no citizen, else the shape of its signs: "Xxxxxx Xxx Xx", "9999 999 999"."""
    if isinstance(cell, (list, dict)):
        return f"[{len(cell)}]"
    text = clean(written(cell))
    text = text if len(text) <= _LONGEST_EXAMPLE else text[: _LONGEST_EXAMPLE - 1] + "…"
    kind = kind_of_cell(cell, names)
    is_number = name in _NUMBERED and len(text) <= _LONGEST_NUMBER
    is_clear = name is not None and name not in PERSON_FIELDS and (kind in _CLEAR or name == "status")
    is_ours = name in _HOLDERS and kind is Kind.PERSON
    return text if is_number or is_clear or is_ours else _shape(text)


def _shape(text: str) -> str:
    return "".join("9" if sign.isdigit() else _LETTER[sign.isupper()] if sign.isalpha() else sign for sign in text)
