"""`dunghen rules` and `dunghen calendar`: what the law says here, checked before it holds."""

from collections.abc import Sequence
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import (
    console,
    is_site,
    opened,
    print_json,
    printable,
    rules_folder,
    say,
    shipped,
    store_of,
)
from monitor.cli.rule_history import files_not_in_force, history_command
from monitor.cli.rule_tables import (
    apply_command,
    edit_command,
    print_warnings,
    refuse_invented_people,
    warnings_about,
)
from monitor.site import Site, open_site
from monitor.working_time import LOCAL_ZONE

if TYPE_CHECKING:
    from monitor.rules import CalendarWarning, Disagreement, RuleBook, RulesRefused
    from monitor.time_limit import Procedure, TimeLimit

PROBLEMS_FOUND = 3
CONFIRMED, PROVISIONAL, UNKNOWN = "confirmed", "provisional", "unknown"  # what a year of the calendar makes a due date
REFERENCE_MONTH_DAYS = 22  # working days of a month, for saying when a step begins; deadlines never use it


_RULES_OPTION = click.option(
    "--rules",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of rules; else the site's, else those the program came with.",
)


@click.group("rules")
def rules_command() -> None:
    """Check the rules that people edit, and put them in force."""


for _command in (edit_command, apply_command, history_command):
    rules_command.add_command(_command)


@rules_command.command("check")
@_RULES_OPTION
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def check_command(home: Path, folder: Path | None, as_json: bool) -> None:
    """Print every problem of the rules at once, and for each procedure the day on which each step fires.

    A day that the calendar works and the holidays package has off is a warning: the calendar decides. In a site, its
    templates of mails and letters are tried out too, with invented dossiers.

    \b
    Examples:
      dunghen --home /srv/dung-hen rules check
      dunghen rules check --rules ./rules --json
    Ends with 3 when there are problems; the rules in force stay as they are.
    """
    from monitor.rules import RulesRefused, load_rules

    chosen = rules_folder(home, folder)
    try:
        rules = load_rules(chosen)
    except RulesRefused as refused:
        _print_problems(refused, chosen, as_json=as_json)
        raise click.exceptions.Exit(PROBLEMS_FOUND) from None
    waiting: list[str] = []
    if folder is None and is_site(home):
        _refuse_broken_templates(open_site(home), as_json=as_json)
        waiting = files_not_in_force(open_site(home))
    if as_json:
        steps = [_steps(one, rules) for one in rules.procedures]
        warnings = warnings_about(rules)
        print_json(
            {
                "problems": [],
                "warnings": warnings,
                "version": rules.version,
                "procedures": steps,
                "not_in_force": waiting,
            }
        )
        return
    _print_steps(rules)
    print_warnings(rules)
    say(f"{chosen}: no problems. Version {rules.version[:12]}.")
    if waiting:
        say(f"Not in force: {', '.join(waiting)} differ from the rules in force. Put them in force: rules accept")


def _refuse_broken_templates(site: Site, *, as_json: bool) -> None:
    from monitor.documents import Documents

    problems = Documents(site.templates).check()
    if not problems:
        return
    if as_json:
        told = [{"file": f"templates/{one.folder}", "line": None, "text": one.cause} for one in problems]
        print_json({"problems": told})
    else:
        for problem in problems:
            click.echo(printable(str(problem)), err=True)
        click.echo(f"{len(problems)} problems in {site.templates}; mail goes out by the shipped templates.", err=True)
    raise click.exceptions.Exit(PROBLEMS_FOUND)


