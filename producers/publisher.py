"""The typed publisher for upstream Python code. `infra.kafka.producer.publisher` makes one from an address."""

from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from mapping.identity import digest
from producers.kafka import Kafka
from producers.ports import Clock
from schemas import envelope
from schemas.envelope import Event
from schemas.fields import Fact
from schemas.kinds import KlipboardId, TenantId
from schemas.registry import EVENTS

_SUBJECTS: Final = {event.name: event.subjects[0] for event in EVENTS}


class Publisher:
    """Publishes facts about Klipboard, each acknowledged by every in-sync replica.

        async with publisher("localhost:9092", source="klipboard/billing") as p:
            await p.publish(type="ClientCreated", tenant=TenantId("t1"), id=KlipboardId("7"), version=1, fact=client)

    Publishing the same thing twice is harmless: readers ignore a version that they know.
    """

    def __init__(self, kafka: Kafka, *, clock: Clock, source: str) -> None:
        self._kafka = kafka
        self._clock = clock
        self._source = source

    async def __aenter__(self) -> Self:
        await self._kafka.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._kafka.__aexit__(kind, error, trace)

    async def publish(
        self,
        *,
        type: str,  # noqa: A002 - the attribute's name
        tenant: TenantId,
        id: KlipboardId,  # noqa: A002 - the thing's id
        version: int | None,
        fact: Fact,
    ) -> Event:
        """Publish one fact about the thing `id`; returns the event as it was sent.

        `version` grows with every change of that thing: a counter, or its `updated_at` in microseconds. Commands about
        the whole tenant (SyncRequested) have the tenant's id as `id` and no version.

        Raises:
            Unreadable: klipsync could not read this; the message names field and fix, and nothing was sent.
            KafkaError: Kafka did not confirm it; publish it again.
        """
        event = self.event(type=type, tenant=tenant, id=id, version=version, fact=fact)
        await self.send([event])
        return event

    def event(
        self,
        *,
        type: str,  # noqa: A002
        tenant: TenantId,
        id: KlipboardId,  # noqa: A002
        version: int | None,
        fact: Fact,
    ) -> Event:
        """The event that `publish` would send, for `send`. Its id says what it is about, so a repeat has the same.

        Raises Unreadable.
        """
        now = self._clock.now()
        last = int(now.timestamp() * 1_000_000) if version is None else version
        subject = f"{_SUBJECTS.get(type, 'unknown')}/{id}"
        return envelope.outgoing(
            type=type,
            tenant=tenant,
            subject=subject,
            fact=fact,
            id=digest([self._source, tenant, type, subject, last])[:32],
            time=now,
            version=version,
            source=self._source,
        )

    async def send(self, events: Iterable[Event]) -> None:
        """Many events in one go, in order within each tenant. Raises Unreadable before the first leaves; KafkaError."""
        await self._kafka.send([envelope.encode(event) for event in events])
