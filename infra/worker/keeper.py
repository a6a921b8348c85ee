"""Keep leases: claim due tenants up to a fair share, renew all in one statement, let go of what is lost or too much."""

import asyncio
from collections.abc import Collection, Mapping
from uuid import uuid4

import structlog

from consumers.attempts import Lease
from consumers.records import Fence
from infra.clock import Clock
from infra.database.leases import Leases
from infra.telemetry import metrics
from schemas.kinds import TenantId

log = structlog.get_logger()

CLAIM_AT_ONCE = 20
"""Tenants claimed in one statement; several workers that start together then share by themselves."""
TELLING = 60.0
"""Seconds for giving leases back: it may have to tell every tenant that the database went back in time."""
PATIENCE = 1 / 3
"""Part of a lease for which an answer of the database is waited: there must be time to ask once more."""


class NameTaken(Exception):  # noqa: N818 - the name says what happened
    """A newer process runs under this worker's name, so this one stops. Give each worker a name of its own."""


def new_session() -> str:
    """What tells two processes of one worker name apart. The only random id: nothing is derived from it."""
    return uuid4().hex


class Keeper:
    """The leases that this process holds, by its own clock counted from before each claim or renewal was sent."""

    def __init__(self, leases: Leases, clock: Clock, *, seconds: float) -> None:
        self._leases = leases
        self._clock = clock
        self._seconds = seconds
        self._held: dict[TenantId, Lease] = {}
        self._ending: dict[TenantId, Fence] = {}  # no longer acted under, and to be given back

    def _patiently(self) -> asyncio.Timeout:
        return asyncio.timeout(self._seconds * PATIENCE)

    @property
    def held(self) -> Collection[Lease]:
        """Every lease that has not been lost."""
        return tuple(self._held.values())

    async def renew(self) -> None:
        """Renew what we hold; what somebody else took is forgotten. Raises `NameTaken`."""
        until = self._clock.boottime() + self._seconds  # before the statement leaves: never later than the database's
        renewing = self.held  # what is claimed while the statement is under way is not in its answer
        if renewing:
            async with self._patiently():
                kept = await self._leases.renew(_fences(renewing))
            for lease in renewing:
                self._keep(lease, until) if kept.get(lease.tenant) == lease.fence else self.lose(lease)
        async with asyncio.timeout(TELLING):
            await self._give_back()
        # Asked last: a restored database knows other names too, and that must have been told by then.
        async with self._patiently():
            if not await self._leases.still_ours():
                raise NameTaken

    def _keep(self, lease: Lease, until: float) -> None:
        if self._held.get(lease.tenant) is lease:  # else it was given back meanwhile
            lease.until = until

    def lose(self, lease: Lease) -> None:
        """Somebody else has the tenant. Told once, whoever notices."""
        if self._held.get(lease.tenant) is lease:
            metrics.LEASES.labels("lost").inc()
            log.warning("A lease was lost", tenant=lease.tenant, fence=lease.fence)
            self._end(lease)

    async def claim(self) -> list[Lease]:
        """Claim due tenants without an owner, up to this worker's share."""
        async with self._patiently():
            room = await self._leases.fair_share() - len(self._held)
            if room <= 0:
                return []
            until = self._clock.boottime() + self._seconds
            believed = {**self._ending, **_fences(self.held)}
            claimed = await self._leases.claim(limit=min(room, CLAIM_AT_ONCE), held=believed)
        new = [Lease(tenant=tenant, fence=fence, until=until) for tenant, fence in claimed]
        for lease in new:
            if (former := self._held.get(lease.tenant)) is not None:
                self.forget(former)
            self._held[lease.tenant] = lease
        metrics.LEASES.labels("claimed").inc(len(new))
        return new

    async def surplus(self) -> list[Lease]:
        """Leases to be given back once their calls are answered: beyond this worker's share, or of no use to anybody.

        A tenant whose connection has ended would take the place of one that can be served.
        """
        async with self._patiently():
            ended = await self._leases.disconnected(list(self._held))
            share = await self._leases.fair_share()
        useful = [lease for lease in self.held if lease.tenant not in ended]
        return [lease for lease in self.held if lease.tenant in ended] + useful[share:]

    async def release(self, leases: Collection[Lease]) -> None:
        """Let go at once; where the database is away, as soon as a renewal reaches it."""
        for lease in leases:
            self._end(lease)
        await self._give_back()

    async def _give_back(self) -> None:
        ending = dict(self._ending)
        if ending:
            await self._leases.release(ending)
        for tenant, fence in ending.items():
            if self._ending.get(tenant) == fence:
                del self._ending[tenant]

    def _end(self, lease: Lease) -> None:
        if self._held.get(lease.tenant) is lease:
            self._ending[lease.tenant] = lease.fence
        self.forget(lease)

    def forget(self, lease: Lease) -> None:
        """This process no longer acts under that lease."""
        lease.until = 0.0
        if self._held.get(lease.tenant) is lease:
            del self._held[lease.tenant]


def _fences(leases: Collection[Lease]) -> Mapping[TenantId, Fence]:
    return {lease.tenant: lease.fence for lease in leases}


async def sleep_or(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event, at most so long; whether it came."""
    try:
        # Not wait_for, which in Python 3.11 swallows a cancellation that comes together with the event.
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
