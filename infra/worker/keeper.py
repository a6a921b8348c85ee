"""Keep leases: claim due tenants up to a fair share, renew all in one statement, let go of what is lost or too much."""

import asyncio
from collections.abc import Collection
from uuid import uuid4

import structlog

from consumers.attempts import Lease
from infra.clock import Clock
from infra.database.leases import Leases
from schemas.kinds import TenantId

log = structlog.get_logger()

CLAIM_AT_ONCE = 20
"""Tenants claimed in one statement; several workers that start together then share by themselves."""


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

    @property
    def held(self) -> Collection[Lease]:
        """Every lease that has not been lost."""
        return tuple(self._held.values())

    async def renew(self) -> None:
        """Renew what we hold; what somebody else took is forgotten. Raises `NameTaken`."""
        if not await self._leases.still_ours():
            raise NameTaken
        until = self._clock.boottime() + self._seconds  # before the statement leaves: never later than the database's
        held = {tenant: lease.fence for tenant, lease in self._held.items()}
        kept = await self._leases.renew(held) if held else {}
        for tenant, lease in list(self._held.items()):
            if kept.get(tenant) == lease.fence:
                lease.until = until
            else:
                log.warning("A lease was lost", tenant=tenant, fence=lease.fence)
                self.forget(lease)

    async def claim(self) -> list[Lease]:
        """Claim due tenants without an owner, up to this worker's share."""
        room = await self._leases.fair_share() - len(self._held)
        if room <= 0:
            return []
        until = self._clock.boottime() + self._seconds
        claimed = await self._leases.claim(limit=min(room, CLAIM_AT_ONCE))
        new = [Lease(tenant=tenant, fence=fence, until=until) for tenant, fence in claimed]
        self._held |= {lease.tenant: lease for lease in new}
        return new

    async def surplus(self) -> list[Lease]:
        """Leases beyond this worker's share, to be given back once their calls are answered."""
        share = await self._leases.fair_share()
        return list(self._held.values())[share:] if share else []

    async def release(self, leases: Collection[Lease]) -> None:
        """Let go at once."""
        for lease in leases:
            self.forget(lease)
        if leases:
            await self._leases.release([lease.tenant for lease in leases])

    def forget(self, lease: Lease) -> None:
        """This process no longer acts under that lease."""
        lease.until = 0.0
        if self._held.get(lease.tenant) is lease:
            del self._held[lease.tenant]


async def sleep_or(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event, at most so long; whether it came."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
