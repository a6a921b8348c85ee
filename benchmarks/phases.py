"""One phase of the end-to-end benchmark: Kafka, PostgreSQL and a sandbox of its own, one integration, its books."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from books import astray
from meters import Calls, Moment, calls_of
from sqlalchemy import TextClause, text
from stage import Void, finish, parts, say

from infra.database.engine import Database
from infra.demo import quiet, stage
from infra.demo.children import ChildFailed, Kept, end, last_words, launch
from infra.demo.control import Control, Opened
from infra.demo.expected import Expectation
from infra.demo.stage import Base, SandboxAddresses
from infra.kafka.producer import KafkaProducer
from schemas.envelope import Message
from schemas.topics import CLIENTS, INVOICES, SUPPLIERS

ZONE: Final = "America/New_York"
UNPACED: Final = {
    "KLIPSYNC_CALLS_PER_SECOND": "100000",
    "KLIPSYNC_CALLS_PER_MINUTE": "1000000",
    "KLIPSYNC_CALLS_IN_FLIGHT": "1000",
}
_BUSY: Final = 0.8  # of a core; a sandbox that uses more is what we would measure
_LOOK: Final = 0.25  # seconds between two looks at what is left to do
_UNPOLLED: Final = text("SELECT count(*) FROM tenant WHERE polled_at IS NULL")
_FOLDED: Final = text("SELECT coalesce(sum(next_offset), 0) FROM intake_offset")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The events, as they go to Kafka, and what must come of them."""

    messages: Sequence[Message]
    expectation: Expectation


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Kafka, PostgreSQL and a sandbox of one phase's own, with a company for each tenant."""

    state: Path
    base: Base
    control: Control
    addresses: SandboxAddresses
    companies: Mapping[str, Mapping[str, str]]
    """By tenant, as the sandbox tells them: realm, tokens, income account."""


class Running(Protocol):
    """What brings events into the books, and waits for them."""

    async def done(self) -> None:
        """Return when it has nothing left to do. Raises Void, ChildFailed."""


Integration = Callable[[Scene, Workload], AbstractAsyncContextManager[Running]]
"""Starts one, and ends it with the block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """What one integration needed."""

    seconds: float
    calls: Calls
    cpu: Mapping[str, float]
    others: float
    """Cores that other people's programs took meanwhile."""

    @property
    def sandbox_share(self) -> float:
        """Of one core."""
        return self.cpu["sandbox"] / self.seconds


