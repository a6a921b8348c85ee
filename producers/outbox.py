"""What the relay asks of the outbox."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.envelope import Message
from schemas.kinds import TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A message that was stored and not yet acknowledged by Kafka; ids grow within what one transaction stored."""

    id: int
    shard: int
    tenant: TenantId | None
    message: Message


class OutboxStore(Protocol):
    """The outbox and its leases. Time is the database's own."""

    async def claim(self, *, owner: str, session: str, seconds: float) -> frozenset[int]:
        """Take, or keep, the free shards that have something unsent; returns those that are ours for `seconds`."""

    async def release(self, *, owner: str, session: str, shards: Collection[int]) -> None:
        """Give shards back."""

    async def unsent(self, shards: Collection[int], *, besides: Collection[TenantId | None]) -> Sequence[Unsent]:
        """The first unsent messages of each shard, in the order of their ids, without those of these tenants."""

    async def mark_sent(self, ids: Collection[int]) -> None:
        """Kafka has acknowledged these."""


class Bell(Protocol):
    """Tells that something was put into the outbox; for latency only."""

    async def listen(self, wake: Callable[[str], None], stop: asyncio.Event) -> None:
        """Call `wake` whenever it happens, until `stop`."""


class Clock(Protocol):
    """Waiting, and for how long a lease has been held."""

    def boottime(self) -> float:
        """Seconds since the machine booted, counting the time it was suspended."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