def _print_problems(refused: "RulesRefused", chosen: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({"problems": [{"file": one.file, "line": one.line, "text": one.text} for one in refused.problems]})
        return
    for problem in refused.problems:
        click.echo(printable(str(problem)), err=True)
    click.echo(f"{len(refused.problems)} problems in {chosen}; the rules in force stay as they are.", err=True)
    if any("is missing: copy it" in problem.text for problem in refused.problems):
        click.echo(f"The rules that this version came with are in {shipped('rules')}", err=True)


def _steps(procedure: "Procedure", rules: "RuleBook") -> dict[str, Any]:
    from monitor.ladder import days_of_steps

    limit = procedure.limit
    division = rules.organisation.division_named(procedure.division)
    lead = division.signing_lead_working_days if division else 1
    working_days = _working_days(limit)
    return {
        "code": procedure.code,
        "case": procedure.case,
        "name": procedure.name,
        "limit": limit.amount,
        "unit": limit.unit,
        "evidence": limit.evidence,
        "steps": days_of_steps(working_days, lead, rules.ladder) if working_days else {},
    }


def _working_days(limit: "TimeLimit") -> int:
    """About how many working days a limit is, only to show when steps begin."""
    from monitor.time_limit import Unit

    per_unit = {Unit.WORKING_DAY: 1.0, Unit.CALENDAR_DAY: 5 / 7, Unit.MONTH: REFERENCE_MONTH_DAYS}
    return int((limit.amount or 0) * per_unit.get(limit.unit, 0)) if limit.unit else 0


def _print_steps(rules: "RuleBook") -> None:
    from rich.table import Table

    from monitor.ladder import Step

    shown = (Step.QUESTION, Step.NEAR_DUE, Step.EXPECTED_LATE, Step.DUE_TODAY, Step.OVERDUE, Step.LONG_OVERDUE)
    title = "Working day after receipt on which each step begins"
    table = Table(box=None, header_style="bold", pad_edge=False, title=title)
    for heading in ("code", "limit", "evidence", *shown):
        table.add_column(heading.replace("_", " "), justify="right" if heading in shown else "left")
    for procedure in rules.procedures:
        row = _steps(procedure, rules)
        limit = f"{row['limit']} {row['unit']}" if row["unit"] else "unknown"
        case = f" ({row['case']})" if row["case"] else ""
        table.add_row(row["code"] + case, limit, row["evidence"], *(str(row["steps"].get(step, "–")) for step in shown))
    console().print(table)


@rules_command.command("accept")
@click.option("--by", default=getuser, show_default="the system's user", help="Who puts the rules in force.")
@click.option("--reason", required=True, help="Why.")
@click.option("--document", help='The paper that orders the change, for example "QĐ 123/QĐ-STC ngày 20/11/2026".')
@click.pass_obj
def accept_command(home: Path, by: str, reason: str, document: str | None) -> None:
    """Put the site's rules folder in force. With any problem nothing changes; every open dossier is looked at again.

    \b
    Example:
      dunghen --home /srv/dung-hen rules accept --by "Nông Thị Lan" --reason "giảm thời hạn" --document "QĐ 123/QĐ-UBND"
    """
    from monitor.rules import load_rules_from, rule_files

    site = open_site(home)
    files = rule_files(site.rules)
    rules = load_rules_from(files)
    refuse_invented_people(site, rules)
    print_warnings(rules)
    with store_of(site) as store:
        now = datetime.now(UTC)
        changed = store.accept_rule_book(rules.version, files, by=by, reason=reason, document=document, now=now)
    click.echo(f"Version {rules.version[:12]} is in force." if changed else "These rules are in force already.")


@click.group("calendar")
def calendar_command() -> None:
    """Look at the official working days."""


@calendar_command.command("check")
@_RULES_OPTION
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def calendar_check_command(home: Path, folder: Path | None, as_json: bool) -> None:
    """List every day on which the official calendar and the holidays package disagree, and what is missing.

    \b
    Example:
      dunghen calendar check
    """
    from monitor.rules import calendar_disagreements, calendar_warning, load_rules

    rules = load_rules(rules_folder(home, folder))
    found = calendar_disagreements(rules)
    warning = calendar_warning(rules, today=datetime.now(LOCAL_ZONE).date())
    if as_json:
        print_json(_check_as_data(found, warning))
        return
    for one in found:
        ours = "ngày làm việc" if one.is_worked else "ngày nghỉ"
        theirs = one.theirs or "ngày thường"
        say(f"{one.on}  lịch của Sở: {ours} ({one.ours or 'ngày thường'}); thư viện: {theirs}")
    say(f"{len(found)} ngày khác với thư viện holidays; lịch của Sở có hiệu lực.")
    if warning:
        say(warning.text)


def _check_as_data(found: "Sequence[Disagreement]", warning: "CalendarWarning | None") -> dict[str, Any]:
    return {
        "disagreements": [
            {"on": one.on, "is_worked": one.is_worked, "ours": one.ours, "theirs": one.theirs} for one in found
        ],
        "warning": {"year": warning.year, "urgency": warning.urgency, "text": warning.text} if warning else None,
    }


@calendar_command.command("show")
@click.argument("year", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def calendar_show_command(home: Path, year: int, as_json: bool) -> None:
    """Show the special days of a YEAR with their names, bases and whether they are confirmed.

    \b
    Example:
      dunghen calendar show 2026
    """
    from monitor.rules import load_rules

    if is_site(home):
        with opened(home) as site:
            rules = site.rules
    else:
        rules = load_rules(shipped("rules"))
    days, due_dates = _special_days(rules, year), _due_dates_in(rules, year)
    if as_json:
        complete = year in rules.calendar.complete_years
        print_json({"year": year, "complete": complete, "due_dates": due_dates, "days": days})
        return
    for day in days:
        kind = "làm việc" if day["is_worked"] else "nghỉ"
        click.echo(f"{day['on']:%d/%m/%Y}  {kind:8}  {day['name']}  [{day['basis']}; {day['status']}]")
    if due_dates == UNKNOWN:
        first, last = rules.calendar.clock.first, rules.calendar.clock.last
        click.echo(f"Năm {year} nằm ngoài lịch ({first.year}–{last.year}): hạn trả rơi vào năm này là không xác định.")
    elif due_dates == PROVISIONAL:
        click.echo(f"Năm {year} chưa đủ thông báo chính thức: hạn trả đi qua năm này là tạm tính.")


def _due_dates_in(rules: "RuleBook", year: int) -> str:
    """How well a due date is known that falls into a year."""
    clock = rules.calendar.clock
    if not clock.first.year <= year <= clock.last.year:
        return UNKNOWN
    return CONFIRMED if year in rules.calendar.complete_years else PROVISIONAL


def _special_days(rules: "RuleBook", year: int) -> list[dict[str, Any]]:
    calendar = rules.calendar
    return [
        {
            "on": on,
            "is_worked": calendar.clock.is_working_day(on),
            "name": note.name,
            "basis": note.basis,
            "status": note.status,
        }
        for on, note in sorted(calendar.notes.items())
        if on.year == year
    ]
