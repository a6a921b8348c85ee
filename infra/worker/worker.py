"""One worker process: intake, relay, leases, and an owner for each tenant it holds."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from consumers.attempts import Lease
from consumers.books import FenceLost
from infra.database.intake import is_transient
from infra.worker.keeper import Keeper, NameTaken, sleep_or
from infra.worker.owner import Owner, Parts
from schemas.kinds import TenantId

log = structlog.get_logger()


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
    _owners: dict[TenantId, tuple[Owner, asyncio.Task[None]]] = field(default_factory=dict)
    _look: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, stop: asyncio.Event) -> None:
        """Run. Raises `NameTaken` when a newer process took this worker's name."""
        await self.enter()
        async with asyncio.TaskGroup() as tasks:
            for name, part in self._loops(stop).items():
                tasks.create_task(part, name=name)
            await stop.wait()
            self._look.set()
            # First nothing new is claimed; then what left may be answered; what is left over stays open for the next.
            await self._close_owners()
        await self.leave()

    def _loops(self, stop: asyncio.Event) -> dict[str, Coroutine[Any, Any, None]]:
        return {
            "intake": self.intake.run(stop),
            "relay": self.relay.run(stop),
            "wakes": self.wakes.listen(self._wake, stop),
            "renewals": self._for_ever(self._renew, self.rhythm.renewal, stop),
            "claims": self._for_ever(self._claim, self.rhythm.idle_wait, stop, early=self._look),
            "shares": self._for_ever(self._share, self.rhythm.renewal, stop),
            "pruning": self._for_ever(self._prune, 60.0, stop),
        }

    async def _for_ever(
        self,
        step: Callable[[], Awaitable[None]],
        seconds: float,
        stop: asyncio.Event,
        *,
        early: asyncio.Event | None = None,
    ) -> None:
        """The outer edge of a loop: the database may go and come back; a name that is taken ends the process.

        `early`: what ends a wait before its time.
        """
        while not stop.is_set():
            wait = seconds
            if early is not None:
                early.clear()
            try:
                await step()
            except NameTaken:
                raise
            except Exception as error:
                if not is_transient(error):
                    log.exception("A loop of the worker failed; it goes on", step=step.__name__)
                else:
                    log.warning("The database is out of reach; trying again", step=step.__name__, why=repr(error))
                wait = max(seconds, self.rhythm.backoff)
            await sleep_or(early or stop, wait)

    async def _renew(self) -> None:
        await self.keeper.renew()

    async def _claim(self) -> None:
        for lease in await self.keeper.claim():
            owner = Owner(lease=lease, parts=self.parts)
            self._owners[lease.tenant] = (owner, asyncio.create_task(self._own(owner), name=f"owner:{lease.tenant}"))

    async def _own(self, owner: Owner) -> None:
        """The outer edge of one tenant's loop."""
        lease = owner.lease
        try:
            await owner.run()
        except FenceLost:
            log.info("Another worker owns the tenant now", tenant=lease.tenant, fence=lease.fence)
            self.keeper.forget(lease)
        except Exception as error:
            if is_transient(error):
                log.warning("A tenant's turn was cut short", tenant=lease.tenant, why=repr(error))
            else:
                log.exception("A tenant's turn failed; it starts again", tenant=lease.tenant)
            await asyncio.sleep(self.rhythm.idle_wait)
        finally:
            if self._owners.get(lease.tenant, (None,))[0] is owner:
                del self._owners[lease.tenant]
            await self._release([lease])

    async def _release(self, leases: list[Lease]) -> None:
        try:
            await self.keeper.release(leases)
        except Exception as error:  # noqa: BLE001 - logged; the lease runs out by itself
            # Nobody is harmed: an unreleased lease runs out by itself.
            log.warning("A lease could not be given back", why=repr(error))

    async def _share(self) -> None:
        """Give back what is beyond this worker's share, once its calls are answered."""
        for lease in await self.keeper.surplus():
            owner = self._owners.get(lease.tenant)
            if owner is not None:
                owner[0].closing.set()

    async def _prune(self) -> None:
        for prune in self.prunes:
            await prune()

    def _wake(self, tenant: str) -> None:
        """A tenant of ours is looked at; one that nobody has is claimed; one of another worker's wakes that worker."""
        owned = self._owners.get(TenantId(tenant))
        (owned[0].wake if owned is not None else self._look).set()

    async def _close_owners(self) -> None:
        owners = list(self._owners.values())
        for owner, _ in owners:
            owner.closing.set()
        tasks = [task for _, task in owners]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self.rhythm.stop_grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
