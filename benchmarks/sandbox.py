"""`python benchmarks/sandbox.py`: what a call costs the sandbox QuickBooks, beside a server that answers a constant."""

import argparse
import asyncio
import json
import os
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp
import psutil
from load import invoice
from meters import Moment, company_note
from stage import Report, Void, main, say

from infra.demo.children import KLIPSYNC

ABOUT: Final = """\
How much CPU time a call costs one process of the sandbox QuickBooks, and how much memory an object.

A load generator in a process of its own sends one kind of call at a time over several connections. The number that
counts is CPU time: its inverse is how many calls a second one core can answer. Calls a second by the clock stand beside
it; they depend on who else uses the machine. The last column compares with a bare aiohttp server that answers a
constant, asked in the same run by the same generator: nothing on aiohttp can be faster than that.
"""
_KINDS: Final = {
    "read": "read a customer",
    "query": "query by DocNumber",
    "update": "sparse update of a customer",
    "create": "create a customer",
    "invoice": "create an invoice of two lines",
    "batch": "batch: 15 customers, 15 invoices",
}
_SIMPLE: Final = ("read", "query", "update", "create")
_BATCH: Final = 30  # items
_LONGEST: Final = 600.0  # seconds to fill it
_PREPARED: Final = 300  # customers and invoices that the calls are about
_MEBI: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stretch:
    """One kind of call, for a while. Seconds; `cpu` is the server's."""

    calls: int
    seconds: float
    cpu: float
    load_cpu: float

    @property
    def per_core(self) -> float:
        """Calls a second that a whole core of the server answers."""
        return self.calls / self.cpu


@dataclass(slots=True, kw_only=True)
class Bench:
    """One sandbox, and how it is asked."""

    ready: Mapping[str, Any]
    server: psutil.Process
    folder: Path
    seconds: float
    connections: int
    customers: list[str]
    numbers: list[str]
    stretches: int = 0
    sync_token: int = 0

    async def measure(
        self, kind: str, *, server: psutil.Process | None = None, port: int | None = None, most: int = 1_000_000_000
    ) -> Stretch:
        """Send this kind of call, at most so many a connection. Raises Void where one of them was refused."""
        self.stretches += 1
        asked = server or self.server
        task = self.folder / f"{self.stretches}.json"
        task.write_text(json.dumps({**self._task(kind), "port": port or self._port(), "most": most}))
        before = _cpu(asked)
        found = await _loaded(task)
        spent = _cpu(asked) - before
        if found["refused"]:
            raise Void(f"{found['refused']} of {found['calls'] + found['refused']} calls were refused: {_KINDS[kind]}")
        if kind == "update":
            self.sync_token = await self._renewed()
        return Stretch(found["calls"], found["seconds"], spent, found["cpu"])

    def _task(self, kind: str) -> dict[str, Any]:
        return {
            "kind": kind,
            "seconds": self.seconds,
            "connections": self.connections,
            "run": f"run {self.stretches}",
            "host": "127.0.0.1",
            "realm": self.ready["realm"],
            "token": self.ready["access_token"],
            "customers": self.customers,
            "numbers": self.numbers,
            "sync_token": self.sync_token,
        }

    def _port(self) -> int:
        return int(self.ready["base_url"].rpartition(":")[2])

    async def _renewed(self) -> int:
        """Customers that were updated have tokens of their own by now; new ones take their place."""
        self.customers, self.numbers = await _prepared(self.ready, run=f"after {self.stretches}")
        return 0


async def run(chosen: Namespace) -> Report:
    """The whole benchmark. Raises Void, OSError."""
    with TemporaryDirectory(prefix="klipsync-bench-") as name:
        before = Moment.now()
        async with _sandbox() as (ready, server), _constant() as (bare, port):
            customers, numbers = await _prepared(ready, run="first")
            bench = Bench(
                ready=ready,
                server=server,
                folder=Path(name),
                seconds=chosen.seconds,
                connections=chosen.connections,
                customers=customers,
                numbers=numbers,
            )
            constant = await bench.measure("constant", server=bare, port=port)
            found = {}
            for kind, title in _KINDS.items():
                say(f"{title}, {chosen.seconds:g} s")
                found[kind] = await bench.measure(kind)
        memory = await _filled(chosen, Path(name))
        others = Moment.now().others_since(before)
    return _report(chosen, constant, found, memory, others)


