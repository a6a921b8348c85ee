"""The demo: a working day is published while things go wrong, then the books are compared with the events."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from infra.database.engine import Database
from infra.demo import catalogue, quiet, stage, trouble
from infra.demo.bookkeeper import Bookkeeper
from infra.demo.children import Kept
from infra.demo.comparison import Comparison, right
from infra.demo.control import Control, Opened
from infra.demo.expected import Expectation, expected
from infra.demo.inbox import Inbox
from infra.demo.judge import Verdict
from infra.demo.paid import PaymentVerdict
from infra.demo.quiet import Left
from infra.demo.report import Numbers, Traffic, numbers
from infra.demo.screen import Now, Screen
from infra.demo.trouble import Killer
from producers.files import Tally

WORKERS: Final = ("demo-1", "demo-2")
SHORTENED: Final = {
    "LEASE": "PT3S",
    "LEASE_RENEWAL": "PT1S",
    "CALL_TIME_OUT": "PT2S",
    "QUICKBOOKS_LAG": "PT0.4S",
    "REPEAT_AFTER": "PT2.5S",
    "GIVE_UP_OPEN_AFTER": "PT20S",
    "RETRY_FIRST": "PT1S",
    "RETRY_LONGEST": "PT5S",
    "OUTAGE_PAUSE": "PT2S",
    "POLL_EVERY": "PT2S",
    "POLL_OVERLAP": "PT20S",
    "IDLE_WAIT": "PT0.5S",
    "OUTBOX_LEASE": "PT3S",
    "DATABASE_BACKOFF": "PT1S",
}
SAID: Final = (
    "QuickBooks' limits stay on: 500 calls a minute and 10 a second for each company. Shortened for the demo: its "
    "time-out (120 s) is 2 s, our wait before an unanswered write is repeated (185 s) 2.5 s, a lease (10 s) 3 s, "
    "the time between two polls (60 s) 2 s."
)
_LOOK: Final = 1.0  # seconds between two comparisons
_CALM: Final = 3
"""So many good comparisons with nothing left to do, one after the other, end the wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What may be chosen."""

    events: Path
    state: Path
    seconds: float = 25.0
    seed: int = 1
    patience: float = 90.0
    """Seconds after the last event until the books are judged as they are."""
    request_ids: str = "forever"
    """How long the sandbox remembers request ids: "forever" or "none". Intuit documents neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it ended."""

    numbers: Numbers
    verdict: Verdict
    payments: PaymentVerdict
    hints: Sequence[str]
    logs: Path


@dataclass(slots=True, kw_only=True)
class Demo:
    """One run, once everything it needs is there."""

    options: Options
    lines: Sequence[bytes]
    expectation: Expectation
    base: stage.Base
    control: Control
    comparison: Comparison
    database: Database
    workers: Sequence[Kept]
    screen: Screen
    tally: Tally = field(default_factory=Tally)
    traffic: Traffic = field(default_factory=Traffic)

    async def play(self) -> tuple[Verdict, PaymentVerdict, int]:
        """The day, its troubles, the wait, and the comparison; and how many workers were killed."""
        await self.comparison.remember()
        dice, seconds = Random(self.options.seed), self.options.seconds  # noqa: S311 - a run can be repeated
        killer = Killer(self.workers, Random(dice.random()))  # noqa: S311
        async with asyncio.TaskGroup() as tasks:
            acts = [
                trouble.publish(
                    self.lines,
                    kafka=self.base.kafka,
                    seconds=seconds,
                    dice=Random(dice.random()),  # noqa: S311
                    tally=self.tally,
                ),
                killer.work(seconds=seconds + 6),
                trouble.lose_answers(self.control, seed=self.options.seed),
                *(self._bookkeeper(one, dice).work() for one in self.comparison.companies),
            ]
            running = [tasks.create_task(act) for act in acts]
            verdict, payments = await self._watch(killer, running)
            for task in running:
                task.cancel()  # whoever is still at it when our patience ends
        self.traffic = Traffic()  # counted again: what was under way when it was counted first has its answer by now
        self.traffic.add(await self.control.journal(after=0))
        return verdict, payments, killer.kills

    def _bookkeeper(self, company: Opened, dice: Random) -> Bookkeeper:
        return Bookkeeper(
            tenant=company.tenant,
            realm=company.realm,
            control=self.control,
            came_back=self.comparison.inbox.has,
            dice=Random(dice.random()),  # noqa: S311
        )

    async def _watch(self, killer: Killer, running: Sequence[asyncio.Task[None]]) -> tuple[Verdict, PaymentVerdict]:
        """Compare again and again, until all is right and quiet or our patience ends."""
        calm, deadline = 0, time.monotonic() + self.options.seconds + self.options.patience
        while True:
            left = await quiet.left(self.database)
            verdict, payments = await self._compared()
            self.screen.show(self._now(killer, verdict, payments, left))
            good = right(verdict, payments) and left.nothing and all(task.done() for task in running)
            calm = calm + 1 if good else 0
            if calm >= _CALM or time.monotonic() > deadline:
                return verdict, payments
            await asyncio.sleep(_LOOK)

    async def _compared(self) -> tuple[Verdict, PaymentVerdict]:
        self.traffic.add(await self.control.journal(after=self.traffic.last))
        return await self.comparison.compare(self.expectation)

    def _now(self, killer: Killer, verdict: Verdict, payments: PaymentVerdict, left: Left) -> Now:
        return Now(
            published=self.tally.published,
            events=len(self.lines),
            matched=sum(verdict.matched.values()),
            records=verdict.records,
            calls=self.traffic.calls,
            lost_answers=self.traffic.lost_answers,
            kills=killer.kills,
            payments_back=payments.reconciled + payments.reversed,
            payments=payments.recorded,
            left=f"{left.due} records due, {left.open} answers awaited, {left.stuck} stuck, {left.unsent} to tell",
        )


async def run(options: Options, screen: Screen) -> Outcome:
    """Set up, play, compare. Raises EmbeddedError, KafkaError, ChildFailed when something does not start."""
    began = time.monotonic()
    lines = [line for line in options.events.read_bytes().splitlines(keepends=True) if line.strip()]
    expectation = expected(line.decode() for line in lines)
    async with AsyncExitStack() as stack:
        demo = await _set_up(stack, options, screen, lines, expectation)
        ready = time.monotonic()
        screen.say(SAID)
        with screen:
            verdict, payments, kills = await demo.play()
        done = time.monotonic()
        result = numbers(
            events=len(lines),
            verdict=verdict,
            payments=payments,
            traffic=demo.traffic,
            kills=kills,
            setup_seconds=ready - began,
            seconds=done - ready,
        )
        hints = [] if result.good else await quiet.hints(demo.database)
        return Outcome(numbers=result, verdict=verdict, payments=payments, hints=hints, logs=options.state / "logs")


async def _set_up(
    stack: AsyncExitStack, options: Options, screen: Screen, lines: Sequence[bytes], expectation: Expectation
) -> Demo:
    state = options.state
    base = await stack.enter_async_context(stage.base(state, report=screen.say))
    addresses = await stack.enter_async_context(
        stage.sandbox(state / "logs" / "sandbox.log", switches={"request_ids": options.request_ids})
    )
    control = await stack.enter_async_context(Control(addresses.control_url))
    env = {**base.env, **addresses.env, **{f"KLIPSYNC_{name}": value for name, value in SHORTENED.items()}}
    screen.say(f"connecting {len(expectation.tenants)} tenants to companies of the sandbox QuickBooks")
    companies = await _connected(control, expectation.tenants, env=env, state=state)
    inbox = await stack.enter_async_context(Inbox(base.kafka))
    database = Database(base.database, connections=2)
    stack.push_async_callback(database.close)
    screen.say(f"starting workers {' and '.join(WORKERS)}")
    workers = await stack.enter_async_context(stage.workers(WORKERS, env=env, logs=state / "logs", report=screen.say))
    return Demo(
        options=options,
        lines=lines,
        expectation=expectation,
        base=base,
        control=control,
        comparison=Comparison(control=control, companies=companies, inbox=inbox),
        database=database,
        workers=workers,
        screen=screen,
    )


async def _connected(
    control: Control, tenants: Sequence[str], *, env: Mapping[str, str], state: Path
) -> Sequence[Opened]:
    known = {one.tenant: one for one in catalogue.COMPANIES}
    zones = {tenant: known[tenant].time_zone if tenant in known else "America/New_York" for tenant in tenants}
    names = {tenant: known[tenant].name if tenant in known else tenant for tenant in tenants}
    opened = [await control.open_company(tenant=one, name=names[one], time_zone=zones[one]) for one in tenants]
    two_at_once = asyncio.Semaphore(2)

    async def add(one: Opened) -> None:
        async with two_at_once:
            await stage.add_tenant(one, time_zone=zones[one.tenant], env=env, state=state)

    await asyncio.gather(*(add(one) for one in opened))
    return opened
