"""`dunghen list`: where every dossier stands, or stood by what was known at a moment."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import Opened, instant, moment_for, opened, printable
from monitor.dossier import Moment
from monitor.garbage import no_cycle_collector
from monitor.status import Status
from monitor.working_time import LOCAL_ZONE

if TYPE_CHECKING:
    from monitor.organisation import Organisation
    from monitor.past import Stood


@click.command("list")
@click.option("--now", type=instant, help="Where every dossier stood, or will stand, at this moment.")
@click.option("--known-at", type=instant, help="By what was known at this moment, as if nothing had come since.")
@click.option("--open", "only_open", is_flag=True, help="Only what is not finished.")
@click.option("--status", "statuses", multiple=True, help="Only these statuses, for example --status overdue.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_obj
def list_command(
    home: Path,
    *,
    now: datetime | None,
    known_at: datetime | None,
    only_open: bool,
    statuses: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show where every dossier stands. Codes only: no applicant's name leaves the database here.

    With --known-at it is what the list showed then: without the files and the words of people that came later, by the
    rules that were in force, and the data as fresh as they were. What had ended keeps its verdict.

    \b
    Examples:
      dunghen list --open
      dunghen list --status overdue --status due_today
      dunghen list --known-at "2026-10-01 08:00" --json
    """
    unknown = set(statuses) - set(Status)
    if unknown:
        raise click.UsageError(f"no such status: {', '.join(sorted(unknown))}; there are {', '.join(Status)}")
    with no_cycle_collector(), opened(home) as present:
        moment = moment_for(present, now or known_at, writes=False)
        site, by_rules = (present, "") if known_at is None else _with_rules_of(present, known_at)
        rows = listed(site, now=moment, known_at=known_at, only_open=only_open, statuses=statuses)
        (print_rows if as_json else print_table)(rows)
    if known_at is not None:
        click.echo(f"Đã biết đến {known_at.astimezone(LOCAL_ZONE):%H:%M %d/%m/%Y}; {by_rules}.", err=as_json)


def _with_rules_of(site: Opened, moment: datetime) -> tuple[Opened, str]:
    """The site with the rules that were in force at a moment, and which those are, in words."""
    from monitor.rules import load_rules_from

    by_then = [one for one in site.store.rule_books() if one.accepted_at <= moment]
    if not by_then:
        return site, f"theo bộ quy tắc hiện hành {site.rules.version[:12]}, lúc đó chưa có bộ nào"
    book = by_then[-1]
    if book.hash != site.rules.version:
        site = replace(site, rules=load_rules_from(book.files, is_accepted=True))
    return site, f"theo bộ quy tắc có hiệu lực lúc đó, {book.hash[:12]}"


def listed(
    site: Opened,
    *,
    now: datetime,
    known_at: datetime | None = None,
    only_open: bool = False,
    statuses: tuple[str, ...] = (),
) -> Iterator[dict[str, Any]]:
    """Every dossier as JSON shows it: the open ones as they stand at `now`, the ended ones as they were settled."""
    from monitor.past import standing

    shown = {status for status in Status if status.is_open or not only_open}
    wanted = {status.value for status in shown} & set(statuses or Status)
    names = _Names(site.rules.organisation)
    for stood in standing(site.store, site.rules, now=now, known_at=known_at):
        data = _data(stood, names)
        if data["status"] in wanted:
            yield data


class _Names:
    """How divisions and people are called; None for one who is no longer there."""

    def __init__(self, organisation: "Organisation") -> None:
        self.division: Mapping[str | None, str] = {key: one.name for key, one in organisation.divisions.items()}
        self.officer: Mapping[str | None, str] = {key: one.name for key, one in organisation.staff.items()}


def _data(stood: "Stood", names: _Names) -> dict[str, Any]:
    """A dossier as JSON shows it, in the values that JSON has; a source's own names only while it is open."""
    row, dossier, looked = stood
    assert row.status is not None, "settled is what was looked at"
    of_source = dossier if row.is_open else None
    notes = looked.deadline.notes if looked and row.is_open else ()
    return {
        "code": row.code,
        "procedure_code": row.procedure_code,
        "received_at": _moment(row.received),
        "appointment_at": _moment(row.appointment),
        "law_due_on": _day(row.law_due_on),
        "first_promised_on": _day(row.first_promised_on),
        "promised_on": _day(row.promised_on),
        "due_on": _day(row.due_on),
        "due_at": _instant(row.due_at),
        "apology_by_on": _day(row.apology_by_on),
        "status": row.status.value,
        "working_days_left": looked.assessment.working_days_left if looked else None,
        "flags": _sorted(row.flags, frozenset(notes), row.parked is not None),
        "division": names.division.get(row.division) or (of_source.handling_unit if of_source else None),
        "officer": names.officer.get(row.officer) or (of_source.handling_officer if of_source else None),
        "data_as_of": _instant(row.data_as_of),
    }


# Two years of dossiers share their days, and a hundred thousand of them are shown in a second.
@lru_cache(maxsize=65_536)
def _moment(moment: Moment | None) -> str | None:
    if moment is None:
        return None
    return (moment.at.astimezone(LOCAL_ZONE) if moment.has_time else moment.on).isoformat()


@lru_cache(maxsize=65_536)
def _instant(at: datetime | None) -> str | None:
    return at.astimezone(LOCAL_ZONE).isoformat() if at else None


@lru_cache(maxsize=65_536)
def _day(on: date | None) -> str | None:
    return on.isoformat() if on else None


@lru_cache(maxsize=1024)
def _sorted(flags: frozenset[str], notes: frozenset[str], is_parked: bool) -> list[str]:
    return sorted({*flags, *notes, *(("parked",) if is_parked else ())})


def print_rows(rows: Iterable[Mapping[str, Any]]) -> None:
    """The list for a program: one JSON array on one line, of which only some rows are in memory at a time."""
    from monitor.store.bulk import in_parts

    encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
    before = "["
    for part in in_parts(rows, 1_000):
        click.echo(before + encode(part)[1:-1], nl=False, color=True)  # there are no colours to search 30 MB for
        before = ", "
    click.echo("[]" if before == "[" else "]")


_HEADINGS = ("Mã hồ sơ", "Trạng thái", "Hạn trả", "Còn", "Phòng", "Công chức")


def print_table(rows: Iterable[Mapping[str, Any]]) -> None:
    """The list for the eye: what is most urgent first, states as words."""
    order = {status.value: place for place, status in enumerate(Status)}
    urgent = sorted(rows, key=lambda row: (order[row["status"]], row["due_on"] or "9999", row["code"]))
    cells = [_HEADINGS, *map(_cells, urgent)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    form = "  ".join(f"{{:<{width}}}" for width in widths).format
    heading, *lines = (form(*line).rstrip() for line in cells)
    click.secho(heading, bold=True)
    click.echo("\n".join([*lines, f"{len(lines)} hồ sơ"]), color=True)


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    from monitor.cli.words import STATUS_WORDS

    left, due_on = row["working_days_left"], row["due_on"]
    return (
        printable(row["code"]),
        STATUS_WORDS[Status(row["status"])],
        f"{due_on[8:]}/{due_on[5:7]}/{due_on[:4]}" if due_on else "–",
        "" if left is None else str(left),
        printable(row["division"] or "–"),
        printable(row["officer"] or "–"),
    )
