"""Klipboard's side of the way back: whatever klipsync tells about payments, as it arrives on Kafka."""

import asyncio
import json
from contextlib import suppress
from decimal import Decimal
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from infra.demo.paid import Told

TOPIC: Final = "quickbooks.payments"


class Inbox:
    """Reads the topic from its beginning for as long as it is open; a repeat is kept as well as the first."""

    def __init__(self, kafka: str, *, prefix: str = "") -> None:
        self.told: list[Told] = []
        self._kafka = kafka
        self._topic = prefix + TOPIC
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        consumer = AIOKafkaConsumer(
            self._topic,
            bootstrap_servers=self._kafka,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            enable_auto_commit=False,
            client_id="klipboard",
        )
        await consumer.start()
        self._reader = asyncio.create_task(self._read(consumer), name="inbox")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader

    def has(self, tenant: str, payment_id: str) -> bool:
        """Whether anything was told about a payment."""
        return any((one.tenant, one.fact["payment_id"]) == (tenant, payment_id) for one in self.told)

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        try:
            async for record in consumer:
                self.told.append(_told(record))
        finally:
            await consumer.stop()


def _told(record: ConsumerRecord) -> Told:
    headers = {name: value.decode() for name, value in record.headers}
    fact = json.loads(record.value, parse_float=Decimal)
    return Told(tenant=headers["ce_tenantid"], type=headers["ce_type"], fact=fact)
