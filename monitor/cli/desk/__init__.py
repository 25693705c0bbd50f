"""`dunghen desk …`: what people enter, each act with who did it; the same acts as a page would do."""

import importlib

import click

# Each act lives in the module that is imported only when it is called.
_ACTS = {
    "classify-appointment": "monitor.cli.desk.dates",
    "questions": "monitor.cli.desk.dates",
    "assign": "monitor.cli.desk.people",
    "absence": "monitor.cli.desk.people",
    "declare-finished": "monitor.cli.desk.endings",
    "confirm-finished": "monitor.cli.desk.endings",
    "possibly-finished": "monitor.cli.desk.endings",
    "settle": "monitor.cli.desk.endings",
    "conflicts": "monitor.cli.desk.endings",
    "take-up": "monitor.cli.desk.go_live",
    "earlier": "monitor.cli.desk.go_live",
}


class _Acts(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_ACTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        module = _ACTS.get(cmd_name)
        if module is None:
            return None
        command = getattr(importlib.import_module(module), f"{cmd_name.replace('-', '_')}_command")
        assert isinstance(command, click.Command)
        return command


@click.command("desk", cls=_Acts)
def desk_command() -> None:
    """Record what a person decides: a changed appointment, who handles, what is finished, who is absent."""
