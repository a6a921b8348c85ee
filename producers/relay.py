"""The relay: what the outbox holds goes to Kafka, in order within a tenant, and is marked once it is there."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from producers.kafka import Kafka, KafkaError
from producers.outbox import Bell, Clock, OutboxStore, Unsent
from schemas.kinds import TenantId

_log = structlog.get_logger("klipsync.relay")


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """Durations are seconds. `owner` is the worker's stable name, `session` this process of it."""

    owner: str
    session: str
    lease: float = 10.0
    idle_wait: float = 0.2
    """How long an empty outbox is left alone when nobody rings."""
    backoff: float = 1.0
    """A tenant whose message Kafka did not take is left alone so long; so is everything when the database is away."""
    grace: float = 3.0
    """When told to stop, messages that left may still be acknowledged for so long."""


class Relay:
    """Publishes the shards that it holds. May repeat after a crash, never reorders within a tenant."""

    def __init__(
        self, *, store: OutboxStore, kafka: Kafka, clock: Clock, settings: RelaySettings, bell: Bell | None = None
    ) -> None:
        self._store = store
        self._kafka = kafka
        self._clock = clock
        self._settings = settings
        self._bell = bell
        self._stop = asyncio.Event()
        self._rung = asyncio.Event()
        self._held: frozenset[int] = frozenset()
        self._stuck: dict[TenantId | None, float] = {}  # tenant -> boottime at which it is tried again

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop`; what left is waited for a little, and repeated by whoever comes next if need be."""
        self._stop = stop
        listening = asyncio.create_task(self._listen(stop))
        try:
            while not stop.is_set():
                await self._wait(stop, await self._pass_until(stop))
            await self._farewell()
        finally:
            listening.cancel()

    async def _pass_until(self, stop: asyncio.Event) -> float:
        """One pass; broken off where Kafka owes an answer for longer after `stop` than anybody may wait."""
        passing = asyncio.create_task(self._pass_unbroken())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({passing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            # A crash here, as at the end of this wait, publishes the same again after the next start.
            return await asyncio.wait_for(passing, self._settings.grace)
        except TimeoutError:
            return 0.0
        finally:
            passing.cancel()
            stopping.cancel()

    async def _farewell(self) -> None:
        """Give the shards back, at the outer edge; one that is not given back is free when its lease runs out."""
        try:
            await self._give_back(frozenset())
        except Exception as error:  # noqa: BLE001 - a database that is away must not make a stop fail
            _log.warning("shards were not given back", action="relay_leaves", error=type(error).__name__)

    async def _pass_unbroken(self) -> float:
        """One pass, at the outer edge of the loop; returns how long to wait before the next."""
        try:
            return 0.0 if await self.relay_once() else self._settings.idle_wait
        except Exception as error:  # noqa: BLE001 - the relay outlives whatever befalls the database
            _log.warning("the outbox is out of reach; trying again", action="relay_waits", error=type(error).__name__)
            return self._settings.backoff

    async def relay_once(self) -> int:
        """Publish what the shards that can be claimed have unsent; returns how many messages Kafka took."""
        # Counted from before the claim leaves, so that we stop no later than the database thinks.
        until = self._clock.boottime() + self._settings.lease
        shards = await self._store.claim(
            owner=self._settings.owner, session=self._settings.session, seconds=self._settings.lease
        )
        await self._give_back(shards)
        if not shards:
            return 0
        now = self._clock.boottime()
        self._stuck = {tenant: again for tenant, again in self._stuck.items() if again > now}
        return await self._publish(await self._store.unsent(shards, besides=self._stuck.keys()), until=until)

    async def _publish(self, unsent: Sequence[Unsent], *, until: float) -> int:
        sent: list[int] = []
        await asyncio.gather(*(self._publish_lane(lane, until=until, sent=sent) for lane in _lanes(unsent)))
        if sent:
            # A crash here publishes the same again: its readers know the event ids, and ignore older versions.
            await self._store.mark_sent(sent)
        return len(sent)

    async def _publish_lane(self, lane: Sequence[Unsent], *, until: float, sent: list[int]) -> None:
        """One tenant's messages, each only when Kafka has the one before: the first failure stops the rest."""
        for unsent in lane:
            if self._stop.is_set() or self._clock.boottime() >= until:
                return  # the rest is somebody else's, who may hold the lease by now
            try:
                await self._kafka.send([unsent.message])
            except KafkaError as error:
                self._stuck[unsent.tenant] = self._clock.boottime() + self._settings.backoff
                _log.warning(
                    "Kafka did not take a message; it waits in the outbox",
                    action="relay_stuck",
                    topic=unsent.message.topic,
                    id=unsent.id,
                    error=type(error).__name__,
                )
                return
            sent.append(unsent.id)

    async def _give_back(self, shards: frozenset[int]) -> None:
        if emptied := self._held - shards:
            await self._store.release(
                owner=self._settings.owner, session=self._settings.session, shards=sorted(emptied)
            )
        self._held = shards

    async def _listen(self, stop: asyncio.Event) -> None:
        if self._bell is not None:
            await self._bell.listen(lambda _: self._rung.set(), stop)

    async def _wait(self, stop: asyncio.Event, seconds: float) -> None:
        if seconds <= 0:
            return
        waits = [asyncio.ensure_future(wait) for wait in (self._clock.sleep(seconds), stop.wait(), self._rung.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            self._rung.clear()


def _lanes(unsent: Sequence[Unsent]) -> list[list[Unsent]]:
    """Each tenant's messages by themselves, in order. What has no tenant has no order to keep."""
    lanes: dict[TenantId | int, list[Unsent]] = {}
    for each in unsent:
        lanes.setdefault(each.id if each.tenant is None else each.tenant, []).append(each)
    return list(lanes.values())
