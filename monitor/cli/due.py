"""`dunghen due`: the deadline of a receipt and a limit, without any dossier."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import Refused, is_site, print_json, read_moment, rules_folder, say
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.deadline import Deadline
    from monitor.dossier import Moment
    from monitor.rules import RuleBook
    from monitor.time_limit import TimeLimit


LIMIT_EXAMPLES = "'3 ngày làm việc', '15 ngày', '8 giờ làm việc', '3 working_day'"


@click.command("due")
@click.option("--received", help="When the dossier was received: '2026-11-20 09:00', '20/11/2026 09:00', '2026-11-20'.")
@click.option("--limit", "limit_text", help=f"The time limit: {LIMIT_EXAMPLES}.")
@click.option("--appointment", help="The appointment on the slip, when there is one.")
@click.option("--cut-off", help="For limits within the day: received after it counts as the next working day, '15:00'.")
@click.option(
    "--batch",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file with columns received_at, limit, unit (and, if any, appointment_at, cut_off); prints JSON lines.",
)
@click.option(
    "--rules",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Count by the rules in this folder; else by the site's, else by those the program came with.",
)
@click.option("--json", "as_json", is_flag=True, help="Print data instead of an explanation.")
@click.pass_obj
def due_command(
    home: Path,
    *,
    received: str | None,
    limit_text: str | None,
    appointment: str | None,
    cut_off: str | None,
    batch: Path | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Work out when a dossier is due, and say why day by day.

    \b
    Examples:
      dunghen due --received "2026-11-20 09:00" --limit "3 ngày làm việc"
      dunghen due --received "2026-11-09" --limit "15 ngày" --json
      dunghen due --batch cases.csv --json
    """
    if batch is not None:
        _batch(batch, _rules(home, folder))
        return
    if not received or not limit_text:
        raise click.UsageError("give --received and --limit, or --batch FILE")
    row = {"received_at": received, "limit": limit_text, "appointment_at": appointment or "", "cut_off": cut_off or ""}
    moment, limit, deadline = _computed(row, _rules(home, folder))
    if as_json:
        print_json(_as_data(moment, limit, deadline))
    else:
        _print_explained(limit, deadline)


def _rules(home: Path, folder: Path | None) -> "RuleBook":
    """The rules to count by; on a site those in force, which may be older than its files."""
    from monitor.rules import load_rules

    if folder is None and is_site(home):
        from monitor.cli.opening import opened

        with opened(home) as site:
            return site.rules
    return load_rules(rules_folder(home, folder))


def _computed(row: Mapping[str, str | None], rules: "RuleBook") -> "tuple[Moment, TimeLimit, Deadline]":
    from dataclasses import replace

    from monitor.deadline import DeadlineNote, Options, compute_deadline
    from monitor.dossier import Appointment, Dossier
    from monitor.time_limit import Evidence

    received = read_moment(_cell(row, "received_at"))
    limit = replace(_limit(row), evidence=Evidence.VERIFIED, cut_off=_cut_off(row))
    promised = read_moment(_cell(row, "appointment_at")) if _cell(row, "appointment_at") else None
    appointments = (Appointment(promised, received.at),) if promised else ()
    dossier = Dossier(code="", received=received, appointments=appointments)
    options = Options(day_end=rules.day_end, hours_confirmed=rules.hours_confirmed)
    deadline = compute_deadline(dossier, limit, rules.calendar, options)
    if DeadlineNote.BEYOND_CALENDAR in deadline.notes:
        clock = rules.calendar.clock
        raise Refused(
            f"the count from {received.on} leaves the official calendar, which covers {clock.first} to {clock.last}: "
            "add the missing year's rows to rules/calendar.csv from its yearly notice"
        )
    return received, limit, deadline


def _cell(row: Mapping[str, str | None], column: str) -> str:
    return (row.get(column) or "").strip()


def _limit(row: Mapping[str, str | None]) -> "TimeLimit":
    """Number and unit, from the two columns `limit` and `unit` or from the first alone."""
    from monitor.time_limit import LimitNotUnderstood, parse_limit

    text = f"{_cell(row, 'limit')} {_cell(row, 'unit')}".strip()
    try:
        return parse_limit(text)
    except LimitNotUnderstood:
        number, _, unit = text.partition(" ")
        if number.isdecimal() and _is_same_day(unit):
            raise Refused(
                f"limit {text!r}: the day of receipt is the limit and has no number; leave the column limit empty, "
                f"or write {unit} alone"
            ) from None
        raise


