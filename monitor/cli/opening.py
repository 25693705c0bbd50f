"""How every command opens a site: its store, the rule book in force, the clock, and the words on the terminal."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.dossier import Moment
from monitor.errors import MonitorError
from monitor.site import CONFIGURATION, Site, SiteError, open_site
from monitor.working_time import LOCAL_ZONE

if TYPE_CHECKING:
    from rich.console import Console

    from monitor.rules import RuleBook
    from monitor.store import Store


def shipped(name: str) -> Path:
    """The folder `rules` or `templates` that came with the program: inside the wheel, or beside the package."""
    package = Path(str(resources.files("monitor")))
    inside = package / "_shipped" / name
    return inside if inside.is_dir() else package.parent / name


@dataclass(frozen=True, slots=True)
class Opened:
    """A site with its store and the rule book in force."""

    site: Site
    store: "Store"
    rules: "RuleBook"


@contextmanager
def opened(home: Path) -> Iterator[Opened]:
    """The site in `home`, open for one command."""
    site = open_site(home)
    with store_of(site) as store:
        yield Opened(site, store, rules_in_force(store, site))


def store_of(site: Site) -> "Store":
    """The site's store, migrated to this version, with a backup before a migration."""
    from monitor.store import open_store

    site.data.mkdir(parents=True, exist_ok=True)
    return open_store(site.absolute_database_url, backups=site.data)


def rules_in_force(store: "Store", site: Site) -> "RuleBook":
    """The accepted rule book, from the database: a bad file in rules/ changes nothing (decision 11)."""
    from monitor.rules import load_rules_from

    stored = store.rule_book_in_force()
    if stored is None:
        raise SiteError(
            f"no rules have been accepted on {site.home} yet: look at them with 'dunghen rules check', "
            "then: dunghen rules accept --by NAME --reason TEXT"
        )
    return load_rules_from(stored.files, is_accepted=True)


def is_site(home: Path) -> bool:
    """Whether the command stands in a site. A folder that was named and is none is a mistake, not a choice."""
    if (home / CONFIGURATION).exists():
        return True
    if home != Path():
        open_site(home)  # raises, and says what to do
    return False


def rules_folder(home: Path, given: Path | None) -> Path:
    """The rules that are meant: the given folder, the site's, or those that came with the program."""
    return given or (home / "rules" if is_site(home) else shipped("rules"))


def moment_for(site: Opened, given: datetime | None, *, writes: bool, has_dry_run: bool = False) -> datetime:
    """The command's moment: the one given, else the site's present.

    A command that writes takes another time than the clock's only on a site whose clock may be set (decision 6); there
    the present is where the monitor last looked, so that a list shows what the sweep before it has found. What is
    advised instead is --dry-run only where the command has one.
    """
    may_be_set = site.site.may_set_clock
    if given is not None and writes and not may_be_set:
        advised = "use --dry-run, or a site" if has_dry_run else "use a site"
        raise SiteError(
            f"{site.site.home} is a live site: --now would write what did not happen; {advised} made with: "
            "dunghen init --replay"
        )
    return given or (site.store.last_beat() if may_be_set else None) or datetime.now(UTC)


def read_moment(written: str) -> Moment:
    """A moment in any way a source or a clerk writes it; `MM/dd` is never guessed."""
    from monitor.intake.dates import read_date, to_moment
    from monitor.intake.text import BadCell

    try:
        moment = to_moment(LOCAL_ZONE)(read_date(LOCAL_ZONE)(written))
    except BadCell as error:
        raise Refused(error.cause) from None
    if moment is None:
        raise Refused("no date given: write for example 2026-11-20 09:00, or 20/11/2026")
    return moment


def instant(written: str) -> datetime:
    """An instant on the command line: ISO 8601, in local time where no offset is written."""
    try:
        given = datetime.fromisoformat(written.strip())
    except ValueError:
        raise click.BadParameter(f"{written!r} is not an instant: write for example 2026-11-23T08:00") from None
    return given if given.tzinfo else given.replace(tzinfo=LOCAL_ZONE)


def day(written: str) -> date:
    """A date on the command line: YYYY-MM-DD, or dd/MM/yyyy as an office writes it."""
    text = written.strip()
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        with suppress(ValueError):
            return datetime.strptime(text, pattern).replace(tzinfo=LOCAL_ZONE).date()
    raise click.BadParameter(f"{written!r} is not a date: write for example 2026-12-02")


def printable(text: str) -> str:
    """One line: what came from outside may hold line breaks and terminal commands, which here are only marks."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else "�" for sign in text)


def say(text: str) -> None:
    """One line for a person at the terminal."""
    click.echo(printable(text))


def print_json(data: object) -> None:
    """One JSON value on one line of standard output, Vietnamese as it is."""
    click.echo(json.dumps(_plain(data), ensure_ascii=False))


def _plain(value: object) -> object:
    """The same in what JSON knows. A moment is a tuple, and must be met before JSON takes it for an array."""
    if isinstance(value, Moment):
        return (value.at if value.has_time else value.on).isoformat()
    if isinstance(value, datetime):
        return value.astimezone(LOCAL_ZONE).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


WIDE = 140


def console() -> "Console":
    """Where tables are printed; into a file or a pipe they are as wide as they want to be."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=WIDE)


def refuse_missing_folder(file: Path) -> None:
    """A file to be written goes into a folder that exists: a mistyped one must not be made in silence."""
    if not file.parent.is_dir():
        raise Refused(f"{file.parent} is not a folder: make it first, or correct the name")


class Refused(MonitorError):
    """A command that did its work and has to end with an exit code of its own."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
