"""`dunghen sweep`: one pass over what is due."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import Opened, instant, moment_for, opened, print_json
from monitor.working_time import LOCAL_ZONE

if TYPE_CHECKING:
    from monitor.store import Store


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
