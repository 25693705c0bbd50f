"""`dunghen init`, `backup` and `restore`: a site is made, kept and brought back."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import click

from monitor.cli.opening import Refused, opened, shipped, store_of
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
@click.option("--replay", is_flag=True, help="A site whose clock may be set, to replay past days; its mail is never sent.")
def init_command(folder: Path, replay: bool) -> None:
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


def make_site(
    folder: Path, kind: SiteKind, *, now: datetime, poll_seconds: int = 20, stable_seconds: int = 10
) -> Site:
    """A new site with the shipped rules in force. Refuses a folder that holds a site already."""
    from monitor.rules import load_rules_from, rule_files

    if (folder / CONFIGURATION).exists():
        raise SiteError(f"{folder} is a site already; choose another folder, or delete {folder / CONFIGURATION} first")
    for name in ("data/inbox", "data/mail", "data/letters"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in ("rules", "templates"):
        if not (folder / name).exists():
            shutil.copytree(shipped(name), folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    configuration = _CONFIGURATION.format(
        kind=kind, sender="dung-hen@stc.example", poll_seconds=poll_seconds, stable_seconds=stable_seconds
    )
    files = rule_files(folder / "rules")
    version = load_rules_from(files).version
    # The configuration comes last: a folder becomes a site only when everything else stands.
    site = Site(home=folder)
    with store_of(site) as store:
        store.accept_rule_book(version, files, by="dunghen init", reason="shipped rules", now=now)
    (folder / CONFIGURATION).write_text(configuration, encoding="utf-8")
    return open_site(folder)


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup_command(home: Path, file: Path) -> None:
    """Write the whole database to FILE while everything goes on working.

    \b
    Example:
      dunghen --home /srv/dung-hen backup /backup/dung-hen-2026-11-23.db
    """
    with opened(home) as site:
        written = site.store.backup(file)
    click.echo(f"Backup written to {written} ({written.stat().st_size:,} bytes).")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def restore_command(home: Path, file: Path, yes: bool) -> None:
    """Bring the database back from FILE; the present one is kept beside it under another name.

    \b
    Example:
      dunghen --home /srv/dung-hen restore /backup/dung-hen-2026-11-23.db
    """
    from filelock import FileLock, Timeout

    from monitor.store import restore

    site = open_site(home)
    lock = FileLock(site.data / "daemon.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise Refused("the daemon is running on this site: stop it before restoring") from None
    if not yes:
        click.confirm(f"Replace the database of {home} with {file}?", abort=True)
    with lock:
        kept = restore(site.absolute_database_url, file, now=datetime.now(UTC))
    click.echo(f"Restored from {file}." + (f" The former database is kept as {kept}." if kept else ""))
