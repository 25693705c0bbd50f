"""`dunghen import` and `sweep`: files in, and one pass over what is due."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import Opened, instant, moment_for, opened, print_json, printable, say
from monitor.errors import MonitorError
from monitor.working_time import LOCAL_ZONE

if TYPE_CHECKING:
    from monitor.comparison import ImportReport
    from monitor.store import Store

REFUSED = 1
HELD = 3


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@click.option("--accept", is_flag=True, help="Take a file that was held: a person has looked and says it is right.")
@click.option("--now", type=instant, help="On a replay site, or with --dry-run: the moment of the import.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a file.")
@click.pass_obj
def import_command(
    home: Path, *, files: tuple[Path, ...], dry_run: bool, accept: bool, now: datetime | None, as_json: bool
) -> None:
    """Read exports of the one-stop system (XLSX, CSV, portal JSON). Bad rows are parked with their cause.

    \b
    Examples:
      dunghen --home /srv/dung-hen import theo-doi-ho-so.xlsx
      dunghen import *.xlsx --dry-run
    Ends with 3 when a file is held and waits for a person, with 1 when one could not be read at all.
    """
    from monitor.importing import import_file

    exit_codes = set()
    with opened(home) as site:
        moment = moment_for(site, now, writes=not dry_run, has_dry_run=True)
        for path in files:
            try:
                report = import_file(path, site.store, site.rules, now=moment, accept=accept, dry_run=dry_run)
            except MonitorError as error:
                exit_codes.add(REFUSED)
                _print_refusal(path, error, as_json=as_json)
                continue
            exit_codes.add(HELD if report.held else 0)
            if as_json:
                print_json(as_data(report))
            else:
                print_report(report, dry_run=dry_run)
    raise click.exceptions.Exit(REFUSED if REFUSED in exit_codes else max(exit_codes))


def _print_refusal(path: Path, error: MonitorError, *, as_json: bool) -> None:
    from monitor.comparison import ImportReport

    if as_json:
        print_json(as_data(ImportReport(file=path.name, cause=str(error))))
    click.echo(f"dunghen: {printable(str(error))}", err=True)


def as_data(report: "ImportReport") -> dict[str, Any]:
    """An import's report as data."""
    return {
        "file": report.file,
        "source": report.source,
        "data_as_of": report.data_as_of,
        "data_as_of_estimated": report.data_as_of_estimated,
        "read": report.read,
        "new": report.new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "rejected": [
            {"row": one.row, "column": one.column, "value": one.value, "cause": one.cause} for one in report.rejected
        ],
        "held": report.held,
        "cause": report.cause,
        "findings": report.findings,
    }


SHOWN_REJECTIONS = 10


def print_report(report: "ImportReport", *, dry_run: bool = False) -> None:
    """An import as a clerk reads it."""
    say(f"{report.file}: {_freshness(report)}" + (" – chạy thử, không ghi" if dry_run else ""))
    if report.held:
        say(f"  GIỮ LẠI: {report.cause}")
    elif report.cause:
        say(f"  {report.cause}")
    say(
        f"  {report.read} dòng · {report.new} mới · {report.changed} thay đổi · {report.unchanged} không đổi · "
        f"{len(report.rejected)} không nhận"
    )
    for one in report.rejected[:SHOWN_REJECTIONS]:
        where = f"dòng {one.row}" + (f", cột “{one.column}”" if one.column else "")
        say(f"    {where}: {one.cause}")
    if len(report.rejected) > SHOWN_REJECTIONS:
        say(f"    … và {len(report.rejected) - SHOWN_REJECTIONS} dòng khác; xem đủ bằng --json")
    for finding in report.findings:
        say(f"  Lưu ý: {finding}")


def _freshness(report: "ImportReport") -> str:
    if report.data_as_of is None:
        return "không rõ số liệu đến lúc nào"
    estimated = " (ước tính)" if report.data_as_of_estimated else ""
    return f"số liệu đến {report.data_as_of.astimezone(LOCAL_ZONE):%H:%M %d/%m/%Y}{estimated}"


@click.command("sweep")
@click.option("--now", type=instant, help="Take this for the present moment; on a live site only with --dry-run.")
@click.option("--dry-run", is_flag=True, help="Say where every dossier would stand, and record nothing.")
@click.option("--all", "everything", is_flag=True, help="Compute every open dossier anew, not only what is due.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def sweep_command(home: Path, *, now: datetime | None, dry_run: bool, everything: bool, as_json: bool) -> None:
    """Look at every dossier whose moment has come: its status, its notices, the letters to propose.

    \b
    Examples:
      dunghen sweep
      dunghen --home /tmp/thang-10 sweep --now 2026-11-23T08:00 --json
    """
    with opened(home) as site:
        moment = moment_for(site, now, writes=not dry_run, has_dry_run=True)
        result = _rehearsed(site, moment) if dry_run else _swept(site, moment, everything=everything)
    if as_json:
        print_json(result)
        return
    for name, value in result.items():
        if name != "statuses":
            click.echo(f"{name}: {', '.join(value) or '–' if isinstance(value, list) else value}")
    for status, count in result["statuses"].items():
        click.echo(f"  {status:26}{count:7}")


def _rehearsed(site: Opened, now: datetime) -> dict[str, Any]:
    """Where every dossier would stand; nothing is recorded."""
    from monitor.cli.listing import listed

    statuses = Counter(str(row["status"]) for row in listed(site, now=now))
    return {"now": _to_the_second(now), "dry_run": True, "statuses": dict(statuses.most_common())}


def _swept(site: Opened, now: datetime, *, everything: bool) -> dict[str, Any]:
    """One pass; on a site whose clock may be set, it is set to `now`, also backwards."""
    from monitor.sweep import recompute, sweep

    store = site.store
    if site.site.may_set_clock:
        last = store.last_beat()
        if last is not None and now < last:
            everything = True
            _say_going_back(last, now)
        store.beat(now=now)
    if everything:
        recompute(store, site.rules, now=now)
    report = sweep(store, site.rules, now=now)
    return {
        "now": _to_the_second(now),
        "looked_at": report.looked_at,
        "written": report.written,
        "conflicts": report.conflicts,
        "notices": report.notices,
        "parked": report.parked,
        "statuses": _counts(store),
    }


def _to_the_second(now: datetime) -> datetime:
    return now.astimezone(LOCAL_ZONE).replace(microsecond=0)


def _say_going_back(last: datetime, now: datetime) -> None:
    """Beside what is printed for a program: whoever mistyped the moment should hear of it."""
    click.echo(
        f"dunghen: the clock of this site goes back, from {_to_the_second(last)} to {_to_the_second(now)}: "
        "every open dossier is computed anew",
        err=True,
    )


def _counts(store: "Store") -> dict[str, int]:
    """How many dossiers have each status, in the order of urgency."""
    from monitor.status import Status

    counts = store.counts_by_status()
    return {status.value: counts[status] for status in Status if counts.get(status)}