async def _filled(chosen: Namespace, folder: Path) -> tuple[int, int]:
    """A sandbox of its own, filled by batches: (objects, bytes that it has in memory more than at its start)."""
    say(f"filling one with {chosen.objects:,} objects")
    async with _sandbox() as (ready, server):
        customers, numbers = await _prepared(ready, run="first")
        bench = Bench(
            ready=ready,
            server=server,
            folder=folder,
            seconds=_LONGEST,
            connections=chosen.connections,
            customers=customers,
            numbers=numbers,
        )
        before = server.memory_info().rss
        each = -(-chosen.objects // (_BATCH * chosen.connections))
        stretch = await bench.measure("batch", most=each)
        return _BATCH * stretch.calls, server.memory_info().rss - before


def _report(
    chosen: Namespace, constant: Stretch, found: Mapping[str, Stretch], memory: tuple[int, int], others: float
) -> Report:
    rows = [_row("a constant, bare aiohttp", constant, constant)]
    rows += [_row(_KINDS[kind], stretch, constant) for kind, stretch in found.items()]
    simple = min(found[kind].per_core for kind in _SIMPLE)
    objects, rss = memory
    numbers = {
        "benchmark": "sandbox",
        "simple_calls_per_core_second": round(simple),
        "batches_per_core_second": round(found["batch"].per_core, 1),
        "objects": objects,
        "rss_mebibytes": round(rss / _MEBI),
        "others": round(others, 2),
        "kinds": {kind: _numbers(stretch) for kind, stretch in {"constant": constant, **found}.items()},
    }
    return Report(
        title=f"Sandbox: one process, {chosen.connections} connections, {chosen.seconds:g} s of each kind",
        columns=("", "calls", "calls/s", "server's CPU s", "ms CPU a call", "calls/s of a core", "of the constant"),
        rows=rows,
        notes=(
            f"The slowest simple call: {simple:,.0f} a second of a core. Batches: {found['batch'].per_core:,.0f}.",
            f"{objects:,} objects, half of them invoices, and the journal of their calls take {rss / _MEBI:,.0f} MiB.",
            company_note(others),
        ),
        numbers=numbers,
    )


def _row(title: str, one: Stretch, constant: Stretch) -> Sequence[str]:
    return (
        title,
        f"{one.calls:,}",
        f"{one.calls / one.seconds:,.0f}",
        f"{one.cpu:.2f}",
        f"{1000 * one.cpu / one.calls:.2f}",
        f"{one.per_core:,.0f}",
        f"{one.per_core / constant.per_core:.2f}",
    )


def _numbers(one: Stretch) -> dict[str, float]:
    return {
        "calls": one.calls,
        "seconds": round(one.seconds, 2),
        "cpu": round(one.cpu, 3),
        "load_cpu": round(one.load_cpu, 3),
        "per_core": round(one.per_core, 1),
    }


# What runs beside us


@asynccontextmanager
async def _sandbox() -> AsyncIterator[tuple[dict[str, Any], psutil.Process]]:
    words = ("sandbox", "--port", "0", "--company", "empty", "--switch", "limits=off", "--json")
    process = await asyncio.create_subprocess_exec(*KLIPSYNC, *words, stdout=asyncio.subprocess.PIPE)
    try:
        line = await process.stdout.readline() if process.stdout else b""
        if not line:
            raise Void("the sandbox did not start")
        yield json.loads(line), psutil.Process(process.pid)
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def _constant() -> AsyncIterator[tuple[psutil.Process, int]]:
    script = Path(__file__).with_name("constant.py")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, str(script), stdin=pipe, stdout=pipe)
    try:
        line = await process.stdout.readline() if process.stdout else b"0"
        yield psutil.Process(process.pid), int(line)
    finally:
        process.terminate()
        await process.wait()


async def _loaded(task: Path) -> dict[str, Any]:
    script = Path(__file__).with_name("load.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(task), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise Void("the load generator failed")
    found: dict[str, Any] = json.loads(said)
    return found


async def _prepared(ready: Mapping[str, Any], *, run: str) -> tuple[list[str], list[str]]:
    """Customers, each with an invoice: their ids, and the invoices' numbers."""
    customers: list[str] = []
    numbers: list[str] = []
    headers = {"Authorization": f"Bearer {ready['access_token']}", "Accept": "application/json"}
    async with aiohttp.ClientSession(f"{ready['base_url']}/v3/company/{ready['realm']}/", headers=headers) as session:
        for place in range(_PREPARED):
            async with session.post("customer", json={"DisplayName": f"{run} customer {place}"}) as answer:
                customers.append((await answer.json(content_type=None))["Customer"]["Id"])
            async with session.post("invoice", json=invoice(customers[-1])) as answer:
                numbers.append((await answer.json(content_type=None))["Invoice"]["DocNumber"])
    return customers, numbers


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def parser() -> argparse.ArgumentParser:
    """What may be chosen."""
    found = argparse.ArgumentParser(description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--seconds", type=float, metavar="S", default=5.0, help="of each kind of call (%(default)s)")
    found.add_argument("--connections", type=int, metavar="N", default=8, help="at once (%(default)s)")
    found.add_argument("--objects", type=int, metavar="N", default=100_000, help="to fill it with (%(default)s)")
    found.add_argument("--json", action="store_true", help="print the numbers as JSON instead of the table")
    return found


if __name__ == "__main__":
    if (os.cpu_count() or 1) < 2:  # noqa: PLR2004 - one for the sandbox, one for the load
        say("With one core the load generator and the sandbox take turns: look at CPU time alone.")
    sys.exit(main(run, parser()))
