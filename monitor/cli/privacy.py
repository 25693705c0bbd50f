"""`dunghen purge` and `dunghen citizen`: personal data are kept no longer than needed, shown and erased on request."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import Refused, instant, moment_for, opened, print_json, say
from monitor.record import Person

if TYPE_CHECKING:
    from monitor.store import PersonOnFile


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Say what would be erased and erase nothing.")
@click.option("--by", default=getuser, help="Who erases; else the name of the user.")
@click.option("--now", type=instant, help="On a replay site, or with --dry-run: the moment of the purge.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def purge_command(home: Path, *, dry_run: bool, by: str, now: datetime | None, as_json: bool) -> None:
    """Erase personal data whose time in rules/retention.toml has passed; codes, dates and figures stay.

    \b
    Examples:
      dunghen --home /srv/dung-hen purge --dry-run
      dunghen --home /srv/dung-hen purge --by nguyen-van-a
    Backups that were made before still hold what is erased here.
    """
    from monitor.retention import purge

    with opened(home) as site:
        if site.rules.retention is None:
            raise Refused("rules/retention.toml says no times: write it, then dunghen rules accept")
        moment = moment_for(site, now, writes=not dry_run, has_dry_run=True)
        done = purge(site.store, site.site, site.rules.retention, by=by, now=moment, dry_run=dry_run)
    if as_json:
        print_json(asdict(done) | {"files": [str(path) for path in done.files], "dry_run": dry_run})
        return
    verb = "would be erased" if dry_run else "erased"
    say(f"People of {len(done.dossiers)} dossiers that ended before {done.people_before:%Y-%m-%d}: {verb}.")
    say(f"Files of before {done.files_before:%Y-%m-%d}: {len(done.files)} {verb}.")
    if not dry_run:
        say(f"Cells of refused rows and unsent mails: {done.texts} erased.")


@click.group("citizen")
def citizen_command() -> None:
    """Show a person what is kept of them, or erase it (Luật 91/2025/QH15)."""


@citizen_command.command("export")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.option("--dossier", "codes", multiple=True, help="The code of a dossier; may be given again.")
@click.option("--ask", is_flag=True, help="Ask for name, phone, e-mail and identity number, one after the other.")
@click.pass_obj
def export_command(home: Path, out: Path, codes: tuple[str, ...], ask: bool) -> None:
    """Write everything that is kept of a person into a file, for the person.

    With --ask the marks are typed, so that no name stands in the list of commands.

    \b
    Examples:
      dunghen citizen export --ask --out cung-cap-du-lieu.json
      dunghen citizen export --dossier H37.12-261120-0001 --out cung-cap-du-lieu.json
    """
    from monitor.retention import NothingKept, kept_of

    if bool(codes) == ask:
        raise click.UsageError("say whose data: --dossier CODE, or --ask")
    if out.exists():
        raise Refused(f"{out} exists already: choose another name")
    wanted = _asked() if ask else Person()
    with opened(home) as site:
        found = kept_of(site.store, wanted) if ask else site.store.people_of(codes)
        if not found:
            raise NothingKept
        content = [_all_that_is_kept(one) | {"events": _events(site, one.code)} for one in found]
    for_the_owner_alone = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(for_the_owner_alone, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=2, default=str)
    say(f"{out}: {len(found)} dossiers. The file names a person: hand it over, then delete it.")


def _asked() -> Person:
    """The marks that a person types; an empty answer is none."""
    name = click.prompt("Họ tên hoặc tên tổ chức", default="", show_default=False).strip() or None
    phone = click.prompt("Điện thoại", default="", show_default=False).strip() or None
    email = click.prompt("Thư điện tử", default="", show_default=False).strip() or None
    identity_no = click.prompt("Số giấy tờ", default="", show_default=False).strip() or None
    if not any((name, phone, email, identity_no)):
        raise Refused("no mark was given: type at least one")
    return Person(applicant=name, phone=phone, email=email, identity_no=identity_no)


def _all_that_is_kept(one: "PersonOnFile") -> dict[str, Any]:
    return {"code": one.code, "procedure_code": one.procedure_code, "person": asdict(one.person)}


def _events(site: Any, code: str) -> list[dict[str, Any]]:
    found = site.store.dossier(code)
    return [
        {
            "kind": event.kind,
            "happened_at": event.happened_at.at if event.happened_at else None,
            "facts": dict(event.facts),
        }
        for event in (found.events if found else ())
    ]


@citizen_command.command("erase")
@click.argument("codes", nargs=-1, required=True)
@click.option("--by", required=True, help="Who erases.")
@click.option("--ground", required=True, help="Why: the request, by number and date.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@click.pass_obj
def erase_command(home: Path, *, codes: tuple[str, ...], by: str, ground: str, as_json: bool) -> None:
    """Erase the personal data of dossiers that have ended; what was decided about the dossiers stays.

    \b
    Example:
      dunghen citizen erase H37.12-241120-0001 --by nguyen-van-a --ground "Đơn ngày 20/11/2026"
    """
    from monitor.retention import erase

    with opened(home) as site:
        erased = erase(site.store, codes, by=by, ground=ground, now=datetime.now(UTC))
    if as_json:
        print_json({"erased": erased, "nothing_kept": sorted(set(codes) - set(erased))})
        return
    for code in codes:
        say(f"{code}: {'erased' if code in erased else 'nothing was kept'}")
