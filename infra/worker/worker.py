"""One worker process: intake, relay, leases, and an owner for each tenant it holds."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from consumers.books import FenceLost
from infra.database.intake import is_transient
from infra.telemetry.vitals import Loop, Vitals
from infra.worker.keeper import Keeper, NameTaken, sleep_or
from infra.worker.owner import Owner, Parts
from schemas.kinds import TenantId

log = structlog.get_logger()

LAST_WORDS = 0.5
"""Seconds for what a worker says to the database at its end, and for what it cut off to end."""


class Running(Protocol):
    """Intake and relay: run until told to stop."""

    async def run(self, stop: asyncio.Event) -> None:
        """Run."""


class Wakes(Protocol):
    """What tells a worker that tenants may be due."""

    async def listen(self, wake: Callable[[str], None], stop: asyncio.Event) -> None:
        """Call `wake` with a tenant's id, until `stop`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Seconds."""

    renewal: float
    idle_wait: float
    backoff: float
    stop_grace: float
    head_start: float


@dataclass(slots=True, kw_only=True)
class Worker:
    """Runs until `stop` is set; then calls under way may finish, and everything is given back."""

    keeper: Keeper
    parts: Parts
    intake: Running
    relay: Running
    wakes: Wakes
    enter: Callable[[], Awaitable[None]]
    leave: Callable[[], Awaitable[None]]
    prunes: Sequence[Callable[[], Awaitable[object]]]
    rhythm: Rhythm
    vitals: Vitals
    placed: asyncio.Event
    """Set by intake when it has compared its offsets with Kafka's."""
    _owners: dict[TenantId, Owner] = field(default_factory=dict)
    _owning: set[asyncio.Task[None]] = field(default_factory=set)
    _look: asyncio.Event = field(default_factory=asyncio.Event)
    _ending: bool = False

    async def run(self, stop: asyncio.Event) -> None:
        """Run. Raises `NameTaken`, in a group, when a newer process took this worker's name."""
        await self.enter()
        try:
            async with asyncio.TaskGroup() as tasks:
                loops = {name: tasks.create_task(loop, name=name) for name, loop in self._loops(stop).items()}
                await stop.wait()
                await self._wind_up(loops)
        finally:
            # However it ended: nobody acts for a tenant after this, and what is left open is the next owner's.
            await self._close_owners(self._deadline())
            await self._last_words(self.leave())

    def _loops(self, stop: asyncio.Event) -> dict[str, Coroutine[Any, Any, None]]:
        renewal, idle, backoff = self.rhythm.renewal, self.rhythm.idle_wait, self.rhythm.backoff
        return {
            "intake": self._until_told(self.intake.run(stop), stop),
            "relay": self._until_told(self.relay.run(stop), stop),
            "wakes": self.wakes.listen(self._wake, stop),
            # A renewal that failed is repeated soon: the lease runs out meanwhile.
            "renewals": self._for_ever(self._renew, stop, every=renewal, failed=renewal / 3),
            "claims": self._for_ever(self._claim, stop, every=idle, failed=max(idle, backoff), early=self._look),
            "shares": self._for_ever(self._share, stop, every=renewal, failed=max(renewal, backoff)),
            "pruning": self._for_ever(self._prune, stop, every=60.0, failed=60.0),
        }

    async def _until_told(self, part: Awaitable[None], stop: asyncio.Event) -> None:
        """A part that cannot give everything back at the end harms nobody: its leases run out by themselves."""
        try:
            await part
        except Exception as error:
            if not stop.is_set() or not is_transient(error):
                raise
            log.warning("A part of the worker ended without the database", why=type(error).__name__)

    async def _for_ever(
        self,
        step: Callable[[], Awaitable[None]],
        stop: asyncio.Event,
        *,
        every: float,
        failed: float,
        early: asyncio.Event | None = None,
    ) -> None:
        """The outer edge of a loop: the database may go and come back; a name that is taken ends the process.

        `every`, `failed`: seconds between two steps, and after one that failed. `early`: what ends a wait before that.
        """
        while not stop.is_set():
            wait = every
            if early is not None:
                early.clear()
            try:
                await step()
            except NameTaken:
                raise
            except Exception as error:
                wait = failed
                if not is_transient(error):
                    log.exception("A loop of the worker failed; it goes on", step=step.__name__)
                else:
                    log.warning("The database is out of reach; trying again", step=step.__name__, why=repr(error))
            await sleep_or(early or stop, wait)

    async def _renew(self) -> None:
        await self.keeper.renew()
        self.vitals.beat(Loop.RENEWALS)

    async def _claim(self) -> None:
        await sleep_or(self.placed, self.rhythm.head_start)
        # Not twice: with Kafka away, or without a partition, nobody says so.
        self.placed.set()
        claimed = await self.keeper.claim()
        if self._ending:
            await self._last_words(self.keeper.release(claimed))
            return
        for lease in claimed:
            owner = Owner(lease=lease, parts=self.parts)
            self._owners[lease.tenant] = owner
            owning = asyncio.create_task(self._own(owner), name=f"owner:{lease.tenant}")
            self._owning.add(owning)
            owning.add_done_callback(self._owning.discard)

    async def _own(self, owner: Owner) -> None:
        """The outer edge of one tenant's loop."""
        lease = owner.lease
        try:
            await owner.run()
        except FenceLost:
            self.keeper.lose(lease)
        except Exception as error:
            if is_transient(error):
                log.warning("A tenant's turn was cut short", tenant=lease.tenant, why=repr(error))
            else:
                log.exception("A tenant's turn failed; it starts again", tenant=lease.tenant)
            await sleep_or(owner.closing, self.rhythm.idle_wait)
        finally:
            if self._owners.get(lease.tenant) is owner:
                del self._owners[lease.tenant]
            await self._last_words(self.keeper.release([lease]))

    async def _last_words(self, words: Awaitable[None]) -> None:
        """Say goodbye to the database. Where it does not listen nobody is harmed: leases run out by themselves."""
        try:
            async with asyncio.timeout(LAST_WORDS):
                await words
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("The database was not told of an end; it notices by itself", why=repr(error))

    async def _share(self) -> None:
        """Give back what is beyond this worker's share, once its calls are answered."""
        for lease in await self.keeper.surplus():
            if (owner := self._owners.get(lease.tenant)) is not None:
                owner.closing.set()

    async def _prune(self) -> None:
        for prune in self.prunes:
            await prune()

    def _wake(self, tenant: str) -> None:
        """A tenant of ours is looked at; one that nobody has is claimed; one of another worker's wakes that worker."""
        owner = self._owners.get(TenantId(tenant))
        (owner.wake if owner is not None else self._look).set()

    # --- the end ---

    async def _wind_up(self, loops: Mapping[str, asyncio.Task[None]]) -> None:
        """First nothing new is claimed; then what left may be answered; what is left over stays open for the next."""
        deadline = self._deadline()
        self._ending = True
        self.placed.set()
        self._look.set()
        await self._close_owners(deadline)
        await self._ended(loops.values(), deadline)

    async def _close_owners(self, deadline: float) -> None:
        for owner in self._owners.values():
            owner.closing.set()
        await self._ended(self._owning, deadline)

    def _deadline(self) -> float:
        return self.parts.clock.boottime() + self.rhythm.stop_grace

    async def _ended(self, tasks: Iterable[asyncio.Task[None]], deadline: float) -> None:
        """They have ended, or time is up and they are cut off."""
        running = list(tasks)
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=max(0.0, deadline - self.parts.clock.boottime()))
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=LAST_WORDS)