class NaiveLoop:
    """`benchmarks/naive.py` in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process, self._log = process, log

    async def ready(self) -> None:
        """Wait until it has its partitions."""
        await self._hear("ready")

    async def done(self) -> None:
        await self._hear("done")

    async def _hear(self, word: str) -> None:
        if self._process.stdout is None or (await self._process.stdout.readline()).decode().strip() != word:
            raise ChildFailed(f"The naive loop ended before it was {word}; its log ends with:\n{last_words(self._log)}")


@asynccontextmanager
async def naive_loop(scene: Scene, work: Workload) -> AsyncIterator[NaiveLoop]:
    """The naive loop, started. It reads clients and suppliers first, so that no invoice comes before its client."""
    counts = Counter(message.topic for message in work.messages)
    task = {
        "kafka": scene.base.kafka,
        "api": scene.addresses.base_url,
        "companies": scene.companies,
        "topics": [(topics, sum(counts[one] for one in topics)) for topics in ([CLIENTS, SUPPLIERS], [INVOICES])],
    }
    file, log = scene.state / "naive.json", scene.state / "logs" / "naive.log"
    stage.write_secret(file, json.dumps(task))
    command = (sys.executable, str(Path(__file__).with_name("naive.py")), str(file))
    process = await launch(command, env={}, log=log, piped=True)
    try:
        loop = NaiveLoop(process, log)
        await loop.ready()
        yield loop
    finally:
        await end(process)


@dataclass(slots=True, kw_only=True)
class KlipsyncWorker:
    """A real worker, as `klipsync worker` starts it."""

    database: Database
    kept: Kept
    events: int

    async def ready(self) -> None:
        """Wait until the worker owns every tenant and has read each company once."""
        while await self._number(_UNPOLLED):
            await self._wait()

    async def done(self) -> None:
        while await self._number(_FOLDED) < self.events or not (left := await quiet.left(self.database)).nothing:
            await self._wait()
        if left.stuck:
            raise Void(f"{left.stuck} records of klipsync stopped: {(await quiet.hints(self.database))[0]}")

    async def _wait(self) -> None:
        if self.kept.starts > 1:
            raise Void(f"klipsync's worker died; its log ends with:\n{last_words(self.kept.log)}")
        await asyncio.sleep(_LOOK)

    async def _number(self, statement: TextClause) -> int:
        async with self.database.transaction() as connection:
            return int((await connection.execute(statement)).scalar_one())


@asynccontextmanager
async def klipsync_worker(scene: Scene, work: Workload) -> AsyncIterator[KlipsyncWorker]:
    """One worker, started, with all tenants connected."""
    env = {**scene.base.env, **scene.addresses.env, **UNPACED}
    two_at_once = asyncio.Semaphore(2)

    async def add(tenant: str, company: Mapping[str, str]) -> None:
        opened = Opened(tenant=tenant, **{name: company[name] for name in ("realm", "refresh_token", "income_account")})
        async with two_at_once:
            await stage.add_tenant(opened, time_zone=ZONE, env=env, state=scene.state)

    say(f"connecting {len(scene.companies)} tenants")
    await asyncio.gather(*(add(tenant, company) for tenant, company in scene.companies.items()))
    database = Database(scene.base.database, connections=2)
    try:
        async with stage.workers(["bench"], env=env, logs=scene.state / "logs", report=say) as (kept,):
            worker = KlipsyncWorker(database=database, kept=kept, events=len(work.messages))
            await worker.ready()
            yield worker
    finally:
        await database.close()


@asynccontextmanager
async def _scene(state: Path, work: Workload) -> AsyncIterator[Scene]:
    async with (
        parts(state) as base,
        stage.sandbox(state / "logs" / "sandbox.log") as addresses,
        Control(addresses.control_url) as control,
    ):
        await control.ask("POST", "switches", {"limits": "off"})
        companies = {
            tenant: await control.ask("POST", "companies", {"name": tenant, "time_zone": ZONE})
            for tenant in work.expectation.tenants
        }
        yield Scene(state=state, base=base, control=control, addresses=addresses, companies=companies)


async def play(name: str, integration: Integration, work: Workload, state: Path) -> Phase:
    """One integration on a scene of its own: started, given the events, watched to the end, its books compared.

    Raises:
        Void: the books are wrong, a record or the worker stopped, or the sandbox was the bottleneck.
        EmbeddedError, KafkaError, ChildFailed, ControlRefused: something did not start, or ended.
    """
    async with _scene(state, work) as scene:
        return await finish(scene.base, _measured(name, integration, work, scene))


async def _measured(name: str, integration: Integration, work: Workload, scene: Scene) -> Phase:
    async with integration(scene, work) as running, KafkaProducer(scene.base.kafka) as producer:
        heard, before, began = len(await scene.control.journal(after=0)), Moment.now(), datetime.now(UTC)
        say(f"{name}: publishing {len(work.messages)} events")
        await producer.send(work.messages)
        await running.done()
        after = Moment.now()
    calls = calls_of(await scene.control.journal(after=heard))
    books = {tenant: await scene.control.books(company["realm"]) for tenant, company in scene.companies.items()}
    if wrong := astray(work.expectation, books):
        raise Void(f"the books of {name} are wrong in {len(wrong)} places, such as: {wrong[0]}")
    # By the last write that QuickBooks took, and not by when we noticed that nothing was left to do.
    seconds = ((calls.last_write or began) - began).total_seconds()
    say(f"{name}: books right after {seconds:.1f} s and {calls.all} calls")
    phase = Phase(seconds=seconds, calls=calls, cpu=after.spent_since(before), others=after.others_since(before))
    if phase.sandbox_share > _BUSY:
        raise Void(f"the sandbox used {phase.sandbox_share:.0%} of a core under {name}: it was measured, not {name}")
    return phase
