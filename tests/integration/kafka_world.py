"""A database and topics of a test's own, and what it takes to publish, to fold and to look at the outcome."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from sqlalchemy import text

from consumers.intake import Intake, IntakeSettings
from consumers.ports import IntakeStore, Log
from infra.clock import SystemClock
from infra.database.engine import Database
from infra.database.intake import PostgresIntakeStore
from infra.database.migrate import migrate
from infra.database.outbox import headers_of
from infra.kafka.consumer import KafkaLog
from schemas.envelope import Message, encode, outgoing
from schemas.invoices import Invoice
from schemas.kinds import TenantId

QUICK = IntakeSettings(take=0.1, poison=0.3, backoff_first=0.05, backoff_longest=0.2)
SESSION_MS = 6_000  # the least that a broker allows by default


def invoice(
    *, tenant: str = "t1", id_: str, version: int = 1, number: str = "", line: str = "Boiler service"
) -> Message:
    """An InvoiceCreated as an upstream publishes it."""
    told = {
        "number": number or id_,
        "client_id": "c1",
        "status": "Sent",
        "currency": "USD",
        "created_on": "2026-03-02",
        "issued_on": "2026-03-02",
        "due_on": "2026-04-01",
        "lines": [{"id": "l1", "name": line, "quantity": "1", "unit_price": "10.00"}],
        "total": "10.00",
    }
    return encode(
        outgoing(
            type="InvoiceCreated",
            tenant=TenantId(tenant),
            subject=f"invoice/{id_}",
            fact=Invoice.model_validate(told),
            id=f"{tenant}-{id_}-{version}",
            time=datetime(2026, 3, 2, tzinfo=UTC),
            version=version,
        )
    )


@dataclass(kw_only=True)
class World:
    """One test's Kafka topic and database."""

    kafka: str
    database: Database
    topic: str = field(default_factory=lambda: f"intake-{secrets.token_hex(4)}")
    store: PostgresIntakeStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = PostgresIntakeStore(self.database)

    async def create_topic(self, *, partitions: int = 1, name: str | None = None) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            largest = {"max.message.bytes": str(4 * 1024 * 1024)}
            topic = NewTopic(name or self.topic, partitions, 1, topic_configs=largest)
            await admin.create_topics([topic])
        finally:
            await admin.close()

    async def publish(self, *messages: Message, topic: str | None = None) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka, max_request_size=8 * 1024 * 1024)
        await producer.start()
        try:
            for each in messages:
                await producer.send_and_wait(topic or self.topic, each.value, each.key, headers=list(each.headers))
        finally:
            await producer.stop()

    async def cut_off(self, *, before: int) -> None:
        """Kafka drops what is older, as retention does."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            await admin.delete_records({TopicPartition(self.topic, 0): RecordsToDelete(before_offset=before)})
        finally:
            await admin.close()

    @asynccontextmanager
    async def log(self, *, worker: str = "w1", group: str = "") -> AsyncIterator[KafkaLog]:
        source = KafkaLog(
            self.kafka, worker=worker, group=group or self.topic, names=[self.topic], session_ms=SESSION_MS
        )
        async with source:
            yield source

    @asynccontextmanager
    async def folding(
        self, source: Log, *, store: IntakeStore | None = None, settings: IntakeSettings = QUICK
    ) -> AsyncIterator[Intake]:
        """Intake at work, until the block ends."""
        intake = Intake(log=source, store=store or self.store, clock=SystemClock(), settings=settings)
        stop = asyncio.Event()
        running = asyncio.create_task(intake.run(stop))
        try:
            yield intake
        finally:
            stop.set()
            if not running.done():
                with suppress(Exception):
                    await asyncio.wait_for(running, 10)

    async def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        async with self.database.transaction() as connection:
            return [tuple(row) for row in await connection.execute(text(statement), values)]

    async def until(self, statement: str, expected: object, *, seconds: float = 30) -> None:
        """Wait until the first column of the first row is `expected`; the last answer is told where it never is."""
        found: object = None
        for _ in range(int(seconds / 0.1)):
            rows = await self.rows(statement)
            found = rows[0][0] if rows else None
            if found == expected:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{statement}: {found!r}, expected {expected!r}")

    async def offset(self) -> int | None:
        rows = await self.rows("SELECT sum(next_offset) FROM intake_offset WHERE topic = :topic", topic=self.topic)
        return None if rows[0][0] is None else int(rows[0][0])

    async def invoices(self) -> list[tuple[str, int]]:
        found = await self.rows("SELECT klipboard_id, revision FROM sync_record WHERE kind = 'invoice' ORDER BY 1")
        return [(id_, revision) for id_, revision in found]

    async def letters(self) -> list[dict[str, str]]:
        """The headers of the dead letters in the outbox, by name."""
        found = await self.rows("SELECT headers FROM outbox WHERE topic = 'sync.dead-letters' ORDER BY id")
        return [{name: value.decode() for name, value in headers_of(stored)} for (stored,) in found]

    async def until_committed(self, offset: int) -> None:
        async with asyncio.timeout(20):
            while await self.committed() != offset:  # noqa: ASYNC110 - Kafka rings no bell about commits
                await asyncio.sleep(0.1)

    async def committed(self, *, group: str = "", partition: int = 0) -> int | None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, group_id=group or self.topic)
        await consumer.start()
        try:
            found: int | None = await consumer.committed(TopicPartition(self.topic, partition))
            return found
        finally:
            await consumer.stop()


@asynccontextmanager
async def world(*, kafka: str, url: str) -> AsyncIterator[World]:
    """A world with its tables and its topic."""
    database = Database(url, connections=8)
    try:
        await migrate(database)
        made = World(kafka=kafka, database=database)
        await made.create_topic()
        yield made
    finally:
        await database.close()


async def read_all(kafka: str, topic: str, *, count: int, seconds: float = 20) -> Sequence[Any]:
    """The first `count` records of a topic; fewer where they do not come in time."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    found: list[Any] = []
    try:
        async with asyncio.timeout(seconds):
            while len(found) < count:
                found.append(await consumer.getone())
    except TimeoutError:
        pass
    finally:
        await consumer.stop()
    return found


def without_header(message: Message, name: str) -> Message:
    """The message as an upstream sends it that forgot a header."""
    return replace(message, headers=tuple(header for header in message.headers if header[0] != name))
