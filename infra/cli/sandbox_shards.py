"""One sandbox in several processes: companies are dealt out to them, and each answers at a port of its own."""

import asyncio
import json
import signal
import tempfile
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.cli.tables import echo_json
from infra.demo.children import KLIPSYNC, end, last_words, launch
from infra.sandbox.quickbooks.plan import FIRST_REALM, Plan

_START: Final = 60.0  # seconds for all of them to say where they are


class ShardFailed(Exception):  # noqa: N818 - the name says what happened
    """One of the sandbox's processes ended by itself. The message has its last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shard:
    """One process: its port (0: any), and the companies that it opens."""

    number: int
    port: int
    companies: Sequence[tuple[str, str]]  # (seed, realm)

    def command(self, plan: Plan) -> tuple[str, ...]:
        """What starts it."""
        opened = (word for seed, realm in self.companies for word in ("--company", seed, "--realm", realm))
        chosen = (word for name, value in plan.changed for word in ("--switch", f"{name}={value}"))
        at = () if plan.at is None else ("--at", plan.at.isoformat())
        return (
            *(*KLIPSYNC, "sandbox", "--json", "--host", plan.host, "--port", str(self.port)),
            *(*opened, *chosen, *at, "--speed", str(plan.speed)),
        )


def run(plan: Plan, *, processes: int) -> None:
    """Start them, print one ready line with `shards`, and wait for SIGTERM or SIGINT. Raises ShardFailed."""
    asyncio.run(_run(plan, _dealt(plan, processes=processes)))


def _dealt(plan: Plan, *, processes: int) -> list[_Shard]:
    """A company of its own for each process at least: seeds are opened again when there are fewer of them."""
    count = max(processes, len(plan.companies))
    numbered = [(plan.companies[number % len(plan.companies)], str(FIRST_REALM + number)) for number in range(count)]
    return [
        _Shard(number=number, port=plan.port and plan.port + number, companies=numbered[number::processes])
        for number in range(processes)
    ]


async def _run(plan: Plan, shards: Sequence[_Shard]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="klipsync-sandbox-")))
        logs = [folder / f"{shard.number}.log" for shard in shards]
        started: list[Process] = []
        for shard, log in zip(shards, logs, strict=True):
            process = await launch(shard.command(plan), env={}, log=log, piped=True)
            stack.push_async_callback(end, process)
            started.append(process)
        async with asyncio.timeout(_START):
            lines = [await _ready(process, log) for process, log in zip(started, logs, strict=True)]
        echo_json({**lines[0], "companies": [one for line in lines for one in line["companies"]], "shards": lines})
        await _until(stop, started, logs)


async def _ready(process: Process, log: Path) -> dict[str, Any]:
    line = await process.stdout.readline() if process.stdout else b""
    if not line:
        raise ShardFailed(last_words(log).removeprefix("The sandbox cannot start. "))
    found: dict[str, Any] = json.loads(line)
    return found


async def _until(stop: asyncio.Event, processes: Sequence[Process], logs: Sequence[Path]) -> None:
    stopping = asyncio.create_task(stop.wait())
    ending = {asyncio.create_task(process.wait()): log for process, log in zip(processes, logs, strict=True)}
    await asyncio.wait((stopping, *ending), return_when=asyncio.FIRST_COMPLETED)
    ended = [log for task, log in ending.items() if task.done()]
    for task in (stopping, *ending):
        task.cancel()
    if ended and not stop.is_set():
        raise ShardFailed(f"One of its processes ended: {last_words(ended[0])}")
