"""`klipsync up`: everything in one process tree, until Ctrl-C."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Final

import typer

from infra.demo import stage
from infra.demo.children import ChildFailed
from infra.demo.control import Control
from infra.embedded.errors import EmbeddedError
from infra.settings import Settings
from infra.telemetry import logs
from producers.kafka import KafkaError

_TENANTS: Final = ("sandbox",)
ZONE: Final = "America/New_York"
NOT_STARTED: Final = 3


def up(
    *,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="A sandbox in the place of QuickBooks.")] = False,
    tenant: Annotated[
        list[str] | None, typer.Option(help="With --sandbox: a tenant to connect to a company of its own; repeatable.")
    ] = None,
    state: Annotated[Path | None, typer.Option(help="Where the embedded parts keep their data and logs.")] = None,
) -> None:
    """Run Kafka, PostgreSQL (unless their addresses are set) and a worker here, until Ctrl-C.

    With `--sandbox` a QuickBooks that runs here too, with a company for each `--tenant` (one called "sandbox" where
    none is named). The sandbox forgets everything when it ends, so Kafka and PostgreSQL begin empty then as well.
    """
    settings = Settings()
    logs.configure(as_json=settings.log_json)
    folder = state or settings.state
    try:
        if sandbox:
            asyncio.run(_up(settings, stage.fresh_folder(folder / "sandbox"), tenants=tenant or _TENANTS))
        else:
            asyncio.run(_up(settings, folder, tenants=()))
    except (EmbeddedError, KafkaError, ChildFailed) as error:
        typer.echo(f"klipsync could not start: {error}", err=True)
        raise typer.Exit(NOT_STARTED) from error


async def _up(settings: Settings, state: Path, *, tenants: Sequence[str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        stopping = asyncio.create_task(stop.wait())
        starting = asyncio.create_task(_started(stack, settings, state, tenants=tenants))
        await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await _stay(starting.result(), stopping)
        else:
            starting.cancel()
            await asyncio.wait((starting,))
        _say("stopping")
    _say("stopped")


async def _stay(base: stage.Base, stopping: "asyncio.Task[bool]") -> None:
    """Until somebody wants us to stop. Raises EmbeddedError when Kafka or PostgreSQL ends by itself."""
    ending = asyncio.create_task(base.ended())
    await asyncio.wait((ending, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not ending.done():
        ending.cancel()
    elif failure := ending.result():
        raise failure


async def _started(stack: AsyncExitStack, settings: Settings, state: Path, *, tenants: Sequence[str]) -> stage.Base:
    """Start one after the other; the stack ends them the other way round."""
    database = None if settings.database is None else settings.database.get_secret_value()
    base = await stack.enter_async_context(
        stage.base(state, report=_say, kafka=settings.kafka, database=database, prefix=settings.topic_prefix)
    )
    logs = state / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    env = {**base.env}
    if settings.token_keys is not None:
        env["KLIPSYNC_TOKEN_KEYS"] = settings.token_keys.get_secret_value()
    if tenants:
        env |= await _with_sandbox(stack, tenants, env=env, state=state)
    await stack.enter_async_context(stage.workers(["up-1"], env=env, logs=logs, report=_say))
    _say(_directions(base, env, logs))
    return base


async def _with_sandbox(
    stack: AsyncExitStack, tenants: Sequence[str], *, env: Mapping[str, str], state: Path
) -> dict[str, str]:
    addresses = await stack.enter_async_context(stage.sandbox(state / "logs" / "sandbox.log"))
    control = await stack.enter_async_context(Control(addresses.control_url))
    _say(f"QuickBooks sandbox  {addresses.base_url}  (to look inside and to break it: {addresses.control_url})")
    for tenant in tenants:
        opened = await control.open_company(tenant=tenant, name=tenant, time_zone=ZONE)
        await stage.add_tenant(opened, time_zone=ZONE, env={**env, **addresses.env}, state=state)
        _say(f"tenant {tenant} is connected to its company {opened.realm}")
    return addresses.env


def _directions(base: stage.Base, env: Mapping[str, str], logs: Path) -> str:
    told = ("KLIPSYNC_KAFKA", "KLIPSYNC_DATABASE", "KLIPSYNC_QUICKBOOKS_API", "KLIPSYNC_QUICKBOOKS_TOKEN_URL")
    lines = [
        "klipsync is up. Ctrl-C ends it in order. In another terminal:",
        *(f"  export {name}='{env[name]}'" for name in told if name in env),
        f"  export KLIPSYNC_TOKEN_KEYS=\"$(cat '{base.state / 'token-keys'}')\"",
        "  klipsync publish FILE.jsonl    # events of Klipboard, one a line",
        "  klipsync records list          # how each record stands, and why",
        f"Logs are in {logs}.",
    ]
    return "\n".join(lines)


def _say(text: str) -> None:
    typer.echo(text, err=True)
