"""`dunghen import` and `dunghen imports`: files in, and what became of them."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import (
    Refused,
    instant,
    moment_for,
    opened,
    print_json,
    printable,
    refuse_missing_folder,
    say,
)
from monitor.errors import MonitorError
from monitor.working_time import LOCAL_ZONE

if TYPE_CHECKING:
    from monitor.comparison import ImportReport
    from monitor.store import Import

REFUSED = 1
HELD = 3
# By the values of store.ImportState, which costs two seconds to import.
STATE_WORDS = {
    "reading": "đang đọc dở",
    "accepted": "đã nhập",
    "held": "ĐANG GIỮ LẠI",
    "refused": "không đọc được",
}


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@click.option("--accept", is_flag=True, help="Take a file that was held: a person has looked and says it is right.")
@click.option("--now", type=instant, help="On a replay site, or with --dry-run: the moment of the import.")
@click.option("--report", "book", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as XLSX.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a file.")
@click.pass_obj
def import_command(
    home: Path,
    *,
    files: tuple[Path, ...],
    dry_run: bool,
    accept: bool,
    now: datetime | None,
    book: Path | None,
    as_json: bool,
) -> None:
    """Read exports of the one-stop system (XLSX, CSV, portal JSON). Bad rows are parked with their cause.

    \b
    Examples:
      dunghen --home /srv/dung-hen import theo-doi-ho-so.xlsx --report ket-qua.xlsx
      dunghen import *.xlsx --dry-run
    Ends with 3 when a file is held and waits for a person, with 1 when one could not be read at all.
    """
    from monitor.importing import import_file

    _refuse_book(book, files)
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
            show_report(report, book, dry_run=dry_run, as_json=as_json)
    raise click.exceptions.Exit(REFUSED if REFUSED in exit_codes else max(exit_codes))


def _refuse_book(book: Path | None, files: tuple[Path, ...]) -> None:
    if book is None:
        return
    if len(files) > 1:
        raise Refused("--report takes the report of one file: name one file, or leave --report away")
    refuse_missing_folder(book)
    if book.exists():
        raise Refused(f"{book} is there already: choose another name for the report")


def _print_refusal(path: Path, error: MonitorError, *, as_json: bool) -> None:
    from monitor.comparison import ImportReport
    from monitor.reports import as_data

    if as_json:
        print_json(as_data(ImportReport(file=path.name, refused=True, cause=str(error))))
    click.echo(f"dunghen: {printable(str(error))}", err=True)


def show_report(
    report: "ImportReport", book: Path | None = None, *, dry_run: bool = False, as_json: bool = False
) -> None:
    """A report on the terminal, and as a workbook where one is wanted."""
    from monitor.reports import as_data, import_lines, write_import_workbook

    if as_json:
        print_json(as_data(report))
    else:
        for line in import_lines(report, dry_run=dry_run):
            say(line)
    if book is not None:
        write_import_workbook(book, report)


@click.command("imports")
@click.argument("number", type=int, required=False)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="List so many.")
@click.option("--report", "book", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as XLSX.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def imports_command(home: Path, *, number: int | None, limit: int, book: Path | None, as_json: bool) -> None:
    """List the files that were taken in hand last; with a NUMBER show the report of one.

    \b
    Examples:
      dunghen imports
      dunghen imports 17 --report ket-qua.xlsx
    """
    if number is not None:
        _show_one(home, number, book, as_json=as_json)
        return
    if book is not None:
        raise Refused("--report takes one import: give its number, see 'dunghen imports'")
    with opened(home) as site:
        found = site.store.imports(limit)
    if as_json:
        print_json([_import_as_data(one) for one in found])
        return
    for one in found:
        say(_line(one))
    if not found:
        say("Chưa nhập tệp nào.")


def _show_one(home: Path, number: int, book: Path | None, *, as_json: bool) -> None:
    from monitor.comparison import report_of

    _refuse_book(book, ())
    with opened(home) as site:
        found = site.store.import_of(number)
        rejected = site.store.rejections(number)
    if found is None:
        raise Refused(f"there is no import {number}: see 'dunghen imports'")
    show_report(report_of(found, rejected), book, as_json=as_json)


def _import_as_data(one: "Import") -> dict[str, Any]:
    tally = one.tally
    return {
        "import_id": one.id,
        "file": one.file_name,
        "source": one.source or None,
        "state": one.state,
        "data_as_of": one.data_as_of,
        "recorded_at": one.recorded_at,
        "read": tally.read,
        "new": tally.new,
        "changed": tally.changed,
        "unchanged": tally.unchanged,
        "rejected": tally.rejected,
        "cause": one.cause,
    }


def _line(one: "Import") -> str:
    tally = one.tally
    counts = f" · {tally.read} dòng, {tally.new} mới, {tally.changed} thay đổi, {tally.rejected} không nhận"
    when = f"{one.recorded_at.astimezone(LOCAL_ZONE):%d/%m/%Y %H:%M}"
    told = f": {one.cause}" if one.cause else counts if one.state == "accepted" else ""
    return f"{one.id:5}  {when}  {one.file_name}  {STATE_WORDS[one.state]}{told}"
