"""`dunghen run` and `dunghen service`: the daemon at work, and its place among the machine's services."""

import asyncio
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import Refused, printable, refuse_missing_folder, rules_in_force, say, shipped, store_of
from monitor.errors import MonitorError
from monitor.site import Site, open_site
from monitor.working_time import LOCAL_ZONE

if TYPE_CHECKING:
    from monitor.daemon import Clock, Daemon, Watcher
    from monitor.delivery import Carrier
    from monitor.rules import RuleBook
    from monitor.store import Store

log = logging.getLogger(__name__)


@click.command("run")
@click.option("--confirm-clock", is_flag=True, help="The clock was looked at and is right: lift a hold on sending.")
@click.option("--log", "log_format", type=click.Choice(["json", "text"]), default="json", show_default=True)
@click.pass_obj
def run_command(home: Path, *, confirm_clock: bool, log_format: str) -> None:
    """Watch the inbox, the deadlines and the outbox until stopped (Ctrl+C or SIGTERM).

    \b
    Example:
      dunghen --home /srv/dung-hen run
    """
    from monitor import daemon

    set_up_logging(log_format)
    site = open_site(home)
    with store_of(site) as store:
        if confirm_clock:
            daemon.confirm_clock(store, now=datetime.now(UTC))
        try:
            at_work = daemon_of(site, store)
            _warn_of_broken_rules(site, at_work.rules)
            asyncio.run(at_work.run())
        except daemon.AlreadyRunning:
            if not confirm_clock:
                raise
            click.echo("The clock is confirmed; the daemon that is running on this site goes on sending.")


def _warn_of_broken_rules(site: Site, in_force: "RuleBook") -> None:
    """Rules with mistakes change nothing (decision 11); whoever edited them should not believe that they do."""
    from monitor.rules import load_rules

    try:
        load_rules(site.rules)
    except MonitorError as error:
        problems = str(error).splitlines()
        log.warning(
            "%s has errors (%d) and is not used: the accepted version %s stays in force; see: dunghen rules check",
            site.rules,
            len(problems),
            in_force.version[:12],
            extra={"action": "rules", "problems": problems},
        )


def daemon_of(
    site: Site, store: "Store", *, clock: "Clock | None" = None, watcher: "Watcher | None" = None
) -> "Daemon":
    """A daemon on a site, with everything it needs."""
    from monitor.daemon import Clock, Daemon, Watcher
    from monitor.documents import Documents
    from monitor.envelopes import Postmark

    rules = _CurrentRules(store, site)
    return Daemon(
        site=site,
        store=store,
        documents=Documents(site.templates, shipped=shipped("templates")),
        carrier=carrier_of(site, rules()),
        postmark=Postmark(sender=site.mail.sender, reply_to=site.mail.reply_to),
        load_rules=rules,
        clock=clock or Clock(),
        watcher=watcher or Watcher(),
    )


class _CurrentRules:
    """The rule book in force, parsed anew only when another one was accepted."""

    def __init__(self, store: "Store", site: Site) -> None:
        self._store, self._site = store, site
        self._rules: RuleBook | None = None

    def __call__(self) -> "RuleBook":
        if self._rules is None or self._store.rule_book_hash() != self._rules.version:
            self._rules = rules_in_force(self._store, self._site)
        return self._rules


def carrier_of(site: Site, rules: "RuleBook") -> "Carrier":
    """The folder, or the office's mail server; never that while the organisation holds the shipped, invented people."""
    from monitor.delivery import FolderDelivery, Security, SmtpDelivery, SmtpSettings

    if site.mail.delivery == "folder":
        return FolderDelivery(site.mail_folder)
    if rules.organisation.is_sample:
        raise Refused(
            "mail is not sent while rules/organisation.toml says sample = true: put the office's own people into "
            "rules/organisation.toml and rules/staff.csv, set sample = false, then: dunghen rules accept"
        )
    return SmtpDelivery(
        SmtpSettings(
            host=site.mail.host,
            port=site.mail.port,
            security=Security(site.mail.security),
            sender=site.mail.sender,
            username=site.mail.username,
            password=site.password(),
            ca_file=site.home / site.mail.ca_file if site.mail.ca_file else None,
        )
    )


def set_up_logging(log_format: str) -> None:
    """One line an outcome on standard error, as JSON for the machine or as text for a person."""
    from pythonjsonlogger.json import JsonFormatter

    handler = logging.StreamHandler(sys.stderr)
    if log_format == "json":
        names = {"levelname": "level", "exc_info": "error"}
        fields = "{levelname}{name}{message}"
        formatter = JsonFormatter(fields, style="{", timestamp="at", rename_fields=names, json_ensure_ascii=False)
        handler.setFormatter(formatter)
    else:
        handler.setFormatter(LineFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


_EVERY_RECORD_HAS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class LineFormatter(logging.Formatter):
    """One outcome is one line, whatever a file's name holds: when, how grave, what, and every fact beside it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, LOCAL_ZONE).isoformat(timespec="seconds")
        facts = {name: value for name, value in record.__dict__.items() if name not in _EVERY_RECORD_HAS}
        if record.exc_info:
            facts["error"] = self.formatException(record.exc_info).splitlines()
        told = "".join(f" {name}={_told(value)}" for name, value in facts.items())
        return printable(f"{at} {record.levelname} {record.getMessage()}{told}")


def _told(value: object) -> str:
    """A fact as one word, or in quotation marks."""
    text = "; ".join(str(one).strip() for one in value) if isinstance(value, list) else str(value)
    return f'"{text}"' if " " in text else text


_UNIT = """\
[Unit]
Description=Dung Hen: watches the deadlines of administrative dossiers
After=network-online.target
Wants=network-online.target

[Service]
ExecStart={command}
Restart=always
RestartSec=10
# The daemon finishes what it has begun, at most a minute long.
TimeoutStopSec=90
User={user}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
ReadWritePaths={home}
# 75: another daemon holds the site; trying again would only repeat that.
RestartPreventExitStatus=75

[Install]
WantedBy=multi-user.target
"""


@click.group("service")
def service_command() -> None:
    """Make the daemon a service of the machine."""


@service_command.command("install")
@click.option("--user", default="dunghen", show_default=True, help="The system's user under which it runs.")
@click.option(
    "--unit",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("/etc/systemd/system/dunghen.service"),
    show_default=True,
    help="Where the systemd unit is written.",
)
@click.pass_obj
def install_command(home: Path, *, user: str, unit: Path) -> None:
    """Write a systemd unit for this site, and say how to start it.

    \b
    Example:
      sudo dunghen --home /srv/dung-hen service install --user dunghen
    """
    folder = _quoted(str(open_site(home).home.resolve()))
    refuse_missing_folder(unit)
    # The interpreter under its own name: what a virtual environment's link points to knows nothing of it.
    command = f"{_quoted(sys.executable)} -m monitor --home {folder} run"
    text = _UNIT.format(command=command, home=folder, user=user)
    try:
        unit.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{unit} cannot be written ({error.strerror}): run this as root, or give --unit FILE") from None
    say(f"{unit} written. Let {user} own {home}, then start it now and at every boot:")
    say(f"  systemctl daemon-reload && systemctl enable --now {unit.stem}")


def _quoted(word: str) -> str:
    """A word of a unit file, in which a backslash, a quote and a percent sign mean something."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'
