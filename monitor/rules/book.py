"""The rule book: everything that rules/ says, read once, whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from monitor.dossier import Channel
from monitor.go_live import GoLive
from monitor.ladder import Ladder
from monitor.organisation import Organisation
from monitor.rules.catalogue import Catalogue, ProcedureMatch, refuse_conflicts
from monitor.rules.cells import Unreadable
from monitor.rules.excel_damage import parse_phone, parse_undamaged
from monitor.rules.files import content_hash, refuse_unknown_files, rule_files
from monitor.rules.fixed_holidays import COLUMNS as FIXED_HOLIDAY_COLUMNS
from monitor.rules.fixed_holidays import FILE as FIXED_HOLIDAYS
from monitor.rules.forms import FORMS
from monitor.rules.go_live import read_go_live
from monitor.rules.hours import ReceptionHours, read_hours
from monitor.rules.notices import read_ladder
from monitor.rules.official_days import read_calendar
from monitor.rules.people import read_organisation
from monitor.rules.problems import Problems
from monitor.rules.procedures import FILE as PROCEDURES
from monitor.rules.procedures import read_procedures
from monitor.rules.retention import Retention, read_retention
from monitor.rules.sources import Reason, read_reasons, read_sources
from monitor.rules.tables import Row, read_table
from monitor.rules.versions import version_of
from monitor.source import SourceRule
from monitor.time_limit import DayEnd, Procedure
from monitor.working_time import OfficialCalendar

# Tables that an accepted book may lack, as if they had no row; a folder has to have them.
LATER_TABLES = {FIXED_HOLIDAYS: ",".join(FIXED_HOLIDAY_COLUMNS).encode()}


@dataclass(frozen=True, kw_only=True)
class RuleBook:
    """An accepted whole of rules; a change is a new book with a new version."""

    version: str  # of the contents of all files, see content_hash
    calendar: OfficialCalendar
    day_end: DayEnd
    hours_confirmed: bool  # whether an official text stands behind the office hours; else hour limits are provisional
    reception: tuple[ReceptionHours, ...]
    procedures: tuple[Procedure, ...]
    organisation: Organisation
    ladder: Ladder
    reasons: tuple[Reason, ...]
    retention: Retention | None  # None: nothing is erased by time
    go_live: GoLive
    sources: tuple[SourceRule, ...]  # the first whose pattern fits a file is its source
    _catalogue: Catalogue = field(init=False, repr=False, compare=False)
    _deadline_versions: dict[int, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_catalogue", Catalogue(self.procedures))
        versions = {id(procedure): self._version_for(procedure) for procedure in self.procedures}
        object.__setattr__(self, "_deadline_versions", versions)

    @property
    def clock_version(self) -> str:
        """The version of calendar and office hours alone, of what they say rather than how the files are written."""
        return self.calendar.version

    @cached_property
    def running_from(self) -> tuple[date, ...]:
        """The days from which a row also applies to dossiers that are running, in order."""
        days = {row.valid_from for row in self.procedures if row.applies_to_running and row.valid_from}
        return tuple(sorted(days))

    def procedure_for(
        self,
        code: str | None,
        name: str | None,
        case: str | None,
        channel: Channel | None,
        received_on: date,
        *,
        running_on: date | None = None,
    ) -> ProcedureMatch:
        """The row of the catalogue that holds for a dossier received on a day, or why there is none.

        `running_on`: a later day on which it was still unfinished, for rows that also apply to running dossiers.
        """
        return self._catalogue.find(
            code, name, case, channel, received_on=received_on, running_on=running_on or received_on
        )

    def deadline_version(self, procedure: Procedure | None) -> str:
        """By which rules a deadline is counted: calendar, hours and the procedure's row, not people (decision 11)."""
        return self._deadline_versions.get(id(procedure)) or self._version_for(procedure)

    def _version_for(self, procedure: Procedure | None) -> str:
        row = replace(procedure, officer="") if procedure else None
        return version_of(self.clock_version, self.hours_confirmed, self.day_end, row)


def load_rules(folder: Path) -> RuleBook:
    """The rule book in a folder. Raises RulesRefused with every mistake."""
    return load_rules_from(rule_files(folder))


def load_rules_from(files: Mapping[str, bytes], *, is_accepted: bool = False) -> RuleBook:
    """The rule book in files by their names relative to the rules folder. Raises RulesRefused with every mistake.

    `is_accepted`: a book that is in force, perhaps since an earlier version, which did not know every table.
    """
    problems, version = Problems(), content_hash(files)
    files = {**LATER_TABLES, **files} if is_accepted else files
    refuse_unknown_files(files, problems)
    hours = read_hours(files, problems)
    calendar = read_calendar(files, hours, problems)
    organisation = read_organisation(files, problems)
    find_division = organisation.division_named if organisation and organisation.divisions else None
    find_people = organisation.people_named if organisation and organisation.staff else None
    numbered = read_procedures(files, find_division, problems, find_people=find_people)
    refuse_conflicts(numbered, PROCEDURES, problems)
    ladder = read_ladder(files, problems)
    staff = organisation.staff if organisation and organisation.staff else None
    reasons, sources = read_reasons(files, problems), read_sources(files, staff, problems)
    retention, go_live = read_retention(files, problems), read_go_live(files, problems)
    if not is_accepted:  # what is in force stays so, whatever a later version can see in it
        _refuse_damage(files, problems)
    problems.refuse()
    if hours is None or calendar is None or organisation is None or ladder is None:
        raise AssertionError("what could not be read has left a problem")
    return RuleBook(
        version=version,
        calendar=calendar,
        day_end=hours.day_end,
        hours_confirmed=hours.confirmed,
        reception=hours.reception,
        procedures=tuple(procedure for _, procedure in numbered),
        organisation=organisation,
        ladder=ladder,
        reasons=reasons,
        retention=retention,
        go_live=go_live,
        sources=sources,
    )


def _refuse_damage(files: Mapping[str, bytes], problems: Problems) -> None:
    """What a spreadsheet made of letters and telephone numbers, in any cell of any table."""
    for form in FORMS.values():
        for row in read_table(files, form.file, form.names, problems, optional=form.optional):
            for name, cell in row.cells.items():
                _refuse_damaged_cell(row, name, cell)


def _refuse_damaged_cell(row: Row, name: str, cell: str) -> None:
    try:
        parse_undamaged(cell)
        if name == "phone":
            parse_phone(cell)
    except Unreadable as damaged:
        row.refuse(f"{name} {damaged}")