def _is_same_day(unit: str) -> bool:
    from monitor.time_limit import LimitNotUnderstood, Unit, parse_limit

    try:
        return parse_limit(unit).unit is Unit.SAME_DAY
    except LimitNotUnderstood:
        return False


def _cut_off(row: Mapping[str, str | None]) -> time | None:
    written = _cell(row, "cut_off")
    if not written:
        return None
    try:
        return time.fromisoformat(written)
    except ValueError:
        raise Refused(f"cut-off {written!r} is not a time of day: write for example 15:00") from None


def _batch(path: Path, rules: "RuleBook") -> None:
    """One object a line, in the order of the file; a bad row says its number in the file and why."""
    failed = 0
    for number, row in _rows(path):
        try:
            print_json(_as_data(*_computed(row, rules)))
        except MonitorError as error:
            failed += 1
            print_json({"row": number, "error": str(error)})
    if failed:
        raise Refused(f"{failed} of the rows could not be computed; each says why in its line")


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str | None]]]:
    """The rows of a CSV file with the number of the line on which each ends; the header is line 1."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"{path} is not UTF-8 text: save it as 'CSV UTF-8'") from None
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
        missing = sorted({"received_at", "limit"} - set(rows.fieldnames))
        if missing:
            wanted = "the first line names the columns received_at, limit, unit"
            raise Refused(f"{path}: no column {', '.join(missing)}: {wanted}")
        for row in rows:
            yield rows.line_num, row
    except csv.Error as error:
        raise Refused(f"{path}, line {rows.line_num}: not a table of text ({error}): save it as 'CSV UTF-8'") from None


def _as_data(received: "Moment", limit: "TimeLimit", deadline: "Deadline") -> dict[str, Any]:
    from monitor.trace import say_day

    return {
        "received_at": received,
        "limit": limit.amount,
        "unit": limit.unit,
        "law_due_on": deadline.law_due_on,
        "due_on": deadline.due_on,
        "due_at": deadline.due_at,
        "apology_by_on": deadline.apology_by_on,
        "provisional": deadline.provisional,
        "notes": sorted(deadline.notes),
        "trace": [
            {"on": one.on, "kind": one.kind, "number": one.number, "text": say_day(one, limit.unit)}
            for one in deadline.trace
        ],
    }


def _print_explained(limit: "TimeLimit", deadline: "Deadline") -> None:
    from monitor.cli.words import NOTE_WORDS
    from monitor.trace import say_date, say_day

    for one in deadline.trace:
        say(f"  {say_day(one, limit.unit)}")
    assert deadline.due_at is not None
    say(f"Hạn trả kết quả: {_spoken(deadline.due_at)}, theo {_ground(limit, deadline)}")
    for name, at in (("Ngày hẹn trả", deadline.first_promised_at), ("Hạn theo quy định", deadline.law_due_at)):
        if at is not None and at != deadline.due_at:
            say(f"{name}: {_spoken(at)}")
    if deadline.apology_by_on is not None:
        say(f"Nếu không kịp, xin lỗi chậm nhất: {say_date(deadline.apology_by_on)}")
    else:
        say("Thời hạn quá ngắn: không còn ngày nào để xin lỗi trước hạn.")
    if deadline.provisional:
        say("Tạm tính: có ngày hoặc giờ làm việc chưa được văn bản chính thức xác nhận.")
    for note in sorted(deadline.notes):
        say(f"Lưu ý: {NOTE_WORDS[note]}.")


def _spoken(at: datetime) -> str:
    from monitor.trace import say_date

    return f"{at:%H:%M} {say_date(at.date())}"


def _ground(limit: "TimeLimit", deadline: "Deadline") -> str:
    """What the due date follows: the appointment, the limit, or both where they fall together."""
    from monitor.cli.words import say_limit

    assert limit.unit is not None
    grounds = {
        "Ngày hẹn trả": deadline.first_promised_at,
        f"thời hạn {say_limit(limit.amount, limit.unit)}": deadline.law_due_at,
    }
    return " và ".join(words for words, at in grounds.items() if at == deadline.due_at)
