"""`klipsync sandbox`: a QuickBooks of one's own on localhost, with no Kafka and no database."""

import asyncio
import signal
from typing import Annotated, Final

import typer

from infra.cli import sandbox_calls, sandbox_shards
from infra.cli.sandbox_asking import NotClear, moment, pairs
from infra.cli.sandbox_directions import directions
from infra.cli.tables import AsJson, Table, echo_json, echo_parts
from infra.sandbox.quickbooks.plan import Plan
from infra.sandbox.quickbooks.seed_files import DEFAULT, NAMES
from infra.sandbox.quickbooks.switch_table import read_words, switch_table
from infra.sandbox.quickbooks.switches import Switches

PORT: Final = 9130
NOT_STARTED: Final = 1

ABOUT: Final = """A QuickBooks of your own on localhost: for tests, for demos, on a plane.

`klipsync sandbox` starts one and says what to do next. It needs no Kafka and no database, keeps everything in memory,
and ends with Ctrl-C. `klipsync sandbox --port 0 --company empty --json` is for programs: one line of JSON when it
answers, with its addresses and tokens; exit code 0 on SIGTERM.

The commands below ask one that runs: at port 9130 of this machine, or where `--control` or KLIPSYNC_SANDBOX says.
"""
_COMPANY: Final = f"A company to open: {', '.join(NAMES)}, or a YAML file; repeatable. The first one's tokens lead."
_SWITCH: Final = "Behave otherwise where QuickBooks is undocumented; repeatable. --switches lists them."
_PROCESSES: Final = "Share the companies out over so many processes, each at a port of its own."

app = typer.Typer(help=ABOUT, invoke_without_command=True)
sandbox_calls.add_to(app)


@app.callback()
def sandbox(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes any free one.", min=0, max=65_535)] = PORT,
    company: Annotated[list[str] | None, typer.Option(help=_COMPANY, metavar="NAME|FILE.yaml")] = None,
    switch: Annotated[list[str] | None, typer.Option(help=_SWITCH, metavar="NAME=VALUE")] = None,
    switches: Annotated[bool, typer.Option("--switches", help="List the switches, and start nothing.")] = False,
    processes: Annotated[int, typer.Option(help=_PROCESSES, min=1, max=64)] = 1,
    at: Annotated[str | None, typer.Option(help="When it is in the sandbox, such as 2026-03-02T09:00:00Z.")] = None,
    speed: Annotated[float, typer.Option(help="Sandbox seconds in a real one; 0 stands still.", min=0)] = 1.0,
    realm: Annotated[list[str] | None, typer.Option(hidden=True)] = None,
    as_json: AsJson = False,
) -> None:
    """Start a sandbox, unless a command is named."""
    if context.invoked_subcommand is not None:
        return
    if switches:
        _tell_switches(as_json=as_json)
        return
    try:
        plan = Plan(
            host=host,
            port=port,
            companies=tuple(company or [DEFAULT]),
            switches=Switches().changed(read_words(pairs(switch or [], example="limits=off"))),
            realms=tuple(realm or ()),
            at=None if at is None else moment(at),
            speed=speed,
        )
        if processes == 1:
            asyncio.run(_serve(plan, as_json=as_json))
        else:
            sandbox_shards.run(plan, processes=processes)
    except (ValueError, OSError, NotClear, sandbox_shards.ShardFailed) as error:
        typer.echo(f"The sandbox cannot start. {_sentence(error, host=host, port=port)}", err=True)
        raise typer.Exit(NOT_STARTED) from error


async def _serve(plan: Plan, *, as_json: bool) -> None:
    from infra.clock import SystemClock
    from infra.sandbox.quickbooks import ready

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running, line = await ready.start(plan, clock=SystemClock())
    if as_json:
        echo_json(line)
    else:
        typer.echo(directions(line))
    await stop.wait()
    await running.close()


def _sentence(error: Exception, *, host: str, port: int) -> str:
    if isinstance(error, OSError):
        return f"{host}:{port} cannot be listened at: {error.strerror or error}. --port 0 takes any free port."
    return str(error)


def _tell_switches(*, as_json: bool) -> None:
    rows = switch_table()
    if as_json:
        echo_json([{"name": name, "values": values, "default": default} for name, values, default in rows])
        return
    echo_parts([Table(columns=("switch", "values", "default"), rows=[(a, b, str(c)) for a, b, c in rows])])
    typer.echo("docs/sandbox.md says which open question each answers. Set one with --switch NAME=VALUE.")
