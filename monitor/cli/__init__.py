"""The command line. With the daemon the only reader of the clock and of the environment."""

import importlib
import sys
from pathlib import Path
from typing import Any

import click

from monitor.errors import MonitorError

# Each command lives in the module that is imported only when the command is called: sqlmodel alone costs two seconds.
_COMMANDS = {
    "init": "monitor.cli.sites",
    "demo": "monitor.cli.demo",
    "run": "monitor.cli.running",
    "service": "monitor.cli.running",
    "import": "monitor.cli.importing",
    "imports": "monitor.cli.importing",
    "sweep": "monitor.cli.dossiers",
    "list": "monitor.cli.listing",
    "explain": "monitor.cli.explaining",
    "due": "monitor.cli.due",
    "letter": "monitor.cli.letters",
    "desk": "monitor.cli.desk",
    "calendar": "monitor.cli.rules",
    "rules": "monitor.cli.rules",
    "source": "monitor.cli.sources",
    "go-live": "monitor.cli.desk.go_live",
    "doctor": "monitor.cli.doctor",
    "purge": "monitor.cli.privacy",
    "citizen": "monitor.cli.privacy",
    "backup": "monitor.cli.sites",
    "restore": "monitor.cli.sites",
}

REFUSED = 1
EXIT_CODES = """\b
Exit codes:
  0   done
  1   refused: bad input or an operator's mistake, said in one line
  2   the command's words are off
  3   a check found problems, or a file is held and waits for a person
  75  another daemon is running on this site
"""


class _Commands(click.Group):
    """The commands, in the order of the trip; what they refuse ends in words and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an operator's mistake is said in one line, without a traceback."""
        try:
            return super().invoke(ctx)
        except MonitorError as error:
            click.echo(f"dunghen: {error}", err=True)
            ctx.exit(getattr(error, "exit_code", REFUSED))
        except OSError as error:
            # A broken pipe is click's to end quietly; an error without a file is nobody's mistake but ours.
            if isinstance(error, BrokenPipeError) or error.filename is None:
                raise
            click.echo(f"dunghen: {error.filename}: {error.strerror}: see that you may use it", err=True)
            ctx.exit(REFUSED)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = getattr(importlib.import_module(module), f"{cmd_name.replace('-', '_')}_command")
        assert isinstance(command, click.Command)
        return command


@click.command(
    cls=_Commands,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="DUNGHEN_HOME",
    default=Path(),
    help="The site's folder; else DUNGHEN_HOME, else the current directory.",
)
@click.version_option(package_name="dunghen", prog_name="dunghen")
@click.pass_context
def cli(ctx: click.Context, home: Path) -> None:
    """Đúng Hẹn watches the deadlines of administrative dossiers.

    It reads the exports of the one-stop system, works out the working-day deadline of each dossier, warns the right
    person in time, and writes the apology that the law owes the citizen before a deadline is missed.

    \b
    Start here:
      dunghen demo                       a sample site at work, in its own folder
      dunghen init /srv/dung-hen         a site for real files
      dunghen due --received "2026-11-20 09:00" --limit "3 ngày làm việc"
    """
    ctx.obj = home


def main() -> None:
    """Run a command; Vietnamese prints on any terminal, also where the locale says ASCII."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]  # a terminal or a pipe
    cli(prog_name="dunghen")
