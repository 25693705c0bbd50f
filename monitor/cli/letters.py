"""`dunghen letter`: the apology, from a person's reason and date to a paper."""

from datetime import date, datetime
from getpass import getuser
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import day, instant, moment_for, opened, print_json, say

if TYPE_CHECKING:
    from monitor.desk import PreparedLetter
    from monitor.documents import Documents
    from monitor.rules import RuleBook
    from monitor.store import Store


@click.group("letter")
def letter_command() -> None:
    """Write the apology that is owed before a deadline is missed (Nghị định 118/2025/NĐ-CP, Điều 19.6)."""


@letter_command.command("draft")
@click.argument("code")
@click.option("--reason", required=True, help="Why the date cannot be kept, in words that the applicant will read.")
@click.option("--new-date", "new_date_on", required=True, type=day, help="The new appointment, a working day.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="The folder to write to; else data/letters."
)
@click.option("--by", default=getuser, show_default="the system's user", help="Who says so.")
@click.option("--now", type=instant, help="On a replay site: the moment of the act.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def draft_command(
    home: Path,
    *,
    code: str,
    reason: str,
    new_date_on: date,
    out: Path | None,
    by: str,
    now: datetime | None,
    as_json: bool,
) -> None:
    """Answer "không kịp" for a dossier and draft its apology as PDF; number and day stay blank for văn thư.

    \b
    Example:
      dunghen letter draft H37.12-261116-0007 --new-date 2026-12-02 --out thu \\
              --reason "chờ ý kiến thẩm định của Sở Xây dựng"
    """
    from monitor.documents import Documents

    with opened(home) as site:
        moment = moment_for(site, now, writes=True)
        path, prepared = drafted(
            site.store,
            site.rules,
            Documents(site.site.templates),
            out or site.site.letters_folder,
            code,
            reason=reason,
            new_date_on=new_date_on,
            by=by,
            now=moment,
        )
    if as_json:
        print_json(
            {
                "code": code,
                "promised_on": prepared.letter.promised_on,
                "new_date_on": new_date_on,
                "reprint": prepared.content.is_reprint,
                "file": str(path),
            }
        )
    else:
        again = " (BẢN IN LẠI)" if prepared.content.is_reprint else ""
        say(f"Dự thảo văn bản xin lỗi{again}: {path}")
        click.echo("Chờ duyệt, ký, cấp số. Số và ngày để trống cho văn thư.")


def drafted(
    store: "Store",
    rules: "RuleBook",
    documents: "Documents",
    folder: Path,
    code: str,
    *,
    reason: str,
    new_date_on: date,
    by: str,
    now: datetime,
) -> "tuple[Path, PreparedLetter]":
    """The letter prepared, printed, recorded and put into a folder, in that order."""
    from monitor.desk import prepare_letter, record_draft

    prepared = prepare_letter(store, rules, code, reason=reason, new_date_on=new_date_on, by=by, now=now)
    pdf = documents.letter_pdf(prepared.content, printed_on=now)
    record_draft(store, prepared, by=by, now=now)
    return _written(pdf, folder, code, prepared.letter.promised_on), prepared


def _written(pdf: bytes, folder: Path, code: str, promised_on: date) -> Path:
    """A file under the dossier's code: a later draft gets a number behind it, the same bytes are the same file."""
    from monitor.intake.inbox import safe_name

    folder.mkdir(parents=True, exist_ok=True)
    name = f"{safe_name(code)}-xin-loi-{promised_on:%Y%m%d}"
    for number in count(1):
        path = folder / (f"{name}.pdf" if number == 1 else f"{name}-{number}.pdf")
        try:
            path.touch(exist_ok=False)  # the name is taken first, so that nothing is ever overwritten
        except FileExistsError:
            if path.is_file() and path.read_bytes() == pdf:
                return path
            continue
        return _filled(path, pdf)
    raise AssertionError("counting never ends")


def _filled(path: Path, pdf: bytes) -> Path:
    """The letter in the file whose name was taken, whole or not at all."""
    beside = path.with_suffix(".part")
    try:
        beside.write_bytes(pdf)
        return beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        path.unlink()
        raise
