"""The command `klipsync`. A command's module is imported when the command is called, so that each starts quickly."""

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

COMMANDS: Final = {
    "validate": "infra.cli.publish:validate",
    "publish": "infra.cli.publish:publish",
    "up": "infra.cli.up:up",
    "demo": "infra.cli.demo:demo",
    "worker": "infra.cli.worker:worker",
    "records": "infra.cli.records:app",
    "sandbox": "infra.cli.sandbox:app",
    "tenants": "infra.cli.tenants:app",
}
"""Where each command is: a function, or a group of commands of its own."""


class Commands(TyperGroup):
    """A group that knows its commands' names at once, and the commands when they are asked for."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(**settings)
        self.commands: dict[str, Any] = dict.fromkeys(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - click's own types
        """The command; None where there is none of that name."""
        if cmd_name in COMMANDS and self.commands[cmd_name] is None:
            self.commands[cmd_name] = _loaded(cmd_name)
        return self.commands.get(cmd_name)


app = typer.Typer(
    name="klipsync",
    help="Keeps Klipboard and QuickBooks Online in step: every invoice there exactly once, every payment back.",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # a help text's lines are joined again, and broken where the terminal ends
)


@app.callback()
def klipsync() -> None:
    """Nothing happens before a command."""


def main() -> None:
    """The console script."""
    app()


def _loaded(name: str) -> Any:  # noqa: ANN401 - a command or a group of click's
    module, _, what = COMMANDS[name].partition(":")
    found = getattr(import_module(module), what)
    grouped = isinstance(found, typer.Typer)
    group = found if grouped else typer.Typer(add_completion=False)
    group.rich_markup_mode = app.rich_markup_mode
    if not grouped:
        group.command()(found)
    command: Any = typer.main.get_group(group) if grouped else typer.main.get_command(group)
    command.name = name
    return command
