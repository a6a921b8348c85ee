"""The command `klipsync`."""

import typer

from infra.cli import records, tenants
from infra.cli.demo import demo
from infra.cli.publish import publish, validate
from infra.cli.up import up
from infra.cli.worker import worker

app = typer.Typer(
    name="klipsync",
    help="Keeps Klipboard and QuickBooks Online in step: every invoice there exactly once, every payment back.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # a help text's lines are joined again, and broken where the terminal ends
)
app.command()(validate)
app.command()(publish)
app.command()(up)
app.command()(demo)
app.command()(worker)
app.add_typer(records.app, name="records")
app.add_typer(tenants.app, name="tenants")


def main() -> None:
    """The console script."""
    app()
