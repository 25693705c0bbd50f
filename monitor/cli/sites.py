"""`dunghen init`, `backup` and `restore`: a site is made, kept and brought back."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import click

from monitor.cli.opening import Refused, refuse_missing_folder, say, shipped, store_of
from monitor.site import CONFIGURATION, Site, SiteError, SiteKind, open_site

_CONFIGURATION = """\
# Cấu hình của Đúng Hẹn. Paths are relative to this folder.

[site]
kind = "{kind}"  # live | replay (the clock may be set, mail into the folder) | demo

[database]
url = "sqlite:///data/monitor.db"
# PostgreSQL: put the whole URL, with its password, into a file that only the service may read:
# url_file = "database-url.secret"  # postgresql+psycopg://dunghen:…@localhost/dunghen

[mail]
delivery = "folder"  # folder: written to data/mail, not sent | smtp
sender = "{sender}"
# reply_to = "van-phong@so.example"
# host = "mail.so.example"
# port = 587
# security = "starttls"  # starttls | tls | none
# username = "dung-hen"
# password_file = "mail-password.secret"

[inbox]
poll_seconds = {poll_seconds}
stable_seconds = {stable_seconds}  # a file is taken when it has not changed for so long
"""


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--replay", is_flag=True, help="A site whose clock may be set, to replay past days; it sends no mail.")
def init_command(*, folder: Path, replay: bool) -> None:
    """Make a site in FOLDER: configuration, rules and templates to edit, and data/inbox for the exports.

    \b
    Examples:
      dunghen init /srv/dung-hen
      dunghen init --replay /tmp/thang-10
    """
    make_site(folder, SiteKind.REPLAY if replay else SiteKind.LIVE, now=datetime.now(UTC))
    click.echo(f"Site made in {folder}. Next:")
    click.echo(f"  1. edit {folder / 'rules'} (organisation.toml, staff.csv; set sample = false when people are real)")
    click.echo(f"  2. dunghen --home {folder} rules check, then rules accept --by NAME --reason TEXT")
    click.echo(f"  3. put an export into {folder / 'data' / 'inbox'} and start: dunghen --home {folder} run")
    click.echo("  4. it is on trial: mail goes to Văn phòng Sở and IT alone, until dunghen go-live --from DATE")


def make_site(folder: Path, kind: SiteKind, *, now: datetime, poll_seconds: int = 20, stable_seconds: int = 10) -> Site:
    """A new site with the shipped rules in force. Refuses a folder that holds a site already.

    Everything is made under another name and put in place at the end, the configuration last: whatever interrupts
    this, the folder is no site before it is a whole one. Files that stand there already are kept.
    """
    if (folder / CONFIGURATION).exists():
        raise SiteError(f"{folder} is a site already; choose another folder, or delete {folder / CONFIGURATION} first")
    is_new = not folder.exists()
    workshop = folder / ".dunghen-init"
    configuration = _CONFIGURATION.format(
        kind=kind, sender="dung-hen@stc.example", poll_seconds=poll_seconds, stable_seconds=stable_seconds
    )
    try:
        shutil.rmtree(workshop, ignore_errors=True)  # of an earlier attempt
        _furnish(workshop, now=now)
        _move_in(workshop, folder)
        workshop.mkdir()
        (workshop / CONFIGURATION).write_text(configuration, encoding="utf-8")
        _move_in(workshop, folder)
    except BaseException:
        shutil.rmtree(folder if is_new else workshop, ignore_errors=True)
        raise
    return open_site(folder)


def _furnish(folder: Path, *, now: datetime) -> None:
    """Rules, templates and a database in which those rules are in force."""
    from monitor.rules import load_rules_from, rule_files

    for name in ("data/inbox", "data/mail", "data/letters"):
        (folder / name).mkdir(parents=True)
    for name in ("rules", "templates"):
        shutil.copytree(shipped(name), folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    files = rule_files(folder / "rules")
    with store_of(Site(home=folder)) as store:
        version = load_rules_from(files).version
        store.accept_rule_book(version, files, by="dunghen init", reason="shipped rules", now=now)


def _move_in(source: Path, target: Path) -> None:
    """Move what is in one folder into another; what is there already stays."""
    for one in source.iterdir():
        place = target / one.name
        if not place.exists():
            one.rename(place)
        elif one.is_dir() and place.is_dir():
            _move_in(one, place)
    shutil.rmtree(source)


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup_command(home: Path, *, file: Path) -> None:
    """Write the whole database to FILE while everything goes on working.

    \b
    Example:
      dunghen --home /srv/dung-hen backup /backup/dung-hen-2026-11-23.db
    """
    site = open_site(home)
    refuse_missing_folder(file)
    with store_of(site) as store:
        written = store.backup(file)
    say(f"Backup written to {written} ({written.stat().st_size:,} bytes).")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def restore_command(home: Path, *, file: Path, yes: bool) -> None:
    """Bring the database back from FILE; the present one is kept beside it under another name.

    \b
    Example:
      dunghen --home /srv/dung-hen restore /backup/dung-hen-2026-11-23.db
    """
    from monitor.daemon import AlreadyRunning, alone_on
    from monitor.store import restore

    site = open_site(home)
    try:
        with alone_on(site):
            if not yes:
                click.confirm(f"Replace the database of {home} with {file}?", abort=True)
            kept = restore(site.absolute_database_url, file, now=datetime.now(UTC))
    except AlreadyRunning:
        raise Refused("the daemon is running on this site: stop it before restoring") from None
    say(f"Restored from {file}." + (f" The former database is kept as {kept}." if kept else ""))
