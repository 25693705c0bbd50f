"""`dunghen list`: where every dossier stands."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import Opened, console, instant, moment_for, opened, print_json, printable
from monitor.dossier import Event
from monitor.history import fold
from monitor.status import Status

if TYPE_CHECKING:
    from monitor.store import ListRow


@click.command("list")
@click.option("--now", type=instant, help="Where every dossier stood, or will stand, at this moment.")
@click.option("--open", "only_open", is_flag=True, help="Only what is not finished.")
@click.option("--status", "statuses", multiple=True, help="Only these statuses, for example --status overdue.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
def list_command(
    home: Path, *, now: datetime | None, only_open: bool, statuses: tuple[str, ...], as_json: bool
) -> None:
    """Show where every dossier stands. Codes only: no applicant's name leaves the database here.

    \b
    Examples:
      dunghen list --open
      dunghen list --status overdue --status due_today
      dunghen list --json
    """
    unknown = set(statuses) - set(Status)
    if unknown:
        raise click.UsageError(f"no such status: {', '.join(sorted(unknown))}; there are {', '.join(Status)}")
    with opened(home) as site:
        rows = list(listed(site, now=moment_for(site, now, writes=False), only_open=only_open, statuses=statuses))
    if as_json:
        print_json(rows)
    else:
        print_table(rows)


def listed(
    site: Opened, *, now: datetime, only_open: bool = False, statuses: tuple[str, ...] = ()
) -> Iterator[dict[str, Any]]:
    """Every dossier as data: the open ones as they stand at `now`, the ended ones as they were settled."""
    for row, events in site.store.with_events():
        is_settled = row.status is not None and not row.is_open and row.next_look_at is None
        data = _settled(row, site) if is_settled else _standing(row, events, site, now=now)
        if (not only_open or Status(data["status"]).is_open) and (not statuses or data["status"] in statuses):
            yield data


def _standing(row: "ListRow", events: tuple[Event, ...], site: Opened, *, now: datetime) -> dict[str, Any]:
    from monitor.sweep import flags_of, look

    dossier = fold(row.code, events)
    looked = look(dossier, site.rules, now=now, data_as_of=row.data_as_of)
    deadline, assessment = looked.deadline, looked.assessment
    flags = {*flags_of(dossier, looked, site.rules, now=now), *deadline.notes, *(("parked",) if row.parked else ())}
    return {
        "code": row.code,
        "procedure_code": looked.procedure.code if looked.procedure else dossier.procedure_code,
        "received_at": dossier.received,
        "appointment_at": dossier.appointments[-1].at if dossier.appointments else None,
        "law_due_on": deadline.law_due_on,
        "first_promised_on": deadline.first_promised_on,
        "promised_on": deadline.promised_on,
        "due_on": deadline.due_on,
        "due_at": deadline.due_at,
        "apology_by_on": deadline.apology_by_on,
        "status": "unknown" if row.parked else assessment.status.value,
        "working_days_left": assessment.working_days_left,
        "flags": sorted(flags),
        "division": _division(looked.holders.division, site) or dossier.handling_unit,
        "officer": _officer(looked.holders.officer, site) or dossier.handling_officer,
        "data_as_of": row.data_as_of,
    }


def _settled(row: "ListRow", site: Opened) -> dict[str, Any]:
    assert row.status is not None
    return {
        "code": row.code,
        "procedure_code": row.procedure_code,
        "received_at": row.received,
        "appointment_at": row.appointment,
        "law_due_on": row.law_due_on,
        "first_promised_on": row.first_promised_on,
        "promised_on": row.promised_on,
        "due_on": row.due_on,
        "due_at": row.due_at,
        "apology_by_on": row.apology_by_on,
        "status": row.status.value,
        "working_days_left": None,
        "flags": sorted(row.flags),
        "division": _division(row.division, site),
        "officer": _officer(row.officer, site),
        "data_as_of": row.data_as_of,
    }


def _division(id_: str | None, site: Opened) -> str | None:
    division = site.rules.organisation.divisions.get(id_ or "")
    return division.name if division else None


def _officer(id_: str | None, site: Opened) -> str | None:
    officer = site.rules.organisation.staff.get(id_ or "")
    return officer.name if officer else None


def print_table(rows: list[dict[str, Any]]) -> None:
    """The list for a terminal: what is most urgent first, states as words."""
    from rich.markup import escape
    from rich.table import Table

    from monitor.cli.words import STATUS_WORDS

    order = {status.value: place for place, status in enumerate(Status)}
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("Mã hồ sơ", "Trạng thái", "Hạn trả", "Còn", "Phòng", "Công chức"):
        table.add_column(heading, no_wrap=heading in ("Mã hồ sơ", "Hạn trả", "Còn"))
    for row in sorted(rows, key=lambda row: (order[row["status"]], str(row["due_on"] or "9999"), row["code"])):
        left = row["working_days_left"]
        table.add_row(
            escape(printable(row["code"])),
            STATUS_WORDS[Status(row["status"])],
            f"{row['due_on']:%d/%m/%Y}" if row["due_on"] else "–",
            "" if left is None else str(left),
            escape(printable(row["division"] or "–")),
            escape(printable(row["officer"] or "–")),
        )
    console().print(table)
    click.echo(f"{len(rows)} hồ sơ")
