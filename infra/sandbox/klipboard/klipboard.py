"""A small Klipboard on real Kafka: it publishes like the real one, and keeps what comes back."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from infra.clock import Clock
from infra.sandbox.klipboard.books import Books
from schemas import envelope, topics
from schemas.envelope import Event, Message
from schemas.fields import Fact
from schemas.invoices import InvoiceStatus, InvoiceStatusChanged
from schemas.kinds import Kind, KlipboardId, TenantId

RETURNS: Final = (topics.PAYMENTS, topics.OUTCOMES)
_NAMES: Final = {
    Kind.CLIENT: "Client",
    Kind.CLIENT_LOCATION: "ClientLocation",
    Kind.SUPPLIER: "Supplier",
    Kind.INVOICE: "Invoice",
}


class Klipboard:
    """Clients, locations, suppliers and invoices of some tenants, in memory.

    It reads the returns from their beginning each time it starts, so its state is whatever Kafka still holds.
    `tenants` limits what it keeps of the returns, where several Klipboards share one Kafka.
    """

    def __init__(
        self, address: str, *, clock: Clock, tenants: Iterable[TenantId] | None = None, prefix: str = ""
    ) -> None:
        self._address = address
        self._prefix = prefix
        self._clock = clock
        self._tenants = None if tenants is None else frozenset(tenants)
        self._last_version = 0
        self._arrived = asyncio.Condition()
        self.books = Books()
        self.unreadable: list[str] = []
        """Sentences about returns that no Klipboard could read: always a fault of ours."""

    async def __aenter__(self) -> Self:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._address, acks="all", enable_idempotence=True, compression_type="lz4"
        )
        self._consumer = AIOKafkaConsumer(  # without a group: it has every partition, from the beginning
            *(self._prefix + name for name in RETURNS),
            bootstrap_servers=self._address,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        await self._producer.start()
        await self._consumer.start()
        self._reading = asyncio.create_task(self._read(), name="klipboard-returns")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading
        await self._consumer.stop()
        await self._producer.stop()

    async def save(self, *, tenant: TenantId, kind: Kind, id: KlipboardId, fact: Fact) -> Event:  # noqa: A002
        """Somebody pressed Save: the thing is created the first time and edited after that."""
        known = self.books.thing(tenant=tenant, subject=f"{kind}/{id}").content_version >= 0
        return await self._tell(f"{_NAMES[kind]}{'Edited' if known else 'Created'}", tenant, kind, id, fact)

    async def set_status(self, *, tenant: TenantId, invoice: KlipboardId, status: InvoiceStatus) -> Event:
        """The invoice was sent, or its day passed."""
        return await self._tell("StatusChanged", tenant, Kind.INVOICE, invoice, InvoiceStatusChanged(status=status))

    async def publish(self, events: Iterable[Event]) -> None:
        """Events from elsewhere, such as a recorded day, in this order. Returns when Kafka has them all."""
        under_way = []
        for event in events:
            message = envelope.encode(event)
            self.books.told(event)
            headers = list(message.headers)
            under_way.append(
                await self._producer.send(
                    self._prefix + message.topic, key=message.key, value=message.value, headers=headers
                )
            )
        await asyncio.gather(*under_way)

    async def until(self, condition: Callable[[Books], bool], *, seconds: float) -> None:
        """Wait until what came back makes the condition true. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: self._reading.done() or condition(self.books))
        if self._reading.done():
            await self._reading  # raises what ended it

    def state(self) -> dict[str, Any]:
        """What Klipboard would show, JSON-able."""
        return self.books.state()

    async def _tell(self, name: str, tenant: TenantId, kind: Kind, id_: KlipboardId, fact: Fact) -> Event:
        event = envelope.outgoing(
            type=name,
            tenant=tenant,
            subject=f"{kind}/{id_}",
            fact=fact,
            id=f"{name}-{id_}-{(version := self._next_version())}",
            time=self._clock.now(),
            version=version,
            source="klipboard",
        )
        await self.publish([event])
        return event

    def _next_version(self) -> int:
        """`updated_at` in microseconds, and never the same twice."""
        self._last_version = max(self._last_version + 1, int(self._clock.now().timestamp() * 1_000_000))
        return self._last_version

    async def _read(self) -> None:
        try:
            async for record in self._consumer:
                headers = tuple(record.headers)
                self._keep(
                    Message(
                        topic=record.topic.removeprefix(self._prefix),
                        key=record.key,
                        headers=headers,
                        value=record.value,
                    )
                )
                await self._wake()
        finally:
            await self._wake()  # whoever waits for a return learns that none will come

    async def _wake(self) -> None:
        async with self._arrived:
            self._arrived.notify_all()

    def _keep(self, message: Message) -> None:
        try:
            event = envelope.decode(message)
        except envelope.Unreadable as error:
            self.unreadable.append(str(error))
            return
        if self._tenants is None or event.tenant in self._tenants:
            self.books.returned(event)
